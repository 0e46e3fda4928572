"""classes overridden by two persons, reviews of handled orders, samples, penalty proposals"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"


def upgrade() -> None:
    op.add_column("work_orders", sa.Column("statement_ref", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("work_orders", sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_orders", sa.Column("overdue_statement", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("work_orders", sa.Column("overdue_statement_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_orders", sa.Column("overdue_statement_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.create_index(op.f("ix_settlements_settled_at"), "settlements", ["settled_at"], unique=False)
    op.create_table(
        "order_reviews",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("statement", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("follows", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("handled_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handling", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("reviewed_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["work_orders.id"], name=op.f("fk_order_reviews_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_reviews")),
    )
    op.create_index(op.f("ix_order_reviews_order_id"), "order_reviews", ["order_id"], unique=False)
    op.create_table(
        "class_overrides",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.Column("derived", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("was", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("class", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "reasons", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("why", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("orders", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("proposed_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_class_overrides_case_id")),
        sa.ForeignKeyConstraint(["settlement_id"], ["settlements.id"], name=op.f("fk_class_overrides_settlement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_overrides")),
    )
    op.create_index(op.f("ix_class_overrides_case_id"), "class_overrides", ["case_id"], unique=False)
    op.create_index(op.f("ix_class_overrides_settlement_id"), "class_overrides", ["settlement_id"], unique=False)
    op.create_index("ix_class_overrides_state", "class_overrides", ["state", "proposed_at"], unique=False)
    op.create_index(
        "uq_class_overrides_pending",
        "class_overrides",
        ["settlement_id"],
        unique=True,
        postgresql_where=sa.text("state = 'PROPOSED'"),
    )
    op.create_table(
        "quality_samples",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("period", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("population_digest", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("profile", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "withdrawn", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("drawn_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_samples")),
        sa.UniqueConstraint("kind", "period", name=op.f("uq_quality_samples_kind_period")),
    )
    op.create_table(
        "quality_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sample_id", sa.BigInteger(), nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("call_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("product_type", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("why", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("assigned_to", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column(
            "differences",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "quality_items",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("done_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_quality_checks_call_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_quality_checks_case_id")),
        sa.ForeignKeyConstraint(["sample_id"], ["quality_samples.id"], name=op.f("fk_quality_checks_sample_id")),
        sa.ForeignKeyConstraint(["settlement_id"], ["settlements.id"], name=op.f("fk_quality_checks_settlement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_checks")),
        sa.UniqueConstraint("sample_id", "settlement_id", name=op.f("uq_quality_checks_sample_id_settlement_id")),
    )
    op.create_index(op.f("ix_quality_checks_call_id"), "quality_checks", ["call_id"], unique=False)
    op.create_index(op.f("ix_quality_checks_case_id"), "quality_checks", ["case_id"], unique=False)
    op.create_index(op.f("ix_quality_checks_settlement_id"), "quality_checks", ["settlement_id"], unique=False)
    op.create_index("ix_quality_checks_work", "quality_checks", ["state", "assigned_to"], unique=False)
    op.create_table(
        "quality_assignments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("check_id", sa.BigInteger(), nullable=False),
        sa.Column("call_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("recording", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("checker", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("place", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("assigned_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_quality_assignments_call_id")),
        sa.ForeignKeyConstraint(["check_id"], ["quality_checks.id"], name=op.f("fk_quality_assignments_check_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_assignments")),
    )
    op.create_index(op.f("ix_quality_assignments_call_id"), "quality_assignments", ["call_id"], unique=False)
    op.create_index(op.f("ix_quality_assignments_check_id"), "quality_assignments", ["check_id"], unique=False)
    op.create_table(
        "penalty_proposals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("settlement_id", sa.BigInteger(), nullable=True),
        sa.Column("check_id", sa.BigInteger(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("branch_code", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("agent_code", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("offence", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("falls_on", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("amount_yuan", sa.Integer(), nullable=True),
        sa.Column("measure", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("rule", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text_zh", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text_en", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("profile", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recommended", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("finding", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("recommended_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("recommended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_penalty_proposals_case_id")),
        sa.ForeignKeyConstraint(["check_id"], ["quality_checks.id"], name=op.f("fk_penalty_proposals_check_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_orders.id"], name=op.f("fk_penalty_proposals_order_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["penalty_proposals.id"], name=op.f("fk_penalty_proposals_parent_id")),
        sa.ForeignKeyConstraint(["settlement_id"], ["settlements.id"], name=op.f("fk_penalty_proposals_settlement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_penalty_proposals")),
        sa.UniqueConstraint("key", name=op.f("uq_penalty_proposals_key")),
    )
    op.create_index(op.f("ix_penalty_proposals_branch_code"), "penalty_proposals", ["branch_code"], unique=False)
    op.create_index(op.f("ix_penalty_proposals_case_id"), "penalty_proposals", ["case_id"], unique=False)
    op.create_index(op.f("ix_penalty_proposals_settlement_id"), "penalty_proposals", ["settlement_id"], unique=False)
    op.create_index("ix_penalty_proposals_state", "penalty_proposals", ["state", "proposed_at"], unique=False)


def downgrade() -> None:
    op.drop_table("penalty_proposals")
    op.drop_table("quality_assignments")
    op.drop_table("quality_checks")
    op.drop_table("quality_samples")
    op.drop_table("class_overrides")
    op.drop_table("order_reviews")
    op.drop_index(op.f("ix_settlements_settled_at"), table_name="settlements")
    op.drop_column("work_orders", "overdue_statement_by")
    op.drop_column("work_orders", "overdue_statement_at")
    op.drop_column("work_orders", "overdue_statement")
    op.drop_column("work_orders", "returned_at")
    op.drop_column("work_orders", "statement_ref")
