"""What each event of a recording's custody and access must say: twenty years of readers count on these names."""

import pytest

from rules.retrieval_events import (
    ACCESS,
    AUDIT_SEALED,
    CUSTODY,
    ON_THE_LEDGER,
    Purpose,
    RightKind,
    Signature,
    missing_fields,
    signatures_for,
    subject_of,
)

OF_CUSTODY = """
    RECORDING_VERIFIED: object_key recording retain_until sha256 version_id
    RECORDING_CLEARED: recording
    RECORDING_LOST: problem recording
    RETENTION_EXTENDED: recording retain_until version_id why
    HOLD_SET: hold_id recording user why
    HOLD_RELEASED: hold_id recording second user
    FIXITY_FAILED: problem recording version_id
    RECORDING_REPAIRED: recording version_id
    RECORDING_DISPOSED: certificate recording second user version_id
    DATA_KEY_DESTROYED: recording second user why
"""
OF_ACCESS = """
    RETRIEVAL_REQUESTED: listeners purpose recordings request_id user
    RETRIEVAL_SIGNED: function request_id user
    RETRIEVAL_REFUSED: reason request_id user
    RETRIEVAL_WITHDRAWN: request_id user
    RETRIEVAL_GRANTED: begins ends listeners places recordings request_id
    RETRIEVAL_REVOKED: reason request_id user
    PRIVACY_CONFIRMED: request_id user
    QUALITY_ASSIGNED: assignment_id checker ends places recording user
    QUALITY_ENDED: assignment_id user why
    RECORDING_PLAYED: place play_id recording right user
    RECORDING_SEEKED: place play_id recording to_ms user
    PLAY_REFUSED: place reason recording user
    RECORDING_EXPORTED: recording right sha256 user
    TRAINING_COPY_MADE: copy_id ends masked recording request_id user
    TRAINING_COPY_PLAYED: copy_id place play_id user
    TRAINING_COPY_SEEKED: copy_id place play_id to_ms user
    TRAINING_COPY_ENDED: copy_id user why
    TRAINING_COPY_GONE: copy_id
"""


def rows(text):
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize(("promised", "events"), [(OF_CUSTODY, CUSTODY), (OF_ACCESS, ACCESS)])
def test_the_fields_of_every_event(promised, events):
    assert [f"{kind}: {' '.join(sorted(fields))}" for kind, fields in events.items()] == rows(promised)


def test_the_ledger_has_a_line_for_each_and_one_of_its_own():
    assert list(ON_THE_LEDGER) == [line.split(":")[0] for line in rows(OF_CUSTODY + OF_ACCESS.lstrip("\n"))]
    assert AUDIT_SEALED == "AUDIT_SEALED" not in ON_THE_LEDGER


@pytest.mark.parametrize(
    ("kind", "data", "missing"),
    [
        ("RECORDING_CLEARED", {"recording": "RE1"}, ()),
        ("RECORDING_CLEARED", {}, ("recording",)),
        ("HOLD_SET", {"user": "a", "more": 1}, ("hold_id", "recording", "why")),
        ("PLAY_REFUSED", {"user": "a", "recording": None, "place": "p", "reason": "r"}, ()),  # stated, if only as null
        ("CASE_SETTLED", {}, ()),
    ],
)
def test_which_fields_an_event_lacks(kind, data, missing):
    assert missing_fields(kind, data) == missing


@pytest.mark.parametrize(
    ("data", "subject"),
    [
        ({"recording": "RE1", "request_id": 2, "assignment_id": 3, "copy_id": 4}, "recording/RE1"),
        ({"recording": None, "request_id": 2, "assignment_id": 3, "copy_id": 4}, "retrieval/2"),
        ({"assignment_id": 3, "copy_id": 4}, "quality/3"),
        ({"copy_id": 0}, "copy/0"),
        ({"user": "a"}, "event/PLAY_REFUSED"),
    ],
)
def test_what_a_line_is_about(data, subject):
    assert subject_of("PLAY_REFUSED", data) == subject


@pytest.mark.parametrize(
    ("purpose", "functions"),
    [
        (Purpose.DISPUTE, "DEPARTMENT_HEAD CUSTOMER_SERVICE CALL_CENTER"),
        (Purpose.TRAINING, "DEPARTMENT_HEAD CUSTOMER_SERVICE CALL_CENTER"),
        (Purpose.LITIGATION, "DEPARTMENT_HEAD CUSTOMER_SERVICE CALL_CENTER LEADER_IN_CHARGE"),
        ("LITIGATION", "DEPARTMENT_HEAD CUSTOMER_SERVICE CALL_CENTER LEADER_IN_CHARGE"),
    ],
)
def test_whose_signatures_make_a_request_a_right(purpose, functions):
    assert " ".join(signatures_for(purpose)) == functions


@pytest.mark.parametrize(
    ("vocabulary", "names"),
    [
        (Purpose, "DISPUTE LITIGATION TRAINING"),
        (Signature, "DEPARTMENT_HEAD CUSTOMER_SERVICE CALL_CENTER LEADER_IN_CHARGE"),
        (RightKind, "RETRIEVAL QUALITY OPERATOR"),
    ],
)
def test_the_words_that_stand_in_events(vocabulary, names):
    assert " ".join(vocabulary) == names
