"""The life of a script version, the text a call keeps, and the re-call of what a version left out."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules.script import digest
from scripts.call_scripts import UnknownScript, load_script
from storage import script_calls, script_versions
from storage.conversations import load
from storage.db import rows, transaction
from storage.script_versions import NotPossible

TODAY = date(2026, 9, 24)
NEW = replace(load_script("agency-health-single"), version=2, minutes=3)


@pytest.fixture(autouse=True)
def forgotten():
    """Texts of another test's database are not this one's."""
    script_versions._texts.clear()


async def to_state(state, script=NEW, now=None, effective=TODAY):
    async with transaction() as c:
        await script_versions.draft(c, script, "wang", now)
        if state != "DRAFT":
            await script_versions.review(c, script.id, "li", now)
        if state in ("PUBLISHED", "WITHDRAWN"):
            await script_versions.publish(c, script.id, "li", effective, now, today=TODAY)
        if state == "WITHDRAWN":
            await script_versions.withdraw(c, script.id, "li", "wording", now)


async def test_draft_reviewed_published_withdrawn(database, now):
    await to_state("WITHDRAWN", now=now)
    async with transaction() as c:
        one = await script_versions.version(c, NEW.id)
        told = await rows(c, "SELECT kind, data FROM events WHERE data ->> 'script' = :id ORDER BY id", id=NEW.id)
    assert (one.state, one.drafted_by, one.reviewed_by, one.published_by, one.withdrawn_by) == (
        "WITHDRAWN", "wang", "li", "li", "li",
    )  # fmt: skip
    assert [e["kind"] for e in told] == ["SCRIPT_DRAFTED", "SCRIPT_REVIEWED", "SCRIPT_PUBLISHED", "SCRIPT_WITHDRAWN"]
    assert {e["data"]["digest"] for e in told} == {digest(NEW)}


@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("DRAFT", lambda c, now: script_versions.publish(c, NEW.id, "li", TODAY, now, today=TODAY)),
        ("DRAFT", lambda c, now: script_versions.review(c, NEW.id, "wang", now)),
        ("REVIEWED", lambda c, now: script_versions.review(c, NEW.id, "zhao", now)),
        ("REVIEWED", lambda c, now: script_versions.draft(c, replace(NEW, minutes=9), "wang", now)),
        (
            "REVIEWED",
            lambda c, now: script_versions.publish(c, NEW.id, "li", TODAY - timedelta(days=1), now, today=TODAY),
        ),
        ("PUBLISHED", lambda c, now: script_versions.withdraw(c, NEW.id, "li", " ", now)),
        ("WITHDRAWN", lambda c, now: script_versions.withdraw(c, NEW.id, "li", "again", now)),
        ("WITHDRAWN", lambda c, now: script_versions.publish(c, NEW.id, "li", TODAY, now, today=TODAY)),
        ("DRAFT", lambda c, now: script_versions.draft(c, load_script("agency-health-single"), "wang", now)),
    ],
)
async def test_a_step_out_of_order_changes_nothing(database, now, state, step):
    await to_state(state, now=now)
    async with transaction() as c:
        before = await script_versions.version(c, NEW.id)
        with pytest.raises(NotPossible) as refused:
            await step(c, now)
        assert refused.value.zh and refused.value.en
        assert await script_versions.version(c, NEW.id) == before


async def test_a_draft_may_be_put_forward_again(database, now):
    await to_state("DRAFT", now=now)
    again = replace(NEW, minutes=2)
    await to_state("REVIEWED", again, now=now)
    async with transaction() as c:
        assert (await script_versions.script_of(c, NEW.id)).minutes == 2


@pytest.mark.parametrize(
    ("state", "day", "used"),
    [
        ("DRAFT", TODAY, "agency-health-single@1"),
        ("REVIEWED", TODAY, "agency-health-single@1"),
        ("PUBLISHED", TODAY, "agency-health-single@2"),
        ("PUBLISHED", TODAY - timedelta(days=1), "agency-health-single@1"),
        ("WITHDRAWN", TODAY, "agency-health-single@1"),
    ],
)
async def test_new_calls_use_what_is_published_and_in_force(database, now, state, day, used):
    await to_state(state, now=now)
    async with transaction() as c:
        shelf = await script_versions.read_shelf(c)
    assert shelf.name_for("AGENCY", "HEALTH", "SINGLE", day) == used


async def test_without_its_script_a_policy_has_none(database, now):
    async with transaction() as c:
        await script_versions.withdraw(c, "agency-health-single@1", "li", "an item is missing", now)
        shelf = await script_versions.read_shelf(c)
        listed = {one.id: one.state for one in await script_versions.versions(c)}
    assert shelf.name_for("AGENCY", "HEALTH", "SINGLE", TODAY) is None
    assert shelf.name_for("AGENCY", "HEALTH", "ANNUAL", TODAY) == "agency-health-regular@1"
    assert listed["agency-health-single@1"] == "WITHDRAWN"
    assert listed["bank-participating-regular@1"] == "WITHDRAWN"  # an earlier version


async def test_a_text_is_found_by_its_digest_whatever_the_file_says_now(database, now):
    old = replace(load_script("agency-health-single"), minutes=7)  # the same version said something else once
    async with transaction() as c:
        await script_versions.keep_texts(c, [old], now)
    async with transaction() as c:
        found = await rows(c, "SELECT digest FROM script_texts")
        with pytest.raises(UnknownScript):
            await script_versions.script_of(c, "agency-health-single@1", "0" * 64)
        await rows(
            c,
            "INSERT INTO script_texts (digest, document, kept_at) VALUES (:d, CAST(:t AS jsonb), :now) RETURNING digest",
            d=digest(old),
            t=json.dumps(old.to_json()),
            now=now,
        )
        kept = await script_versions.script_of(c, "agency-health-single@1", digest(old))
    assert len(found) == 1
    assert kept.minutes == 7


async def test_a_call_keeps_the_digest_of_its_text(a_call):
    call_id, _, _ = await a_call()
    async with transaction() as c:
        await rows(c, "UPDATE calls SET script_digest = 'abc' WHERE id = :id RETURNING id", id=call_id)
        await rows(c, "UPDATE calls SET sheet_sealed = :s WHERE id = :id RETURNING id", id=call_id, s=sheet_sealed())
        assert (await load(c, call_id)).script_digest == "abc"


def sheet_sealed():
    from rules.call_sheet import CallSheet, PersonFacts
    from storage.vault import vault

    sheet = CallSheet(PersonFacts("王芳"), (), "示例人寿", "95000", "8001", TODAY)
    return vault().seal(json.dumps(sheet.to_json()))


# ---------------------------------------------------------------- AC-25


async def completed(a_call, now, script="bank-participating-regular@1", completed=True, counts=True, **case):
    """A case closed by a completed callback under `script`."""
    call_id, case_id, person_id = await a_call(**case)
    async with transaction() as c:
        await rows(
            c,
            "UPDATE calls SET state = 'ENDED', result = 'COMPLETED', script = :s, answered_at = :now, ended_at = :now, "
            "settled_at = :now WHERE id = :id RETURNING id",
            s=script, id=call_id, now=now,
        )  # fmt: skip
        await rows(
            c,
            """INSERT INTO settlements (case_id, call_id, kind, round, result, "class", completed, counts, profile, decision,
                 settled_at) VALUES (:case, :call, 'CALL', 1, 'COMPLETED', 'STANDARD', :done, :counts, 'national@1',
                 CAST(:decision AS jsonb), :now) RETURNING id""",
            case=case_id, call=call_id, done=completed, counts=counts, now=now,
            decision=json.dumps({"settlement": {"counts": counts}}),
        )  # fmt: skip
        await rows(
            c,
            "UPDATE cases SET state = 'CLOSED', owner = 'CLOSED', counts = :counts, completed_at = :now WHERE id = :id "
            "RETURNING id",
            id=case_id, now=now, counts=counts,
        )  # fmt: skip
    return case_id


async def test_ac_25_only_the_missing_item_is_asked_again(a_call, now):
    """The report lists all calls under the version; what lacked the item no longer counts, with its trail."""
    case_id = await completed(a_call, now)
    async with transaction() as c:
        listed = await script_calls.calls_under(c, "bank-participating-regular@1")
        plan = await script_calls.to_recall(c, "bank-participating-regular@1", ["N3"])
        taken = await script_calls.recall(c, plan, by="li", why="the fee item was missing", now=now, today=TODAY)
        again = await script_calls.to_recall(c, "bank-participating-regular@1", ["N3"])
        case = (await rows(c, "SELECT * FROM cases WHERE id = :id", id=case_id))[0]
        settled = (await rows(c, "SELECT counts FROM settlements WHERE case_id = :id", id=case_id))[0]
        events = await rows(c, "SELECT kind, data FROM events WHERE case_id = :id ORDER BY id DESC LIMIT 2", id=case_id)
        counted = await script_calls.count_under(c, "bank-participating-regular@1")
    assert [row["case_id"] for row in listed] == [case_id]
    assert taken == (case_id,) and again.cases == ()
    assert (case["state"], case["owner"], case["round"], case["counts"], case["completed_at"]) == (
        "CALLABLE", "HEAD_OFFICE", 2, False, None,
    )  # fmt: skip
    assert settled["counts"] is False
    told = {e["kind"]: e["data"] for e in events}
    assert told["SCRIPT_RECALLED"]["items"] == ["N3"] and told["SCRIPT_RECALLED"]["was_completed_at"]
    assert (told["CASE_MOVED"]["from"], told["CASE_MOVED"]["to"], told["CASE_MOVED"]["round"]) == (
        "CLOSED",
        "CALLABLE",
        2,
    )
    assert (counted["cases"], counted["recalled"]) == (1, 1)


@pytest.mark.parametrize(
    ("items", "changes"),
    [
        (["N4"], {}),  # not asked of such a policy at all
        (["N3"], {"script": "bank-participating-regular@2"}),
        (["N3"], {"counts": False}),  # it counted for nothing anyhow
    ],
)
async def test_what_need_not_be_asked_again(a_call, now, items, changes):
    await completed(a_call, now, **changes)
    async with transaction() as c:
        plan = await script_calls.to_recall(c, "bank-participating-regular@1", items)
        assert await script_calls.recall(c, plan, by="li", why="x", now=now, today=TODAY) == ()
