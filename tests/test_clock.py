"""The one clock: whoever asks gets the one that is named at this moment, set or not."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clock import Clock, system

ROOT = Path(__file__).parents[1]
PRODUCT = ("cli", "desk", "flows", "rules", "scripts", "storage", "tasks", "telephony")
MORNING = datetime(2026, 9, 24, 2, tzinfo=UTC)


def set_clock(file: Path, instant: datetime) -> Clock:
    file.write_text('{"wall": 0, "sim": 0, "speed": 1}')
    clock = Clock(file)
    clock.set(instant, 0.001)
    return clock


def test_the_clock_is_the_one_that_is_named_now(tmp_path, monkeypatch):
    monkeypatch.delenv("HUIFANG_CLOCK_FILE", raising=False)
    assert abs(system().now() - datetime.now(UTC)) < timedelta(minutes=1)
    for name, instant in (("first", MORNING), ("second", MORNING + timedelta(days=3))):
        clock = set_clock(tmp_path / name, instant)
        monkeypatch.setenv("HUIFANG_CLOCK_FILE", str(tmp_path / name))
        assert instant <= system().now() < instant + timedelta(seconds=1)
        clock.set(instant + timedelta(hours=5), 0.001)  # a jump reaches who has asked before
        assert instant + timedelta(hours=5) <= system().now() < instant + timedelta(hours=5, seconds=1)


def test_no_module_keeps_the_clock_of_the_moment_of_its_import():
    """A process would go on by a clock that another test, or another day, has long put away."""
    kept = []
    for file in (file for folder in PRODUCT for file in (ROOT / folder).rglob("*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
                called = node.value.func
                if getattr(called, "attr", getattr(called, "id", "")) == "system":
                    kept.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert kept == []
