"""An evidence pack made of a real recording on a real store: it verifies, in a process that has nothing but the pack and
the keys too, and nothing of it can be changed, added, taken away, renamed or exchanged."""

import hashlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from rules.retrieval_events import RightKind
from settings import settings
from storage import db, ledger_keys, verify_pack
from storage.evidence_packs import NoSuchCall, seal_folder
from storage.ledger_keys import LedgerKeys
from storage.vault import vault
from storage.verify_pack import verify
from tasks import archive_care
from tasks.archiving import archive_recordings
from tasks.evidence import export

HEARD = "我清楚"
WHOLE = {"ok": True, "problems": [], "stamps": {"there": 0, "checked": False, "instants": []}}


def keys() -> LedgerKeys:
    return ledger_keys.read(settings().ledger_key_file)


def problems(folder: Path, trusted=None) -> set[str]:
    return {problem["code"] for problem in verify(folder, keys().public if trusted is None else trusted)}


@pytest.fixture
async def archived_call(archived, line, clock, reported, talk) -> str:
    """A call with an answer, a conclusion and a recording in the archive, and another call beside it."""
    for name in ("RE1", "RE2"):
        await reported(name, talk(1))
    await archive_recordings.fn(line, clock)
    await archive_care.make_second_copies.fn(clock)
    async with db.transaction() as connection:
        await db.rows(
            connection,
            """WITH a AS (
                 INSERT INTO answers (call_id, case_id, step, try_no, answer, final, detail, how, heard_sealed, answered_at)
                 SELECT l.call_id, l.case_id, 'item:term', 1, 'YES', true, '{"confidence": 0.93}', 'SPEECH', :heard,
                        k.answered_at + interval '1500 milliseconds'
                 FROM call_cases l JOIN calls k ON k.id = l.call_id WHERE l.call_id = 'call-RE1' RETURNING call_id
               ), e AS (
                 INSERT INTO events (at, kind, call_id, data)
                 SELECT :now, 'TURN', call_id, '{"answers": [{"step": "item:term", "answer": "YES", "confidence": 0.93}]}' FROM a
               )
               INSERT INTO settlements (case_id, call_id, kind, round, result, "class", completed, counts, profile, decision, settled_at)
               SELECT case_id, call_id, 'CALL', 1, 'COMPLETED', 'STANDARD', true, true, 'national@1', '{"steps": ["R25"]}', :now
               FROM call_cases WHERE call_id = 'call-RE1' RETURNING id""",
            heard=vault().seal(HEARD),
            now=clock.now(),
        )
    return "call-RE1"


@pytest.fixture
async def pack(archived_call, clock, tmp_path) -> Path:
    folder = tmp_path / "pack"
    await export(archived_call, folder, "lin", clock)
    return folder


def document(pack: Path, name: str):
    return json.loads((pack / "data" / name).read_text())


def bent(pack: Path, name: str, change) -> None:
    """Change a document of the pack."""
    found = document(pack, name)
    change(found)
    (pack / "data" / name).write_text(json.dumps(found))


def sealed_again(pack: Path, by: LedgerKeys, clock) -> None:
    """What somebody who holds sealing keys, but did not write the ledger, can do."""
    for name in (verify_pack.BAGIT_FILE, verify_pack.INFO, verify_pack.MANIFEST, verify_pack.TAGS, verify_pack.SEAL):
        (pack / name).unlink()
    seal_folder(pack, "call-RE1", by, clock.now())


