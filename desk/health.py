"""For machines that watch: is the process up, does it reach its database, how much of what is in which state."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response

import clock
from desk.errors import problem
from storage.db import rows, transaction
from storage.views import board

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def up() -> Response:
    return JSONResponse({"state": "up"})


@router.get("/readyz")
async def ready() -> Response:
    try:
        async with transaction() as connection:
            await rows(connection, "SELECT 1 AS one")
    except Exception:  # whatever it is, this process is not ready
        return problem(503, "the database does not answer")
    return JSONResponse({"state": "ready"})


@router.get("/metrics")
async def metrics() -> Response:
    async with transaction() as connection:
        counted = await board.counts(connection, clock.system().now())
    lines = []
    for name, meaning in (("cases", "Cases"), ("calls", "Calls"), ("recordings", "Recordings"), ("orders", "Orders")):
        lines += [f"# HELP huifang_{name} {meaning} by state.", f"# TYPE huifang_{name} gauge"]
        lines += [f'huifang_{name}{{state="{row["state"]}"}} {row["n"]}' for row in counted[name]]
    lines += ["# HELP huifang_orders_overdue Open work orders past their limit.", "# TYPE huifang_orders_overdue gauge"]
    lines += [f"huifang_orders_overdue {counted['overdue']}"]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
