"""The day's board, and the dialler's switch."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.auth import User, csrf_checked, with_right
from desk.day_bounds import end_of_day, soon_end
from desk.pages import render, today
from storage import controls, missed_appointments, order_reviews
from storage.db import transaction
from storage.views import board, organisation

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(with_right("board"))]
Switcher = Annotated[User, Depends(with_right("dialler"))]
Why = Annotated[str, Form(max_length=200)]


@router.get("/board")
async def page(request: Request, user: Viewer) -> Response:
    return render(request, "board.html", place="board", **await _figures())


@router.get("/board/live")
async def live(request: Request, user: Viewer) -> Response:
    """The part of the page that changes by itself."""
    return render(request, "board_live.html", **await _figures())


async def _figures() -> dict[str, Any]:
    async with transaction() as connection:
        moment = await today(connection)
        waiting = await board.waiting_by_due(connection, moment.day)
        return {
            "moment": moment,
            "tiles": await board.tiles(connection, moment.now, moment.day),
            "waiting": waiting,
            "highest": max(waiting.values(), default=0),
            "branches": await board.branches(connection, moment.now, soon_end(moment)),
            "dialler": await board.dialler(connection, moment.now, moment.day),
            "health": await board.health(connection, moment.now, moment.day),
            "missed_appointments": await missed_appointments.count(connection, moment.day),
            "reviews": await order_reviews.waiting(connection),
            "head_office": await organisation.head_office(connection),
            "day_end": end_of_day(moment.day),
        }


@router.get("/dialler/pause")
async def ask(request: Request, user: Switcher) -> Response:
    """What pausing or stopping will do, and to how many."""
    async with transaction() as connection:
        moment = await today(connection)
        return render(
            request,
            "dialler_pause.html",
            place="board",
            moment=moment,
            tiles=await board.tiles(connection, moment.now, moment.day),
            dialler=await board.dialler(connection, moment.now, moment.day),
        )


@router.post("/dialler/pause", dependencies=[Depends(csrf_checked)])
async def pause(user: Switcher, reason: Why = "") -> Response:
    return await _throw(controls.PAUSED, user, reason)


@router.post("/dialler/stop", dependencies=[Depends(csrf_checked)])
async def stop(user: Switcher, reason: Why = "") -> Response:
    """Nobody new is rung, and what nobody has answered yet is taken back (flows/place_calls.py)."""
    return await _throw(controls.STOPPED, user, reason)


@router.post("/dialler/resume", dependencies=[Depends(csrf_checked)])
async def resume(user: Switcher, reason: Why = "") -> Response:
    return await _throw(controls.RUN, user, reason)


async def _throw(value: str, user: User, reason: str) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        await controls.throw(connection, controls.DIALLER, value, user.login, moment.now, reason.strip())
    return RedirectResponse("/board", 303)
