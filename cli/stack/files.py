"""The files of the state folder: written whole or not at all, and one lock for whoever changes the stack."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from cli.stack.errors import StackError


def write_json(file: Path, content: dict, mode: int = 0o644) -> None:
    """Replace the file in one step, so that a kill leaves the old or the new one; never wider than `mode`."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w") as out:
        json.dump(content, out, indent=1, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)


@contextlib.contextmanager
def locked(file: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the file's lock; the kernel frees it when the holder dies, however it dies."""
    with file.open("a") as handle:
        give_up = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise StackError(
                        f"另一个 huifang 进程占用 {file} 超过 {wait_seconds:.0f} 秒，请稍后再试。",
                        f"Another huifang process has held {file} for {wait_seconds:.0f} s; try again later.",
                    ) from None
                time.sleep(0.1)
        yield
