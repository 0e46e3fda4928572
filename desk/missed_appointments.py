"""Appointments of a day that nobody kept: what a supervisor has to see (R37)."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from desk import masking
from desk.auth import User, with_right
from desk.exports import MOST, spreadsheet
from desk.languages import language, translations
from desk.pages import render, today
from desk.paging import FARTHEST, Paging
from rules.words import word
from storage import missed_appointments
from storage.db import transaction

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("board"))]


@router.get("/missed-appointments")
async def page(
    request: Request,
    user: Viewer,
    day: date | None = None,
    page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        day = day or moment.day
        paging = Paging.of(page, missed_appointments.PAGE, await missed_appointments.count(connection, day))
        found = await missed_appointments.find(connection, day, paging.offset, paging.size)
    return render(
        request,
        "missed_appointments.html",
        place="board",
        moment=moment,
        day=day,
        rows=found,
        paging=paging,
        asked={"day": day.isoformat() if day != moment.day else ""},
    )


@router.get("/missed-appointments/export.xlsx")
async def export(request: Request, user: Viewer, day: date | None = None) -> Response:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        moment = await today(connection)
        day = day or moment.day
        found = await missed_appointments.find(connection, day, 0, MOST)
    header = [
        gettext("Appointment"),
        gettext("Case"),
        gettext("Policyholder"),
        gettext("Policy"),
        gettext("Branch"),
        gettext("State"),
        gettext("Rung since"),
    ]
    return await spreadsheet(
        f"{gettext('Missed appointments')}-{day}",
        header,
        [
            (
                row["appointment_at"],
                row["case_id"],
                masking.name(row["name"]),
                masking.policy(row["policy_no"]),
                row["branch_name"] or "",
                word(row["state"], lang),
                row["rung_at"],
            )
            for row in found
        ],
    )