async def test_a_pack_holds_everything_and_verifies(pack, archived_call, clock, ask):
    assert verify(pack, keys().public) == []
    assert document(pack, "call.json")["id"] == archived_call
    assert [case["policy_no"] for case in document(pack, "call.json")["cases"]] == ["P-RE1"]
    [answer] = document(pack, "answers.json")
    assert (answer["answer"], answer["heard"], answer["offset_ms"]) == ("YES", HEARD, 1500)
    [proof] = document(pack, "item_proofs.json")
    assert (proof["step"], proof["answer"], proof["confidence"], proof["decides"]) == ("item:term", "YES", 0.93, True)
    assert (proof["recording"], proof["answer_ms"], proof["script"]) == (
        "RE1",
        1500,
        document(pack, "call.json")["script"],
    )
    assert proof["within_ms"] >= 2000
    assert document(pack, "script.json")["text"]["name"] == "bank-participating-regular"
    assert [p["id"] for p in document(pack, "rule_profiles.json") if p["values"]] == ["national@1"]
    assert document(pack, "decisions.json")[0]["decision"] == {"steps": ["R25"]}
    assert [event["kind"] for event in document(pack, "custody.json")] == ["RECORDING_VERIFIED", "RECORDING_CLEARED"]
    [sound] = document(pack, "recordings.json")
    assert hashlib.sha256((pack / sound["file"]).read_bytes()).hexdigest() == sound["sha256"]
    assert [(lock["copy"], lock["mode"]) for lock in sound["locks"]] == [
        ("FIRST", "COMPLIANCE"),
        ("SECOND", "COMPLIANCE"),
    ]
    # nothing of the other call
    assert b"RE2" not in b"".join(file.read_bytes() for file in pack.rglob("*.json*"))
    told = await ask("SELECT data FROM events WHERE kind = 'RECORDING_EXPORTED'")
    tags = hashlib.sha256((pack / verify_pack.TAGS).read_bytes()).hexdigest()
    assert [row["data"] for row in told] == [
        {"user": "lin", "recording": "RE1", "right": {"kind": "OPERATOR", "id": None}, "sha256": tags}
    ]


async def test_the_next_pack_tells_of_the_one_before(pack, archived_call, clock, tmp_path):
    await export(archived_call, tmp_path / "second", "wu", clock)
    assert problems(tmp_path / "second") == set()
    assert [event["kind"] for event in document(tmp_path / "second", "access.json")] == ["RECORDING_EXPORTED"]


async def test_the_one_file_verifies_alone(pack, tmp_path):
    """In a process that can import nothing of this project."""
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(verify_pack.__file__, alone / "verify_pack.py")
    (alone / "keys.txt").write_text("".join(f"{key}\n" for key in keys().public))

    def run() -> tuple[int, dict]:
        done = subprocess.run(
            [sys.executable, "-I", "verify_pack.py", str(pack), "--key", "keys.txt"],
            cwd=alone,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, json.loads(done.stdout)

    assert run() == (0, WHOLE)
    (pack / "data" / "answers.json").write_bytes(b"[]\n")
    code, found = run()
    assert (code, [p["code"] for p in found["problems"]]) == (1, ["CHANGED"])


async def test_the_command_verifies_without_database_and_network(pack, tmp_path):
    key_file = tmp_path / "keys.txt"
    key_file.write_text("".join(f"{key}\n" for key in keys().public))

    def run(*arguments: str, **values: str) -> tuple[int, dict]:
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("HUIFANG_", "PREFECT_"))}
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "evidence", "verify", *arguments, "--json"],
            cwd=Path(__file__).parents[2],
            env=outer | {"HUIFANG_HOME": str(tmp_path / "nothing"), "HUIFANG_ENV_FILE": ""} | values,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, json.loads(done.stdout)

    assert run(str(pack), "--key", str(key_file)) == (0, WHOLE)
    assert run(str(pack), HUIFANG_LEDGER_KEY_FILE=str(settings().ledger_key_file))[0] == 0
    code, said = run(str(pack))
    assert code == 1
    assert "--key" in said["error"]


async def test_export_verify_and_renewal_by_command(archived_call, tmp_path, ask):
    def run(*arguments: str) -> tuple[int, dict]:
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments, "--json"],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"HUIFANG_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.returncode, json.loads(done.stdout)

    folder = str(tmp_path / "pack")
    code, made = run("evidence", "export", archived_call, "-o", folder, "--by", "lin")
    assert (code, made["ok"], made["problems"], made["recordings"]) == (0, True, [], 1)
    assert run("evidence", "verify", folder) == (0, WHOLE)
    assert run("evidence", "export", archived_call, "-o", folder)[0] == 1
    copies = [tmp_path / name for name in ("call.mp3", "call.opus")]
    for copy in copies:
        assert run("evidence", "listen", folder, "-o", str(copy)) == (0, {"ok": True, "files": [str(copy)]})
        heard, rate = soundfile.read(copy)
        [sound] = (tmp_path / "pack" / "data" / "recording").glob("*.flac")
        assert len(heard) / rate == pytest.approx(soundfile.info(sound).duration, abs=0.2)
        assert run("evidence", "listen", folder, "-o", str(copy))[0] == 1  # never over something
    assert run("evidence", "verify", folder) == (0, WHOLE)
    assert run("evidence", "export", "nobody", "-o", str(tmp_path / "none"))[0] == 1
    code, renewed = run("archive", "renew")
    assert (code, renewed["ok"], renewed["objects"], renewed["failures"]) == (0, True, 1, [])
    assert [row["data"]["user"] for row in await ask("SELECT data FROM events WHERE kind = 'RECORDING_EXPORTED'")] == [
        "lin"
    ]


