"""The events that tell of a recording's custody and of who heard it: their kinds, and what each must say.

Each is one row of the event log and one line of the ledger, written together; the judge replays them for the promise
that no recording leaves early and none is heard without a right. Instants are ISO 8601 with an offset, people are
log-ins, numbers are whole: no personal data of customers, and nothing that two readers could print differently.

Beside the fields below stand, as columns of the event, `at`, `call_id` where it is about one call, and `case_id`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

# ---------------------------------------------------------------- custody: what becomes of the sound

CUSTODY: Mapping[str, frozenset[str]] = {
    # in the archive, read back by version id and digest, locked until `retain_until`; only then does it count
    "RECORDING_VERIFIED": frozenset({"recording", "object_key", "version_id", "sha256", "retain_until"}),
    # the carrier's copy deleted, never before it was verified
    "RECORDING_CLEARED": frozenset({"recording"}),
    # gone for good, with the reason (C59)
    "RECORDING_LOST": frozenset({"recording", "problem"}),
    # the lock moved, forward only (C21)
    "RETENTION_EXTENDED": frozenset({"recording", "version_id", "retain_until", "why"}),
    # a legal hold is set by one and released by two: `user` asks, `second` agrees
    "HOLD_SET": frozenset({"recording", "hold_id", "user", "why"}),
    "HOLD_RELEASED": frozenset({"recording", "hold_id", "user", "second"}),
    # a pass over the objects found it gone, changed or unlocked; mended from the second copy
    "FIXITY_FAILED": frozenset({"recording", "version_id", "problem"}),
    "RECORDING_REPAIRED": frozenset({"recording", "version_id"}),
    # every version and key destroyed after its time; the certificate stays as the tombstone
    "RECORDING_DISPOSED": frozenset({"recording", "version_id", "user", "second", "certificate"}),
    # a data key alone: `why` DISPOSED, or REDACTED for a stretch of which a redacted copy was archived first
    "DATA_KEY_DESTROYED": frozenset({"recording", "user", "second", "why"}),
}

# ---------------------------------------------------------------- access: who may hear it, and who did

ACCESS: Mapping[str, frozenset[str]] = {
    # the form: who asks, for which recordings, why, and who is to listen (R113, R115)
    "RETRIEVAL_REQUESTED": frozenset({"request_id", "user", "recordings", "purpose", "listeners"}),
    # one signature, in the order of `Signature` (R114, R118)
    "RETRIEVAL_SIGNED": frozenset({"request_id", "user", "function"}),
    "RETRIEVAL_REFUSED": frozenset({"request_id", "user", "reason"}),
    "RETRIEVAL_WITHDRAWN": frozenset({"request_id", "user"}),
    # the right itself, written with the last signature: [`begins`, `ends`) at these places for these people (R117)
    "RETRIEVAL_GRANTED": frozenset({"request_id", "recordings", "listeners", "places", "begins", "ends"}),
    "RETRIEVAL_REVOKED": frozenset({"request_id", "user", "reason"}),
    # the reminder of the customer's privacy, by each listener before his first play under the request (R113)
    "PRIVACY_CONFIRMED": frozenset({"request_id", "user"}),
    # a checker and this very recording; `places` where it may be heard, `ends` null while it is not limited
    "QUALITY_ASSIGNED": frozenset({"assignment_id", "user", "checker", "recording", "places", "ends"}),
    "QUALITY_ENDED": frozenset({"assignment_id", "user", "why"}),
    # written before the first sound leaves; `right` is {"kind": RETRIEVAL | QUALITY, "id": number}
    "RECORDING_PLAYED": frozenset({"play_id", "user", "recording", "place", "right"}),
    # every jump inside a play; `to_ms` from the beginning
    "RECORDING_SEEKED": frozenset({"play_id", "user", "recording", "place", "to_ms"}),
    # somebody asked to hear it and was not let: `recording` null when there is none of that name
    "PLAY_REFUSED": frozenset({"user", "recording", "place", "reason"}),
    # a sealed copy left: `right` RETRIEVAL with a litigation grant (R118), or OPERATOR, made at the machine itself
    "RECORDING_EXPORTED": frozenset({"user", "recording", "right", "sha256"}),
    # masked, inside the house only, until `ends` (C41), under a granted request for training
    "TRAINING_COPY_MADE": frozenset({"copy_id", "user", "recording", "masked", "ends", "request_id"}),
    "TRAINING_COPY_PLAYED": frozenset({"copy_id", "user", "play_id", "place"}),
    "TRAINING_COPY_SEEKED": frozenset({"copy_id", "user", "play_id", "place", "to_ms"}),
    # nobody hears it from here on: `why` EXPIRED, IDENTIFIES (the person can still be told), WITHDRAWN
    "TRAINING_COPY_ENDED": frozenset({"copy_id", "user", "why"}),
    # its object and its key are destroyed
    "TRAINING_COPY_GONE": frozenset({"copy_id"}),
}

# The ledger's own lines, which no event stands beside.
AUDIT_SEALED = "AUDIT_SEALED"

ON_THE_LEDGER: Mapping[str, frozenset[str]] = {**CUSTODY, **ACCESS}


class Purpose(StrEnum):
    DISPUTE = "DISPUTE"  # R113
    LITIGATION = "LITIGATION"  # R118: a sealed copy may leave
    TRAINING = "TRAINING"  # R119, C41: a masked copy inside the house


class Signature(StrEnum):
    """Whose consent a request needs, in this order; nobody gives two, and the applicant gives none (R114, R118)."""

    DEPARTMENT_HEAD = "DEPARTMENT_HEAD"
    CUSTOMER_SERVICE = "CUSTOMER_SERVICE"
    CALL_CENTER = "CALL_CENTER"
    LEADER_IN_CHARGE = "LEADER_IN_CHARGE"  # for LITIGATION alone


class RightKind(StrEnum):
    RETRIEVAL = "RETRIEVAL"
    QUALITY = "QUALITY"
    OPERATOR = "OPERATOR"  # for exports at the machine only, never for a play


SIGNATURES = (Signature.DEPARTMENT_HEAD, Signature.CUSTOMER_SERVICE, Signature.CALL_CENTER)


def signatures_for(purpose: str) -> tuple[Signature, ...]:
    """Whose signatures make a request a right."""
    return (*SIGNATURES, Signature.LEADER_IN_CHARGE) if purpose == Purpose.LITIGATION else SIGNATURES


def missing_fields(kind: str, data: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that an event of this kind must have and has not, by name; none for a kind that is not of these."""
    return tuple(sorted(ON_THE_LEDGER.get(kind, frozenset()) - data.keys()))


def subject_of(kind: str, data: Mapping[str, Any]) -> str:
    """What a ledger line is about, as `noun/name`: the recording where it is about one."""
    for noun, name in (("recording", "recording"), ("retrieval", "request_id"), ("quality", "assignment_id"), ("copy", "copy_id")):  # fmt: skip
        if data.get(name) is not None:
            return f"{noun}/{data[name]}"
    return f"event/{kind}"
