"""who asked to hear a recording, who allowed it"""

from collections.abc import Sequence

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
