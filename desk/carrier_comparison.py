"""A day's calls and recordings at the carrier beside ours, and what differs; `huifang reconcile` compares."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.auth import User, with_right
from desk.exports import spreadsheet
from desk.languages import language, translations
from desk.pages import render, today
from desk.paging import FARTHEST, Paging
from rules.carrier_comparison import MESSAGES
from settings import settings
from storage import carrier_comparisons
from storage.db import transaction

PAGE = 50

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("board"))]


@router.get("/carrier-comparison")
async def page(
    request: Request,
    user: Viewer,
    day: date | None = None,
    page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        day, kept = await _compared(connection, day)
        differences = kept["differences"] if kept else []
        paging = Paging.of(page, PAGE, len(differences))
        shown = differences[paging.offset : paging.offset + paging.size]
        cases = await carrier_comparisons.cases_of(connection, _calls(shown))
    return render(
        request,
        "carrier_comparison.html",
        place="board",
        moment=moment,
        day=day,
        kept=kept,
        rows=[{**row, "case_id": cases.get(row["call_id"])} for row in shown],
        messages={code: said[language(request) != "zh"] for code, said in MESSAGES.items()},
        paging=paging,
        asked={"day": day.isoformat() if day else ""},
    )


@router.get("/carrier-comparison/export.xlsx")
async def export(request: Request, user: Viewer, day: date | None = None) -> Response:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        day, kept = await _compared(connection, day)
        differences = kept["differences"] if kept else []
        cases = await carrier_comparisons.cases_of(connection, _calls(differences))
    header = [
        gettext("Difference"),
        gettext("Case"),
        gettext("Name at the carrier"),
        gettext("Our call"),
        gettext("Here"),
        gettext("At the carrier"),
    ]
    return await spreadsheet(
        f"{gettext('Comparison with the carrier')}-{day or ''}",
        header,
        [
            (
                MESSAGES[row["code"]][lang != "zh"],
                cases.get(row["call_id"]),
                row["sid"],
                row["call_id"],
                row["here"],
                row["there"],
            )
            for row in differences
        ],
    )


async def _compared(connection: AsyncConnection, day: date | None) -> tuple[date | None, dict[str, Any] | None]:
    """The day asked for, or else the last one that was compared; None beside it where it was not."""
    account = settings().twilio_account_sid
    day = day or await carrier_comparisons.last_day(connection, account)
    return day, await carrier_comparisons.kept(connection, day, account) if day else None


def _calls(differences: list[dict[str, Any]]) -> list[str]:
    return [row["call_id"] for row in differences if row["call_id"]]
