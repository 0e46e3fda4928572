"""the proof of each item"""

from collections.abc import Sequence

revision: str = "0014"
down_revision: str | Sequence[str] | None = "0013"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
