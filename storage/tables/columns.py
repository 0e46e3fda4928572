"""The shapes of columns that many tables share, and how constraints are named."""

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, text
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
