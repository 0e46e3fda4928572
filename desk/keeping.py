"""What is ordered about kept records: legal holds, disputes, disposal, payment data made unhearable. Who may what is decided
by rules/keeping.py alone; nothing final is done by one person."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from clock import Clock, system
from desk.access import person_of, refusal
from desk.auth import SignedIn, User, csrf_checked
from desk.pages import render, today
from desk.player import UNREADABLE, away
from rules.keeping import REFUSALS, Act, OrderRefused, may
from rules.retrieval import Decision
from storage import archive_orders, disputes, redacting, redactions
from storage.db import transaction
from storage.views import keeping as views

router = APIRouter(include_in_schema=False)
Words = Annotated[str, Form(max_length=2000)]
Name = Annotated[str, Form(max_length=100)]


async def _may(user: User, act: Act) -> Decision:
    async with transaction() as connection:
        return may(await person_of(connection, user), act)


@router.get("/keeping")
async def page(request: Request, user: SignedIn) -> Response:
    return await _page(request, user)


async def _page(request: Request, user: User, status: int = 200, refused: OrderRefused | None = None) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        person = await person_of(connection, user)
        if not (decision := may(person, Act.SEE)):
            return refusal(request, decision, back="/")
        values = {
            "holds": await views.holds(connection),
            "lists": await views.disposal_lists(connection),
            "redactions": await redactions.waiting(connection),
            "disputes": await disputes.listed(connection),
        }
    return render(
        request,
        "keeping.html",
        status=status,
        place="keeping",
        moment=moment,
        can={act.value: bool(may(person, act)) for act in Act},
        refused=REFUSALS.get(str(refused)) if refused else None,
        **values,
    )


@router.get("/keeping/disposals/{list_id}")
async def disposal(request: Request, user: SignedIn, list_id: int) -> Response:
    """One list: what stands on it, who approved it, what became of each, the certificates."""
    if not (decision := await _may(user, Act.SEE)):
        return refusal(request, decision, back="/")
    async with transaction() as connection:
        moment = await today(connection)
        found = await views.disposal_list(connection, list_id)
    if found is None:
        raise HTTPException(404)
    return render(request, "disposal.html", place="keeping", moment=moment, row=found)


Work = Callable[[Clock], Awaitable[Any]]


async def _ordered(request: Request, user: User, act: Act, work: Work) -> Response:
    if not (decision := await _may(user, act)):
        return refusal(request, decision, back="/keeping")
    try:
        await work(system())
    except OrderRefused as refused:
        return await _page(request, user, 422, refused)
    except UNREADABLE as problem:
        return away(problem)
    return RedirectResponse("/keeping", 303)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as e:
        raise disputes.DisputeRefused("NOT_A_DAY") from e


@router.post("/keeping/holds", dependencies=[Depends(csrf_checked)])
async def hold(request: Request, user: SignedIn, call: Name = "", reason: Words = "") -> Response:
    """By the call's id, or the number of one of its recordings."""

    async def work(clock: Clock) -> None:
        async with transaction() as connection:
            call_id = await views.call_of(connection, call.strip())
        await archive_orders.hold(call_id or call.strip(), reason, user.login, clock)

    return await _ordered(request, user, Act.HOLD, work)


@router.post("/keeping/holds/{call_id}/ask", dependencies=[Depends(csrf_checked)])
async def ask_release(request: Request, user: SignedIn, call_id: str, reason: Words = "") -> Response:
    return await _ordered(
        request, user, Act.ASK_RELEASE, lambda clock: archive_orders.ask_release(call_id, reason, user.login, clock)
    )


@router.post("/keeping/holds/{call_id}/release", dependencies=[Depends(csrf_checked)])
async def release(request: Request, user: SignedIn, call_id: str) -> Response:
    return await _ordered(request, user, Act.RELEASE, lambda clock: archive_orders.release(call_id, user.login, clock))


@router.post("/keeping/disputes", dependencies=[Depends(csrf_checked)])
async def open_dispute(request: Request, user: SignedIn, policy: Name = "", day: Name = "") -> Response:
    async def work(clock: Clock) -> None:
        async with transaction() as connection:
            await disputes.open_dispute(connection, policy.strip(), _day(day), user.login, clock.now())

    return await _ordered(request, user, Act.DISPUTE, work)


@router.post("/keeping/disputes/{dispute_id}/close", dependencies=[Depends(csrf_checked)])
async def close_dispute(request: Request, user: SignedIn, dispute_id: int, day: Name = "") -> Response:
    async def work(clock: Clock) -> None:
        async with transaction() as connection:
            await disputes.close_dispute(connection, dispute_id, _day(day), user.login, clock.now())

    return await _ordered(request, user, Act.DISPUTE, work)


@router.post("/keeping/disposals", dependencies=[Depends(csrf_checked)])
async def list_expired(request: Request, user: SignedIn) -> Response:
    return await _ordered(request, user, Act.LIST_EXPIRED, lambda clock: archive_orders.list_expired(user.login, clock))


@router.post("/keeping/disposals/{list_id}/approve", dependencies=[Depends(csrf_checked)])
async def approve(request: Request, user: SignedIn, list_id: int) -> Response:
    """The second approval is the order: the night's care of the archive carries it out."""
    return await _ordered(
        request, user, Act.APPROVE_DISPOSAL, lambda clock: archive_orders.approve(list_id, user.login, clock)
    )


@router.post("/keeping/disposals/{list_id}/refuse", dependencies=[Depends(csrf_checked)])
async def refuse(request: Request, user: SignedIn, list_id: int, reason: Words = "") -> Response:
    return await _ordered(
        request, user, Act.APPROVE_DISPOSAL, lambda clock: archive_orders.refuse(list_id, user.login, reason, clock)
    )


@router.post("/keeping/redactions", dependencies=[Depends(csrf_checked)])
async def ask_redaction(
    request: Request,
    user: SignedIn,
    call: Name = "",
    begin: Annotated[float, Form(ge=0, le=86_400)] = 0,
    until: Annotated[float, Form(ge=0, le=86_400)] = 0,
    reason: Words = "",
) -> Response:
    async def work(clock: Clock) -> None:
        async with transaction() as connection:
            call_id = await views.call_of(connection, call.strip())
        await redacting.ask(call_id or call.strip(), begin, until, reason, user.login, clock)

    return await _ordered(request, user, Act.ASK_REDACTION, work)


@router.post("/keeping/redactions/{number}/carry-out", dependencies=[Depends(csrf_checked)])
async def redact(request: Request, user: SignedIn, number: int) -> Response:
    return await _ordered(request, user, Act.REDACT, lambda clock: redacting.carry_out(number, user.login, clock))
