"""Conferences: who is in, who hears whom, when it begins and ends, and what the application is told of it."""

import asyncio
from dataclasses import dataclass, field

from telephony.carrier import documents, people, recordings, twiml
from telephony.carrier.line import Member, Room
from telephony.carrier.sound import Heard, keys_seconds, speech_seconds

MAX_PARTICIPANTS = 250
BAD_COACH = 13240
# event: the word in statusCallbackEvent that subscribes it
SUBSCRIBED_BY = {
    "conference-start": "start", "conference-end": "end",
    "participant-join": "join", "participant-leave": "leave",
    "participant-mute": "mute", "participant-unmute": "mute",
    "participant-hold": "hold", "participant-unhold": "hold",
    "participant-modify": "modify",
    "participant-speech-start": "speaker", "participant-speech-stop": "speaker",
    "announcement-end": "announcement", "announcement-fail": "announcement",
}  # fmt: skip
EVENT_WORDS = ("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")
BEEPS = ("true", "false", "onEnter", "onExit")


@dataclass(frozen=True)
class Entry:
    """With what a call enters a conference: the attributes of `<Conference>`, or the parameters of a participant."""

    name: str
    label: str | None = None
    muted: bool = False
    beep: str = "true"
    starts: bool = True
    ends: bool = False
    wait: "documents.Source | None" = None
    # waitUrl="": silence instead of music
    silent: bool = False
    limit: int = MAX_PARTICIPANTS
    record: bool = False
    trim: bool = True
    coached: str | None = None
    callback: str | None = None
    callback_method: str = "POST"
    callback_events: frozenset[str] = frozenset({"start", "end"})
    recording_callback: str | None = None
    recording_method: str = "POST"
    recording_events: frozenset[str] = frozenset({"completed"})


class Participant(Member):
    """A call in a conference, or on its way into it (`joined` None)."""

    def __init__(self, call, entry: Entry):
        super().__init__(call, entry.muted, entry.coached)
        self.entry = entry
        self.ends, self.beep = entry.ends, entry.beep
        self.created = self.updated = call.exchange.clock.now()
        self.joined: float | None = None
        # what it hears while it waits or is on hold
        self.alone: asyncio.Task | None = None

    @property
    def sid(self) -> str:
        return self.call.sid

    @property
    def gone(self) -> bool:
        return self.left.done() or self.joined is None and self.call.over.is_set()

    @property
    def status(self) -> str:
        if self.joined is not None:
            return "complete" if self.left.done() else "connected"
        return {"queued": "queued", "ringing": "ringing", "in-progress": "connecting"}.get(self.call.status, "failed")


