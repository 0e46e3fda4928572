"""Calls with a callback agent: the customer's call and the agent's telephone in one conference, and who hears whom in it.

The customer's own call is the one that is recorded, in two channels: the customer on one, all that he hears (the robot
before, the agent after) on the other. A conference recording would mix everybody into one channel.
"""

import re

from twilio.twiml.voice_response import Dial, VoiceResponse

from rules.destinations import destination_of
from telephony.errors import Missing, Refused
from telephony.twilio_phone import TIME_LIMIT, TwilioPhone
from telephony.twiml import SAY_LANGUAGE, VOICE
from telephony.webhook_overrides import ASK_AGAIN, INSIST

# Less than an answering machine waits before it takes a call.
AGENT_RING_SECONDS = 20
OVER = 21220  # invalid call state: the call is over
WAITING = "请稍候，正在为您接通。"
HELD = "请稍候，坐席马上回来。"
PAUSE_SECONDS = 15
EVENTS = "start end join leave hold"

_ADDRESS = re.compile(r"\+[1-9]\d{6,14}|sips?:[A-Za-z0-9._~%+-]+@[A-Za-z0-9.-]+(:\d{1,5})?|client:[A-Za-z0-9_]{1,121}")


def is_address(text: str) -> bool:
    """Whether this can be rung for an agent: a number (E.164), a SIP address, or a browser (`client:NAME`; prepared, not
    proven: the page has no telephone of its own yet)."""
    return _ADDRESS.fullmatch(text) is not None


class AgentLines:
    """The house's side of conferences at the carrier that `phone` speaks to."""

    def __init__(self, phone: TwilioPhone):
        self._phone = phone
        self._at = f"{phone.public_url}/twilio"

    async def ring(self, leg_id: str, to: str) -> str:
        """Ring a telephone of the house and return the carrier's id. Raises as `Phone.place` does."""
        caller = self._phone.caller
        if to.startswith("+"):
            destination = destination_of(to, self._phone.destinations)
            if not destination.allowed:
                raise Refused(f"the table of destinations does not permit {destination.prefix}")
            caller = destination.caller_id or caller
        call = await self._phone.client.calls.create_async(
            to=to,
            from_=caller,
            url=f"{self._at}/agent/{leg_id}{ASK_AGAIN}",
            status_callback=f"{self._at}/agent-status/{leg_id}{INSIST}",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            timeout=AGENT_RING_SECONDS,
            time_limit=TIME_LIMIT,
        )
        return call.sid

    async def hold(self, conference: str, call_sid: str, held: bool) -> None:
        """The customer hears words of patience and nobody else, or the agent again. Raises Missing when he is gone."""
        participant = self._phone.client.conferences(conference).participants(call_sid)
        if held:
            await participant.update_async(hold=True, hold_url=f"{self._at}/held/{conference}", hold_method="POST")
        else:
            await participant.update_async(hold=False)

    async def to_robot(self, call_id: str, sid: str) -> bool:
        """Bring the customer's call back to the script. False where the call is over."""
        try:
            await self._phone.client.calls(sid).update_async(
                url=f"{self._at}/voice/{call_id}{ASK_AGAIN}",
                method="POST",
                fallback_url=f"{self._at}/fallback/{call_id}",
            )
        except Missing:
            return False
        except Refused as e:
            if e.code != OVER:
                raise
            return False
        return True


def customer_in(room: str, public_url: str, call_id: str) -> str:
    """The customer joins his agent; when he leaves, the conference ends for everybody. What follows is asked of the script."""
    return _conference(
        room,
        public_url,
        action=f"{public_url}/twilio/voice/{call_id}",
        participant_label="customer",
        end_conference_on_exit=True,
        wait_url=f"{public_url}/twilio/waiting/{room}",
        wait_method="POST",
    )


def agent_in(room: str, public_url: str, leg_id: str) -> str:
    """The agent joins; when his line breaks, the customer stays."""
    return _conference(
        room,
        public_url,
        action=f"{public_url}/twilio/agent/{leg_id}?left=1",
        participant_label="agent",
        end_conference_on_exit=False,
        wait_url="",
    )


def supervisor_in(room: str, public_url: str, leg_id: str, coached: str | None) -> str:
    """A supervisor hears both; `coached`, the agent's call, is the only one who hears him. None: nobody does."""
    return _conference(
        room,
        public_url,
        action=f"{public_url}/twilio/agent/{leg_id}?left=1",
        participant_label="supervisor",
        end_conference_on_exit=False,
        start_conference_on_enter=False,
        wait_url="",
        **({"coach": coached} if coached else {"muted": True}),
    )


def _conference(room: str, public_url: str, action: str, **attributes) -> str:
    document = VoiceResponse()
    dial = Dial(action=action, method="POST")
    dial.conference(
        room,
        beep="false",
        status_callback=f"{public_url}/twilio/conference/{room}{INSIST}",
        status_callback_method="POST",
        status_callback_event=EVENTS,
        **{"start_conference_on_enter": True, **attributes},
    )
    document.append(dial)
    return str(document)


def patience(held: bool) -> str:
    """What somebody hears who waits for his agent, or is on hold; asked for again when it is over."""
    document = VoiceResponse()
    document.say(HELD if held else WAITING, voice=VOICE, language=SAY_LANGUAGE)
    document.pause(length=PAUSE_SECONDS)
    return str(document)


def hang_up() -> str:
    document = VoiceResponse()
    document.hangup()
    return str(document)
