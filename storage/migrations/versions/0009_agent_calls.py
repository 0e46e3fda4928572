"""callback agents on duty, their calls and telephones"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"

TEXT = sqlmodel.sql.sqltypes.AutoString()


def _instant(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _list(name: str) -> sa.Column:
    return sa.Column(name, JSONB, server_default=sa.text("'[]'::jsonb"), nullable=False)


def upgrade() -> None:
    op.add_column("users", sa.Column("staff_number", TEXT, nullable=True))
    op.add_column("users", sa.Column("line_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("users", _list("languages"))
    op.add_column("calls", sa.Column("agent_login", TEXT, nullable=True))
    op.add_column("calls", sa.Column("led_by", TEXT, nullable=True))
    op.create_index(
        "ix_calls_agent_login", "calls", ["agent_login"], postgresql_where=sa.text("agent_login IS NOT NULL")
    )
    op.create_table(
        "agent_seats",
        sa.Column("login", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        _instant("since", nullable=False),
        _instant("seen_at", nullable=False),
        sa.ForeignKeyConstraint(["login"], ["users.login"], name=op.f("fk_agent_seats_login")),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_agent_seats")),
    )
    op.create_table(
        "agent_calls",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("login", TEXT, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        _list("case_ids"),
        sa.Column("call_id", TEXT, nullable=True),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=True),
        sa.Column("problem", TEXT, nullable=True),
        _list("why"),
        sa.Column("line", TEXT, nullable=True),
        sa.Column("conference", TEXT, nullable=True),
        sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("back", TEXT, nullable=True),
        _instant("taken_at", nullable=False),
        _instant("lease_until", nullable=False),
        _instant("joined_at"),
        _instant("left_at"),
        _instant("done_at"),
        sa.ForeignKeyConstraint(["login"], ["users.login"], name=op.f("fk_agent_calls_login")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_agent_calls_person_id")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_agent_calls_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_calls")),
    )
    still_open = sa.text("state <> 'DONE'")
    op.create_index("uq_agent_calls_open_login", "agent_calls", ["login"], unique=True, postgresql_where=still_open)
    op.create_index(
        "uq_agent_calls_open_person", "agent_calls", ["person_id"], unique=True, postgresql_where=still_open
    )
    op.create_index("ix_agent_calls_call", "agent_calls", ["call_id"])
    op.create_table(
        "agent_legs",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("agent_call_id", TEXT, nullable=False),
        sa.Column("login", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("sid", TEXT, nullable=True),
        sa.Column("status", TEXT, nullable=True),
        _instant("changed_at", nullable=False),
        sa.ForeignKeyConstraint(["agent_call_id"], ["agent_calls.id"], name=op.f("fk_agent_legs_agent_call_id")),
        sa.ForeignKeyConstraint(["login"], ["users.login"], name=op.f("fk_agent_legs_login")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_legs")),
        sa.UniqueConstraint("sid", name=op.f("uq_agent_legs_sid")),
    )
    op.create_index("ix_agent_legs_agent_call_id", "agent_legs", ["agent_call_id"])
    op.create_index("ix_agent_legs_open", "agent_legs", ["state"], postgresql_where=sa.text("state <> 'ENDED'"))


def downgrade() -> None:
    op.drop_table("agent_legs")
    op.drop_table("agent_calls")
    op.drop_table("agent_seats")
    op.drop_index("ix_calls_agent_login", table_name="calls")
    op.drop_column("calls", "led_by")
    op.drop_column("calls", "agent_login")
    op.drop_column("users", "languages")
    op.drop_column("users", "line_sealed")
    op.drop_column("users", "staff_number")
