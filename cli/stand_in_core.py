"""A stand-in for the insurer's core system, for demos and tests: it serves the rows of a list file, and keeps what is
reported back. It says so in every answer (`X-Stand-In: core-system`)."""

import hmac
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import command, emit, text

if TYPE_CHECKING:
    from fastapi import FastAPI

MOST_PER_PAGE = 1000


def rows_of(file: Path) -> list[dict[str, str]]:
    """The objects of the HTTP interface that the rows of a list are, columns by their English names. A row that does
    not fit its header is no contract that a core system could have."""
    from storage.list_files import open_list

    with open_list(file) as opened:
        return [{name: cell for name, cell in row.cells.items() if cell} for row in opened.rows() if not row.too_many]


def create_app(contracts: Sequence[dict[str, Any]] | Callable[[], Sequence[dict[str, Any]]], token: str) -> "FastAPI":
    """`contracts` may be a function: then it is asked at each request, and the core system can learn more.

    The cursor is the number of contracts read so far, as text.
    """
    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse

    app = FastAPI(title="Stand-in core system", docs_url=None, redoc_url=None)
    received: dict[str, list[Any]] = {"callbacks": [], "servicing-requests": []}

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable) -> Any:
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(shown.encode(), token.encode()):
            response = await call_next(request)
        else:
            response = JSONResponse({"error": "the bearer token is not right"}, 401)
        response.headers["X-Stand-In"] = "core-system"
        return response

    @app.get("/contracts")
    async def page(cursor: str = "0", limit: int = 500) -> Any:
        every = contracts() if callable(contracts) else contracts
        if not cursor.isascii() or not cursor.isdigit():
            return JSONResponse({"error": "no such cursor"}, 400)
        start = int(cursor)
        given = every[start : start + max(1, min(limit, MOST_PER_PAGE))]
        following = str(start + len(given)) if given else cursor
        return {"contracts": given, "next_cursor": following, "total": len(every)}

    async def keep(kind: str, request: Request) -> Any:
        try:
            received[kind].append(await request.json())
        except ValueError:
            return JSONResponse({"error": "the body is no JSON"}, 400)
        return JSONResponse({"kept": len(received[kind])}, 201)

    @app.post("/callbacks")
    async def callbacks(request: Request) -> Any:
        return await keep("callbacks", request)

    @app.post("/servicing-requests")
    async def servicing_requests(request: Request) -> Any:
        return await keep("servicing-requests", request)

    @app.get("/received")
    async def what_was_received() -> dict[str, list[Any]]:
        return received

    return app


@command(
    example="huifang stand-in-core samples/contracts.csv --port 8091",
    zh="启动核心业务系统的替身（演示和测试用）：按页提供清单文件中的合同。",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--port", type=int, default=0, help="0 takes any free port.")
@click.option("--token", envvar="HUIFANG_CORE_TOKEN", help="Bearer token asked for; made up unless told.")
def stand_in_core(file: Path, port: int, token: str | None) -> None:
    """Serve the contracts of a list file as a core system would: a stand-in, for demos and tests."""
    import socket

    import uvicorn

    from cli.output import Failure
    from rules.list_columns import ListRefused

    try:
        contracts = rows_of(file)
    except ListRefused as refused:
        raise Failure(refused.message_zh, refused.message_en) from refused
    token = token or secrets.token_hex(16)
    listener = socket.socket()
    listener.bind(("127.0.0.1", port))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    emit(
        {"url": url, "token": token, "contracts": len(contracts)},
        [
            text(
                f"核心系统替身：{url}（{len(contracts)} 份合同）",
                f"Stand-in core system: {url} ({len(contracts)} contracts)",
            ),
            f"HUIFANG_CORE_URL={url} HUIFANG_CORE_TOKEN={token}",
        ],
    )
    uvicorn.Server(uvicorn.Config(create_app(contracts, token), log_level="warning")).run(sockets=[listener])
