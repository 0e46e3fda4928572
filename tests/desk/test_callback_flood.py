"""A flood of callbacks: forged ones change nothing, signed ones of any shape never make the desk fail."""

import asyncio
import importlib.util
import re
import sys
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from clock import Clock, system
from settings import settings as own_settings
from storage import db
from storage.db import rows, transaction

STATUSES = ["queued", "initiated", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]
NUMBERS = ["0", "1", "3", "-1", "²", "9" * 30, "1.5", "nan", "1e999", "Ａ", ""]
# whatever a form may hold: NUL, controls, figures of other scripts, surrogates that are escaped, a lot of it
ANYTHING = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["\x00", "a\x00b", "'; DROP TABLE calls; --", "</Response>", "{{7*7}}", "不是不清楚", "x" * 5000]),
)
NAMES = [
    "CallSid", "AccountSid", "CallStatus", "SequenceNumber", "CallDuration", "SipResponseCode", "AnsweredBy", "Timestamp",
    "RecordingSid", "RecordingStatus", "RecordingDuration", "RecordingChannels", "RecordingUrl", "ErrorCode", "Digits",
    "SpeechResult", "Confidence", "turn", "ErrorUrl", "CallbackSource", "CalledZip", "MachineDetectionDuration",
]  # fmt: skip
PLAUSIBLE = st.fixed_dictionaries(
    {},
    optional={
        "CallSid": st.sampled_from(["A", "A", "B", "C", "CAother", "", "CA" + "f" * 200]),
        "AccountSid": st.sampled_from(["own", "AC" + "9" * 32, ""]),
        "CallStatus": st.sampled_from([*STATUSES, "", "paused", "\x00"]),
        "SequenceNumber": st.sampled_from(NUMBERS),
        "CallDuration": st.sampled_from(NUMBERS),
        "SipResponseCode": st.sampled_from(["486", "", "x" * 100]),
        "AnsweredBy": st.sampled_from(["human", "machine_start", "unknown", "fax", "", "??"]),
        "RecordingSid": st.sampled_from(["RE1", "RE2", ""]),
        "RecordingStatus": st.sampled_from(["completed", "absent", "in-progress", "failed", "", "?"]),
        "RecordingDuration": st.sampled_from(NUMBERS),
        "RecordingChannels": st.sampled_from(NUMBERS),
        "ErrorCode": st.sampled_from(["16101", "", "x" * 300]),
        "ErrorUrl": st.sampled_from(["https://desk.example/twilio/voice/x?turn=1", "http://[", "?again=1", ""]),
        "Digits": st.sampled_from(["1", "2", "12345678", "hangup", "*#", "9" * 400]),
        "SpeechResult": st.sampled_from(["清楚", "是我", "不是不清楚", "我现在不方便", "", "\x00", "嗯" * 3000]),
        "Confidence": st.sampled_from(["0.9", "0", "1.0", *NUMBERS]),
        "CalledZip": st.just(""),
    },
)
FORMS = st.builds(
    lambda a, b: {**a, **b},
    PLAUSIBLE,
    st.dictionaries(st.one_of(st.sampled_from(NAMES), ANYTHING), ANYTHING, max_size=3),
)
KINDS = st.sampled_from(["voice", "fallback", "status", "machine", "recording"])
CALLS = st.sampled_from(["A", "A", "B", "C", "none", "..%2f..", "%00", "a" * 300, "%E5%9B%9E"])
METHODS = st.sampled_from(["GET", "POST"])
TABLES = ("calls", "answers", "carrier_events", "recordings", "events", "cases", "settlements", "ledger")


@pytest.fixture(scope="module")
def placed(desk_settings, tmp_path_factory) -> list[tuple[str, str]]:
    """Calls that were just placed: our id, and the carrier's."""
    file = Path(__file__).parents[2] / "benchmarks" / "working_calls.py"
    spec = importlib.util.spec_from_file_location("working_calls", file)
    sys.modules["working_calls"] = calls = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(calls)

    async def ring() -> list[tuple[str, str]]:
        line = calls.AgreeableLine()
        await calls.take_contracts(tmp_path_factory.mktemp("list"), 10, system())
        await calls.dial_round.fn(line, calls.Pace(1e6, Clock()), system())
        await db.dispose()
        return list(line.placed.items())

    found = asyncio.run(ring())
    assert len(found) >= 4
    return found


@pytest.fixture
async def client(placed):
    from desk.app import create_app

    base = own_settings().public_url
    app = httpx.ASGITransport(create_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=app, base_url=base) as client:
        yield client
    await db.dispose()


def real(placed: list[tuple[str, str]], call_id: str, form: dict[str, str]) -> tuple[str, dict[str, str]]:
    """With the calls that are there in the place of the letters that were drawn: A, B and C."""
    ids = dict(zip("ABC", placed, strict=False))
    sid = form.get("CallSid", "")
    if sid in ids:
        form = form | {"CallSid": ids[sid][1]}
    if form.get("AccountSid") == "own":
        form = form | {"AccountSid": own_settings().twilio_account_sid}
    return (ids[call_id][0] if call_id in ids else call_id), form


def path_of(kind: str, call_id: str, turn: str | None) -> str:
    return f"/twilio/{kind}/{call_id}" + (f"?turn={turn}" if turn is not None else "")


