"""Who asked to hear a recording, who agreed, who was reminded of the customer's privacy, who heard it."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, instant, number


class RetrievalRequest(SQLModel, table=True):
    """The request form (R114); once granted, the right itself: who, what, where, from when until when."""

    __tablename__ = "retrieval_requests"
    __table_args__ = (Index("ix_retrieval_requests_state", "state", "due_at"),)
    id: int | None = number()
    applicant: str = Field(index=True)
    branches: list = document("[]")  # the applicant's and those above it, up to head office
    purpose: str = Field(description="DISPUTE, LITIGATION or TRAINING")
    dispute: str | None = None
    letter: str | None = Field(default=None, description="reference of the department's written request (R118)")
    why: str
    listeners: list = document("[]")  # log-ins
    places: list = document("[]")
    profile: str
    state: str = Field(description="PENDING, GRANTED, REFUSED, WITHDRAWN or REVOKED")
    requested_at: datetime = instant(nullable=False)
    due_at: datetime = instant(nullable=False)
    reminded_at: datetime | None = instant()
    begins: datetime | None = instant()
    ends: datetime | None = instant()
    ended_by: str | None = None
    ended_at: datetime | None = instant()
    ended_why: str | None = None


class RetrievalRecording(SQLModel, table=True):
    __tablename__ = "retrieval_recordings"
    request_id: int = Field(foreign_key="retrieval_requests.id", primary_key=True, sa_type=BigInteger)
    recording: str = Field(primary_key=True, foreign_key="recordings.provider_id", index=True)
    call_id: str = Field(foreign_key="calls.id", index=True)


class RetrievalSignature(SQLModel, table=True):
    """One consent. The database itself keeps that nobody gives two (R114)."""

    __tablename__ = "retrieval_signatures"
    __table_args__ = (UniqueConstraint("request_id", "signed_by"),)
    request_id: int = Field(foreign_key="retrieval_requests.id", primary_key=True, sa_type=BigInteger)
    function: str = Field(primary_key=True)
    signed_by: str
    signed_at: datetime = instant(nullable=False)


class PrivacyConfirmation(SQLModel, table=True):
    __tablename__ = "privacy_confirmations"
    request_id: int = Field(foreign_key="retrieval_requests.id", primary_key=True, sa_type=BigInteger)
    listener: str = Field(primary_key=True)
    confirmed_at: datetime = instant(nullable=False)


class Play(SQLModel, table=True):
    """One play by one person; the ledger has it from before the first sound."""

    __tablename__ = "plays"
    id: str = Field(primary_key=True)
    recording: str = Field(foreign_key="recordings.provider_id", index=True)
    call_id: str = Field(foreign_key="calls.id")
    listener: str = Field(index=True)
    place: str
    right_kind: str = Field(description="RETRIEVAL or QUALITY")
    right_id: int = Field(sa_type=BigInteger)
    began_at: datetime = instant(nullable=False)
    next_byte: int = Field(
        default=0, sa_type=BigInteger, description="where the sound goes on; a request for elsewhere is a jump"
    )
