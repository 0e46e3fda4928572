"""what a contract's rule profile is chosen by, and the calendar's changes"""

from collections.abc import Sequence

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
