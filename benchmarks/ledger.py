"""The ledger at a thousand and at a million lines: what a line, a checkpoint and a proof cost, beside the logarithm."""

import asyncio
import json
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rules.ledger import NOTHING, Entry, line_after
from rules.merkle import root_by_inclusion
from storage import checkpoints, db, ledger
from storage.ledger_keys import LedgerKeys

SIZES = (1_000, 10_000, 100_000, 1_000_000)
TIMES = 200
KEYS = LedgerKeys("ledger.example/benchmark", bytes(range(64)))
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


async def measure(folder: Path, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Medians over TIMES of each; the lines in between are written in bulk, hashed like any other."""
    figures, taken = {}, {}
    try:
        for size in sizes:
            await _fill(size)
            began = time.perf_counter()
            point = await checkpoints.make(KEYS, BEGAN)
            figures[f"checkpoint after {size:,} lines, seconds"] = round(time.perf_counter() - began, 2)
            taken[size] = await _costs(point)
            figures |= {f"{what} at {size:,} lines, ms": round(ms, 2) for what, ms in taken[size].items()}
    finally:
        await db.dispose()
    first, last = sizes[0], sizes[-1]
    figures["log2 of the sizes, last / first"] = f"{math.log2(last) / math.log2(first):.2f}x"
    for what in taken[first]:
        figures[f"{what}, {last:,} / {first:,} lines"] = f"{taken[last][what] / taken[first][what]:.2f}x"
    return figures


async def _costs(point: checkpoints.Checkpoint) -> dict[str, float]:
    chance = random.Random(point.size)

    async def append() -> None:
        async with db.transaction() as connection:
            await ledger.append(connection, [_entry(0)])

    async def prove() -> None:
        seq = chance.randrange(1, point.size + 1)
        async with db.transaction() as connection:
            proof = (await checkpoints.inclusion(connection, [seq], point.size))[seq]
            [line] = await ledger.read(connection, seq - 1, 1)
        if root_by_inclusion(bytes.fromhex(line.hash), seq - 1, point.size, proof).hex() != point.root:
            raise RuntimeError(f"line {seq} is not under the root")

    async def prove_growth() -> None:
        async with db.transaction() as connection:
            await checkpoints.consistency(connection, chance.randrange(1, point.size + 1), point.size)

    async def sign() -> None:
        await append()
        await checkpoints.make(KEYS, BEGAN)

    return {
        "append": await _median(append),
        "inclusion proof": await _median(prove),
        "consistency proof": await _median(prove_growth),
        "line and checkpoint": await _median(sign),
    }


async def _median(work: Callable[[], Awaitable[None]]) -> float:
    """Milliseconds, after some rounds that do not count."""
    taken = []
    for number in range(TIMES + 20):
        began = time.perf_counter()
        await work()
        if number >= 20:
            taken.append(time.perf_counter() - began)
    return sorted(taken)[len(taken) // 2] * 1000


def _entry(number: int) -> Entry:
    return Entry(
        "RECORDING_CLEARED", BEGAN + timedelta(seconds=number), f"recording/RE{number}", "system", {"n": number}
    )


async def _fill(size: int) -> None:
    """Lines up to `size`, in blocks."""
    async with db.transaction() as connection:
        head = await ledger.head(connection)
    seq, last = head["seq"], head["hash"] if head["seq"] else NOTHING
    while seq < size:
        lines = []
        for number in range(seq, min(size, seq + 20_000)):
            lines.append(line_after(_entry(number), seq, last))
            seq, last = lines[-1].seq, lines[-1].hash
        given = json.dumps([asdict(line) | {"at": line.at.isoformat()} for line in lines])
        async with db.transaction() as connection:
            await db.rows(connection, ledger.APPEND, lines=given, seq=seq, hash=last, sealed=0)
    async with db.engine().connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).exec_driver_sql(
            "VACUUM ANALYZE ledger, ledger_nodes"
        )


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(Path("."))), indent=1))
