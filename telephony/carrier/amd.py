"""Machine detection: who answered, and when the verdict falls."""

from dataclasses import dataclass

from telephony.carrier.sound import speech_seconds


@dataclass(frozen=True)
class Detection:
    """Times in seconds. `mode` is "Enable" or "DetectMessageEnd"."""

    mode: str
    asynchronous: bool = False
    callback: str | None = None
    callback_method: str = "POST"
    timeout: float = 30.0
    silence: float = 5.0
    speech_end: float = 1.2


async def detect(call, detection: Detection) -> None:
    """Synchronously: hold the call in silence until the verdict. Asynchronously: post the verdict when it falls."""
    if detection.asynchronous:
        call.exchange.spawn(_tell(call, detection))
    else:
        await _verdict(call, detection, call.pass_time)


async def _verdict(call, detection: Detection, sleep) -> None:
    answered, trouble = call.line(), call.exchange.trouble
    greeting = call.callee.greeting
    if call.callee.kind == "machine":
        beep = call.sounds("callee", "speech", greeting).length + 0.5
        if detection.mode == "Enable":
            verdict, after = "machine_start", min(3.2, detection.timeout)
        elif beep > detection.timeout:
            verdict, after = "machine_end_other", detection.timeout
        else:
            verdict, after = "machine_end_beep", 0.5
            await sleep(beep)
            call.sounds("callee", "beep", "", 0.5)
    elif greeting:
        call.sounds("callee", "speech", greeting)
        verdict, after = "human", min(speech_seconds(greeting) + detection.speech_end, detection.timeout)
    else:
        verdict, after = "unknown", min(detection.silence, detection.timeout)
    if call.callee.kind == "fax":
        verdict, after = "fax", 1.5
    if trouble("machine-unknown", call):
        verdict, after = "unknown", detection.timeout
    if ordered := trouble("machine-verdict", call):
        verdict = ordered["answered_by"]
    late = trouble("machine-verdict-late", call) if detection.asynchronous else None
    await sleep(late["seconds"] if late else after)
    if call.ended is not None and not late:
        return
    call.answered_by = verdict
    call.detection_ms = round((call.line() - answered) * 1000)
    call.exchange.log.add("machine-detection", call.sid, call.to, answered_by=verdict)


async def _tell(call, detection: Detection) -> None:
    await _verdict(call, detection, call.exchange.clock.sleep)
    if call.exchange.trouble("machine-verdict-never", call):
        return
    if detection.callback and call.answered_by:
        params = {
            "CallSid": call.sid,
            "AccountSid": call.exchange.account_sid,
            "AnsweredBy": call.answered_by,
            "MachineDetectionDuration": str(call.detection_ms),
        }
        await call.post(detection.callback_method, detection.callback, params, "amd-callback")
