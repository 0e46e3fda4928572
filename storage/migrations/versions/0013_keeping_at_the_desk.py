"""holds, disposals and disputes at the desk"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = "0013"
down_revision: str | Sequence[str] | None = "0012"

COLUMNS = ("refused_by", "refused_at", "refused_why")


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    for name in COLUMNS:
        kind = sa.DateTime(timezone=True) if name == "refused_at" else text()
        op.add_column("disposals", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("disposals", name)
