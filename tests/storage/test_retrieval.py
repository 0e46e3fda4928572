"""Requests, rights and plays in the database: each step with its event and its line, the judge content with all of them,
and what two people do at once."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from rules.calendar import Calendar
from rules.judge.access import AccessCheck
from rules.judge.history import Book, Event
from rules.parameters import DEFAULTS
from scripts.rule_profiles import load_profile
from storage import plays, retrieval
from storage.db import rows, transaction

NOW = datetime(2026, 9, 24, 2, 0, tzinfo=UTC)  # Thursday, 10:00 in Shanghai
PLAIN = Calendar({}, (2026,))
ROOM = {"HO/AUDIT", "B1/CS"}
USERS = {
    "asker": ("BRANCH_SUPERVISOR", "B1"),
    "mate": ("BRANCH_SUPERVISOR", "B1"),
    "dept": ("DEPARTMENT_HEAD", "B1"),
    "service": ("CUSTOMER_SERVICE_HEAD", "HO"),
    "center": ("CALL_CENTER_HEAD", "HO"),
    "leader": ("LEADER_IN_CHARGE", "HO"),
    "clerk": ("BRANCH_STAFF", "B1"),
    "checker": ("QUALITY", "HO"),
}


@pytest.fixture
async def desk(database, a_call):
    """One call with a recording in the archive, and the people."""
    call, case, _ = await a_call(call_id="call1")
    async with transaction() as c:
        await rows(
            c, "INSERT INTO branches (code, name, parent_code, kind) VALUES ('B1', '甲', 'HO', 'COUNTY') RETURNING code"
        )
        for login, (role, branch) in USERS.items():
            await rows(
                c,
                """INSERT INTO users (login, name, password_hash, roles, branch_code, disabled)
                   VALUES (:l, :l, '', CAST(:r AS jsonb), :b, false) RETURNING login""",
                l=login,
                r=json.dumps([role]),
                b=branch,
            )
        await _recording(c, call)
    return call, case


async def _recording(c, call):
    found = await rows(
        c,
        """INSERT INTO recordings (call_id, provider_id, state, loudness, tries, reported_at, verified_at)
           VALUES (:c, 'RE1', 'VERIFIED', '{}', 0, :now, :now) RETURNING id""",
        c=call,
        now=NOW,
    )
    await rows(
        c,
        """INSERT INTO data_keys (id, subject, wrapped, kek, made_at, wrapped_at)
           VALUES ('k1', 'recording:1', '', 'v', :now, :now) RETURNING id""",
        now=NOW,
    )
    await rows(
        c,
        """INSERT INTO archive_objects (kind, recording_id, call_id, began_on, bucket, object_key, version_id, form,
             data_key_id, content_type, sha256, sha512, bytes, plain_sha256, plain_bytes, retain_until, stored_at, checked_at,
             retention_at)
           VALUES ('RECORDING', :r, :c, '2026-09-24', 'b', 'o', 'v', 'HFS1', 'k1', 'audio/flac', '', '', 1, '', 1, :now, :now,
             :now, :now) RETURNING id""",
        r=found[0]["id"],
        c=call,
        now=NOW,
    )


async def ask(purpose="DISPUTE", login="asker", listeners=("asker",), **more):
    given = {"dispute": "争议 7", "why": "客户称未被告知", "letter": "函 3", "recordings": ["RE1"]} | more
    async with transaction() as c:
        return await retrieval.ask(c, login, purpose=purpose, listeners=listeners, now=NOW, calendar=PLAIN, **given)


async def sign(request_id, *who, now=NOW):
    for login in who:
        async with transaction() as c:
            granted = await retrieval.sign(c, request_id, login, now)
    return granted


async def grant(**more):
    request_id = await ask(**more)
    assert await sign(request_id, "dept", "service", "center")
    return request_id


async def confirm(request_id, login="asker"):
    async with transaction() as c:
        await retrieval.confirm_privacy(c, request_id, login, NOW)


async def play(right_id, login="asker", kind="RETRIEVAL", here=ROOM, now=NOW, recording="RE1"):
    async with transaction() as c:
        who = await retrieval.person(c, login)
        return await plays.begin(c, who, recording, kind, right_id, here=here, now=now)


async def told():
    """Every event of access, and the same from the ledger: they must be equal."""
    async with transaction() as c:
        events = await rows(c, "SELECT id, at, kind, case_id, call_id, data FROM events ORDER BY id")
        lines = await rows(c, "SELECT kind, body FROM ledger ORDER BY seq")
    access = [
        event for event in events if event["kind"].startswith(("RETRIEVAL", "PRIVACY", "RECORDING_", "PLAY", "QUALITY"))
    ]
    bodies = [json.loads(line["body"]) for line in lines]
    assert [event["id"] for event in access if event["kind"] != "RETRIEVAL_REMINDED"] == [
        body["event"] for body in bodies
    ]
    assert all(body["data"] == next(e["data"] for e in access if e["id"] == body["event"]) for body in bodies)
    return access


def judged(events):
    check = AccessCheck(Book(load_profile, PLAIN, NOW))
    return [
        broken.message_en
        for broken in check.events(
            Event(e["id"], e["at"], e["kind"], e["case_id"], e["call_id"], None, e["data"]) for e in events
        )
    ]


async def test_a_request_goes_its_way_and_the_judge_agrees(desk):
    request_id = await ask()
    async with transaction() as c:
        request, _ = await retrieval.find(c, request_id)
    assert request.branches == ("B1", "HO") and request.state == "PENDING"
    assert request.due_at == datetime(2026, 9, 28, 16, tzinfo=UTC)  # until Monday ends in Shanghai
    assert not await sign(request_id, "dept", "service")
    decision, none = await play(request_id)
    assert (decision.code, none) == ("NO_RIGHT", None)
    assert await sign(request_id, "center")
    assert (await play(request_id))[0].code == "PRIVACY_NOT_CONFIRMED"
    await confirm(request_id)
    await confirm(request_id)  # twice is once
    decision, begun = await play(request_id)
    assert decision and begun.place == "B1/CS"
    async with transaction() as c:
        who = await retrieval.person(c, "asker")
        for first, end in ((0, 100), (100, 200), (900, 1000), (0, 100)):
            found = await plays.find(c, begun.id)
            assert await plays.go_on(c, found, who, here=ROOM, now=NOW, first=first, end=end, to_ms=first)
        assert await plays.seek(c, await plays.find(c, begun.id), who, 77, here=ROOM, now=NOW)
    events = await told()
    assert [e["kind"] for e in events] == [
        "RETRIEVAL_REQUESTED", "RETRIEVAL_SIGNED", "RETRIEVAL_SIGNED", "PLAY_REFUSED", "RETRIEVAL_SIGNED",
        "RETRIEVAL_GRANTED", "PLAY_REFUSED", "PRIVACY_CONFIRMED", "RECORDING_PLAYED", "RECORDING_SEEKED",
        "RECORDING_SEEKED", "RECORDING_SEEKED",
    ]  # fmt: skip
    assert [e["data"]["to_ms"] for e in events[-3:]] == [900, 0, 77]  # what follows on is no jump
    assert judged(events) == []


async def test_the_right_ends_with_revocation_time_place_and_rank(desk):
    request_id = await grant(listeners=("asker", "mate"))
    await confirm(request_id)
    _, begun = await play(request_id)
    assert (await play(request_id, "mate"))[0].code == "PRIVACY_NOT_CONFIRMED"
    assert (await play(request_id, here=set()))[0].code == "WRONG_PLACE"
    assert (await play(request_id, here={"HO/AUDIT"}))[0].code == "WRONG_PLACE"
    assert (await play(request_id, "clerk"))[0].code == "NOT_A_LISTENER"
    assert (await play(request_id, now=NOW + timedelta(days=7)))[0].code == "EXPIRED"
    assert (await play(999))[0].code == "NO_RIGHT"
    assert (await play(request_id, recording="RE-other"))[0].code == "NO_RIGHT"
    async with transaction() as c:
        await rows(c, """UPDATE users SET roles = '["BRANCH_STAFF"]' WHERE login = 'asker' RETURNING login""")
    assert (await play(request_id))[0].code == "BELOW_RANK"
    async with transaction() as c:
        await rows(c, """UPDATE users SET roles = '["BRANCH_SUPERVISOR"]' WHERE login = 'asker' RETURNING login""")
        await retrieval.revoke(c, request_id, "center", "用途不符", NOW)
    async with transaction() as c:
        who, other = await retrieval.person(c, "asker"), await retrieval.person(c, "mate")
        found = await plays.find(c, begun.id)
        more = {"here": ROOM, "now": NOW}
        assert (await plays.go_on(c, found, who, first=0, end=9, to_ms=0, **more)).code == "REVOKED"
        assert (await plays.seek(c, found, who, 5, **more)).code == "REVOKED"
        assert (await plays.still(c, found, other, **more)).code == "NOT_A_LISTENER"
        late = {"here": ROOM, "now": NOW + timedelta(hours=12)}
        assert (await plays.still(c, found, who, **late)).code == "PLAY_OVER"
    events = await told()
    assert [e["data"]["reason"] for e in events if e["kind"] == "PLAY_REFUSED"] == [
        "PRIVACY_NOT_CONFIRMED", "WRONG_PLACE", "WRONG_PLACE", "NOT_A_LISTENER", "EXPIRED", "NO_RIGHT", "NO_RIGHT",
        "BELOW_RANK", "REVOKED", "REVOKED", "NOT_A_LISTENER", "PLAY_OVER",
    ]  # fmt: skip
    assert judged(events) == []


async def refusal(work):
    with pytest.raises(retrieval.Refused) as refused:
        await work
    return refused.value.decision.code


async def test_what_is_refused_leaves_nothing_behind(desk):
    assert await refusal(ask(login="clerk")) == "BELOW_RANK"
    assert await refusal(ask(recordings=["RE1", "RE-none"])) == "NO_RECORDING"
    assert await refusal(ask(listeners=("asker", "nobody"))) == "NO_LISTENER"
    assert await refusal(ask(listeners=("clerk",))) == "LISTENER_BELOW_RANK"
    assert await told() == []
    request_id = await ask()
    assert await refusal(sign(request_id, "service")) == "NOT_YOUR_TURN"
    assert await refusal(sign(request_id, "asker")) == "OWN_REQUEST"
    await sign(request_id, "dept")
    assert await refusal(sign(request_id, "dept")) == "SIGNED_ALREADY"
    assert [e["kind"] for e in await told()] == ["RETRIEVAL_REQUESTED", "RETRIEVAL_SIGNED"]
    with pytest.raises(LookupError):
        await sign(999, "dept")


async def test_a_lawsuit_takes_the_leader_too(desk):
    request_id = await ask("LITIGATION", dispute="")
    assert not await sign(request_id, "dept", "service", "center")
    assert await sign(request_id, "leader")
    assert judged(await told()) == []


async def copy(request_id, login="center", call="call1", now=NOW):
    async with transaction() as c:
        await retrieval.allow_copy(c, request_id, login, call, now)


async def test_a_sealed_copy_leaves_for_a_lawsuit_alone(desk):
    lawsuit, dispute = await ask("LITIGATION"), await grant()
    assert await refusal(copy(lawsuit)) == "NO_RIGHT"
    await sign(lawsuit, "dept", "service", "center", "leader")
    await copy(lawsuit)
    assert await refusal(copy(dispute)) == "NOT_LITIGATION"
    assert await refusal(copy(99)) == "NO_RIGHT"
    assert await refusal(copy(lawsuit, "service")) == "NOT_CALL_CENTER"
    assert await refusal(copy(lawsuit, "nobody")) == "NOT_CALL_CENTER"
    assert await refusal(copy(lawsuit, call="another")) == "NO_RIGHT"
    assert await refusal(copy(lawsuit, now=NOW + timedelta(days=7))) == "NO_RIGHT"
    async with transaction() as c:
        await retrieval.revoke(c, lawsuit, "service", "案件已结", NOW)
    assert await refusal(copy(lawsuit)) == "NO_RIGHT"


async def test_an_application_may_be_refused_or_taken_back(desk):
    first, second = await ask(), await ask()
    async with transaction() as c:
        await retrieval.refuse(c, first, "dept", "理由不充分", NOW)
        await retrieval.withdraw(c, second, "asker", NOW)
    for request_id in (first, second):
        assert await refusal(sign(request_id, "dept")) == "DECIDED"
    refused = next(e for e in await told() if e["kind"] == "RETRIEVAL_REFUSED")
    assert refused["data"] == {"request_id": first, "user": "dept", "reason": "NOT_AGREED"}  # its words stay in the row


async def test_two_who_sign_at_once_are_one_after_the_other(desk):
    async with transaction() as c:
        await rows(c, """UPDATE users SET roles = '["DEPARTMENT_HEAD"]' WHERE login = 'mate' RETURNING login""")
    request_id = await ask()
    both = await asyncio.gather(sign(request_id, "dept"), sign(request_id, "mate"), return_exceptions=True)
    assert sorted(type(one).__name__ for one in both) == ["Refused", "bool"]
    with pytest.raises(IntegrityError):  # the database itself keeps that nobody gives two
        async with transaction() as c:
            await rows(
                c,
                """INSERT INTO retrieval_signatures SELECT request_id, 'CUSTOMER_SERVICE', signed_by, signed_at
                   FROM retrieval_signatures RETURNING request_id""",
            )


async def test_a_checker_hears_what_is_his_until_the_check_ends(desk):
    call, case = desk
    async with transaction() as c:
        await _assigned(c, call, case)
    decision, begun = await play(1, "checker", "QUALITY")
    assert decision and begun.place == "HO/AUDIT"
    assert (await play(1, "asker", "QUALITY"))[0].code == "NO_RIGHT"
    assert (await play(1, "checker", "QUALITY", here={"B1/CS"}))[0].code == "WRONG_PLACE"
    assert (await play(2, "checker", "QUALITY"))[0].code == "NO_RIGHT"
    assert (await play(1, "checker", "RETRIEVAL"))[0].code == "NO_RIGHT"
    async with transaction() as c:
        await rows(c, "UPDATE quality_assignments SET ended_at = :now RETURNING id", now=NOW)
        who = await retrieval.person(c, "checker")
        assert (await plays.still(c, await plays.find(c, begun.id), who, here=ROOM, now=NOW)).code == "EXPIRED"


async def _assigned(c, call, case):
    settlement = await rows(
        c,
        """INSERT INTO settlements (case_id, call_id, kind, round, result, completed, counts, profile, decision, settled_at)
           VALUES (:case, :call, 'CALL', 1, 'COMPLETED', true, true, 'national@1', '{}', :now) RETURNING id""",
        case=case,
        call=call,
        now=NOW,
    )
    sample = await rows(
        c,
        """INSERT INTO quality_samples (kind, period, first, last, start, population, population_digest, profile, withdrawn,
             drawn_by, known_at)
           VALUES ('QUALITY_SHARE', '2026-08', '2026-08-01', '2026-08-31', 0, 1, '', 'national@1', '[]', 'x', :now)
           RETURNING id""",
        now=NOW,
    )
    check = await rows(
        c,
        """INSERT INTO quality_checks (sample_id, settlement_id, case_id, call_id, channel, product_type, why, state,
             differences, quality_items)
           VALUES (:sample, :settlement, :case, :call, 'x', 'x', 'SAMPLE', 'OPEN', '[]', '[]') RETURNING id""",
        sample=sample[0]["id"],
        settlement=settlement[0]["id"],
        case=case,
        call=call,
    )
    await rows(
        c,
        """INSERT INTO quality_assignments (check_id, call_id, recording, checker, place, assigned_by, assigned_at)
           VALUES (:check, :call, 'RE1', 'checker', 'HO/AUDIT', 'x', :now) RETURNING id""",
        check=check[0]["id"],
        call=call,
        now=NOW,
    )


async def test_who_does_not_decide_in_time_is_reminded_once(desk):
    late, decided = await ask(), await ask()
    await sign(late, "dept")
    async with transaction() as c:
        await retrieval.withdraw(c, decided, "asker", NOW)
        request, _ = await retrieval.find(c, late)
        assert await retrieval.remind(c, request.due_at - timedelta(seconds=1)) == 0
        assert await retrieval.remind(c, request.due_at) == 1
        assert await retrieval.remind(c, request.due_at + timedelta(days=9)) == 0
    [reminded] = [e for e in await told() if e["kind"] == "RETRIEVAL_REMINDED"]
    assert reminded["data"] == {"request_id": late, "function": "CUSTOMER_SERVICE"}


async def test_the_party_concerned_is_refused_on_record(desk):
    async with transaction() as c:
        refused, steps = await retrieval.refused_at_the_counter(c, "clerk", "RE1", "B1/CS", NOW, PLAIN)
    assert refused.rule == "R116" and len(steps) == 4
    [event] = await told()
    assert (event["data"]["reason"], event["data"]["place"]) == ("CUSTOMER_PRESENT", "B1/CS")


async def test_the_strictest_rules_of_the_calls_hold(desk):
    async with transaction() as c:
        assert (await retrieval.profile_of(c, ["RE1"]))["recording.play_days"] == DEFAULTS["recording.play_days"]
