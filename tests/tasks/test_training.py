"""Training copies (AC-22 g, C41): masked, in a bucket without locks, heard in the house, gone at their end."""

import io
import json
from datetime import timedelta

import numpy
import pytest
import soundfile

from rules.calendar import Calendar
from rules.retrieval_events import Signature, signatures_for
from scripts.call_scripts import load_script
from settings import settings
from storage import db, retrieval, training_copies
from storage.archive import archive
from storage.archive_objects import of_call
from storage.data_keys import KeyDestroyed
from storage.encryption import NotOpened
from storage.key_keepers import key_keeper
from storage.retrieval import Refused
from storage.s3_client import ArchiveUnsafe, NotInArchive
from storage.training_bucket import TrainingBucket, training_bucket
from storage.training_copies import CopyReader
from storage.vault import vault
from tasks.archiving import archive_recordings
from tasks.training import end_training_copies

RATE, SECONDS = 8000, 60
PEOPLE = {
    "lead": "CALLBACK_AGENT_LEAD",
    "boss": "DEPARTMENT_HEAD",
    "service": "CUSTOMER_SERVICE_HEAD",
    "head": "CALL_CENTER_HEAD",
}
SCRIPT = load_script("bank-participating-regular", 1)
# when each turn begins, what we say in it, and the words that answer it
TURNS = (
    (0, "C1", None, "是的，我是王小芳"),
    (10, "M2.received", "M2.received", "收到了"),
    (20, "M6.term", "M6.term", "清楚，交十年"),
    (30, "K1", "K1", "不对，打一三九零零零这个"),
    (40, "M7", "M7", "知道"),
    (50, "M8", "M8", None),
)


def voices() -> bytes:
    """A tone of its own in every second and channel, so that what was taken out can be told from what was not."""
    at = numpy.arange(RATE * SECONDS) / RATE
    left = numpy.sin(2 * numpy.pi * 300 * at) * 9000
    right = numpy.sin(2 * numpy.pi * 500 * at) * 9000
    out = io.BytesIO()
    soundfile.write(out, numpy.stack([left, right], 1).astype("int16"), RATE, "PCM_16", format="WAV")
    return out.getvalue()


@pytest.fixture
async def granted(archived, line, clock, reported, ask, monkeypatch):
    """A call in the archive with its turns on record, and a request for training that all have signed."""
    monkeypatch.setenv("HUIFANG_S3_TRAINING_BUCKET", settings().s3_bucket + "-training")
    settings.cache_clear()
    training_bucket.cache_clear()
    await reported("RE1", voices(), SECONDS)
    await archive_recordings.fn(line, clock)
    await ask("INSERT INTO branches (code, name, kind) VALUES ('00', '总公司', 'HEAD_OFFICE')")
    for login, role in PEOPLE.items():
        await ask(
            "INSERT INTO users VALUES (:login, :login, '', CAST(:roles AS jsonb), '00', false)",
            login=login, roles=json.dumps([role]),
        )  # fmt: skip
    await ask("UPDATE persons SET name_sealed = :name", name=vault().seal("王小芳"))
    await ask("UPDATE contracts SET personal_sealed = :some", some=vault().seal('{"insured_name": "王大宝"}'))
    await ask("UPDATE calls SET profile = 'national@1', sheet_sealed = :some", some=vault().seal("{}"))
    answers: list[dict] = []
    for begins, step, _, _ in TURNS:
        said = {"said": [{"step": step, "id": SCRIPT.steps[step].ask}], "answers": answers}
        await ask(
            """INSERT INTO events (at, kind, call_id, data) SELECT answered_at + make_interval(secs => :begins), 'TURN', id,
               CAST(:said AS jsonb) FROM calls""",
            begins=begins, said=json.dumps(said),
        )  # fmt: skip
        _, step, kept, words = next(t for t in TURNS if t[0] == begins)
        answers = [{"case_id": None, "step": step, "try_no": 1}] if words else []
        if kept:
            await ask(
                """INSERT INTO answers (call_id, step, try_no, answer, final, detail, how, heard_sealed, answered_at)
                   SELECT id, :step, 1, 'YES', true, '{}', 'speech', :heard, answered_at FROM calls""",
                step=step, heard=vault().seal(words) if words else None,
            )  # fmt: skip
    async with db.transaction() as connection:
        number = await retrieval.ask(
            connection, "lead", purpose="TRAINING", recordings=["RE1"], listeners=["lead"], dispute="", why="新人培训",
            letter="", now=clock.now(), calendar=Calendar({}, (2026,)),
        )  # fmt: skip
        for login in ("boss", "service", "head"):
            await retrieval.sign(connection, number, login, clock.now())
    assert signatures_for("TRAINING")[-1] is Signature.CALL_CENTER
    yield number
    training_bucket.cache_clear()


