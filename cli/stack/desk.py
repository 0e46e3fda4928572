"""The desk: the one web process, for people, the core system and the carrier's callbacks."""

from pathlib import Path

import cli
from cli.stack.service import Plan, Service, answers, python


class Desk(Service):
    name = "desk"
    port_names = ("desk",)

    def plan(self) -> Plan:
        argv = python("-m", "uvicorn", "desk.app:create_app", "--factory", "--host", "127.0.0.1")
        argv += ["--port", str(self.ports["desk"]), "--no-access-log"]
        return Plan(argv, self.values, Path(cli.__file__).parent.parent)

    def ready(self) -> bool:
        return answers(f"{self.url}/healthz")
