"""What every endpoint of the control API has in common."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Wrong(ValueError):
    """What was sent cannot be taken; the message says why."""


async def json_body(request: Request):
    try:
        return await request.json()
    except ValueError as error:
        raise Wrong(f"the body is not JSON: {error}") from error


def answered(handler):
    """`handler(request, exchange)`; a ValueError becomes 400, a LookupError 404, each with its message."""

    async def wrapped(request: Request) -> Response:
        try:
            return await handler(request, request.app.state.exchange)
        except LookupError as error:
            return JSONResponse({"error": str(error.args[0])}, 404)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)

    return wrapped
