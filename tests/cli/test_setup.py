"""The Makefile and what it installs from."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(*arguments: str, folder: Path = ROOT, **extra: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=clean | extra, capture_output=True, text=True, timeout=60, check=False
    )


def test_bare_make_lists_the_targets():
    answer = make()
    assert answer.returncode == 0
    listed = {line.split()[1] for line in answer.stdout.splitlines()}
    assert listed >= {"setup", "demo", "test", "test-all", "bench", "minio", "clean"}
    declared = set(re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.M))
    assert listed == declared


def test_demo_and_test_set_up_first():
    for target in ("demo", "test", "test-all", "bench"):
        assert re.search(rf"^{target}: setup\b", (ROOT / "Makefile").read_text(), re.M)


def test_ci_runs_the_tests():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "exec make test" in (ROOT / ".ci" / "run").read_text()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout on which nothing was set up."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "package.json", "package-lock.json"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def test_an_old_python_is_named(bare: Path):
    answer = make("setup", "PYTHON=", folder=bare)
    assert answer.returncode != 0
    assert "Python 3.11 or newer" in answer.stdout
    assert not (bare / ".venv" / "bin").exists()


def test_missing_npm_is_named(bare: Path):
    (bare / ".venv").mkdir()
    for done in ("python.done", "system.done"):
        (bare / ".venv" / done).touch()
    tools = bare / "tools"
    tools.mkdir()
    for name in ("bash", "mkdir", "touch", "python3"):
        (tools / name).symlink_to(shutil.which(name))
    answer = subprocess.run(
        [shutil.which("make"), "setup"],
        cwd=bare,
        env={"PATH": str(tools), "HOME": str(bare)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode != 0
    assert "npm is missing" in answer.stdout


def test_every_package_is_pinned_with_its_hash():
    lock = (ROOT / "requirements.lock").read_text()
    pinned = {name.lower() for name in re.findall(r"^([A-Za-z0-9_.-]+)==", lock, re.M)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = {re.match(r"[A-Za-z0-9_.-]+", requirement)[0].lower() for requirement in asked}
    assert names <= pinned
    blocks = re.split(r"^(?=[A-Za-z0-9_.-]+==)", lock, flags=re.M)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    assert "http" not in re.sub(r"(?m)^\s*#.*$|^(http\w+|[\w-]*http[\w-]*)==.*$", "", lock)


def test_the_npm_lock_names_no_registry_and_every_digest():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert not [name for name, package in packages.items() if "integrity" not in package]
    asked = json.loads((ROOT / "package.json").read_text())
    root = lock["packages"][""]
    assert root["dependencies"] == asked["dependencies"]
    assert root["devDependencies"] == asked["devDependencies"]


def test_the_page_libraries_are_served_from_our_own_origin():
    vendor = ROOT / "desk" / "static" / "vendor"
    names = {"tabler.min.css", "tabler.min.js", "htmx.min.js", "htmx-sse.min.js", "echarts.min.js", "wavesurfer.min.js"}
    assert {file.name for file in vendor.iterdir() if file.suffix in (".css", ".js")} == names
    assert subprocess.run(["git", "check-ignore", "-q", str(vendor)], cwd=ROOT, check=False).returncode in (0, 128)
