"""Making an evidence pack at the machine itself, with a time stamp where an authority is set."""

from pathlib import Path

from clock import Clock
from rules.retrieval_events import RightKind
from storage import evidence_exports
from storage.evidence_exports import Exported
from tasks.stamping import stamp_checkpoint


async def export(call_id: str, folder: Path, by: str, clock: Clock) -> Exported:
    """The pack of a call in `folder`, on record as an operator's copy. Raises as storage.evidence_exports.export does."""
    return await evidence_exports.export(
        call_id,
        folder,
        by,
        clock.now(),
        right=RightKind.OPERATOR,
        stamp=lambda point: stamp_checkpoint.fn(point, clock),
    )
