"""A store that fails in every way a store can: full, slow, overloaded, cut off in the middle, lying. Nothing is lost, nothing
is stored twice, and the alarm says what it is. The faults are made on the wire, between us and the real store."""

import socket
import threading
from datetime import timedelta

import pytest

from settings import settings
from storage import alarms
from storage.archive import archive
from tasks.archiving import archive_recordings

carry = archive_recordings.fn


class Wire:
    """Passes HTTP through to the store, except what `fault` decides: it sees each request's first line and gives None to let
    it pass, bytes to answer in the store's place, or one of CUT_REQUEST, CUT_ANSWER, LOSE_ANSWER."""

    CUT_REQUEST, CUT_ANSWER, LOSE_ANSWER = "cut request", "cut answer", "lose answer"

    def __init__(self, target: str):
        host, port = target.split(":")
        self._target = host, int(port)
        self.fault = lambda line: None
        self.met: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                while self._exchange(client):
                    pass
            except OSError:
                pass

    def _exchange(self, client: socket.socket) -> bool:
        request = _message(client)
        if not request:
            return False
        line = request.split(b"\r\n", 1)[0].decode()
        fault = self.fault(line)
        if fault is not None:
            self.met.append(line)
        if isinstance(fault, bytes):
            client.sendall(fault)
            return False
        with socket.create_connection(self._target) as store:
            if fault == self.CUT_REQUEST:
                store.sendall(request[: len(request) * 2 // 3])
                return False
            store.sendall(request)
            answer = _message(store, head=line.startswith("HEAD"))
        if fault == self.LOSE_ANSWER:
            return False
        client.sendall(answer[: len(answer) * 2 // 3] if fault == self.CUT_ANSWER else answer)
        return fault is None


def _message(source: socket.socket, *, head: bool = False) -> bytes:
    """One request or answer, whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = source.recv(1 << 16)
        if not more:
            return data
        data += more
    header, _, body = data.partition(b"\r\n\r\n")
    lines = {}
    for one in header.split(b"\r\n")[1:]:
        name, _, value = one.partition(b":")
        lines[name.strip().lower()] = value.strip().lower()
    status = header.split(b" ", 2)[1]
    if head or status in (b"204", b"304") or (b"content-length" not in lines and b"transfer-encoding" not in lines):
        return data
    if lines.get(b"transfer-encoding") == b"chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += source.recv(1 << 16)
        return header + b"\r\n\r\n" + body
    while len(body) < int(lines[b"content-length"]):
        more = source.recv(1 << 16)
        if not more:
            break
        body += more
    return header + b"\r\n\r\n" + body


def refusal(status: str, code: str) -> bytes:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no</Message></Error>'.encode()
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )


@pytest.fixture
async def wire(archived, installation, monkeypatch):
    wire = Wire(installation["HUIFANG_S3_ENDPOINT"])
    monkeypatch.setenv("HUIFANG_S3_ENDPOINT", wire.address)
    settings.cache_clear()
    archive.cache_clear()
    yield wire
    wire.close()


def puts(line: str) -> bool:
    return line.startswith("PUT") and "recordings" in line


def reads(line: str) -> bool:
    return line.startswith("GET") and "versionId=" in line


FAULTS = {
    "full": (puts, refusal("507 Insufficient Storage", "XMinioStorageFull"), alarms.ARCHIVE_AWAY),
    "overloaded": (puts, refusal("503 Service Unavailable", "SlowDown"), alarms.ARCHIVE_AWAY),
    "broken inside": (puts, refusal("500 Internal Server Error", "InternalError"), alarms.ARCHIVE_AWAY),
    "no longer ours": (puts, refusal("403 Forbidden", "AccessDenied"), alarms.ARCHIVE_REFUSES),
    "our clock is wrong": (puts, refusal("403 Forbidden", "RequestTimeTooSkewed"), alarms.ARCHIVE_REFUSES),
    "cut while sending": (puts, Wire.CUT_REQUEST, alarms.ARCHIVE_AWAY),
    "answer lost": (puts, Wire.LOSE_ANSWER, None),
    "read back cut short": (reads, Wire.CUT_ANSWER, alarms.ARCHIVE_AWAY),
    "read back empty": (
        reads,
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        alarms.ARCHIVE_REFUSES,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_lost_and_nothing_stored_twice(wire, archived, line, clock, reported, talk, ask, fault):
    recording = await reported("RE1", talk(4))
    which, what, alarm = FAULTS[fault]
    wire.fault = lambda request: what if which(request) else None
    for _ in range(3):
        await carry(line, clock)
        clock.set(clock.now() + timedelta(minutes=5), 0.001)
    assert wire.met
    [row] = await ask("SELECT state, problem FROM recordings WHERE id = :id", id=recording)
    standing = [a["name"] for a in await ask("SELECT name FROM alarms")]
    if alarm is None:
        # the second try found what the first had stored without knowing
        assert (row["state"], standing) == ("CLEARED", [])
    else:
        assert row["state"] == "REPORTED" and row["problem"].startswith("Archive")
        assert "RE1" in line.media_of and line.deleted == []
        assert standing == [alarm]
        if isinstance(what, bytes) and b"<Code>" in what:  # which it is of all that a store can have
            [told] = await ask("SELECT detail FROM alarms")
            assert what.partition(b"<Code>")[2].partition(b"<")[0].decode() in told["detail"]["problem"]

    wire.fault = lambda request: None
    for _ in range(2):
        await carry(line, clock)
        clock.set(clock.now() + timedelta(minutes=5), 0.001)
    [row] = await ask("SELECT state, object_key, version_id FROM recordings WHERE id = :id", id=recording)
    assert row["state"] == "CLEARED" and line.deleted == ["RE1"]
    assert [v.version_id for v in archived.versions(row["object_key"])] == [row["version_id"]]
    assert await ask("SELECT name FROM alarms") == []


async def test_a_store_that_takes_the_connection_and_says_nothing(
    archived, line, clock, reported, talk, ask, monkeypatch
):
    """Nobody waits for it longer than is set; nothing is lost, and the alarm says what it is."""
    recording = await reported("RE1", talk(4))
    silent = socket.create_server(("127.0.0.1", 0))
    whole = settings().s3_endpoint
    monkeypatch.setenv("HUIFANG_S3_ENDPOINT", f"127.0.0.1:{silent.getsockname()[1]}")
    monkeypatch.setenv("HUIFANG_S3_TIMEOUT", "0.3")
    settings.cache_clear()
    archive.cache_clear()
    for _ in range(2):
        await carry(line, clock)
        clock.set(clock.now() + timedelta(minutes=5), 0.001)
    [row] = await ask("SELECT state, problem FROM recordings WHERE id = :id", id=recording)
    assert (row["state"], row["problem"]) == ("REPORTED", "ArchiveUnreachable")
    [alarm] = await ask("SELECT name, detail FROM alarms")
    assert alarm["name"] == alarms.ARCHIVE_AWAY and "does not answer" in alarm["detail"]["problem"]
    assert "RE1" in line.media_of and line.deleted == []
    silent.close()
    monkeypatch.setenv("HUIFANG_S3_ENDPOINT", whole)
    settings.cache_clear()
    archive.cache_clear()
    for _ in range(2):
        await carry(line, clock)
        clock.set(clock.now() + timedelta(minutes=5), 0.001)
    [row] = await ask("SELECT state, object_key FROM recordings WHERE id = :id", id=recording)
    assert row["state"] == "CLEARED" and len(archived.versions(row["object_key"])) == 1
    assert await ask("SELECT name FROM alarms") == []
