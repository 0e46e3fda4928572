"""`huifang import`, `pull`, `branches` as a user types them: keys, exit codes, both languages; killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import psycopg
import pytest

from rules.contracts import PROBLEM_CODES
from storage.branch_files import read_organisation
from storage.sample_lists import generate, write_list

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
COUNTS = ("rows", "accepted", "updated", "unchanged", "rejected", "duplicates", "out_of_scope", "cases_opened")
HUIFANG = [sys.executable, "-m", "cli.main"]


@pytest.fixture
def huifang(installation):
    """`huifang("import", file, …)` → (exit code, stdout, stderr)."""

    def run(*words: object, **env: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [*HUIFANG, *map(str, words)], cwd=ROOT, env=os.environ | {"LANG": "en_US.UTF-8"} | env,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def look(installation):
    """One row of the database."""

    def ask(sql: str) -> tuple:
        url = installation["HUIFANG_DATABASE_URL"].replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(url) as connection:
            return connection.execute(sql).fetchone()

    return ask


def test_the_troubled_sample(huifang, look):
    code, out, err = huifang("branches", "--json")
    assert (code, json.loads(out)) == (0, {"branches": []})
    code, out, _ = huifang("branches", "import", SAMPLES / "branches.csv", "--json")
    tree = read_organisation(SAMPLES / "branches.csv").branches
    assert code == 0
    expected = [{"code": b.code, "name": b.name, "parent": b.parent, "kind": b.kind} for b in tree]
    assert sorted(json.loads(out)["branches"], key=lambda b: b["code"]) == sorted(expected, key=lambda b: b["code"])
    code, out, _ = huifang("branches", "--lang", "zh")
    assert code == 0
    assert out.splitlines()[0].startswith(tree[0].code)
    assert out.splitlines()[1].startswith("  ")

    code, out, err = huifang("import", SAMPLES / "contracts.csv", "--json")
    first = json.loads(out)
    assert code == 0, err
    assert list(first) == ["list_id", *COUNTS, "problems"]
    assert {p["code"] for p in first["problems"]} == set(PROBLEM_CODES)
    assert all(set(p) == {"row", "field", "code", "severity", "message"} for p in first["problems"])
    assert first["rows"] == sum(first[name] for name in COUNTS[1:-1])
    assert first["cases_opened"] == look("SELECT count(*) FROM cases")[0]

    code, out, _ = huifang("import", SAMPLES / "contracts.csv", "--lang", "zh")
    assert code == 0
    assert "无变化" in out
    assert "文件内重复" in out
    again = json.loads(huifang("import", SAMPLES / "contracts.csv", "--json")[1])
    assert again["unchanged"] == first["accepted"]
    assert [again[n] for n in ("rejected", "duplicates", "out_of_scope")] == [
        first[n] for n in ("rejected", "duplicates", "out_of_scope")
    ]
    assert [p["row"] for p in again["problems"]] == [p["row"] for p in first["problems"]]


def test_refusals_and_wrong_use(huifang, look, tmp_path):
    (empty := tmp_path / "empty.csv").write_bytes(b"")
    (short := tmp_path / "short.csv").write_text("policy_no,channel\nP1,个险\n")
    (wrong := tmp_path / "wrong.json").write_text('{"x": "no such column"}')
    (broken := tmp_path / "broken.json").write_text("{")
    for file in (empty, short):
        code, out, _ = huifang("import", file, "--json")
        assert (code, json.loads(out)["refused"], list(json.loads(out))) == (1, True, ["refused", "message"])
    assert "policy_term_years" in json.loads(out)["message"]
    code, out, err = huifang("import", short, "--lang", "zh")
    assert (code, out) == (1, "")
    assert "保险期间" in err
    sample = SAMPLES / "contracts.csv"
    for words in (
        ("import", tmp_path / "none.csv"),
        ("import",),
        ("import", tmp_path),
        ("import", sample, "--mapping", tmp_path / "none.json"),
        ("import", sample, "--mapping", wrong),
        ("import", sample, "--mapping", broken),
        ("branches", "import", tmp_path / "none.csv"),
    ):
        assert huifang(*words)[0] == 2, words
    code, out, _ = huifang("branches", "import", short, "--json")
    assert (code, json.loads(out)["refused"]) == (1, True)
    assert look("SELECT count(*) FROM contract_lists")[0] == 0


def test_a_mapping(huifang, tmp_path):
    lines = (SAMPLES / "contracts.csv").read_bytes().decode("utf-8-sig", "replace").splitlines(keepends=True)[:11]
    lines[0] = lines[0].replace("保单号", "合同编号")
    (renamed := tmp_path / "renamed.csv").write_text("".join(lines), encoding="utf-8")
    assert huifang("import", renamed)[0] == 1
    (mapping := tmp_path / "mapping.json").write_text('{"合同编号": "policy_no"}', encoding="utf-8")
    code, out, err = huifang("import", renamed, "--mapping", mapping, "--source", "branch 86", "--json")
    assert (code, json.loads(out)["rows"]) == (0, 10), err


def test_pull_from_the_stand_in(huifang, look, tmp_path):
    assert huifang("pull")[0] == 1  # no core system is set
    write_list(
        file := tmp_path / "list.csv", generate(30, 5, date(2026, 9, 24), read_organisation(SAMPLES / "branches.csv"))
    )
    core = subprocess.Popen(
        [*HUIFANG, "stand-in-core", str(file), "--token", "t", "--json"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        told = json.loads(core.stdout.readline())
        env = {"HUIFANG_CORE_URL": told["url"], "HUIFANG_CORE_TOKEN": told["token"]}
        code, out, err = huifang("pull", "--json", **env)
        first = json.loads(out)
        assert code == 0, err
        assert list(first) == ["list_id", *COUNTS, "problems"]
        assert (first["rows"], first["cases_opened"]) == (30, look("SELECT count(*) FROM cases")[0])
        nothing = json.loads(huifang("pull", "--json", **env)[1])
        assert (nothing["list_id"], nothing["rows"], nothing["problems"]) == (None, 0, [])
        again = json.loads(huifang("pull", "--since", "10", "--json", **env)[1])
        assert (again["rows"], again["cases_opened"]) == (20, 0)
        code, out, err = huifang("pull", "--json", **env | {"HUIFANG_CORE_TOKEN": "other"})
        assert (code, list(json.loads(out))) == (1, ["error"])
        assert "401" in err
        assert look("SELECT cursor FROM core_cursors")[0] == "30"
    finally:
        core.terminate()
        core.wait(20)


def test_killed_in_the_middle_and_again(huifang, look, tmp_path):
    contracts = 6000
    write_list(
        file := tmp_path / "big.csv",
        generate(contracts, 5, date(2026, 9, 24), read_organisation(SAMPLES / "branches.csv")),
    )
    taking = subprocess.Popen(
        [*HUIFANG, "import", str(file)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 90
    while look("SELECT count(*) FROM contracts")[0] == 0 and taking.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    taking.send_signal(signal.SIGKILL)
    taking.wait(20)
    stored = look("SELECT count(*) FROM contracts")[0]
    assert 0 < stored < contracts, "killed too late or too early to prove anything"
    assert look("SELECT finished_at FROM contract_lists") == (None,)
    code, out, err = huifang("import", file, "--json")
    assert code == 0, err
    result = json.loads(out)
    assert result["accepted"] + result["out_of_scope"] == result["rows"] == contracts
    assert (result["unchanged"], result["updated"]) == (0, 0)
    assert result["cases_opened"] == result["accepted"]
    for sql, expected in (
        ("SELECT count(*) FROM contracts", contracts),
        ("SELECT count(*) FROM contract_versions", contracts),
        ("SELECT count(*) FROM cases", result["accepted"]),
        ("SELECT count(*) FROM events WHERE kind = 'CASE_OPENED'", result["accepted"]),
    ):
        assert look(sql)[0] == expected, sql
