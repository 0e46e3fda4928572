"""holds, disposals and disputes at the desk"""

from collections.abc import Sequence

revision: str = "0013"
down_revision: str | Sequence[str] | None = "0012"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
