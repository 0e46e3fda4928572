"""Reading what was archived: opened by its data key, by stretches, straight from the store. Whoever calls has the right
to, and writes down that he did."""

import io
from collections.abc import Iterator
from typing import BinaryIO

from storage import damage_met, fixity
from storage.archive import Archive, ArchiveError, archive, second_archive
from storage.archive_objects import KeptObject
from storage.data_keys import unwrapped
from storage.encryption import FORM, NotOpened, opened
from storage.key_keepers import KeyKeeper, key_keeper

_SEALED_BLOCK = 4 * (65536 + 16)  # so many sealed bytes are asked for at once; whole chunks of the present form


class RecordingReader:
    """The plain bytes of one object, from its second copy on where the first is away, gone or damaged, which is written
    down. Calls block: use a thread. Raises ArchiveError, NotOpened, KeyDestroyed, KeysAway, KeysWrong."""

    def __init__(
        self,
        kept: KeptObject,
        store: Archive,
        keeper: KeyKeeper,
        version_id: str | None = None,
        second: Archive | None = None,
    ):
        """`version_id`: of the copy in `store`, where that is not the first one; `second`: where the second copy lies."""
        if kept.form != FORM:
            raise ArchiveError(f"object {kept.id} is sealed in a form that is not known here: {kept.form}")
        self.size = kept.plain_bytes
        self.content_type = kept.content_type
        self.sha256 = kept.plain_sha256
        self._kept = kept
        self._copies = [(store, version_id or kept.version_id)]
        if second is not None and kept.second_version_id and version_id is None:
            self._copies.append((second, kept.second_version_id))
        self._key = unwrapped(kept.data_key_id, {"wrapped": kept.wrapped, "kek": kept.kek}, keeper)
        self._ahead: tuple[int, bytes] = (0, b"")

    def read(self, begin: int = 0, end: int | None = None) -> bytes:
        return b"".join(self.stream(begin, end))

    def stream(self, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
        """From `begin` up to `end` (None: all), in pieces of at most 64 KiB, each proven before it is given out."""
        at = max(begin, 0)
        while True:
            try:
                for piece in opened(self._sealed, self._kept.bytes, self._key, self._kept.object_key, at, end):
                    at += len(piece)
                    yield piece
                return
            except (ArchiveError, NotOpened) as problem:
                if len(self._copies) == 1:
                    raise
                damage_met.write_down(self._kept, fixity.FIRST, problem)
                # the copy is not asked again
                self._copies, self._ahead = self._copies[1:], (0, b"")

    def copy_out(self, out: BinaryIO) -> None:
        for piece in self.stream():
            out.write(piece)

    def file(self) -> BinaryIO:
        """All of it in memory, as a file: for what is known to be short."""
        return io.BytesIO(self.read())

    def _sealed(self, offset: int, length: int) -> bytes:
        begin, block = self._ahead
        if offset < begin or offset + length > begin + len(block):
            store, version_id = self._copies[0]
            wanted = min(max(length, _SEALED_BLOCK), self._kept.bytes - offset)
            block = store.read(self._kept.object_key, version_id, offset, wanted)
            begin = offset
            self._ahead = begin, block
        return block[offset - begin : offset - begin + length]


def reader_of(kept: KeptObject) -> RecordingReader:
    """Through this process's own stores and keys."""
    return RecordingReader(kept, archive(), key_keeper(), second=second_archive())