async def copy_of(number: int) -> training_copies.Copy:
    async with db.transaction() as connection:
        return await training_copies.find(connection, number)


def sound_of(copy: training_copies.Copy) -> numpy.ndarray:
    plain = b"".join(CopyReader(copy, training_bucket(), key_keeper()).stream())
    return soundfile.read(io.BytesIO(plain), dtype="int16")[0]


def heard(sound: numpy.ndarray, begin: float, end: float) -> bool:
    """Whether the voices (not the short tone that marks what was taken out) are there in each channel."""
    part = sound[int(begin * RATE) : int(end * RATE)].astype(float)
    power = numpy.abs(numpy.fft.rfft(part, axis=0)) / len(part)
    at = numpy.fft.rfftfreq(len(part), 1 / RATE)
    return any(power[numpy.argmin(abs(at - hertz)), channel] > 100 for hertz in (300, 500) for channel in (0, 1))


async def test_what_could_name_the_person_is_not_in_the_copy_and_the_rest_is(granted, clock, ask):
    number = await training_copies.make(granted, "RE1", "lead", clock.now())
    copy = await copy_of(number)
    assert [why for _, _, why in copy.silenced] == ["NAME_SAID", "NAME_SAID", "NOT_KNOWN"]
    sound = sound_of(copy)
    assert len(sound) == RATE * SECONDS
    for begin, end, there in (
        (0.5, 12, False),
        (12.5, 27.5, True),
        (28.5, 42, False),
        (42.5, 47.5, True),
        (48.5, 60, False),
    ):
        assert heard(sound, begin, end) is there, (begin, end)
    assert await training_copies.make(granted, "RE1", "head", clock.now()) == number  # one at a time

    [told] = await ask("SELECT data, call_id FROM events WHERE kind = 'TRAINING_COPY_MADE'")
    assert (told["data"]["masked"], told["data"]["request_id"], told["call_id"]) == (True, granted, "call-RE1")
    assert (copy.ends - clock.now()).days == 90
    # nothing of it is locked, and what lies there is noise without its key
    raw = training_bucket().read(copy.object_key, 0, copy.bytes)
    assert raw[:4] == b"HFS1" and b"fLaC" not in raw
    async with db.transaction() as connection:
        [kept] = await of_call(connection, "call-RE1")
    assert [v.version_id for v in archive().versions(kept.object_key)] == [kept.version_id]
    with pytest.raises(NotOpened):
        b"".join(CopyReader(_with(copy, object_key="training/9.sealed"), _Fixed(raw), key_keeper()).stream())


class _Fixed:
    def __init__(self, data: bytes):
        self._data = data

    def read(self, key: str, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]


def _with(copy, **changed):
    return training_copies.Copy(**{name: getattr(copy, name) for name in copy.__slots__} | changed)


