"""Contract lists as they came, row by row."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, instant, number, sealed


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
