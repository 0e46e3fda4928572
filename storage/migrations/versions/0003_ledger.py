"""the chained ledger of archive and access events"""

from collections.abc import Sequence

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
