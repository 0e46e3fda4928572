"""The carrier's side of the desk: signed requests for what to say next, and news of calls and recordings.

Three steps each: is it signed, take it once, answer. At most two statements a request, and no word to Prefect.
"""

import logging
import math
import re
import uuid
from typing import Annotated
from urllib.parse import parse_qsl

import psycopg
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from clock import system
from desk import sensitive_recording
from rules.answering_machines import ends_here, notice
from rules.conversation import Heard, Progress, Turn, begin, handed_over, handover_reason, next_turn, render
from rules.routes import AGENT_ONLY, ROBOT_ONLY
from scripts.rule_profiles import load_profile
from settings import settings
from storage import carrier_news, conversations, db
from storage.agent_seats import seen_since
from storage.conversations import Conversation, Handover
from storage.script_versions import script_of
from telephony import agent_calls, twiml
from telephony.signatures import Signatures, read_form
from telephony.webhook_overrides import ASK_AGAIN

log = logging.getLogger(__name__)
router = APIRouter(prefix="/twilio", include_in_schema=False)

# Said when we cannot go on. Tells nothing of insurance: we may not know yet who listens.
APOLOGY = "非常抱歉，系统暂时出现故障，我们会另行与您联系，再见。"
WRONG_CALL = "非常抱歉，打扰您了，再见。"
# What is worth keeping of a callback beside its columns; numbers and places are not.
KEPT = (
    "Timestamp",
    "CallbackSource",
    "Direction",
    "RecordingSource",
    "RecordingTrack",
    "RecordingStartTime",
    "ErrorCode",
)
# The carrier sends some hundred bytes, and what somebody says in a minute.
MOST_BYTES = 64 * 1024
RECORDING_ENDS = frozenset({"completed", "absent", "failed"})
OUR_IDS = re.compile(r"[A-Za-z0-9_-]{1,64}")


def signatures() -> Signatures:
    own = settings()
    tokens = [own.twilio_auth_token, own.twilio_auth_token_previous]
    return Signatures([t.get_secret_value() for t in tokens if t], own.public_url)


async def signed_form(request: Request) -> dict[str, str]:
    """The parameters of a request that the carrier signed for our account; 403 for any other."""
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > MOST_BYTES:
            raise HTTPException(413, "more than a callback holds")
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").split("?")[0]
    query = request.scope.get("query_string", b"").decode("latin-1")
    if not signatures().holds(path, query, body, request.headers.get("x-twilio-signature")):
        raise HTTPException(403, "the signature does not hold")
    if not all(OUR_IDS.fullmatch(value) for value in request.path_params.values()):
        raise HTTPException(404, "no call of ours is called so")
    # exactly what was signed, and nothing that a database cannot hold
    given = dict(parse_qsl(query, keep_blank_values=True))
    given |= {name: values[-1] for name, values in (read_form(body) or {}).items()}
    form = {name: value.replace("\x00", "") for name, value in given.items()}
    if form.get("AccountSid") not in (None, "", settings().twilio_account_sid):
        raise HTTPException(403, "another account's call")
    return form


Form = Annotated[dict[str, str], Depends(signed_form)]


def document(text: str) -> Response:
    return Response(text, media_type="text/xml; charset=utf-8")


@router.api_route("/voice/{call_id}", methods=["GET", "POST"])
async def voice(call_id: str, form: Form) -> Response:
    """What to say next. The same turn asked for again gets the same document."""
    return await _turn(call_id, form)


