"""Start, stop, mend and describe the services of one state folder."""

import contextlib
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cli import environment
from cli.stack import ports as port_choice
from cli.stack import processes
from cli.stack.carrier import Carrier
from cli.stack.desk import Desk
from cli.stack.errors import StackError
from cli.stack.files import locked, write_json
from cli.stack.keys import ensure_archive_keys, ensure_ledger_keys, ensure_secrets
from cli.stack.postgres import Postgres
from cli.stack.prefect_server import PrefectServer
from cli.stack.s3 import S3
from cli.stack.service import Plan, Service, common_environment

# in the order of their start; the desk last, because it needs the others
KINDS: dict[str, type[Service]] = {kind.name: kind for kind in (Postgres, S3, PrefectServer, Carrier, Desk)}
SERVICES = tuple(KINDS)

# where a setting names somebody else's server, ours is not started
ELSEWHERE = {
    "postgres": "HUIFANG_DATABASE_URL",
    "s3": "HUIFANG_S3_ENDPOINT",
    "prefect": "HUIFANG_PREFECT_API_URL",
    "carrier": "HUIFANG_TWILIO_BASE_URL",
}
LOCK_SECONDS = 300.0
# how long a port of a server that died is waited for
PORT_SECONDS = 5.0


@dataclass(frozen=True)
class ServiceState:
    name: str
    url: str
    state: str
    """running, not answering, crashed, stopped, or external (a setting names somebody else's server)"""


