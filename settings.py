"""Every setting of huifang, read from `HUIFANG_*` environment variables or a `.env` file. No default for a secret.

`HUIFANG_ENV_FILE` names another file than `.env`; empty, none is read.
"""

import os
from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HUIFANG_", extra="ignore")

    home: Path = Field(
        Path(".huifang"), description="Folder of the one-machine state; two folders are two installations."
    )
    clock_file: Path | None = Field(None, description="Anchor file of a simulated clock; unset is the system clock.")

    database_url: SecretStr = Field(description="postgresql+psycopg://user:password@host:port/name")
    vault_key: SecretStr = Field(
        description="32 random bytes, base64: encrypts personal data and keys its look-up hashes."
    )
    session_key: SecretStr = Field(description="Signs the desk's session cookies and CSRF tokens.")

    s3_endpoint: str = Field(description="host:port of the S3 server with Object Lock.")
    s3_access_key: SecretStr = Field(description="S3 access key.")
    s3_secret_key: SecretStr = Field(description="S3 secret key.")
    s3_secure: bool = Field(True, description="TLS towards the S3 server; false only on loopback.")
    s3_bucket: str = Field("huifang-recordings", description="Bucket of the recordings, created with Object Lock.")
    s3_timeout: float = Field(30.0, gt=0, description="Seconds without a byte after which a store counts as away.")
    s3_training_bucket: str = Field(
        "huifang-training",
        description="Bucket of the masked copies for teaching: without Object Lock, made when missing.",
    )
    s3_copy_bucket: str | None = Field(
        None, description="Bucket of the second copies, created with Object Lock; unset, there is only one copy."
    )
    s3_copy_endpoint: str | None = Field(None, description="Another S3 server for them; unset is the same server.")
    s3_copy_access_key: SecretStr | None = Field(None, description="Its access key; unset is the same key.")
    s3_copy_secret_key: SecretStr | None = Field(None, description="Its secret key; unset is the same key.")
    s3_copy_secure: bool = Field(True, description="TLS towards it; false only on loopback.")
    archive_check_days: int = Field(90, description="Within so many days every archived object is read again.")
    archive_check_mib: float = Field(20.0, description="MiB a second that this re-reading may take from the store.")

    # the keys that wrap each recording's own key; one of the three ways, the first that is set
    archive_kms_url: str | None = Field(None, description="A key service with the transit interface (Vault, OpenBao).")
    archive_kms_token: SecretStr | None = Field(None, description="Token towards the key service.")
    archive_kms_key: str = Field("huifang-recordings", description="Name of the key there.")
    archive_key_file: Path | None = Field(
        None, description="File of VERSION:BASE64 lines, 32 bytes each; the last wraps."
    )
    archive_keys: SecretStr | None = Field(None, description="The same, joined by commas.")
    ledger_key_file: Path | None = Field(
        None, description="File of the keys that sign the ledger's checkpoints and evidence packs; mode 0600."
    )
    ledger_tsa_url: str | None = Field(None, description="Time-stamp authority (RFC 3161) for the checkpoints.")
    ledger_tsa_certificates: Path | None = Field(
        None, description="PEM file of the certificates that its stamps must lead to."
    )

    twilio_base_url: str = Field("https://api.twilio.com", description="Any carrier that speaks Twilio's API.")
    twilio_account_sid: str = Field(description="AC and 32 hex digits.")
    twilio_auth_token: SecretStr = Field(description="Signs REST requests and checks the callbacks' signatures.")
    twilio_auth_token_previous: SecretStr | None = Field(
        None, description="Also accepted on callbacks while a token is rotated."
    )
    twilio_api_key: str | None = Field(
        None, description="SK and 32 hex digits: REST requests are signed with this key and its secret instead."
    )
    twilio_api_secret: SecretStr | None = Field(None, description="The key's secret.")
    twilio_from: str = Field(description="Caller number, E.164.")
    twilio_destinations: Path | None = Field(
        None,
        description="Table of prefixes that may be rung, or not, or under another number; unset is the shipped one.",
    )
    twilio_timeout: float = Field(10.0, description="Seconds to wait for the carrier's answer to one request.")
    twilio_cps: float = Field(1.0, description="Calls placed per second of clock time and account.")
    twilio_concurrent: int = Field(40, description="Simultaneous calls per account.")
    twilio_diallers: int = Field(
        1, ge=1, description="Processes that dial for this account side by side; more than one share their pace."
    )
    dial_for_real: bool = Field(
        False, description="Must be true before any number is dialled at a carrier that is not on loopback."
    )

    public_url: str = Field(description="The desk as the carrier reaches it; signatures are checked against it.")
    hotline: str = Field("400-000-0000", description="The insurer's hotline, told to customers.")
    insurer_name: str = Field("示例人寿", description="The insurer's name, told to customers.")

    company_profile: str | None = Field(
        None, description="Name of the company's own layer in scripts/profiles; unset, law and regulators alone hold."
    )

    core_url: str | None = Field(None, description="Core system for `huifang pull` and the outbox.")
    core_token: SecretStr | None = Field(None, description="Bearer token towards the core system.")
    push_token: SecretStr | None = Field(
        None, description="Bearer token the core system must show at /api/v1/contracts; unset refuses every push."
    )
    drop_folder: Path | None = Field(None, description="Folder watched for contract lists.")

    listening_places: str = Field(
        "",
        description="Where recordings may be heard: `4401/CS=10.1.2.0/24, 00/AUDIT=10.0.9.7`; `*` is everybody's own "
        "branch. Unset, nowhere.",
    )

    demo_users: bool = Field(
        False, description="Create the demo's log-ins, whose passwords are public; never where real people work."
    )

    prefect_api_url: str | None = Field(
        None, description="Prefect server's API; unset leaves PREFECT_API_URL as it is."
    )

    @field_validator("public_url", "twilio_base_url")
    @classmethod
    def no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")


@cache
def settings() -> Settings:
    """The settings of this process, read once. Raises pydantic's ValidationError naming what is missing."""
    return Settings(_env_file=os.environ.get("HUIFANG_ENV_FILE", ".env") or None)
