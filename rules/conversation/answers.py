"""What an answer leads to: the next step, an explanation and the question again, or an item left open."""

from datetime import datetime

from rules.answers import Said
from rules.conversation.open_questions import hear_question, ready_answer_clear
from rules.conversation.slots import book_default
from rules.conversation.walk import Walk
from rules.outcomes import OPEN_ANSWERS
from rules.script import BACK, IDENTITY_QUESTIONS, NEXT, NEXT_POLICY, ScriptStep
from rules.speech import Understood

DIGRESSIONS = 2  # how often the same aside may interrupt a call
# Asides whatever they lead to next
ASIDES = ("R1", "L1", "A1", "A1.operator", "T5")
MISHEARD_IN_A_ROW = 4  # then the language itself is asked about


def take_answer(walk: Walk, step: ScriptStep, understood: Understood, now: datetime) -> None:
    answer = understood.answer
    if answer is Said.SILENT:
        return _silent(walk, step, understood, now)
    if answer is not Said.NOT_UNDERSTOOD:
        walk.at["silent_in_a_row"] = 0
    if answer is Said.NOT_UNDERSTOOD:
        return misheard(walk, step, understood, now)
    if answer is Said.REPEAT and "REPEAT" not in step.on:
        if walk.count("repeated") <= walk.script.repeats:
            walk.record(understood, final=False)
            return walk.say(step.ask)  # asked to hear it again: the whole of it, and no try is lost
        return misheard(walk, step, understood, now)
    walk.at["misheard_in_a_row"] = 0
    if understood.detail in ("LANGUAGE", "HEARING", "AGE"):
        walk.at["barrier"] = understood.detail
    if step.records == "K3":
        if step.question in ("anything_else", "what"):
            if hear_question(walk, step, understood):
                return None
        elif step.question == "clear":
            return ready_answer_clear(walk, understood)
    if answer is Said.OBJECT and understood.detail == "DENIES" and step.restate and not walk.counted("restated"):
        walk.count("restated")
        walk.record(understood, final=False, detail="")
        return walk.say(step.restate, step.again or step.ask)
    target = _target(walk, step, understood)
    if target is not None:
        return follow(walk, step, understood, target, now)
    return _item(walk, step, understood, now)


def _target(walk: Walk, step: ScriptStep, understood: Understood) -> str | None:
    plain, refined = str(understood.answer), f"{understood.answer}.{understood.detail}"
    anywhere = walk.script.anywhere if walk.at["proxy"] is None or plain != Said.THIRD_PARTY else {}
    for target in (step.on.get(refined), anywhere.get(refined), step.on.get(plain), anywhere.get(plain)):
        if target is not None and not _would_tell(walk, target):
            return target
    return None


def _would_tell(walk: Walk, target: str) -> bool:
    step = walk.script.steps.get(target)
    return step is not None and step.discloses and walk.at["identity"] != "PROVEN"


def follow(walk: Walk, step: ScriptStep, understood: Understood, target: str, now: datetime) -> None:
    answer = understood.answer
    if target == "R1" and step.question in IDENTITY_QUESTIONS:
        target = "I1.declined"
    if target == "I1.declined" and step.restate and not walk.counted("restated"):
        walk.count("restated")
        walk.record(understood, final=False, person=True)
        return walk.say(step.restate, step.again or step.ask)
    if target == "R1" and walk.counted("visited", "R1"):
        target = "R1.refused"  # persuaded once (C31)
    if target == "L1" and walk.counted("visited", "L1"):
        target = "L1.barrier"
    if target == "D2":
        walk.record(understood, final=True, step="M1")
        return walk.go(target)
    if target == "R1.refused":
        walk.record(understood, final=True, step="R1", answer=Said.REFUSE, person=True)
        return walk.go(target)
    if target == "L1.barrier":
        barrier = walk.at["barrier"] or "LANGUAGE"
        walk.record(understood, final=True, step="C3", answer=Said.NO, detail=barrier, person=True)
        return walk.go(target)
    if answer is Said.QUESTION and step.restate and not walk.counted("restated"):
        walk.count("restated")
        walk.record(understood, final=False)
        return walk.say(step.restate, step.again or step.ask)
    if understood.signer and step.question == "signature":
        target = NEXT  # said unasked who it was
    digresses = _digresses(walk, target)
    if digresses and walk.count("visited", target) > DIGRESSIONS:
        return misheard(walk, step, understood, now)
    if target == "T1.deceased":
        walk.record(understood, final=True, step="T1", answer=Said.NO, detail="DECEASED", person=True)
    elif target == "T4":
        walk.record(understood, final=True, step="T1", answer=Said.NO, detail="NO_SUCH_PERSON", person=True)
    elif target in ("K3.complaint", "K3.surrender"):
        walk.record(understood, final=True, step="K3", person=True)
    elif step.id == "K1.since":
        since = {Said.YES: "CHANGED", Said.NO: "WRONG"}.get(answer)
        walk.record(understood, final=True, answer=Said.NO, detail=since)
    elif step.question == "time":
        walk.record(understood, final=False, person=True)
    elif step.question == "consent":
        _consent(walk, step, understood)
    else:
        item = walk.per_policy and step.id == walk.at["place"]
        corrected = True if answer is Said.YES and _was_unclear(walk, step) else None
        detail = "" if understood.detail == "DENIES" else None
        open_still = (digresses and item) or target == "K3.what"
        walk.record(understood, final=not open_still, corrected=corrected, detail=detail)
    if target == NEXT_POLICY or (target in walk.script.steps and walk.script.steps[target].next == NEXT_POLICY):
        walk.at["silent_in_a_row"] = 0
    if target == BACK and step.id == "L1":
        walk.say("phrase.slower")
    return walk.go(target)


