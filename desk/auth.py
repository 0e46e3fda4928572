"""Who is asking: the signed-in user, rights, and the token that every form carries."""

import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, HTTPException, Request

from desk import roles
from desk.errors import SignInNeeded
from storage.db import transaction
from storage.views import organisation
from storage.views.organisation import Scope


@dataclass(frozen=True)
class User:
    login: str
    name: str
    roles: frozenset[str]
    branch_code: str
    branch_name: str
    scope: Scope

    def may(self, right: str) -> bool:
        return roles.may(self.roles, right)

    @property
    def first_page(self) -> str:
        return roles.first_page(self.roles, self.branch_code)

    def may_work_on(self, order_branch: str) -> bool:
        """Branch staff work on what lies with their branch or below; head office only on what lies with itself."""
        if self.roles & roles.BRANCH:
            return self.scope.covers(order_branch)
        return self.may("orders") and order_branch == self.branch_code


async def signed_in(request: Request) -> User:
    """Read anew for each request, so that disabling somebody holds at once."""
    login = request.session.get("login")
    if login:
        async with transaction() as connection:
            found = await organisation.user(connection, login)
            if found:
                user = User(
                    login=found["login"],
                    name=found["name"],
                    roles=frozenset(found["roles"]),
                    branch_code=found["branch_code"],
                    branch_name=found["branch_name"],
                    scope=await organisation.scope_of(connection, found["branch_code"]),
                )
                request.state.user = user
                return user
        request.session.pop("login", None)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    raise SignInNeeded("/sign-in" + (f"?next={quote(here, safe='')}" if request.method == "GET" else ""))


SignedIn = Annotated[User, Depends(signed_in)]


def with_right(right: str):
    """A dependency: the user, when one of his roles has the right; 403 otherwise."""

    async def check(user: SignedIn) -> User:
        if not user.may(right):
            raise HTTPException(403)
        return user

    return check


def at_head_office(right: str):
    """A dependency: the user, when one of his roles has the right and he sees the whole tree; 403 otherwise."""

    async def check(user: Annotated[User, Depends(with_right(right))]) -> User:
        if not user.scope.everything:
            raise HTTPException(403)
        return user

    return check


def csrf_token(request: Request) -> str:
    if "session" not in request.scope:
        return ""
    return request.session.setdefault("csrf", secrets.token_urlsafe(24))


async def csrf_checked(request: Request) -> None:
    """403 unless the form carries the session's token."""
    form = await request.form()
    given, expected = str(form.get("csrf", "")), request.session.get("csrf", "")
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise HTTPException(403, "csrf")


def local_path(target: str | None) -> str | None:
    """`target` when it is a path of this desk; nothing that a browser could take for another host."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    if any(ord(character) < 32 for character in target):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None


class Failures:
    """Failed sign-ins by key in this process: after `limit` within `seconds`, the key has to wait. Real seconds."""

    def __init__(self, limit: int = 5, seconds: float = 300, keys: int = 10_000):
        self.limit, self.seconds, self.keys = limit, seconds, keys
        self._times: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until the next try is heard; 0 for now."""
        times = self._recent(key)
        return max(0.0, times[-self.limit] + self.seconds - time.monotonic()) if len(times) >= self.limit else 0.0

    def add(self, key: str) -> None:
        self._times[key] = [*self._recent(key), time.monotonic()]
        self._times.move_to_end(key)
        while len(self._times) > self.keys:
            self._times.popitem(last=False)

    def forget(self, key: str) -> None:
        self._times.pop(key, None)

    def _recent(self, key: str) -> list[float]:
        since = time.monotonic() - self.seconds
        return [at for at in self._times.get(key, ()) if at > since]
