"""Reading what was archived: opened by its data key, by stretches, straight from the store. Whoever calls has the right
to, and writes down that he did."""

import io
from collections.abc import Iterator
from typing import BinaryIO

from storage.archive import Archive, ArchiveError
from storage.archive_objects import KeptObject
from storage.data_keys import unwrapped
from storage.encryption import FORM, opened
from storage.key_keepers import KeyKeeper

_SEALED_BLOCK = 4 * (65536 + 16)  # so many sealed bytes are asked for at once; whole chunks of the present form


class RecordingReader:
    """The plain bytes of one object. Calls block: use a thread. Raises ArchiveError, NotOpened, KeyDestroyed, KeysAway,
    KeysWrong."""

    def __init__(self, kept: KeptObject, store: Archive, keeper: KeyKeeper, version_id: str | None = None):
        """`version_id`: of the copy in `store`, where that is not the first one."""
        if kept.form != FORM:
            raise ArchiveError(f"object {kept.id} is sealed in a form that is not known here: {kept.form}")
        self.size = kept.plain_bytes
        self.content_type = kept.content_type
        self.sha256 = kept.plain_sha256
        self._kept, self._store = kept, store
        self._version_id = version_id or kept.version_id
        self._key = unwrapped(kept.data_key_id, {"wrapped": kept.wrapped, "kek": kept.kek}, keeper)
        self._ahead: tuple[int, bytes] = (0, b"")

    def read(self, begin: int = 0, end: int | None = None) -> bytes:
        return b"".join(self.stream(begin, end))

    def stream(self, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
        """From `begin` up to `end` (None: all), in pieces of at most 64 KiB, each proven before it is given out."""
        return opened(self._sealed, self._kept.bytes, self._key, self._kept.object_key, begin, end)

    def copy_out(self, out: BinaryIO) -> None:
        for piece in self.stream():
            out.write(piece)

    def file(self) -> BinaryIO:
        """All of it in memory, as a file: for what is known to be short."""
        return io.BytesIO(self.read())

    def _sealed(self, offset: int, length: int) -> bytes:
        begin, block = self._ahead
        if offset < begin or offset + length > begin + len(block):
            wanted = min(max(length, _SEALED_BLOCK), self._kept.bytes - offset)
            block = self._store.read(self._kept.object_key, self._version_id, offset, wanted)
            begin = offset
            self._ahead = begin, block
        return block[offset - begin : offset - begin + length]
