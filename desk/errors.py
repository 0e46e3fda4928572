"""What goes wrong, told once at the edge: a problem document (RFC 9457) for programs, a page for people.

Types are stable paths under /problems/: not-signed-in, forbidden, not-found, conflict, invalid, too-many-requests,
unavailable, internal, http-<status>.
"""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from storage.work_orders import OrderConflict

log = logging.getLogger(__name__)

TYPES = {
    400: ("invalid", "The request cannot be read"),
    401: ("not-signed-in", "Sign in first"),
    403: ("forbidden", "Not allowed for your role"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Not that way"),
    409: ("conflict", "Somebody else was faster"),
    422: ("invalid", "The request cannot be read"),
    429: ("too-many-requests", "Too many tries"),
    500: ("internal", "Something broke"),
    503: ("unavailable", "The database cannot be reached"),
}


class SignInNeeded(Exception):
    """Nobody is signed in; `target` is the sign-in page with the way back."""

    def __init__(self, target: str):
        super().__init__(target)
        self.target = target


def wants_json(request: Request) -> bool:
    path = request.url.path
    if path.startswith(("/api/", "/twilio/", "/readyz", "/healthz", "/metrics")):
        return True
    accept = request.headers.get("accept", "")
    return "json" in accept and "html" not in accept


def problem(status: int, detail: str | None = None, headers: dict | None = None, **more: object) -> JSONResponse:
    slug, title = TYPES.get(status, (f"http-{status}", "HTTP error"))
    body = {"type": f"/problems/{slug}", "title": title, "status": status} | ({"detail": detail} if detail else {})
    return JSONResponse(body | more, status, headers=headers, media_type="application/problem+json")


def respond(request: Request, status: int, detail: str | None = None, headers: dict | None = None, **more) -> Response:
    if wants_json(request):
        return problem(status, detail, headers, **more)
    from desk.pages import render  # pages know errors; errors meet pages only here

    slug = TYPES.get(status, (f"http-{status}",))[0]
    return render(request, "error.html", status=status, headers=headers, code=status, slug=slug, detail=detail, **more)


def install(app: FastAPI) -> None:
    @app.exception_handler(SignInNeeded)
    async def sign_in(request: Request, e: SignInNeeded) -> Response:
        if wants_json(request):
            return problem(401)
        if request.headers.get("hx-request"):  # a polled part: let the whole page go there
            return Response(status_code=204, headers={"HX-Redirect": e.target})
        return RedirectResponse(e.target, 303)

    @app.exception_handler(HTTPException)
    async def http(request: Request, e: HTTPException) -> Response:
        known = TYPES.get(e.status_code)
        detail = None if e.detail in ("Not Found", "Forbidden", "Method Not Allowed") else str(e.detail)
        return respond(request, e.status_code, detail if known else str(e.detail), e.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, e: RequestValidationError) -> Response:
        # the values themselves may be personal data: only where and what
        found = [{"where": list(map(str, error["loc"])), "what": error["msg"]} for error in e.errors()]
        return respond(request, 422, errors=found)

    @app.exception_handler(OrderConflict)
    async def conflict(request: Request, e: OrderConflict) -> Response:
        return respond(request, 409, "order", order_id=e.order_id, state=e.state, by=e.by)

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    async def database(request: Request, e: DBAPIError) -> Response:
        log.error("database: %s", type(e.orig).__name__)
        return respond(request, 503, headers={"Retry-After": "5"})

    @app.exception_handler(Exception)
    async def broken(request: Request, e: Exception) -> Response:
        from desk.app import SECURITY_HEADERS

        return respond(request, 500, headers=dict(SECURITY_HEADERS))
