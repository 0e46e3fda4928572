"""What Object Lock promises, on every store at hand, judged by effect: refused, still there, unchanged, with the same date.
Stores refuse with different numbers and words (any 4xx is a refusal); what they keep must be the same.

The cases are the behaviours that the public suites of S3 servers name for Object Lock, written anew.
"""

import hashlib
import io
import time
import uuid
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.objectlockconfig import DAYS, YEARS, ObjectLockConfig
from minio.retention import Retention
from minio.versioningconfig import ENABLED, SUSPENDED, VersioningConfig

from storage.archive import parse_date

BYPASS = {"x-amz-bypass-governance-retention": "true"}
XML = '<{0} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{1}</{0}>'


def soon(**more) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(**(more or {"days": 2}))


class Store:
    """One store with a bucket that locks and one that does not."""

    def __init__(self, values: dict[str, str]):
        self.client = Minio(
            values["HUIFANG_S3_ENDPOINT"],
            access_key=values["HUIFANG_S3_ACCESS_KEY"],
            secret_key=values["HUIFANG_S3_SECRET_KEY"],
            secure=False,
            region="us-east-1",
        )
        self.name = values["store"]
        self.locking, self.plain = self.bucket(lock=True), self.bucket(lock=False)

    def bucket(self, *, lock: bool) -> str:
        name = f"lock-{uuid.uuid4().hex[:12]}"
        self.client.make_bucket(bucket_name=name, object_lock=lock)
        return name

    def put(self, body: bytes = b"sound", *, bucket: str | None = None, key: str | None = None, **lock) -> dict:
        """Store an object; returns what names its version."""
        at = {"bucket_name": bucket or self.locking, "object_name": key or f"o/{uuid.uuid4().hex}"}
        found = self.client.put_object(data=io.BytesIO(body), length=len(body), **at, **lock)
        return at | {"version_id": found.version_id}

    def raw(self, query: str, at: dict, body: str, headers: dict | None = None) -> None:
        """A request that the SDK would not let pass."""
        sent = body.encode()
        params = {query: ""} | ({"versionId": at["version_id"]} if at.get("version_id") else {})
        self.client._execute(
            "PUT",
            at["bucket_name"],
            at.get("object_name"),
            body=sent,
            headers={"Content-MD5": b64encode(hashlib.md5(sent).digest()).decode()} | (headers or {}),
            query_params=params,
        )

    def retain(self, at: dict, mode: str, until: datetime, *, bypass: bool = False) -> None:
        inner = f"<Mode>{mode}</Mode><RetainUntilDate>{until:%Y-%m-%dT%H:%M:%SZ}</RetainUntilDate>"
        self.raw("retention", at, XML.format("Retention", inner), BYPASS if bypass else None)

    def configure(self, bucket: str, rule: str, enabled: str = "Enabled") -> None:
        inner = (
            f"<ObjectLockEnabled>{enabled}</ObjectLockEnabled><Rule><DefaultRetention>{rule}</DefaultRetention></Rule>"
        )
        self.raw("object-lock", {"bucket_name": bucket}, XML.format("ObjectLockConfiguration", inner))

    def delete(self, at: dict, *, bypass: bool = False) -> None:
        """Raises S3Error when it was refused."""
        errors = self.client.remove_objects(
            bucket_name=at["bucket_name"],
            delete_object_list=[DeleteObject(at["object_name"], at.get("version_id"))],
            bypass_governance_mode=bypass,
        )
        for error in errors:
            raise Refused(error.code)

    def lock(self, at: dict) -> tuple[str | None, datetime | None, bool]:
        head = self.client.stat_object(**at).metadata
        return (
            head.get("x-amz-object-lock-mode"),
            parse_date(head.get("x-amz-object-lock-retain-until-date")),
            head.get("x-amz-object-lock-legal-hold") == "ON",
        )

    def body(self, at: dict) -> bytes | None:
        """None when this version is gone."""
        try:
            answer = self.client.get_object(**at)
        except S3Error as e:
            assert e.response.status in (404, 405), e
            return None
        try:
            return answer.read()
        finally:
            answer.close()
            answer.release_conn()


class Refused(Exception):
    """One of many was refused: that request itself answers 200."""


def refused(act, *given, **named) -> None:
    """A fault of the server would be no refusal."""
    try:
        act(*given, **named)
    except S3Error as e:
        assert 400 <= e.response.status < 500, e
    except Refused:
        pass
    else:
        pytest.fail("it was not refused")


