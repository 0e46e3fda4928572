"""The log of events, the calendar, reports, controls."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, instant, number


class Event(SQLModel, table=True):
    """What happened, append-only (a trigger refuses change); the judge replays it. Holds no personal data."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_at", "at"), Index("ix_events_case", "case_id"))
    id: int | None = number()
    at: datetime = instant(nullable=False)
    kind: str
    case_id: int | None = Field(default=None, sa_type=BigInteger)
    call_id: str | None = None
    person_id: int | None = Field(default=None, sa_type=BigInteger)
    data: dict = document()


class CalendarDay(SQLModel, table=True):
    """Days that are not what their weekday says, and which years are known at all."""

    __tablename__ = "calendar_days"
    day: date = Field(primary_key=True)
    kind: str
    source: str = Field(description="the seed, a file or the desk: who says so")
    reason: str | None = None
    changed_by: str | None = None
    changed_at: datetime | None = instant()


class CalendarYear(SQLModel, table=True):
    __tablename__ = "calendar_years"
    year: int = Field(primary_key=True)
    source: str


class Report(SQLModel, table=True):
    __tablename__ = "reports"
    kind: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    figures: dict = document()
    made_at: datetime = instant(nullable=False)


class Control(SQLModel, table=True):
    """A switch people throw: pausing the dialler, for instance."""

    __tablename__ = "controls"
    name: str = Field(primary_key=True)
    value: str
    set_by: str
    set_at: datetime = instant(nullable=False)
    reason: str = Field(default="", sa_column_kwargs={"server_default": ""})


class CarrierComparison(SQLModel, table=True):
    """What the carrier knows of a business day beside what we know of it (rules/carrier_comparison.py)."""

    __tablename__ = "carrier_comparisons"
    day: date = Field(primary_key=True)
    account: str = Field(primary_key=True)
    figures: dict = document()
    differences: list = document("[]")
    made_at: datetime = instant(nullable=False)
