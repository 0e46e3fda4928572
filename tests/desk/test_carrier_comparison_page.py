"""A day's comparison with the carrier on its page: the last one, one that is named, one that was never made."""

import io
import json

import openpyxl
import pytest
import sqlalchemy as sa

from settings import settings

FIGURES = {"calls_there": 52, "calls_here": 51, "recordings_there": 40, "recordings_here": 40, "differences": 52}


@pytest.fixture
def compared(desk_settings, day):
    """On the 22nd both sides were equal; on the 23rd they were not: one call of ours, and 51 that we never placed."""
    engine = sa.create_engine(desk_settings)
    with engine.begin() as c:
        [(call, case)] = c.execute(
            sa.text("SELECT call_id, min(case_id) FROM call_cases GROUP BY call_id ORDER BY call_id LIMIT 1")
        )
        differences = [
            {"code": "CALL_LENGTH_DIFFERS", "sid": "CA0", "call_id": call, "here": "61", "there": "95"},
            *({"code": "CALL_NOT_OURS", "sid": f"CA{n}", "call_id": None, "here": None, "there": "completed"}
              for n in range(1, 52)),
        ]  # fmt: skip
        for on, figures, found in (
            ("2026-09-22", FIGURES | {"differences": 0}, []),
            ("2026-09-23", FIGURES, differences),
        ):
            c.execute(
                sa.text("INSERT INTO carrier_comparisons VALUES (:on, :account, :figures, :found, '2026-09-24 05:30+08')"),
                {"on": on, "account": settings().twilio_account_sid, "figures": json.dumps(figures), "found": json.dumps(found)},
            )  # fmt: skip
    yield call, case
    with engine.begin() as c:
        c.execute(sa.text("DELETE FROM carrier_comparisons"))
    engine.dispose()


def test_the_last_day_is_shown_page_by_page(sign_in, compared):
    _, case = compared
    client = sign_in("lead", "en")
    page = client.get("/carrier-comparison").text
    assert 'value="2026-09-23"' in page and page.count("data-row") == 50
    assert "the two say that it lasted for different times" in page and f'href="/cases/{case}"' in page
    assert "52 at the carrier, 51 here" in page
    assert client.get("/carrier-comparison?day=2026-09-23&page=2").text.count("data-row") == 2


def test_who_may_not_open_cases_is_given_no_link(sign_in, compared):
    page = sign_in("operator", "zh").get("/carrier-comparison").text
    assert "双方的通话时长不同" in page and "/cases/" not in page


def test_an_equal_day_and_one_that_was_not_compared(sign_in, compared):
    client = sign_in("lead", "en")
    assert "Both sides know the same" in client.get("/carrier-comparison?day=2026-09-22").text
    assert "has not been compared" in client.get("/carrier-comparison?day=2026-09-01").text


def test_before_the_first_comparison(sign_in, day):
    assert "No day has been compared yet" in sign_in("lead", "en").get("/carrier-comparison").text


def test_the_export_has_every_row(sign_in, compared):
    call, case = compared
    answer = sign_in("lead", "en").get("/carrier-comparison/export.xlsx?day=2026-09-23")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert rows[0] == ("Difference", "Case", "Name at the carrier", "Our call", "Here", "At the carrier")
    assert rows[1][1:] == (case, "CA0", call, "61", "95") and len(rows) == 53
