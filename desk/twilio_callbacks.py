"""The carrier's side of the desk: signed requests for what to say next, and news of calls and recordings.

Three steps each: is it signed, take it once, answer. At most two statements a request, and no word to Prefect.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from clock import system
from rules.conversation import Heard, Progress, begin, next_turn, render
from settings import settings
from storage import carrier_news, conversations, db
from storage.conversations import Conversation
from storage.script_versions import script_of
from telephony import twiml
from telephony.signatures import Signatures

router = APIRouter(prefix="/twilio", include_in_schema=False)
_clock = system()

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


def signatures() -> Signatures:
    own = settings()
    tokens = [own.twilio_auth_token, own.twilio_auth_token_previous]
    return Signatures([t.get_secret_value() for t in tokens if t], own.public_url)


async def signed_form(request: Request) -> dict[str, str]:
    """The parameters of a request that the carrier signed; 403 for any other."""
    body = await request.body()
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").split("?")[0]
    query = request.scope.get("query_string", b"").decode("latin-1")
    if not signatures().holds(path, query, body, request.headers.get("x-twilio-signature")):
        raise HTTPException(403, "the signature does not hold")
    form = await request.form()
    return {**dict(request.query_params), **{k: v for k, v in form.items() if isinstance(v, str)}}


Form = Annotated[dict[str, str], Depends(signed_form)]


def document(text: str) -> Response:
    return Response(text, media_type="text/xml; charset=utf-8")


@router.api_route("/voice/{call_id}", methods=["GET", "POST"])
async def voice(call_id: str, form: Form) -> Response:
    """What to say next. The same turn asked for again gets the same document."""
    sid = form.get("CallSid", "")
    for _ in range(3):
        async with db.transaction() as connection:
            conversation = await conversations.load(connection, call_id)
            if conversation is None or conversation.state == "REJECTED" or conversation.sid not in (None, sid):
                # a call we know nothing of, or a second one for the same attempt: nobody is questioned twice
                return document(twiml.close([WRONG_CALL]))
            script = await script_of(connection, conversation.script, conversation.script_digest)
            progress, answers, candidate = _advance(conversation, script, form)
            if progress is conversation.progress:
                return document(_document(conversation, script, progress))
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
                now=_clock.now(),
            )
            if stored and candidate:
                await conversations.keep_candidate(connection, conversation, candidate, _clock.now())
        if stored:
            return document(_document(conversation, script, progress))
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
    turn = next_turn(script, conversation.sheet, progress, _heard(form), _clock.now())
    return turn.progress, turn.answers, turn.candidate_number


def _heard(form: dict[str, str]) -> Heard:
    if form.get("Digits"):
        return Heard("keys", form["Digits"])
    if form.get("SpeechResult"):
        confidence = form.get("Confidence", "")
        return Heard("speech", form["SpeechResult"], _number(confidence))
    return Heard("nothing")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _document(conversation: Conversation, script, progress: Progress) -> str:
    rendered = render(script, conversation.sheet, progress)
    texts = [u.text for u in rendered.utterances]
    if rendered.listen is None:
        return twiml.close(texts)
    listen = rendered.listen
    return twiml.ask(
        texts,
        action=f"{settings().public_url}/twilio/voice/{conversation.call_id}?turn={progress.turn}",
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
    """Asked when /voice failed: end the call decently. The open items are asked in another call."""
    return document(twiml.close([APOLOGY]))


@router.api_route("/status/{call_id}", methods=["GET", "POST"], status_code=204)
async def status(call_id: str, form: Form) -> None:
    async with db.transaction() as connection:
        await carrier_news.status_news(
            connection,
            call_id=call_id,
            sid=form.get("CallSid", ""),
            status=form.get("CallStatus", ""),
            sequence=_whole(form.get("SequenceNumber")) or 0,
            sip_code=form.get("SipResponseCode") or None,
            answered_by=form.get("AnsweredBy") or None,
            duration=_whole(form.get("CallDuration")),
            body={k: form[k] for k in KEPT if form.get(k)},
            now=_clock.now(),
        )


@router.api_route("/recording/{call_id}", methods=["GET", "POST"], status_code=204)
async def recording(call_id: str, form: Form) -> None:
    async with db.transaction() as connection:
        await carrier_news.recording_news(
            connection,
            call_id=call_id,
            sid=form.get("CallSid", ""),
            recording=form.get("RecordingSid", ""),
            status=form.get("RecordingStatus", "completed"),
            url=form.get("RecordingUrl") or None,
            seconds=_whole(form.get("RecordingDuration")),
            channels=_whole(form.get("RecordingChannels")),
            problem=f"ABSENT_{form['ErrorCode']}" if form.get("ErrorCode") else None,
            body={k: form[k] for k in KEPT if form.get(k)},
            now=_clock.now(),
        )


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
