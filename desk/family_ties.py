"""Relatives who may share a number: who is proven to be one, by which papers, and the second person who confirms (C23)."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk.auth import User, at_head_office, csrf_checked
from desk.pages import render, today
from desk.paging import FARTHEST, Paging
from rules.family_ties import RELATIONS, TIE_STATES, TieRefused
from storage import family_ties
from storage.db import transaction

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(at_head_office("ties"))]
Enterer = Annotated[User, Depends(at_head_office("enter_tie"))]
Second = Annotated[User, Depends(at_head_office("confirm_tie"))]
Short = Annotated[str, Form(max_length=100)]
Words = Annotated[str, Form(max_length=2000)]


class Asked:
    """The list's filter as the address bar has it."""

    def __init__(
        self,
        state: Annotated[str, Query(max_length=20)] = "",
        page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
    ):
        self.state = state if state in TIE_STATES else ""
        self.page = page


@router.get("/family-ties")
async def page(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    return await _page(request, user, asked)


async def _page(request: Request, user: User, asked: Asked, status: int = 200, **more: Any) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        paging = Paging.of(asked.page, family_ties.PAGE, await family_ties.count(connection, asked.state))
        found = await family_ties.find(connection, asked.state, paging.offset, paging.size)
    given = {"policy": "", "other": "", "relation": "", "evidence": "", "refused": None, **more}
    return render(
        request,
        "family_ties.html",
        status=status,
        place="cases",
        moment=moment,
        rows=found,
        paging=paging,
        asked={"state": asked.state},
        states=TIE_STATES,
        relations=RELATIONS,
        may_enter=user.may("enter_tie"),
        may_confirm=user.may("confirm_tie"),
        **given,
    )


@router.post("/family-ties", dependencies=[Depends(csrf_checked)])
async def enter(
    request: Request, user: Enterer, policy: Short = "", other: Short = "", relation: Short = "", evidence: Words = ""
) -> Response:
    try:
        async with transaction() as connection:
            moment = await today(connection)
            await family_ties.propose(connection, policy, other, relation, evidence, user.login, moment.now)
    except TieRefused as refused:
        given = {"policy": policy, "other": other, "relation": relation, "evidence": evidence}
        return await _page(request, user, Asked(), 422, refused=refused, **given)
    return RedirectResponse("/family-ties?state=PROPOSED", 303)


@router.post("/family-ties/{tie_id}/decide", dependencies=[Depends(csrf_checked)])
async def decide(request: Request, user: Second, tie_id: int, verdict: Short = "") -> Response:
    if verdict not in ("CONFIRM", "REJECT"):
        raise HTTPException(422)
    return await _done(
        request, user, lambda c, now: family_ties.decide(c, tie_id, verdict == "CONFIRM", user.login, now)
    )


@router.post("/family-ties/{tie_id}/withdraw", dependencies=[Depends(csrf_checked)])
async def withdraw(request: Request, user: Enterer, tie_id: int, why: Words = "") -> Response:
    return await _done(request, user, lambda c, now: family_ties.withdraw(c, tie_id, why, user.login, now))


async def _done(request: Request, user: User, act: Any) -> Response:
    try:
        async with transaction() as connection:
            await act(connection, (await today(connection)).now)
    except LookupError as e:
        raise HTTPException(404) from e
    except TieRefused as refused:
        return await _page(request, user, Asked(), 422, refused=refused)
    return RedirectResponse("/family-ties", 303)
