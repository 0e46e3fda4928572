"""The least that a callback can do: check the signature, insert one row."""

import contextlib

from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from settings import settings
from storage import db
from telephony.signatures import Signatures


def create_app() -> Starlette:
    token = settings().twilio_auth_token.get_secret_value()

    async def insert(request: Request) -> Response:
        body = await request.body()
        checks = Signatures([token], f"{request.url.scheme}://{request.url.netloc}")
        if not checks.holds(request.url.path, "", body, request.headers.get("x-twilio-signature")):
            return Response(status_code=403)
        form = await request.form()
        async with db.transaction() as connection:
            await connection.execute(
                text("INSERT INTO bare_rows (sid, status) VALUES (:sid, :status)"),
                {"sid": form["CallSid"], "status": form["CallStatus"]},
            )
        return Response(status_code=204)

    async def healthy(request: Request) -> Response:
        return Response(status_code=204)

    @contextlib.asynccontextmanager
    async def lifespan(app):
        async with db.transaction() as connection:
            await connection.execute(
                text(
                    "CREATE TABLE IF NOT EXISTS bare_rows (id bigint GENERATED ALWAYS AS IDENTITY, sid text, status text)"
                )
            )
        yield
        await db.dispose()

    return Starlette(routes=[Route("/bare", insert, methods=["POST"]), Route("/healthz", healthy)], lifespan=lifespan)
