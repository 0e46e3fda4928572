"""The port to the network: what is sent, and how each failure is told apart (twilio.md facts, read from Twilio's pages)."""

import httpx
import pytest
import respx

from settings import Settings
from telephony.errors import Ambiguous, Busy, Missing, NotSent, Refused
from telephony.twilio_phone import DiallingIsOff, TwilioPhone

SID = "AC" + "0" * 32
BASE = "http://127.0.0.1:9"
CALLS = f"{BASE}/2010-04-01/Accounts/{SID}/Calls.json"


def settings(**other) -> Settings:
    values = {
        "database_url": "x", "vault_key": "x", "session_key": "x", "s3_endpoint": "x", "s3_access_key": "x",
        "s3_secret_key": "x", "twilio_base_url": BASE, "twilio_account_sid": SID, "twilio_auth_token": "secret",
        "twilio_from": "+15005550006", "public_url": "https://desk.example/",
    }  # fmt: skip
    return Settings(**{**values, **other})


def problem(status: int, code: int) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": "no", "more_info": "", "status": status})


@pytest.fixture
async def phone():
    line = TwilioPhone(settings())
    yield line
    await line.aclose()


@respx.mock
async def test_a_call_carries_our_id_in_every_url_and_asks_for_two_channels(phone):
    route = respx.post(CALLS).respond(201, json={"sid": "CA1", "status": "queued"})
    assert await phone.place("abc", "+8613800138000") == "CA1"
    sent = httpx.QueryParams(route.calls.last.request.content.decode())
    assert sent["Url"] == "https://desk.example/twilio/voice/abc"
    assert sent["FallbackUrl"] == "https://desk.example/twilio/fallback/abc"
    assert sent["StatusCallback"] == "https://desk.example/twilio/status/abc#rc=3&rp=all"
    assert sent["RecordingStatusCallback"] == "https://desk.example/twilio/recording/abc#rc=3&rp=all"
    assert sent.get_list("StatusCallbackEvent") == ["initiated", "ringing", "answered", "completed"]
    assert (sent["Record"], sent["RecordingChannels"], sent["Trim"]) == ("true", "dual", "do-not-trim")
    assert "name" not in str(sent).lower()  # nothing personal travels as metadata


@respx.mock
async def test_an_extension_is_dialled_after_the_answer(phone):
    route = respx.post(CALLS).respond(201, json={"sid": "CA1", "status": "queued"})
    await phone.place("abc", "+8630912345678;ext=801")
    sent = httpx.QueryParams(route.calls.last.request.content.decode())
    assert (sent["To"], sent["SendDigits"]) == ("+8630912345678", "wwww801")


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (problem(400, 21215), Refused, 21215),
        (problem(400, 21211), Refused, 21211),
        (problem(401, 20003), Refused, 20003),
        (problem(404, 20404), Missing, 20404),
        (problem(429, 20429), Busy, 20429),
        (problem(500, 20500), Ambiguous, 20500),
        (problem(503, 20503), Ambiguous, 20503),
        (httpx.Response(502, html="<html>bad gateway</html>"), Ambiguous, None),
        (
            httpx.Response(400, json={"type": "about:blank", "title": "Bad", "status": 400, "code": 21211}),
            Refused,
            21211,
        ),
    ],
)
@respx.mock
async def test_refusals_and_doubts_are_told_apart(phone, answer, kind, code):
    respx.post(CALLS).mock(return_value=answer)
    with pytest.raises(kind) as raised:
        await phone.place("abc", "+8613800138000")
    assert raised.value.code == code
    assert "+8613800138000" not in str(raised.value)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.ConnectError("refused"), NotSent),
        (httpx.ConnectTimeout("slow"), NotSent),
        (httpx.ReadTimeout("lost"), Ambiguous),
        (httpx.RemoteProtocolError("cut"), Ambiguous),
        (httpx.WriteError("cut"), Ambiguous),
    ],
)
@respx.mock
async def test_a_lost_answer_is_in_doubt_and_is_never_sent_again(phone, failure, kind):
    route = respx.post(CALLS).mock(side_effect=failure)
    with pytest.raises(kind):
        await phone.place("abc", "+8613800138000")
    assert route.call_count == 1


@respx.mock
async def test_hanging_up_a_call_that_is_over_is_no_error(phone):
    respx.post(f"{BASE}/2010-04-01/Accounts/{SID}/Calls/CA1.json").mock(return_value=problem(400, 21220))
    await phone.hang_up("CA1")


@respx.mock
async def test_media_that_is_not_ready_is_missing(phone):
    respx.get(url__startswith=f"{BASE}/2010-04-01/Accounts/{SID}/Recordings/RE1.wav").mock(
        return_value=problem(404, 20404)
    )
    with pytest.raises(Missing):
        [block async for block in phone.media("RE1")]


@pytest.mark.parametrize("base", ["https://api.twilio.com", "http://10.0.0.8:80", "http://carrier.example"])
def test_no_real_telephone_rings_unless_a_setting_says_so(base):
    with pytest.raises(DiallingIsOff, match="HUIFANG_DIAL_FOR_REAL"):
        TwilioPhone(settings(twilio_base_url=base))
    TwilioPhone(settings(twilio_base_url=base, dial_for_real=True))


async def test_twilios_own_environment_variables_do_not_move_the_host(monkeypatch):
    monkeypatch.setenv("TWILIO_EDGE", "singapore")
    monkeypatch.setenv("TWILIO_REGION", "sg1")
    with respx.mock:
        route = respx.post(CALLS).respond(201, json={"sid": "CA1", "status": "queued"})
        await TwilioPhone(settings()).place("abc", "+8613800138000")
    assert route.called
