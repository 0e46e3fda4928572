"""The figures of a period, in all and by branch, channel and agent; each opens exactly the policies that it counts."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from desk import masking
from desk.auth import User, with_right
from desk.exports import MOST, spreadsheet
from desk.languages import language, translations
from desk.pages import Today, render, today
from desk.paging import FARTHEST, Paging
from rules.measures import Callback, first_completed, measure, measure_by, rows_behind
from rules.parameters import Profile
from rules.report_dates import annual_report_due, monthly_report_due, sales_unit_table_due
from rules.words import word
from scripts.rule_profiles import load_profile
from storage import figures
from storage.db import transaction
from storage.views import measures as views
from storage.views import organisation

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("measures"))]
Text = Annotated[str, Query(max_length=100)]
PAGE = 50
# A year and a day: longer periods are a report's
LONGEST = timedelta(days=366)
BY = ("branch", "channel", "agent")
NOBODY = "-"
FIGURES = (
    "due",
    "excluded",
    "denominator",
    "completed",
    "outstanding",
    "clean",
    "in_window",
    "sales_question",
    "untrue_data",
    "overridden",
)
PARTS = {
    "excluded_by": ("WITHDRAWN", "DEATH", "CANCELLED"),
    "classes": ("STANDARD", "SUB_STANDARD", "QUESTION", "VERIFICATION"),
    "completed_by": ("HEAD_OFFICE", "BRANCH"),
    "completed_by_method": ("PHONE", "LETTER", "VISIT", "E_CALLBACK"),
}


def known_figure(name: str) -> bool:
    of, _, part = name.partition(".")
    return name in FIGURES or part in PARTS.get(of, ())


class Asked:
    """The period as the address bar has it: the policies whose cooling-off ends in it, as known at the end of `as_of`."""

    def __init__(
        self,
        first: date | None = None,
        last: date | None = None,
        as_of: date | None = None,
        by: Text = "branch",
        figure: Text = "",
        branch: Annotated[str | None, Query(max_length=100)] = None,
        channel: Annotated[str | None, Query(max_length=100)] = None,
        agent: Annotated[str | None, Query(max_length=100)] = None,
        page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
    ):
        self.given = (first, last, as_of)
        self.by = by if by in BY else "branch"
        self.figure, self.page = figure, page
        given = {"branch": branch, "channel": channel, "agent": agent}
        # NOBODY stands in the address for what has no code: an empty value would be left out of a link
        self.only = {name: "" if value == NOBODY else value for name, value in given.items() if value}

    @property
    def told(self) -> dict[str, str]:
        return {name: value or NOBODY for name, value in self.only.items()}

    def period(self, moment: Today) -> "Period":
        """This month unless told. Raises HTTPException 422 for a period that ends before it begins, or is too long."""
        first, last, as_of = self.given
        first = first or (last or moment.day).replace(day=1)
        last = last or _month_end(first)
        if not first <= last <= first + LONGEST:
            raise HTTPException(422)
        return Period(first, last, min(as_of or moment.day, moment.day))


@dataclass(frozen=True)
class Period:
    first: date
    last: date
    as_of: date

    @property
    def values(self) -> dict[str, str]:
        return {"first": self.first.isoformat(), "last": self.last.isoformat(), "as_of": self.as_of.isoformat()}


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


async def _cohort(connection, user: User, asked: Asked, period: Period) -> list[Callback]:
    """What this user may see of it, narrowed to one branch, channel or agent where the address says so."""
    found = await figures.cohort(connection, period.first, period.last)
    return [
        row
        for row in found
        if (user.scope.everything or row.branch in user.scope.codes)
        and all(getattr(row, name) == value for name, value in asked.only.items())
    ]


@router.get("/measures")
async def page(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    profile = load_profile("national")
    async with transaction() as connection:
        moment = await today(connection)
        period = asked.period(moment)
        cohort = await _cohort(connection, user, asked, period)
        names = {branch["code"]: branch["name"] for branch in await organisation.branches(connection)}
        agents = await views.agent_names(connection, {row.agent for row in cohort if row.agent})
    whole, parts = await run_in_threadpool(_figures, cohort, period.as_of, profile, asked.by)
    lang = language(request)
    paging = Paging.of(asked.page, PAGE, len(parts))
    shown = list(parts.items())[paging.offset : paging.offset + paging.size]
    labels = {
        "branch": lambda code: names.get(code, code) or "–",
        "channel": lambda code: word(code, lang) if code else "–",
        "agent": lambda code: f"{masking.name(agents[code])} {code}" if code in agents else code or "–",
    }[asked.by]
    return render(
        request,
        "measures.html",
        place="measures",
        moment=moment,
        period=period,
        asked={**period.values, "by": asked.by, **asked.told},
        whole=whole,
        parts=[(code or NOBODY, labels(code), found) for code, found in shown],
        paging=paging,
        by=asked.by,
        bys=BY,
        only=asked.told,
        profile=profile.id,
        success="completed_rate" if profile["kpi.success_definition"] == "COMPLETED" else "clean_success_rate",
        reports=_reports(moment, profile),
        part_names=PARTS,
    )


def _figures(cohort: list[Callback], as_of: date, profile: Profile, by: str):
    whole = measure(cohort, as_of, profile, by_branch=False)
    return whole, measure_by(cohort, as_of, profile, lambda row: getattr(row, by))


def _reports(moment: Today, profile: Profile) -> list[dict[str, Any]]:
    """What is due next: this month's where it is not past, else next month's."""
    this = moment.day.replace(day=1)
    following = _month_end(this) + timedelta(days=1)

    def coming(due_in) -> tuple[date, date, bool]:
        due, flagged = due_in(this)
        return (this, due, flagged) if due >= moment.day else (following, *due_in(following))

    month, due, _ = coming(lambda month: (monthly_report_due(month, moment.calendar), False))
    found = [{"kind": "MONTHLY_REPORT", "of": _before(month), "due": due, "flagged": False, "rule": "R120"}]
    month, due, flagged = coming(lambda month: sales_unit_table_due(month, moment.calendar, profile))
    found.append({"kind": "SALES_UNIT_TABLE", "of": _before(month), "due": due, "flagged": flagged, "rule": "C22"})
    annual = annual_report_due(moment.day.year, profile)
    found.append({"kind": "ANNUAL_REPORT", "of": str(annual.year), "due": annual, "flagged": False, "rule": "R121"})
    return found


def _before(month: date) -> str:
    return f"{month - timedelta(days=1):%Y-%m}"


async def _behind(connection, user: User, asked: Asked, moment: Today) -> tuple[Period, list[Callback], Profile]:
    if not known_figure(asked.figure):
        raise HTTPException(404)
    period, profile = asked.period(moment), load_profile("national")
    cohort = await _cohort(connection, user, asked, period)
    return period, list(rows_behind(cohort, asked.figure, period.as_of, profile)), profile


@router.get("/measures/rows")
async def rows(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        period, found, profile = await _behind(connection, user, asked, moment)
        paging = Paging.of(asked.page, PAGE, len(found))
        shown = found[paging.offset : paging.offset + paging.size]
        told = await views.cases_of(connection, [row.policy_no for row in shown])
    return render(
        request,
        "measure_rows.html",
        place="measures",
        moment=moment,
        period=period,
        figure=asked.figure,
        rows=[(row, told[row.policy_no], first_completed(row, period.as_of, profile)) for row in shown],
        paging=paging,
        asked={**period.values, "figure": asked.figure, **asked.told},
        back={**period.values, **({"by": asked.by} if asked.by != "branch" else {})},
        most=MOST,
    )


@router.get("/measures/rows/export.xlsx")
async def export(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        moment = await today(connection)
        period, found, profile = await _behind(connection, user, asked, moment)
        found = found[:MOST]
        told = await views.cases_of(connection, [row.policy_no for row in found])
    header = [
        gettext("Case"),
        gettext("Policy"),
        gettext("Policyholder"),
        gettext("Branch"),
        gettext("Channel"),
        gettext("Seller"),
        gettext("End of cooling-off"),
        gettext("Completed"),
        gettext("Method"),
        gettext("Class"),
        gettext("Overridden"),
    ]

    def line(row: Callback) -> tuple:
        case, first = told[row.policy_no], first_completed(row, period.as_of, profile)
        return (
            case["id"],
            masking.policy(row.policy_no),
            masking.name(case["name"]),
            case["branch_name"] or "",
            word(row.channel, lang),
            row.agent,
            row.nominal_end,
            first and first.at,
            word(first.method, lang) if first else "",
            word(first.class_, lang) if first and first.class_ else "",
            gettext("overridden") if first and first.overridden else "",
        )

    name = f"{gettext('Measures')}-{asked.figure}-{period.first}-{period.last}"
    return await spreadsheet(name, header, [line(row) for row in found])