async def _turn(call_id: str, form: dict[str, str], again: bool = False) -> Response:
    sid = form.get("CallSid", "")
    for _ in range(3):
        async with db.transaction() as connection:
            conversation = await conversations.load(connection, call_id, seen_since(system().now(), system().speed))
            if conversation is not None and conversation.progress is not None and not sid:
                # the address had moved, and what was posted to it is lost: the turn is said again
                sid, form = conversation.sid, {}
            if conversation is None or conversation.state == "REJECTED" or conversation.sid not in (None, sid):
                # a call we know nothing of, or a second one for the same attempt: nobody is questioned twice
                return document(twiml.close([WRONG_CALL]))
            if not sid or conversation.settled:
                return document(twiml.close([APOLOGY]))
            if conversation.led_by and conversation.progress is not None:
                return document(agent_calls.customer_in(conversation.led_by, settings().public_url, call_id))
            if not conversation.led_by and _agents_only(conversation):
                await conversations.ended_by_us(connection, call_id)
                return document(twiml.close([APOLOGY]))
            script = await script_of(connection, conversation.script, conversation.script_digest)
            progress, answers, candidate = _advance(conversation, script, form)
            if ends_here(conversation.answered_by, progress.place, script.opening[0]):
                wanted = load_profile(conversation.profile)["voicemail.notice"]
                return document(twiml.close(notice(conversation.sheet, wanted)))
            if progress is conversation.progress:
                return document(_document(conversation, script, progress, again))
            progress, answers, handover = _handed_over(conversation, script, progress, answers)
            rendered = render(script, conversation.sheet, progress)
            stored = await conversations.save_turn(
                connection,
                conversation,
                sid=sid,
                progress=progress,
                answers=answers,
                said=[{"step": u.step, "id": u.id, "discloses": u.discloses} for u in rendered.utterances],
                over=rendered.listen is None,
                answered_by=form.get("AnsweredBy"),
                now=system().now(),
                handover=handover,
            )
            if handover and not stored:
                await connection.rollback()
            if stored and candidate:
                await conversations.keep_candidate(connection, conversation, candidate, system().now())
        if stored:
            await sensitive_recording.follow(sid, script, conversation.progress, progress)
            if room := handover.agent_call if handover else conversation.led_by:
                return document(agent_calls.customer_in(room, settings().public_url, call_id))
            return document(_document(conversation, script, progress, again))
        # somebody else answered this very turn: say what follows from theirs
    return document(twiml.close([APOLOGY]))


def _advance(conversation: Conversation, script, form: dict[str, str]):
    """The progress after this request, with what is to be stored; the progress itself where nothing is new."""
    progress = conversation.progress
    if progress is None:
        turn = begin(script, conversation.sheet)
        return turn.progress, turn.answers, None
    if progress.ended or form.get("turn") != str(conversation.turn):
        return progress, (), None
    turn = next_turn(script, conversation.sheet, progress, _heard(form), system().now())
    return turn.progress, turn.answers, turn.candidate_number


def _agents_only(conversation: Conversation) -> bool:
    """A person led this call and is gone, and the profile lets no robot speak in his place."""
    return conversation.agent_login is not None and load_profile(conversation.profile)["calling.callers"] == AGENT_ONLY


def _handed_over(conversation: Conversation, script, progress: Progress, answers: tuple):
    """The turn as a person takes it over, where one is wanted and one is free; else as it is, with no hand-over."""
    before = conversation.progress
    if conversation.led_by or before is None or not conversation.agents_free:
        return progress, answers, None
    turn = Turn(progress, answers)
    reason = handover_reason(script, before, turn)
    if reason is None or load_profile(conversation.profile)["calling.callers"] == ROBOT_ONLY:
        return progress, answers, None
    turn = handed_over(script, before, turn)
    seen = seen_since(system().now(), system().speed)
    return turn.progress, turn.answers, Handover(uuid.uuid4().hex, uuid.uuid4().hex, reason, seen)


def _heard(form: dict[str, str]) -> Heard:
    if form.get("Digits"):
        return Heard("keys", form["Digits"][:32])
    if form.get("SpeechResult"):
        return Heard("speech", form["SpeechResult"][:2000], _share(form.get("Confidence", "")))
    return Heard("nothing")