async def test_it_ends_and_nothing_is_left_of_it(granted, clock, ask):
    number = await training_copies.make(granted, "RE1", "lead", clock.now())
    assert await end_training_copies.fn(clock) == 0
    # our clock alone makes nothing end, nor does the database's
    before = clock.now()
    clock.set((await copy_of(number)).ends, 0.001)
    assert await end_training_copies.fn(clock) == 0
    clock.set(before, 0.001)
    await ask("UPDATE training_copies SET ends = :ends", ends=before + timedelta(hours=1))
    assert await end_training_copies.fn(clock) == 0
    clock.set(before + timedelta(hours=1), 0.001)
    assert await end_training_copies.fn(clock) == 1
    copy = await copy_of(number)
    assert (copy.ended_why, copy.wrapped) == ("EXPIRED", None) and copy.gone_at
    with pytest.raises(NotInArchive):
        training_bucket().read(copy.object_key, 0, 10)
    with pytest.raises(KeyDestroyed):
        sound_of(copy)
    kinds = [row["kind"] for row in await ask("SELECT kind FROM ledger WHERE kind LIKE 'TRAINING%' ORDER BY seq")]
    assert kinds == ["TRAINING_COPY_MADE", "TRAINING_COPY_ENDED", "TRAINING_COPY_GONE"]
    assert await end_training_copies.fn(clock) == 0


async def test_a_copy_that_still_tells_who_it_is_ends_at_once_and_the_next_lacks_that_part(granted, clock):
    number = await training_copies.make(granted, "RE1", "lead", clock.now())
    async with db.transaction() as connection:
        copy = await training_copies.find(connection, number, lock=True)
        assert await training_copies.identifies(connection, copy, 20.0, 23.0, "head", clock.now())
        assert not await training_copies.end(connection, copy, "head", "WITHDRAWN", clock.now())
    assert await end_training_copies.fn(clock) == 1
    again = await training_copies.make(granted, "RE1", "lead", clock.now())
    sound = sound_of(await copy_of(again))
    assert again != number and not heard(sound, 20.5, 22.9) and heard(sound, 15, 19.5) and heard(sound, 23.5, 27)


async def test_what_was_cut_off_in_the_making_cannot_be_heard_and_goes(granted, clock, monkeypatch):
    def killed(self, key, sealed):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(TrainingBucket, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            await training_copies.make(granted, "RE1", "lead", clock.now())
    async with db.transaction() as connection:
        assert await training_copies.listed(connection) == []
    # somebody makes it again, or it goes
    clock.set(clock.now() + timedelta(hours=2), 0.001)
    assert await end_training_copies.fn(clock) == 1
    number = await training_copies.make(granted, "RE1", "lead", clock.now())
    assert heard(sound_of(await copy_of(number)), 15, 19)


async def test_refused_where_nobody_may_or_nobody_can_say_what_to_silence(granted, clock, ask):
    for login, recording, code in (
        ("service", "RE1", "NOT_CALL_CENTER"),
        ("nobody", "RE1", "NOT_CALL_CENTER"),
        ("lead", "RE2", "NO_RIGHT"),
    ):
        with pytest.raises(Refused) as refused:
            await training_copies.make(granted, recording, login, clock.now())
        assert refused.value.decision.code == code
    with pytest.raises(Refused) as late:
        await training_copies.make(granted, "RE1", "lead", clock.now() + timedelta(days=7))
    assert late.value.decision.code == "NO_RIGHT"
    await ask("UPDATE calls SET script = 'gone@1'")
    with pytest.raises(Refused) as unknown:
        await training_copies.make(granted, "RE1", "lead", clock.now())
    assert unknown.value.decision.code == "NOT_MASKABLE"
    with pytest.raises(LookupError):
        await training_copies.make(99, "RE1", "lead", clock.now())


async def test_a_bucket_that_keeps_what_is_deleted_is_refused(granted, clock, monkeypatch):
    monkeypatch.setenv("HUIFANG_S3_TRAINING_BUCKET", settings().s3_bucket)
    settings.cache_clear()
    training_bucket.cache_clear()
    with pytest.raises(ArchiveUnsafe):
        await training_copies.make(granted, "RE1", "lead", clock.now())
