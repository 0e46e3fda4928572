"""The compose file, its settings file and the image against each other and against the code; no engine is needed."""

import re
import shlex
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from prefect.settings import Settings as PrefectSettings
from prefect.settings.legacy import _get_valid_setting_names

from cli.main import root
from cli.stack.prefect_server import BATCHES
from cli.stack.service import PROGRAMS
from settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text()
# set, and named in a comment for whoever needs it
SET_IN_EXAMPLE = set(re.findall(r"^([A-Z0-9_]+)=", EXAMPLE, re.M))
NAMED_IN_EXAMPLE = SET_IN_EXAMPLE | set(re.findall(r"^# ([A-Z0-9_]+)=", EXAMPLE, re.M))
VARIABLES = {f"HUIFANG_{field.upper()}" for field in Settings.model_fields}
OURS = sorted(name for name, service in SERVICES.items() if service["image"].startswith("huifang:"))
APPLICATION = ["deploy", "desk", "migrate", "worker"]


def environment(name: str) -> dict[str, str]:
    return SERVICES[name].get("environment", {})


def interpolated(text: str) -> set[str]:
    return set(re.findall(r"\$\{([A-Z0-9_]+)", text))


def test_the_processes_of_the_architecture_are_there():
    assert set(SERVICES) == {"postgres", "store", "prefect", "migrate", "deploy", "worker", "desk", "carrier"}
    assert sorted(OURS) == ["carrier", "deploy", "desk", "migrate", "prefect", "worker"]


@pytest.mark.parametrize("name", APPLICATION)
def test_every_huifang_name_in_compose_is_a_setting(name: str):
    given = {variable for variable in environment(name) if variable.startswith("HUIFANG_")}
    assert given
    assert given <= VARIABLES


def test_every_huifang_name_in_the_settings_file_is_a_setting_and_the_other_way_round():
    named = {name for name in NAMED_IN_EXAMPLE if name.startswith("HUIFANG_")}
    assert named <= VARIABLES
    in_compose = {name for service in APPLICATION for name in environment(service) if name.startswith("HUIFANG_")}
    assert in_compose | named == VARIABLES
    assert not in_compose & SET_IN_EXAMPLE, "compose would override what somebody writes there"


def test_every_setting_without_a_default_is_given():
    required = {f"HUIFANG_{name.upper()}" for name, field in Settings.model_fields.items() if field.is_required()}
    for name in APPLICATION:
        assert required <= set(environment(name)) | SET_IN_EXAMPLE


def test_the_values_of_compose_are_accepted_by_the_settings():
    filled = dict.fromkeys(SET_IN_EXAMPLE, "x") | {
        line.split("=", 1)[0]: line.split("=", 1)[1]
        for line in EXAMPLE.splitlines()
        if "=" in line and not line.startswith("#") and line.split("=", 1)[1]
    }
    given = filled | {
        name: re.sub(r"\$\{([A-Z0-9_]+)[^}]*\}", lambda found: filled[found[1]], value)
        for name, value in environment("desk").items()
    }
    from cli.environment import settings_from

    settings = settings_from({name: value for name, value in given.items() if name in VARIABLES})
    assert settings.s3_endpoint == "store:9000"
    assert settings.dial_for_real is False


def test_what_compose_asks_for_stands_in_the_settings_file():
    assert interpolated((ROOT / "docker-compose.yml").read_text()) <= SET_IN_EXAMPLE


def test_no_secret_is_written_down():
    for name in (
        "POSTGRES_PASSWORD",
        "STORE_PASSWORD",
        "PREFECT_AUTH",
        "HUIFANG_VAULT_KEY",
        "HUIFANG_TWILIO_AUTH_TOKEN",
    ):
        assert re.search(rf"^{name}=$", EXAMPLE, re.M), name
    secret = re.compile(r"(PASSWORD|SECRET|TOKEN|_KEY|AUTH)")
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not secret.search(name) or value.startswith("${"), name


def test_the_file_with_secrets_is_never_committed_or_copied_into_the_image():
    for name in (".gitignore", ".dockerignore"):
        assert ".env" in (ROOT / name).read_text().split()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_images_are_named_by_release(name: str):
    repository, _, tag = SERVICES[name]["image"].rpartition(":")
    assert repository
    assert tag != "latest"
    assert re.search(r"\d", tag)


