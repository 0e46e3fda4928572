"""While a card number is asked for, the carrier's recording is silent, and as long as before: paused before the question is
said, resumed when it is answered; and a pause that fails ends no call."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from desk import sensitive_recording
from rules.conversation import Progress
from settings import settings

NUMBER = "+8613900000001"
SCRIPT = SimpleNamespace(steps={"CARD": SimpleNamespace(sensitive=True), "Q": SimpleNamespace(sensitive=False)})
ASK = '<Response><Gather input="{2}" timeout="5" speechTimeout="auto" numDigits="16" action="{0}"><Say>{1}</Say></Gather></Response>'


@pytest.fixture
def line(carrier, monkeypatch):
    """The process's settings lead to this carrier."""
    values = {
        "DATABASE_URL": "x", "VAULT_KEY": "x", "SESSION_KEY": "x", "S3_ENDPOINT": "x", "S3_ACCESS_KEY": "x",
        "S3_SECRET_KEY": "x", "TWILIO_BASE_URL": carrier.url, "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
        "TWILIO_AUTH_TOKEN": "0123456789abcdef0123456789abcdef", "TWILIO_FROM": "+15005550006", "PUBLIC_URL": "http://127.0.0.1:9",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"HUIFANG_{name}", value)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize("carrier", [{"speed": 20.0}], indirect=True)
@pytest.mark.parametrize(
    ("how", "reply"),
    [("speech", {"say": "六二二二零二一二三四五六七八九零"}), ("dtmf", {"press": "6222021234567890"})],
)
async def test_no_digit_is_in_the_carriers_copy(carrier, application, line, how, reply):
    replies = [{"when": "卡号", **reply}, {"when": "收到", "say": "收到了，谢谢你们"}]
    await carrier.put(f"/numbers/{NUMBER}", {"behaviour": {"replies": replies}})
    turns = iter([("Q", "CARD", "请说或按出您的卡号。", how), ("CARD", "Q", "请问您收到合同了吗？", "speech")])

    async def turn(params):
        before, after, words, hears = next(turns)
        await sensitive_recording.follow(params["CallSid"], SCRIPT, Progress(step=before), Progress(step=after))
        action = f"{application.url}/{'card' if after == 'CARD' else 'end'}"
        return ASK.format(action, words, hears)

    application.answers["/voice"] = ASK.format(f"{application.url}/first", "请问您收到合同了吗？", "speech")
    application.answers["/first"] = application.answers["/card"] = turn
    application.answers["/end"] = "<Response><Say>谢谢，再见。</Say></Response>"
    sid = await carrier.place(
        To=NUMBER, Url=f"{application.url}/voice", Record="true", RecordingChannels="dual", Trim="do-not-trim"
    )
    call = await carrier.ended(sid)
    await carrier.quiet()
    [recording] = (await carrier.get(f"/Calls/{sid}/Recordings.json"))["recordings"]
    assert abs(int(recording["duration"]) - int(call["duration"])) <= 1
    sound = await carrier.http.get(recording["media_url"])
    samples, rate = soundfile.read(io.BytesIO(sound.content), dtype="int16")

    heard = carrier.exchange.calls[sid].heard
    begin = carrier.exchange.recordings[recording["sid"]].spans[0][0]

    def loudest(piece) -> int:
        part = samples[round((piece.start - begin) * rate) : round((piece.end - begin) * rate)]
        return int(np.abs(part).max())

    digits = [piece for piece in heard if piece.kind == "keys" or piece.text == reply.get("say")]
    others = [piece for piece in heard if "收到了" in piece.text]
    assert len(digits) == (16 if how == "dtmf" else 1) and len(others) == 2
    assert max(map(loudest, digits)) < 100  # what a line hisses
    assert min(map(loudest, others)) > 3000


async def test_a_pause_that_fails_ends_no_call(line, caplog):
    await sensitive_recording.follow("CA" + "0" * 32, SCRIPT, None, Progress(step="CARD"))
    assert "was not paused: Missing" in caplog.text
    caplog.clear()
    # nothing is asked where nothing changes, or the call is over
    for before, after in (
        (None, Progress(step="Q")),
        (Progress(step="CARD"), Progress(step="CARD")),
        (None, Progress(step="CARD", ended="SILENT")),
    ):
        await sensitive_recording.follow("CA" + "0" * 32, SCRIPT, before, after)
    assert caplog.text == ""
