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
    assert sent["Url"] == "https://desk.example/twilio/voice/abc#rc=2&rp=ct,rt,5xx&rt=6000"
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
        (problem(404, 20404), Refused, 20404),  # no such account: nothing was placed
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


@respx.mock
async def test_a_busy_carrier_says_for_how_long(phone):
    for header, seconds in (("7", 7.0), ("100000", 300.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), (None, None)):
        headers = {"Retry-After": header} if header else {}
        respx.post(CALLS).mock(return_value=httpx.Response(429, headers=headers, json={"code": 20429, "status": 429}))
        with pytest.raises(Busy) as raised:
            await phone.place("abc", "+8613800138000")
        assert raised.value.retry_after == seconds


@pytest.mark.parametrize(
    ("status", "code", "about"),
    [
        (400, 21211, "number"),
        (400, 21214, "number"),
        (400, 21217, "number"),
        (400, 21215, "destination"),
        (400, 21216, "destination"),
        (400, 21219, "destination"),
        (400, 99999, "destination"),
        (400, 21210, "account"),
        (400, 22005, "account"),
        (400, 10004, "account"),
        (401, 20003, "account"),
        (403, None, "account"),
        (404, 20404, "account"),
    ],
)
@respx.mock
async def test_whom_a_refusal_concerns(phone, status, code, about):
    respx.post(CALLS).mock(return_value=httpx.Response(status, json={"code": code, "status": status}))
    with pytest.raises(Refused) as raised:
        await phone.place("abc", "+8613800138000")
    assert (raised.value.about, raised.value.code) == (about, code)


@respx.mock
async def test_who_answered_is_judged_beside_the_conversation(phone):
    route = respx.post(CALLS).respond(201, json={"sid": "CA1", "status": "queued"})
    await phone.place("abc", "+8613800138000")
    sent = httpx.QueryParams(route.calls.last.request.content.decode())
    assert (sent["MachineDetection"], sent["AsyncAmd"]) == ("Enable", "true")
    assert sent["AsyncAmdStatusCallback"] == "https://desk.example/twilio/machine/abc#rc=3&rp=all"


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "destinations.yaml"
    file.write_text('- {prefix: "+1", allow: false}\n- {prefix: "+852", caller_id: "+85230000000"}\n')
    return file


@respx.mock
async def test_each_destination_has_its_rule(table):
    route = respx.post(CALLS).respond(201, json={"sid": "CA1", "status": "queued"})
    phone = TwilioPhone(settings(twilio_destinations=table))
    with pytest.raises(Refused) as raised:
        await phone.place("abc", "+15005550009")
    assert (raised.value.about, route.called) == ("destination", False)
    for number, caller in (("+85261234567", "+85230000000"), ("+8613800138000", "+15005550006")):
        await phone.place("abc", number)
        assert httpx.QueryParams(route.calls.last.request.content.decode())["From"] == caller
    await phone.aclose()


def basic(user: str, password: str) -> str:
    return httpx.BasicAuth(user, password)._auth_header


@respx.mock
async def test_keys_may_be_changed_at_the_carrier_before_or_after_here():
    taken = basic(SID, "old")

    def answer(request):
        right = request.headers["authorization"] == taken
        return httpx.Response(201, json={"sid": "CA1", "status": "queued"}) if right else problem(401, 20003)

    route = respx.post(CALLS).mock(side_effect=answer)
    phone = TwilioPhone(settings(twilio_auth_token="new", twilio_auth_token_previous="old"))
    assert await phone.place("a", "+8613800138000") == "CA1"
    assert route.call_count == 2  # the new one was refused before anything was done
    await phone.place("b", "+8613800138000")
    assert route.call_count == 3  # the one that was taken comes first from then on
    taken = basic(SID, "new")
    await phone.place("c", "+8613800138000")
    await phone.place("d", "+8613800138000")
    assert route.call_count == 6
    taken = basic(SID, "another")
    with pytest.raises(Refused) as raised:
        await phone.place("e", "+8613800138000")
    assert (raised.value.about, route.call_count) == ("account", 8)
    await phone.aclose()


@respx.mock
async def test_an_api_key_signs_requests_in_place_of_the_token():
    key, secret = "SK" + "1" * 32, "s3cret"
    route = respx.post(CALLS).respond(201, json={"sid": "CA1", "status": "queued"})
    phone = TwilioPhone(settings(twilio_api_key=key, twilio_api_secret=secret))
    await phone.place("a", "+8613800138000")
    assert route.calls.last.request.headers["authorization"] == basic(key, secret)
    media = respx.get(url__startswith=f"{BASE}/2010-04-01/Accounts/{SID}/Recordings/RE1.wav").respond(content=b"RIFF")
    assert b"".join([block async for block in phone.media("RE1")]) == b"RIFF"
    assert media.calls.last.request.headers["authorization"] == basic(key, secret)
    await phone.aclose()


@respx.mock
async def test_a_call_is_taken_back_only_while_nobody_has_answered(phone):
    one = f"{BASE}/2010-04-01/Accounts/{SID}/Calls/CA1.json"
    route = respx.post(one).respond(json={"sid": "CA1", "status": "canceled"})
    assert (await phone.cancel("CA1")).status == "canceled"
    assert httpx.QueryParams(route.calls.last.request.content.decode())["Status"] == "canceled"
    respx.post(one).mock(return_value=problem(400, 21220))
    respx.get(one).respond(json={"sid": "CA1", "status": "in-progress"})
    assert (await phone.cancel("CA1")).status == "in-progress"


async def test_an_answer_that_drips_is_given_up_in_the_whole_time():
    async def drip():
        import asyncio

        yield b'{"sid": "'
        for _ in range(100):
            await asyncio.sleep(0.05)
            yield b"C"

    transport = httpx.MockTransport(lambda request: httpx.Response(201, content=drip()))
    phone = TwilioPhone(settings(twilio_timeout=0.2), transport)
    with pytest.raises(Ambiguous):
        await phone.place("abc", "+8613800138000")
    await phone.aclose()


@respx.mock
async def test_errors_about_a_document_are_told_from_those_about_a_callback(phone):
    def noted(code: str, address: str) -> dict:
        return {
            "sid": "NO1", "error_code": code, "log": "0", "request_url": address,
            "message_date": "Thu, 24 Sep 2026 02:05:00 +0000",
        }  # fmt: skip

    at = "https://desk.example/twilio"
    found = [
        noted("11200", f"{at}/voice/abc?turn=3"),
        noted("12100", f"{at}/fallback/abc"),
        noted("11200", f"{at}/status/abc"),
    ]
    route = respx.get(f"{CALLS.removesuffix('.json')}/CA1/Notifications.json").respond(
        json={"notifications": found, "next_page_uri": None, "page": 0, "page_size": 50}
    )
    errors = await phone.errors_of("CA1")
    assert [(e.code, e.of_document) for e in errors] == [(11200, True), (12100, True), (11200, False)]
    assert {e.at.isoformat() for e in errors} == {"2026-09-24T02:05:00+00:00"}
    assert route.calls.last.request.url.params["Log"] == "0"  # warnings end no call
