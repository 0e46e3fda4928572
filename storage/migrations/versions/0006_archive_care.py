"""data keys, fixity, holds, disposal"""

from collections.abc import Sequence

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
