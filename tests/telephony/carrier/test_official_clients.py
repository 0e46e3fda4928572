"""Twilio's own client libraries, unpatched but for where they send their requests."""

import asyncio
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


async def test_the_python_client(carrier):
    def drive():
        client = Client(carrier.exchange.account_sid, carrier.exchange.config.auth_token)
        client.api.base_url = carrier.url
        placed = client.calls.create(
            to="+8618800000000",
            from_="+15005550006",
            twiml="<Response><Say>您好，这里是回访中心。</Say><Pause length='3000'/></Response>",
            record=True,
            recording_channels="dual",
            status_callback_event=["initiated", "completed"],
        )
        assert (placed.status, placed.direction) == ("queued", "outbound-api")
        assert placed.date_created is not None
        wait(lambda: placed.fetch().status == "in-progress")
        time.sleep(0.3)
        assert [call.sid for call in client.calls.list(to="+8618800000000", limit=5)] == [placed.sid]
        ended = client.calls(placed.sid).update(status="completed")
        assert ended.status == "completed"
        assert ended.end_time >= ended.start_time
        wait(lambda: [r.status for r in client.recordings.list(call_sid=placed.sid)] == ["completed"])
        (recording,) = client.recordings.list(call_sid=placed.sid)
        media = requests.get(recording.media_url, auth=client.auth, timeout=20)
        assert (media.content[:4], media.headers["content-type"]) == (b"RIFF", "audio/x-wav")
        assert client.recordings(recording.sid).delete() is True
        assert client.recordings.list() == []
        assert client.notifications.list() == client.conferences.list() == []
        assert client.api.accounts(client.account_sid).fetch().status == "active"
        with pytest.raises(TwilioRestException) as refused:
            client.calls.create(to="+15005550003", from_="+15005550006", twiml="<Response/>")
        assert (refused.value.status, refused.value.code) == (400, 21215)

    def wait(ready):
        for _ in range(500):
            if ready():
                return
            time.sleep(0.02)
        raise AssertionError("waited in vain")

    await asyncio.to_thread(drive)


async def test_the_node_client(carrier):
    assert shutil.which("node"), "install node: the carrier is held to Twilio's client for it as well"
    assert (ROOT / "node_modules/twilio").is_dir(), "the npm package twilio is missing: run `npm ci` (or `make setup`)"
    process = await asyncio.create_subprocess_exec(
        "node", HERE / "client.mjs", carrier.url, carrier.exchange.account_sid,
        env=os.environ | {"CARRIER_TOKEN": carrier.exchange.config.auth_token},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    told = json.loads(out)
    assert (told["placed"], told["live"], told["ended"]) == ("queued", "in-progress", "completed")
    assert told["listed"] == [told["sid"]]
    assert told["created"].endswith("Z")
    assert (told["channels"], told["type"], told["wav"]) == (2, "audio/x-wav", "RIFFWAVE")
    assert abs(told["bytes"] / 32000 - int(told["duration"])) < 1
    assert told["missing"] == [404, 20404]


if shutil.which("go"):

    @pytest.mark.long
    @pytest.mark.timeout(1200)
    async def test_the_go_client(carrier, tmp_path):
        """Where Go is installed: the library is compiled first, which takes a minute of processor time."""
        built = tmp_path / "client"
        # a process of its own, in a thread: the carrier serves in this loop
        done = await asyncio.to_thread(
            subprocess.run,
            ["go", "build", "-gcflags=github.com/twilio/...=-N -l", "-o", built, "."],
            cwd=HERE / "goclient",
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        process = await asyncio.create_subprocess_exec(
            built, carrier.url, carrier.exchange.account_sid,
            env=os.environ | {"CARRIER_TOKEN": carrier.exchange.config.auth_token},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        told = json.loads(out)
        assert (told["placed"], told["live"], told["ended"]) == ("queued", "in-progress", "completed")
        assert (told["participant"], told["conference"]) == ("queued", "completed")
        assert (told["listed"], told["channels"], told["missing"]) == (1, 2, [404, 20404])
