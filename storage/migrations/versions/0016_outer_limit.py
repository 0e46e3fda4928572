"""the limit that no order outlives"""

from collections.abc import Sequence

revision: str = "0016"
down_revision: str | Sequence[str] | None = "0015"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