async def test_the_right_is_on_record(archived_call, clock, tmp_path, ask):
    await export(archived_call, tmp_path / "pack", "lin", clock, right=RightKind.RETRIEVAL, right_id=7)
    [told] = await ask("SELECT data->'right' AS right FROM events WHERE kind = 'RECORDING_EXPORTED'")
    assert told["right"] == {"kind": "RETRIEVAL", "id": 7}


# ---------------------------------------------------------------- changed, added, taken away, renamed, exchanged


def one_byte_changes(pack: Path, count: int, seed: int) -> None:
    """Uniform over every byte of every file; each must be found."""
    files = sorted(file for file in pack.rglob("*") if file.is_file())
    sizes = [file.stat().st_size for file in files]
    ends = list(itertools.accumulate(sizes))
    chance, trusted = random.Random(seed), keys().public
    # one in each file first: most bytes are sound
    places = [(file, chance.randrange(size)) for file, size in zip(files, sizes, strict=True)]
    while len(places) < count:
        at = chance.randrange(ends[-1])
        number = next(n for n, end in enumerate(ends) if at < end)
        places.append((files[number], at - (ends[number] - sizes[number])))
    for file, place in places:
        with file.open("r+b") as opened:
            opened.seek(place)
            before = opened.read(1)[0]
            opened.seek(place)
            opened.write(bytes([before ^ chance.randrange(1, 256)]))
        found = verify(pack, trusted)
        with file.open("r+b") as opened:
            opened.seek(place)
            opened.write(bytes([before]))
        assert found, f"byte {place} of {file.relative_to(pack)}"
    assert verify(pack, trusted) == []


@pytest.mark.timeout(1200)
async def test_ten_thousand_bytes_cannot_be_changed(pack):
    one_byte_changes(pack, 10_000, seed=2)


async def test_no_file_can_be_taken_away_renamed_shortened_or_exchanged(pack, tmp_path):
    files = sorted(file for file in pack.rglob("*") if file.is_file())
    aside = tmp_path / "aside"
    for file in files:
        file.rename(aside)
        assert problems(pack), f"without {file.name}"
        other = file.with_name(file.name + "x")
        aside.rename(other)
        assert problems(pack), f"{file.name} renamed"
        data = other.read_bytes()
        file.write_bytes(data[:-1])
        other.unlink()
        assert problems(pack), f"{file.name} shortened"
        file.write_bytes(data + b"\n")
        assert problems(pack), f"{file.name} lengthened"
        file.write_bytes(data)
    for one, other in itertools.combinations(files, 2):
        left, right = one.read_bytes(), other.read_bytes()
        one.write_bytes(right)
        other.write_bytes(left)
        assert problems(pack), f"{one.name} and {other.name} exchanged"
        one.write_bytes(left)
        other.write_bytes(right)
    assert problems(pack) == set()


async def test_nothing_can_be_added(pack, tmp_path):
    places = [pack, *(folder for folder in pack.rglob("*") if folder.is_dir())]
    for place in places:
        for name in ("more.txt", ".hidden", "z\n0  data"):
            (place / name).write_text("more")
            assert problems(pack) == {"ADDED"}
            (place / name).unlink()
        (place / "empty").mkdir()
        assert problems(pack) == {"ADDED"}
        (place / "empty").rmdir()
        (place / "link").symlink_to(pack / "bagit.txt")
        assert problems(pack) == {"ADDED"}
        (place / "link").unlink()
    answers = pack / "data" / "answers.json"
    answers.rename(tmp_path / "answers.json")
    answers.symlink_to(tmp_path / "answers.json")
    assert problems(pack) == {"ADDED"}


async def test_two_files_cannot_pass_for_one(pack):
    """A name with a line end in it would read like two lines of the manifest."""
    first, second = sorted((pack / "data").glob("*.json"))[:2]
    digest = hashlib.sha512(second.read_bytes()).hexdigest()
    folder = pack / "data" / f"{first.name}\n{digest}  data"
    folder.mkdir()
    first.rename(folder / second.name)
    second.unlink()
    assert problems(pack) == {"ADDED"}


# ---------------------------------------------------------------- forged by somebody who can seal


