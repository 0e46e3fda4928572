"""The carrier's side of calls with an agent: telephones of the house that picked up, or did not, and the room they share.

As in desk/twilio_callbacks.py: is it signed, take it once, answer; one statement a request.
"""

from fastapi import APIRouter, Response

from clock import system
from desk.twilio_callbacks import Form, document, whole
from settings import settings
from storage import agent_calls as in_hand
from storage import db
from telephony import agent_calls
from telephony.phone import ENDED

router = APIRouter(prefix="/twilio", include_in_schema=False)


@router.api_route("/agent/{call_id}", methods=["GET", "POST"])
async def picked_up(call_id: str, form: Form) -> Response:
    """A telephone of the house was answered: into the room, for as long as there is one."""
    if form.get("left") or not form.get("CallSid"):
        return document(agent_calls.hang_up())
    async with db.transaction() as connection:
        found = await in_hand.joined(connection, call_id, form["CallSid"], system().now())
    if found is None:
        return document(agent_calls.hang_up())
    room, public_url = found["agent_call_id"], settings().public_url
    if found["role"] == "AGENT":
        return document(agent_calls.agent_in(room, public_url, call_id))
    coached = found["agent_sid"] if found["role"] == "COACH" else None
    if found["role"] == "COACH" and coached is None:
        return document(agent_calls.hang_up())
    return document(agent_calls.supervisor_in(room, public_url, call_id, coached))


@router.api_route("/agent-status/{call_id}", methods=["GET", "POST"], status_code=204)
async def status(call_id: str, form: Form) -> None:
    state = form.get("CallStatus", "")
    if not form.get("CallSid") or not state:
        return
    async with db.transaction() as connection:
        await in_hand.leg_news(
            connection,
            leg_id=call_id,
            sid=form["CallSid"][:64],
            status=state[:32],
            over=state in ENDED,
            sequence=whole(form.get("SequenceNumber")) or 0,
            now=system().now(),
        )


@router.api_route("/conference/{call_id}", methods=["GET", "POST"], status_code=204)
async def conference(call_id: str, form: Form) -> None:
    """The room has a name at the carrier: what hold is asked with."""
    if form.get("ConferenceSid") and form.get("CallSid"):
        async with db.transaction() as connection:
            await in_hand.room_known(connection, call_id, form["ConferenceSid"][:64], form["CallSid"][:64])


@router.api_route("/waiting/{call_id}", methods=["GET", "POST"])
async def waiting(call_id: str, form: Form) -> Response:
    return document(agent_calls.patience(held=False))


@router.api_route("/held/{call_id}", methods=["GET", "POST"])
async def held(call_id: str, form: Form) -> Response:
    return document(agent_calls.patience(held=True))
