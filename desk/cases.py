"""Cases: the list, its export, one case, and showing its personal data for a reason."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import Response

from desk import holds, masking
from desk.auth import User, csrf_checked, with_right
from desk.exports import MOST, spreadsheet
from desk.languages import language, translations
from desk.pages import Today, render, today
from desk.paging import FARTHEST, Paging
from rules.cases import CaseState, Owner
from rules.words import word
from storage import class_overrides, events
from storage.db import transaction
from storage.views import cases

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("cases"))]
Text = Annotated[str, Query(max_length=100)]
CLASSES = ("STANDARD", "SUB_STANDARD", "QUESTION", "VERIFICATION")
STATES = tuple(CaseState)
# of the codes in which the dialler's selection speaks, those that can hold a case of head office
HOLDS = (
    "NOT_YET_CALLABLE",
    "WAITING_FOR_RECEIPT",
    "UNREACHABLE",
    "SPECIAL_CALLBACK",
    "PHONE_INVALID",
    "PHONE_IS_AGENTS",
    "PHONE_SHARED",
    "PHONE_UNCONFIRMED",
    "RECORD_MISMATCH",
    "QUIET_HOURS",
    "HOLIDAY",
    "OUTSIDE_HOURS",
    "UNKNOWN_ATTEMPT",
    "IN_CALL",
    "APPOINTMENT_PENDING",
    "DAILY_CAP",
    "MIN_GAP",
    "SAME_DAY_PART",
    "NEEDS_AGENT",
    "NO_DIALECT_AGENT",
)


class Asked:
    """The list's filter as the address bar has it."""

    def __init__(
        self,
        q: Text = "",
        state: Text = "",
        class_: Annotated[str, Query(alias="class", max_length=40)] = "",
        reason: Text = "",
        branch: Text = "",
        owner: Text = "",
        due: Text = "",
        settled: Text = "",
        recording: Text = "",
        hold: Text = "",
        sort: Text = "due",
        page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
    ):
        self.values = {
            "q": q,
            "state": state,
            "class": class_,
            "reason": reason,
            "branch": branch,
            "owner": owner,
            "due": due,
            "settled": settled,
            "recording": recording,
            "hold": hold,
            "sort": sort if sort != "due" else "",
        }
        self.sort, self.page, self.hold = sort, page, hold

    async def filter(self, connection, user: User, moment: Today) -> cases.CaseFilter:
        ids = None
        if self.hold:
            held = await holds.holds(connection, moment)
            wanted = None if self.hold == "NONE" else self.hold
            ids = [case_id for case_id, hold in held.items() if hold.reason == wanted]
        return cases.CaseFilter(
            today=moment.day,
            **{key: self.values[key] for key in ("q", "state", "reason", "branch", "owner", "due", "settled")},
            class_=self.values["class"],
            recording=self.values["recording"],
            codes=user.scope.narrowed(),
            ids=ids,
        )


@router.get("/cases")
async def page(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        narrowed = await asked.filter(connection, user, moment)
        paging = Paging.of(asked.page, cases.PAGE, await cases.count(connection, narrowed))
        found = await cases.find(connection, narrowed, asked.sort, paging.offset, paging.size)
        branches = await cases.branch_choices(connection, user.scope.narrowed())
    return render(
        request,
        "cases.html",
        place="cases",
        moment=moment,
        rows=found,
        paging=paging,
        asked=asked.values,
        sort=asked.sort,
        branches=branches,
        states=STATES,
        classes=CLASSES,
        owners=tuple(Owner),
        hold_codes=HOLDS,
        most=MOST,
    )


@router.get("/cases/export.xlsx")
async def export(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    """The filtered list, all its pages, as masked as on the screen."""
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        moment = await today(connection)
        narrowed = await asked.filter(connection, user, moment)
        found = await cases.find(connection, narrowed, asked.sort, 0, MOST)
    header = [
        gettext("Case"),
        gettext("Policy"),
        gettext("Policyholder"),
        gettext("Product"),
        gettext("Branch"),
        gettext("State"),
        gettext("Class"),
        gettext("Reasons"),
        gettext("With"),
        gettext("End of cooling-off"),
        gettext("Last day to surrender"),
        gettext("Provisional"),
        gettext("Completed"),
    ]
    return await spreadsheet(
        f"{gettext('Cases')}-{moment.day}",
        header,
        [
            (
                row["id"],
                masking.policy(row["policy_no"]),
                masking.name(row["name"]),
                row["product_name"],
                row["branch_name"] or row["branch_code"],
                word(row["state"], lang),
                word(row["class"], lang) if row["class"] else "",
                [word(code, lang) for code in row["reasons"]],
                row["owner_branch_name"] or word(row["owner"], lang),
                row["nominal_end"],
                row["surrender_deadline"],
                gettext("provisional") if row["provisional"] else "",
                row["completed_at"],
            )
            for row in found
        ],
    )


@router.get("/cases/{case_id}")
async def case(request: Request, user: Viewer, case_id: int) -> Response:
    return await _page(request, user, case_id)


@router.post("/cases/{case_id}/unmask", dependencies=[Depends(csrf_checked)])
async def unmask(
    request: Request,
    user: Annotated[User, Depends(with_right("unmask"))],
    case_id: int,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """The case with its personal data, this once; who asked and why is on record before it is shown."""
    reason = " ".join(reason.split())
    if len(reason) < 4:
        return await _page(request, user, case_id, status=422, reason_missing=True)
    async with transaction() as connection:
        await _allowed(connection, user, case_id)
        moment = await today(connection)
        await events.record(
            connection,
            "UNMASKED",
            moment.now,
            case_id=case_id,
            user=user.login,
            reason=masking.long_numbers(reason),
        )
    return await _page(request, user, case_id, unmasked=True)


async def _allowed(connection, user: User, case_id: int) -> None:
    whose = await cases.access(connection, case_id)
    if whose is None:
        raise HTTPException(404)
    if not (user.scope.covers(whose["branch_code"]) or user.scope.covers(whose["owner_branch"])):
        raise HTTPException(403)


async def _page(request: Request, user: User, case_id: int, status: int = 200, **more: Any) -> Response:
    async with transaction() as connection:
        await _allowed(connection, user, case_id)
        moment = await today(connection)
        found = await cases.one(connection, case_id)
        values = {
            "calls": await cases.calls(connection, case_id),
            "settlements": await cases.settlements(connection, case_id),
            "orders": await cases.orders(connection, case_id),
            "overrides": await class_overrides.of_case(connection, case_id),
            "history": await cases.history(connection, case_id),
            "hold": (await holds.holds(connection, moment, case_id)).get(case_id),
        }
    shown = {"unmasked": False, "reason_missing": False, **more}
    return render(request, "case.html", status=status, place="cases", moment=moment, case=found, **values, **shown)
