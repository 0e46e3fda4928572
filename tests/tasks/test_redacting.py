"""Payment data found afterwards: two persons make the stretch unhearable, and nothing else."""

import io

import numpy
import pytest
import soundfile

from storage import archive_objects, archive_orders, db, redacting
from storage.archive import archive
from storage.data_keys import KeyDestroyed
from storage.key_keepers import key_keeper
from storage.recording_reader import RecordingReader
from storage.redactions import RedactionRefused
from tasks import archive_care
from tasks.archiving import archive_recordings


async def heard() -> tuple[numpy.ndarray, archive_objects.KeptObject]:
    async with db.transaction() as connection:
        [kept] = await archive_objects.select(connection, "true")
    sound = RecordingReader(kept, archive(), key_keeper()).read()
    return soundfile.read(io.BytesIO(sound), dtype="int16")[0], kept


async def test_a_stretch_goes_by_two_persons_and_the_rest_stays(archived, line, clock, reported, talk, ask):
    await reported("RE1", talk(20), 20)
    await archive_recordings.fn(line, clock)
    before, whole = await heard()
    for wrong, why in (((3, 3), "NO_STRETCH"), ((-1, 3), "NO_STRETCH")):
        with pytest.raises(RedactionRefused, match=why):
            await redacting.ask("call-RE1", *wrong, "卡号", "lin", clock)
    number = await redacting.ask("call-RE1", 6, 9, "客户报出卡号", "lin", clock)
    with pytest.raises(RedactionRefused, match="SAME_PERSON"):
        await redacting.carry_out(number, "lin", clock)
    await archive_orders.hold("call-RE1", "争议", "wu", clock)
    with pytest.raises(RedactionRefused, match="HELD"):
        await redacting.carry_out(number, "wu", clock)
    await archive_orders.ask_release("call-RE1", "结案", "wu", clock)
    await archive_orders.release("call-RE1", "zhao", clock)
    await redacting.carry_out(number, "wu", clock)

    after, kept = await heard()
    rate = 8000
    assert not after[6 * rate : 9 * rate].any() and before[6 * rate : 9 * rate].any()
    assert (after[: 6 * rate] == before[: 6 * rate]).all() and (after[9 * rate :] == before[9 * rate :]).all()
    assert kept.retain_until == whole.retain_until and kept.object_key != whole.object_key
    assert archived.lock_of(kept.object_key, kept.version_id).covers(whole.retain_until)
    # the whole one lies there, locked, and nobody can open it
    assert archived.read_back(whole.object_key, whole.version_id).sha256 == whole.sha256
    [key] = await ask("SELECT wrapped, kek, destroyed_why FROM data_keys WHERE id = :id", id=whole.data_key_id)
    assert (key["wrapped"], key["destroyed_why"]) == (None, "REDACTED")
    with pytest.raises(KeyDestroyed):
        RecordingReader(
            archive_objects.KeptObject(**{n: getattr(whole, n) for n in whole.__slots__} | {"wrapped": None}),
            archive(), key_keeper(),
        )  # fmt: skip
    told = [row["kind"] for row in await ask("SELECT kind FROM ledger ORDER BY seq")]
    assert told[-2:] == ["RECORDING_VERIFIED", "DATA_KEY_DESTROYED"]
    with pytest.raises(RedactionRefused, match="NO_SUCH_REQUEST"):
        await redacting.carry_out(number, "wu", clock)
    assert await archive_care.make_second_copies.fn(clock) == 1
    assert (await archive_care.check_objects.fn(clock, everything=True)).findings == ()
