"""The player in a real browser: it plays what was really archived, jumps by the items, and stops when the right ends."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from rules.calendar import SHANGHAI
from tests.desk.test_in_a_browser import ROOT, address, browser, sign_in, violations  # noqa: F401
from tests.desk.test_retrievals import recorded  # noqa: F401

NOW = datetime(2026, 9, 24, 10, 31, tzinfo=SHANGHAI)


@pytest.fixture
def granted(desk_settings, recorded) -> Iterator[sa.Engine]:  # noqa: F811
    """A grant for `boss`, who was reminded, with the ledger's lines left out: the player is what is tried here."""
    engine = sa.create_engine(desk_settings)
    with engine.begin() as c:
        c.execute(
            sa.text(
                """INSERT INTO retrieval_requests (applicant, branches, purpose, dispute, why, listeners, places, profile, state,
                     requested_at, due_at, begins, ends) VALUES ('boss', '["4401", "44", "00"]', 'DISPUTE', '争议 7 号', '核对',
                     '["boss"]', '["4401/CS"]', 'national@1', 'GRANTED', :now, :ends, :now, :ends)"""
            ),
            {"now": NOW - timedelta(hours=1), "ends": NOW + timedelta(days=6)},
        )
        c.execute(sa.text("INSERT INTO retrieval_recordings VALUES (1, 'RE0', 'call-0')"))
        c.execute(sa.text("INSERT INTO privacy_confirmations VALUES (1, 'boss', :now)"), {"now": NOW})
        # two items on the way through the twenty seconds
        c.execute(sa.text("UPDATE answers SET answered_at = :at WHERE call_id = 'call-0' AND step = 'I1'"), {"at": NOW})
        c.execute(sa.text("UPDATE calls SET answered_at = :at WHERE id = 'call-0'"), {"at": NOW - timedelta(seconds=6)})
        c.execute(
            sa.text("UPDATE answers SET answered_at = :at WHERE call_id = 'call-0' AND step = 'M1'"),
            {"at": NOW + timedelta(seconds=8)},
        )
        for at, step in ((NOW - timedelta(seconds=4), "I1"), (NOW, "M1")):
            c.execute(
                sa.text(
                    "INSERT INTO events (at, kind, call_id, data) VALUES (:at, 'TURN', 'call-0', CAST(:data AS jsonb))"
                ),
                {"at": at, "data": json.dumps({"said": [{"step": step, "id": f"{step}.ask"}], "identity": "PROVEN"})},
            )
    yield engine
    engine.dispose()


# both channels: blue above, green below
DRAWN = """() => {
  const canvas = document.getElementById("wave"), pen = canvas.getContext("2d");
  const has = (y, colour) => {
    const row = pen.getImageData(0, y, canvas.width, 1).data;
    for (let i = 0; i < row.length; i += 4) if (row[i + 3] && row[i + colour] > 120) return true;
    return false;
  };
  return has(45, 2) && has(135, 1);
}"""


def until(page: Page, true: str) -> None:
    """Asked from here: the page's own policy forbids to evaluate a text in it."""
    for _ in range(400):
        if page.evaluate(true):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never: {true}")


def events(engine: sa.Engine, kind: str) -> list[dict]:
    with engine.begin() as c:
        return [
            data for (data,) in c.execute(sa.text("SELECT data FROM events WHERE kind = :k ORDER BY id"), {"k": kind})
        ]


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:  # noqa: F811
    context = browser.new_context(base_url=address, locale="zh-CN", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.refused = []
    page.on("console", lambda message: page.refused.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.refused.append(str(error)))
    yield page
    context.close()


def test_it_plays_jumps_and_stops(page, granted):
    sign_in(page, "boss")
    page.goto("/retrievals/1")
    page.get_by_role("button", name="听取").click()
    expect(page.locator("#sound")).to_be_visible()
    assert [one["user"] for one in events(granted, "RECORDING_PLAYED")] == ["boss"]
    until(page, DRAWN)
    sound = page.locator("#sound")
    sound.evaluate("a => { a.muted = true; return a.play() }")
    until(page, "() => document.getElementById('sound').currentTime > 0.2")
    assert sound.evaluate("a => Math.round(a.duration)") == 20
    marks = page.locator(".marks button")
    expect(marks).to_have_count(2)
    # from the turn that asks to the answer, on the recording's own scale
    assert [(m.get_attribute("data-begins"), m.get_attribute("data-until")) for m in marks.all()] == [
        ("2000", "6000"),
        ("6000", "14000"),
    ]
    marks.nth(1).click()
    until(page, "() => document.getElementById('sound').currentTime >= 6")
    expect(page.locator(".marks li.now")).to_have_count(1)
    for _ in range(100):
        if events(granted, "RECORDING_SEEKED"):
            break
        page.wait_for_timeout(50)
    assert {6000} <= {round(one["to_ms"], -3) for one in events(granted, "RECORDING_SEEKED")}
    assert page.refused == []  # nothing that the page's own policy forbids

    with granted.begin() as c:
        c.execute(sa.text("UPDATE retrieval_requests SET state = 'REVOKED'"))
    marks.nth(0).click()
    expect(page.locator("#told")).to_contain_text("听取权限已终止")
    assert sound.evaluate("a => a.paused && !a.getAttribute('src')")
    assert events(granted, "PLAY_REFUSED")[-1]["reason"] == "REVOKED"
    with granted.begin() as c:
        c.execute(sa.text("UPDATE retrieval_requests SET state = 'GRANTED'"))

    axe = ROOT / "node_modules/axe-core/axe.min.js"
    found = []
    for path in (
        "/retrievals",
        "/retrievals/1",
        "/retrievals/new",
        "/retrievals/counter",
        "/recordings",
        "/recordings/RE0",
    ):
        page.goto(path)
        found += violations(page, axe)
    page.goto("/retrievals/1")
    page.get_by_role("button", name="听取").click()
    found += violations(page, axe)
    assert found == []
    assert json.dumps(events(granted, "RECORDING_PLAYED")).count("boss") == 2
