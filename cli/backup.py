"""`huifang backup` and `huifang restore`: database, keys and ledger. The buckets are copied by their own tools."""

import asyncio
import base64
import hashlib
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cli import environment
from cli.output import command, emit, fail, text

DUMP, KEYS, LEDGER, MANIFEST = "database.dump", "keys.json", "ledger.jsonl", "manifest.json"


def _program(name: str) -> str:
    from cli.stack.errors import StackError
    from cli.stack.postgres import programs

    try:
        return str(programs() / name)
    except StackError:
        if found := shutil.which(name):
            return found
        raise


def _database() -> tuple[list[str], dict[str, str], str]:
    """The arguments, the environment with the password, and the name, for PostgreSQL's own programs."""
    from sqlalchemy.engine import make_url

    from settings import settings

    url = make_url(settings().database_url.get_secret_value())
    options = [f"--host={url.host}", f"--port={url.port or 5432}", f"--username={url.username}"]
    return options, os.environ | {"PGPASSWORD": url.password or "", "PGCONNECT_TIMEOUT": "10"}, str(url.database)


def _postgres(name: str, *arguments: str) -> None:
    options, outer, database = _database()
    done = subprocess.run(
        [_program(name), *options, f"--dbname={database}", "--no-password", *arguments],
        env=outer,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["–"])[-1]
        fail(f"{name} 未成功：{last}", f"{name} failed: {last}")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write(file: Path, content: str) -> None:
    with open(file, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _keys() -> dict[str, Any]:
    from settings import settings

    own = settings()
    ring = own.archive_keys.get_secret_value() if own.archive_keys else None
    if own.archive_key_file:
        ring = own.archive_key_file.read_text()
    return {
        "vault_key": own.vault_key.get_secret_value(),
        # the keys of a key service never leave it: it needs a backup of its own
        "archive_keys": None if own.archive_kms_url else ring,
        "archive_kms_url": own.archive_kms_url,
        "ledger_keys": own.ledger_key_file.read_text()
        if own.ledger_key_file and own.ledger_key_file.exists()
        else None,
    }


@command(
    example="huifang backup /media/backup/2026-09-24",
    zh="备份数据库、密钥和账本到 DIR。存储桶用存储自身的工具复制。密钥文件请与其余分开保管。",
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def backup(folder: Path) -> None:
    """Back up the database, the keys and the ledger to DIR. The buckets are copied by their own tools. Keep the keys apart
    from the rest."""
    if folder.exists() and any(folder.iterdir()):
        fail(f"{folder} 不是空的。", f"{folder} is not empty.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    head = asyncio.run(_export_ledger(folder / LEDGER))
    _postgres("pg_dump", "--format=custom", "--no-owner", f"--file={folder / DUMP}")
    for name in (DUMP, LEDGER):
        os.chmod(folder / name, 0o600)
    _write(folder / KEYS, json.dumps(_keys(), indent=1) + "\n")
    manifest = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "ledger": head,
        "files": {name: _digest(folder / name) for name in (DUMP, KEYS, LEDGER)},
    }
    _write(folder / MANIFEST, json.dumps(manifest, indent=1) + "\n")
    emit(
        {"ok": True, "folder": str(folder), **manifest},
        text(
            f"已备份到 {folder}：数据库、密钥、账本 {head['seq']} 行。",
            f"Backed up to {folder}: database, keys, {head['seq']} ledger lines.",
        ),
    )


async def _export_ledger(file: Path) -> dict[str, Any]:
    from storage import db, ledger

    try:
        last: dict[str, Any] = {"seq": 0, "hash": None}
        async with db.transaction() as connection:
            with file.open("w") as out:
                async for line in ledger.every_line(connection):
                    row = {
                        name: getattr(line, name)
                        for name in ("seq", "kind", "subject", "actor", "body", "previous", "hash")
                    }
                    out.write(json.dumps(row | {"at": line.at.isoformat()}, ensure_ascii=False) + "\n")
                    last = {"seq": line.seq, "hash": line.hash}
        return last
    finally:
        await db.dispose()


@command(
    example="huifang restore /media/backup/2026-09-24",
    zh="从备份恢复到空的数据库，放回密钥，再做恢复演练：逐份打开录音、核对账本，打印报告。",
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--only-drill", is_flag=True, help="Restore nothing: only open every recording and follow the ledger.")
def restore(folder: Path, only_drill: bool) -> None:
    """Restore into an empty database, put the keys back, then drill: open every recording, follow the ledger, print what was
    found. Exit code 1 when something cannot be heard."""
    manifest = _read_manifest(folder)
    if not only_drill:
        if asyncio.run(_holds_anything()):
            fail(
                "数据库不是空的：恢复只写入空数据库。",
                "The database is not empty: only an empty one is restored into.",
            )
        _put_keys_back(json.loads((folder / KEYS).read_text()))
        _empty_schema()
        _postgres("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", str(folder / DUMP))
    found = asyncio.run(_drill(manifest["ledger"]))
    document = {
        "ok": found.ok,
        "backup": manifest["made_at"],
        "objects": found.objects,
        "opened": found.opened,
        "from_second_copy": found.from_second,
        "bytes": found.bytes,
        "ledger": {"lines": found.ledger_lines, "head": found.ledger_head, "checkpoints": found.checkpoints},
        "seconds": round(found.seconds, 1),
        "failures": [{"object": name, "problem": problem} for name, problem in found.failures],
    }

    def lines():
        yield text(f"备份时间 {manifest['made_at']}", f"backup of {manifest['made_at']}")
        yield text(
            f"录音 {found.objects} 份：打开并核对 {found.opened} 份（其中 {found.from_second} 份取自第二副本），{found.bytes / 2**20:.1f} MiB，{found.seconds:.1f} 秒。",
            f"{found.objects} recordings: {found.opened} opened and compared ({found.from_second} of them from the second copy), {found.bytes / 2**20:.1f} MiB in {found.seconds:.1f} s.",
        )
        yield text(
            f"账本 {found.ledger_lines} 行，末行摘要 {found.ledger_head}；{found.checkpoints} 个检查点重新算得一致，签名有效",
            f"ledger: {found.ledger_lines} lines, head {found.ledger_head}; {found.checkpoints} checkpoints worked out again, signed by these keys",
        )
        for name, problem in found.failures:
            yield f"{name} · {problem}"

    emit(document, lines)
    if not found.ok:
        click.get_current_context().exit(1)


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        wrong = [name for name, digest in manifest["files"].items() if _digest(folder / name) != digest]
    except (OSError, ValueError, KeyError) as problem:
        fail(f"{folder} 不是完整的备份：{problem}", f"{folder} is no whole backup: {problem}")
    if wrong:
        fail(f"备份已被改动：{', '.join(wrong)}", f"The backup was changed: {', '.join(wrong)}")
    return manifest


async def _holds_anything() -> bool:
    from storage import db

    try:
        async with db.transaction() as connection:
            [schema] = await db.rows(connection, "SELECT to_regclass('contracts') IS NOT NULL AS there")
            if not schema["there"]:
                return False
            [found] = await db.rows(
                connection,
                "SELECT EXISTS (SELECT 1 FROM contracts) OR EXISTS (SELECT 1 FROM calls) OR EXISTS (SELECT 1 FROM ledger) AS any",
            )
            return found["any"]
    finally:
        await db.dispose()


def _empty_schema() -> None:
    import psycopg

    from storage.db import libpq_url

    with psycopg.connect(libpq_url(), autocommit=True, connect_timeout=10) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def _put_keys_back(keys: dict[str, Any]) -> None:
    """Into the one-machine state where it keeps them; elsewhere they must be set already, and are compared."""
    from settings import settings

    own = settings()
    secrets = own.home / "secrets.json"
    if own.vault_key.get_secret_value() != keys["vault_key"]:
        kept = environment.read_json(secrets)
        if "HUIFANG_VAULT_KEY" in environment.given() or "vault_key" not in kept:
            fail(
                "请先把 HUIFANG_VAULT_KEY 设为备份中的值（keys.json）。",
                "Set HUIFANG_VAULT_KEY to the backup's first (keys.json).",
            )
        from cli.stack.files import write_json

        base64.b64decode(keys["vault_key"], validate=True)
        write_json(secrets, kept | {"vault_key": keys["vault_key"]}, mode=0o600)
        os.environ["HUIFANG_VAULT_KEY"] = keys["vault_key"]
    put_ledger_keys_back(own.ledger_key_file, keys.get("ledger_keys"))
    if keys["archive_keys"] is None:
        return
    if own.archive_key_file is None:
        if not own.archive_keys or own.archive_keys.get_secret_value() != keys["archive_keys"]:
            fail(
                "请先把备份中的密钥放入 HUIFANG_ARCHIVE_KEYS 或 HUIFANG_ARCHIVE_KEY_FILE（keys.json）。",
                "Put the backup's keys into HUIFANG_ARCHIVE_KEYS or HUIFANG_ARCHIVE_KEY_FILE first (keys.json).",
            )
        return
    from storage.key_keepers import parse_ring

    known = parse_ring(own.archive_key_file.read_text()) if own.archive_key_file.exists() else {}
    ring = parse_ring(keys["archive_keys"].replace(",", "\n"))
    # what is there stays readable; the backup's last version wraps
    merged = {version: key for version, key in known.items() if version not in ring} | ring
    _write(
        own.archive_key_file,
        "".join(f"{version}:{base64.b64encode(key).decode()}\n" for version, key in merged.items()),
    )


def put_ledger_keys_back(file: Path | None, backup: str | None) -> None:
    """The checkpoints of the restored ledger verify with the backup's keys; a pair that came after it stays."""
    from storage import ledger_keys

    if file is None or not backup:
        return
    found = ledger_keys.parse(backup)
    if not file.exists() or not set(found.current) <= set(ledger_keys.read(file).public):
        if file.exists():
            # a fresh installation's own pair, under which nothing that is restored was signed
            file.rename(file.with_name(f"{file.name}.replaced"))
        _write(file, found.written())


async def _drill(head: dict[str, Any]):
    from dataclasses import replace

    from settings import settings
    from storage import db
    from storage.key_keepers import key_keeper
    from storage.vault import vault
    from tasks.restore_drill import drill

    for cached in (settings, key_keeper, vault):
        cached.cache_clear()
    try:
        found = await drill()
        if head["seq"]:
            async with db.transaction() as connection:
                kept = await db.rows(connection, "SELECT hash FROM ledger WHERE seq = :seq", seq=head["seq"])
            if not kept or kept[0]["hash"] != head["hash"]:
                lost = ("ledger", f"line {head['seq']} is not the one that was backed up")
                found = replace(found, failures=(*found.failures, lost))
        return found
    finally:
        await db.dispose()
