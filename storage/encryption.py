"""A recording under its own key: AES-256-GCM over chunks, so that any stretch can be read alone and none can be moved.

Form of a sealed object: 40 bytes of header (`HFS1`, the chunk's size as a power of two, three zero bytes, 32 bytes of
salt), then the chunks, each with a tag of 16 bytes. The key of the chunks is HKDF-SHA256(data key, salt, name of the
object); the nonce is the chunk's number and a mark on the last one (STREAM, Hoang and others 2015), so that dropping,
adding or exchanging chunks is noticed. The salt is made of data key and content: the same content under the same key and
name gives the same bytes, so that a try that was cut off and is repeated meets what it had stored.
"""

import hmac
from collections.abc import Callable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORM = "HFS1"  # kept beside every object: a later form opens the earlier ones by their name
KEY_BYTES = 32

_MAGIC = FORM.encode()
_EXPONENT = 16
_CHUNK = 1 << _EXPONENT
_TAG = 16
HEADER_BYTES = 40


class NotOpened(Exception):
    """Not what was sealed under this key and name: another key, another object, or changed bytes."""


def sealed_size(plain_bytes: int) -> int:
    return HEADER_BYTES + plain_bytes + _TAG * _chunks(plain_bytes)


def seal(plain: BinaryIO, out: BinaryIO, key: bytes, name: str, plain_bytes: int, sha256: bytes) -> None:
    """Seal all of `plain`, whose length and digest are known. Raises ValueError when it is not as long as was said."""
    salt = hmac.digest(key, b"huifang salt 1" + sha256, "sha256")
    header = _MAGIC + bytes([_EXPONENT, 0, 0, 0]) + salt
    cipher = _cipher(key, salt, name)
    out.write(header)
    last = _chunks(plain_bytes) - 1
    for number in range(last + 1):
        chunk = _exactly(plain, _CHUNK if number < last else plain_bytes - last * _CHUNK)
        out.write(cipher.encrypt(_nonce(number, number == last), chunk, header))
    if plain.read(1):
        raise ValueError("longer than was said")


def opened(
    read: Callable[[int, int], bytes],
    sealed_bytes: int,
    key: bytes,
    name: str,
    begin: int = 0,
    end: int | None = None,
) -> Iterator[bytes]:
    """The plain bytes from `begin` up to `end` (None: all), a chunk at a time. `read(offset, length)` gives stretches of
    the sealed object, whose length must come from where it is known for certain. Raises NotOpened."""
    header = read(0, HEADER_BYTES)
    if len(header) != HEADER_BYTES or header[:4] != _MAGIC or header[4] > 30 or header[5:8] != bytes(3):
        raise NotOpened("not a sealed object")
    chunk, cipher = 1 << header[4], _cipher(key, header[8:], name)
    body = sealed_bytes - HEADER_BYTES
    count = -(-body // (chunk + _TAG))
    plain_bytes = body - count * _TAG
    if count < 1 or plain_bytes < 0:
        raise NotOpened("shorter than any sealed object")
    begin, end = max(begin, 0), plain_bytes if end is None else min(end, plain_bytes)
    # an empty object has one chunk too, and it is verified
    numbers = range(begin // chunk, -(-end // chunk)) if begin < end else range(1 if plain_bytes == 0 else 0)
    for number in numbers:
        offset = number * (chunk + _TAG)
        sealed = read(HEADER_BYTES + offset, min(chunk + _TAG, body - offset))
        try:
            plain = cipher.decrypt(_nonce(number, number == count - 1), sealed, header)
        except InvalidTag as e:
            raise NotOpened("another key or another object, or its bytes were changed") from e
        first = number * chunk
        yield plain[max(begin - first, 0) : max(end - first, 0)]


def plain_size(sealed_bytes: int) -> int:
    """What `sealed_bytes` hold of the present form."""
    body = sealed_bytes - HEADER_BYTES
    return body - _TAG * max(1, -(-body // (_CHUNK + _TAG)))


def _chunks(plain_bytes: int) -> int:
    return max(1, -(-plain_bytes // _CHUNK))


def _nonce(number: int, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([last])


def _cipher(key: bytes, salt: bytes, name: str) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a data key has {KEY_BYTES} bytes")
    info = b"huifang recording 1\0" + name.encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key))


def _exactly(plain: BinaryIO, size: int) -> bytes:
    data = plain.read(size)
    if len(data) != size:
        raise ValueError("shorter than was said")
    return data
