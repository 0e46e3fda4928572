"""The real PostgreSQL and S3 server for every test that asks for them, started once and only when asked for."""

import contextlib
import os
import secrets
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import psutil
import pytest
import urllib3

from cli.stack import Stack
from cli.stack.ports import choose
from cli.stack.processes import read_record, start, stop
from cli.stack.service import answers, common_environment

# a developer's own settings must not reach the tests: they would work on his database
for name in [n for n in os.environ if n.startswith(("HUIFANG_", "PREFECT_"))]:
    if name != "HUIFANG_TWILIO_OPENAPI":  # a file that the tests read
        del os.environ[name]
os.environ["HUIFANG_ENV_FILE"] = ""
# nor what `make demo` has left in the checkout
os.environ["HUIFANG_HOME"] = str(Path(tempfile.gettempdir()) / "huifang-tests" / "nothing")

# how long one example takes says nothing on a machine that others use too
hypothesis.settings.register_profile("huifang", deadline=None)
hypothesis.settings.load_profile("huifang")

TEMPLATE = "migrated"


def minio_binary() -> str | None:
    """A real MinIO server on the PATH, or where `make minio` puts it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return shutil.which("minio") or shutil.which("minio", path=str(cache / "huifang"))


# what the archive is tested on: the store of the one-machine stack always, a real MinIO wherever there is one
STORES = ("seaweedfs", "minio") if minio_binary() else ("seaweedfs",)


def pytest_report_header() -> str:
    missing = "" if "minio" in STORES else " (no minio binary: `make minio` builds one)"
    return f"archive stores: {', '.join(STORES)}{missing}"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The servers of the test run: PostgreSQL and S3."""
    # Not below pytest's own folder: a second run closes that one to the user that PostgreSQL runs as.
    parent = Path(tempfile.gettempdir()) / "huifang-tests"
    parent.mkdir(exist_ok=True)
    _stop_orphans([*parent.glob("*/owner"), *tmp_path_factory.getbasetemp().parent.glob("*/*/home/owner")])
    home = Path(tempfile.mkdtemp(dir=parent))
    (home / "owner").write_text(str(os.getpid()))
    servers = Stack(home)
    servers.up(only={"postgres", "s3"})
    yield servers
    servers.down()
    shutil.rmtree(home, ignore_errors=True)


def _stop_orphans(owners: list[Path]) -> None:
    """Stop the servers of earlier runs that were killed before they could, and remove what they left."""
    for owner in owners:
        # another run may be tidying up the same folder at this moment
        with contextlib.suppress(FileNotFoundError):
            if not psutil.pid_exists(int(owner.read_text())):
                _stop_minio(owner.parent)
                Stack(owner.parent).down()
                shutil.rmtree(owner.parent, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_template(stack: Stack) -> str:
    """The name of a database with every migration run, to be copied."""
    from storage.migrate import upgrade

    upgrade(stack.create_database(TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(stack: Stack, migrated_template: str) -> Iterator[str]:
    """A migrated database of the test's own (SQLAlchemy URL), dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield stack.create_database(name, migrated_template)
    stack.drop_database(name)


@dataclass(frozen=True)
class S3Server:
    """The S3 server of the test run, with a bucket name of the test's own; the bucket is not made yet."""

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str
    secure: bool = False


@pytest.fixture
def s3(stack: Stack) -> S3Server:
    values = stack.environment()
    return S3Server(
        endpoint=values["HUIFANG_S3_ENDPOINT"],
        access_key=values["HUIFANG_S3_ACCESS_KEY"],
        secret_key=values["HUIFANG_S3_SECRET_KEY"],
        bucket=f"test-{uuid.uuid4().hex[:12]}",
    )


@pytest.fixture(scope="session")
def minio(stack: Stack) -> Iterator[dict[str, str]]:
    """A real MinIO server on loopback; its HUIFANG_* values."""
    folder = stack.home / "minio"
    folder.mkdir()
    user, password, port = "tests", secrets.token_urlsafe(24), choose(set())
    outside = {name: value for name, value in common_environment().items() if not name.startswith("MINIO_")}
    record = start(
        stack.home / "minio.json",
        [
            *(minio_binary(), "server", str(folder / "data"), f"--address=127.0.0.1:{port}"),
            *(f"--certs-dir={folder / 'certs'}", "--quiet", "--anonymous"),
        ],
        environment=outside
        | {
            "MINIO_ROOT_USER": user,
            "MINIO_ROOT_PASSWORD": password,
            "MINIO_BROWSER": "off",
            # it asks nobody for updates and reports to nobody
            "MINIO_UPDATE": "off",
            "MINIO_CALLHOME_ENABLE": "off",
            "MINIO_CI_CD": "on",  # data on the system's own disk
        },
        folder=folder,
        log=folder / "log",
        digest="",
    )
    give_up = time.monotonic() + 60
    while not _serves(f"127.0.0.1:{port}", user, password):
        if not record.alive or time.monotonic() > give_up:
            _stop_minio(stack.home)
            pytest.fail(f"MinIO does not answer: {(folder / 'log').read_text()[-2000:]}")
        time.sleep(0.1)
    yield {
        "HUIFANG_S3_ENDPOINT": f"127.0.0.1:{port}",
        "HUIFANG_S3_ACCESS_KEY": user,
        "HUIFANG_S3_SECRET_KEY": password,
    }
    _stop_minio(stack.home)


def _serves(address: str, user: str, password: str) -> bool:
    """It says that it is ready a moment before it takes requests."""
    from minio import Minio
    from minio.error import MinioException

    if not answers(f"http://{address}/minio/health/ready"):
        return False
    with contextlib.suppress(MinioException, urllib3.exceptions.HTTPError):
        Minio(address, access_key=user, secret_key=password, secure=False).list_buckets()
        return True
    return False


def _stop_minio(home: Path) -> None:
    if record := read_record(home / "minio.json"):
        stop(record, gently=signal.SIGTERM, seconds=10)


@pytest.fixture(scope="session", params=STORES)
def any_store(request: pytest.FixtureRequest, stack: Stack) -> dict[str, str]:
    """The HUIFANG_S3_* values of a store, once for each that is at hand; for tests that need no database."""
    values = stack.environment() | (request.getfixturevalue("minio") if request.param == "minio" else {})
    return {name: value for name, value in values.items() if name.startswith("HUIFANG_S3_")} | {"store": request.param}


@pytest.fixture(params=STORES)
def each_store(request: pytest.FixtureRequest, installation: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the store that the installation archives to; the test runs once with each that is at hand."""
    from settings import settings

    if request.param == "minio":
        for name, value in request.getfixturevalue("minio").items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
    return request.param


@pytest.fixture
def installation(stack: Stack, database_url: str, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Every HUIFANG_* value of the test run in os.environ, with a database and bucket of the test's own."""
    from settings import settings
    from storage.script_versions import forget as forget_texts

    values = stack.environment() | {"HUIFANG_DATABASE_URL": database_url, "HUIFANG_S3_BUCKET": s3.bucket}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    forget_texts()
    yield values
    settings.cache_clear()


@pytest.fixture
async def database(installation: dict[str, str]):
    """The installation with its engine, archive and vault bound to this test, and let go after it."""
    from storage import db
    from storage.archive import archive
    from storage.vault import vault

    archive.cache_clear()
    vault.cache_clear()
    yield db
    await db.dispose()
    archive.cache_clear()
