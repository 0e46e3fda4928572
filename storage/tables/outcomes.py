"""What a contact came to, and the work of branches."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, instant, number


class Settlement(SQLModel, table=True):
    """One ended contact, decided once. `decision` is the whole value with its steps, for the desk and the judge."""

    __tablename__ = "settlements"
    __table_args__ = (
        Index("uq_settlements_contact", "case_id", "kind", text("coalesce(call_id, '')"), "round", unique=True),
    )
    id: int | None = number()
    case_id: int = Field(foreign_key="cases.id", index=True, sa_type=BigInteger)
    call_id: str | None = Field(default=None, foreign_key="calls.id", index=True)
    kind: str
    round: int
    result: str
    class_: str | None = Field(default=None, sa_column_kwargs={"name": "class"})
    completed: bool
    counts: bool
    in_window: bool | None = None
    profile: str
    decision: dict = document()
    settled_at: datetime = instant(nullable=False, index=True)


class WorkOrder(SQLModel, table=True):
    """What a branch has to do, by when. One of a kind per case and round."""

    __tablename__ = "work_orders"
    __table_args__ = (
        UniqueConstraint("case_id", "round", "kind"),
        Index("ix_work_orders_inbox", "branch_code", "state", "due_at"),
    )
    id: int | None = number()
    case_id: int = Field(foreign_key="cases.id", index=True, sa_type=BigInteger)
    round: int
    kind: str
    class_: str | None = Field(default=None, sa_column_kwargs={"name": "class"})
    reasons: list = document("[]")
    marks: list = document("[]")
    action: str | None = None
    branch_code: str = Field(foreign_key="branches.code")
    state: str = "ISSUED"
    working_days: int
    exclude_selling_agent: bool = False
    issued_at: datetime = instant(nullable=False)
    pushed_at: datetime | None = instant(description="the instant its limit counts from; null: when it was issued")
    profile: str | None = Field(default=None, description="the rule profile of its limit; null: that of its case")
    provisional: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    due_at: datetime = instant(nullable=False)
    act_by: date | None = None
    accepted_at: datetime | None = instant()
    accepted_by: str | None = None
    handled_at: datetime | None = instant()
    handled_by: str | None = None
    handling: str | None = None
    statement_ref: str | None = Field(default=None, description="where the customer's signed statement lies (C52)")
    returned_at: datetime | None = instant()
    overdue_statement: str | None = Field(
        default=None, description="why the limit cannot be met, filed before it (R91)"
    )
    overdue_statement_at: datetime | None = instant()
    overdue_statement_by: str | None = None
    closed_at: datetime | None = instant()
    closed_why: str | None = Field(default=None, description="why it was closed unhandled, e.g. SURRENDERED")
    escalated_at: datetime | None = instant()
    overdue_at: datetime | None = instant()
    outlived_at: datetime | None = instant(description="found open after the regulator's outer limit (R90)")
