"""What every service of the stack has in common."""

import hashlib
import json
import os
import signal
import sys
import sysconfig
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

PROGRAMS = Path(sysconfig.get_path("scripts"))


@dataclass(frozen=True)
class Plan:
    """How a service is to be started now."""

    argv: list[str]
    environment: dict[str, str]
    """beside what every process needs (PATH, HOME, locale, proxies)"""
    folder: Path
    user: tuple[int, int] | None = None

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps([self.argv, self.environment], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Service:
    """One server: its ports, how it is prepared, started, asked whether it is ready, and stopped.

    `home` is the state folder, `ports` and `secrets` those of the installation, `values` its HUIFANG_* values.
    """

    home: Path
    ports: dict[str, int]
    secrets: dict[str, str]
    values: dict[str, str]

    name = ""
    port_names: ClassVar[tuple[str, ...]] = ()
    # a port that must lie a fixed distance above another: {port: (other, distance)}
    twin_ports: ClassVar[dict[str, tuple[str, int]]] = {}
    # seconds until it must answer after it was started
    patience = 120.0
    stop_signal = signal.SIGTERM
    stop_seconds = 15.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[self.name]}"

    def prepare(self) -> None:
        """Whatever must be there before the first start; run again, it does nothing."""

    def plan(self) -> Plan:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    def after_start(self) -> None:
        """What a service that answers still needs before others may use it; run again, it does nothing."""


def answers(url: str, seconds: float = 2.0) -> bool:
    """Whether `url` answers 200; no proxy is asked for a loopback address."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=seconds) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError, ValueError):
        return False


def common_environment() -> dict[str, str]:
    """The caller's environment without settings of other installations, and with loopback kept off any proxy."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("HUIFANG_", "PREFECT_", "PG", "WEED_", "AWS_"))}
    for name in ("NO_PROXY", "no_proxy"):
        listed = [part for part in kept.get(name, "").split(",") if part]
        kept[name] = ",".join(dict.fromkeys([*listed, "127.0.0.1", "localhost"]))
    kept["PATH"] = os.pathsep.join(dict.fromkeys([str(PROGRAMS), *kept.get("PATH", os.defpath).split(os.pathsep)]))
    return kept


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]
