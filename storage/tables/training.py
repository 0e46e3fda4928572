"""Masked copies for teaching (C41): who made them of what, until when, and who heard them."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, instant, number


class TrainingCopy(SQLModel, table=True):
    """One copy of one recording under one request. Its object lies in a bucket without locks; it goes with its key when
    `ends` has come, or before. The row stays."""

    __tablename__ = "training_copies"
    __table_args__ = (
        Index("ix_training_copies_there", "ends", postgresql_where=text("gone_at IS NULL")),
        Index(
            "uq_training_copies_once", "request_id", "recording", unique=True, postgresql_where=text("gone_at IS NULL")
        ),
    )
    id: int | None = number()
    request_id: int = Field(foreign_key="retrieval_requests.id", sa_type=BigInteger)
    recording: str = Field(foreign_key="recordings.provider_id", index=True)
    call_id: str = Field(foreign_key="calls.id")
    made_by: str
    begun_at: datetime = instant(nullable=False)
    made_at: datetime | None = instant()  # when it was stored; until then it cannot be heard
    ends: datetime = instant(nullable=False)
    data_key_id: str = Field(foreign_key="data_keys.id")
    bucket: str
    object_key: str
    content_type: str | None = None
    bytes: int | None = Field(default=None, sa_type=BigInteger, description="of the sealed object, as sha256 is")
    sha256: str | None = None
    plain_bytes: int | None = Field(default=None, sa_type=BigInteger)
    seconds: float | None = None
    silenced: list = document("[]")  # [from, to, why] in seconds
    marked: list = document("[]")  # [from, to]: where a listener says that the person can still be told
    ended_by: str | None = None
    ended_why: str | None = Field(default=None, description="EXPIRED, IDENTIFIES, WITHDRAWN or NOT_MADE")
    ended_at: datetime | None = instant()
    gone_at: datetime | None = instant()


class TrainingPlay(SQLModel, table=True):
    """One play of a copy by one person; the ledger has it from before the first sound."""

    __tablename__ = "training_plays"
    id: str = Field(primary_key=True)
    copy_id: int = Field(foreign_key="training_copies.id", index=True, sa_type=BigInteger)
    listener: str
    place: str
    began_at: datetime = instant(nullable=False)
    next_byte: int = Field(default=0, sa_type=BigInteger)
