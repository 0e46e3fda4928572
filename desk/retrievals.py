"""Requests to hear recordings: the list, the form, one request with its signatures, and the customer at the counter.

Who may do what is decided by rules/retrieval.py alone; a refusal says which rule it rests on.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.access import person_of, refusal
from desk.auth import SignedIn, User, csrf_checked, with_right
from desk.pages import Today, render, today
from desk.paging import FARTHEST, Paging
from desk.places import places_here
from rules import retrieval as rule
from rules.retrieval import HEADS, LOOKS_ON, STATES, Person
from rules.retrieval_events import Purpose
from storage import retrieval, training_copies
from storage.db import transaction
from storage.retrieval import Refused
from storage.views import retrieval as views

# a limit is the midnight after its last day, and people say the day
A_MOMENT = timedelta(seconds=1)

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("retrievals"))]
Words = Annotated[str, Form(max_length=2000)]


class Asked:
    """The list's filter as the address bar has it."""

    def __init__(
        self,
        state: Annotated[str, Query(max_length=20)] = "",
        mine: bool = False,
        page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
    ):
        self.state = state if state in STATES else ""
        self.values = {"state": self.state, "mine": "1" if mine else ""}
        self.mine, self.page = mine, page

    def filter(self, person: Person) -> views.RequestFilter:
        return views.RequestFilter(
            self.state,
            self.mine,
            person.head_office and bool(person.roles & (LOOKS_ON | HEADS)),
            person.login,
            person.branch if person.roles & HEADS else "",
        )


