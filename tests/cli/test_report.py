"""`huifang report`: files, one JSON document, and honest words where there is nothing yet."""

import json
from pathlib import Path

import pytest

from cli.main import main


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    out = capsys.readouterr()
    return ended.value.code, out.out, out.err


def test_daily(installation, tmp_path, capsys):
    code, out, _ = run(capsys, "report", "daily", "--day", "2026-09-24", "-o", str(tmp_path / "out"), "--json")
    document = json.loads(out)
    assert code == 0
    assert document["day"] == "2026-09-24"
    assert document["figures"]["whole"]["due"] == 0
    assert [Path(file).exists() for file in document["files"]] == [True] * 4
    assert {Path(file).suffix for file in document["files"]} == {".html", ".xlsx"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["daily", "--day", "2999-01-01", "-o", "{out}"], 1, "2999-01-01"),
        (["daily", "--day", "yesterday", "-o", "{out}"], 2, "yesterday"),
        (["daily"], 2, "-o"),
        (["daily", "--day", "2026-09-24", "-o", "{file}/deeper"], 1, "{file}"),
        (["monthly", "-o", "{out}"], 1, "later version"),
        (["annual", "-o", "{out}"], 1, "later version"),
    ],
)
def test_what_it_cannot_do(installation, tmp_path, capsys, arguments, code, said):
    (tmp_path / "file").write_text("")
    places = {"out": tmp_path / "out", "file": tmp_path / "file"}
    found = run(capsys, "report", *(a.format(**places) for a in arguments), "--lang", "en")
    assert found[0] == code
    assert said.format(**places) in found[2]
    assert not (tmp_path / "out").exists()
