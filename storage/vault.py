"""Personal data at rest: AES-256-GCM in the column, a keyed hash beside it for look-ups. Losing the key loses the data."""

import base64
import hmac
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x01"
NONCE = 12


class VaultError(Exception):
    """A sealed value cannot be opened: wrong key, or the bytes were changed."""


class Vault:
    def __init__(self, key: bytes):
        if len(key) != 32:
            raise VaultError("HUIFANG_VAULT_KEY must be 32 bytes in base64")
        self._cipher = AESGCM(_derive(key, b"huifang seal 1"))
        self._hash_key = _derive(key, b"huifang look-up 1")

    def seal(self, value: str) -> bytes:
        """One version byte, 12 bytes nonce, ciphertext with its 16-byte tag."""
        nonce = os.urandom(NONCE)
        return VERSION + nonce + self._cipher.encrypt(nonce, value.encode(), VERSION)

    def open(self, sealed: bytes) -> str:
        sealed = bytes(sealed)
        if sealed[:1] != VERSION:
            raise VaultError("sealed by a version of the vault that is not known here")
        try:
            return self._cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], VERSION).decode()
        except InvalidTag as e:
            raise VaultError("sealed with another key, or changed since") from e

    def fingerprint(self, value: str) -> bytes:
        """32 bytes, equal for equal values under one key; says nothing without it."""
        return hmac.digest(self._hash_key, value.encode(), "sha256")


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key)


@cache
def vault() -> Vault:
    from settings import settings

    return Vault(base64.b64decode(settings().vault_key.get_secret_value()))
