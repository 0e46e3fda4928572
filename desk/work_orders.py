"""One work order, and moving it forward."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.auth import User, csrf_checked, local_path, with_right
from desk.pages import render, today
from rules.order_review import statement_needed
from scripts.rule_profiles import load_profile
from storage import work_orders
from storage.db import transaction
from storage.order_reviews import reviews_of
from storage.views import cases, inboxes

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("inbox"))]
Worker = Annotated[User, Depends(with_right("orders"))]
Back = Annotated[str, Form(max_length=2000)]


async def pane(connection: AsyncConnection, user: User, order_id: int) -> dict[str, Any]:
    """What the detail shows: the order, what was asked and answered, what happened. 404, or 403 outside the scope."""
    order = await inboxes.order(connection, order_id)
    if order is None:
        raise HTTPException(404)
    if not user.scope.covers(order["branch_code"]):
        raise HTTPException(403)
    calls = await cases.calls(connection, order["case_id"])
    reviewing = order["state"] == "HANDLED" and user.may("review") and user.scope.everything
    return {
        "order": order,
        "reviews": await reviews_of(connection, order_id),
        "statement_needed": statement_needed(order["kind"], load_profile(order["profile"])),
        "may_review": reviewing and order["handled_by"] != user.login,
        "call": next((call for call in calls if call["answers"]), None),
        "history": await inboxes.events(connection, order),
        "may_work": user.may_work_on(order["branch_code"]),
    }


@router.get("/work-orders/{order_id}")
async def page(request: Request, user: Viewer, order_id: int) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        shown = await pane(connection, user, order_id)
    return render(request, "work_order.html", place="inbox", moment=moment, shown=shown, order=shown["order"])


@router.post("/work-orders/{order_id}/accept", dependencies=[Depends(csrf_checked)])
async def accept(user: Worker, order_id: int, next: Back = "") -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        await _workable(connection, user, order_id)
        await work_orders.accept(connection, order_id, user.login, moment.now)
    return RedirectResponse(local_path(next) or f"/work-orders/{order_id}", 303)


@router.post("/work-orders/{order_id}/handle", dependencies=[Depends(csrf_checked)])
async def handle(
    request: Request,
    user: Worker,
    order_id: int,
    note: Annotated[str, Form(max_length=2000)] = "",
    statement: Annotated[str, Form(max_length=200)] = "",
    next: Back = "",
) -> Response:
    note = note.strip()
    async with transaction() as connection:
        moment = await today(connection)
        await _workable(connection, user, order_id)
        if len(note) < 4:
            shown = await pane(connection, user, order_id)
            return render(
                request,
                "work_order.html",
                status=422,
                place="inbox",
                moment=moment,
                shown=shown,
                order=shown["order"],
                note=note,
                note_missing=True,
                statement=statement,
            )
        await work_orders.handle(connection, order_id, user.login, note, moment.now, statement)
    return RedirectResponse(local_path(next) or f"/work-orders/{order_id}", 303)


@router.post("/work-orders/{order_id}/overdue-statement", dependencies=[Depends(csrf_checked)])
async def overdue_statement(
    request: Request,
    user: Worker,
    order_id: int,
    statement: Annotated[str, Form(max_length=2000)] = "",
    next: Back = "",
) -> Response:
    """Why the limit cannot be met; filed before it passes, the delay is no quality item (R91)."""
    statement = statement.strip()
    async with transaction() as connection:
        moment = await today(connection)
        await _workable(connection, user, order_id)
        if len(statement) < 4:
            shown = await pane(connection, user, order_id)
            more = {"place": "inbox", "moment": moment, "shown": shown, "order": shown["order"]}
            return render(request, "work_order.html", status=422, statement_missing=True, **more)
        await work_orders.file_overdue_statement(connection, order_id, user.login, statement, moment.now)
    return RedirectResponse(local_path(next) or f"/work-orders/{order_id}", 303)


async def _workable(connection: AsyncConnection, user: User, order_id: int) -> None:
    order = await inboxes.order(connection, order_id)
    if order is None:
        raise HTTPException(404)
    if not user.may_work_on(order["branch_code"]):
        raise HTTPException(403)