def _share(text: str) -> float | None:
    """A number from 0 to 1; None for anything else, which says nothing of how sure the carrier was."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and 0 <= found <= 1 else None


def _document(conversation: Conversation, script, progress: Progress, again: bool) -> str:
    rendered = render(script, conversation.sheet, progress)
    texts = [u.text for u in rendered.utterances]
    if rendered.listen is None:
        return twiml.close(texts)
    listen = rendered.listen
    return twiml.ask(
        texts,
        action=f"{settings().public_url}/twilio/voice/{conversation.call_id}?turn={progress.turn}"
        f"{'&again=1' if again else ''}{ASK_AGAIN}",
        keys="dtmf" in listen.input,
        speech="speech" in listen.input,
        num_digits=listen.num_digits,
        finish_on_key=listen.finish_on_key,
        timeout=listen.timeout_s,
        speech_timeout=listen.speech_timeout,
        hints=listen.hints,
    )


@router.api_route("/fallback/{call_id}", methods=["GET", "POST"])
async def fallback(call_id: str, form: Form) -> Response:
    """Asked when /voice failed: say the stored turn again, once. Where that fails too, or nothing can be read, end the call
    decently; the open items are asked in another one."""
    failed = form.get("ErrorUrl", "")
    if failed and "again=" not in failed:
        # whatever was answered was not taken, or the turn that follows is the stored one by now
        known = {name: form[name] for name in ("CallSid", "AnsweredBy") if form.get(name)}
        try:
            return await _turn(call_id, known, again=True)
        except (DBAPIError, PoolTimeout, psycopg.Error) as e:
            log.warning("a call is ended without its turn: %s", type(e).__name__)
    return document(twiml.close([APOLOGY]))


@router.api_route("/status/{call_id}", methods=["GET", "POST"], status_code=204)
async def status(call_id: str, form: Form) -> None:
    if not form.get("CallSid") or not form.get("CallStatus"):
        return  # tells nothing of anything
    async with db.transaction() as connection:
        await carrier_news.status_news(
            connection,
            call_id=call_id,
            sid=_short(form["CallSid"]),
            status=_short(form["CallStatus"]),
            sequence=whole(form.get("SequenceNumber")) or 0,
            sip_code=_short(form.get("SipResponseCode")),
            answered_by=_short(form.get("AnsweredBy")),
            duration=whole(form.get("CallDuration")),
            body=_kept(form),
            now=system().now(),
        )


@router.api_route("/machine/{call_id}", methods=["GET", "POST"], status_code=204)
async def machine(call_id: str, form: Form) -> None:
    """Who answered, judged beside the conversation; acted upon with its next turn."""
    if not form.get("CallSid") or not form.get("AnsweredBy"):
        return
    async with db.transaction() as connection:
        await carrier_news.machine_news(
            connection,
            call_id=call_id,
            sid=_short(form["CallSid"]),
            answered_by=_short(form["AnsweredBy"]),
            body=_kept(form),
            now=system().now(),
        )


@router.api_route("/recording/{call_id}", methods=["GET", "POST"], status_code=204)
async def recording(call_id: str, form: Form) -> None:
    status = form.get("RecordingStatus") or "completed"
    if not form.get("CallSid") or not form.get("RecordingSid") or status not in RECORDING_ENDS:
        return
    async with db.transaction() as connection:
        await carrier_news.recording_news(
            connection,
            call_id=call_id,
            sid=_short(form["CallSid"]),
            recording=_short(form["RecordingSid"]),
            status=status,
            url=form.get("RecordingUrl") or None,
            seconds=whole(form.get("RecordingDuration")),
            channels=whole(form.get("RecordingChannels")),
            problem=f"ABSENT_{_short(form['ErrorCode'])}" if form.get("ErrorCode") else None,
            body=_kept(form),
            now=system().now(),
        )


def _kept(form: dict[str, str]) -> dict[str, str]:
    return {name: form[name][:200] for name in KEPT if form.get(name)}


def _short(text: str | None) -> str | None:
    return text[:64] or None if text else None


def whole(text: str | None) -> int | None:
    """A whole number that fits a column; anything else is as good as nothing."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 9 else None
