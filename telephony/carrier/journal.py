"""The carrier's memory on disk: what it may not forget when it is killed, one JSON line each, in the order it happened.

Calls, what was said on them, recordings, callbacks that are owed, what the control API told of the numbers, the clock.
Not kept: the event log, notifications, and the table of faults. A line is written before anybody is told of it, so a
carrier that was killed knows at least what others know of it. Sounds are not kept but made again from the words.
"""

import json
import logging
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from telephony.carrier import recordings
from telephony.carrier.calls import TERMINAL, Call, Order
from telephony.carrier.conferences import Conference
from telephony.carrier.documents import Source
from telephony.carrier.sound import Heard

log = logging.getLogger(__name__)


class Journal:
    """One file for each account in `folder`; None keeps nothing. What is noted before `open` is lost."""

    def __init__(self, folder: Path | None, account_sid: str):
        self.path = folder / f"{account_sid}.jsonl" if folder else None
        self._file = None
        self._owed: dict[int, dict] = {}
        self._next = 0

    def note(self, note: str, **what) -> None:
        if self._file is not None:
            self._file.write(_line({"note": note, **what}))

    # -- each part of the state as one line

    def clock(self, exchange) -> None:
        self.note(**_clock(exchange))

    def call(self, call: Call) -> None:
        self.note(**_created(call))

    def status(self, call: Call) -> None:
        self.note(**_status(call))

    def heard(self, call: Call, piece: Heard) -> None:
        self.note("heard", sid=call.sid, **asdict(piece))

    def conference(self, conference) -> None:
        self.note(**_conference(conference))

    def sounds_cut(self, call: Call) -> None:
        """Where each sound really ended, once the call is over."""
        self.note("ends", sid=call.sid, ends=[piece.end for piece in call.heard])

    def recording(self, recording: recordings.Recording) -> None:
        self.note(**_recording(recording))

    def owe(self, call: Call, method: str, url: str, params: dict[str, str], event: str) -> int:
        """A callback that is to be sent; `sent` with the number returned says that it was."""
        number, self._next = self._next, self._next + 1
        self._owed[number] = {"sid": call.sid, "method": method, "url": url, "params": params, "event": event}
        self.note("owed", number=number, **self._owed[number])
        return number

    def sent(self, number: int) -> None:
        if self._owed.pop(number, None) is not None:
            self.note("sent", number=number)

    # -- the file

    def open(self, exchange) -> None:
        """Take up where the last process ended, end the calls that it left, and send what it owed. In the event loop."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._replay(exchange)
        owed, self._owed = self._owed, {}
        self._write_anew(exchange)
        for callback in owed.values():
            call = exchange.calls[callback.pop("sid")]
            exchange.spawn(call.post(**callback, owed=self.owe(call, **callback)))
        for recording in exchange.recordings.values():
            recordings.resume(recording)
        for conference in exchange.conferences.by_sid.values():
            conference.end_after_restart()
        for call in exchange.calls.values():
            if call.status not in TERMINAL:
                call.end_after_restart()

    def clear(self, exchange) -> None:
        """Forget everything that was written."""
        self._owed.clear()
        if self.path is not None:
            self.close()
            self._write_anew(exchange)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write_anew(self, exchange) -> None:
        """The present state instead of the way to it."""
        beside = self.path.with_suffix(".new")
        beside.touch(mode=0o600)
        with beside.open("wb") as file:
            file.writelines(_line(entry) for entry in _snapshot(exchange))
        beside.replace(self.path)
        # unbuffered: what was written survives a kill of this process
        self._file = self.path.open("ab", buffering=0)

    def _replay(self, exchange) -> None:
        ends_of_line: dict[str, float] = {}
        with self.path.open("rb") as file:
            for position, line in enumerate(file, 1):
                try:
                    entry = json.loads(line)
                except ValueError:
                    # the one that was being written when the process was killed
                    log.warning("%s: line %d is incomplete and left out", self.path, position)
                    continue
                self._take(entry.pop("note"), entry, exchange, ends_of_line)
        for sid, moment in ends_of_line.items():
            if (call := exchange.calls[sid]).status not in TERMINAL:
                call.stand_still_at(moment)

    def _take(self, note: str, entry: dict, exchange, ends_of_line: dict[str, float]) -> None:
        match note:
            case "clock":
                _set_clock(exchange, **entry)
            case "number":
                exchange.numbers.put(**entry)
            case "dialled":
                exchange.numbers.count_dials(**entry)
            case "forget":
                exchange.numbers.forget(entry["number"])
            case "call":
                call = _call(exchange, **entry)
                exchange.calls[call.sid] = call
                exchange.log.add("created", call.sid, call.to, at=call.created, url=call.order.source.url)
            case "status":
                ends_of_line[entry["sid"]] = entry.pop("line")
                exchange.calls[entry.pop("sid")].restore(**entry)
            case "conference":
                _restore_conference(exchange, **entry)
            case "heard":
                call = _owner(exchange, entry.pop("sid"))
                piece = Heard(**entry)
                for before in call.heard:
                    if before.side == piece.side:  # nobody says two things at once: the first was cut short
                        before.end = min(before.end, piece.start)
                call.heard.append(piece)
                if call.sid in exchange.calls:
                    ends_of_line[call.sid] = piece.start
                elif call.status != "completed":
                    call.stand_still_at(piece.start)
            case "ends":
                for piece, end in zip(_owner(exchange, entry["sid"]).heard, entry["ends"], strict=False):
                    piece.end = end
            case "silent":
                _owner(exchange, entry["sid"]).heard = []
            case "recording":
                _restore_recording(exchange, **entry)
            case "owed":
                number = entry.pop("number")
                self._owed[number] = entry
                self._next = max(self._next, number + 1)
            case "sent":
                self._owed.pop(entry["number"], None)


def _line(entry: dict) -> bytes:
    return (json.dumps(entry, ensure_ascii=False) + "\n").encode()


def _snapshot(exchange):
    yield _clock(exchange)
    for number, entry in exchange.numbers.entries.items():
        yield {"note": "number", "number": number, **asdict(entry)}
    for number, times in exchange.numbers.dials.items():
        yield {"note": "dialled", "number": number, "times": times}
    for call in exchange.calls.values():
        yield _created(call)
        for piece in call.heard:
            yield {"note": "heard", "sid": call.sid, **asdict(piece)}
        yield {"note": "ends", "sid": call.sid, "ends": [piece.end for piece in call.heard]}
        for recording in call.recordings:
            yield _recording(recording)
        yield _status(call)
    for conference in exchange.conferences.by_sid.values():
        yield _conference(conference)
        for piece in conference.heard:
            yield {"note": "heard", "sid": conference.sid, **asdict(piece)}
        yield {"note": "ends", "sid": conference.sid, "ends": [piece.end for piece in conference.heard]}
        for recording in conference.recordings:
            yield _recording(recording)


def _owner(exchange, sid: str):
    """The call or the conference of that sid."""
    return exchange.calls[sid] if sid in exchange.calls else exchange.conferences.by_sid[sid]


def _clock(exchange) -> dict:
    clock = exchange.clock
    return {
        "note": "clock", "wall": time.time(), "now": clock.now(), "speed": clock.speed, "asked": exchange.config.speed,
    }  # fmt: skip


def _set_clock(exchange, wall: float, now: float, speed: float, asked: float) -> None:
    """As if it had run on meanwhile; another --speed than last time is obeyed from here on."""
    meanwhile = now + (time.time() - wall) * speed
    given = exchange.config.speed
    exchange.clock.set(datetime.fromtimestamp(meanwhile, UTC), speed if given == asked else given)


def _created(call: Call) -> dict:
    order = call.order
    return {
        "note": "call", "sid": call.sid, "to": call.to, "from_": call.from_, "base_url": call.base_url,
        "created": call.created, "url": order.source.url, "status_callback": order.status_callback,
        "status_method": order.status_method, "status_events": sorted(order.status_events), "record": order.record,
        "direction": call.direction, "parent": call.parent.sid if call.parent else None,
    }  # fmt: skip


def _call(
    exchange, sid, to, from_, base_url, created, url, status_events, direction="outbound-api", parent=None, **order
) -> Call:
    # what would only be needed to go on talking is not kept: a call does not outlive its carrier
    wanted = Order(source=Source(url), status_events=frozenset(status_events), **order)
    call = Call(exchange, sid, to, from_, wanted, base_url, direction=direction, parent=exchange.calls.get(parent))
    call.created = call.updated = created
    return call


def _status(call: Call) -> dict:
    return {"note": "status", "sid": call.sid, "line": call.line(), **call.to_restore()}


def _conference(conference: Conference) -> dict:
    return {
        "note": "conference", "sid": conference.sid, "name": conference.friendly_name, "base_url": conference.base_url,
        "status": conference.status, "created": conference.created, "updated": conference.updated,
        "reason": conference.reason, "ended_by": conference.ended_by,
        "told_by": conference.told_by.sid if conference.told_by else None,
    }  # fmt: skip


def _restore_conference(exchange, sid, name, base_url, told_by, **state) -> None:
    known = exchange.conferences.by_sid
    conference = known.get(sid) or known.setdefault(sid, Conference(exchange, sid, name, base_url))
    conference.told_by = exchange.calls.get(told_by)
    for field, value in state.items():
        setattr(conference, field, value)


_FIELDS = (
    "sid", "source", "channels", "track", "trim", "callback", "callback_method", "status", "started", "updated",
    "spans", "open_since", "open_muted", "error_code", "deleted",
)  # fmt: skip


def _recording(recording: recordings.Recording) -> dict:
    kept = {name: getattr(recording, name) for name in _FIELDS}
    return {
        "note": "recording", "call": recording.call.sid, "callback_events": sorted(recording.callback_events), **kept
    }  # fmt: skip


def _restore_recording(exchange, call: str, callback_events: list[str], spans: list, **kept) -> None:
    of = _owner(exchange, call)
    recording = recordings.Recording(
        call=of, callback_events=frozenset(callback_events), spans=[tuple(span) for span in spans], **kept
    )
    if recording.sid in exchange.recordings:
        of.recordings = [known for known in of.recordings if known.sid != recording.sid]
    of.recordings.append(recording)
    exchange.recordings[recording.sid] = recording
