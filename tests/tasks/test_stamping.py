"""Time stamps by a real authority made with `openssl ts`, verified by openssl too; renewed, refused, and taken along."""

import http.server
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from settings import settings
from storage import alarms, checkpoints, db, events, ledger_keys, timestamps
from storage.timestamps import StampWrong
from storage.verify_pack import Times, Wrong, verify, whole
from storage.verify_pack import times as times_of
from tasks.evidence import export
from tasks.sealing import sign_ledger
from tasks.stamping import RENEW_AFTER, Renewed, renew, stamp_checkpoint

CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(folder: Path, *arguments: str, data: bytes = b"") -> bytes:
    if shutil.which("openssl") is None:
        pytest.fail("needs the openssl command: apt-get install openssl")
    done = subprocess.run(["openssl", *arguments], cwd=folder, input=data, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@dataclass
class LocalAuthority:
    """A time-stamp authority on loopback. `bend` changes its answers, `away` lets it answer 503."""

    folder: Path
    url: str = ""
    away: bool = False
    bend: object = None
    asked: list[bytes] = field(default_factory=list)

    def make(self) -> None:
        (self.folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=self.folder))
        (self.folder / "serial").write_text("01\n")
        new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config", "tsa.cnf")
        openssl(
            self.folder, "req", "-x509", *new, "-days", "9000", "-subj", "/CN=Root of tests", "-extensions", "root",
            "-keyout", "root.key", "-out", "root.pem",
        )  # fmt: skip
        openssl(self.folder, "req", *new, "-subj", "/CN=Authority of tests", "-keyout", "tsa.key", "-out", "tsa.csr")
        openssl(
            self.folder, "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
            "-days", "9000", "-extfile", "tsa.cnf", "-extensions", "signer", "-out", "tsa.pem",
        )  # fmt: skip

    def answer(self, asked: bytes) -> bytes:
        self.asked.append(asked)
        (self.folder / "asked.tsq").write_bytes(asked)
        openssl(
            self.folder, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "asked.tsq", "-signer", "tsa.pem", "-inkey",
            "tsa.key", "-out", "answer.tsr",
        )  # fmt: skip
        found = (self.folder / "answer.tsr").read_bytes()
        return self.bend(found) if self.bend else found

    def verifies(self, text: bytes, answer: bytes) -> bool:
        (self.folder / "text").write_bytes(text)
        (self.folder / "given.tsr").write_bytes(answer)
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-in", "given.tsr", "-data", "text", "-CAfile", "root.pem"],
            cwd=self.folder,
            capture_output=True,
            timeout=60,
        )
        return done.returncode == 0 and b"Verification: OK" in done.stdout + done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tsa")
    LocalAuthority(folder).make()
    return folder