def _consent(walk: Walk, step: ScriptStep, understood: Understood) -> None:
    """Before identity only that a relative would answer; the consent itself is the policyholder's, proven (C6)."""
    proven = walk.at["identity"] == "PROVEN"
    if understood.answer is Said.YES:
        walk.at["proxy"] = "AGREED" if proven else "WANTED"
    elif proven:
        walk.at["proxy"] = None
    walk.record(understood, final=proven, person=True)


def _digresses(walk: Walk, target: str) -> bool:
    """Whether the call will come back to the same question after `target`."""
    steps, seen = walk.script.steps, set()
    step = steps.get(target)
    if step is None or step.end or target in walk.script.per_policy or target in walk.script.closing:
        return False
    if target in ASIDES:
        return True
    while step is not None and not step.question and step.id not in seen:
        seen.add(step.id)
        target = step.next or NEXT if walk.meets(step) else step.otherwise or NEXT
        step = steps.get(target)
    if step is not None and not walk.meets(step):
        target = step.otherwise or NEXT
    return target in (BACK, walk.at["place"], walk.at["step"])


def _item(walk: Walk, step: ScriptStep, understood: Understood, now: datetime) -> None:
    """An item of the list, or a question whose step says nothing special about this answer."""
    answer = understood.answer
    if step.question == "signer":
        walk.record(understood, final=True, answer=Said.NO)
        return walk.go(NEXT)
    if step.question in IDENTITY_QUESTIONS:
        return misheard(walk, step, understood, now)  # only the element itself proves anything
    if answer is Said.YES:
        walk.record(understood, final=True, corrected=True if _was_unclear(walk, step) else None)
        return walk.go(NEXT)
    if step.explain is None or answer in OPEN_ANSWERS:
        return misheard(walk, step, understood, now)
    if walk.counted("explained") < walk.script.explanations:
        walk.count("explained")
        walk.record(understood, final=False)
        return walk.say(step.explain, step.again or step.ask)
    walk.record(understood, final=True, corrected=False, detail="" if understood.detail == "DENIES" else None)
    return walk.go(NEXT)


def _was_unclear(walk: Walk, step: ScriptStep) -> bool:
    return bool(step.explain and (walk.counted("explained") or walk.counted("restated")))


# ---------------------------------------------------------------- nothing definite


def _silent(walk: Walk, step: ScriptStep, understood: Understood, now: datetime) -> None:
    walk.at["silent_in_a_row"] += 1
    if walk.at["silent_in_a_row"] >= walk.script.silent_turns:
        _leave_open(walk, understood)
        return walk.go("X")
    if walk.count("silent") == 1:
        walk.record(understood, final=False)
        return walk.say("phrase.silent", step.again or step.ask)
    return _give_up(walk, step, understood, now)


def misheard(walk: Walk, step: ScriptStep, understood: Understood, now: datetime) -> None:
    walk.at["misheard_in_a_row"] += 1
    times = walk.count("misheard")
    if times >= walk.script.misheard:
        return _give_up(walk, step, understood, now)
    if walk.at["misheard_in_a_row"] >= MISHEARD_IN_A_ROW and not walk.counted("visited", "L1"):
        walk.record(understood, final=False)
        walk.count("visited", "L1")
        return walk.go("L1")
    walk.record(understood, final=False)
    keys = "phrase.use_keys" if times > 1 and step.keys else None
    return walk.say("phrase.misheard", keys, step.again or step.ask)


def _give_up(walk: Walk, step: ScriptStep, understood: Understood, now: datetime) -> None:
    """Asked often enough at this step without an answer. An item stays open; it is never a yes (S2)."""
    target = step.on.get("SILENT" if understood.answer is Said.SILENT else "NOT_UNDERSTOOD")
    if target is not None:
        return follow(walk, step, understood, target, now)
    if step.question == "time":
        walk.record(understood, final=False, person=True)
        return book_default(walk, now)
    if step.id in ("K3.what", "K3.answered"):
        walk.record(understood, final=True, answer=Said.QUESTION, detail="NOT_ANSWERABLE", corrected=False)
        return walk.go("K3.noted")
    if step.id == "K1.since":
        walk.record(understood, final=True, answer=Said.NO)
        return walk.go("K1.noted")
    if walk.per_policy or walk.at["place"] in walk.script.closing:
        _leave_open(walk, understood)
        # an aside such as the refusal is not what was asked: the item itself comes again, it is not passed over
        return walk.go(NEXT if step.records == walk.script.steps[walk.at["place"]].records else BACK)
    walk.record(understood, final=False)
    if understood.answer is not Said.SILENT and not walk.counted("visited", "L1"):
        walk.count("visited", "L1")
        return walk.go("L1")
    return walk.go("X")


def _leave_open(walk: Walk, understood: Understood) -> None:
    step = walk.step
    if step.id != walk.at["place"]:  # a detail such as who signed: what it belongs to has been answered
        return walk.record(understood, final=False)
    if walk.per_policy:
        walk.at["open_items"] += (f"{walk.at['policy']}/{step.records}",)
    return walk.record(understood, final=True)
