"""Each server of a running day goes away and comes back by `huifang up`; `huifang doctor` names it meanwhile."""

import os
import signal
import time

import httpx
import pytest


def named(day, check: str) -> None:
    """Doctor says that it is down and how to mend it."""
    found = day.installation.doctor()[check]
    assert (found["state"], found["fix"]) == ("error", "huifang up"), found


def test_carrier_killed_and_stopped_and_archive_killed(a_day):
    day = a_day(20, seed=12, HUIFANG_TWILIO_CONCURRENT="3", HUIFANG_TWILIO_TIMEOUT="3")
    time_passes, run = day.passing(), day.run()

    # killed: whoever was talking is cut off, with a recording of what was said so far
    cut_off = day.until(day.talking, "two people talking", run)
    day.installation.kill("carrier")
    named(day, "carrier")
    day.installation.up()
    talks = "SELECT count(*) FROM calls WHERE id = ANY(%s) AND carrier_status = 'completed' AND settled_at IS NOT NULL"
    day.until(lambda: day.one(talks, cut_off) == len(cut_off), "who was cut off is settled", run)
    kept = "SELECT count(DISTINCT call_id) FROM recordings WHERE call_id = ANY(%s) AND version_id IS NOT NULL"
    assert day.one(kept, cut_off) == len(cut_off)

    # frozen: creates run into their time limit, and the calls come about all the same
    day.until(lambda: day.talking(1), "somebody talking", run)
    os.kill(day.installation.pid("carrier"), signal.SIGSTOP)
    time.sleep(5)
    os.kill(day.installation.pid("carrier"), signal.SIGCONT)

    # the archive: recordings wait at the carrier
    day.installation.kill("s3")
    waiting = "SELECT id FROM recordings WHERE state = 'REPORTED' AND problem = 'ArchiveUnreachable'"
    held = [row["id"] for row in day.until(lambda: day.sql(waiting), "a recording waiting for the archive", run)]
    named(day, "archive")
    day.installation.up()

    day.check_end(run)
    day.check_recordings_are_kept()
    assert day.one("SELECT count(*) FROM recordings WHERE id = ANY(%s) AND tries = 1", held) == len(held)
    assert time_passes.wait(30) == 0


def test_database_and_prefect_killed(a_day):
    day = a_day(24, seed=13, HUIFANG_TWILIO_CONCURRENT="3")

    # Prefect is gone before the start: nobody is rung, nothing is lost
    day.installation.kill("prefect")
    named(day, "schedules")
    time_passes, run = day.passing("20:45"), day.run()
    with pytest.raises(AssertionError, match="not within"):
        day.until(lambda: day.one("SELECT count(*) FROM calls"), "somebody is rung", run, seconds=8)
    day.installation.up()

    # the database in mid-call: the desk says so at once, the carrier goes to the fallback
    day.until(day.talking, "two people talking", run)
    attempts = day.one("SELECT count(*) FROM calls")
    day.installation.kill("postgres")
    desk = day.installation.stack.environment()["HUIFANG_PUBLIC_URL"]

    answer = httpx.get(f"{desk}/readyz", trust_env=False, timeout=2)
    assert answer.status_code == 503
    named(day, "database")
    day.installation.up()
    assert httpx.get(f"{desk}/readyz", trust_env=False, timeout=5).status_code in (200, 503)
    day.until(lambda: day.one("SELECT count(*) FROM calls") > attempts, "the dialler goes on", run)
    asked = day.carrier("GET", "/control/log", params={"event": "twiml"}).json()["events"]
    refused = [e for e in asked if "/twilio/voice/" in e["url"] and e["http"] == 503]
    assert refused
    assert max(e["ms"] for e in refused) < 6000
    assert any("/twilio/fallback/" in e["url"] and e["http"] == 200 for e in asked)

    # Prefect in the middle: calls go on without it, and it is back for the next flows
    day.installation.kill("prefect")
    attempts = day.one("SELECT count(*) FROM calls")
    day.until(lambda: day.one("SELECT count(*) FROM calls") > attempts, "the dialler needs no server", run)
    day.installation.up()

    # Prefect at the end: the window ends without it
    assert time_passes.wait(120) == 0
    day.installation.kill("prefect")
    assert day.passing("21:05").wait(60) == 0
    time.sleep(3)
    assert run.poll() is None, "the run ended without its last flows"
    day.installation.up()

    day.check_end(run)
    day.check_recordings_are_kept()
