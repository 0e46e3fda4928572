"""What is sealed opens as it was, in any stretch, under its own key and name alone; any change is noticed."""

import hashlib
import io
import random

import pytest

from storage.encryption import HEADER_BYTES, NotOpened, opened, plain_size, seal, sealed_size

KEY, NAME = bytes(range(32)), "recordings/2026/09/24/a.flac.sealed"
CHUNK = 65536


def sealed(plain: bytes, key: bytes = KEY, name: str = NAME) -> bytes:
    out = io.BytesIO()
    seal(io.BytesIO(plain), out, key, name, len(plain), hashlib.sha256(plain).digest())
    return out.getvalue()


def unsealed(data: bytes, key: bytes = KEY, name: str = NAME, begin: int = 0, end: int | None = None) -> bytes:
    return b"".join(opened(lambda at, n: data[at : at + n], len(data), key, name, begin, end))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_what_was_sealed_opens(size):
    plain = random.Random(size).randbytes(size)
    data = sealed(plain)
    assert len(data) == sealed_size(size) and plain_size(len(data)) == size
    assert unsealed(data) == plain
    assert plain not in data or size < 2
    for begin, end in ((0, 1), (size // 2, size), (size - 1, None), (size, None), (7, 7), (0, size + 99)):
        assert unsealed(data, begin=max(begin, 0), end=end) == plain[max(begin, 0) : end]


def test_only_the_chunks_that_are_asked_for_are_read():
    data, asked = sealed(random.Random(1).randbytes(9 * CHUNK)), []

    def read(at: int, n: int) -> bytes:
        asked.append((at, n))
        return data[at : at + n]

    b"".join(opened(read, len(data), KEY, NAME, 4 * CHUNK + 5, 5 * CHUNK + 5))
    assert asked == [(0, HEADER_BYTES), *((HEADER_BYTES + n * (CHUNK + 16), CHUNK + 16) for n in (4, 5))]


def test_the_same_again_gives_the_same_bytes_and_other_content_another_key():
    assert sealed(b"sound") == sealed(b"sound")
    assert sealed(b"sound")[8:HEADER_BYTES] != sealed(b"sounD")[8:HEADER_BYTES]


def test_every_changed_bit_is_noticed():
    data = sealed(random.Random(2).randbytes(300))
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        with pytest.raises(NotOpened):
            unsealed(bytes(changed))


@pytest.mark.parametrize(
    "harm",
    [
        lambda d: d[:-1],
        lambda d: d + b"\0",
        lambda d: d[: HEADER_BYTES + CHUNK + 16],  # the last chunk dropped
        lambda d: d[:HEADER_BYTES] + d[HEADER_BYTES + CHUNK + 16 :],  # the first one
        lambda d: (
            d[:HEADER_BYTES]
            + d[HEADER_BYTES + CHUNK + 16 : HEADER_BYTES + 2 * (CHUNK + 16)]
            + d[HEADER_BYTES : HEADER_BYTES + CHUNK + 16]
            + d[HEADER_BYTES + 2 * (CHUNK + 16) :]
        ),  # two exchanged
        lambda d: d[:HEADER_BYTES],
        lambda d: d[:10],
        lambda d: b"",
        lambda d: b"RIFF" + d[4:],
    ],
)
def test_what_is_missing_added_or_moved_is_noticed(harm):
    data = sealed(random.Random(3).randbytes(2 * CHUNK + 100))
    with pytest.raises(NotOpened):
        unsealed(harm(data))


def test_another_key_or_name_opens_nothing():
    data = sealed(b"sound")
    with pytest.raises(NotOpened):
        unsealed(data, key=bytes(32))
    with pytest.raises(NotOpened):
        unsealed(data, name=NAME + "x")


@pytest.mark.parametrize("said", [3, 7])
def test_a_length_that_is_not_so_is_refused(said):
    with pytest.raises(ValueError, match="than was said"):
        seal(io.BytesIO(b"sound"), io.BytesIO(), KEY, NAME, said, bytes(32))