@pytest.fixture(scope="module")
def store(any_store) -> Store:
    return Store(any_store)


def locked(store: Store, mode: str = GOVERNANCE, **more) -> tuple[dict, datetime]:
    until = soon(**more)
    return store.put(retention=Retention(mode, until)), until


# ---------------------------------------------------------------- the bucket's configuration


@pytest.mark.parametrize(("mode", "length", "unit"), [(GOVERNANCE, 1, DAYS), (COMPLIANCE, 1, YEARS)])
def test_a_default_is_kept_and_given_back(store, mode, length, unit):
    bucket = store.bucket(lock=True)
    store.client.set_object_lock_config(bucket_name=bucket, config=ObjectLockConfig(mode, length, unit))
    found = store.client.get_object_lock_config(bucket_name=bucket)
    assert (found.mode, found.duration, found.duration_unit) == (mode, length, unit)
    at = store.put(bucket=bucket)
    kept, until, _ = store.lock(at)
    assert kept == mode and abs(until - soon(days=1 if unit == DAYS else 365)) < timedelta(days=2)


@pytest.mark.parametrize(
    ("rule", "enabled"),
    [
        ("<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>", "Enabled"),
        ("<Mode>GOVERNANCE</Mode><Days>0</Days>", "Enabled"),
        ("<Mode>GOVERNANCE</Mode><Years>-1</Years>", "Enabled"),
        ("<Mode>SOMETIMES</Mode><Years>1</Years>", "Enabled"),
        ("<Mode>governance</Mode><Years>1</Years>", "Enabled"),
        ("<Mode>GOVERNANCE</Mode><Days>1</Days>", "Disabled"),
    ],
    ids=["days and years", "no days", "years below none", "another mode", "small letters", "another status"],
)
def test_a_configuration_without_sense_is_refused(store, rule, enabled):
    bucket = store.bucket(lock=True)
    store.client.set_object_lock_config(bucket_name=bucket, config=ObjectLockConfig(COMPLIANCE, 20, YEARS))
    refused(store.configure, bucket, rule, enabled)
    found = store.client.get_object_lock_config(bucket_name=bucket)
    assert (found.mode, found.duration, found.duration_unit) == (COMPLIANCE, 20, YEARS)


def test_a_bucket_without_lock_takes_no_configuration_of_it(store):
    refused(store.configure, store.plain, "<Mode>GOVERNANCE</Mode><Days>1</Days>")
    refused(store.client.get_object_lock_config, bucket_name=store.plain)


def test_lock_switched_on_later_is_refused_or_locks(store):
    bucket = store.bucket(lock=False)
    store.client.set_bucket_versioning(bucket_name=bucket, config=VersioningConfig(ENABLED))
    try:
        store.configure(bucket, "<Mode>COMPLIANCE</Mode><Days>1</Days>")
    except S3Error as e:
        assert 400 <= e.response.status < 500
        refused(store.client.get_object_lock_config, bucket_name=bucket)
    else:
        at = store.put(bucket=bucket)
        refused(store.delete, at, bypass=True)
        assert store.body(at) == b"sound"


def test_versioning_cannot_be_suspended(store):
    refused(store.client.set_bucket_versioning, bucket_name=store.locking, config=VersioningConfig(SUSPENDED))
    assert store.client.get_bucket_versioning(bucket_name=store.locking).status == ENABLED


def test_a_bucket_that_holds_something_locked_cannot_be_removed(store):
    at, _ = locked(store, COMPLIANCE)
    refused(store.client.remove_bucket, bucket_name=store.locking)
    assert store.body(at) == b"sound"


# ---------------------------------------------------------------- the retention of an object


def test_a_retention_is_kept_and_given_back(store):
    at, until = store.put(), soon()
    store.retain(at, GOVERNANCE, until)
    assert store.lock(at)[:2] == (GOVERNANCE, until)


def test_an_upload_with_a_lock_has_it(store):
    until = soon()
    at = store.put(retention=Retention(COMPLIANCE, until), legal_hold=True)
    assert store.lock(at) == (COMPLIANCE, until, True)
    assert store.client.is_object_legal_hold_enabled(**at)


def test_the_date_is_iso_8601_in_utc(store):
    at, until = locked(store)
    text = store.client.stat_object(**at).metadata["x-amz-object-lock-retain-until-date"]
    assert datetime.fromisoformat(text.replace("Z", "+00:00")) == until


