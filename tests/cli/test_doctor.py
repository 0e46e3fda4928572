"""`huifang doctor` names what is wrong and how to mend it."""

import contextlib
import io
import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from cli import doctor
from cli.main import root
from cli.output import invoke
from cli.stack import Stack
from settings import Settings


def examine(home: Path, *arguments: str, **extra: str) -> tuple[int, dict[str, dict]]:
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as shown:
        for name, value in ({"HUIFANG_HOME": str(home)} | extra).items():
            patch.setenv(name, value)
        code = invoke(root, ["doctor", "--json", *arguments])
    checks = json.loads(shown.getvalue())["checks"]
    assert all(set(check) == {"name", "state", "message", "fix"} for check in checks)
    return code, {check["name"]: check for check in checks}


def test_nothing_set_up(tmp_path: Path):
    code, checks = examine(tmp_path / "none")
    assert code == 1
    assert {f"setting HUIFANG_{name.upper()}" for name in Settings.model_fields} <= set(checks)
    missing = checks["setting HUIFANG_DATABASE_URL"]
    assert (missing["state"], "huifang up" in missing["fix"]) == ("error", True)
    assert checks["setting HUIFANG_HOTLINE"]["message"].endswith("[default]")


def test_with_servers_up_and_the_rest_down(stack: Stack, database_url: str, s3):
    extra = {"HUIFANG_DATABASE_URL": database_url, "HUIFANG_S3_BUCKET": s3.bucket, "HUIFANG_HOTLINE": "400-222-2222"}
    code, checks = examine(stack.home, **extra)
    assert code == 1
    assert checks["database"]["state"] == checks["schema"]["state"] == "ok"
    assert "PostgreSQL 18" in checks["database"]["message"]
    assert checks["setting HUIFANG_HOTLINE"]["message"] == "400-222-2222 [env]"
    assert checks["setting HUIFANG_VAULT_KEY"]["message"] == "*** [stack]"
    assert (checks["archive"]["state"], checks["archive"]["fix"][:10]) == ("error", "huifang up")
    for name in ("carrier", "desk", "service carrier", "service desk"):
        assert (checks[name]["state"], checks[name]["fix"]) == ("error", "huifang up"), name
    assert "somebody with a shell" in checks["limit: archive"]["message"]


def test_no_secret_is_shown(stack: Stack):
    secrets = json.loads((stack.home / "secrets.json").read_text())
    _, checks = examine(stack.home)
    shown = json.dumps(checks)
    assert [name for name, value in secrets.items() if value in shown and name != "twilio_account_sid"] == []


def test_a_bucket_with_a_lock_is_fine(stack: Stack, s3, database_url: str):
    from storage.archive import Archive

    values = stack.environment() | {"HUIFANG_S3_BUCKET": s3.bucket}
    from cli.environment import settings_from

    Archive(settings_from(values)).ensure_bucket()
    _, checks = examine(stack.home, HUIFANG_S3_BUCKET=s3.bucket, HUIFANG_DATABASE_URL=database_url)
    assert checks["archive"]["state"] == "ok"


def test_a_bucket_without_a_lock_is_an_error(stack: Stack, s3):
    from minio import Minio

    client = Minio(endpoint=s3.endpoint, access_key=s3.access_key, secret_key=s3.secret_key, secure=False)
    client.make_bucket(bucket_name=s3.bucket)
    _, checks = examine(stack.home, HUIFANG_S3_BUCKET=s3.bucket)
    assert checks["archive"]["state"] == "error"


def test_an_old_schema_is_an_error(stack: Stack):
    url = stack.create_database("unmigrated")
    _, checks = examine(stack.home, HUIFANG_DATABASE_URL=url)
    assert (checks["schema"]["state"], checks["schema"]["fix"]) == ("error", "huifang up")


@pytest.mark.parametrize(
    ("name", "value", "state"),
    [
        ("HUIFANG_DATABASE_URL", "postgresql+psycopg://huifang:x@127.0.0.1:1/huifang", "database"),
        ("HUIFANG_S3_ENDPOINT", "127.0.0.1:1", "archive"),
        ("HUIFANG_TWILIO_BASE_URL", "http://127.0.0.1:1", "carrier"),
        ("HUIFANG_PUBLIC_URL", "http://127.0.0.1:1", "desk"),
        ("HUIFANG_PREFECT_API_URL", "http://127.0.0.1:1/api", "schedules"),
        ("HUIFANG_TWILIO_CPS", "many", "setting HUIFANG_TWILIO_CPS"),
    ],
)
def test_what_is_down_or_wrong_is_named(stack: Stack, name: str, value: str, state: str):
    code, checks = examine(stack.home, **{name: value})
    assert code == 1
    assert checks[state]["state"] == "error"
    assert checks[state]["fix"]


def test_a_misspelt_setting_is_noticed(stack: Stack):
    _, checks = examine(stack.home, HUIFANG_HOTLNE="400-333-3333")
    assert checks["setting HUIFANG_HOTLNE"]["state"] == "warning"


def test_the_env_file_is_named_as_a_source(stack: Stack, tmp_path: Path):
    file = tmp_path / "my.env"
    file.write_text("HUIFANG_INSURER_NAME=乙方人寿\n")
    _, checks = examine(stack.home, HUIFANG_ENV_FILE=str(file))
    assert checks["setting HUIFANG_INSURER_NAME"]["message"] == f"乙方人寿 [{file}]"


def test_twilio_itself_cannot_reach_the_mainland():
    settings = Settings.model_construct(
        twilio_base_url="https://api.twilio.com", s3_endpoint="store:9000", dial_for_real=False, clock_file=None,
        database_url=SecretStr("postgresql+psycopg://nobody@127.0.0.1:1/none"), company_profile=None,
    )  # fmt: skip
    found = {check.name: check for check in doctor._honest(Stack("/nonexistent"), settings)}
    assert "2023-11-30" in found["limit: carrier"].message
    assert found["dial_for_real"].state == "warning"


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_readable_secrets_are_an_error(tmp_path: Path, mode: int):
    stack = Stack(tmp_path / "home")
    stack.environment()
    (stack.home / "secrets.json").chmod(mode)
    _, checks = examine(stack.home)
    assert checks["secrets file"]["state"] == "error"
    assert checks["secrets file"]["fix"].startswith("chmod 600")


def test_in_chinese(tmp_path: Path):
    _, checks = examine(tmp_path / "none", "--lang", "zh")
    assert checks["setting HUIFANG_VAULT_KEY"]["message"] == "缺失"


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("postgresql+psycopg://u:p%40ss@h:5/db?x=1", "postgresql+psycopg://u:***@h:5/db"),
        ("http://u:p@h/", "http://u:***@h/"),
        ("c2VjcmV0", "***"),
        ("u:p@h", "***"),
    ],
)
def test_masking(secret: str, shown: str):
    assert doctor.mask(secret) == shown
