"""What happened, in words: one sentence a kind of event."""

from collections.abc import Callable, Mapping
from typing import Any

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
    "ORDER_CLOSED": _("Work order no. %(order_id)s closed"),
    "UNMASKED": _("Personal data shown to %(user)s: %(reason)s"),
    "SWITCH_THROWN": _("Dialling switched by %(user)s"),
}
UNNAMED = _("Something else was recorded")


class _Gaps(dict):
    def __missing__(self, key: str) -> str:
        return "–"


def event_sentence(event: Mapping[str, Any], lang: str, gettext: Callable[[str], str]) -> str:
    data = event["data"] or {}
    sentence = gettext(SENTENCES.get(event["kind"], UNNAMED)) % _Gaps(data)
    if event["kind"] in ("SETTLED", "ORDER_ISSUED"):
        keys = ("result", "class", "reasons", "state") if event["kind"] == "SETTLED" else ("kind", "reasons")
    elif event["kind"] in ("CASE_OPENED", "CASE_MOVED"):
        keys = ("state", "to")
    elif event["kind"] == "ORDER_CLOSED":
        keys = ("why",)
    else:
        keys = ()
    codes = [code for key in keys for code in _as_list(data.get(key))]
    if not codes:
        return sentence
    colon, comma = ("：", " · ") if lang == "zh" else (": ", " · ")
    return sentence + colon + comma.join(word(code, lang) for code in dict.fromkeys(codes))


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []
