"""Signing in and out, and choosing the language."""

import math
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from desk.auth import SignedIn, csrf_checked, local_path
from desk.demo_users import ensure_demo_users
from desk.languages import LANGUAGES
from desk.pages import render
from desk.passwords import nobodys_hash, password_fits
from desk.roles import first_page
from storage.db import transaction
from storage.views import organisation

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(user: SignedIn) -> Response:
    return RedirectResponse(user.first_page, 303)


@router.get("/sign-in")
async def form(request: Request, next: str = "") -> Response:
    return render(request, "sign_in.html", next=local_path(next) or "", login="", problem=None, minutes=0)


@router.post("/sign-in", dependencies=[Depends(csrf_checked)])
async def sign_in(
    request: Request,
    login: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    failures = request.app.state.failures
    keys = (f"login {login}", f"address {request.client.host if request.client else ''}")
    again = {"next": local_path(next) or "", "login": login, "minutes": 0}
    # an address may be a whole office's: it gets more tries than one login
    waits = (failures.wait(keys[0]), request.app.state.address_failures.wait(keys[1]))
    if wait := max(waits):
        headers = {"Retry-After": str(math.ceil(wait))}
        again["minutes"] = math.ceil(wait / 60)
        return render(request, "sign_in.html", status=429, headers=headers, problem="wait", **again)
    async with transaction() as connection:
        found = await organisation.user(connection, login)
        if found is None and await ensure_demo_users(connection):  # the tree may have arrived after the desk's start
            found = await organisation.user(connection, login)
    stored = found["password_hash"] if found else nobodys_hash()
    if not await run_in_threadpool(password_fits, password, stored) or not found:
        failures.add(keys[0])
        request.app.state.address_failures.add(keys[1])
        return render(request, "sign_in.html", status=401, problem="wrong", **again)
    failures.forget(keys[0])
    lang = request.session.get("lang")
    request.session.clear()  # a new session: what was set before the sign-in, its token too, is worth nothing now
    request.session["login"] = found["login"]
    if lang:
        request.session["lang"] = lang
    return RedirectResponse(again["next"] or first_page(frozenset(found["roles"]), found["branch_code"]), 303)


@router.post("/sign-out", dependencies=[Depends(csrf_checked)])
async def sign_out(request: Request) -> Response:
    lang = request.session.get("lang")
    request.session.clear()
    if lang:
        request.session["lang"] = lang
    return RedirectResponse("/sign-in", 303)


@router.get("/language/{lang}")
async def choose(request: Request, lang: str, next: str = "/") -> Response:
    if lang in LANGUAGES:
        request.session["lang"] = lang
    return RedirectResponse(local_path(next) or "/", 303)
