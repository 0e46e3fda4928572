"""Training copies: made under a granted request, heard in the house by the call center, ended by whoever still hears who it
is (R119, C41). As with every recording nothing can be kept, and the right is asked anew at each stretch and jump."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.access import person_of, refusal
from desk.auth import SignedIn, User, at_head_office, csrf_checked
from desk.pages import Today, render, today
from desk.places import places_here
from desk.player import NO_STORE, PEAKS, PLAYERS, UNREADABLE, away, denied, sent, stretch_of
from rules import retrieval as rule
from rules.training import WHY
from storage import plays, training_copies, training_plays
from storage.db import transaction
from storage.key_keepers import key_keeper
from storage.retrieval import Refused
from storage.sound import scratch, shape
from storage.training_bucket import training_bucket
from storage.training_copies import Copy, CopyReader
from storage.training_plays import TrainingPlay

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(at_head_office("training"))]


@router.get("/training-copies")
async def page(request: Request, user: Viewer) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        person = await person_of(connection, user)
        found = await training_copies.listed(connection)
        heard = await training_plays.count(connection, [copy.id for copy in found])
    here = places_here(request, person)
    return render(
        request,
        "training_copies.html",
        place="training",
        moment=moment,
        rows=[(copy, heard.get(copy.id, 0), _may(person, copy, here, moment)) for copy in found],
        may_end=bool(rule.may_end_copy(person)),
    )


def _may(person: rule.Person, copy: Copy, here: frozenset[str], moment: Today) -> rule.Decision:
    return training_plays.right(person, copy, here=here, now=moment.now)


@router.post("/retrievals/{request_id}/copies", dependencies=[Depends(csrf_checked)])
async def make(
    request: Request, user: SignedIn, request_id: int, recording: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        await person_of(connection, user)
    try:
        await training_copies.make(request_id, recording, user.login, moment.now)
    except LookupError as e:
        raise HTTPException(404) from e
    except Refused as refused:
        return refusal(request, refused.decision, back=f"/retrievals/{request_id}")
    except UNREADABLE as problem:
        return away(problem)
    return RedirectResponse("/training-copies", 303)


@router.post("/training-copies/{copy_id}/end", dependencies=[Depends(csrf_checked)])
async def end(
    request: Request,
    user: SignedIn,
    copy_id: int,
    begin: Annotated[float | None, Form(ge=0, le=86_400)] = None,
    until: Annotated[float | None, Form(ge=0, le=86_400)] = None,
) -> Response:
    """With seconds: somebody heard there who it is. Without: the head of the call center takes it out of use."""
    names_part = begin is not None and until is not None
    try:
        async with transaction() as connection:
            moment = await today(connection)
            person = await person_of(connection, user)
            copy = await training_copies.find(connection, copy_id, lock=True)
            if copy is None or copy.made_at is None:
                raise HTTPException(404)
            if not (decision := rule.may_report_copy(person) if names_part else rule.may_end_copy(person)):
                return refusal(request, decision, back="/training-copies")
            if names_part:
                await training_copies.identifies(connection, copy, begin, until, user.login, moment.now)
            else:
                await training_copies.end(connection, copy, user.login, training_copies.WITHDRAWN, moment.now)
    except Refused as refused:
        return refusal(request, refused.decision, back="/training-copies")
    return RedirectResponse("/training-copies", 303)


@router.post("/training-copies/{copy_id}/plays", dependencies=[Depends(csrf_checked)])
async def begin(request: Request, user: SignedIn, copy_id: int) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        person = await person_of(connection, user)
        here = places_here(request, person)
        decision, play = await training_plays.begin(connection, person, copy_id, here=here, now=moment.now)
    if play is None:
        return refusal(request, decision, back="/training-copies")
    return RedirectResponse(f"/training-plays/{play.id}", 303)


async def _going_on(
    request: Request, user: User, connection: AsyncConnection, play_id: str
) -> tuple[TrainingPlay, Copy, rule.Person, Today, dict[str, Any]]:
    moment = await today(connection)
    person = await person_of(connection, user)
    found = await training_plays.find(connection, play_id)
    if found is None:
        raise HTTPException(404)
    return *found, person, moment, {"here": places_here(request, person), "now": moment.now}


@router.get("/training-plays/{play_id}")
async def player(request: Request, user: SignedIn, play_id: str) -> Response:
    async with transaction() as connection:
        play, copy, person, moment, asked = await _going_on(request, user, connection, play_id)
        decision = await training_plays.still(connection, play, copy, person, **asked)
    if not decision:
        return refusal(request, decision, back="/training-copies")
    silenced = [(begin, end, WHY.get(why, (why, why))) for begin, end, why in copy.silenced]
    return render(
        request, "training_player.html", place="training", moment=moment, play=play, copy=copy, silenced=silenced
    )


@router.get("/training-plays/{play_id}/shape")
async def waveform(request: Request, user: SignedIn, play_id: str) -> Response:
    async with transaction() as connection:
        play, copy, person, _, asked = await _going_on(request, user, connection, play_id)
        decision = await training_plays.still(connection, play, copy, person, **asked)
    if not decision:
        return denied(decision)
    try:
        return JSONResponse(await run_in_threadpool(_shape, copy), headers=NO_STORE)
    except UNREADABLE as problem:
        return away(problem)


def _shape(copy: Copy) -> dict:
    with scratch() as plain:
        for piece in _reader(copy).stream():
            plain.write(piece)
        return shape(plain, PEAKS)


def _reader(copy: Copy) -> CopyReader:
    return CopyReader(copy, training_bucket(), key_keeper())


@router.get("/training-plays/{play_id}/sound")
async def sound(request: Request, user: SignedIn, play_id: str) -> Response:
    async with transaction() as connection:
        play, copy, person, _, asked = await _going_on(request, user, connection, play_id)
        if request.headers.get("sec-fetch-dest", "empty") not in PLAYERS:
            await training_plays.refuse(connection, person, copy, plays.NOT_THE_PLAYER, **asked)
            return denied(plays.NOT_THE_PLAYER)
        size = copy.plain_bytes or 0
        wanted = stretch_of(request.headers.get("range"), size)
        if wanted is None:
            return Response(status_code=416, headers=NO_STORE | {"Content-Range": f"bytes */{size}"})
        first, end = wanted
        decision = await training_plays.go_on(connection, play, copy, person, first, end, **asked)
    if not decision:
        return denied(decision)
    return await sent(request, lambda: _reader(copy).stream(first, end), first, end, size, copy.content_type)


@router.post("/training-plays/{play_id}/seeks", dependencies=[Depends(csrf_checked)])
async def seek(
    request: Request, user: SignedIn, play_id: str, to_ms: Annotated[int, Form(ge=0, le=86_400_000)]
) -> Response:
    async with transaction() as connection:
        play, copy, person, moment, asked = await _going_on(request, user, connection, play_id)
        if decision := await training_plays.still(connection, play, copy, person, **asked):
            await training_plays.jump(connection, play, copy, to_ms, moment.now)
    return Response(status_code=204, headers=NO_STORE) if decision else denied(decision)
