"""The measurements, each as a ratio to something bare in the same run: `python benchmarks/run.py [--json] [--only NAME]`.

Absolute figures belong to the machine; the ratios are what may be compared. Real servers of their own are started for it.
"""

import asyncio
import contextlib
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

import click

SUBJECTS = ("callbacks", "simultaneous", "selection", "importing", "archiving", "ledger", "speech")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--only", multiple=True, type=click.Choice(SUBJECTS), help="These subjects and no others.")
def main(as_json: bool, only: tuple[str, ...]) -> None:
    figures = {}
    with tempfile.TemporaryDirectory(prefix="huifang-bench-", ignore_cleanup_errors=True) as folder:
        # the database server runs as a user of its own, and must get at its folder
        os.chmod(folder, 0o755)
        with servers(Path(folder)) as stack:
            for subject in only or SUBJECTS:
                click.echo(f"{subject} …", err=True)
                part = Path(folder) / subject
                part.mkdir()
                figures[subject] = one(subject, stack, part)
                if not as_json:
                    for name, value in figures[subject].items():
                        click.echo(f"{subject:<10} {name:<44} {value}")
    if as_json:
        click.echo(json.dumps(figures))


@contextlib.contextmanager
def servers(folder: Path):
    from cli.stack import Stack

    for name in [n for n in os.environ if n.startswith(("HUIFANG_", "PREFECT_"))]:
        del os.environ[name]
    os.environ["HUIFANG_ENV_FILE"] = ""
    stack = Stack(folder / "home")
    try:
        stack.up(only={"postgres", "s3", "prefect"})
        os.environ |= stack.environment() | {"PREFECT_LOGGING_LEVEL": "WARNING"}
        yield stack
    finally:
        stack.down()


def one(subject: str, stack, folder: Path) -> dict:
    """Measured on a fresh database."""
    from settings import settings
    from storage.migrate import upgrade

    os.environ["HUIFANG_DATABASE_URL"] = url = stack.create_database(f"bench_{subject}")
    settings.cache_clear()
    upgrade(url)
    return asyncio.run(_measured(subject, folder))


async def _measured(subject: str, folder: Path) -> dict:
    from storage import db
    from storage.archive import archive

    archive().ensure_bucket()
    try:
        return await importlib.import_module(subject).measure(folder)
    finally:
        await db.dispose()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
