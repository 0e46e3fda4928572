"""Every table, as the migrations build it. Personal data stands in `*_sealed` columns (storage/vault.py) with a keyed
`*_hash` beside what must be looked up. Instants are UTC `timestamptz`; business dates are Asia/Shanghai dates.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, LargeBinary, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

# One naming for every constraint, so that a migration can name what it drops.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def instant(nullable: bool = True, **kw: Any) -> Any:
    return Field(default=None if nullable else ..., sa_type=DateTime(timezone=True), nullable=nullable, **kw)


def number(**kw: Any) -> Any:
    return Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True), **kw)


def document(default: str = "{}") -> Any:
    return Field(default=None, sa_column=Column(JSONB, nullable=False, server_default=text(f"'{default}'::jsonb")))


def sealed(nullable: bool = True) -> Any:
    return Field(default=None if nullable else ..., sa_type=LargeBinary, nullable=nullable)


def fingerprint(nullable: bool = True, index: bool = False) -> Any:
    return Field(default=None if nullable else ..., sa_type=LargeBinary, nullable=nullable, index=index)


# --- the organisation ------------------------------------------------------------------------------------------------


class Branch(SQLModel, table=True):
    __tablename__ = "branches"
    code: str = Field(primary_key=True)
    name: str
    parent_code: str | None = Field(default=None, foreign_key="branches.code", index=True)
    kind: str


class Outlet(SQLModel, table=True):
    __tablename__ = "outlets"
    code: str = Field(primary_key=True)
    name: str
    branch_code: str = Field(foreign_key="branches.code", index=True)


class Staff(SQLModel, table=True):
    __tablename__ = "staff"
    code: str = Field(primary_key=True)
    name: str
    branch_code: str = Field(foreign_key="branches.code", index=True)
    roles: list = document("[]")


class Agent(SQLModel, table=True):
    """A seller. Never somebody who calls back (R11)."""

    __tablename__ = "agents"
    code: str = Field(primary_key=True)
    name: str
    branch_code: str | None = Field(default=None, foreign_key="branches.code", index=True)
    outlet_code: str | None = None
    id_hash: bytes | None = fingerprint(index=True)
    left_on: date | None = None


class RegisteredPhone(SQLModel, table=True):
    """Numbers of agents, staff and outlets, former ones too: a number changed next month still matches (AC-10)."""

    __tablename__ = "registered_phones"
    __table_args__ = (UniqueConstraint("number_hash", "holder_kind", "holder_code"),)
    id: int | None = number()
    number_hash: bytes = fingerprint(nullable=False)
    holder_kind: str
    holder_code: str
    former: bool = False


class User(SQLModel, table=True):
    """Somebody who signs in at the desk."""

    __tablename__ = "users"
    login: str = Field(primary_key=True)
    name: str
    password_hash: str
    roles: list = document("[]")
    branch_code: str = Field(foreign_key="branches.code")
    disabled: bool = False


# --- contract lists --------------------------------------------------------------------------------------------------


class ContractList(SQLModel, table=True):
    """One delivery of contracts: a file, a pull or a push."""

    __tablename__ = "contract_lists"
    id: int | None = number()
    source: str
    name: str
    digest: str = Field(unique=True, description="sha256 of the contents: the same file again changes nothing")
    received_at: datetime = instant(nullable=False)
    finished_at: datetime | None = instant()
    counts: dict = document()


class ListRow(SQLModel, table=True):
    """A row with a problem or out of scope, kept with its cells so that it can be shown and mended."""

    __tablename__ = "list_rows"
    list_id: int = Field(foreign_key="contract_lists.id", primary_key=True, sa_type=BigInteger)
    row_no: int = Field(primary_key=True)
    policy_no: str | None = Field(default=None, index=True)
    verdict: str = Field(description="rejected, duplicates, out_of_scope, accepted, updated, unchanged")
    cells_sealed: bytes = sealed(nullable=False)
    mended_at: datetime | None = instant()
    mended_by: int | None = Field(
        default=None,
        foreign_key="contract_lists.id",
        index=True,
        sa_type=BigInteger,
        description="the delivery that brought the row again, mended",
    )


class RowProblem(SQLModel, table=True):
    __tablename__ = "row_problems"
    list_id: int = Field(foreign_key="contract_lists.id", primary_key=True, sa_type=BigInteger)
    row_no: int = Field(primary_key=True)
    field: str = Field(primary_key=True)
    code: str
    severity: str
    message_zh: str
    message_en: str


class CoreCursor(SQLModel, table=True):
    """How far the core system has been read; moved only after the rows of its page are stored."""

    __tablename__ = "core_cursors"
    source: str = Field(primary_key=True)
    cursor: str
    moved_at: datetime = instant(nullable=False)


class PushKey(SQLModel, table=True):
    """An Idempotency-Key of a push, with the answer it got."""

    __tablename__ = "push_keys"
    key: str = Field(primary_key=True)
    digest: str
    answer: dict = document()
    received_at: datetime = instant(nullable=False)


# --- people, contracts, cases ----------------------------------------------------------------------------------------


class Person(SQLModel, table=True):
    """A policyholder; one row per ID number, since the caps count per person (R7, domain 2.2)."""

    __tablename__ = "persons"
    id: int | None = number()
    identity_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    name_sealed: bytes = sealed(nullable=False)
    name_hash: bytes = fingerprint(nullable=False, index=True)
    sex: str | None = None
    birth_date: date | None = None
    language: str = "zh-CN"


class Contract(SQLModel, table=True):
    """The contract as last delivered. What came before stands in contract_versions."""

    __tablename__ = "contracts"
    policy_no: str = Field(primary_key=True)
    version: int = 1
    person_id: int = Field(foreign_key="persons.id", index=True, sa_type=BigInteger)
    source: str
    digest: str = Field(description="sha256 over the normalised values: equal digest, equal contract")
    in_scope: bool
    out_of_scope_reason: str | None = None
    channel: str
    product_type: str
    product_name: str
    premium_mode: str
    premium: Decimal | None = Field(default=None, sa_type=Numeric(18, 2))
    branch_code: str | None = Field(default=None, index=True)
    agent_code: str | None = Field(default=None, index=True)
    underwritten_on: date
    receipt_signed_on: date | None = None
    status: str
    special_callback: bool = False
    facts: dict = document()  # the other normalised values that name nobody
    personal_sealed: bytes = sealed(nullable=False)
    updated_at: datetime = instant(nullable=False)


class ContractVersion(SQLModel, table=True):
    __tablename__ = "contract_versions"
    policy_no: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    list_id: int = Field(foreign_key="contract_lists.id", sa_type=BigInteger)
    row_no: int
    digest: str
    facts: dict = document()
    personal_sealed: bytes = sealed(nullable=False)
    stored_at: datetime = instant(nullable=False)


class ContractPhone(SQLModel, table=True):
    """A number under which a policyholder may be asked for. A candidate is never dialled (C25)."""

    __tablename__ = "contract_phones"
    __table_args__ = (UniqueConstraint("policy_no", "number_hash"),)
    id: int | None = number()
    policy_no: str = Field(foreign_key="contracts.policy_no", index=True)
    person_id: int = Field(foreign_key="persons.id", index=True, sa_type=BigInteger)
    number_hash: bytes = fingerprint(nullable=False, index=True)
    number_sealed: bytes = sealed(nullable=False)
    place: int = Field(description="0 mobile, 1 home, 2 office: the order in which they are tried")
    status: str = Field(default="CONFIRMED", description="CONFIRMED or CANDIDATE")
    dead: bool = False


class Case(SQLModel, table=True):
    """One duty to call back: one in-scope contract."""

    __tablename__ = "cases"
    __table_args__ = (Index("ix_cases_open", "state", "nominal_end"),)
    id: int | None = number()
    policy_no: str = Field(foreign_key="contracts.policy_no", unique=True)
    person_id: int = Field(foreign_key="persons.id", index=True, sa_type=BigInteger)
    state: str
    owner: str
    owner_branch: str | None = Field(default=None, foreign_key="branches.code", index=True)
    round: int = Field(default=1, description="counts the callbacks asked for: 1, then one more after each re-opening")
    callable_on: date | None = None
    nominal_end: date | None = None
    surrender_deadline: date | None = None
    handover_at: datetime | None = instant()
    provisional: bool = False
    appointment_at: datetime | None = instant()
    appointment_hash: bytes | None = fingerprint()
    class_: str | None = Field(default=None, sa_column_kwargs={"name": "class"})
    reasons: list = document("[]")
    marks: list = document("[]")
    completed_at: datetime | None = instant()
    counts: bool = Field(default=False, description="completed, and its recording is verified and locked")
    late_grace_until: date | None = None
    profile: str
    opened_at: datetime = instant(nullable=False)
    changed_at: datetime = instant(nullable=False)


# --- calls -----------------------------------------------------------------------------------------------------------


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
    )
    id: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="persons.id", index=True, sa_type=BigInteger)
    number_hash: bytes = fingerprint(nullable=False, index=True)
    number_sealed: bytes = sealed(nullable=False)
    state: str
    result: str | None = None
    sid: str | None = Field(default=None, unique=True)
    at_appointment: bool = False
    script: str
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
    bytes: int | None = Field(default=None, sa_type=BigInteger)
    sha256: str | None = None
    samples_sha256: str | None = None
    retain_until: datetime | None = instant()
    tries: int = 0
    next_try_at: datetime | None = instant()
    reported_at: datetime = instant(nullable=False)
    verified_at: datetime | None = instant()
    cleared_at: datetime | None = instant()


# --- outcomes and branch work ----------------------------------------------------------------------------------------


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
    settled_at: datetime = instant(nullable=False)


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
    due_at: datetime = instant(nullable=False)
    act_by: date | None = None
    accepted_at: datetime | None = instant()
    accepted_by: str | None = None
    handled_at: datetime | None = instant()
    handled_by: str | None = None
    handling: str | None = None
    closed_at: datetime | None = instant()
    closed_why: str | None = Field(default=None, description="why it was closed unhandled, e.g. SURRENDERED")
    escalated_at: datetime | None = instant()
    overdue_at: datetime | None = instant()


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
    source: str


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
