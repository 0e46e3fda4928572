"""The calendar on the desk: seen by head office, changed with a reason after its consequences were shown."""

import pytest
import sqlalchemy as sa


@pytest.fixture
def one(desk_settings):
    """`one(sql)` → the first row."""
    engine = sa.create_engine(desk_settings)

    def ask(sql: str, **values):
        with engine.connect() as c:
            return c.execute(sa.text(sql), values).mappings().first()

    yield ask
    engine.dispose()


def token(client, path: str = "/calendar") -> str:
    return client.get(path).text.split('name="csrf" value="')[1].split('"')[0]


def test_an_unknown_year_says_so_and_what_rests_on_it(sign_in, day):
    page = sign_in("auditor", "en").get("/calendar?year=2027").text
    assert "The holidays of 2027 are not known" in page and "huifang calendar import FILE --year 2027" in page
    known = sign_in("auditor", "en").get("/calendar?year=2026").text
    assert "not known" not in known and "public holiday" in known and "make-up working day" in known


def test_who_may_see_it_and_who_may_change_it(sign_in, day):
    assert sign_in("staff").get("/calendar").status_code == 403
    for login, may in (("auditor", False), ("lead", False), ("compliance", True)):
        client = sign_in(login, "en")
        assert ("Override a day" in client.get("/calendar").text) is may
        wish = {"day": "2026-11-11", "kind": "HOLIDAY", "reason": "a storm", "csrf": token(client)}
        assert client.post("/calendar/preview", data=wish).status_code == (200 if may else 403)
        assert may or client.post("/calendar", data=wish).status_code == 403


def test_a_change_is_shown_first_then_made_with_who_and_why(sign_in, day, one):
    client = sign_in("compliance", "en")
    wish = {"day": "2026-11-12", "kind": "HOLIDAY", "reason": "flood in the city", "csrf": token(client)}
    shown = client.post("/calendar/preview", data=wish).text
    assert "working day →" in shown and "public holiday" in shown and "flood in the city" in shown
    assert one("SELECT kind FROM calendar_days WHERE day = '2026-11-12'") is None  # only tried out
    answer = client.post("/calendar", data=wish)
    assert (answer.status_code, answer.headers["location"]) == (303, "/calendar?year=2026&changed=0")
    stored = one("SELECT * FROM calendar_days WHERE day = '2026-11-12'")
    assert (stored["kind"], stored["source"], stored["changed_by"]) == ("HOLIDAY", "desk", "compliance")
    told = one("SELECT data FROM events WHERE kind = 'CALENDAR_CHANGED' ORDER BY id DESC")["data"]
    assert told["user"] == "compliance" and told["reasons"] == {"2026-11-12": "flood in the city"}
    page = client.get(answer.headers["location"]).text
    assert "The calendar was changed." in page and "flood in the city" in page


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"kind": "MAKE_UP"}, 422, "is no Saturday or Sunday"),
        ({"day": "2026-11-14", "kind": "WORKING"}, 422, "one that is worked is a make-up day"),
        ({"reason": "x"}, 422, ""),
        ({"kind": "FEAST"}, 422, ""),
        ({"csrf": "forged"}, 403, ""),
    ],
)
def test_what_cannot_be_is_refused(sign_in, day, one, change, status, words):
    client = sign_in("compliance", "en")
    wish = {"day": "2026-11-13", "kind": "HOLIDAY", "reason": "flood in the city", "csrf": token(client)} | change
    for path in ("/calendar/preview", "/calendar"):
        answer = client.post(path, data=wish)
        assert answer.status_code == status and words in answer.text
    assert one("SELECT day FROM calendar_days WHERE day BETWEEN '2026-11-13' AND '2026-11-14'") is None


def test_both_languages(sign_in, day):
    assert "节假日历" in sign_in("compliance", "zh").get("/calendar").text
