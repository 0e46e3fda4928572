"""The one-machine stack with its real processes: started, killed, mended, stopped, beside another one."""

import io
import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
import urllib3
from minio import Minio

from cli import environment
from cli.stack import SERVICES, Stack, processes

ALL = {"postgres", "s3", "prefect", "carrier", "desk"}


def huifang(home: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        env=os.environ | {"HUIFANG_HOME": str(home)} | extra,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def states(answer: subprocess.CompletedProcess) -> dict[str, str]:
    assert answer.returncode == 0, answer.stderr
    return {service["name"]: service["state"] for service in json.loads(answer.stdout)["services"]}


def pids(home: Path) -> dict[str, int]:
    return {file.stem: json.loads(file.read_text())["pid"] for file in (home / "run").glob("*.json")}


def store(stack: Stack) -> Minio:
    values = stack.environment()
    return Minio(
        endpoint=values["HUIFANG_S3_ENDPOINT"],
        access_key=values["HUIFANG_S3_ACCESS_KEY"],
        secret_key=values["HUIFANG_S3_SECRET_KEY"],
        secure=False,
        http_client=urllib3.PoolManager(retries=False, timeout=10),
    )


def database(stack: Stack) -> psycopg.Connection:
    return psycopg.connect(stack.database_url().replace("+psycopg", ""), autocommit=True)


def leave_data(stack: Stack) -> None:
    with database(stack) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('回访')")
    if not store(stack).bucket_exists(bucket_name="kept"):
        store(stack).make_bucket(bucket_name="kept", object_lock=True)
    store(stack).put_object(bucket_name="kept", object_name="word", data=io.BytesIO(b"huifang"), length=7)


def data_is_there(stack: Stack) -> bool:
    with database(stack) as connection:
        row = connection.execute("SELECT word FROM kept LIMIT 1").fetchone()
    answer = store(stack).get_object(bucket_name="kept", object_name="word")
    try:
        return row == ("回访",) and answer.data == b"huifang"
    finally:
        answer.close()
        answer.release_conn()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the whole stack up, by the command that a user gives."""
    home = tmp_path_factory.mktemp("stack-whole")
    (home / "owner").write_text(str(os.getpid()))
    answer = huifang(home, "up", "--json")
    try:
        assert states(answer) == dict.fromkeys(SERVICES, "running")
        yield home
    finally:
        huifang(home, "down")


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Stack]:
    """An installation of a test's own, not started yet."""
    stack = Stack(tmp_path / "home")
    stack.home.mkdir()
    (stack.home / "owner").write_text(str(os.getpid()))
    yield stack
    stack.down()


def test_names_of_the_services():
    assert set(SERVICES) == ALL


def test_status_has_an_address_for_each(whole: Path):
    answer = huifang(whole, "status", "--json")
    services = json.loads(answer.stdout)["services"]
    assert {service["name"] for service in services} == ALL
    assert all(set(service) == {"name", "url", "state"} for service in services)
    assert all("127.0.0.1:" in service["url"] for service in services)


def test_up_again_leaves_what_runs_alone(whole: Path):
    before = pids(whole)
    assert states(huifang(whole, "up", "--json")) == dict.fromkeys(SERVICES, "running")
    assert pids(whole) == before


def test_up_prints_the_desk_and_the_demo_users(whole: Path):
    from desk.demo_users import DEMO_USERS

    shown = huifang(whole, "up", "--lang", "en").stdout
    assert Stack(whole).environment()["HUIFANG_PUBLIC_URL"] in shown
    assert all(user.login in shown and user.password in shown for user in DEMO_USERS)


@pytest.mark.parametrize("name", ["desk", "postgres", "s3"])
def test_a_killed_service_is_mended_and_its_data_is_there(whole: Path, name: str):
    stack = Stack(whole)
    leave_data(stack)
    others = {other: pid for other, pid in pids(whole).items() if other != name}
    os.kill(pids(whole)[name], signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid) for pid in [pids(whole)[name]] if psutil.pid_exists(pid)], timeout=5)
    assert states(huifang(whole, "status", "--json"))[name] == "crashed"
    assert states(huifang(whole, "up", "--json")) == dict.fromkeys(SERVICES, "running")
    assert data_is_there(stack)
    assert {other: pid for other, pid in pids(whole).items() if other != name} == others


