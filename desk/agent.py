"""The workbench of a callback agent: next case and why, dial, the script step by step, answers by key, wrap-up.

Nothing is kept in the browser: whatever is shown stands in the database, so a page that is loaded anew shows the same.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

import clock
from desk import sensitive_recording
from desk.agent_next import take_next
from desk.agent_words import LINES, choice_words
from desk.auth import User, csrf_checked, with_right
from desk.languages import language, translations
from desk.pages import Today, render, today
from rules.calendar import shanghai
from rules.conversation import Given, answered, offer
from rules.conversation import render as rendered
from rules.conversation.handover import WHY
from rules.outcomes import outcome
from rules.phones import read_phone
from scripts.rule_profiles import load_profile
from storage import agent_calls, agent_seats, conversations
from storage.agent_calls import InHand
from storage.agent_seats import READY, Seat
from storage.conversations import Conversation
from storage.db import transaction
from storage.script_versions import script_of
from storage.views import agents
from telephony.agent_calls import AgentLines, is_address
from telephony.errors import Missing, PhoneError
from telephony.twilio_phone import DiallingIsOff, twilio_phone

router = APIRouter(include_in_schema=False)
Agent = Annotated[User, Depends(with_right("call"))]
Supervisor = Annotated[User, Depends(with_right("listen_in"))]
Checked = Depends(csrf_checked)

# What a line of words on top of the page may say; the codes travel in the address bar.
NOTES = frozenset(
    {
        *(
            "LINE_WRONG",
            "LINE_MISSING",
            "NOBODY_WAITS",
            "ALREADY_ANSWERED",
            "CALL_SETTLED",
            "NOT_YOURS",
            "NOT_LISTENED",
        ),
        *("CARRIER_AWAY", "NOT_IN_ROOM", "SAY_WHAT", "LISTENING"),
    }
)
SELLER_STATEMENTS = ("EXAGGERATED", "CONFUSED", "CONCEALED", "OTHER")
LANGUAGES = ("yue", "wuu", "nan", "hak", "cmn-sichuan")


@dataclass(frozen=True, slots=True)
class Talk:
    """The conversation as the page shows it. `facts`: the policy in hand, None before identity is proven."""

    conversation: Conversation
    offer: Any
    question: str | None
    path: tuple[tuple[str, str], ...]  # records of each step, and done, now or ahead
    facts: Any
    name: str
    so_far: Any
    answers: tuple


@router.get("/agent")
async def page(request: Request, user: Agent, note: Annotated[str, Query(max_length=40)] = "") -> Response:
    return render(request, "agent.html", place="agent", **await _shown(request, user, note))


@router.get("/agent/live")
async def live(request: Request, user: Agent, seen: Annotated[str, Query(max_length=400)] = "") -> Response:
    """The part that changes by itself; nothing where it has not changed. An open page is what keeps an agent on duty."""
    async with transaction() as connection:
        await agent_seats.seen(connection, user.login, clock.system().now())
        hand = await agent_calls.in_hand(connection, user.login)
    if seen == (hand.version if hand else "NOTHING"):
        return Response(status_code=204)
    return render(request, "agent_live.html", place="agent", **await _shown(request, user, ""))


async def _shown(request: Request, user: User, note: str) -> dict[str, Any]:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        moment = await today(connection)
        await agent_seats.seen(connection, user.login, moment.now)
        seat = await agent_seats.seat(connection, user.login)
        hand = await agent_calls.in_hand(connection, user.login)
        person = await agents.person(connection, hand.person_id) if hand else None
        talk = await _talk(connection, hand) if hand and hand.call_id else None
        settled = await agents.settled(connection, hand.call_id) if hand and hand.settled else []
        figures = await agents.today(connection, user.login, shanghai(moment.day))
    return {
        "moment": moment,
        "seat": seat,
        "ready": seat.state == READY,
        "hand": hand,
        "stage": hand.stage if hand else None,
        "version": hand.version if hand else "NOTHING",
        "person": person,
        "talk": talk,
        "settled": settled,
        "figures": figures,
        "note": note if note in NOTES else None,
        "choice_words": _choice_words(talk, lang, gettext),
        "handed_over": WHY,
        "lines": LINES,
        "seller_statements": SELLER_STATEMENTS,
        "languages": LANGUAGES,
    }


def _choice_words(talk: Talk | None, lang: str, gettext: Callable[[str], str]) -> Callable:
    question = talk.question if talk else None
    return lambda choice: choice_words(choice, question, lang, gettext)


async def _talk(connection: AsyncConnection, hand: InHand) -> Talk | None:
    conversation = await conversations.load(connection, hand.call_id)
    if conversation is None or conversation.progress is None:
        return None
    script = await script_of(connection, conversation.script, conversation.script_digest)
    progress, sheet = conversation.progress, conversation.sheet
    shown = offer(script, sheet, progress)
    policy = sheet.policies[min(progress.policy, len(sheet.policies) - 1)]
    given = await agents.answers(connection, hand.call_id, policy.case_id, policy.policy_no)
    records = [script.steps[step].records for step in (*shown.done, progress.place, *shown.ahead)]
    kinds = [*["done"] * len(shown.done), "now", *["ahead"] * len(shown.ahead)]
    proven = progress.identity == "PROVEN"
    return Talk(
        conversation=conversation,
        offer=shown,
        question=script.steps[progress.step].question,
        path=tuple(dict(zip(records, kinds, strict=True)).items()),
        facts=policy if proven else None,
        name=sheet.person.name,
        so_far=outcome(given, policy.product_type, policy.premium_mode, load_profile(conversation.profile))
        if proven
        else None,
        answers=given,
    )


# ---------------------------------------------------------------- on duty


@router.post("/agent/line", dependencies=[Checked])
async def line(
    user: Agent,
    address: Annotated[str, Form(max_length=200)] = "",
    staff_number: Annotated[str, Form(max_length=20)] = "",
    spoken: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Where he is rung, the number that he tells customers, and what he speaks beside Mandarin."""
    wanted = "".join(address.split())
    if not wanted.startswith(("sip:", "sips:", "client:")):
        wanted = _dialled(wanted)
    if not is_address(wanted) or not staff_number.strip().isalnum():
        return _back("LINE_WRONG")
    languages = tuple(code for code in LANGUAGES if code in (spoken or ()))
    async with transaction() as connection:
        now = clock.system().now()
        await agent_seats.note_line(connection, user.login, wanted, staff_number.strip(), languages, now)
    return _back()


