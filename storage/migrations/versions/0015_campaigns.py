"""campaigns, the daily comparison with the carrier"""

from collections.abc import Sequence

revision: str = "0015"
down_revision: str | Sequence[str] | None = "0014"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