def test_everything_killed_at_once_is_mended(whole: Path):
    leave_data(Stack(whole))
    for pid in pids(whole).values():
        os.kill(pid, signal.SIGKILL)
    assert states(huifang(whole, "up", "--json")) == dict.fromkeys(SERVICES, "running")
    assert data_is_there(Stack(whole))


def test_down_and_up_keep_data_addresses_and_secrets(whole: Path):
    stack = Stack(whole)
    leave_data(stack)
    before = stack.environment()
    running = pids(whole)
    assert states(huifang(whole, "down", "--json")) == dict.fromkeys(SERVICES, "stopped")
    assert not [pid for pid in running.values() if processes.identity(pid)]
    assert states(huifang(whole, "up", "--json")) == dict.fromkeys(SERVICES, "running")
    assert stack.environment() == before
    assert data_is_there(stack)


def test_nothing_listens_outside_loopback_and_no_secret_stands_in_the_process_list(whole: Path):
    secrets = json.loads((whole / "secrets.json").read_text())
    hidden = {value for name, value in secrets.items() if name != "twilio_account_sid"}
    for pid in pids(whole).values():
        process = psutil.Process(pid)
        assert not hidden & set(" ".join(process.cmdline()).replace("=", " ").split())
        listening = [c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        assert listening
        assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}
    assert stat.S_IMODE((whole / "secrets.json").stat().st_mode) == 0o600


def test_the_store_answers_its_internal_interfaces_to_nobody(whole: Path):
    leave_data(Stack(whole))
    filer = json.loads((whole / "ports.json").read_text())["s3_filer"]
    http = urllib3.PoolManager(retries=False)
    for method in ("GET", "DELETE"):
        answer = http.request(method, f"http://127.0.0.1:{filer}/buckets/kept/word?recursive=true")
        assert answer.status == 401
    assert data_is_there(Stack(whole))


def test_the_bucket_and_the_schema_are_made_by_up(whole: Path):
    with database(Stack(whole)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert store(Stack(whole)).get_object_lock_config(bucket_name="huifang-recordings").mode == "COMPLIANCE"


def test_the_prefect_server_asks_for_its_password(whole: Path):
    values = Stack(whole).environment()
    url = f"{values['PREFECT_API_URL']}/work_pools/filter"
    http = urllib3.PoolManager(retries=False)
    assert http.request("POST", url, json={}).status == 401
    headers = urllib3.make_headers(basic_auth=values["PREFECT_API_AUTH_STRING"])
    assert http.request("POST", url, json={}, headers=headers).status == 200


def test_restart_with_another_database_shows_in_later_commands(whole: Path):
    stack = Stack(whole)
    url = stack.create_database("another_day")
    carrier = pids(whole)["carrier"]
    stack.restart("desk", {"HUIFANG_DATABASE_URL": url})
    desk = psutil.Process(pids(whole)["desk"])
    assert desk.environ()["HUIFANG_DATABASE_URL"] == url
    assert pids(whole)["carrier"] == carrier
    assert Stack(whole).environment()["HUIFANG_DATABASE_URL"] == url
    assert states(huifang(whole, "up", "--live", "--json")) == dict.fromkeys(SERVICES, "running")
    assert psutil.Process(pids(whole)["desk"]).environ()["HUIFANG_DATABASE_URL"] == stack.database_url()


def test_two_homes_side_by_side(whole: Path, servers: Stack):
    first = Stack(whole)
    leave_data(first)
    servers.up(only={"postgres", "s3"})
    ours, theirs = (json.loads((home / "ports.json").read_text()) for home in (whole, servers.home))
    assert not set(ours.values()) & set(theirs.values())
    with database(servers) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)
    assert not store(servers).bucket_exists(bucket_name="kept")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            first.database_url().replace("+psycopg", "").replace(str(ours["postgres"]), str(theirs["postgres"]))
        )
    servers.down()
    assert states(huifang(whole, "status", "--json")) == dict.fromkeys(SERVICES, "running")
    assert data_is_there(first)


def test_ups_at_the_same_time_start_each_service_once(servers: Stack):
    script = "import sys; from cli.stack import Stack; Stack(sys.argv[1]).up(only={'postgres', 's3'})"
    argv = [sys.executable, "-c", script, str(servers.home)]
    with ThreadPoolExecutor(3) as pool:
        ends = list(pool.map(lambda _: subprocess.run(argv, capture_output=True, text=True, timeout=120), range(3)))
    assert [end.returncode for end in ends] == [0, 0, 0], [end.stderr for end in ends]
    running = [p for p in psutil.process_iter(["cmdline"]) if str(servers.home) in " ".join(p.info["cmdline"] or [])]
    started = set(pids(servers.home).values())
    assert {process.pid for process in running if process.ppid() not in started} == started
    assert len(started) == 2


