"""One call script that cannot be used: whom only it fits is not rung, everybody else is, and a person is told."""

import shutil
from datetime import date

import pytest

from scripts import call_scripts
from storage import alarms, db
from tasks.rule_book import rule_book

DAY = date(2026, 9, 24)
FITS = ("BANCASSURANCE", "PARTICIPATING", "ANNUAL")
OTHER = ("BANCASSURANCE", "TRADITIONAL", "ANNUAL")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The shipped files in a folder of their own, as a process finds them that starts now."""
    copy = tmp_path / "calls"
    shutil.copytree(call_scripts.FOLDER, copy, ignore=shutil.ignore_patterns("earlier"))
    monkeypatch.setattr(call_scripts, "FOLDER", copy)
    call_scripts.shipped_scripts.cache_clear()
    yield copy
    call_scripts.shipped_scripts.cache_clear()


def start_again():
    call_scripts._read.cache_clear()
    call_scripts.shipped_scripts.cache_clear()


async def standing() -> list:
    async with db.transaction() as connection:
        return [(row["name"], row["detail"]) for row in await alarms.standing(connection)]


async def test_only_whom_it_fits_is_held_until_it_is_mended(database, clock, folder):
    file = folder / "bank-participating-regular.yaml"
    whole = file.read_text("utf-8")
    file.write_text(whole + "\nsteps: [", "utf-8")
    shelf = (await rule_book(clock.now())).shelf
    assert shelf.script_for(*FITS, DAY) is None
    assert shelf.script_for(*OTHER, DAY).id.startswith("bank-traditional-regular@")
    assert await standing() == [("SCRIPT_BROKEN", {"files": ["bank-participating-regular.yaml"]})]

    file.write_text(whole, "utf-8")
    start_again()
    shelf = (await rule_book(clock.now())).shelf
    assert shelf.script_for(*FITS, DAY).id.startswith("bank-participating-regular@")
    assert await standing() == []