class Conference(Room):
    """Has `call`'s part of a recording too: recordings of a conference belong to it, not to one of its calls."""

    def __init__(self, exchange, sid: str, friendly_name: str, base_url: str):
        super().__init__(exchange)
        self.sid, self.friendly_name, self.base_url = sid, friendly_name, base_url
        self.status = "init"
        self.created = self.updated = exchange.clock.now()
        self.reason: str | None = None
        self.ended_by: str | None = None
        self.heard: list[Heard] = []
        self.recordings: list = []
        # every call that came over the API or is in it; who left stays known until the end
        self.participants: dict[str, Participant] = {}
        self._first: Entry | None = None
        # callbacks go out as those of the call that came first
        self.told_by = None
        self._sequence = 0
        self._last_callback: asyncio.Task | None = None
        self._held: list[tuple[object, dict]] = []

    @property
    def open(self) -> bool:
        return self.status == "in-progress"

    @property
    def to(self) -> str:
        return self.friendly_name

    def line(self) -> float:
        return self.time.now()

    def stand_still_at(self, line: float) -> None:
        self.time.stand_still_at(line)

    def forget_sounds(self) -> None:
        """Once nothing recorded can be asked for any more, what was said need not be kept."""
        if self.status == "completed" and all(recording.deleted for recording in self.recordings):
            self.heard = []
            self.exchange.journal.note("silent", sid=self.sid)

    async def post(self, method: str, url: str, params: dict[str, str], event: str, owed: int | None = None):
        return await self.told_by.post(method, url, params, event, owed)

    # -- who is in

    def expect(self, call, entry: Entry) -> Participant:
        """A call that was placed over the API to come here."""
        self._listen_to(call, entry)
        participant = self.participants[call.sid] = Participant(call, entry)
        return participant

    def _listen_to(self, call, entry: Entry) -> None:
        # the first participant's callback and events win, later ones are ignored
        if self._first is None:
            self._first, self.told_by = entry, call

    async def stay(self, call, entry: Entry) -> str | None:
        """Be in the conference until leaving it; why it was left, None when there was no entering."""
        participant = self._join(call, entry)
        if participant is None:
            return None
        try:
            return await participant.left
        finally:
            # the call ends, or its document is another from now on
            self.leave(participant)

    def _join(self, call, entry: Entry) -> Participant | None:
        exchange = self.exchange
        if entry.coached and entry.coached not in self.members:
            exchange.notify(call, BAD_COACH, f"Conference: {entry.coached} is not in it and cannot be coached")
            return None
        if len(self.members) >= min(entry.limit, MAX_PARTICIPANTS):
            exchange.log.add("conference-full", call.sid, call.to, conference=self.sid)
            return None
        self._listen_to(call, entry)
        participant = self.participants.get(call.sid)
        if participant is None or participant.gone:
            participant = Participant(call, entry)
        self.participants[call.sid] = participant
        participant.joined = exchange.clock.now()
        self.add(participant)
        self._tell("participant-join", participant)
        if participant.beep in ("true", "onEnter") and self.open:
            self.to_all("beep", "", 0.3)
        if not self.open and len(self.members) >= 2 and any(p.entry.starts for p in self.members.values()):
            self._start()
        elif not self.open:
            self._leave_alone(participant, entry.wait, entry.silent)
        if call.callee.says:
            exchange.spawn(people.speak_unasked(call))
        return participant

    def _start(self) -> None:
        self._become("in-progress")
        for participant in self.members.values():
            self._keep_company(participant)
        self._tell("conference-start", None)
        recorded = next((p.entry for p in self.members.values() if p.entry.record), None)
        if recorded:
            self.record(recorded)

    def record(self, entry: Entry) -> None:
        recordings.start(
            self, "Conference", 1, trim=entry.trim, callback=entry.recording_callback,
            callback_method=entry.recording_method, callback_events=entry.recording_events,
        )  # fmt: skip

    def leave(self, participant: Participant, kicked: bool = False) -> None:
        """A second time is no matter."""
        if self.members.get(participant.call.sid) is not participant:
            return
        self._out(participant, "kicked" if kicked else "left")
        if self.status == "completed":
            return
        way = "kicked" if kicked else "left"
        if participant.ends:
            self.end(f"participant-with-end-conference-on-exit-{way}", participant)
        elif not self.members:
            self.end(f"last-participant-{way}", participant)
        elif participant.beep in ("true", "onExit") and self.open:
            self.to_all("beep", "", 0.3)

    def _out(self, participant: Participant, why: str) -> None:
        self._keep_company(participant)
        self.remove(participant, why)
        participant.updated = self.exchange.clock.now()
        call = participant.call
        gone = call.interrupted_by not in (None, "redirect") or call.over.is_set()
        reasons = {"kicked": "participant_updated_via_api", "ended": "conference_ended"}
        self._tell(
            "participant-leave", participant,
            ParticipantCallStatus="completed" if gone else "in-progress",
            ReasonParticipantLeft=reasons.get(why, "participant_hung_up" if gone else "participant_updated_via_api"),
        )  # fmt: skip

    def end(self, reason: str, by: Participant | None = None) -> None:
        if self.status == "completed":
            return
        self.reason, self.ended_by = reason, by.call.sid if by else None
        line = self.line()
        self._become("completed")
        for participant in list(self.members.values()):
            self._out(participant, "ended")
        for recording in self.recordings:
            recordings.stop(recording, line)
        self.forget_sounds()
        ending = {"ReasonConferenceEnded": reason}
        if self.ended_by:
            ending["CallSidEndingConference"] = self.ended_by
        self._tell("conference-end", None, **ending)

    def end_after_restart(self) -> None:
        """The carrier went away in the middle of it."""
        if self.status != "completed":
            self.reason, line = "last-participant-left", self.line()
            self._become("completed")
            for recording in self.recordings:
                recordings.stop(recording, line)

    def _become(self, status: str) -> None:
        self.status, self.updated = status, self.exchange.clock.now()
        self.exchange.journal.conference(self)

    # -- what they hear

    def utter(self, speaker: Member, kind: str, text: str, length: float | None = None) -> list[Member]:
        listeners = super().utter(speaker, kind, text, length)
        if self.open and not speaker.muted and not speaker.hold and speaker.coached is None:
            heard = self._note("callee", kind, text, length)
            if kind == "speech" and self._first and "speaker" in self._first.callback_events:
                self.exchange.spawn(self._speaking(speaker, heard.length))
        return listeners

    def to_all(self, kind: str, text: str, length: float | None = None) -> None:
        super().to_all(kind, text, length)
        self._note("carrier", kind, text, length)

    def _note(self, side: str, kind: str, text: str, length: float | None) -> Heard:
        if length is None:
            length = speech_seconds(text) if kind == "speech" else keys_seconds(text)
        now = self.line()
        heard = Heard(now, now + length, side, kind, text, length)
        self.heard.append(heard)
        self.exchange.journal.heard(self, heard)
        return heard

    async def _speaking(self, speaker: Participant, seconds: float) -> None:
        self._tell("participant-speech-start", speaker)
        await self.time.pass_time(seconds)
        if not speaker.left.done():
            self._tell("participant-speech-stop", speaker)

    def _leave_alone(self, participant: Participant, source: "documents.Source | None", silent: bool = False) -> None:
        """Music, or the document of a wait or hold URL over and over, until there is company."""
        self._keep_company(participant)
        if not silent:
            participant.alone = self.exchange.spawn(_alone(participant.call, source))

    def _keep_company(self, participant: Participant) -> None:
        if participant.alone:
            participant.alone.cancel()
            participant.alone = None

    # -- what the API asks of it

    def mute(self, participant: Participant, muted: bool) -> None:
        if participant.muted != muted:
            participant.muted, participant.updated = muted, self.exchange.clock.now()
            self._tell("participant-mute" if muted else "participant-unmute", participant)

    def hold(self, participant: Participant, hold: bool, source: "documents.Source | None" = None) -> None:
        if participant.hold == hold:
            return
        participant.hold, participant.updated = hold, self.exchange.clock.now()
        if participant.joined is not None:
            if hold:
                self._leave_alone(participant, source)
            else:
                self._keep_company(participant)
                if not self.open:
                    self._leave_alone(participant, participant.entry.wait, participant.entry.silent)
        self._tell("participant-hold" if hold else "participant-unhold", participant)

    def modify(self, participant: Participant, **changed) -> None:
        """`ends`, `beep` or `coached`."""
        for name, value in changed.items():
            setattr(participant, name, value)
        participant.updated = self.exchange.clock.now()
        self._tell("participant-modify", participant)

    def announce(self, source: "documents.Source", to: Participant | None = None) -> None:
        """Read a document to one of them, or to all."""
        self.exchange.spawn(self._announce(source, to))

    async def _announce(self, source: "documents.Source", to: Participant | None) -> None:
        listener = to or next(iter(self.members.values()), None)
        if listener is None:
            return
        done = await twiml.Session(listener.call, None if to else self).play(source)
        self._tell("announcement-end" if done else "announcement-fail", to)

    # -- what the application is told

    def _tell(self, event: str, participant: Participant | None, **more: str) -> None:
        exchange, first = self.exchange, self._first
        sequence, self._sequence = self._sequence + 1, self._sequence + 1
        call = participant.call if participant else None
        exchange.log.add(
            event, call.sid if call else None, call.to if call else None, conference=self.sid,
            name=self.friendly_name, sequence=sequence, **more,
        )  # fmt: skip
        if first is None or not first.callback or SUBSCRIBED_BY[event] not in first.callback_events:
            return
        params = {
            "ConferenceSid": self.sid,
            "FriendlyName": self.friendly_name,
            "AccountSid": exchange.account_sid,
            "SequenceNumber": str(sequence),
            "Timestamp": exchange.rfc2822(exchange.clock.now()),
            "StatusCallbackEvent": event,
            **more,
        }
        if participant:
            params |= {
                "CallSid": call.sid,
                "Muted": _text(participant.muted),
                "Hold": _text(participant.hold),
                "Coaching": _text(participant.coached is not None),
                "EndConferenceOnExit": _text(participant.ends),
                "StartConferenceOnEnter": _text(participant.entry.starts),
            }
            if participant.entry.label:
                params["ParticipantLabel"] = participant.entry.label
            if participant.coached:
                params["CallSidToCoach"] = participant.coached
        if exchange.trouble("conference-callback-drop", call, event, self.friendly_name):
            return
        if event != "conference-end" and exchange.trouble(
            "conference-callback-reorder", call, event, self.friendly_name
        ):
            self._held.append(params)
            return
        held, self._held = self._held, []
        for ready in (params, *held):
            self._last_callback = exchange.spawn(self._send_after(self._last_callback, ready))

    async def _send_after(self, before: asyncio.Task | None, params: dict[str, str]) -> None:
        if before is not None:
            await asyncio.wait({before}, timeout=5.0)
        await self.post(self._first.callback_method, self._first.callback, params, "conference-callback")


