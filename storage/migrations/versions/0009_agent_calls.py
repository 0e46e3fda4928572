"""calls with an agent, campaigns"""

from collections.abc import Sequence

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
