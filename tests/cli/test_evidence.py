"""The ledger's keys and the verifier by command, and the keys that a backup brings back."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.backup import put_ledger_keys_back
from cli.main import main
from storage import ledger_keys
from storage.verify_pack import parse_keys


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """`run(*arguments)` → exit code and document, with a key file of the test's own."""
    monkeypatch.setenv("HUIFANG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HUIFANG_LEDGER_KEY_FILE", str(tmp_path / "ledger-keys"))

    def ran(*arguments: str):
        with pytest.raises(SystemExit) as ended:
            main(["evidence", *arguments, "--json"])
        out = capsys.readouterr().out
        return ended.value.code, json.loads(out) if out else None

    return ran


def test_keys_are_made_once_listed_handed_out_and_changed(run, tmp_path):
    assert run("keys")[0] == 1
    code, made = run("keys", "--new", "ledger.example/callbacks")
    assert (code, made["name"], len(made["keys"])) == (0, "ledger.example/callbacks", 2)
    assert run("keys", "--new", "ledger.example/other")[0] == 1
    assert run("keys", "--new", "x.example", "--rotate")[0] == 2
    code, listed = run("keys", "-o", str(tmp_path / "public"))
    assert (code, listed) == (0, made)
    assert [str(key) for key in parse_keys((tmp_path / "public").read_text())] == made["keys"]
    code, changed = run("keys", "--rotate")
    assert changed["keys"][2:] == made["keys"]
    assert not set(changed["keys"][:2]) & set(made["keys"])
    assert "PRIVATE" not in (tmp_path / "public").read_text()


@pytest.mark.parametrize("name", ["", "With Space", "a+b", "UPPER.example", "/x"])
def test_a_name_that_no_note_can_bear_is_refused(run, tmp_path, name):
    assert run("keys", "--new", name)[0] == 1
    assert not (tmp_path / "ledger-keys").exists()


def test_an_empty_folder_and_a_wrong_key_file_are_told(run, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("verify", str(tmp_path / "none"))[0] == 2
    assert run("verify", str(empty))[0] == 1  # there is no key
    run("keys", "--new", "ledger.example/callbacks")
    code, said = run("verify", str(empty))
    assert (code, said["ok"], [p["code"] for p in said["problems"]]) == (1, False, ["ADDED"])
    (empty / "bagit.txt").write_text("x")
    assert [p["code"] for p in run("verify", str(empty))[1]["problems"]] == ["MISSING"]
    (tmp_path / "nonsense").write_text("nonsense")
    assert run("verify", str(empty), "--key", str(tmp_path / "nonsense"))[0] == 1


def test_no_copy_for_listening_of_what_does_not_verify_and_none_in_the_pack(run, tmp_path):
    run("keys", "--new", "ledger.example/callbacks")
    pack = tmp_path / "pack"
    pack.mkdir()
    assert run("listen", str(pack), "-o", str(tmp_path / "call.mp3"))[0] == 1
    assert run("listen", str(pack), "-o", str(tmp_path / "call.wav"))[0] == 2
    assert run("listen", str(pack), "-o", str(pack / "call.mp3"))[0] == 2
    assert not (tmp_path / "call.mp3").exists() and list(pack.iterdir()) == []


def test_the_verifier_is_one_file(run, tmp_path):
    file = tmp_path / "verify_pack.py"
    assert run("verifier", "-o", str(file))[0] == 0
    done = subprocess.run([sys.executable, "-I", str(file), "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "--key" in done.stdout


@pytest.mark.parametrize("there", ["NOTHING", "ANOTHER", "LATER", "SAME"])
def test_keys_of_a_backup_come_back(tmp_path, there):
    file = tmp_path / "keys"
    backed_up = ledger_keys.new_pair(tmp_path / "old", "ledger.example/callbacks")
    if there == "ANOTHER":
        ledger_keys.new_pair(file, "ledger.example/fresh")
    elif there != "NOTHING":
        file.write_text(backed_up.written())
        if there == "LATER":
            ledger_keys.new_pair(file)
    before = file.read_text() if file.exists() else None
    put_ledger_keys_back(file, backed_up.written())
    found = ledger_keys.read(file)
    assert set(backed_up.current) <= set(found.public)
    # what was signed after the backup stays verifiable, and the pair that replaced an old one goes on signing
    assert file.read_text() == (before if there in ("LATER", "SAME") else backed_up.written())
    put_ledger_keys_back(None, backed_up.written())
    put_ledger_keys_back(Path(file), None)
    assert ledger_keys.read(file).public == found.public
