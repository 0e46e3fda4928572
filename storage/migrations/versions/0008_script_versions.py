"""versions of call scripts, reviewed and published"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"

TEXT = sqlmodel.sql.sqltypes.AutoString()


def _instant(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "script_texts",
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("document", JSONB, server_default=sa.text("'{}'::jsonb"), nullable=False),
        _instant("kept_at", nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_script_texts")),
    )
    op.create_table(
        "script_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("drafted_by", TEXT, nullable=False),
        _instant("drafted_at", nullable=False),
        sa.Column("reviewed_by", TEXT, nullable=True),
        _instant("reviewed_at"),
        sa.Column("published_by", TEXT, nullable=True),
        _instant("published_at"),
        sa.Column("withdrawn_by", TEXT, nullable=True),
        _instant("withdrawn_at"),
        sa.Column("withdrawn_why", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["digest"], ["script_texts.digest"], name=op.f("fk_script_versions_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_versions")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_script_versions_name")),
    )
    op.create_table(
        "script_recalls",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("script", TEXT, nullable=False),
        sa.Column("items", JSONB, server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("asked_by", TEXT, nullable=False),
        _instant("asked_at", nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_script_recalls_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_recalls")),
        sa.UniqueConstraint("case_id", "round", name=op.f("uq_script_recalls_case_id")),
    )
    op.add_column("calls", sa.Column("script_digest", TEXT, nullable=True))
    op.add_column("calls", sa.Column("continues", TEXT, nullable=True))
    op.create_index("ix_calls_script", "calls", ["script"])


def downgrade() -> None:
    op.drop_index("ix_calls_script", table_name="calls")
    op.drop_column("calls", "continues")
    op.drop_column("calls", "script_digest")
    op.drop_table("script_recalls")
    op.drop_table("script_versions")
    op.drop_table("script_texts")
