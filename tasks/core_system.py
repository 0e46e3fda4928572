"""The insurer's core system over HTTP: contracts, page by page."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

PAGE = 500
# What passes by itself is asked again after these pauses, in seconds.
PAUSES = (0.5, 1.0, 2.0, 4.0)
_PASSING = (429, 500, 502, 503, 504)


class CoreSystemError(Exception):
    """The core system did not give what it should; one sentence in each language."""

    def __init__(self, zh: str, en: str):
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Page:
    contracts: Sequence[Mapping[str, Any]]
    next_cursor: str | None
    total: int | None


class CoreSystem:
    """`url` is the base of its interface. An async context manager; raises CoreSystemError."""

    def __init__(self, url: str, token: str | None, pauses: Sequence[float] = PAUSES):
        self.url = url.rstrip("/")
        self._pauses = pauses
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(30.0, connect=5.0),
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )

    async def __aenter__(self) -> "CoreSystem":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def pages(self, cursor: str | None = None, limit: int = PAGE) -> AsyncIterator[Page]:
        """Every page behind `cursor`; ends where the next cursor is empty or stays, or a page holds nothing."""
        while True:
            page = await self._page(cursor, limit)
            yield page
            if not page.contracts or not page.next_cursor or page.next_cursor == cursor:
                return
            cursor = page.next_cursor

    async def _page(self, cursor: str | None, limit: int) -> Page:
        asked: dict[str, str | int] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        response = await self._asked("/contracts", asked)
        try:
            body = response.json()
        except ValueError:
            body = None
        contracts = body.get("contracts") if isinstance(body, dict) else None
        if not isinstance(contracts, list) or not all(isinstance(one, dict) for one in contracts):
            raise CoreSystemError(
                "核心系统的回答不是约定的格式（应有 contracts 列表），未接收。",
                "The core system did not answer in the agreed form (a list of contracts); nothing was taken.",
            )
        following = body.get("next_cursor")
        total = body.get("total")
        return Page(
            contracts,
            str(following) if following not in (None, "") else None,
            total if isinstance(total, int) else None,
        )

    async def _asked(self, path: str, values: Mapping[str, str | int]) -> httpx.Response:
        for pause in (*self._pauses, None):
            try:
                response = await self._client.get(f"{self.url}{path}", params=values)
            except httpx.TransportError as error:
                if pause is None:
                    raise CoreSystemError(
                        f"连接不上核心系统 {self.url}（{type(error).__name__}）。已收到的合同已保存，稍后再运行即从中断处继续。",
                        f"The core system at {self.url} cannot be reached ({type(error).__name__}). What was received is "
                        "stored; run it again later and it goes on from there.",
                    ) from error
            else:
                if response.status_code == 200:
                    return response
                if response.status_code not in _PASSING or pause is None:
                    raise _refused(response.status_code)
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")


def _refused(status: int) -> CoreSystemError:
    if status in (401, 403):
        return CoreSystemError(
            f"核心系统拒绝访问（HTTP {status}）。请检查 HUIFANG_CORE_TOKEN。",
            f"The core system refused us (HTTP {status}). Check HUIFANG_CORE_TOKEN.",
        )
    return CoreSystemError(
        f"核心系统回答 HTTP {status}。已收到的合同已保存，稍后再运行即从中断处继续。",
        f"The core system answered HTTP {status}. What was received is stored; run it again later and it goes on "
        "from there.",
    )
