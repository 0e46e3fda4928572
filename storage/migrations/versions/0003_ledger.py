"""the chained ledger of archive and access events"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "ledger",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", text(), nullable=False),
        sa.Column("subject", text(), nullable=False),
        sa.Column("actor", text(), nullable=False),
        sa.Column("body", text(), nullable=False),
        sa.Column("previous", text(), nullable=False),
        sa.Column("hash", text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ledger")),
        sa.UniqueConstraint("hash", name=op.f("uq_ledger_hash")),
    )
    op.create_index("ix_ledger_subject", "ledger", ["subject"], unique=False)
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", text(), nullable=False),
        sa.Column("sealed_event_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )
    op.execute("INSERT INTO ledger_head (id, seq, hash, sealed_event_id) VALUES (1, 0, repeat('0', 64), 0)")
    op.execute("""
        CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    # The judge reads whole histories, one group of people after the other.
    op.create_index(
        "ix_events_person", "events", ["person_id"], postgresql_where=sa.text("person_id IS NOT NULL"), unique=False
    )
    op.create_index(
        "ix_events_call", "events", ["call_id"], postgresql_where=sa.text("call_id IS NOT NULL"), unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_events_call", table_name="events")
    op.drop_index("ix_events_person", table_name="events")
    op.drop_table("ledger_head")
    op.drop_table("ledger")