def _dialled(number: str) -> str:
    """In the form in which numbers are dialled; as it is where it is none."""
    phone = read_phone(number)
    return phone.e164 if phone is not None and phone.extension is None else number


@router.post("/agent/on", dependencies=[Checked])
async def on(user: Agent) -> Response:
    async with transaction() as connection:
        seat = await agent_seats.seat(connection, user.login)
        if seat.line is None:
            return _back("LINE_MISSING")
        await agent_seats.sign_on(connection, user.login, clock.system().now())
    return _back()


@router.post("/agent/off", dependencies=[Checked])
async def off(user: Agent) -> Response:
    async with transaction() as connection:
        await agent_seats.sign_off(connection, user.login, clock.system().now())
    return _back()


# ---------------------------------------------------------------- before the call


@router.post("/agent/next", dependencies=[Checked])
async def next_case(user: Agent) -> Response:
    speed = clock.system().speed
    async with transaction() as connection:
        moment = await today(connection)
        seat = await agent_seats.seat(connection, user.login)
        if seat.line is None:
            return _back("LINE_MISSING")
        if await agent_calls.in_hand(connection, user.login) is not None:
            return _back()  # one thing at a time: what he has is shown
        await agent_seats.sign_on(connection, user.login, moment.now)
        await agent_seats.seen(connection, user.login, moment.now)
        found = await take_next(connection, seat, moment, speed)
    return _back("" if found else "NOBODY_WAITS")


@router.post("/agent/give-back", dependencies=[Checked])
async def give_back(user: Agent) -> Response:
    async with transaction() as connection:
        await agent_calls.give_back(connection, user.login, clock.system().now())
    return _back()


@router.post("/agent/dial", dependencies=[Checked])
async def dial(user: Agent) -> Response:
    """His own telephone is rung; the customer's once he has picked up."""
    async with transaction() as connection:
        seat = await agent_seats.seat(connection, user.login)
        if seat.line is None:
            return _back("LINE_MISSING")
        await agent_calls.want(connection, user.login, uuid.uuid4().hex, seat.line, clock.system().now())
    return _back()


# ---------------------------------------------------------------- in the call