class Stack:
    """The one-machine installation in the folder `home`. Two folders are two installations and share nothing."""

    def __init__(self, home: Path | str | None = None, *, tell: Callable[[str, str], None] | None = None):
        """`tell(zh, en)` is told what is going on."""
        self.home = Path(home).expanduser().absolute() if home else environment.home()
        self._tell = tell or (lambda zh, en: None)

    def up(self, only: Collection[str] | None = None) -> list[ServiceState]:
        """Start what is down (of `only`), mend what was killed, restart what was started with other settings."""
        wanted = [name for name in SERVICES if only is None or name in only]
        with self._changing():
            self._bring_up(wanted)
        return [state for state in self.status() if state.name in wanted]

    def down(self, only: Collection[str] | None = None) -> list[ServiceState]:
        """Stop in reverse order; data and secrets stay."""
        if self.home.exists():
            with self._changing():
                for name in reversed(SERVICES):
                    if only is None or name in only:
                        self._stop(name)
        return self.status()

    def restart(self, service: str, env: dict[str, str] | None = None) -> None:
        """Stop and start one service. `env` becomes part of what the stack stands for, as with `use`."""
        with self._changing():
            if env:
                self._remember(env)
            self._stop(service)
            self._bring_up([service])

    def use(self, env: dict[str, str] | None) -> None:
        """Look at another day: override values (database, clock file …) for every later command, until `use(None)`."""
        with self._changing():
            if env is None:
                (self.home / "current.json").unlink(missing_ok=True)
            else:
                self._remember(env)

    def status(self) -> list[ServiceState]:
        return [ServiceState(name, *self._look(name)) for name in SERVICES]

    def environment(self) -> dict[str, str]:
        """All HUIFANG_* and PREFECT_* values for a process that works with this stack; what the user has set wins."""
        self._prepare_folder()
        return environment.values(self.home)

    def database_url(self, name: str = "huifang") -> str:
        self._prepare_folder()
        return environment.database_url(self._secrets, self._ports, name)

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database in the stack's PostgreSQL (which must be up) and return its URL."""
        self.service("postgres").create_database(name, template)
        return self.database_url(name)

    def drop_database(self, name: str) -> None:
        self.service("postgres").drop_database(name)

    def service(self, name: str) -> Service:
        self._prepare_folder()
        return KINDS[name](self.home, self._ports, self._secrets, environment.values(self.home))

    def log(self, name: str) -> Path:
        return self.home / "logs" / f"{name}.log"

    # the state folder

    @property
    def _secrets(self) -> dict[str, str]:
        return environment.read_json(self.home / "secrets.json")

    @property
    def _ports(self) -> dict[str, int]:
        return environment.read_json(self.home / "ports.json")

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        self.home.mkdir(parents=True, exist_ok=True)
        with locked(self.home / "lock", LOCK_SECONDS):
            self._make_folder()
            yield

    def _prepare_folder(self) -> None:
        if not (self.home / "ports.json").exists():
            with self._changing():
                pass

    def _make_folder(self) -> None:
        for part in ("logs", "run"):
            (self.home / part).mkdir(mode=0o700, exist_ok=True)
        ignore = self.home / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        ensure_secrets(self.home / "secrets.json")
        ensure_archive_keys(self.home / "archive-keys")
        ensure_ledger_keys(self.home / "ledger-keys")
        known = self._ports
        for kind in KINDS.values():
            _choose_ports(kind, known, [port for port in kind.port_names if port not in known])
        if known != self._ports:
            write_json(self.home / "ports.json", known)

    def _remember(self, env: dict[str, str]) -> None:
        file = self.home / "current.json"
        write_json(file, environment.read_json(file) | env, mode=0o600)

    # services

    def _record(self, name: str) -> processes.Record | None:
        return processes.read_record(self.home / "run" / f"{name}.json")

    def _external(self, name: str) -> str | None:
        """The address of somebody else's server that the user's settings name for this service."""
        setting = ELSEWHERE.get(name)
        given = environment.given().get(setting) if setting else None
        if not given:
            return None
        # our own address may come round through the environment of a child
        address = urlsplit(given if "//" in given else f"//{given}")
        ours = self._ports.get(name)
        return None if address.hostname in ("127.0.0.1", "localhost") and address.port == ours else address.netloc

    def _look(self, name: str) -> tuple[str, str]:
        if elsewhere := self._external(name):
            return elsewhere.rpartition("@")[2], "external"
        if not self._ports:
            return "", "stopped"
        service = self.service(name)
        record = self._record(name)
        if record is None:
            return service.url, "stopped"
        if not record.alive:
            return service.url, "crashed"
        return service.url, "running" if service.ready() else "not answering"

    def _bring_up(self, names: list[str]) -> None:
        mine = [name for name in names if self._external(name) is None]
        first = [name for name in mine if name != "desk"]
        started = {name: self._start(name) for name in first}
        for name in first:
            self._await(name, started[name])
        if "desk" in names:
            self._make_usable()
        if "desk" in mine:
            self._await("desk", self._start("desk"))

    def _start(self, name: str) -> bool:
        """Start the service unless it runs as it should; True if it was started. It need not answer yet."""
        record = self._record(name)
        service = self.service(name)
        if record and record.alive and record.digest == service.plan().digest:
            return False
        if record:
            self._stop(name)
        self._free_ports(service)
        service = self.service(name)
        if record is None or record.digest != service.plan().digest:
            self._tell(f"启动 {name} …", f"Starting {name} …")
        else:
            self._tell(f"重新启动 {name} …", f"Starting {name} again …")
        service.prepare()
        self._launch(service, service.plan())
        return True

    def _launch(self, service: Service, plan: Plan) -> None:
        processes.start(
            self.home / "run" / f"{service.name}.json",
            plan.argv,
            environment=common_environment() | plan.environment,
            folder=plan.folder,
            log=self.log(service.name),
            digest=plan.digest,
            user=plan.user,
        )

    def _free_ports(self, service: Service) -> None:
        """Give the service other ports for those that another program has taken meanwhile. A server that was killed a
        moment ago may still hold its own: whoever works with it must find it where it was."""
        known = self._ports
        give_up = time.monotonic() + PORT_SECONDS
        while taken := [port for port in service.port_names if not port_choice.is_free(known[port])]:
            if time.monotonic() > give_up:
                _choose_ports(type(service), known, taken)
                write_json(self.home / "ports.json", known)
                return
            time.sleep(0.1)

    def _await(self, name: str, started: bool) -> None:
        """Wait until the service answers; one that dies at once is tried again (its port may just have been taken)."""
        service = self.service(name)
        tries = 1
        give_up = time.monotonic() + service.patience
        while not service.ready():
            record = self._record(name)
            if record is None or not record.alive:
                if tries == 4:
                    raise StackError(
                        f"{name} 启动后随即退出，详见 {self.log(name)}：{self._last_line(name)}",
                        f"{name} ended right after its start; see {self.log(name)}: {self._last_line(name)}",
                    )
                tries += 1
                # what a killed server left behind (memory, sockets) goes away with its last child
                time.sleep(0.5 * tries)
                self._start(name)
                service = self.service(name)
            elif time.monotonic() > give_up:
                raise StackError(
                    f"{name} 在 {service.patience:.0f} 秒内没有应答，详见 {self.log(name)}。",
                    f"{name} did not answer within {service.patience:.0f} s; see {self.log(name)}.",
                )
            time.sleep(0.05)
        service.after_start()

    def _last_line(self, name: str) -> str:
        lines = self.log(name).read_text(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else "–"

    def _make_usable(self) -> None:
        """What the desk needs in the servers: the schema and the bucket."""
        from cli.migrate import make_usable
        from storage.archive import ArchiveError

        try:
            make_usable(environment.settings_from(environment.values(self.home)))
        except ArchiveError as problem:
            if self._external("s3") is None:
                raise StackError(f"录音存储不可用：{problem}", f"The archive cannot be used: {problem}") from problem
            # calls can be made without it: recordings stay at the carrier until it is back
            self._tell(f"录音存储不可用：{problem}", f"The archive cannot be used: {problem}")

    def _stop(self, name: str) -> None:
        if record := self._record(name):
            if record.alive:
                self._tell(f"停止 {name} …", f"Stopping {name} …")
            kind = KINDS[name]
            processes.stop(record, gently=kind.stop_signal, seconds=kind.stop_seconds)


def _choose_ports(kind: type[Service], known: dict[str, int], names: Collection[str]) -> None:
    """Put a free port into `known` for each of `names`, moving the twins of a port together."""
    twins = {base: (twin, distance) for twin, (base, distance) in kind.twin_ports.items()}
    for name in dict.fromkeys(kind.twin_ports[name][0] if name in kind.twin_ports else name for name in names):
        twin, distance = twins.get(name, (None, 0))
        known[name] = port_choice.choose(set(known.values()), twin=distance)
        if twin:
            known[twin] = known[name] + distance
