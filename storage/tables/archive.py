"""What lies in the archive, the keys it is sealed with, and the care taken of it. No row here holds personal data."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, instant, number, sealed


class DataKey(SQLModel, table=True):
    """One key for one kept thing, wrapped. Without this row and the key that wraps it the object is noise."""

    __tablename__ = "data_keys"
    id: str = Field(primary_key=True)
    subject: str = Field(unique=True, description="`recording:ID` or `record:NAME`")
    wrapped: bytes | None = sealed()
    kek: str = Field(description="version of the key that wraps it")
    made_at: datetime = instant(nullable=False)
    wrapped_at: datetime = instant(nullable=False)
    destroyed_at: datetime | None = instant()
    destroyed_why: str | None = None


class ArchiveObject(SQLModel, table=True):
    """One sealed object by its version; where the second copy lies; when each was read again. Stays as a tombstone."""

    __tablename__ = "archive_objects"
    __table_args__ = (
        UniqueConstraint("bucket", "object_key", "version_id"),
        Index("ix_archive_objects_check", "checked_at", postgresql_where=text("disposed_at IS NULL")),
        Index(
            "ix_archive_objects_single",
            "id",
            postgresql_where=text("second_version_id IS NULL AND disposed_at IS NULL"),
        ),
    )
    id: int | None = number()
    kind: str = Field(description="RECORDING or ELECTRONIC, as in rules.recordings")
    recording_id: int | None = Field(default=None, foreign_key="recordings.id", index=True, sa_type=BigInteger)
    call_id: str | None = Field(default=None, foreign_key="calls.id", index=True)
    began_on: date = Field(description="the day of the call, or of the record's creation")
    bucket: str
    object_key: str
    version_id: str
    form: str = Field(description="how it is sealed (storage/encryption.py)")
    data_key_id: str = Field(foreign_key="data_keys.id", index=True)
    content_type: str = Field(description="of the plain form")
    sha256: str
    sha512: str
    bytes: int = Field(sa_type=BigInteger)
    plain_sha256: str
    plain_bytes: int = Field(sa_type=BigInteger)
    samples_sha256: str | None = None
    retain_until: datetime = instant(nullable=False)
    stored_at: datetime = instant(nullable=False)
    checked_at: datetime = instant(nullable=False)
    problem: str | None = Field(default=None, description="what the last reading found wrong with the first copy")
    second_bucket: str | None = None
    second_version_id: str | None = None
    second_checked_at: datetime | None = instant()
    second_problem: str | None = None
    retention_at: datetime = instant(nullable=False)
    disposed_at: datetime | None = instant()


class FixityCheck(SQLModel, table=True):
    """One reading of one copy: what was found, and what was done about it."""

    __tablename__ = "fixity_checks"
    id: int | None = number()
    object_id: int = Field(foreign_key="archive_objects.id", index=True, sa_type=BigInteger)
    which: str = Field(description="FIRST or SECOND copy")
    at: datetime = instant(nullable=False)
    problem: str | None = None
    mended: bool = False


class WormCanary(SQLModel, table=True):
    """One self-test of the bucket's promises, with the store's answer to each attempt."""

    __tablename__ = "worm_canaries"
    id: int | None = number()
    at: datetime = instant(nullable=False)
    bucket: str
    kept: bool
    answers: list = document("[]")


class Alarm(SQLModel, table=True):
    """Something that a person must look at; stands until what raised it is over."""

    __tablename__ = "alarms"
    name: str = Field(primary_key=True)
    raised_at: datetime = instant(nullable=False)
    seen_at: datetime = instant(nullable=False)
    times: int = 1
    detail: dict = document()


class LegalHold(SQLModel, table=True):
    """Set by one person, released by two: one asks, another confirms."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        Index("uq_legal_holds_standing", "call_id", unique=True, postgresql_where=text("released_at IS NULL")),
    )
    id: int | None = number()
    call_id: str = Field(foreign_key="calls.id")
    reason: str
    set_by: str
    set_at: datetime = instant(nullable=False)
    release_asked_by: str | None = None
    release_asked_at: datetime | None = instant()
    release_reason: str | None = None
    released_by: str | None = None
    released_at: datetime | None = instant()


class Dispute(SQLModel, table=True):
    """A dispute over a contract: its records are kept while it is open and two years after (C21)."""

    __tablename__ = "disputes"
    id: int | None = number()
    policy_no: str = Field(foreign_key="contracts.policy_no", index=True)
    opened_on: date
    closed_on: date | None = None
    opened_by: str
    closed_by: str | None = None
    changed_at: datetime = instant(nullable=False)


class Disposal(SQLModel, table=True):
    """A list of expired records, approved by two persons, destroyed, certified."""

    __tablename__ = "disposals"
    id: int | None = number()
    listed_by: str
    listed_at: datetime = instant(nullable=False)
    first_approved_by: str | None = None
    first_approved_at: datetime | None = instant()
    second_approved_by: str | None = None
    second_approved_at: datetime | None = instant()
    refused_by: str | None = None  # somebody who could have approved it: then it is over, and nothing of it goes
    refused_at: datetime | None = instant()
    refused_why: str | None = None
    done_at: datetime | None = instant()
    certificate: dict = document()


class DisposalItem(SQLModel, table=True):
    """One object of a list; `outcome` is empty until the list is carried out."""

    __tablename__ = "disposal_items"
    disposal_id: int = Field(foreign_key="disposals.id", primary_key=True, sa_type=BigInteger)
    object_id: int = Field(foreign_key="archive_objects.id", primary_key=True, sa_type=BigInteger)
    kept_until: date
    outcome: str | None = Field(default=None, description="DESTROYED, or why it was not")


class PaperFile(SQLModel, table=True):
    """The register of paper records with their keeper (R112)."""

    __tablename__ = "paper_files"
    id: int | None = number()
    title: str
    place: str
    keeper: str
    archived_on: date
    keep_until: date
    entered_by: str
    entered_at: datetime = instant(nullable=False)
    gone_on: date | None = None


class SensitiveStretch(SQLModel, table=True):
    """A part of a call in which a card number or password may be heard: it is silenced before anything is archived."""

    __tablename__ = "sensitive_stretches"
    id: int | None = number()
    call_id: str = Field(foreign_key="calls.id", index=True)
    step: str
    began_at: datetime = instant(nullable=False)
    ended_at: datetime | None = instant()


class Redaction(SQLModel, table=True):
    """Payment data found in an archived recording: asked for by one person, carried out by another. A copy without the
    stretch is archived first; then the key of the whole one is destroyed."""

    __tablename__ = "redactions"
    id: int | None = number()
    call_id: str = Field(foreign_key="calls.id", index=True)
    begin_seconds: float
    end_seconds: float
    reason: str
    asked_by: str
    asked_at: datetime = instant(nullable=False)
    done_by: str | None = None
    done_at: datetime | None = instant()