@router.post("/agent/answer", dependencies=[Checked])
async def answer(
    user: Agent,
    turn: Annotated[int, Form()],
    key: Annotated[str, Form(max_length=4)] = "",
    words: Annotated[str, Form(max_length=2000)] = "",
    day: Annotated[str, Form(max_length=10)] = "",
    seller_statement: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """One answer, stored before anything else is shown. `key`: of the choices offered; none where words or a day answer."""
    now = clock.system().now()
    async with transaction() as connection:
        hand = await agent_calls.in_hand(connection, user.login)
        if hand is None or not hand.may_note:
            return _back("CALL_SETTLED" if hand is not None and hand.settled else "NOT_YOURS")
        conversation = await conversations.load(connection, hand.call_id)
        if conversation is None or conversation.progress is None or conversation.settled:
            return _back("CALL_SETTLED")
        if conversation.turn != turn:
            return _back("ALREADY_ANSWERED")  # in another window, or twice
        script = await script_of(connection, conversation.script, conversation.script_digest)
        given = _given(offer(script, conversation.sheet, conversation.progress), key, words, day, seller_statement)
        if given is None:
            return _back("SAY_WHAT")
        found = answered(script, conversation.sheet, conversation.progress, given, now)
        said = rendered(script, conversation.sheet, found.progress)
        conversation = _led_by(conversation, hand)
        stored = await conversations.save_turn(
            connection,
            conversation,
            sid=conversation.sid or "",
            progress=found.progress,
            answers=found.answers,
            said=[{"step": u.step, "id": u.id, "discloses": u.discloses} for u in said.utterances],
            over=said.listen is None,
            answered_by=None,
            now=now,
        )
        if stored and found.candidate_number:
            await conversations.keep_candidate(connection, conversation, found.candidate_number, now)
    if stored and conversation.sid:
        await sensitive_recording.follow(conversation.sid, script, conversation.progress, found.progress)
    return _back("" if stored else "ALREADY_ANSWERED")


def _led_by(conversation: Conversation, hand: InHand) -> Conversation:
    return replace(conversation, led_by=hand.id, agent_login=hand.login)


def _given(shown: Any, key: str, words: str, day: str, seller_statement: str) -> Given | None:
    """What the form says; None where it says nothing that could be an answer."""
    statement = seller_statement if seller_statement in SELLER_STATEMENTS else None
    words = " ".join(words.split())
    if key:
        chosen = next((c for c in shown.choices if c.key == key), None)
        if chosen is None:
            return None
        # what was said beside a chosen answer is kept; it is not read in its place
        free = shown.takes in ("choice", "day")
        return Given(chosen.answer, chosen.detail, chosen.signer, statement, text=words if free else "")
    if shown.takes == "day" and day:
        try:
            return Given("YES", seller_statement=statement, day=date.fromisoformat(day))
        except ValueError:
            return None
    if shown.takes not in ("choice", "day") and words:
        return Given("YES", seller_statement=statement, text=words)
    return None


@router.post("/agent/hold", dependencies=[Checked])
async def hold(user: Agent, held: Annotated[bool, Form()]) -> Response:
    async with transaction() as connection:
        hand = await agent_calls.in_hand(connection, user.login)
    if hand is None or hand.stage != "TALKING" or hand.conference is None or hand.call_sid is None:
        return _back("NOT_IN_ROOM")
    try:
        async with twilio_phone() as phone:
            await AgentLines(phone).hold(hand.conference, hand.call_sid, held)
    except Missing:
        return _back("NOT_IN_ROOM")
    except (PhoneError, DiallingIsOff):
        return _back("CARRIER_AWAY")
    async with transaction() as connection:
        await agent_calls.hold(connection, hand.id, held, clock.system().now())
    return _back()


@router.post("/agent/hang-up", dependencies=[Checked])
async def hang_up(user: Agent, heard: Annotated[str, Form(max_length=20)] = "") -> Response:
    """The customer's line is put down; `heard`: what was on it where no code tells it."""
    async with transaction() as connection:
        hand = await agent_calls.in_hand(connection, user.login)
        if hand is None or hand.stage not in ("TALKING", "CALLING_CUSTOMER") or not hand.leads:
            return _back("NOT_YOURS")
        if heard in LINES:
            await agent_calls.line_heard(connection, hand.id, heard)
        await conversations.ended_by_us(connection, hand.call_id)
    if hand.call_sid is None:
        return _back("NOT_IN_ROOM")
    try:
        async with twilio_phone() as phone:
            await phone.hang_up(hand.call_sid)
    except (PhoneError, DiallingIsOff):
        return _back("CARRIER_AWAY")
    return _back()


@router.post("/agent/done", dependencies=[Checked])
async def done(user: Agent) -> Response:
    async with transaction() as connection:
        await agent_calls.wrap_up(connection, user.login, clock.system().now())
    return _back()


# ---------------------------------------------------------------- who listens in


@router.get("/agent/floor")
async def floor(request: Request, user: Supervisor, note: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Every talk between an agent and a customer at this moment."""
    async with transaction() as connection:
        moment: Today = await today(connection)
        talks = await agent_calls.live(connection)
        seat: Seat = await agent_seats.seat(connection, user.login)
    return render(
        request,
        "agent_floor.html",
        place="agent",
        moment=moment,
        talks=talks,
        seat=seat,
        note=note if note in NOTES else None,
    )


@router.post("/agent/floor/{agent_call}/listen", dependencies=[Checked])
async def listen(user: Supervisor, agent_call: str, coach: Annotated[bool, Form()] = False) -> Response:
    """The supervisor's own telephone is rung and joins: nobody hears him, or the agent alone."""
    async with transaction() as connection:
        if await agent_calls.by_id(connection, agent_call) is None:
            raise HTTPException(404)
        seat = await agent_seats.seat(connection, user.login)
        if seat.line is None:
            return RedirectResponse("/agent/floor?note=LINE_MISSING", 303)
        role = "COACH" if coach else "LISTEN"
        wanted = await agent_calls.listen(
            connection, agent_call, user.login, role, uuid.uuid4().hex, seat.line, clock.system().now()
        )
    return RedirectResponse(f"/agent/floor?note={'LISTENING' if wanted else 'NOT_LISTENED'}", 303)


def _back(note: str = "") -> Response:
    return RedirectResponse(f"/agent?note={note}" if note else "/agent", 303)
