"""The player: a play begun, its sound streamed as it is opened, its jumps. Each asks for the right anew, and the answer is
on the ledger before a byte leaves. Nothing here can be kept: no-store, no download, and the listener's name on the page.
"""

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.concurrency import iterate_in_threadpool, run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.access import person_of, refusal
from desk.auth import SignedIn, User, csrf_checked
from desk.pages import Today, render, today
from desk.places import places_here
from rules.retrieval import Decision, Person, shows_who_listens
from rules.retrieval_events import RightKind
from storage import item_proofs, plays, retrieval
from storage.archive import ArchiveError
from storage.archive_objects import KeptObject
from storage.data_keys import KeyDestroyed
from storage.db import transaction
from storage.encryption import NotOpened
from storage.key_keepers import KeysAway, KeysWrong
from storage.plays import Play
from storage.recording_reader import reader_of
from storage.sound import scratch, shape
from storage.views import retrieval as views

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)
RIGHTS = {RightKind.RETRIEVAL.value, RightKind.QUALITY.value}
# A listener's right is asked anew at least this often, however his browser asks for the sound.
STRETCH = 512 * 1024
# What browsers say a player wants; anything else would keep it.
PLAYERS = ("audio", "video", "empty")
NO_STORE = {"Cache-Control": "no-store, private", "Content-Disposition": "inline", "X-Robots-Tag": "noindex"}
PEAKS = 800
UNREADABLE = (ArchiveError, KeyDestroyed, KeysAway, KeysWrong, NotOpened)


@router.post("/recordings/{name}/plays", dependencies=[Depends(csrf_checked)])
async def begin(
    request: Request,
    user: SignedIn,
    name: str,
    kind: Annotated[str, Form(max_length=20)] = "",
    right: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    if kind not in RIGHTS:
        raise HTTPException(422)
    async with transaction() as connection:
        moment = await today(connection)
        person = await person_of(connection, user)
        decision, play = await plays.begin(
            connection, person, name, kind, right, here=places_here(request, person), now=moment.now
        )
    if play is None:
        return refusal(request, decision)
    return RedirectResponse(f"/plays/{play.id}", 303)


async def _going_on(
    request: Request, user: User, connection: AsyncConnection, play_id: str
) -> tuple[Play, Person, Today, dict[str, Any]]:
    moment = await today(connection)
    person = await person_of(connection, user)
    play = await plays.find(connection, play_id)
    if play is None:
        raise HTTPException(404)
    return play, person, moment, {"here": places_here(request, person), "now": moment.now}


@router.get("/plays/{play_id}")
async def player(request: Request, user: SignedIn, play_id: str) -> Response:
    async with transaction() as connection:
        play, person, moment, asked = await _going_on(request, user, connection, play_id)
        decision = await plays.still(connection, play, person, **asked)
        if decision:
            of = (await views.described(connection, [play.recording]))[0]
            proofs = await item_proofs.of_call(connection, play.call_id, play.recording)
            profile = await retrieval.profile_of(connection, [play.recording])
            check_id = await plays.check_of(connection, play)
    if not decision:
        return refusal(request, decision)
    back = f"/quality-checks/{check_id}" if check_id else f"/retrievals/{play.right_id}"
    return render(
        request,
        "player.html",
        place="retrievals",
        moment=moment,
        play=play,
        of=of,
        proofs=proofs,
        back=back,
        watermark=shows_who_listens(profile),
    )


@router.get("/plays/{play_id}/shape")
async def waveform(request: Request, user: SignedIn, play_id: str) -> Response:
    """How loud each channel is along the recording; says nothing of what is said."""
    async with transaction() as connection:
        play, person, _, asked = await _going_on(request, user, connection, play_id)
        decision = await plays.still(connection, play, person, **asked)
        kept = await plays.kept(connection, play.recording)
    if not decision or kept is None:
        return denied(decision or plays.NO_RECORDING)
    try:
        return JSONResponse(await run_in_threadpool(_shape, kept), headers=NO_STORE)
    except UNREADABLE as problem:
        return away(problem)


def _shape(kept: KeptObject) -> dict:
    with scratch() as plain:
        reader_of(kept).copy_out(plain)
        return shape(plain, PEAKS)


@router.get("/plays/{play_id}/sound")
async def sound(request: Request, user: SignedIn, play_id: str) -> Response:
    if request.headers.get("sec-fetch-dest", "empty") not in PLAYERS:
        return await _not_the_player(request, user, play_id)
    async with transaction() as connection:
        play, person, _, asked = await _going_on(request, user, connection, play_id)
        kept = await plays.kept(connection, play.recording)
        if kept is None:
            return denied(plays.NO_RECORDING)
        size = kept.plain_bytes
        wanted = stretch_of(request.headers.get("range"), size)
        if wanted is None:
            return Response(status_code=416, headers=NO_STORE | {"Content-Range": f"bytes */{size}"})
        first, end = wanted
        decision = await plays.go_on(
            connection,
            play,
            person,
            first=first,
            end=end,
            to_ms=await _milliseconds(connection, play, first, size),
            **asked,
        )
    if not decision:
        return denied(decision)
    return await sent(request, lambda: reader_of(kept).stream(first, end), first, end, size, kept.content_type)


async def sent(
    request: Request, stream: Callable[[], Iterator[bytes]], first: int, end: int, size: int, content_type: str
) -> Response:
    """Bytes `first` to `end` of `size` as they are asked for; the stream is made and read beside the event loop."""
    try:
        pieces = await run_in_threadpool(_opened, stream)
    except UNREADABLE as problem:
        return away(problem)
    headers = NO_STORE | {"Accept-Ranges": "bytes", "Content-Length": str(end - first)}
    status = 200
    if "range" in request.headers:
        status, headers["Content-Range"] = 206, f"bytes {first}-{end - 1}/{size}"
    return StreamingResponse(iterate_in_threadpool(pieces), status, headers, media_type=content_type)


def _opened(stream: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """The first piece is there before an answer is begun: what cannot be opened is an error, not half a sound."""
    pieces = stream()
    opening = next(pieces, b"")

    def all_of_it() -> Iterator[bytes]:
        yield opening
        yield from pieces

    return all_of_it()


def stretch_of(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes to send: of a range never more than one stretch, and all where none is asked for. None where it lies
    outside."""
    if not header:
        return (0, size) if size else None
    asked = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", header.strip())
    if not asked or asked[0] == "bytes=-":
        return None
    if not asked[1]:
        first, end = max(size - int(asked[2]), 0), size
    else:
        first, end = int(asked[1]), int(asked[2]) + 1 if asked[2] else size
    end = min(end, size, first + STRETCH)
    return (first, end) if first < end else None


async def _milliseconds(connection: AsyncConnection, play: Play, first: int, size: int) -> int:
    """Where a byte lies in time, as near as a constant rate of bytes says."""
    seconds = await plays.seconds_of(connection, play.recording)
    return round(first / size * seconds * 1000)


async def _not_the_player(request: Request, user: User, play_id: str) -> Response:
    async with transaction() as connection:
        play, person, _, asked = await _going_on(request, user, connection, play_id)
        await plays.refuse(connection, person, play.recording, plays.NOT_THE_PLAYER, **asked)
    return denied(plays.NOT_THE_PLAYER)


def denied(decision: Decision) -> Response:
    """To a player, in its own form."""
    body = {"type": "/problems/forbidden", "status": 403, "code": decision.code, "detail": decision.en}
    return Response(json.dumps(body), 403, NO_STORE, media_type="application/problem+json")


def away(problem: Exception) -> Response:
    """One of UNREADABLE, without a word of what it is about."""
    log.warning("a recording cannot be opened: %s", type(problem).__name__)
    status = 410 if isinstance(problem, KeyDestroyed) else 503
    body = {"type": "/problems/unavailable", "status": status, "code": type(problem).__name__}
    return Response(json.dumps(body), status, NO_STORE, media_type="application/problem+json")


@router.post("/plays/{play_id}/seeks", dependencies=[Depends(csrf_checked)])
async def seek(
    request: Request, user: SignedIn, play_id: str, to_ms: Annotated[int, Form(ge=0, le=86_400_000)]
) -> Response:
    """A jump inside what the browser holds already; one beyond it is known by the bytes that are asked for."""
    async with transaction() as connection:
        play, person, _, asked = await _going_on(request, user, connection, play_id)
        decision = await plays.seek(connection, play, person, to_ms, **asked)
    return Response(status_code=204, headers=NO_STORE) if decision else denied(decision)