@router.get("/retrievals")
async def page(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        person = await person_of(connection, user)
        narrowed = asked.filter(person)
        paging = Paging.of(asked.page, views.PAGE, await views.count(connection, narrowed))
        found = await views.requests(connection, narrowed, paging.offset, paging.size)
    for row in found:
        standing = retrieval.as_request(row)
        row["next"] = standing.next_signature
        row["due_day"] = row["due_at"] - A_MOMENT
        row["my_turn"] = bool(rule.may_sign(person, standing))
    return render(
        request,
        "retrievals.html",
        place="retrievals",
        moment=moment,
        rows=found,
        paging=paging,
        asked=asked.values,
        states=STATES,
    )


@router.get("/retrievals/new")
async def form(
    request: Request,
    user: SignedIn,
    call: Annotated[str, Query(max_length=100)] = "",
    recording: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    async with transaction() as connection:
        person = await person_of(connection, user)
        names = [recording] if recording else await views.of_call(connection, call) if call else []
        decision = rule.may_ask(person, await retrieval.profile_of(connection, names))
        moment = await today(connection)
    if not decision:
        return refusal(request, decision, back="/")
    return _form(request, moment, recordings=" ".join(names), listeners=user.login)


def _form(request: Request, moment: Today, status: int = 200, **given: Any) -> Response:
    empty = {"purpose": "", "recordings": "", "listeners": "", "dispute": "", "why": "", "letter": "", "refused": None}
    return render(
        request,
        "retrieval_form.html",
        status=status,
        place="retrievals",
        moment=moment,
        purposes=tuple(Purpose),
        **(empty | given),
    )


@router.post("/retrievals", dependencies=[Depends(csrf_checked)])
async def ask(
    request: Request,
    user: SignedIn,
    purpose: Annotated[str, Form(max_length=20)] = "",
    recordings: Words = "",
    listeners: Words = "",
    dispute: Annotated[str, Form(max_length=200)] = "",
    why: Words = "",
    letter: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    try:
        async with transaction() as connection:
            moment = await today(connection)
            await person_of(connection, user)
            request_id = await retrieval.ask(
                connection,
                user.login,
                purpose=purpose,
                recordings=_several(recordings),
                listeners=_several(listeners),
                dispute=dispute,
                why=why,
                letter=letter,
                now=moment.now,
                calendar=moment.calendar,
            )
    except Refused as refused:
        if refused.decision.code in ("BELOW_RANK", "NOT_STAFF"):
            return refusal(request, refused.decision, back="/")
        given = {"purpose": purpose, "recordings": recordings, "listeners": listeners, "dispute": dispute}
        return _form(request, moment, 422, refused=refused.decision, why=why, letter=letter, **given)
    return RedirectResponse(f"/retrievals/{request_id}", 303)


def _several(text: str) -> list[str]:
    """Names, however they are set apart."""
    for mark in "，、,;；":
        text = text.replace(mark, " ")
    return text.split()


@router.get("/retrievals/counter")
async def counter_form(
    request: Request, user: SignedIn, recording: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Somebody stands at the counter and wants to hear his own recording (R116)."""
    async with transaction() as connection:
        moment = await today(connection)
        await person_of(connection, user)
    return render(
        request,
        "retrieval_counter.html",
        place="retrievals",
        moment=moment,
        recording=recording,
        refused=None,
        steps=(),
    )


@router.post("/retrievals/counter", dependencies=[Depends(csrf_checked)])
async def counter(request: Request, user: SignedIn, recording: Annotated[str, Form(max_length=100)] = "") -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        person = await person_of(connection, user)
        here = places_here(request, person)
        place = person.place if person.place in here else min(here, default=None)
        refused, steps = await retrieval.refused_at_the_counter(
            connection, user.login, recording.strip(), place, moment.now, moment.calendar
        )
    return render(
        request,
        "retrieval_counter.html",
        status=403,
        place="retrievals",
        moment=moment,
        recording=recording.strip(),
        refused=refused,
        steps=steps,
    )


@router.get("/retrievals/{request_id}")
async def one(request: Request, user: SignedIn, request_id: int) -> Response:
    return await _one(request, user, request_id)


async def _one(request: Request, user: User, request_id: int, status: int = 200, refused: Any = None) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        person = await person_of(connection, user)
        row = await views.request(connection, request_id)
        if row is None:
            raise HTTPException(404)
        standing, profile = await retrieval.find(connection, request_id)
        copies = {
            one.recording: one
            for one in await training_copies.listed(connection, request_id=request_id)
            if one.ended_at is None
        }
    if not (seen := rule.may_see(person, standing)):
        return refusal(request, seen)
    now = moment.now
    row["due_day"] = row["due_at"] - A_MOMENT
    here = places_here(request, person)
    play = {
        name: rule.may_play(person, name, standing, here=here, now=now, profile=profile)
        for name in sorted(standing.recordings)
    }
    return render(
        request,
        "retrieval.html",
        status=status,
        place="retrievals",
        moment=moment,
        row=row,
        steps=rule.why_it_stands(standing, now),
        next=standing.next_signature,
        late=standing.next_signature is not None and now >= standing.due_at,
        may_sign=bool(rule.may_sign(person, standing)),
        may_withdraw=bool(rule.may_withdraw(person, standing)),
        may_revoke=bool(rule.may_revoke(person, standing, "----")) and now < standing.ends,
        may_confirm=user.login not in standing.reminded
        and bool(rule.may_confirm_privacy(person, standing, now, profile))
        and standing.purpose is not Purpose.TRAINING,
        listens=user.login in standing.listeners and standing.state == rule.GRANTED,
        play=play,
        makes=sorted(standing.recordings) if rule.may_make_copy(person, standing, now) else (),
        copies=copies,
        refused=refused,
    )


Act = Callable[[AsyncConnection, Today], Awaitable[Any]]


async def _acted(request: Request, user: User, request_id: int, act: Act) -> Response:
    try:
        async with transaction() as connection:
            moment = await today(connection)
            await person_of(connection, user)
            await act(connection, moment)
    except LookupError as e:
        raise HTTPException(404) from e
    except Refused as refused:
        # a form that lacks its reason may be sent again; what the rule forbids is forbidden
        if refused.decision.code == "NO_REASON":
            return await _one(request, user, request_id, 422, refused.decision)
        return refusal(request, refused.decision, back=f"/retrievals/{request_id}")
    return RedirectResponse(f"/retrievals/{request_id}", 303)


@router.post("/retrievals/{request_id}/sign", dependencies=[Depends(csrf_checked)])
async def sign(request: Request, user: SignedIn, request_id: int) -> Response:
    return await _acted(request, user, request_id, lambda c, m: retrieval.sign(c, request_id, user.login, m.now))


@router.post("/retrievals/{request_id}/refuse", dependencies=[Depends(csrf_checked)])
async def refuse(request: Request, user: SignedIn, request_id: int, reason: Words = "") -> Response:
    return await _acted(
        request, user, request_id, lambda c, m: retrieval.refuse(c, request_id, user.login, reason, m.now)
    )


@router.post("/retrievals/{request_id}/withdraw", dependencies=[Depends(csrf_checked)])
async def withdraw(request: Request, user: SignedIn, request_id: int) -> Response:
    return await _acted(request, user, request_id, lambda c, m: retrieval.withdraw(c, request_id, user.login, m.now))


@router.post("/retrievals/{request_id}/revoke", dependencies=[Depends(csrf_checked)])
async def revoke(request: Request, user: SignedIn, request_id: int, reason: Words = "") -> Response:
    async def act(connection: AsyncConnection, moment: Today) -> None:
        await retrieval.revoke(connection, request_id, user.login, reason, moment.now)
        await training_copies.end_of_request(connection, request_id, user.login, moment.now)

    return await _acted(request, user, request_id, act)


@router.post("/retrievals/{request_id}/privacy", dependencies=[Depends(csrf_checked)])
async def confirm_privacy(request: Request, user: SignedIn, request_id: int) -> Response:
    return await _acted(
        request, user, request_id, lambda c, m: retrieval.confirm_privacy(c, request_id, user.login, m.now)
    )