def test_a_port_that_another_program_took_is_given_up(servers: Stack):
    servers.up(only={"postgres", "s3"})
    leave_data(servers)
    servers.down()
    before = json.loads((servers.home / "ports.json").read_text())
    with (
        socket.create_server(("127.0.0.1", before["postgres"])),
        socket.create_server(("127.0.0.1", before["s3_master"])),
    ):
        assert {state.state for state in servers.up(only={"postgres", "s3"})} == {"running"}
        after = json.loads((servers.home / "ports.json").read_text())
        changed = {name for name in before if before[name] != after[name]}
        assert changed == {"postgres", "s3_master"}
        assert data_is_there(servers)


def test_a_stranger_with_an_old_process_id_is_left_alone(servers: Stack):
    servers.environment()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        record = {"pid": stranger.pid, "identity": "an earlier boot/1", "digest": ""}
        (servers.home / "run" / "carrier.json").write_text(json.dumps(record))
        assert next(s for s in servers.status() if s.name == "carrier").state == "crashed"
        servers.down()
        assert stranger.poll() is None
        stranger.terminate()


def test_leftovers_of_an_interrupted_first_start_do_no_harm(servers: Stack):
    servers.environment()
    unfinished = servers.home / "postgres.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    (servers.home / "postgres.password").write_text("old\n")
    assert [state.state for state in servers.up(only={"postgres"})] == ["running"]
    assert not unfinished.exists()
    assert not (servers.home / "postgres.password").exists()


@pytest.mark.parametrize(
    ("setting", "value", "service"),
    [
        ("HUIFANG_DATABASE_URL", "postgresql+psycopg://u:p@db.example:5432/huifang", "postgres"),
        ("HUIFANG_S3_ENDPOINT", "store.example:9000", "s3"),
        ("HUIFANG_PREFECT_API_URL", "https://prefect.example/api", "prefect"),
        ("HUIFANG_TWILIO_BASE_URL", "https://carrier.example", "carrier"),
    ],
)
def test_somebody_elses_server_is_named_and_not_started(servers: Stack, monkeypatch, setting, value, service):
    monkeypatch.setenv(setting, value)
    assert [(s.name, s.state) for s in servers.up(only={service})] == [(service, "external")]
    assert not (servers.home / "run" / f"{service}.json").exists()
    assert "p@" not in servers.status()[0].url


def test_own_address_in_the_environment_is_not_somebody_elses(servers: Stack, monkeypatch):
    for name, value in servers.environment().items():
        monkeypatch.setenv(name, value)
    assert [state.state for state in servers.up(only={"postgres"})] == ["running"]


def test_what_the_user_sets_wins(servers: Stack, monkeypatch, tmp_path: Path):
    file = tmp_path / "settings.env"
    file.write_text("HUIFANG_INSURER_NAME=甲\nHUIFANG_HOTLINE=400-111-1111\nPOSTGRES_PASSWORD=x\n")
    monkeypatch.setenv("HUIFANG_ENV_FILE", str(file))
    monkeypatch.setenv("HUIFANG_INSURER_NAME", "乙")
    values = servers.environment()
    assert values["HUIFANG_INSURER_NAME"] == "乙"
    assert values["HUIFANG_HOTLINE"] == "400-111-1111"
    assert values["HUIFANG_DATABASE_URL"] == servers.database_url()
    assert "POSTGRES_PASSWORD" not in values


def test_settings_are_complete_with_nothing_but_the_stack(servers: Stack):
    settings = environment.settings_from(servers.environment())
    assert settings.database_url.get_secret_value() == servers.database_url()
    assert settings.dial_for_real is False


def test_the_database_never_runs_as_root(servers: Stack):
    servers.home.parent.chmod(0o700)
    servers.up(only={"postgres"})
    runs_as = psutil.Process(pids(servers.home)["postgres"]).uids().effective
    if os.geteuid() == 0:
        assert pwd.getpwuid(runs_as).pw_name in ("huifang-postgres", "nobody")
        # others may pass through, not look around
        assert stat.S_IMODE(servers.home.parent.stat().st_mode) == 0o701
    else:
        assert runs_as == os.geteuid()
        assert stat.S_IMODE(servers.home.parent.stat().st_mode) == 0o700
