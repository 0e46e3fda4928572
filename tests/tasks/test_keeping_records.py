"""Each day's electronic records are sealed and locked for twenty years, once; papers have a keeper and a term."""

import gzip
import json
from datetime import UTC, date, datetime, timedelta

from storage import archive_objects, db, paper_files
from storage.archive import archive
from storage.key_keepers import key_keeper
from storage.recording_reader import RecordingReader
from tasks import archive_care
from tasks.archiving import archive_recordings
from tasks.keeping_records import keep_day_records


async def test_a_day_that_is_over_is_kept_once_for_twenty_years(archived, line, clock, reported, talk, ask):
    await reported("RE1", talk(4))
    await archive_recordings.fn(line, clock)
    assert await keep_day_records.fn(clock) == []  # the day is not over
    clock.set(clock.now() + timedelta(days=1), 0.001)
    assert await keep_day_records.fn(clock) == [date(2026, 9, 24)]
    assert await keep_day_records.fn(clock) == []

    async with db.transaction() as connection:
        [kept] = await archive_objects.select(connection, "o.kind = 'ELECTRONIC'")
    assert kept.retain_until == datetime(2046, 9, 24, 16, tzinfo=UTC)
    lines = [
        json.loads(one) for one in gzip.decompress(RecordingReader(kept, archive(), key_keeper()).read()).splitlines()
    ]
    [call] = [one["row"] for one in lines if one["table"] == "calls"]
    assert call["id"] == "call-RE1"
    events = await ask("SELECT count(*) AS n FROM events WHERE at < '2026-09-24T16:00Z'")
    assert len([one for one in lines if one["table"] == "events"]) == events[0]["n"] > 0
    # looked after like every other object
    assert await archive_care.make_second_copies.fn(clock) == 2
    assert (await archive_care.check_objects.fn(clock, everything=True)).findings == ()
    assert await archive_care.lock_for_longer.fn(clock) == 0


async def test_papers_are_kept_ten_years_by_somebody(database, clock):
    async with db.transaction() as connection:
        number = await paper_files.enter(connection, "回执", "二号库", "李", date(2028, 2, 29), "wu", clock.now())
        assert await paper_files.hand_over(connection, number, "赵")
        assert not await paper_files.destroyed(connection, number, date(2038, 3, 1))
        [row] = await paper_files.register(connection)
        assert (row["keeper"], row["keep_until"], row["gone_on"]) == ("赵", date(2038, 3, 1), None)
        assert await paper_files.destroyed(connection, number, date(2038, 3, 2))
        assert not await paper_files.hand_over(connection, number, "钱")
