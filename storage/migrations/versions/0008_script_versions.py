"""versions of call scripts, reviewed and published"""

from collections.abc import Sequence

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
