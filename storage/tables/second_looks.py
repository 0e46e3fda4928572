"""Where a second person looks again: reviews of handled orders, overridden classes, samples and checks, penalties."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, instant, number


class OrderReview(SQLModel, table=True):
    """What head office found of a handled order; one that was returned and handled again is found twice (C50, C52)."""

    __tablename__ = "order_reviews"
    id: int | None = number()
    order_id: int = Field(foreign_key="work_orders.id", index=True, sa_type=BigInteger)
    verdict: str = Field(description="VERIFIED or RETURNED")
    statement: str = Field(description="the customer's own signature: SIGNED, WAIVED or NOT_NEEDED (C52)")
    reason: str | None = Field(default=None, description="why it was returned, or why the statement was waived")
    follows: str | None = Field(default=None, description="what follows for the case, a code of rules.order_review")
    handled_by: str | None = None
    handled_at: datetime | None = instant()
    handling: str | None = Field(default=None, description="what the branch had written; the next handling replaces it")
    reviewed_by: str
    reviewed_at: datetime = instant(nullable=False)


class ClassOverride(SQLModel, table=True):
    """A class that two persons put in the place of a derived one. The settlement itself is never changed."""

    __tablename__ = "class_overrides"
    __table_args__ = (
        Index(
            "uq_class_overrides_pending",
            "settlement_id",
            unique=True,
            postgresql_where=text("state = 'PROPOSED'"),
        ),
        Index("ix_class_overrides_state", "state", "proposed_at"),
    )
    id: int | None = number()
    case_id: int = Field(foreign_key="cases.id", index=True, sa_type=BigInteger)
    settlement_id: int = Field(foreign_key="settlements.id", index=True, sa_type=BigInteger)
    derived: str | None = Field(default=None, description="what the answers gave, for ever")
    was: str | None = Field(default=None, description="the class in force when this was proposed")
    class_: str = Field(sa_column_kwargs={"name": "class"})
    reasons: list = document("[]")
    why: str
    orders: str = Field(description="what becomes of the open orders: CLOSE, KEEP, or NONE where there are none")
    state: str = Field(description="PROPOSED, CONFIRMED, DECLINED or TAKEN_BACK")
    proposed_by: str
    proposed_at: datetime = instant(nullable=False)
    decided_by: str | None = None
    decided_at: datetime | None = instant()
    decision_note: str | None = None


class QualitySample(SQLModel, table=True):
    """A draw. The same rows and `start` give the same sample again; `known_at` bounds the rows to what was settled then."""

    __tablename__ = "quality_samples"
    __table_args__ = (UniqueConstraint("kind", "period"),)
    id: int | None = number()
    kind: str = Field(description="SELF_INSPECTION (a year, R126) or QUALITY_SHARE (a month, domain 2.2)")
    period: str
    first: date
    last: date
    start: int = Field(description="by how much the first one drawn is moved in each stratum")
    population: int
    population_digest: str = Field(description="sha256 over the rows that were drawn from, in their order")
    profile: str
    withdrawn: list = document("[]")  # ids of call scripts, as they were withdrawn then
    drawn_by: str
    known_at: datetime = instant(nullable=False)


class QualityCheck(SQLModel, table=True):
    """One recording that a checker hears; while it is OPEN he may play this very recording (judge's promise 9)."""

    __tablename__ = "quality_checks"
    __table_args__ = (
        UniqueConstraint("sample_id", "settlement_id"),
        Index("ix_quality_checks_work", "state", "assigned_to"),
    )
    id: int | None = number()
    sample_id: int = Field(foreign_key="quality_samples.id", sa_type=BigInteger)
    settlement_id: int = Field(foreign_key="settlements.id", index=True, sa_type=BigInteger)
    case_id: int = Field(foreign_key="cases.id", index=True, sa_type=BigInteger)
    call_id: str = Field(foreign_key="calls.id", index=True)
    channel: str
    product_type: str
    why: str = Field(description="SAMPLE, QUESTION, PROXY, WITHDRAWN_SCRIPT or NEW_AGENT")
    state: str = Field(default="OPEN", description="OPEN or DONE")
    assigned_to: str | None = None
    assigned_at: datetime | None = instant()
    verdict: str | None = Field(default=None, description="AGREES or DIFFERS")
    differences: list = document("[]")
    quality_items: list = document("[]")
    note: str | None = None
    done_by: str | None = None
    done_at: datetime | None = instant()


class QualityAssignment(SQLModel, table=True):
    """A checker and one check: his right to play that recording, from here until `ended_at`. Given anew, it is a new one."""

    __tablename__ = "quality_assignments"
    id: int | None = number()
    check_id: int = Field(foreign_key="quality_checks.id", index=True, sa_type=BigInteger)
    call_id: str = Field(foreign_key="calls.id", index=True)
    recording: str = Field(description="recordings.provider_id")
    checker: str
    place: str
    assigned_by: str
    assigned_at: datetime = instant(nullable=False)
    ended_at: datetime | None = instant()
    ended_why: str | None = Field(default=None, description="DONE, WITHDRAWN or REASSIGNED")


class PenaltyProposal(SQLModel, table=True):
    """What a rulebook provides for an offence. Proposed and decided by people, never deducted (C40)."""

    __tablename__ = "penalty_proposals"
    __table_args__ = (Index("ix_penalty_proposals_state", "state", "proposed_at"),)
    id: int | None = number()
    key: str = Field(unique=True, description="source, offence, person and measure: the same facts propose once")
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True, sa_type=BigInteger)
    order_id: int | None = Field(default=None, foreign_key="work_orders.id", sa_type=BigInteger)
    settlement_id: int | None = Field(default=None, foreign_key="settlements.id", index=True, sa_type=BigInteger)
    check_id: int | None = Field(default=None, foreign_key="quality_checks.id", sa_type=BigInteger)
    parent_id: int | None = Field(
        default=None,
        foreign_key="penalty_proposals.id",
        sa_type=BigInteger,
        description="the investigation whose finding led to this one",
    )
    branch_code: str | None = Field(default=None, index=True)
    agent_code: str | None = None
    offence: str
    falls_on: str = Field(description="AGENT, SUPERVISOR, MANAGER or UNIT")
    amount_yuan: int | None = None
    measure: str
    rule: str
    text_zh: str
    text_en: str
    profile: str
    state: str = Field(default="PROPOSED", description="PROPOSED, UPHELD or DISMISSED")
    proposed_at: datetime = instant(nullable=False)
    recommended: str | None = Field(default=None, description="what the first person would do: UPHELD or DISMISSED")
    finding: str | None = Field(default=None, description="who signed, as investigated: FAMILY or AGENT")
    recommended_by: str | None = None
    recommended_at: datetime | None = instant()
    reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = instant()
