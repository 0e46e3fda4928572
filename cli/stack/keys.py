"""The secrets of one installation, made once. Losing them loses the vault: they belong in the backup."""

import base64
import secrets
from pathlib import Path

from cli.environment import read_json
from cli.stack.files import write_json

MAKERS = {
    "vault_key": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "session_key": lambda: secrets.token_urlsafe(48),
    "postgres_password": lambda: secrets.token_urlsafe(24),
    "prefect_password": lambda: secrets.token_urlsafe(24),
    "s3_access_key": lambda: secrets.token_hex(10),
    "s3_secret_key": lambda: secrets.token_urlsafe(30),
    # the store's internal interfaces answer 401 to whoever does not hold these
    "weed_write_key": lambda: secrets.token_hex(32),
    "weed_read_key": lambda: secrets.token_hex(32),
    "weed_filer_write_key": lambda: secrets.token_hex(32),
    "weed_filer_read_key": lambda: secrets.token_hex(32),
    "twilio_account_sid": lambda: f"AC{secrets.token_hex(16)}",
    "twilio_auth_token": lambda: secrets.token_hex(16),
    "push_token": lambda: secrets.token_urlsafe(32),
    "core_token": lambda: secrets.token_urlsafe(32),
}


def ensure_secrets(file: Path) -> dict[str, str]:
    """The secrets in `file` (mode 0600); those that a newer version needs are added, none is ever replaced."""
    known = read_json(file)
    missing = {name: make() for name, make in MAKERS.items() if name not in known}
    if missing:
        known |= missing
        write_json(file, known, mode=0o600)
    return known


def ensure_archive_keys(file: Path) -> None:
    """The ring of keys that wrap the recordings' keys (mode 0600), made once; `huifang archive rotate` adds to it."""
    if not file.exists():
        # imported here: most commands have no need of it
        from clock import system
        from rules.calendar import business_date
        from storage.key_keepers import add_key

        add_key(file, business_date(system().now()))


def ensure_ledger_keys(file: Path) -> None:
    """The keys that sign the ledger (mode 0600), made once under a name of this installation's own."""
    if not file.exists():
        from storage.ledger_keys import new_pair

        new_pair(file, f"huifang.example/{secrets.token_hex(6)}")