def test_our_image_is_tagged_with_our_version():
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {SERVICES[name]["image"] for name in OURS} == {f"huifang:{version}"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_ports_are_on_loopback_but_the_desks_address_can_be_chosen(name: str):
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:") or (name == "desk" and port.startswith("${DESK_ADDRESS:-127.0.0.1}:"))


def test_whatever_runs_on_has_a_health_check_or_is_a_worker():
    once = {"migrate", "deploy"}
    unchecked = {name for name, service in SERVICES.items() if "healthcheck" not in service} - once
    assert unchecked == {"worker"}
    assert {name for name in once if SERVICES[name]["restart"] == "on-failure"} == once


def test_conditions_can_be_met():
    for service in SERVICES.values():
        for other, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other]
            else:
                assert wanted["condition"] == "service_completed_successfully"
                assert SERVICES[other]["restart"] == "on-failure"


def test_every_named_volume_is_declared_and_used():
    used = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_data_folders_are_where_the_images_keep_them():
    # from 18 on, PostgreSQL's image keeps a folder per version below this one
    assert SERVICES["postgres"]["volumes"] == ["database:/var/lib/postgresql"]
    assert SERVICES["store"]["command"][1] == SERVICES["store"]["volumes"][0].split(":")[1]


def test_the_carrier_runs_only_for_a_simulation():
    assert SERVICES["carrier"]["profiles"] == ["simulation"]
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["carrier"]


def commands() -> list[tuple[str, list[str]]]:
    found = []
    for name in OURS:
        argv = SERVICES[name]["command"]
        if argv[:2] == ["sh", "-c"]:
            found += [(name, shlex.split(part)) for part in argv[2].split("&&")]
        else:
            found.append((name, argv))
    return found


@pytest.mark.parametrize(("name", "argv"), commands())
def test_commands_exist_with_these_options(name: str, argv: list[str]):
    program = shutil.which(argv[0], path=str(PROGRAMS))
    assert program, f"{argv[0]} is not installed with the packages"
    if argv[0] == "huifang":
        command = root.get_command(None, argv[1])
        known = {option for parameter in command.params for option in parameter.opts}
        assert {option for option in argv if option.startswith("--")} <= known
    elif argv[:2] == ["python", "-m"]:
        assert '__name__ == "__main__"' in Path(find_spec(argv[2]).origin).read_text()
    elif argv[0] == "uvicorn":
        module, attribute = argv[1].split(":")
        assert find_spec(module)
        assert f"def {attribute}(" in Path(find_spec(module).origin).read_text()
    else:
        words = [word for word in argv[1:] if not word.startswith("-")]
        subcommand = {"server": 2, "work-pool": 2, "worker": 2, "deploy": 1}[words[0]]
        shown = subprocess.run(
            [program, *words[:subcommand], "--help"], capture_output=True, text=True, check=True
        ).stdout
        for option in (word for word in argv[1:] if word.startswith("--") and word != "--no-prompt"):
            assert option in shown, f"{' '.join(words[:subcommand])} knows no {option}"


def test_the_flows_are_deployed_to_the_pool_that_the_worker_serves():
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert {deployment["work_pool"]["name"] for deployment in deployments} == {"callbacks"}
    assert SERVICES["worker"]["command"][4] == "callbacks"
    assert "work-pool create callbacks " in SERVICES["deploy"]["command"][2]


def test_prefect_runs_with_the_same_settings_as_on_one_machine():
    assert BATCHES.items() <= environment("prefect").items()
    assert environment("prefect")["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment("prefect")["PREFECT_SERVER_API_AUTH_STRING"] == environment("worker")["PREFECT_API_AUTH_STRING"]


def test_prefects_names_are_prefects():
    used = {n for s in SERVICES.values() for n in s.get("environment", {}) if n.startswith("PREFECT_")}
    assert used - _get_valid_setting_names(PrefectSettings) == set()


def test_the_image_copies_what_exists_and_does_not_run_as_root():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (ROOT / name).exists(), name
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users[-1:] == ["huifang"]
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert all(":" in base and not base.endswith(":latest") for base in bases)


def test_migrate_prepares_the_database_and_the_bucket(installation: dict[str, str]):
    from minio import Minio

    result = CliRunner().invoke(root, ["migrate", "--json"])
    assert (result.exit_code, result.output.strip()) == (0, '{"ok": true}'), result.output
    store = Minio(
        endpoint=installation["HUIFANG_S3_ENDPOINT"],
        access_key=installation["HUIFANG_S3_ACCESS_KEY"],
        secret_key=installation["HUIFANG_S3_SECRET_KEY"],
        secure=False,
    )
    assert store.get_object_lock_config(bucket_name=installation["HUIFANG_S3_BUCKET"]).mode == "COMPLIANCE"
