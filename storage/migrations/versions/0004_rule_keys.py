"""what a contract's rule profile is chosen by, and the calendar's changes"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"

TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.add_column("branches", sa.Column("jurisdiction", TEXT, nullable=True))
    op.create_table(
        "filed_profiles",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_code", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("filed_by", TEXT, nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_by", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["branch_code"], ["branches.code"], name=op.f("fk_filed_profiles_branch_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filed_profiles")),
    )
    op.create_index(
        "uq_filed_profiles_standing",
        "filed_profiles",
        ["branch_code"],
        unique=True,
        postgresql_where=sa.text("withdrawn_on IS NULL"),
    )
    op.add_column("calendar_days", sa.Column("reason", TEXT, nullable=True))
    op.add_column("calendar_days", sa.Column("changed_by", TEXT, nullable=True))
    op.add_column("calendar_days", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_orders", sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_orders", sa.Column("profile", TEXT, nullable=True))
    op.add_column(
        "work_orders", sa.Column("provisional", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("work_orders", "provisional")
    op.drop_column("work_orders", "profile")
    op.drop_column("work_orders", "pushed_at")
    op.drop_column("calendar_days", "changed_at")
    op.drop_column("calendar_days", "changed_by")
    op.drop_column("calendar_days", "reason")
    op.drop_index("uq_filed_profiles_standing", table_name="filed_profiles")
    op.drop_table("filed_profiles")
    op.drop_column("branches", "jurisdiction")
