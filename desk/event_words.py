"""What happened, in words: one sentence a kind of event."""

from collections.abc import Callable, Mapping
from typing import Any

from rules.retrieval import REASONS
from rules.words import word


def _(message: str) -> str:
    return message  # marks the sentence for the catalogue; it is translated when a page is made


SENTENCES = {
    "LIST_TAKEN": _("Contract list taken"),
    "ROW_MENDED": _("Row %(row)s of contract list no. %(list_id)s mended by %(user)s"),
    "CASE_OPENED": _("Case opened"),
    "CASE_UPDATED": _("Contract changed; dates and state derived again"),
    "CASE_MOVED": _("Case moved"),
    "CALL_RESERVED": _("Attempt no. %(attempt_no)s reserved"),
    "CALL_PLACED": _("Dialled"),
    "CALL_REJECTED": _("The carrier refused to dial"),
    "CALL_UNKNOWN": _("Unclear whether the carrier dialled; it will be asked"),
    "CALL_RINGING": _("Ringing"),
    "CALL_ANSWERED": _("Answered"),
    "CALL_ENDED": _("Call ended"),
    "CALL_BROKE_OFF": _("The carrier could not go on with the call (error %(code)s); it does not count as hung up"),
    "NUMBER_NAMED": _("Another number was named on the phone; it is not rung until confirmed"),
    "RECORDING_REPORTED": _("The carrier reported the recording"),
    "RECORDING_VERIFIED": _("Recording archived, read back and locked"),
    "RECORDING_CLEARED": _("The carrier's copy of the recording deleted"),
    "RECORDING_LOST": _("Recording lost; the callback does not count"),
    "SETTLED": _("Settled"),
    "ORDER_ISSUED": _("Work order no. %(order_id)s issued"),
    "ORDER_ACCEPTED": _("Work order no. %(order_id)s accepted by %(user)s"),
    "ORDER_HANDLED": _("Work order no. %(order_id)s handled by %(user)s"),
    "ORDER_OVERDUE": _("Work order no. %(order_id)s missed its limit"),
    "ORDER_ESCALATED": _("Work order no. %(order_id)s escalated"),
    "ORDER_OUTLIVED": _("Work order no. %(order_id)s is open beyond the outer limit"),
    "ORDER_CLOSED": _("Work order no. %(order_id)s closed"),
    "ORDER_VERIFIED": _("Work order no. %(order_id)s verified by %(user)s"),
    "ORDER_RETURNED": _("Work order no. %(order_id)s returned to the branch by %(user)s; its limit stays"),
    "OVERDUE_STATEMENT_FILED": _("Overdue statement for work order no. %(order_id)s filed by %(user)s"),
    "CLASS_OVERRIDE_PROPOSED": _("Another class put forward by %(proposed_by)s"),
    "CLASS_OVERRIDE_WITHDRAWN": _("The other class taken back by %(decided_by)s"),
    "CLASS_OVERRIDE_REFUSED": _("The other class refused by %(decided_by)s"),
    "CLASS_OVERRIDDEN": _("Class overridden by %(proposed_by)s and %(confirmed_by)s; the derived one stays on record"),
    "QUALITY_ASSIGNED": _("Recording given to %(checker)s for a quality check"),
    "QUALITY_ENDED": _("Quality check of the recording ended"),
    "PENALTY_PROPOSED": _("Penalty no. %(proposal_id)s proposed; nothing is deducted"),
    "PENALTY_RECOMMENDED": _("Penalty no. %(proposal_id)s: a decision put forward by %(user)s"),
    "PENALTY_SENT_BACK": _("Penalty no. %(proposal_id)s: the decision put forward was taken back by %(user)s"),
    "PENALTY_DECIDED": _("Penalty no. %(proposal_id)s decided by %(user)s and %(second)s"),
    "FAMILY_TIE_PROPOSED": _("Family relation no. %(tie_id)s entered by %(user)s; a second person confirms"),
    "FAMILY_TIE_CONFIRMED": _("Family relation no. %(tie_id)s confirmed by %(user)s"),
    "FAMILY_TIE_REJECTED": _("Family relation no. %(tie_id)s rejected by %(user)s"),
    "FAMILY_TIE_WITHDRAWN": _("Family relation no. %(tie_id)s withdrawn by %(user)s"),
    "APPOINTMENT_MISSED": _("Appointment missed: nobody rang at the agreed time"),
    "UNMASKED": _("Personal data shown to %(user)s: %(reason)s"),
    "ORDER_RECOMPUTED": _("Work order no. %(order_id)s: limit recomputed after the calendar changed"),
    "CALENDAR_CHANGED": _("Calendar changed by %(user)s"),
    "CALENDAR_YEAR_MISSING": _("The holidays of %(year)s are not known; dates of open cases are provisional"),
    "PROFILE_FILED": _("Rule layer %(profile)s filed for branch %(branch)s by %(user)s"),
    "PROFILE_WITHDRAWN": _("Rule layer %(profile)s of branch %(branch)s withdrawn by %(user)s"),
    "RETENTION_EXTENDED": _("Recording kept for longer, until %(retain_until)s"),
    "HOLD_SET": _("Recording put under a legal hold by %(user)s"),
    "HOLD_RELEASED": _("Legal hold of the recording released by %(user)s and %(second)s"),
    "HOLD_RELEASE_ASKED": _("Release of the legal hold asked for by %(user)s"),
    "DISPUTE_OPENED": _("Dispute no. %(dispute_id)s over the contract opened by %(user)s"),
    "DISPUTE_CLOSED": _("Dispute no. %(dispute_id)s over the contract closed by %(user)s"),
    "DISPOSAL_LISTED": _("Disposal list no. %(list_id)s drawn up by %(user)s"),
    "DISPOSAL_APPROVED": _("Disposal list no. %(list_id)s agreed to by %(user)s"),
    "DISPOSAL_REFUSED": _("Disposal list no. %(list_id)s not agreed to by %(user)s"),
    "REDACTION_ASKED": _("Making payment data in the recording unhearable asked for by %(user)s"),
    "FIXITY_FAILED": _("The stored recording was found damaged: %(problem)s"),
    "RECORDING_REPAIRED": _("The stored recording mended from the second copy"),
    "RECORDING_DISPOSED": _("Recording destroyed after its time by %(user)s and %(second)s"),
    "RECORD_KEPT": _("Electronic records of a day archived and locked"),
    "RECORD_DISPOSED": _("Electronic records destroyed after their time by %(user)s and %(second)s"),
    "DATA_KEY_DESTROYED": _("A recording's key destroyed by %(user)s and %(second)s"),
    "RETRIEVAL_REQUESTED": _("Retrieval no. %(request_id)s of recordings asked for by %(user)s"),
    "RETRIEVAL_SIGNED": _("Retrieval no. %(request_id)s agreed to by %(user)s"),
    "RETRIEVAL_REMINDED": _("Retrieval no. %(request_id)s was not decided in its time; whose turn it is was reminded"),
    "RETRIEVAL_REFUSED": _("Retrieval no. %(request_id)s refused by %(user)s"),
    "RETRIEVAL_WITHDRAWN": _("Retrieval no. %(request_id)s withdrawn by %(user)s"),
    "RETRIEVAL_GRANTED": _("Retrieval no. %(request_id)s granted until %(ends)s"),
    "RETRIEVAL_REVOKED": _("Grant of retrieval no. %(request_id)s revoked by %(user)s"),
    "PRIVACY_CONFIRMED": _("Reminder of the customer's privacy confirmed by %(user)s"),
    "RECORDING_PLAYED": _("Recording played by %(user)s at %(place)s"),
    "RECORDING_SEEKED": _("%(user)s moved to another place in the recording"),
    "PLAY_REFUSED": _("Playing refused to %(user)s: %(reason)s"),
    "RECORDING_EXPORTED": _("Sealed copy of the recording made by %(user)s"),
    "TRAINING_COPY_MADE": _("Masked training copy of the recording made by %(user)s"),
    "TRAINING_COPY_PLAYED": _("Training copy no. %(copy_id)s played by %(user)s"),
    "TRAINING_COPY_SEEKED": _("%(user)s moved to another place in training copy no. %(copy_id)s"),
    "TRAINING_COPY_ENDED": _("Training copy no. %(copy_id)s taken out of use by %(user)s"),
    "TRAINING_COPY_GONE": _("Training copy no. %(copy_id)s and its key destroyed"),
    "SCRIPT_DRAFTED": _("Script %(script)s drafted by %(user)s"),
    "SCRIPT_REVIEWED": _("Script %(script)s reviewed by %(user)s"),
    "SCRIPT_PUBLISHED": _("Script %(script)s published by %(user)s"),
    "SCRIPT_WITHDRAWN": _("Script %(script)s withdrawn by %(user)s: %(reason)s"),
    "SCRIPT_RECALLED": _("Taken up again by %(user)s for what script %(script)s left out: %(reason)s"),
    "AGENT_SEAT": _("%(user)s went on or off duty"),
    "AGENT_LINE_NOTED": _("%(user)s noted where he is rung"),
    "CASE_TAKEN": _("Taken by %(user)s, to be dialled"),
    "CASE_GIVEN_BACK": _("Given back by %(user)s, not dialled"),
    "CALL_HANDED_OVER": _("Handed over by the robot to %(user)s"),
    "AGENT_JOINED": _("%(user)s is on the line"),
    "AGENT_NOT_REACHED": _("%(user)s could not be reached; the robot went on"),
    "AGENT_LOST": _("The line of %(user)s broke; the robot went on"),
    "AGENT_DONE": _("Wrapped up by %(user)s"),
    "CALL_HELD": _("Put on hold, or taken off it, by %(user)s"),
    "CALL_LISTENED_TO": _("%(user)s listened in"),
    "SWITCH_THROWN": _("Dialling switched by %(user)s"),
    "CARRIER_COMPARED": _("Calls and recordings of %(day)s compared with the carrier's: %(differences)s differences"),
}
UNNAMED = _("Something else was recorded")


