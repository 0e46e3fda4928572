"""Recordings: searching them, and one of them with its requests and everybody who heard it or was refused."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response

from desk.access import person_of
from desk.auth import User, with_right
from desk.pages import render, today
from desk.paging import FARTHEST, Paging
from rules.retrieval import may_ask, may_see
from storage import retrieval
from storage.db import transaction
from storage.views import retrieval as views

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("recordings"))]
STATES = ("REPORTED", "VERIFIED", "CLEARED", "LOST")


@router.get("/recordings")
async def page(
    request: Request,
    user: Viewer,
    q: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
) -> Response:
    state = state if state in STATES else ""
    narrowed = views.RecordingFilter(q, state, user.scope.narrowed())
    async with transaction() as connection:
        moment = await today(connection)
        paging = Paging.of(page, views.PAGE, await views.count_recordings(connection, narrowed))
        found = await views.recordings(connection, narrowed, paging.offset, paging.size)
    return render(
        request,
        "recordings.html",
        place="recordings",
        moment=moment,
        rows=found,
        paging=paging,
        asked={"q": q, "state": state},
        states=STATES,
    )


@router.get("/recordings/{name}")
async def one(request: Request, user: Viewer, name: str) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        person = await person_of(connection, user)
        found = await views.described(connection, [name])
        if not found or not user.scope.covers(found[0]["branch_code"]):
            raise HTTPException(404)
        history = await views.access_history(connection, name) if _sees_access(user) else None
        asked = await views.requests_of(connection, name)
        profile = await retrieval.profile_of(connection, [name])
    return render(
        request,
        "recording.html",
        place="recordings",
        moment=moment,
        row=found[0],
        requests=[row for row in asked if may_see(person, retrieval.as_request(row))],
        history=history,
        may_ask=bool(may_ask(person, profile)),
    )


def _sees_access(user: User) -> bool:
    return user.may("access") and user.scope.everything