def encoded(form: dict[str, str]) -> dict[str, str]:
    """As it can go over the wire at all."""
    return {k.encode("utf-8", "replace").decode(): v.encode("utf-8", "replace").decode() for k, v in form.items()}


async def send(client, method: str, path: str, form: dict[str, str], token: str | None, signature: str | None = None):
    base, form = own_settings().public_url, encoded(form)
    if method == "GET":
        request = client.build_request(
            "GET", path, params={**dict(httpx.QueryParams(path.partition("?")[2])), **form} or None
        )
        signed_over = {}
    else:
        request, signed_over = client.build_request("POST", path, data=form), form
    if token is not None:
        target = request.url.raw_path.decode()
        # a value of a form is signed as it is after decoding, blank ones too
        signature = RequestValidator(token).compute_signature(base + target, signed_over)
    if signature is not None:
        request.headers["X-Twilio-Signature"] = signature
    return await client.send(request)


async def state() -> dict[str, str]:
    """A digest of every row that a callback could touch."""
    async with transaction() as connection:
        return {
            table: (
                await rows(
                    connection,
                    f"SELECT md5(coalesce(string_agg(CAST(t AS text), '' ORDER BY CAST(t AS text)), '')) AS d FROM {table} t",
                )
            )[0]["d"]
            for table in TABLES
        }


FORGED = [
    None,
    "",
    "AAAA",
    "=" * 500,
    "ünïcode",
]


def drawn(strategy, n: int, seed: int) -> list:
    """`n` examples of a strategy, the same each time."""
    found: list = []

    @settings(max_examples=n, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(strategy)
    def collect(example) -> None:
        found.append(example)

    collect()
    return found


REQUESTS = st.tuples(METHODS, KINDS, CALLS, st.sampled_from([None, "-1", "0", "1", "x", "9" * 40]), FORMS)


async def test_a_forged_flood_changes_nothing(client, placed):
    before = await state()
    token = own_settings().twilio_auth_token.get_secret_value()
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    for place, (method, kind, call_id, turn, form) in enumerate(drawn(REQUESTS, 250, 1)):
        call_id, form = real(placed, call_id, form)
        path = path_of(kind, call_id, turn)
        which = place % (len(FORGED) + 2)
        if which < len(FORGED):
            signature = FORGED[which]
            if signature is not None and not signature.isascii():
                signature = signature.encode("latin-1", "replace").decode("latin-1").encode("ascii", "replace").decode()
            answer = await send(client, method, path, form, None, signature)
        elif which == len(FORGED):
            answer = await send(client, method, path, form, wrong)
        else:
            # signed once, for something else
            good = RequestValidator(token).compute_signature(
                f"{own_settings().public_url}/twilio/status/none", {"CallSid": "CA1"}
            )
            answer = await send(client, method, path, form, None, good)
        assert answer.status_code in (403, 404), (answer.status_code, method, path)
    assert await state() == before


async def test_a_signed_flood_is_never_answered_with_a_failure(client, placed):
    token = own_settings().twilio_auth_token.get_secret_value()
    seen = set()
    for method, kind, call_id, turn, form in drawn(REQUESTS, 400, 2):
        call_id, form = real(placed, call_id, form)
        path = path_of(kind, call_id, turn)
        answer = await send(client, method, path, form, token)
        seen.add(answer.status_code)
        assert answer.status_code < 500, (answer.status_code, method, path, form, answer.text[:500])
        if answer.status_code == 200:
            assert answer.headers["content-type"].startswith("text/xml")
            assert re.match(r"<\?xml[^>]*\?><Response>.*</Response>\Z", answer.text, re.DOTALL)
            again = await send(client, method, path, form, token)
            assert again.text == answer.text, "the same request got another document"
    assert {200, 204} <= seen


async def test_too_much_is_not_even_read(client, placed):
    answer = await client.post(f"/twilio/status/{placed[0][0]}", content=b"x=" + b"y" * 200_000)
    assert answer.status_code == 413


async def test_another_accounts_signed_news_changes_nothing(client, placed):
    token = own_settings().twilio_auth_token.get_secret_value()
    before = await state()
    form = {"CallSid": placed[3][1], "CallStatus": "completed", "AccountSid": "AC" + "9" * 32}
    assert (await send(client, "POST", f"/twilio/status/{placed[3][0]}", form, token)).status_code == 403
    assert await state() == before


async def test_news_that_name_another_attempts_call_are_kept_and_change_no_attempt(client, placed):
    token = own_settings().twilio_auth_token.get_secret_value()
    (call_id, _), (_, other) = placed[-1], placed[-2]
    async with transaction() as connection:
        await rows(connection, "UPDATE calls SET sid = NULL, state = 'UNKNOWN' WHERE id = :id RETURNING id", id=call_id)
    form = {"CallSid": other, "CallStatus": "completed", "SequenceNumber": "3"}
    assert (await send(client, "POST", f"/twilio/status/{call_id}", form, token)).status_code == 204
    voice = await send(client, "POST", f"/twilio/voice/{call_id}", {"CallSid": other}, token)
    assert (voice.status_code, "Gather" in voice.text) == (200, False)
    async with transaction() as connection:
        [row] = await rows(connection, "SELECT state, sid FROM calls WHERE id = :id", id=call_id)
        kept = await rows(connection, "SELECT id FROM carrier_events WHERE call_id = :id", id=call_id)
    assert row == {"state": "UNKNOWN", "sid": None}
    assert len(kept) == 1
