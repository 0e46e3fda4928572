"""Calls, what was said, what the carrier reported, recordings."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, fingerprint, instant, number, sealed


class Call(SQLModel, table=True):
    """One dial. `id` travels in the callback URLs; the row is committed before the carrier is asked."""

    __tablename__ = "calls"
    __table_args__ = (
        # At most one open attempt a person, kept by the database itself (judge's promise 2).
        Index(
            "uq_calls_open_person",
            "person_id",
            unique=True,
            postgresql_where=text("state <> 'ENDED' AND state <> 'REJECTED'"),
        ),
        Index("ix_calls_unsettled", "ended_at", postgresql_where=text("settled_at IS NULL")),
        Index("ix_calls_agent_login", "agent_login", postgresql_where=text("agent_login IS NOT NULL")),
        Index("ix_calls_not_permitted", "reserved_at", postgresql_where=text("carrier_status = 'NOT_PERMITTED'")),
    )
    id: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="persons.id", index=True, sa_type=BigInteger)
    number_hash: bytes = fingerprint(nullable=False, index=True)
    number_sealed: bytes = sealed(nullable=False)
    state: str
    result: str | None = None
    sid: str | None = Field(default=None, unique=True)
    at_appointment: bool = False
    script: str = Field(index=True)
    script_digest: str | None = Field(default=None, description="of the text that was used, see script_texts")
    continues: str | None = Field(default=None, description="the script whose answers this call goes on from")
    agent_login: str | None = Field(
        default=None, description="the callback agent who spoke in it; none: the robot alone"
    )
    led_by: str | None = Field(default=None, description="the agent call that leads it now; none: the robot")
    profile: str
    sheet_sealed: bytes = sealed(nullable=False)
    progress: dict | None = Field(default=None, sa_column=Column(JSONB))
    turn: int = -1
    ended_step: str | None = None
    ended_by: str | None = None
    carrier_status: str | None = None
    sip_code: str | None = None
    answered_by: str | None = None
    duration: int | None = None
    reserved_at: datetime = instant(nullable=False)
    tried_at: datetime | None = instant()  # when the carrier was asked last, where it had asked us to come back later
    placed_at: datetime | None = instant()
    answered_at: datetime | None = instant()
    ended_at: datetime | None = instant()
    settled_at: datetime | None = instant()
    lease_until: datetime | None = instant()


class CallCase(SQLModel, table=True):
    """The cases one call asks about; several policies of one person are one call."""

    __tablename__ = "call_cases"
    __table_args__ = (UniqueConstraint("case_id", "attempt_no"),)
    call_id: str = Field(foreign_key="calls.id", primary_key=True)
    case_id: int = Field(foreign_key="cases.id", primary_key=True, sa_type=BigInteger)
    attempt_no: int


class Answer(SQLModel, table=True):
    """What was answered to one step, kept at once and for ever. `case_id` is empty for what concerns the person."""

    __tablename__ = "answers"
    __table_args__ = (
        Index("uq_answers_once", "call_id", text("coalesce(case_id, 0)"), "step", "try_no", unique=True),
        Index("ix_answers_case", "case_id"),
    )
    id: int | None = number()
    call_id: str = Field(foreign_key="calls.id")
    case_id: int | None = Field(default=None, foreign_key="cases.id", sa_type=BigInteger)
    step: str
    try_no: int
    answer: str
    corrected: bool | None = None
    final: bool = True
    detail: dict = document()
    how: str
    heard_sealed: bytes | None = sealed()
    answered_at: datetime = instant(nullable=False)


class CarrierEvent(SQLModel, table=True):
    """The inbox of signed callbacks: verify, insert or ignore, answer."""

    __tablename__ = "carrier_events"
    __table_args__ = (UniqueConstraint("provider_id", "kind", "status", "sequence"),)
    id: int | None = number()
    provider_id: str
    kind: str
    status: str
    sequence: int
    call_id: str | None = Field(default=None, index=True)
    body: dict = document()  # without numbers and names: they are not needed twice
    received_at: datetime = instant(nullable=False)


class Recording(SQLModel, table=True):
    """A recording's way from the carrier into the archive. Only VERIFIED counts (domain 5, C59)."""

    __tablename__ = "recordings"
    __table_args__ = (Index("ix_recordings_work", "state", "next_try_at"),)
    id: int | None = number()
    call_id: str = Field(foreign_key="calls.id", index=True)
    provider_id: str = Field(unique=True)
    state: str = Field(
        description="REPORTED, VERIFIED (in the archive, read back), CLEARED (carrier's copy gone), LOST"
    )
    problem: str | None = None
    media_url: str | None = None
    reported_seconds: int | None = None
    channels: int | None = None
    seconds: float | None = None
    loudness: dict = document()
    object_key: str | None = None
    version_id: str | None = None
    bytes: int | None = Field(default=None, sa_type=BigInteger, description="of the sealed object, as sha256 is")
    sha256: str | None = None
    samples_sha256: str | None = None  # of the PCM samples, where there are any
    retain_until: datetime | None = instant()
    tries: int = 0
    next_try_at: datetime | None = instant()
    reported_at: datetime = instant(nullable=False)
    verified_at: datetime | None = instant()
    cleared_at: datetime | None = instant()
