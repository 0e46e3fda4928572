"""The calendar of public holidays: what is known, what was overridden by whom, and a change with its consequences."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.auth import User, at_head_office, csrf_checked, with_right
from desk.pages import render, today
from rules.calendar import CalendarRefused, DayKind
from storage import calendar_days
from storage.calendar_files import GivenDay
from storage.db import engine, transaction
from storage.recomputing import Recomputed, change_calendar
from storage.views import calendar

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("calendar"))]
Changer = Annotated[User, Depends(at_head_office("change_calendar"))]
SOURCE = "desk"
LEAST_REASON = 4


@router.get("/calendar")
async def page(
    request: Request,
    user: Viewer,
    year: Annotated[int | None, Query(ge=2000, le=2100)] = None,
    changed: int | None = None,
) -> Response:
    return await _page(request, user, year, changed=changed)


async def _page(request: Request, user: User, year: int | None, status: int = 200, **more: Any) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        chosen = year or moment.day.year
        known = [row["year"] for row in await calendar_days.known_years(connection)]
        days = await calendar_days.overrides(connection, chosen)
        waiting = await calendar.provisional(connection)
        history = await calendar.history(connection)
    return render(
        request,
        "calendar.html",
        status=status,
        place="calendar",
        moment=moment,
        year=chosen,
        years=sorted({*known[-3:], moment.day.year, moment.day.year + 1, chosen}),
        known=known,
        days=days,
        waiting=waiting,
        history=history,
        kinds=[str(kind) for kind in DayKind],
        may_change=user.may("change_calendar") and user.scope.everything,
        least_reason=LEAST_REASON,
        **{"refused": None, "given": None, "changed": None, **more},
    )


@dataclass(frozen=True)
class Wish:
    """One day as the form names it."""

    day: date
    kind: DayKind
    reason: str

    @property
    def as_given(self) -> dict[date, GivenDay]:
        return {self.day: GivenDay(self.kind, self.reason)}


def wish(
    day: Annotated[date, Form()],
    kind: Annotated[DayKind, Form()],
    reason: Annotated[str, Form(min_length=LEAST_REASON, max_length=200)],
) -> Wish:
    return Wish(day, kind, reason.strip())


@router.post("/calendar/preview", dependencies=[Depends(csrf_checked)])
async def preview(request: Request, user: Changer, asked: Annotated[Wish, Depends(wish)]) -> Response:
    """What the change would do, to how many: tried out in a transaction that is taken back."""
    try:
        async with engine().connect() as connection, connection.begin() as trial:
            moment = await today(connection)
            was = (await calendar_days.held_calendar(connection)).kind(asked.day)
            recomputed = await _change(connection, asked, user, moment.now)
            await trial.rollback()
    except CalendarRefused as refused:
        return await _page(request, user, asked.day.year, 422, refused=refused, given=asked)
    finally:
        calendar_days.forget()
    return render(
        request,
        "calendar_change.html",
        place="calendar",
        moment=moment,
        asked=asked,
        was=str(was),
        recomputed=recomputed,
    )


@router.post("/calendar", dependencies=[Depends(csrf_checked)])
async def change(request: Request, user: Changer, asked: Annotated[Wish, Depends(wish)]) -> Response:
    try:
        async with transaction() as connection:
            moment = await today(connection)
            recomputed = await _change(connection, asked, user, moment.now)
    except CalendarRefused as refused:
        return await _page(request, user, asked.day.year, 422, refused=refused, given=asked)
    return RedirectResponse(f"/calendar?year={asked.day.year}&changed={recomputed.cases + recomputed.orders}", 303)


async def _change(connection: AsyncConnection, asked: Wish, user: User, now: datetime) -> Recomputed:
    _, recomputed = await change_calendar(connection, asked.as_given, source=SOURCE, user=user.login, now=now)
    return recomputed
