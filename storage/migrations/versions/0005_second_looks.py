"""classes overridden by two persons, samples, penalty proposals"""

from collections.abc import Sequence

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