class _Gaps(dict):
    def __missing__(self, key: str) -> str:
        return "–"


def event_sentence(event: Mapping[str, Any], lang: str, gettext: Callable[[str], str]) -> str:
    data = event["data"] or {}
    if event["kind"] == "PLAY_REFUSED" and data.get("reason") in REASONS:
        data = {**data, "reason": REASONS[data["reason"]][0 if lang == "zh" else 1]}
    sentence = gettext(SENTENCES.get(event["kind"], UNNAMED)) % _Gaps(data)
    if event["kind"] in ("SETTLED", "ORDER_ISSUED"):
        keys = ("result", "class", "reasons", "state") if event["kind"] == "SETTLED" else ("kind", "reasons")
    elif event["kind"] in ("CASE_OPENED", "CASE_MOVED"):
        keys = ("state", "to")
    elif event["kind"] == "ORDER_CLOSED":
        keys = ("why",)
    elif event["kind"] in ("CLASS_OVERRIDE_PROPOSED", "CLASS_OVERRIDDEN"):
        keys = ("derived", "class")
    elif event["kind"] in ("PENALTY_PROPOSED", "PENALTY_DECIDED"):
        keys = ("offence", "state")
    else:
        keys = ()
    codes = [code for key in keys for code in _as_list(data.get(key))]
    if not codes:
        return sentence
    colon, comma = ("：", " · ") if lang == "zh" else (": ", " · ")
    return sentence + colon + comma.join(word(code, lang) for code in dict.fromkeys(codes))


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []
