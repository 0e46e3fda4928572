"""campaigns, the daily comparison with the carrier"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0015"
down_revision: str | Sequence[str] | None = "0014"


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.add_column("controls", sa.Column("reason", text(), nullable=False, server_default=""))
    op.add_column("calls", sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_calls_not_permitted",
        "calls",
        ["reserved_at"],
        unique=False,
        postgresql_where=sa.text("carrier_status = 'NOT_PERMITTED'"),
    )
    op.create_table(
        "carrier_comparisons",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account", text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("differences", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", "account", name=op.f("pk_carrier_comparisons")),
    )


def downgrade() -> None:
    op.drop_table("carrier_comparisons")
    op.drop_index("ix_calls_not_permitted", table_name="calls")
    op.drop_column("calls", "tried_at")
    op.drop_column("controls", "reason")
