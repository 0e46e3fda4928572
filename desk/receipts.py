"""Delivery receipts that nobody has seen for too long: a period may be running out unknown (C44)."""

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
from storage.db import transaction
from storage.views import receipts

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("cases"))]


@router.get("/receipts")
async def page(request: Request, user: Viewer, page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1) -> Response:
    codes = user.scope.narrowed()
    async with transaction() as connection:
        moment = await today(connection)
        paging = Paging.of(page, receipts.PAGE, await receipts.count(connection, moment.day, codes))
        found = await receipts.find(connection, moment.day, codes, paging.offset, paging.size)
    return render(request, "receipts.html", place="cases", moment=moment, rows=found, paging=paging)


@router.get("/receipts/export.xlsx")
async def export(request: Request, user: Viewer) -> Response:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        moment = await today(connection)
        found = await receipts.find(connection, moment.day, user.scope.narrowed(), 0, MOST)
    header = [
        gettext("Policy"),
        gettext("Policyholder"),
        gettext("Underwritten"),
        gettext("Days since"),
        gettext("Branch"),
        gettext("Seller"),
        gettext("State"),
    ]
    return await spreadsheet(
        f"{gettext('Missing receipts')}-{moment.day}",
        header,
        [
            (
                masking.policy(row["policy_no"]),
                masking.name(row["name"]),
                row["underwritten_on"],
                row["days"],
                row["branch_name"] or row["branch_code"] or "",
                row["agent_code"] or "",
                word(row["state"], lang),
            )
            for row in found
        ],
    )
