"""Simulated people who hear each other: what they say in a conference, and when they leave."""

from telephony.carrier.callees import Prompt
from telephony.carrier.sound import speech_seconds

# between a question and the next sentence, simulated seconds
_BREATH = 0.8


async def leave_in_time(call, seconds: float) -> None:
    await call.exchange.clock.sleep(seconds)
    if call.status == "in-progress":
        call.callee_leaves()


async def lose_in_time(call, seconds: float) -> None:
    await call.exchange.clock.sleep(seconds)
    if call.status == "in-progress":
        call.lose_connection()


async def say(call, text: str) -> list[dict]:
    """Let the callee of `call` say something now, and whoever hears it in its room answer in turn. Returns who heard it
    and what each made of it: `{"call_sid", "number", "speech" | "silent" | "hangup"}`."""
    call.exchange.log.add("heard", call.sid, call.to, speech=text, asked=False)
    member, room = call.member, call.room
    if member is None:
        call.own_sound("speech", text)
        await call.pass_time(speech_seconds(text))
        return []
    listeners = room.utter(member, "speech", text)
    await room.time.pass_time(speech_seconds(text))
    answers = []
    for listener in listeners:
        if (answer := await _answer(room, listener, text)) is not None:
            answers.append({"call_sid": listener.call.sid, "number": listener.call.to, **answer})
    return answers


async def _answer(room, listener, text: str) -> dict | None:
    """What somebody answers who was spoken to; None when he is gone meanwhile."""
    call = listener.call
    if call.sid not in room.members or call.callee.kind == "machine":
        return None
    reaction = call.callee.react(Prompt(text, frozenset({"speech"}), None, "", room.exchange.clock.instant()))
    await room.time.pass_time(reaction.delay if reaction.kind != "silent" else 0.0)
    if call.sid not in room.members:
        return None
    if reaction.kind == "hangup":
        room.exchange.log.add("heard", call.sid, call.to, hangup=True)
        call.callee_leaves()
        return {"hangup": True}
    if reaction.kind == "silent" or not reaction.text:
        return {"silent": True}
    kind = "speech" if reaction.kind == "say" else "keys"
    room.utter(listener, kind, reaction.text)
    room.exchange.log.add("heard", call.sid, call.to, **{kind: reaction.text}, asked=True)
    await room.time.pass_time(speech_seconds(reaction.text))
    return {kind: reaction.text}


async def speak_unasked(call) -> None:
    """What a callee with `says` says once the room is open and somebody else is there."""
    room = call.room
    for text in call.callee.says:
        while call.room is room and (member := call.member) and not room.listeners(member):
            await room.exchange.clock.sleep(0.5)
        if call.room is not room or call.member is None:
            return
        await say(call, text)
        await room.exchange.clock.sleep(_BREATH)
