"""People, their contracts, and the case that each contract opens."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Index, LargeBinary, Numeric, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, fingerprint, instant, number, sealed


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


class FamilyTie(SQLModel, table=True):
    """Two policyholders who are proven relatives: what exempts a number that they share (C23, S12). `person_id` is the
    lower of the two. One relation stands at a time; what was rejected or withdrawn stays on record."""

    __tablename__ = "family_ties"
    __table_args__ = (
        Index(
            "uq_family_ties_standing",
            "person_id",
            "other_id",
            unique=True,
            postgresql_where=text("state IN ('PROPOSED', 'CONFIRMED')"),
        ),
    )
    id: int | None = number()
    person_id: int = Field(foreign_key="persons.id", sa_type=BigInteger)
    other_id: int = Field(foreign_key="persons.id", sa_type=BigInteger)
    policy_no: str = Field(description="by which the first was found when it was entered")
    other_policy_no: str
    relation: str
    evidence: str = Field(description="which papers prove it and where they are kept")
    state: str
    proposed_by: str
    proposed_at: datetime = instant(nullable=False)
    decided_by: str | None = None
    decided_at: datetime | None = instant()
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = instant()
    withdrawn_why: str | None = None
