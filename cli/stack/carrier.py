"""The Twilio-compatible carrier with simulated customers."""

from pathlib import Path

import cli
from cli.stack.service import Plan, Service, answers, python


class Carrier(Service):
    name = "carrier"
    port_names = ("carrier",)

    def prepare(self) -> None:
        (self.home / "carrier").mkdir(mode=0o700, exist_ok=True)

    def plan(self) -> Plan:
        argv = python("-m", "cli.main", "carrier", "--port", str(self.ports["carrier"]))
        argv += ["--account-sid", self.secrets["twilio_account_sid"], "--state", str(self.home / "carrier")]
        asked_for = {n: v for n, v in self.values.items() if n.startswith("HUIFANG_CARRIER_")}
        # by the environment and not as an argument: everybody may read those
        environment = {"HUIFANG_CARRIER_AUTH_TOKEN": self.secrets["twilio_auth_token"], **asked_for}
        return Plan(argv, environment, Path(cli.__file__).parent.parent)

    def ready(self) -> bool:
        return answers(f"{self.url}/control/clock")
