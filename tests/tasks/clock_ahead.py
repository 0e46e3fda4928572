"""Run by test_clock_ahead under a shifted clock: a night's care, a disposal as far as it goes, a recording to be archived."""

import asyncio
import io
import json
import wave

from clock import Clock
from storage import archive_orders, db
from storage.archive import ArchiveError
from storage.disposals import DisposalRefused
from tasks import archive_care
from tasks.archiving import archive_recordings


class Line:
    """A carrier with one recording of four seconds."""

    def __init__(self):
        self.deleted = []
        out = io.BytesIO()
        with wave.open(out, "wb") as writer:
            writer.setparams((2, 2, 8000, 0, "NONE", ""))
            writer.writeframes(bytes(range(1, 251)) * 512)
        self.sound = out.getvalue()

    async def media(self, name):
        yield self.sound

    async def delete_recording(self, name):
        self.deleted.append(name)


async def main() -> None:
    clock, line = Clock(), Line()
    ahead = await archive_care.compare_clocks.fn(clock)
    for care in (archive_care.lock_for_longer.fn, archive_care.dispose_of_approved.fn, archive_care.check_objects.fn):
        try:
            await care(clock)
        except ArchiveError as refused:  # a store that takes no request of such a date
            print("refused:", refused)
    try:
        await archive_orders.list_expired("an", clock)
        expired = "listed"
    except DisposalRefused as refused:
        expired = str(refused)
    # a list that was drawn up and approved all the same: by hand, for rows can be written
    async with db.transaction() as connection:
        [row] = await db.rows(connection, "SELECT id, object_key FROM archive_objects ORDER BY id LIMIT 1")
        await db.rows(
            connection, "UPDATE archive_objects SET retain_until = '2026-01-01', began_on = '2001-01-01' RETURNING id"
        )
        [made] = await db.rows(
            connection,
            """INSERT INTO disposals (listed_by, listed_at, first_approved_by, second_approved_by)
               VALUES ('an', now(), 'bo', 'cai') RETURNING id""",
        )
        await db.rows(
            connection,
            "INSERT INTO disposal_items (disposal_id, object_id, kept_until) VALUES (:list, :id, '2026-01-01') RETURNING object_id",
            list=made["id"],
            id=row["id"],
        )
    disposed = await archive_orders.dispose(made["id"], clock)
    await archive_recordings.fn(line, clock)
    async with db.transaction() as connection:
        alarms = await db.rows(connection, "SELECT name, detail FROM alarms")
    await db.dispose()
    print(
        json.dumps(
            {
                "ahead": ahead.total_seconds(),
                "expired": expired,
                "disposed": disposed,
                "key": row["object_key"],
                "alarms": {one["name"]: one["detail"] for one in alarms},
                "carrier_keeps": "RE2" not in line.deleted,
            }
        )
    )


asyncio.run(main())