def test_a_bucket_without_lock_knows_no_retention(store):
    at = store.put(bucket=store.plain)
    at.pop("version_id")
    refused(store.retain, at, GOVERNANCE, soon())
    assert store.lock(at)[:2] == (None, None)


@pytest.mark.parametrize("mode", ["governance", "abc", ""])
def test_a_mode_that_does_not_exist_is_refused(store, mode):
    at, until = locked(store)
    refused(store.retain, at, mode, soon(days=3))
    assert store.lock(at)[:2] == (GOVERNANCE, until)


def test_a_date_that_has_passed_is_refused(store):
    at = store.put()
    refused(store.retain, at, COMPLIANCE, soon(days=-1))
    assert store.lock(at)[:2] == (None, None)


def test_a_retention_belongs_to_one_version(store):
    first = store.put(b"first")
    second = store.put(b"second", key=first["object_name"])
    until = soon()
    store.retain(first, COMPLIANCE, until)
    assert store.lock(first)[:2] == (COMPLIANCE, until)
    assert store.lock(second)[:2] == (None, None)
    refused(store.delete, first)
    store.delete(second)
    assert (store.body(first), store.body(second)) == (b"first", None)


def test_the_date_of_an_upload_wins_over_the_default(store):
    bucket = store.bucket(lock=True)
    store.client.set_object_lock_config(bucket_name=bucket, config=ObjectLockConfig(GOVERNANCE, 9, DAYS))
    until = soon(days=3)
    at = store.put(bucket=bucket, retention=Retention(COMPLIANCE, until))
    assert store.lock(at)[:2] == (COMPLIANCE, until)


@pytest.mark.parametrize("mode", [GOVERNANCE, COMPLIANCE])
def test_a_retention_grows(store, mode):
    at, _ = locked(store, mode)
    later = soon(days=9)
    store.retain(at, mode, later)
    assert store.lock(at)[:2] == (mode, later)


@pytest.mark.parametrize(
    ("mode", "bypass", "shrinks"),
    [(GOVERNANCE, False, False), (GOVERNANCE, True, True), (COMPLIANCE, False, False), (COMPLIANCE, True, False)],
)
def test_a_retention_shrinks_under_governance_with_a_bypass_alone(store, mode, bypass, shrinks):
    at, until = locked(store, mode)
    sooner = soon(days=1)
    if shrinks:
        store.retain(at, mode, sooner, bypass=bypass)
    else:
        refused(store.retain, at, mode, sooner, bypass=bypass)
    assert store.lock(at)[:2] == (mode, sooner if shrinks else until)


@pytest.mark.parametrize(
    ("mode", "other", "bypass", "changes"),
    [
        (GOVERNANCE, COMPLIANCE, True, True),
        (GOVERNANCE, COMPLIANCE, False, None),  # stronger without a bypass: stores differ, and either is safe
        (COMPLIANCE, GOVERNANCE, False, False),
        (COMPLIANCE, GOVERNANCE, True, False),
    ],
)
def test_a_mode_only_grows_stronger(store, mode, other, bypass, changes):
    at, until = locked(store, mode)
    if changes:
        store.retain(at, other, until, bypass=bypass)
    elif changes is False:
        refused(store.retain, at, other, until, bypass=bypass)
    else:
        try:
            store.retain(at, other, until, bypass=bypass)
        except S3Error as e:
            assert 400 <= e.response.status < 500
            assert store.lock(at)[:2] == (mode, until)
            return
    assert store.lock(at)[:2] == (mode if changes is False else other, until)


def test_an_empty_retention_takes_nothing_away(store):
    at, until = locked(store, COMPLIANCE)
    refused(store.raw, "retention", at, XML.format("Retention", ""), BYPASS)
    assert store.lock(at)[:2] == (COMPLIANCE, until)


# ---------------------------------------------------------------- deleting


def test_what_is_retained_cannot_be_deleted_but_by_a_bypass_of_governance(store):
    at, _ = locked(store, GOVERNANCE)
    refused(store.client.remove_object, **at)
    refused(store.delete, at)
    assert store.body(at) == b"sound"
    store.delete(at, bypass=True)
    assert store.body(at) is None


