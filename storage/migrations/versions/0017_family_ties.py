"""policyholders who are proven relatives"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = "0017"
down_revision: str | Sequence[str] | None = "0016"


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "family_ties",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("policy_no", text(), nullable=False),
        sa.Column("other_policy_no", text(), nullable=False),
        sa.Column("relation", text(), nullable=False),
        sa.Column("evidence", text(), nullable=False),
        sa.Column("state", text(), nullable=False),
        sa.Column("proposed_by", text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_why", text(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_family_ties_person_id_persons")),
        sa.ForeignKeyConstraint(["other_id"], ["persons.id"], name=op.f("fk_family_ties_other_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_ties")),
    )
    op.create_index(
        "uq_family_ties_standing",
        "family_ties",
        ["person_id", "other_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('PROPOSED', 'CONFIRMED')"),
    )


def downgrade() -> None:
    op.drop_table("family_ties")
