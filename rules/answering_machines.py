"""Who answered: a verdict of the carrier's, and what is left on a machine (C55)."""

from rules.call_sheet import CallSheet

MACHINES = ("machine", "fax")  # machine_start, machine_end_beep …; `unknown` is a person until it is known better


def is_machine(answered_by: str | None) -> bool:
    return (answered_by or "").startswith(MACHINES)


def ends_here(answered_by: str | None, place: str | None, first: str) -> bool:
    """Whether the call is ended because a machine has it. `place` is where the conversation stands, `first` the question
    that only a person gets past: whoever has answered it is no machine, whatever the verdict."""
    return is_machine(answered_by) and place in (None, "", first)


def notice(sheet: CallSheet, wanted: str) -> tuple[str, ...]:
    """What is left: nothing, or, where `voicemail.notice` is NEUTRAL, who rang and how to ring back. Tells of no
    insurance bought."""
    if wanted != "NEUTRAL":
        return ()
    person = sheet.person
    return (
        f"您好，这里是{sheet.insurer}，工号{sheet.staff_number}。有一件个人服务事项需要联系{person.name[:1]}{person.title or '先生或女士'}，"
        f"方便时请致电{' '.join(sheet.hotline)}，谢谢。",
    )