@pytest.fixture
def authority(made, monkeypatch):
    """Answering, and set in the settings."""
    here = LocalAuthority(made)

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = here.answer(self.rfile.read(int(self.headers["Content-Length"]))) if not here.away else b""
            self.send_response(503 if here.away else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here.url = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setenv("HUIFANG_LEDGER_TSA_URL", here.url)
    monkeypatch.setenv("HUIFANG_LEDGER_TSA_CERTIFICATES", str(made / "root.pem"))
    settings.cache_clear()
    yield here
    server.shutdown()
    server.server_close()


async def something_happens(clock) -> None:
    async with db.transaction() as connection:
        await events.record(connection, "CONTROL_CHANGED", clock.now(), name="x")


async def stamped(clock):
    """The next night."""
    await something_happens(clock)
    return await stamp_checkpoint.fn(await sign_ledger.fn(clock), clock)


def later(clock, **passed):
    clock.set(clock.now() + timedelta(**passed), 0.001)


async def test_a_checkpoint_gets_a_stamp_that_openssl_verifies(database, authority, clock, ask):
    stamp = await stamped(clock)
    [point] = await ask("SELECT note FROM checkpoints")
    assert stamp.stamped == point["note"]
    assert authority.verifies(stamp.stamped.encode(), stamp.token)
    assert not authority.verifies(stamp.stamped.encode() + b"x", stamp.token)
    # the same checkpoint is not stamped twice
    assert (await stamp_checkpoint.fn(await sign_ledger.fn(clock), clock)).id == stamp.id
    assert len(authority.asked) == 1
    assert stamp.stamped.encode() not in authority.asked[0]  # it learns a digest, nothing else


async def test_stamps_are_renewed_together_each_year(database, authority, clock):
    first = await stamped(clock)
    later(clock, days=1)
    second = await stamped(clock)
    later(clock, days=RENEW_AFTER.days)
    third = await stamped(clock)
    assert [one.renews for one in (first, second, third)] == [False, False, True]
    async with db.transaction() as connection:
        newest = await checkpoints.newest(connection)
    assert third.stamped == timestamps.renewal_text(newest, [first, second])
    assert authority.verifies(third.stamped.encode(), third.token)
    # the next renewal covers the last one, and through it the first two
    later(clock, days=1)
    fourth = await stamped(clock)
    assert not fourth.renews
    done = await renew.fn(clock)
    assert (done.covered, done.problems) == (2, ())
    assert [line.split()[1] for line in done.stamp.stamped.splitlines() if line.startswith("stamp ")] == [
        str(third.id),
        str(fourth.id),
    ]


async def test_what_is_no_stamp_is_not_kept(database, authority, clock, ask):
    def other_byte(answer: bytes) -> bytes:
        return answer[:-10] + bytes([answer[-10] ^ 1]) + answer[-9:]

    stolen = []

    def an_older_answer(answer: bytes) -> bytes:
        stolen.append(answer)
        return stolen[0]

    for bend in (other_byte, lambda _: b"", lambda _: b"nonsense"):
        authority.bend = bend
        assert await stamped(clock) is None
    authority.bend = an_older_answer
    assert await stamped(clock) is not None
    assert await stamped(clock) is None
    assert [row["name"] for row in await ask("SELECT name FROM alarms")] == [alarms.LEDGER_NOT_STAMPED]
    authority.bend, authority.away = None, True
    assert await stamped(clock) is None
    authority.away = False
    assert await stamped(clock) is not None
    assert await ask("SELECT name FROM alarms") == []
    assert len(await ask("SELECT id FROM ledger_timestamps")) == 2


async def test_an_authority_that_is_not_trusted_gives_no_stamp(database, authority, clock, tmp_path, monkeypatch):
    other = LocalAuthority(tmp_path)
    other.make()
    monkeypatch.setenv("HUIFANG_LEDGER_TSA_CERTIFICATES", str(tmp_path / "root.pem"))
    settings.cache_clear()
    assert await stamped(clock) is None
    done = await renew.fn(clock)
    assert done.stamp is None
    assert [name for name, _ in done.problems] == ["authority"]
    for file in (tmp_path / "none", tmp_path / "tsa.cnf"):
        with pytest.raises(StampWrong):
            timestamps.read_certificates(file)


async def test_a_renewal_names_the_stamp_that_does_not_hold(database, authority, clock):
    first = await stamped(clock)
    async with db.transaction() as connection:
        await db.rows(connection, "SELECT set_config('session_replication_role', 'replica', true)")
        await db.rows(connection, "UPDATE ledger_timestamps SET stamped = stamped || 'x' RETURNING id")
    done = await renew.fn(clock)
    assert [name for name, _ in done.problems] == [f"stamp {first.id}"]
    assert done.stamp is not None


async def test_an_empty_ledger_needs_no_renewal_and_one_without_keys_cannot_have_it(database, clock, monkeypatch):
    assert await renew.fn(clock) == Renewed(None, None, 0, ())
    await something_happens(clock)
    monkeypatch.setenv("HUIFANG_LEDGER_KEY_FILE", "/nowhere")
    settings.cache_clear()
    assert [name for name, _ in (await renew.fn(clock)).problems] == ["ledger"]


async def test_without_an_authority_the_ledger_is_signed_only(database, clock, ask):
    assert await stamped(clock) is None
    done = await renew.fn(clock)
    assert (done.checkpoint.size, done.stamp, done.problems) == (1, None, ())
    assert await ask("SELECT name FROM alarms") == []


async def test_a_pack_takes_its_stamp_along(archived, authority, reported, clock, tmp_path):
    await reported("RE1")
    await something_happens(clock)
    pack = tmp_path / "pack"
    await export("call-RE1", pack, "lin", clock)
    assert verify(pack, ledger_keys.read(settings().ledger_key_file).public) == []
    [text] = (pack / "data/ledger/timestamps").glob("*.txt")
    assert text.read_text() == (pack / "data/ledger/checkpoint.note").read_text()
    assert authority.verifies(text.read_bytes(), text.with_suffix(".tsr").read_bytes())
    # the check believes the authority's word only where its own certificate is given by another way
    trusted = ledger_keys.read(settings().ledger_key_file).public
    certificates = settings().ledger_tsa_certificates.read_bytes()
    assert whole(pack, trusted) == ([], Times(1))
    problems, times = whole(pack, trusted, certificates)
    assert problems == [] and times.checked and len(times.instants) == 1
    answer = text.with_suffix(".tsr")
    good = answer.read_bytes()
    for other, found in (
        (good[:-1] + bytes([good[-1] ^ 1]), "does not hold"),
        (b"no answer", "does not hold"),
        (None, "no time stamp"),
    ):
        answer.unlink()
        if other is not None:
            answer.write_bytes(other)
        assert found in stamp_problem(pack, certificates)
        answer.write_bytes(good)
    text.write_text("other" + text.read_text())
    assert "another checkpoint" in stamp_problem(pack, certificates)
    assert whole(pack, trusted, certificates)[0] != [] and not whole(pack, trusted, certificates)[1].checked


def stamp_problem(pack, certificates: bytes) -> str:
    with pytest.raises(Wrong) as wrong:
        times_of(pack, certificates)
    assert wrong.value.code == "STAMP"
    return wrong.value.message


async def test_a_stamp_by_an_authority_that_was_not_named_is_refused(archived, authority, reported, clock, tmp_path):
    await reported("RE1")
    await something_happens(clock)
    pack = tmp_path / "pack"
    await export("call-RE1", pack, "lin", clock)
    folder = tmp_path / "other"
    folder.mkdir()
    LocalAuthority(folder).make()
    trusted = ledger_keys.read(settings().ledger_key_file).public
    [problem] = whole(pack, trusted, (folder / "root.pem").read_bytes())[0]
    assert problem["code"] == "STAMP"
