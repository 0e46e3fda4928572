"""Where a setting comes from: the environment, else `.env`, else the one-machine stack of HUIFANG_HOME, else its default.

Imports nothing heavy: it runs before every command.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings import Settings

PREFIX = "HUIFANG_"

# what this process has put into os.environ itself: the stack's values, not the user's
_loaded: dict[str, str] = {}


def home() -> Path:
    """The folder of the one-machine state, absolute: HUIFANG_HOME, or `.huifang` in the current folder."""
    return Path(os.environ.get("HUIFANG_HOME") or ".huifang").expanduser().absolute()


def env_file() -> Path | None:
    """`.env` in the current folder, or what HUIFANG_ENV_FILE names; empty, none."""
    name = os.environ.get("HUIFANG_ENV_FILE", ".env")
    return Path(name) if name else None


def dotenv() -> dict[str, str]:
    """The HUIFANG_* values of the `.env` file, as the settings read them."""
    file = env_file()
    if file is None or not file.is_file():
        return {}
    from dotenv import dotenv_values

    return {
        name.upper(): value
        for name, value in dotenv_values(file).items()
        if name.upper().startswith(PREFIX) and value is not None
    }


def given() -> dict[str, str]:
    """What the user has set: HUIFANG_* of the environment over those of `.env`."""
    outer = {n: v for n, v in os.environ.items() if n.startswith(PREFIX) and _loaded.get(n) != v}
    return dotenv() | outer


def read_json(file: Path) -> dict:
    try:
        return json.loads(file.read_text())
    except FileNotFoundError:
        return {}


def stack_values(folder: Path) -> dict[str, str]:
    """What the stack in `folder` stands for, as HUIFANG_* and PREFECT_* values; empty where there is none yet."""
    secrets, ports = read_json(folder / "secrets.json"), read_json(folder / "ports.json")
    if not secrets or not ports:
        return {}
    return {
        "HUIFANG_HOME": str(folder),
        "HUIFANG_DATABASE_URL": database_url(secrets, ports, "huifang"),
        "HUIFANG_VAULT_KEY": secrets["vault_key"],
        "HUIFANG_SESSION_KEY": secrets["session_key"],
        "HUIFANG_S3_ENDPOINT": f"127.0.0.1:{ports['s3']}",
        "HUIFANG_S3_ACCESS_KEY": secrets["s3_access_key"],
        "HUIFANG_S3_SECRET_KEY": secrets["s3_secret_key"],
        "HUIFANG_S3_SECURE": "false",
        "HUIFANG_S3_COPY_BUCKET": "huifang-recordings-copy",
        "HUIFANG_ARCHIVE_KEY_FILE": str(folder / "archive-keys"),
        "HUIFANG_LEDGER_KEY_FILE": str(folder / "ledger-keys"),
        "HUIFANG_TWILIO_BASE_URL": f"http://127.0.0.1:{ports['carrier']}",
        "HUIFANG_TWILIO_ACCOUNT_SID": secrets["twilio_account_sid"],
        "HUIFANG_TWILIO_AUTH_TOKEN": secrets["twilio_auth_token"],
        "HUIFANG_TWILIO_FROM": "+15005550006",
        "HUIFANG_PUBLIC_URL": f"http://127.0.0.1:{ports['desk']}",
        "HUIFANG_DEMO_USERS": "true",
        # this machine is everybody's registered place
        "HUIFANG_LISTENING_PLACES": "*/CS=127.0.0.0/8, */AUDIT=127.0.0.0/8",
        "HUIFANG_PUSH_TOKEN": secrets["push_token"],
        "HUIFANG_CORE_TOKEN": secrets["core_token"],
        "HUIFANG_PREFECT_API_URL": f"http://127.0.0.1:{ports['prefect']}/api",
        **prefect_client(folder, secrets, f"http://127.0.0.1:{ports['prefect']}/api"),
    }


def prefect_client(folder: Path, secrets: dict, api_url: str) -> dict[str, str]:
    """What a process needs to speak to the stack's own Prefect server, and to no other."""
    return {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": api_url,
        "PREFECT_API_AUTH_STRING": f"huifang:{secrets['prefect_password']}",
        # without a server a flow must fail, not open a private one
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        # DO_NOT_TRACK alone does not silence the server
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def database_url(secrets: dict, ports: dict, name: str) -> str:
    return f"postgresql+psycopg://huifang:{secrets['postgres_password']}@127.0.0.1:{ports['postgres']}/{name}"


def values(folder: Path) -> dict[str, str]:
    """The stack's values, overridden by what the user has set and by what the last day looked at has asked for.

    `current.json` holds the database and clock of a day that was left up to be looked at.
    """
    own = stack_values(folder) | read_json(folder / "current.json")
    outer = given()
    if "HUIFANG_PREFECT_API_URL" in outer:
        # somebody else's server: neither our password nor our home
        for name in ("PREFECT_HOME", "PREFECT_API_AUTH_STRING"):
            own.pop(name, None)
        own["PREFECT_API_URL"] = outer["HUIFANG_PREFECT_API_URL"]
    kept_prefect = {n: os.environ[n] for n in own if not n.startswith(PREFIX) and _foreign(n)}
    return own | kept_prefect | outer


def settings_from(found: dict[str, str]) -> "Settings":
    """The settings that these values make, whatever else stands in os.environ. Raises pydantic's ValidationError."""
    from settings import Settings

    names = {f"{PREFIX}{field.upper()}": field for field in Settings.model_fields}

    # what is not among the values must not come in from this process's own environment
    class Closed(Settings):
        @classmethod
        def settings_customise_sources(cls, settings_cls, init_settings, **_others):
            return (init_settings,)

    return Closed(**{names[name]: value for name, value in found.items() if name in names})


def _foreign(name: str) -> bool:
    return name in os.environ and _loaded.get(name) != os.environ[name]


def load() -> None:
    """Make the values of this home's stack visible to the settings of this process; what the user set wins."""
    from_file = dotenv()
    for name, value in values(home()).items():
        # a name in `.env` is left to the settings, which read that file themselves
        if not _foreign(name) and name not in from_file:
            os.environ[name] = _loaded[name] = value
