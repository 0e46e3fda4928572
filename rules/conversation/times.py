"""Times and days told on the phone: when to ring again, and on which day the receipt was signed."""

from datetime import datetime

from rules.answers import Said
from rules.conversation.answers import misheard
from rules.conversation.slots import book, book_default, permitted, slots_near
from rules.conversation.values import Heard
from rules.conversation.walk import Walk
from rules.script import ScriptStep
from rules.speech import LEAST_CONFIDENCE, Understood
from rules.spoken_days import read_past_day
from rules.spoken_times import read_time

# Words in which no time was named: it is asked for again
_WITHOUT_A_TIME = (Said.YES, Said.NO, Said.UNSURE, Said.BUSY, Said.NOT_UNDERSTOOD, Said.THIRD_PARTY)


def hear_time(walk: Walk, step: ScriptStep, heard: Heard, understood: Understood, now: datetime) -> bool:
    """Whether what was heard is dealt with here: a time, permitted or not, or words in which there is none."""
    third_party = step.id == "T2"
    if understood.answer in (Said.REFUSE, Said.SILENT, Said.REPEAT) or understood.detail in (
        "NO_SUCH_PERSON",
        "DECEASED",
    ):
        return False
    if understood.detail in ("SLOT1", "SLOT2"):
        slots = walk.at["slots"]
        return book(walk, step, slots[min(int(understood.detail[-1]), len(slots)) - 1], understood)
    if heard.kind == "keys" or (heard.confidence is not None and heard.confidence < LEAST_CONFIDENCE):
        return False
    local = now.astimezone(walk.sheet.appointment_times[0].start.tzinfo) if walk.sheet.appointment_times else now
    meant = read_time(heard.text, local)
    if meant is not None:
        if permitted(walk, meant):
            return book(walk, step, meant, understood)
        walk.at["silent_in_a_row"] = 0
        if third_party:
            walk.record(understood, final=True, answer=Said.NO, detail="TIME_NOT_PERMITTED", person=True)
            walk.go("T2.unbooked")
            return True
        walk.record(understood, final=False, answer=Said.NO, detail="TIME_NOT_PERMITTED", person=True)
        slots = slots_near(walk, meant)
        if step.id == "A1.offer" or not slots:
            book_default(walk, now)
        else:
            walk.at["slots"] = slots
            walk.go("A1.offer")
        return True
    without_a_time = (Said.YES,) if third_party else _WITHOUT_A_TIME
    if understood.answer in without_a_time:
        if step.id == "A1.offer" and understood.answer is Said.YES and walk.at["slots"]:
            return book(walk, step, walk.at["slots"][0], understood)
        misheard(walk, step, Understood(Said.NOT_UNDERSTOOD, understood.because, understood.confidence), now)
        return True
    return False


def hear_day(walk: Walk, step: ScriptStep, heard: Heard, understood: Understood, now: datetime) -> bool:
    """Whether a day up to today was named; it is recorded with the answer (C44)."""
    if heard.kind != "speech" or (heard.confidence is not None and heard.confidence < LEAST_CONFIDENCE):
        return False
    day = read_past_day(heard.text, walk.sheet.now_date)
    if day is None or "YES" not in step.on:
        return False
    walk.at["silent_in_a_row"] = walk.at["misheard_in_a_row"] = 0
    walk.record(understood, final=True, answer=Said.YES, detail="", date=day.isoformat())
    walk.go(step.on["YES"])
    return True
