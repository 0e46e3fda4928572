"""rows mended on the desk, orders closed unhandled"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"


def upgrade() -> None:
    op.add_column("list_rows", sa.Column("mended_by", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_list_rows_mended_by"), "list_rows", "contract_lists", ["mended_by"], ["id"])
    op.create_index(op.f("ix_list_rows_mended_by"), "list_rows", ["mended_by"], unique=False)
    op.add_column("work_orders", sa.Column("closed_why", sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    op.drop_column("work_orders", "closed_why")
    op.drop_index(op.f("ix_list_rows_mended_by"), table_name="list_rows")
    op.drop_constraint(op.f("fk_list_rows_mended_by"), "list_rows", type_="foreignkey")
    op.drop_column("list_rows", "mended_by")
