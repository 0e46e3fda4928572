"""Versions of call scripts and what became of them; re-calls of items that a script left out."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, Date, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, instant, number


class ScriptText(SQLModel, table=True):
    """What a version says, asks and decides, kept for ever under its digest: calls are read by it long afterwards."""

    __tablename__ = "script_texts"
    digest: str = Field(primary_key=True)
    document: dict = document()
    kept_at: datetime = instant(nullable=False)


class ScriptVersion(SQLModel, table=True):
    """The life of a version: DRAFT, REVIEWED by another person, PUBLISHED from a day on, WITHDRAWN.

    A shipped version has no row until somebody withdraws it: it is in force as it was delivered.
    """

    __tablename__ = "script_versions"
    __table_args__ = (UniqueConstraint("name", "version"),)
    id: int | None = number()
    name: str
    version: int
    digest: str = Field(foreign_key="script_texts.digest")
    state: str = Field(description="DRAFT, REVIEWED, PUBLISHED, WITHDRAWN")
    effective_from: date | None = Field(default=None, sa_column=Column(Date))
    drafted_by: str
    drafted_at: datetime = instant(nullable=False)
    reviewed_by: str | None = None
    reviewed_at: datetime | None = instant()
    published_by: str | None = None
    published_at: datetime | None = instant()
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = instant()
    withdrawn_why: str | None = None


class ScriptRecall(SQLModel, table=True):
    """One case whose callback is taken up again for items that its script left out: a round of its own."""

    __tablename__ = "script_recalls"
    __table_args__ = (UniqueConstraint("case_id", "round"),)
    id: int | None = number()
    case_id: int = Field(foreign_key="cases.id", sa_type=BigInteger)
    round: int
    script: str
    items: list = document("[]")
    asked_by: str
    asked_at: datetime = instant(nullable=False)
    why: str
