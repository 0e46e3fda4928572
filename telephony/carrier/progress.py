"""What the application is told of a call's progress: the status callbacks, in order, counted, and with what faults do to them."""

import asyncio
import math

from telephony.carrier import recordings, tricks
from telephony.carrier.webhooks import Reply

TERMINAL = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
# which status Twilio gives to a declined call is not documented; busy is what its users report
DECLINED = "603"
# real seconds that a callback waits for the answer to the one before
_IN_ORDER = 5.0
_SIP = {"completed": "200", "busy": "486", "no-answer": "487", "failed": "404", "canceled": "487"}
_EVENTS = {"in-progress": "answered", **dict.fromkeys(TERMINAL, "completed")}


class Progress:
    """Of one call. `sequence` is the number that the next event gets, told or not; `sip` the code with which the call ended,
    None for the usual one of its status."""

    def __init__(self, call):
        self.call = call
        self.sequence = 0
        self.sip: str | None = None
        self._rang: float | None = None
        # its predecessor: on its way, and sent
        self._last: tuple[asyncio.Event, asyncio.Task] | None = None
        self._held: list[dict[str, str]] = []

    def report(self, status: str) -> None:
        """One event of the call's progress; it counts in SequenceNumber whether subscribed or not."""
        call, exchange = self.call, self.call.exchange
        if gap := self._trouble("sequence-gap", status):
            self.sequence += gap["by"]
        sequence, self.sequence = self.sequence, self.sequence + 1
        exchange.journal.status(call)
        exchange.log.add(status, call.sid, call.to, sequence=sequence)
        if status == "ringing":
            self._rang = exchange.clock.now()
        order = call.order
        if not order.status_callback or _EVENTS.get(status, status) not in order.status_events:
            return
        params = self._told(status, sequence)
        if not self._trouble("callback-drop", status):
            self._on_its_way(status, params)

    def _trouble(self, name: str, status: str) -> dict | None:
        return self.call.exchange.trouble(name, self.call, status)

    def _on_its_way(self, status: str, params: dict[str, str]) -> None:
        """Sent in its turn, or as a fault has it."""
        exchange, copies = self.call.exchange, [params]
        if foreign := self._trouble("callback-foreign", status):
            strange = (
                {"CallSid": exchange.new_sid("CA")}
                if foreign["of"] == "call"
                else {"AccountSid": exchange.new_sid("AC")}
            )
            copies.insert(0, params | strange)
        if late := self._trouble("callback-late", status):
            exchange.spawn(self._send_late(params, self._owe(params), late["seconds"]))
            return
        if replayed := self._trouble("callback-replayed", status):
            exchange.spawn(self._send_late(params, self._owe(params), replayed["seconds"]))
        if status == "completed" and self._trouble("recording-before-call", status):
            exchange.spawn(self._send_after_recordings(params, self._owe(params)))
            return
        if status not in TERMINAL and self._trouble("callback-reorder", status):
            self._held.append(params)
            return
        if again := self._trouble("callback-duplicate", status):
            later = exchange.rfc2822(exchange.clock.now() + 1)
            copies.append(params | {"Timestamp": later} if again["fresh"] else params)
        held, self._held = self._held, []
        for copy in (*copies, *held):
            self._queue(copy)

    def _told(self, status: str, sequence: int) -> dict[str, str]:
        """The parameters of a status callback."""
        call, exchange = self.call, self.call.exchange
        moment = exchange.clock.now()
        if status in TERMINAL and self._rang is not None and self._trouble("equal-timestamps", status):
            moment = self._rang
        if skew := self._trouble("clock-skew", status):
            moment += skew["shift"]
        params = {
            **call.params,
            "CallStatus": status,
            "Timestamp": exchange.rfc2822(moment),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(sequence),
        }
        if call.answered_by:
            params["AnsweredBy"] = call.answered_by
        if status in TERMINAL:
            params["CallDuration"] = str(call.duration)
            params["Duration"] = str(math.ceil(call.duration / 60))
            params["SipResponseCode"] = self.sip or _SIP[status]
            if status == "completed" and call.order.record and call.recordings:
                recording = call.recordings[0]
                params["RecordingUrl"] = recordings.url(recording)
                params["RecordingSid"] = recording.sid
                params["RecordingDuration"] = str(recording.duration)
        if self._trouble("callback-odd-fields", status):
            for name in ("Caller", "Called", "CallbackSource", "Timestamp", "Duration", "SipResponseCode", "ToCity"):
                params.pop(name, None)
            params |= {"Direction": "", "ApiVersion": "", "StirVerstat": "", "CallerLanguage": "", "说明": "新字段"}
        return params

    # -- on the way

    def _queue(self, params: dict[str, str]) -> None:
        on_its_way = asyncio.Event()
        work = self._send_after(self._last, on_its_way, params, self._owe(params))
        self._last = on_its_way, self.call.exchange.spawn(work)

    def _owe(self, params: dict[str, str]) -> int:
        call = self.call
        return call.exchange.journal.owe(call, call.order.status_method, call.order.status_callback, params, "callback")

    async def _send(self, params: dict[str, str], owed: int) -> None:
        order = self.call.order
        await self.post(order.status_method, order.status_callback, params, "callback", owed)

    async def _send_after(
        self, before: tuple[asyncio.Event, asyncio.Task] | None, on_its_way: asyncio.Event, params: dict, owed: int
    ) -> None:
        # fired in order; a slow application holds the next one up for a while (in real time), not for ever
        if before is not None:
            sending, sent = before
            await sending.wait()
            await asyncio.wait({sent}, timeout=_IN_ORDER)
        on_its_way.set()
        await self._send(params, owed)

    async def _send_after_recordings(self, params: dict[str, str], owed: int) -> None:
        clock = self.call.exchange.clock
        while any(recording.status in ("in-progress", "paused", "processing") for recording in self.call.recordings):
            await clock.sleep(0.5)
        await clock.sleep(2.0)
        await self._send(params, owed)

    async def _send_late(self, params: dict[str, str], owed: int, seconds: float) -> None:
        await self.call.exchange.clock.sleep(seconds)
        await self._send(params, owed)

    async def post(self, method: str, url: str, params: dict[str, str], event: str, owed: int | None = None) -> Reply:
        """Send a callback whose answer does not matter; a failure becomes a notification. `owed` is its number in the
        journal, where it stands there already."""
        call, exchange = self.call, self.call.exchange
        if owed is None:
            owed = exchange.journal.owe(call, method, url, params, event)
        told = {"status": params.get("CallStatus") or params.get("RecordingStatus") or params.get("AnsweredBy")}

        def attempted(attempt: int, reply: Reply) -> None:
            exchange.log.add(
                event, call.sid, call.to, url=url, method=method, http=reply.status, error=reply.error,
                attempt=attempt, ms=reply.ms, **told,
            )  # fmt: skip

        what = told["status"] if event == "callback" else event.removesuffix("-callback")
        trick = tricks.on_request(exchange, call, what or event, params)
        reply = await exchange.webhooks.send(method, url, params, attempted=attempted, trick=trick)
        exchange.journal.sent(owed)
        if reply.error:
            exchange.notify(call, reply.error, reply.because, reply)
        return reply
