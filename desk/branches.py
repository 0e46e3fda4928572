"""The inbox of a branch."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk import masking
from desk.auth import User, with_right
from desk.day_bounds import end_of_day, soon_end
from desk.exports import MOST, spreadsheet
from desk.languages import language, translations
from desk.pages import Today, render, today
from desk.paging import FARTHEST, Paging
from desk.work_orders import pane
from rules.words import word
from storage.db import transaction
from storage.views import inboxes, organisation

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("inbox"))]
Text = Annotated[str, Query(max_length=100)]
STATES = ("ISSUED", "ACCEPTED", "HANDLED", "VERIFIED", "CLOSED")
KINDS = (
    "QUESTION",
    "VERIFICATION",
    "FEEDBACK_ONLY",
    "DELIVERY_REMINDER",
    "LETTER",
    "VISIT",
    "QUALITY_CHECK",
    "IMPERSONATION_CHECK",
    "AFTER_CARE",
)


class Asked:
    """The inbox' filter as the address bar has it."""

    def __init__(
        self,
        state: Text = "",
        kind: Text = "",
        reason: Text = "",
        due: Text = "",
        mine: bool = False,
        below: bool = True,
        sort: Text = "due",
        page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
        order: Annotated[int | None, Query(ge=1)] = None,
    ):
        self.values = {
            "state": state,
            "kind": kind,
            "reason": reason,
            "due": due,
            "mine": "1" if mine else "",
            "below": "" if below else "0",
            "sort": sort if sort != "due" else "",
        }
        self.state, self.kind, self.reason, self.due, self.mine = state, kind, reason, due, mine
        self.below, self.sort, self.page, self.order = below, sort, page, order

    async def filter(self, connection, branch: dict, user: User, moment: Today) -> inboxes.InboxFilter:
        here = await organisation.scope_of(connection, branch["code"])
        return inboxes.InboxFilter(
            codes=here.narrowed() if self.below else [branch["code"]],
            now=moment.now,
            day_end=end_of_day(moment.day),
            soon_end=soon_end(moment),
            state=self.state,
            kind=self.kind,
            reason=self.reason,
            due=self.due,
            mine=user.login if self.mine else "",
        )


async def _branch(connection, user: User, code: str) -> dict:
    branch = await organisation.branch(connection, code)
    if branch is None:
        # somebody who sees only a part is not told which codes exist
        raise HTTPException(404 if user.scope.everything else 403)
    if not user.scope.covers(code):
        raise HTTPException(403)
    return branch


@router.get("/branches")
async def own(user: Viewer) -> Response:
    return RedirectResponse(f"/branches/{user.branch_code}/inbox", 303)


@router.get("/branches/{code}/inbox")
async def inbox(request: Request, user: Viewer, code: str, asked: Annotated[Asked, Depends()]) -> Response:
    async with transaction() as connection:
        branch = await _branch(connection, user, code)
        moment = await today(connection)
        narrowed = await asked.filter(connection, branch, user, moment)
        paging = Paging.of(asked.page, inboxes.PAGE, await inboxes.count(connection, narrowed))
        found = await inboxes.find(connection, narrowed, asked.sort, paging.offset, paging.size)
        totals = await inboxes.totals(connection, narrowed)
        shown = await pane(connection, user, asked.order) if asked.order else None
        branches = await organisation.branches(connection, user.scope.narrowed())
    return render(
        request,
        "inbox.html",
        place="inbox",
        moment=moment,
        branch=branch,
        branches=branches,
        rows=found,
        totals=totals,
        paging=paging,
        asked=asked.values,
        sort=asked.sort,
        shown=shown,
        order=shown and shown["order"],
        states=STATES,
        kinds=KINDS,
        most=MOST,
    )


@router.get("/branches/{code}/inbox/export.xlsx")
async def export(request: Request, user: Viewer, code: str, asked: Annotated[Asked, Depends()]) -> Response:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        branch = await _branch(connection, user, code)
        moment = await today(connection)
        narrowed = await asked.filter(connection, branch, user, moment)
        found = await inboxes.find(connection, narrowed, asked.sort, 0, MOST)
    header = [
        gettext("Work order"),
        gettext("Due"),
        gettext("Kind"),
        gettext("Reasons"),
        gettext("Policyholder"),
        gettext("Policy"),
        gettext("Branch"),
        gettext("State"),
        gettext("Accepted by"),
    ]
    return await spreadsheet(
        f"{gettext('Inbox')}-{branch['name']}-{moment.day}",
        header,
        [
            (
                row["id"],
                row["due_at"],
                word(row["kind"], lang),
                [word(reason, lang) for reason in row["reasons"]],
                masking.name(row["name"]),
                masking.policy(row["policy_no"]),
                row["branch_name"],
                word(row["state"], lang),
                row["accepted_name"] or "",
            )
            for row in found
        ],
    )
