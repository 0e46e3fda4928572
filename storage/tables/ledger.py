"""The ledger of archive and access events."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Index
from sqlmodel import Field, SQLModel

from storage.tables.columns import instant


class LedgerLine(SQLModel, table=True):
    """One line, append-only (a trigger refuses change). How it is bound to the one before: rules/ledger.py."""

    __tablename__ = "ledger"
    __table_args__ = (Index("ix_ledger_subject", "subject"),)
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = instant(nullable=False)
    kind: str
    subject: str = Field(description="what it is about, as noun/name: recording/RE…, retrieval/12, events/1-500")
    actor: str = Field(description="a log-in, or system")
    body: str = Field(description="canonical JSON, as it was hashed; holds no personal data of customers")
    previous: str
    hash: str = Field(unique=True)


class LedgerHead(SQLModel, table=True):
    """The last line, and how far the events are sealed: one row, locked by whoever writes the next line."""

    __tablename__ = "ledger_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    id: int = Field(default=1, primary_key=True)
    seq: int = Field(default=0, sa_type=BigInteger)
    hash: str
    sealed_event_id: int = Field(default=0, sa_type=BigInteger)
