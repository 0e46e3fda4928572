"""Passwords at rest: scrypt with its own salt, in one line of text that names its cost."""

import base64
import hashlib
import hmac
import os
from functools import cache

N, R, P, LENGTH = 2**14, 8, 1, 32  # 16 MiB and about 40 ms a check


def hash_password(password: str) -> str:
    salt = os.urandom(16)
    return f"scrypt${N}${R}${P}${_text(salt)}${_text(_derive(password, salt, N, R, P))}"


def password_fits(password: str, stored: str) -> bool:
    """False also for a stored text that is no scrypt line."""
    try:
        name, n, r, p, salt, digest = stored.split("$")
        if name != "scrypt":
            return False
        derived = _derive(password, base64.b64decode(salt), int(n), int(r), int(p))
        return hmac.compare_digest(derived, base64.b64decode(digest))
    except ValueError:
        return False


@cache
def nobodys_hash() -> str:
    """Checked for an unknown login, so that it takes as long as a known one."""
    return hash_password(base64.b64encode(os.urandom(12)).decode())


def _derive(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, dklen=LENGTH)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