def _text(flag: bool) -> str:
    return "true" if flag else "false"


async def _alone(call, source: "documents.Source | None") -> None:
    began = call.line()
    if source is None:
        try:
            await call.over.wait()
        finally:
            call.sounded("carrier", "music", began)
        return
    while not call.over.is_set():
        before = call.line()
        if not await twiml.Session(call).play(source):
            return
        if call.line() - before < 0.1:
            # a document that takes no time is not asked for without end
            await call.pass_time(1.0)


@dataclass
class Conferences:
    """The conferences of an account; of each name at most one that has not ended."""

    exchange: object
    by_sid: dict[str, Conference] = field(default_factory=dict)

    def named(self, name: str, base_url: str) -> Conference:
        """The one of that name that has not ended, a new one if there is none."""
        known = self.live(name)
        if known is not None:
            return known
        conference = Conference(self.exchange, self.exchange.new_sid("CF"), name, base_url)
        self.by_sid[conference.sid] = conference
        self.exchange.journal.conference(conference)
        return conference

    def live(self, name: str) -> Conference | None:
        """By its name or its sid."""
        known = self.by_sid.get(name)
        if known is not None:
            return known if known.status != "completed" else None
        return next((c for c in self.by_sid.values() if c.friendly_name == name and c.status != "completed"), None)
