"""Making an evidence pack by command, with a time stamp where an authority is set."""

from pathlib import Path

from clock import Clock
from rules.retrieval_events import RightKind
from storage import evidence_exports
from storage.evidence_exports import Exported
from tasks.stamping import stamp_checkpoint


async def export(
    call_id: str,
    folder: Path,
    by: str,
    clock: Clock,
    *,
    right: RightKind = RightKind.OPERATOR,
    right_id: int | None = None,
) -> Exported:
    """The pack of a call in `folder`, on record under `right`. Raises as storage.evidence_exports.export does."""
    return await evidence_exports.export(
        call_id,
        folder,
        by,
        clock.now(),
        right=right,
        right_id=right_id,
        stamp=lambda point: stamp_checkpoint.fn(point, clock),
    )
