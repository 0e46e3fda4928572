"""Processes that outlive the command that started them, and are never mistaken for another one with the same id."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from cli.environment import read_json
from cli.stack.files import write_json

# kept so that a child that dies while this very process still runs is reaped and not seen as alive
_children: dict[int, subprocess.Popen] = {}


def identity(pid: int) -> str | None:
    """What tells this process from a later one with the same id; None when it is gone or only waits to be reaped."""
    if (child := _children.get(pid)) and child.poll() is not None:
        del _children[pid]
    try:
        # boot and start tick do not move when the clock is set; the creation time that psutil computes does
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _portable_identity(pid)
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def _portable_identity(pid: int) -> str | None:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return f"{process.create_time():.2f}"
    return None


@dataclass(frozen=True)
class Record:
    """One started process as its file in the state folder remembers it."""

    file: Path
    pid: int
    identity: str
    digest: str
    """of what it was started with: another digest means it must be started anew"""

    @property
    def alive(self) -> bool:
        return identity(self.pid) == self.identity


def read_record(file: Path) -> Record | None:
    found = read_json(file)
    return Record(file, found["pid"], found["identity"], found["digest"]) if found else None


def start(
    file: Path,
    argv: list[str],
    *,
    environment: dict[str, str],
    folder: Path,
    log: Path,
    digest: str,
    user: tuple[int, int] | None = None,
) -> Record:
    """Start `argv` in a session of its own, its output appended to `log`, as user and group id `user` if given."""
    as_user = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
    with log.open("ab") as out:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
            **as_user,
        )
    _children[child.pid] = child
    # a child that is gone already has no identity: recorded as never alive
    record = Record(file, child.pid, identity(child.pid) or "gone", digest)
    write_json(file, {"pid": record.pid, "identity": record.identity, "digest": digest})
    return record


def stop(record: Record, *, gently: signal.Signals, seconds: float) -> None:
    """Ask the process to end, insist after `seconds`, and forget it. Does nothing to a stranger with its old id."""
    for how, patience in ((gently, seconds), (signal.SIGKILL, 10.0)):
        if not record.alive:
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(record.pid, how)
        give_up = time.monotonic() + patience
        while record.alive and time.monotonic() < give_up:
            time.sleep(0.05)
    record.file.unlink(missing_ok=True)