@pytest.mark.parametrize("bypass", [False, True])
def test_nothing_deletes_under_compliance(store, bypass):
    at, until = locked(store, COMPLIANCE)
    refused(store.delete, at, bypass=bypass)
    refused(store.client.remove_object, **at)
    assert store.body(at) == b"sound" and store.lock(at)[:2] == (COMPLIANCE, until)


def _in_parts(store: Store, **lock) -> tuple[dict, bytes]:
    body = b"s" * (5 * 1024 * 1024 + 1)
    return store.put(body, part_size=5 * 1024 * 1024, **lock), body


def test_an_upload_in_parts_is_locked_too(store):
    until = soon()
    at, body = _in_parts(store, retention=Retention(COMPLIANCE, until))
    assert store.lock(at)[:2] == (COMPLIANCE, until)
    refused(store.delete, at, bypass=True)
    assert store.body(at) == body


def test_an_upload_in_parts_is_held_too(store):
    at, body = _in_parts(store, legal_hold=True)
    refused(store.delete, at, bypass=True)
    assert store.body(at) == body
    store.client.disable_object_legal_hold(**at)
    store.delete(at)
    assert store.body(at) is None


def test_a_delete_marker_hides_the_name_and_keeps_the_version(store):
    at, until = locked(store, COMPLIANCE)
    store.client.remove_object(bucket_name=at["bucket_name"], object_name=at["object_name"])
    refused(store.delete, at, bypass=True)
    assert store.body(at) == b"sound" and store.lock(at)[:2] == (COMPLIANCE, until)


def test_of_many_only_those_go_that_may(store):
    kept, _ = locked(store, COMPLIANCE)
    free = store.put()
    errors = list(
        store.client.remove_objects(
            bucket_name=store.locking,
            delete_object_list=[DeleteObject(at["object_name"], at["version_id"]) for at in (kept, free)],
        )
    )
    assert [e.object_name if hasattr(e, "object_name") else e.name for e in errors] == [kept["object_name"]]
    assert (store.body(kept), store.body(free)) == (b"sound", None)


def test_an_overwrite_is_a_version_of_its_own(store):
    at, until = locked(store, COMPLIANCE)
    over = store.put(b"other", key=at["object_name"])
    assert over["version_id"] != at["version_id"]
    assert (store.body(at), store.body(over)) == (b"sound", b"other")
    assert store.lock(at)[:2] == (COMPLIANCE, until)


def test_after_its_time_it_may_go(store):
    at, _ = locked(store, COMPLIANCE, seconds=3)
    refused(store.delete, at, bypass=True)
    give_up = time.monotonic() + 30
    while store.body(at) is not None:
        assert time.monotonic() < give_up, "it never became free"
        time.sleep(0.5)
        try:
            store.delete(at)
        except Refused:
            continue


# ---------------------------------------------------------------- legal hold


def test_a_hold_is_kept_and_given_back(store):
    at = store.put()
    store.client.enable_object_legal_hold(**at)
    assert store.client.is_object_legal_hold_enabled(**at) and store.lock(at)[2]
    store.client.disable_object_legal_hold(**at)
    assert not store.client.is_object_legal_hold_enabled(**at)


def test_a_bucket_without_lock_knows_no_hold(store):
    at = store.put(bucket=store.plain)
    at.pop("version_id")
    refused(store.client.enable_object_legal_hold, **at)
    assert not store.lock(at)[2]
    try:
        assert not store.client.is_object_legal_hold_enabled(**at)
    except S3Error as e:
        assert 400 <= e.response.status < 500


@pytest.mark.parametrize("status", ["abc", "on", ""])
def test_a_hold_is_on_or_off(store, status):
    at = store.put(legal_hold=True)
    refused(store.raw, "legal-hold", at, XML.format("LegalHold", f"<Status>{status}</Status>"))
    assert store.lock(at)[2]


def test_what_is_held_cannot_be_deleted(store):
    at = store.put(legal_hold=True)
    refused(store.delete, at, bypass=True)
    refused(store.client.remove_object, **at)
    assert store.body(at) == b"sound"


def test_what_was_held_may_go(store):
    at = store.put(legal_hold=True)
    store.client.disable_object_legal_hold(**at)
    store.delete(at)
    assert store.body(at) is None


def test_a_hold_released_leaves_the_retention(store):
    until = soon()
    at = store.put(retention=Retention(COMPLIANCE, until), legal_hold=True)
    store.client.disable_object_legal_hold(**at)
    refused(store.delete, at, bypass=True)
    assert store.lock(at) == (COMPLIANCE, until, False)
