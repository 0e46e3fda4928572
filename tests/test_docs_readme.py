"""README keeps up with the project: its commands, its files, its links."""

import re
from pathlib import Path

import pytest

from cli.main import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_named(name):
    text = (ROOT / name).read_text()
    table = "\n".join(line for line in text.splitlines() if line.startswith("| `"))
    assert [c for c in COMMANDS if not re.search(rf"`{re.escape(c)}\b", table)] == []


@pytest.mark.parametrize("name", READMES)
def test_every_path_and_link_is_there(name):
    text = (ROOT / name).read_text()
    links = re.findall(r"\]\(([^)#]+)", text)
    paths = re.findall(r"`((?:rules|scripts|storage|tasks|flows|desk|telephony|cli|docs)/[\w./-]+)`", text)
    assert links and paths
    assert [p for p in {*links, *paths} if not (ROOT / p).exists()] == []


@pytest.mark.parametrize("name", READMES)
def test_the_two_commands_of_set_up_are_named_as_the_makefile_has_them(name):
    text = (ROOT / name).read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert f"make {target} " in text
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert "make test" in (ROOT / ".ci" / "run").read_text()
