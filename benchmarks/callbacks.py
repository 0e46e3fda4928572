"""What a call costs: statements, time beside a bare endpoint, and what Prefect takes of it."""

import statistics
import time
from pathlib import Path
from typing import Any

import httpx
from prefect import flow
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator
from working_calls import AgreeableLine, Carrier, ring_and_settle, stopped_clock, take_contracts

from settings import settings
from storage import db
from tasks.settling import settle_ended_calls
from telephony.signatures import Signatures

CONTRACTS = 60
BARE = 200
TASK_RUNS = 40


async def measure(folder: Path) -> dict[str, Any]:
    from desk.app import create_app

    clock = stopped_clock(folder)
    await take_contracts(folder, CONTRACTS, clock)
    app = create_app()
    await _warm(app)
    walk = await ring_and_settle(app, clock, AgreeableLine())
    bare = await _bare()
    task_ms = await _task_ms(clock)
    return {
        "calls rung and settled": walk.calls,
        "callbacks per call": round(sum(map(len, walk.callbacks.values())) / walk.calls, 1),
        "statements per callback, most": walk.most_per_callback,
        "statements per call besides": round(walk.per_call, 1),
        "status callback / bare insert": f"{_median(walk.seconds['status']) / bare:.1f}x",
        "next turn / bare insert": f"{_median(walk.seconds['voice']) / bare:.1f}x",
        "recording callback / bare insert": f"{_median(walk.seconds['recording']) / bare:.1f}x",
        "bare insert, ms": round(bare * 1000, 2),
        "Prefect, ms a task run": round(task_ms, 1),
        "Prefect task runs a call": round(walk.tasks / walk.calls, 2),
        "Prefect, ms a call": round(task_ms * walk.tasks / walk.calls, 2),
    }


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds)


async def _warm(app) -> None:
    """Connections opened, statements parsed, before anything is timed."""
    carrier = Carrier(app)
    for number in range(20):
        address = f"{settings().public_url}/twilio/status/none"
        await carrier.post(address, "status", CallSid="CAnone", CallStatus="ringing", SequenceNumber=str(number))
    await carrier.aclose()


async def _bare() -> float:
    """Seconds of an endpoint that checks the signature and inserts one row; the least that a callback can do."""
    own = settings()
    token = own.twilio_auth_token.get_secret_value()
    checks = Signatures([token], own.public_url)

    async def insert(request: Request) -> Response:
        body = await request.body()
        if not checks.holds(request.url.path, "", body, request.headers.get("x-twilio-signature")):
            return Response(status_code=403)
        form = await request.form()
        async with db.transaction() as connection:
            await connection.execute(
                text("INSERT INTO bare (sid, status) VALUES (:sid, :status)"),
                {"sid": form["CallSid"], "status": form["CallStatus"]},
            )
        return Response(status_code=204)

    async with db.transaction() as connection:
        await connection.execute(
            text("CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY, sid text, status text)")
        )
    app = Starlette(routes=[Route("/bare", insert, methods=["POST"])])
    address = f"{own.public_url}/bare"
    seconds = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=own.public_url) as client:
        for number in range(BARE):
            form = {"AccountSid": own.twilio_account_sid, "CallSid": f"CA{number}", "CallStatus": "ringing"}
            signature = RequestValidator(token).compute_signature(address, form)
            began = time.perf_counter()
            answer = await client.post(address, data=form, headers={"X-Twilio-Signature": signature})
            seconds.append(time.perf_counter() - began)
            assert answer.status_code == 204
    return _median(seconds[20:])


async def _task_ms(clock) -> float:
    """What a task run costs more than the function itself, on an empty queue."""

    @flow(name="benchmark")
    async def run_tasks() -> float:
        began = time.perf_counter()
        for _ in range(TASK_RUNS):
            await settle_ended_calls(clock)
        return time.perf_counter() - began

    through_prefect = await run_tasks()
    began = time.perf_counter()
    for _ in range(TASK_RUNS):
        await settle_ended_calls.fn(clock)
    return (through_prefect - (time.perf_counter() - began)) * 1000 / TASK_RUNS
