"""The desk, wired: one web process for people, the core system and the carrier's callbacks."""

import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import MutableHeaders
from starlette.middleware.sessions import SessionMiddleware

from desk import (
    agent,
    agent_callbacks,
    board,
    branches,
    calendar,
    carrier_comparison,
    cases,
    class_overrides,
    contracts_api,
    errors,
    family_ties,
    health,
    keeping,
    list_rows,
    lists,
    measures,
    missed_appointments,
    order_reviews,
    penalties,
    player,
    profiles,
    quality,
    receipts,
    recordings,
    retrievals,
    scripts,
    sign_in,
    training,
    twilio_callbacks,
    work_orders,
)
from desk.auth import Failures
from desk.demo_users import ensure_demo_users
from desk.places import registered
from settings import settings
from storage import db

log = logging.getLogger(__name__)
STATIC = Path(__file__).with_name("static")
HOURS_SIGNED_IN = 12

# Nothing but our own origin, no inline script or style; Tabler's stylesheet carries its small pictures as data: URLs.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds the headers to every answer."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def with_headers(message):
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    if settings().demo_users:
        try:
            async with db.transaction() as connection:
                await ensure_demo_users(connection)
        except DBAPIError as e:  # not a reason to stay down: the pages say what is wrong with the database
            log.warning("demo users not created: %s", type(e.orig).__name__)
    yield
    await db.dispose()


def create_app() -> FastAPI:
    """The ASGI application. Raises pydantic's ValidationError when a setting is missing, ValueError when
    a registered place cannot be read."""
    registered(settings().listening_places)
    app = FastAPI(
        title="huifang",
        version="0.1.0",
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    key = settings().session_key.get_secret_value()
    app.state.failures = Failures(limit=5)
    app.state.address_failures = Failures(limit=50)
    app.add_middleware(
        SessionMiddleware,
        secret_key=key,
        # two installations on one host share the browser's cookies, whatever their ports: each has a name of its own
        session_cookie=f"huifang_{hashlib.sha256(key.encode()).hexdigest()[:8]}",
        max_age=HOURS_SIGNED_IN * 3600,
        same_site="lax",
        https_only=settings().public_url.startswith("https://"),
    )
    app.add_middleware(SecurityHeaders)
    errors.install(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for part in (
        sign_in,
        board,
        cases,
        branches,
        work_orders,
        order_reviews,
        class_overrides,
        quality,
        penalties,
        recordings,
        retrievals,
        player,
        training,
        keeping,
        measures,
        missed_appointments,
        carrier_comparison,
        lists,
        list_rows,
        calendar,
        family_ties,
        profiles,
        scripts,
        receipts,
        health,
        twilio_callbacks,
        agent,
        agent_callbacks,
        contracts_api,
    ):
        app.include_router(part.router)
    return app
