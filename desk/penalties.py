"""Proposed penalties: what waits, one of them, and the two persons who decide (C40). Nothing is ever deducted here."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk import masking
from desk.auth import User, at_head_office, csrf_checked
from desk.exports import MOST, spreadsheet
from desk.languages import language, translations
from desk.pages import render, today
from desk.paging import FARTHEST, Paging
from rules.penalties import DECISIONS, FINDINGS, DecisionRefused
from rules.words import word
from storage import penalty_proposals
from storage.db import transaction
from storage.penalty_proposals import STATES, PenaltyFilter
from storage.views import organisation

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(at_head_office("penalties"))]
First = Annotated[User, Depends(at_head_office("recommend"))]
Second = Annotated[User, Depends(at_head_office("decide"))]
Text = Annotated[str, Query(max_length=100)]


class Asked:
    """The list's filter as the address bar has it."""

    def __init__(
        self,
        state: Text = "PROPOSED",
        offence: Text = "",
        rule: Text = "",
        branch: Text = "",
        page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
    ):
        state = state if state in (*STATES, "WAITING") else ""
        self.values = {"state": state or "all", "offence": offence, "rule": rule, "branch": branch}
        self.filter = PenaltyFilter(state, offence, rule, branch)
        self.page = page


@router.get("/penalties")
async def page(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        total = await penalty_proposals.count(connection, asked.filter)
        paging = Paging.of(asked.page, penalty_proposals.PAGE, total)
        found = await penalty_proposals.find(connection, asked.filter, paging.offset, paging.size)
        offences = await penalty_proposals.offences(connection)
        branches = await organisation.branches(connection)
    return render(
        request,
        "penalties.html",
        place="penalties",
        moment=moment,
        rows=found,
        paging=paging,
        asked=asked.values,
        states=STATES,
        offences=offences,
        branches=[(branch["code"], branch["name"]) for branch in branches],
        most=MOST,
    )


@router.get("/penalties/export.xlsx")
async def export(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        moment = await today(connection)
        found = await penalty_proposals.find(connection, asked.filter, 0, MOST)
    header = [
        gettext("No."),
        gettext("Offence"),
        gettext("Falls on"),
        gettext("Measure"),
        gettext("Yuan"),
        gettext("Rule"),
        gettext("What it says"),
        gettext("Policy"),
        gettext("Branch"),
        gettext("Seller"),
        gettext("State"),
        gettext("Put forward by"),
        gettext("Decided by"),
        gettext("Reason"),
        gettext("Proposed at"),
    ]
    return await spreadsheet(
        f"{gettext('Proposed penalties')}-{moment.day}",
        header,
        [
            (
                row["id"],
                word(row["offence"], lang),
                word(row["falls_on"], lang),
                word(row["measure"], lang),
                row["amount_yuan"],
                row["rule"],
                row[f"text_{lang}"],
                masking.policy(row["policy_no"] or ""),
                row["branch_name"] or "",
                row["agent_code"] or "",
                word(row["state"], lang),
                row["recommended_name"] or "",
                row["decided_name"] or "",
                masking.long_numbers(row["reason"] or ""),
                row["proposed_at"],
            )
            for row in found
        ],
    )


@router.get("/penalties/{proposal_id}")
async def one(request: Request, user: Viewer, proposal_id: int) -> Response:
    return await _one(request, user, proposal_id)


async def _one(request: Request, user: User, proposal_id: int, status: int = 200, **more: Any) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        row = await penalty_proposals.one(connection, proposal_id)
        if row is None:
            raise HTTPException(404)
        following = await penalty_proposals.following(connection, proposal_id)
    open_ = row["state"] == "PROPOSED"
    own = row["recommended_by"] == user.login
    return render(
        request,
        "penalty.html",
        status=status,
        place="penalties",
        moment=moment,
        row=row,
        following=following,
        decisions=DECISIONS,
        findings=FINDINGS,
        may_recommend=open_ and row["recommended"] is None and user.may("recommend"),
        may_take_back=open_ and row["recommended"] is not None and (own or user.may("decide")),
        may_decide=open_ and row["recommended"] is not None and not own and user.may("decide"),
        **{"refused": None, "reason": "", **more},
    )


@router.post("/penalties/{proposal_id}/recommend", dependencies=[Depends(csrf_checked)])
async def recommend(
    request: Request,
    user: First,
    proposal_id: int,
    decision: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
    finding: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    async def act(connection, moment):
        await penalty_proposals.recommend(
            connection,
            proposal_id,
            decision,
            reason=reason,
            user=user.login,
            now=moment.now,
            finding=finding or None,
        )

    return await _acted(request, user, proposal_id, act, reason=reason)


@router.post("/penalties/{proposal_id}/take-back", dependencies=[Depends(csrf_checked)])
async def take_back(request: Request, user: Viewer, proposal_id: int) -> Response:
    if not (user.may("recommend") or user.may("decide")):
        raise HTTPException(403)

    async def act(connection, moment):
        row = await penalty_proposals.one(connection, proposal_id)
        if row is not None and row["recommended_by"] != user.login and not user.may("decide"):
            raise HTTPException(403)
        await penalty_proposals.take_back(connection, proposal_id, user=user.login, now=moment.now)

    return await _acted(request, user, proposal_id, act)


@router.post("/penalties/{proposal_id}/decide", dependencies=[Depends(csrf_checked)])
async def decide(request: Request, user: Second, proposal_id: int) -> Response:
    async def act(connection, moment):
        await penalty_proposals.decide(connection, proposal_id, user=user.login, now=moment.now)

    return await _acted(request, user, proposal_id, act)


async def _acted(request: Request, user: User, proposal_id: int, act: Any, **given: Any) -> Response:
    try:
        async with transaction() as connection:
            await act(connection, await today(connection))
    except LookupError as e:
        raise HTTPException(404) from e
    except DecisionRefused as refused:
        return await _one(request, user, proposal_id, 422, refused=refused, **given)
    return RedirectResponse(f"/penalties/{proposal_id}", 303)
