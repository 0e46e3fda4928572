"""The ledger of archive and access events, the tree over its lines, and what is signed and stamped of it."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, SmallInteger
from sqlmodel import Field, SQLModel

from storage.tables.columns import instant, number


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


class LedgerTree(SQLModel, table=True):
    """How many lines the stored tree stands over: one row, locked by whoever makes it grow."""

    __tablename__ = "ledger_tree"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    id: int = Field(default=1, primary_key=True)
    size: int = Field(default=0, sa_type=BigInteger)


class LedgerNode(SQLModel, table=True):
    """A complete subtree over 2**level lines from line place * 2**level + 1 on (rules/merkle.py), append-only. The lines'
    own hashes, level 0, stand in the ledger."""

    __tablename__ = "ledger_nodes"
    level: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hash: bytes = Field(sa_type=LargeBinary)


class Checkpoint(SQLModel, table=True):
    """The root over the first `size` lines, signed (C2SP tlog-checkpoint), append-only."""

    __tablename__ = "checkpoints"
    id: int | None = number()
    at: datetime = instant(nullable=False)
    size: int = Field(sa_type=BigInteger, unique=True)
    root: str
    note: str = Field(description="as it was signed and is given out")


class LedgerTimestamp(SQLModel, table=True):
    """What a time-stamp authority said (RFC 3161) of a checkpoint, append-only. A later one is made over the earlier ones
    too, before their keys or digests grow weak."""

    __tablename__ = "ledger_timestamps"
    id: int | None = number()
    checkpoint_id: int = Field(foreign_key="checkpoints.id", index=True, sa_type=BigInteger)
    at: datetime = instant(nullable=False)
    authority: str
    algorithm: str = Field(description="of the digest that was stamped")
    stamped: str = Field(description="the text that was stamped: the checkpoint, and digests of the tokens before")
    token: bytes = Field(sa_type=LargeBinary)
