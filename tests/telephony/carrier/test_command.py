import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

HUIFANG = Path(sys.executable).with_name("huifang")


@pytest.fixture
def start(tmp_path):
    running = []

    def start(*options) -> subprocess.Popen:
        process = subprocess.Popen(
            [HUIFANG, "carrier", "--state", tmp_path, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_it_says_where_it_is_and_ends_when_told(start):
    process = start("--json", "--lang", "en", "--speed", "60", "--seed", "7")
    told = json.loads(process.stdout.readline())
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", told["url"])
    assert re.fullmatch(r"AC[0-9a-f]{32}", told["account_sid"])
    assert re.fullmatch(r"[0-9A-Za-z]+", told["auth_token"])
    account = f"{told['url']}/2010-04-01/Accounts/{told['account_sid']}.json"
    answer = httpx.get(account, auth=(told["account_sid"], told["auth_token"]), trust_env=False)
    assert answer.json()["status"] == "active"
    assert httpx.get(f"{told['url']}/control/clock", trust_env=False).json()["speed"] == 60
    process.send_signal(signal.SIGTERM)
    out, errors = process.communicate(timeout=10)
    assert (process.returncode, out, errors) == (0, "", "")


def test_it_takes_the_account_that_it_is_given_and_speaks_to_people(start, tmp_path):
    (tmp_path / "faults.json").write_text('[{"fault": "create-429"}]')
    process = start(
        "--account-sid", "AC" + "1b" * 16, "--auth-token", "Secret1", "--faults", tmp_path / "faults.json",
        "--refuse-prefix", "+850", "--lang", "en",
    )  # fmt: skip
    lines = [process.stdout.readline() for _ in range(3)]
    assert "nobody is rung" in lines[0]
    assert lines[1].split()[-1] == "AC" + "1b" * 16
    assert lines[2].split()[-1] == "Secret1"
    calls = f"{lines[0].split()[0]}/2010-04-01/Accounts/AC{'1b' * 16}/Calls.json"
    for to, code in (("+8501234567", 21215), ("+8613912345678", 20429)):
        form = {"To": to, "From": "+15005550006", "Twiml": "<Response/>"}
        assert httpx.post(calls, data=form, auth=("AC" + "1b" * 16, "Secret1"), trust_env=False).json()["code"] == code


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--account-sid", "AC12"], 2),
        (["--auth-token", "not safe"], 2),
        (["--speed", "-1"], 2),
        (["--speed", "nan"], 2),
        (["--port", "70000"], 2),
        (["--refuse-prefix", ""], 2),
        (["--own-number", "abc"], 2),
        (["--public-url", "here"], 2),
        (["--faults", "{folder}/wrong.json"], 2),
        (["--port", "{taken}"], 1),
    ],
)
def test_wrong_use_and_a_taken_port(start, tmp_path, options, code):
    (tmp_path / "wrong.json").write_text('[{"fault": "none-such"}]')
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        process = start(*(option.format(folder=tmp_path, taken=other.getsockname()[1]) for option in options))
        out, errors = process.communicate(timeout=20)
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in errors
    assert errors
