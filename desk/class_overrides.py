"""Overriding a class by two persons: what waits, one proposal, and putting one forward."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk import masking
from desk.auth import User, at_head_office, csrf_checked
from desk.exports import MOST, spreadsheet
from desk.languages import language, translations
from desk.pages import render, today
from desk.paging import FARTHEST, Paging
from rules.class_overrides import CLASSES, REASONS_OF_CLASS, OverrideRefused, needs_order_choice
from rules.words import word
from storage import class_overrides
from storage.class_overrides import STATES, OverrideGone
from storage.db import transaction

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(at_head_office("overrides"))]
Proposer = Annotated[User, Depends(at_head_office("override"))]
Second = Annotated[User, Depends(at_head_office("agree"))]
Words = Annotated[str, Form(max_length=2000)]


class Asked:
    def __init__(
        self,
        state: Annotated[str, Query(max_length=20)] = "PROPOSED",
        page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
    ):
        self.state = state if state in STATES else ""
        self.values = {"state": self.state or "all"}
        self.page = page


@router.get("/class-overrides")
async def page(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        paging = Paging.of(asked.page, class_overrides.PAGE, await class_overrides.count(connection, asked.state))
        found = await class_overrides.find(connection, asked.state, paging.offset, paging.size)
    return render(
        request,
        "class_overrides.html",
        place="overrides",
        moment=moment,
        rows=found,
        paging=paging,
        asked=asked.values,
        states=STATES,
    )


@router.get("/class-overrides/export.xlsx")
async def export(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        moment = await today(connection)
        found = await class_overrides.find(connection, asked.state, 0, MOST)
    header = [
        gettext("Case"),
        gettext("Policy"),
        gettext("Branch"),
        gettext("Class derived"),
        gettext("Class put forward"),
        gettext("Reasons"),
        gettext("Why"),
        gettext("State"),
        gettext("Put forward by"),
        gettext("Put forward at"),
        gettext("Decided by"),
        gettext("Decided at"),
    ]
    return await spreadsheet(
        f"{gettext('Overridden classes')}-{moment.day}",
        header,
        [
            (
                row["case_id"],
                masking.policy(row["policy_no"]),
                row["branch_name"] or "",
                word(row["derived"], lang),
                word(row["class"], lang),
                [word(code, lang) for code in row["reasons"]],
                masking.long_numbers(row["why"]),
                word(row["state"], lang),
                row["proposed_name"],
                row["proposed_at"],
                row["decided_name"] or "",
                row["decided_at"],
            )
            for row in found
        ],
    )


@router.get("/outcomes/{settlement_id}/override")
async def form(request: Request, user: Proposer, settlement_id: int) -> Response:
    return await _form(request, settlement_id)


async def _form(request: Request, settlement_id: int, status: int = 200, **more: Any) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        found = await class_overrides.settlement(connection, settlement_id)
        if found is None:
            raise HTTPException(404)
        earlier = await class_overrides.of_case(connection, found["case_id"])
    given = {"class_": "", "why": "", "reasons": [], "orders": "", "refused": None, **more}
    open_kinds = class_overrides.open_kinds(found)
    return render(
        request,
        "override_form.html",
        status=status,
        place="overrides",
        moment=moment,
        found=found,
        earlier=[row for row in earlier if row["settlement_id"] == settlement_id],
        classes=[c for c in CLASSES if c != found["in_force"]],
        reasons_of=REASONS_OF_CLASS,
        open_kinds=open_kinds,
        asks_orders=any(needs_order_choice(c, found["in_force"], open_kinds) for c in CLASSES),
        **given,
    )


@router.post("/outcomes/{settlement_id}/override", dependencies=[Depends(csrf_checked)])
async def propose(
    request: Request,
    user: Proposer,
    settlement_id: int,
    class_: Annotated[str, Form(alias="class", max_length=20)] = "",
    why: Words = "",
    reasons: Annotated[list[str], Form()] = [],  # noqa: B006  (a form's own)
    orders: Annotated[str, Form(max_length=10)] = "NONE",
) -> Response:
    # the form shows the reasons of every class; those of another one than was chosen say nothing
    named = [code for code in reasons if code in REASONS_OF_CLASS.get(class_, ())]
    try:
        async with transaction() as connection:
            moment = await today(connection)
            override_id = await class_overrides.propose(
                connection,
                settlement_id,
                class_,
                why=why,
                reasons=named,
                orders=orders,
                user=user.login,
                now=moment.now,
            )
    except LookupError as e:
        raise HTTPException(404) from e
    except OverrideRefused as refused:
        given = {"class_": class_, "why": why, "reasons": named, "orders": orders}
        return await _form(request, settlement_id, 422, refused=refused, **given)
    return RedirectResponse(f"/class-overrides/{override_id}", 303)


@router.get("/class-overrides/{override_id}")
async def one(request: Request, user: Viewer, override_id: int) -> Response:
    return await _one(request, user, override_id)


async def _one(request: Request, user: User, override_id: int, status: int = 200, refused: Any = None) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        row = await class_overrides.one(connection, override_id)
        if row is None:
            raise HTTPException(404)
        found = await class_overrides.settlement(connection, row["settlement_id"])
    waiting = row["state"] == "PROPOSED"
    own = row["proposed_by"] == user.login
    return render(
        request,
        "class_override.html",
        status=status,
        place="overrides",
        moment=moment,
        row=row,
        found=found,
        open_kinds=class_overrides.open_kinds(found),
        may_withdraw=waiting and own,
        may_agree=waiting and not own and user.may("agree") and user.login not in found["callers"],
        refused=refused,
    )


@router.post("/class-overrides/{override_id}/withdraw", dependencies=[Depends(csrf_checked)])
async def withdraw(request: Request, user: Proposer, override_id: int) -> Response:
    return await _decided(request, user, override_id, lambda c, now, _: class_overrides.withdraw(c, override_id, user.login, now))  # fmt: skip


@router.post("/class-overrides/{override_id}/agree", dependencies=[Depends(csrf_checked)])
async def agree(request: Request, user: Second, override_id: int) -> Response:
    return await _decided(request, user, override_id, lambda c, now, calendar: class_overrides.confirm(c, override_id, user.login, now, calendar))  # fmt: skip


@router.post("/class-overrides/{override_id}/refuse", dependencies=[Depends(csrf_checked)])
async def refuse(request: Request, user: Second, override_id: int, note: Words = "") -> Response:
    return await _decided(request, user, override_id, lambda c, now, _: class_overrides.refuse(c, override_id, user.login, note, now))  # fmt: skip


async def _decided(request: Request, user: User, override_id: int, act: Any) -> Response:
    try:
        async with transaction() as connection:
            moment = await today(connection)
            await act(connection, moment.now, moment.calendar)
    except OverrideRefused as refused:
        return await _one(request, user, override_id, 422, refused)
    except OverrideGone as e:
        raise HTTPException(409, "decided") from e
    return RedirectResponse(f"/class-overrides/{override_id}", 303)
