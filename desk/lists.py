"""Deliveries of contracts and the problems of their rows."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response

from desk import masking
from desk.auth import User, with_right
from desk.exports import MOST, spreadsheet
from desk.languages import language, translations
from desk.pages import render, today
from desk.paging import FARTHEST, Paging
from rules.list_columns import COLUMNS
from rules.words import word
from storage.db import transaction
from storage.views import lists

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("lists"))]
PageNumber = Annotated[int, Query(ge=1, le=FARTHEST)]
CHINESE = {column.name: column.label_zh for column in COLUMNS}


@router.get("/lists")
async def page(request: Request, user: Viewer, page: PageNumber = 1) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        paging = Paging.of(page, lists.PAGE, await lists.count_lists(connection))
        found = await lists.lists(connection, paging.offset, paging.size)
    return render(request, "lists.html", place="lists", moment=moment, rows=found, paging=paging)


class Asked:
    def __init__(
        self,
        severity: Annotated[str, Query(max_length=20)] = "",
        code: Annotated[str, Query(max_length=40)] = "",
        row: Annotated[str, Query(max_length=9)] = "",
        page: PageNumber = 1,
    ):
        self.values = {"severity": severity, "code": code, "row": row if row.isdecimal() else ""}
        self.page = page

    def filter(self, list_id: int) -> lists.ProblemFilter:
        row = int(self.values["row"]) if self.values["row"] else None
        return lists.ProblemFilter(list_id, self.values["severity"], self.values["code"], row)


@router.get("/lists/{list_id}")
async def delivery(request: Request, user: Viewer, list_id: int, asked: Annotated[Asked, Depends()]) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        found = await lists.one(connection, list_id)
        if found is None:
            raise HTTPException(404)
        narrowed = asked.filter(list_id)
        paging = Paging.of(asked.page, lists.PAGE, await lists.count_problems(connection, narrowed))
        problems = await lists.problems(connection, narrowed, paging.offset, paging.size)
        codes = await lists.codes(connection, list_id)
        origin = await lists.mended_from(connection, list_id) if found["source"] == "desk" else None
    return render(
        request,
        "list.html",
        place="lists",
        moment=moment,
        list=found,
        origin=origin,
        rows=[row | {"cells": _masked(row["cells"])} for row in problems],
        codes=codes,
        paging=paging,
        asked=asked.values,
        chinese=CHINESE,
        most=MOST,
    )


@router.get("/lists/{list_id}/export.xlsx")
async def export(request: Request, user: Viewer, list_id: int, asked: Annotated[Asked, Depends()]) -> Response:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        moment = await today(connection)
        found = await lists.one(connection, list_id)
        if found is None:
            raise HTTPException(404)
        problems = await lists.problems(connection, asked.filter(list_id), 0, MOST)
    header = [
        gettext("Row"),
        gettext("Policy"),
        gettext("Column"),
        gettext("Column (English)"),
        gettext("Cell"),
        gettext("Problem"),
        gettext("Severity"),
        gettext("Message"),
    ]
    return await spreadsheet(
        f"{gettext('Row problems')}-{list_id}-{moment.day}",
        header,
        [
            (
                row["row_no"],
                masking.policy(row["policy_no"] or ""),
                CHINESE.get(row["field"], row["field"]),
                row["field"],
                masking.cell(row["field"], str(row["cells"].get(row["field"]) or "")),
                word(row["code"], lang),
                word(row["severity"], lang),
                row[f"message_{lang}"],
            )
            for row in problems
        ],
    )


def _masked(cells: dict) -> dict[str, str]:
    """In the order of the columns; columns that are empty or unknown are left out."""
    return {name: masking.cell(name, str(cells[name])) for name in CHINESE if cells.get(name)}
