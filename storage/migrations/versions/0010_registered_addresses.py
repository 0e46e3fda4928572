"""whose addresses are no customer's: of agents, staff and outlets"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "registered_addresses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("holder_kind", text(), nullable=False),
        sa.Column("holder_code", text(), nullable=False),
        sa.Column("former", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registered_addresses")),
        sa.UniqueConstraint(
            "address_hash",
            "holder_kind",
            "holder_code",
            name=op.f("uq_registered_addresses_address_hash_holder_kind_holder_code"),
        ),
    )


def downgrade() -> None:
    op.drop_table("registered_addresses")
