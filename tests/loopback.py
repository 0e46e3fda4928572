"""An application on a port of its own, in the test's event loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import uvicorn


@contextlib.asynccontextmanager
async def served(app) -> AsyncIterator[str]:
    """Yields its address, such as http://127.0.0.1:40001."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=1))
    # a test's Ctrl-C belongs to pytest
    server.capture_signals = contextlib.nullcontext
    stop = asyncio.Event()
    # uvicorn looks ten times a second whether to stop; two hundred tests would wait for that
    server.main_loop = stop.wait
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        stop.set()
        await task


class LaterApp:
    """Stands on a port before the application is made that must know it."""

    app = None

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await self.app(scope, receive, send)