async def test_a_pack_sealed_by_others_is_not_believed(pack, clock):
    sealed_again(pack, LedgerKeys(keys().name, bytes(64)), clock)
    assert problems(pack) == {"SEAL"}
    assert problems(pack, ()) == {"NO_KEY"}


async def test_a_seal_alone_makes_no_evidence(pack, clock, tmp_path):
    """The ledger was signed before: what is not on it is refused though the seal is good."""

    def other_sound(copy: Path):
        [flac] = (copy / "data" / "recording").glob("*.flac")
        flac.write_bytes(flac.read_bytes()[:-1] + b"\0")

    def other_object(copy: Path):
        """A recording of our own, well sealed, under a key of our own."""
        from storage.encryption import seal

        [flac] = (copy / "data" / "recording").glob("*.flac")
        [stored] = (copy / "data" / "recording").glob("*.stored")
        plain = b"forged"
        flac.write_bytes(plain)
        name = document(copy, "recordings.json")[0]["object_key"]
        with stored.open("wb") as out:
            import io

            seal(io.BytesIO(plain), out, bytes(32), name, len(plain), hashlib.sha256(plain).digest())
        bent(copy, "recordings.json", lambda rows: rows[0].update(data_key="A" * 43 + "="))

    def other_event(copy: Path):
        file = copy / verify_pack.EVENTS
        file.write_text(file.read_text().replace("YES", "NO"))

    def other_line(copy: Path):
        file = copy / verify_pack.LINES
        file.write_text(file.read_text().replace("system", "nobody", 1))

    def no_lines(copy: Path):
        (copy / verify_pack.LINES).write_text("")

    def other_checkpoint(copy: Path):
        note = LedgerKeys(keys().name, bytes(64)).sign(f"{keys().name}\n5\n{'A' * 43}=\n")
        (copy / verify_pack.CHECKPOINT).write_bytes(note)

    def the_seal_as_checkpoint(copy: Path):
        shutil.copy(copy / verify_pack.SEAL, copy / verify_pack.CHECKPOINT)

    for forge, code in (
        (other_sound, "RECORDING"),
        (other_object, "RECORDING"),
        (other_event, "NOT_ON_LEDGER"),
        (other_line, "NOT_ON_LEDGER"),
        (no_lines, "FORM"),
        (other_checkpoint, "CHECKPOINT"),
        (the_seal_as_checkpoint, "CHECKPOINT"),
        (lambda copy: bent(copy, "recordings.json", lambda rows: rows[0].pop("file")), "FORM"),
    ):
        copy = tmp_path / "copy"
        shutil.copytree(pack, copy)
        forge(copy)
        assert problems(copy) != set()
        sealed_again(copy, keys(), clock)
        assert problems(copy) == {code}, forge
        shutil.rmtree(copy)


async def test_a_pack_verifies_after_the_keys_were_changed(pack, tmp_path):
    file = tmp_path / "keys"
    file.write_text(keys().written())
    after = ledger_keys.new_pair(file)
    assert problems(pack, after.public) == set()
    assert problems(pack, after.current) == {"SEAL"}


# ---------------------------------------------------------------- what cannot be exported


async def test_what_cannot_be_exported_leaves_nothing(archived_call, clock, tmp_path, ask, behind):
    with pytest.raises(NoSuchCall):
        await export("nobody", tmp_path / "pack", "lin", clock)
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    with pytest.raises(FileExistsError):
        await export(archived_call, full, "lin", clock)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["full"]
    assert await ask("SELECT 1 FROM events WHERE kind = 'RECORDING_EXPORTED'") == []


@pytest.mark.parametrize(("gone", "problem"), [(False, "OBJECT_CHANGED"), (True, "OBJECT_GONE")])
async def test_a_damaged_first_copy_is_replaced_by_the_second(
    archived_call, clock, tmp_path, ask, behind, gone, problem
):
    from storage import archive_objects

    async with db.transaction() as connection:
        [kept] = await archive_objects.of_call(connection, archived_call)
    if gone:
        behind.remove(kept.bucket, kept.object_key, kept.version_id)
    else:
        behind.replace(kept.bucket, kept.object_key, kept.version_id, b"damaged")
    await export(archived_call, tmp_path / "pack", "lin", clock)
    assert problems(tmp_path / "pack") == set()
    told = await ask("SELECT problem, second_problem FROM archive_objects WHERE id = :id", id=kept.id)
    assert told == [{"problem": problem, "second_problem": None}]
