"""One row of a delivery that could not be read as it came, and mending it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from desk import masking
from desk.auth import User, csrf_checked, with_right
from desk.languages import language
from desk.pages import render, today
from rules.list_columns import COLUMNS, storable
from storage import events
from storage.contract_lists import RowTaken, basis, take_mended
from storage.db import transaction
from storage.views import lists

router = APIRouter(include_in_schema=False)
Mender = Annotated[User, Depends(with_right("mend"))]
Row = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/lists/{list_id}/rows/{row_no}")
async def page(request: Request, user: Mender, list_id: int, row_no: Row) -> Response:
    return await _page(request, list_id, row_no)


@router.post("/lists/{list_id}/rows/{row_no}/mend", dependencies=[Depends(csrf_checked)])
async def mend(request: Request, user: Mender, list_id: int, row_no: Row) -> Response:
    """To the new delivery where the row could be stored; else the form again, with the problems that are left."""
    given = {name: storable(str(value)) for name, value in (await request.form()).items()}
    async with transaction() as connection:
        found = await _kept(connection, list_id, row_no)
        moment = await today(connection)
    cells = _mended(found["cells"], given)
    try:
        read, result = await take_mended(list_id, row_no, cells, user=user.login, basis=await basis(moment.now))
    except RowTaken:
        return await _page(request, list_id, row_no, status=409, late=True)
    if result is not None:
        return RedirectResponse(f"/lists/{result.list_id}", 303)
    left = {
        p.field: {"code": p.code, "severity": p.severity, "message": p.message(language(request))}
        for p in read.problems
    }
    return await _page(request, list_id, row_no, status=422, given=given, left=left, nothing_changed=not read.rejected)


@router.post("/lists/{list_id}/rows/{row_no}/unmask", dependencies=[Depends(csrf_checked)])
async def unmask(
    request: Request, user: Mender, list_id: int, row_no: Row, reason: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """The form with the personal cells, this once; who asked and why is on record before they are shown."""
    reason = " ".join(reason.split())
    async with transaction() as connection:
        found = await _kept(connection, list_id, row_no)
        if not _may_unmask(user, found):
            raise HTTPException(403)
        told = len(reason) >= 4
        if told:
            moment = await today(connection)
            await events.record(
                connection,
                "UNMASKED",
                moment.now,
                list_id=list_id,
                row=row_no,
                user=user.login,
                reason=masking.long_numbers(reason),
            )
    if not told:
        return await _page(request, list_id, row_no, status=422, reason_missing=True)
    return await _page(request, list_id, row_no, unmasked=True)


def _may_unmask(user: User, found: dict) -> bool:
    return user.may("unmask") and user.scope.covers(found["cells"].get("branch_code"))


async def _kept(connection, list_id: int, row_no: int) -> dict:
    found = await lists.row(connection, list_id, row_no)
    if found is None:
        raise HTTPException(404)
    return found


def _hidden(name: str, cell: str) -> bool:
    return masking.cell(name, cell) != cell


def _mended(before: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """The row with what the form says. A cell that was not shown stays as it was unless something else was written."""
    cells = {}
    for column in COLUMNS:
        name, cell = column.name, str(before.get(column.name) or "")
        written = given.get(name, cell)
        cells[name] = cell if _hidden(name, cell) and not written.strip() else written
    return cells


async def _page(request: Request, list_id: int, row_no: int, *, status: int = 200, **more: Any) -> Response:
    shown = {"given": None, "left": None, "unmasked": False, "reason_missing": False, "nothing_changed": False}
    shown |= {"late": False} | more
    async with transaction() as connection:
        found = await _kept(connection, list_id, row_no)
        moment = await today(connection)
    problems = shown["left"]
    if problems is None:
        message = f"message_{language(request)}"
        problems = {p["field"]: {**p, "message": p[message]} for p in found["problems"]}
    fields = [_field(column, found["cells"], shown, problems.get(column.name)) for column in COLUMNS]
    return render(
        request,
        "list_row.html",
        status=status,
        place="lists",
        moment=moment,
        row=found,
        whole=problems.get(""),
        # what is wrong comes first; the others in the order of the columns
        fields=sorted(fields, key=lambda field: field["problem"] is None),
        may_unmask=_may_unmask(request.state.user, found),
        open=found["mended_at"] is None and found["finished_at"] is not None,
        **shown,
    )


def _field(column, cells: dict[str, Any], shown: dict[str, Any], problem: dict | None) -> dict[str, Any]:
    name, cell = column.name, str(cells.get(column.name) or "")
    hidden = _hidden(name, cell) and not shown["unmasked"]
    # somebody's own words come back to him; what he never saw does not
    value = shown["given"].get(name, "") if shown["given"] is not None else "" if hidden else cell
    return {
        "name": name,
        "zh": column.label_zh,
        "value": value,
        "hidden": hidden,
        "masked": masking.cell(name, cell),
        "problem": problem,
    }
