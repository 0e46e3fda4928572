"""Keys that wrap keys: a ring in a file or the environment, and a key service over its real interface."""

import base64
import json
import os
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.key_keepers import KeyFile, KeyRing, KeysAway, KeysWrong, TransitKeys, Wrapped, add_key, parse_ring

KEY = bytes(range(32))


def line(version: str, byte: int = 1) -> str:
    return f"{version}:{base64.b64encode(bytes([byte]) * 32).decode()}"


class Transit:
    """The part of a key service's transit interface that is used: keys by version, tokens, bound data."""

    def __init__(self):
        self.keys, self.down = [AESGCM(os.urandom(32))], False
        transit = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(lambda _: {"latest_version": len(transit.keys)})

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(transit.encrypt if "/encrypt/" in self.path else transit.decrypt, asked)

            def answer(self, act, asked=None):
                try:
                    code = 503 if transit.down else 403 if self.headers["X-Vault-Token"] != "token" else 200
                    body = {"data": act(asked)} if code == 200 else {"errors": ["no"]}
                except (InvalidTag, IndexError):
                    code, body = 400, {"errors": ["cannot decrypt"]}
                sent = json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def encrypt(self, asked):
        nonce = os.urandom(12)
        plain, bound = (base64.b64decode(asked[name]) for name in ("plaintext", "associated_data"))
        data = base64.b64encode(nonce + self.keys[-1].encrypt(nonce, plain, bound)).decode()
        return {"ciphertext": f"vault:v{len(self.keys)}:{data}"}

    def decrypt(self, asked):
        _, version, data = asked["ciphertext"].split(":")
        raw, bound = base64.b64decode(data), base64.b64decode(asked["associated_data"])
        plain = self.keys[int(version[1:]) - 1].decrypt(raw[:12], raw[12:], bound)
        return {"plaintext": base64.b64encode(plain).decode()}


@pytest.fixture
def transit():
    service = Transit()
    yield service
    service.server.shutdown()
    service.server.server_close()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "keys"
    path.write_text(line("1") + "\n")
    return path


def test_every_keeper_wraps_binds_and_rotates(transit, file):
    def rotate_file():
        add_key(file, date(2026, 9, 24))

    def rotate_service():
        transit.keys.append(AESGCM(os.urandom(32)))

    for keeper, rotate in ((KeyFile(file), rotate_file), (TransitKeys(transit.url, "token", "k"), rotate_service)):
        first = keeper.wrap(KEY, "a")
        assert first.version == keeper.current() and KEY not in first.data
        assert keeper.unwrap(first, "a") == KEY
        with pytest.raises(KeysWrong):
            keeper.unwrap(first, "b")
        rotate()
        second = keeper.wrap(KEY, "a")
        assert second.version == keeper.current() != first.version
        assert keeper.unwrap(first, "a") == KEY == keeper.unwrap(second, "a")


def test_a_key_service_that_is_away_is_told_from_one_that_refuses(transit):
    wrapped = TransitKeys(transit.url, "token", "k").wrap(KEY, "a")
    with pytest.raises(KeysWrong):
        TransitKeys(transit.url, "other", "k").unwrap(wrapped, "a")
    transit.down = True
    with pytest.raises(KeysAway):
        TransitKeys(transit.url, "token", "k").unwrap(wrapped, "a")
    with pytest.raises(KeysAway):
        TransitKeys("http://127.0.0.1:1", "token", "k").current()


def test_a_ring_in_the_environment():
    ring = KeyRing(f"{line('1')},{line('2', 2)}")
    assert ring.current() == "2" == ring.wrap(KEY, "a").version
    assert KeyRing(line("2", 2)).unwrap(ring.wrap(KEY, "a"), "a") == KEY


@pytest.mark.parametrize(
    "text", ["", "\n# only words\n", "1:short", "1:" + "A" * 43, line("1") + "\n" + line("1", 2), ":" + line("")[1:]]
)
def test_a_ring_without_sense_is_refused(text):
    with pytest.raises(KeysWrong):
        parse_ring(text)


def test_an_unknown_version_and_a_wrong_key_are_told(file):
    wrapped = KeyFile(file).wrap(KEY, "a")
    with pytest.raises(KeysWrong, match="not among"):
        KeyRing(line("2", 2)).unwrap(wrapped, "a")
    with pytest.raises(KeysWrong, match="does not open"):
        KeyRing(line("1", 2)).unwrap(wrapped, "a")
    with pytest.raises(KeysWrong):
        KeyFile(file.with_name("none"))
    with pytest.raises(KeysWrong):
        KeyRing(line("1")).unwrap(Wrapped("1", b""), "a")


def test_a_new_key_comes_last_and_the_file_stays_private(file):
    before = file.read_text()
    version = add_key(file, date(2026, 9, 24))
    assert file.read_text().startswith(before) and list(parse_ring(file.read_text())) == ["1", version]
    assert file.stat().st_mode & 0o777 == 0o600
