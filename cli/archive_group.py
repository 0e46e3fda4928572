"""The group `huifang archive`, and how its commands do their work and tell why they could not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from cli.output import fail, group


@group(
    example="huifang archive check\nhuifang archive canary",
    zh="录音档案：复核（check）、存储自检（canary）、概况、第二副本、冻结与解除、争议、销毁、培训副本、密钥轮换。",
)
def archive() -> None:
    """The archive of recordings: re-reading, the store's self-test, copies, legal holds, disputes, disposal, training
    copies, keys."""


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    """What `work` returns; what it refuses ends the command with a sentence."""
    from rules.keeping import REFUSALS, OrderRefused
    from storage import db
    from storage.archive import ArchiveError
    from storage.key_keepers import KeysAway, KeysWrong
    from storage.retrieval import Refused

    async def whole() -> Any:
        try:
            return await work()
        finally:
            await db.dispose()

    try:
        return asyncio.run(whole())
    except OrderRefused as refused:
        zh, en = REFUSALS[str(refused)]
        fail(f"{zh}。", f"{en[0].upper()}{en[1:]}.")
    except Refused as refused:
        decision = refused.decision
        fail(f"{decision.zh}（{decision.rule}）。", f"{decision.en} ({decision.rule}).")
    except ArchiveError as problem:
        fail(f"录音存储：{problem}", f"The archive: {problem}")
    except (KeysAway, KeysWrong) as problem:
        fail(f"密钥：{problem}", f"The keys: {problem}")
