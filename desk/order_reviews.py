"""Handled orders before head office: the list, and the verdict on one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk import masking
from desk.auth import User, at_head_office, csrf_checked, local_path
from desk.day_bounds import end_of_day, soon_end
from desk.exports import MOST, spreadsheet
from desk.languages import language, translations
from desk.pages import Today, render, today
from desk.paging import FARTHEST, Paging
from desk.work_orders import pane
from rules.order_review import VERDICTS, ReviewRefused
from rules.words import word
from storage.db import transaction
from storage.order_reviews import review_order
from storage.views import inboxes

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(at_head_office("reviews"))]
Reviewer = Annotated[User, Depends(at_head_office("review"))]
Text = Annotated[str, Query(max_length=100)]
KINDS = ("QUESTION", "VERIFICATION", "FEEDBACK_ONLY", "DELIVERY_REMINDER", "LETTER", "VISIT", "IMPERSONATION_CHECK")


class Asked:
    """The list's filter as the address bar has it."""

    def __init__(
        self,
        kind: Text = "",
        sort: Text = "handled",
        page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
        order: Annotated[int | None, Query(ge=1)] = None,
    ):
        self.values = {"kind": kind, "sort": sort if sort != "handled" else ""}
        self.kind, self.sort, self.page, self.order = kind, sort, page, order

    def filter(self, moment: Today) -> inboxes.InboxFilter:
        return inboxes.InboxFilter(
            codes=None,
            now=moment.now,
            day_end=end_of_day(moment.day),
            soon_end=soon_end(moment),
            state="HANDLED",
            kind=self.kind,
        )


@router.get("/reviews")
async def page(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        narrowed = asked.filter(moment)
        paging = Paging.of(asked.page, inboxes.PAGE, await inboxes.count(connection, narrowed))
        found = await inboxes.find(connection, narrowed, asked.sort, paging.offset, paging.size)
        shown = await pane(connection, user, asked.order) if asked.order else None
    return render(
        request,
        "reviews.html",
        place="reviews",
        moment=moment,
        rows=found,
        paging=paging,
        asked=asked.values,
        sort=asked.sort,
        kinds=KINDS,
        shown=shown,
        order=shown and shown["order"],
        most=MOST,
    )


@router.get("/reviews/export.xlsx")
async def export(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        moment = await today(connection)
        found = await inboxes.find(connection, asked.filter(moment), asked.sort, 0, MOST)
    header = [
        gettext("Work order"),
        gettext("Handled"),
        gettext("Kind"),
        gettext("Reasons"),
        gettext("Policyholder"),
        gettext("Policy"),
        gettext("Branch"),
        gettext("Handled by"),
        gettext("Signed statement"),
    ]
    return await spreadsheet(
        f"{gettext('Reviews')}-{moment.day}",
        header,
        [
            (
                row["id"],
                row["handled_at"],
                word(row["kind"], lang),
                [word(reason, lang) for reason in row["reasons"]],
                masking.name(row["name"]),
                masking.policy(row["policy_no"]),
                row["branch_name"],
                row["handled_name"] or "",
                row["statement_ref"] or "",
            )
            for row in found
        ],
    )


@router.post("/work-orders/{order_id}/review", dependencies=[Depends(csrf_checked)])
async def review(
    request: Request,
    user: Reviewer,
    order_id: int,
    verdict: Annotated[str, Form(max_length=20)],
    reason: Annotated[str, Form(max_length=2000)] = "",
    waive: Annotated[bool, Form()] = False,
    next: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """VERIFIED or RETURNED. What is refused leaves everything as it was and says why."""
    try:
        async with transaction() as connection:
            moment = await today(connection)
            await review_order(
                connection,
                order_id,
                verdict if verdict in VERDICTS else "",
                user=user.login,
                now=moment.now,
                calendar=moment.calendar,
                reason=reason,
                waive=waive,
            )
    except ReviewRefused as refused:
        async with transaction() as connection:
            moment = await today(connection)
            shown = await pane(connection, user, order_id)
        return render(
            request,
            "work_order.html",
            status=422,
            place="reviews",
            moment=moment,
            shown=shown,
            order=shown["order"],
            refused=refused,
            reason=reason,
        )
    return RedirectResponse(local_path(next) or f"/work-orders/{order_id}", 303)
