"""Branches, outlets, staff, agents, users."""

from datetime import date

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, fingerprint, number, sealed


class Branch(SQLModel, table=True):
    __tablename__ = "branches"
    code: str = Field(primary_key=True)
    name: str
    parent_code: str | None = Field(default=None, foreign_key="branches.code", index=True)
    kind: str
    jurisdiction: str | None = Field(
        default=None, description="whose local rules bind its policies (GB/T 2260); null: the parent's"
    )


class FiledProfile(SQLModel, table=True):
    """A branch's own rule layer, filed with head office: it counts for what the branch and those below it conclude
    from that day on (R127). Contracts concluded before it was withdrawn keep it."""

    __tablename__ = "filed_profiles"
    __table_args__ = (
        Index("uq_filed_profiles_standing", "branch_code", unique=True, postgresql_where=text("withdrawn_on IS NULL")),
    )
    id: int | None = number()
    branch_code: str = Field(foreign_key="branches.code")
    name: str = Field(description="of the layer; which version counts is decided by the contract's date")
    filed_on: date
    filed_by: str
    withdrawn_on: date | None = None
    withdrawn_by: str | None = None


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


class RegisteredAddress(SQLModel, table=True):
    """Addresses of agents, staff and outlets, former ones too, by the form in which addresses are compared (R95)."""

    __tablename__ = "registered_addresses"
    __table_args__ = (UniqueConstraint("address_hash", "holder_kind", "holder_code"),)
    id: int | None = number()
    address_hash: bytes = fingerprint(nullable=False)
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
    staff_number: str | None = Field(default=None, description="told to customers by whoever calls them")
    line_sealed: bytes | None = sealed()  # where a callback agent is rung: a number, a SIP address
    languages: list = document("[]")  # beside Mandarin, for callback agents
