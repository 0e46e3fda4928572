"""Who keeps the keys that wrap the data keys: a file, the environment, or a key service that never gives its keys away.

A data key is wrapped under a version by name. Old versions stay readable until every data key has been wrapped anew
(`huifang archive rewrap`); an object in the archive is never touched by that.
"""

import base64
import binascii
import os
import secrets
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Protocol

import httpx
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from settings import Settings

_NONCE = 12


class KeysAway(Exception):
    """The key service does not answer: try again later."""


class KeysWrong(Exception):
    """No usable key, an unknown version, or a wrapped key that this key does not open."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key as it may be stored: `version` names the key that wraps it."""

    version: str
    data: bytes


class KeyKeeper(Protocol):
    """`context` is bound to the wrapped key: put to another object, it does not open. Calls may block."""

    def wrap(self, key: bytes, context: str) -> Wrapped: ...

    def unwrap(self, wrapped: Wrapped, context: str) -> bytes: ...

    def current(self) -> str:
        """The version that wraps now."""
        ...


def parse_ring(text: str) -> dict[str, bytes]:
    """`VERSION:BASE64` of 32 bytes, by commas or lines; the last one wraps. Raises KeysWrong."""
    ring = {}
    for line in text.replace(",", "\n").splitlines():
        if not (line := line.strip()) or line.startswith("#"):
            continue
        version, _, encoded = line.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error as e:
            raise KeysWrong(f"archive key {version!r} is not base64") from e
        if len(key) != 32 or not version or version in ring:
            raise KeysWrong(f"archive key {version!r}: wanted VERSION:BASE64 of 32 bytes, each version once")
        ring[version] = key
    if not ring:
        raise KeysWrong("no archive key: set HUIFANG_ARCHIVE_KEY_FILE, HUIFANG_ARCHIVE_KEYS or HUIFANG_ARCHIVE_KMS_URL")
    return ring


class KeyRing:
    """Keys held by this process."""

    def __init__(self, text: str):
        self._take(text)

    def _take(self, text: str) -> None:
        self._keys = parse_ring(text)
        self._current = next(reversed(self._keys))

    def current(self) -> str:
        return self._current

    def wrap(self, key: bytes, context: str) -> Wrapped:
        version, nonce = self.current(), os.urandom(_NONCE)
        sealed = AESGCM(self._keys[version]).encrypt(nonce, key, _bound(version, context))
        return Wrapped(version, nonce + sealed)

    def unwrap(self, wrapped: Wrapped, context: str) -> bytes:
        key = self._keys.get(wrapped.version)
        if key is None:
            raise KeysWrong(f"archive key {wrapped.version!r} is not among those at hand")
        data = bytes(wrapped.data)
        try:
            return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], _bound(wrapped.version, context))
        except (InvalidTag, ValueError) as e:
            raise KeysWrong(f"archive key {wrapped.version!r} does not open this data key") from e


class KeyFile(KeyRing):
    """A ring in a file of mode 0600, read again when it has changed, so that a rotation needs no restart."""

    def __init__(self, file: Path):
        self._file, self._seen = file, None
        self._look()

    def _look(self) -> None:
        try:
            found = self._file.stat()
            if self._seen != (found.st_mtime_ns, found.st_ino):
                self._take(self._file.read_text())
                self._seen = found.st_mtime_ns, found.st_ino
        except OSError as e:
            raise KeysWrong(f"archive key file {self._file}: {e.strerror}") from e

    def current(self) -> str:
        self._look()
        return self._current

    def unwrap(self, wrapped: Wrapped, context: str) -> bytes:
        self._look()
        return super().unwrap(wrapped, context)


def add_key(file: Path, today: date) -> str:
    """Put a new version at the end of the ring in `file` (made if missing) and return its name. What was there stays."""
    before = file.read_text() if file.exists() else ""
    if before:
        parse_ring(before)
    version = f"{today:%Y%m%d}-{secrets.token_hex(3)}"
    text = before + f"{version}:{base64.b64encode(secrets.token_bytes(32)).decode()}\n"
    unfinished = file.with_name(file.name + ".new")
    with open(unfinished, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # a key that is gone after a power cut would take recordings with it
    finally:
        os.close(folder)
    return version


class TransitKeys:
    """A key service that speaks the transit interface of Vault or OpenBao: our data keys go there to be wrapped, its own
    keys never leave it. Rotation is done there."""

    def __init__(self, url: str, token: str, name: str):
        self._name = name
        self._client = httpx.Client(
            base_url=url.rstrip("/") + "/v1/transit", headers={"X-Vault-Token": token}, timeout=10, trust_env=False
        )

    def current(self) -> str:
        return f"v{self._ask('GET', f'/keys/{self._name}')['latest_version']}"

    def wrap(self, key: bytes, context: str) -> Wrapped:
        text = self._ask(
            "POST",
            f"/encrypt/{self._name}",
            {"plaintext": base64.b64encode(key).decode(), "associated_data": _base64(context)},
        )["ciphertext"]
        _, version, _ = text.split(":", 2)
        return Wrapped(version, text.encode())

    def unwrap(self, wrapped: Wrapped, context: str) -> bytes:
        found = self._ask(
            "POST",
            f"/decrypt/{self._name}",
            {"ciphertext": bytes(wrapped.data).decode(), "associated_data": _base64(context)},
        )
        return base64.b64decode(found["plaintext"])

    def _ask(self, method: str, path: str, body: dict | None = None) -> dict:
        try:
            answer = self._client.request(method, path, json=body)
        except httpx.HTTPError as e:
            raise KeysAway(f"the key service does not answer: {type(e).__name__}") from e
        if answer.status_code >= 500 or answer.status_code == 429:
            raise KeysAway(f"the key service answers {answer.status_code}")
        if not answer.is_success:
            raise KeysWrong(f"the key service refuses: {answer.status_code}")
        return answer.json()["data"]


def _bound(version: str, context: str) -> bytes:
    return f"huifang data key 1\0{version}\0{context}".encode()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def keeper_of(settings: Settings) -> KeyKeeper:
    """By the settings, in this order: the key service, the file, the environment. Raises KeysWrong."""
    if settings.archive_kms_url:
        token = settings.archive_kms_token.get_secret_value() if settings.archive_kms_token else ""
        return TransitKeys(settings.archive_kms_url, token, settings.archive_kms_key)
    if settings.archive_key_file:
        return KeyFile(settings.archive_key_file)
    return KeyRing(settings.archive_keys.get_secret_value() if settings.archive_keys else "")


@cache
def key_keeper() -> KeyKeeper:
    """This process's keeper, by its settings."""
    from settings import settings

    return keeper_of(settings())
