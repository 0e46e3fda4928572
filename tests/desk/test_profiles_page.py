"""Which rule layers hold for which branch, whose each value is, and a branch's layer put on file at head office."""

import pytest
import sqlalchemy as sa


@pytest.fixture
def bound_to_a_place(desk_settings):
    """The province 44 under the local rules that shipped with us; given back afterwards."""
    engine = sa.create_engine(desk_settings)
    with engine.begin() as c:
        c.execute(sa.text("UPDATE branches SET jurisdiction = '500000' WHERE code = '44'"))
    yield engine
    with engine.begin() as c:
        c.execute(sa.text("UPDATE branches SET jurisdiction = NULL"))
        c.execute(sa.text("DELETE FROM filed_profiles"))
    engine.dispose()


def token(client) -> str:
    return client.get("/profiles").text.split('name="csrf" value="')[1].split('"')[0]


def test_who_may_see_it(sign_in, day):
    seen = {
        login: sign_in(login).get("/profiles").status_code
        for login in ("lead", "auditor", "operator", "staff", "province")
    }
    assert seen == {"lead": 200, "auditor": 200, "operator": 200, "staff": 403, "province": 403}


def test_each_value_with_whose_it_is(sign_in, day, bound_to_a_place):
    client = sign_in("auditor", "en")
    whole = client.get("/profiles?q=script.simplified").text
    assert "national@1 (national)" in whole and "local-2g@1" in whole  # the branches' column
    local = client.get("/profiles?branch=4401&q=script.simplified").text
    assert "local-2g@1 (local)" in local and "inherited" in local
    assert "No parameter fits this filter" in client.get("/profiles?q=script.simplified&differing=1").text
    assert client.get("/profiles?branch=nowhere").status_code == 404
    assert "全国" in sign_in("auditor", "zh").get("/profiles").text


def test_a_layer_is_filed_and_withdrawn_by_compliance_alone(sign_in, day, bound_to_a_place):
    client = sign_in("compliance", "en")
    wish = {"branch": "44", "name": "branch-example", "csrf": token(client)}
    assert sign_in("lead").post("/profiles/file", data=wish).status_code == 403
    client = sign_in("compliance", "en")
    wish["csrf"] = token(client)
    assert client.post("/profiles/file", data=wish).headers["location"] == "/profiles?branch=44"
    assert "branch-example@1" in client.get("/profiles?branch=4401&channel=BANK_DIRECT").text
    client.post("/profiles/withdraw", data=wish)
    page = client.get("/profiles?branch=4401&channel=BANK_DIRECT").text
    assert "Withdrawn" in page and "compliance" in page
    with bound_to_a_place.connect() as c:
        kinds = c.execute(sa.text("SELECT kind FROM events WHERE kind LIKE 'PROFILE_%' ORDER BY id")).scalars().all()
    assert kinds[-2:] == ["PROFILE_FILED", "PROFILE_WITHDRAWN"]


def test_a_refusal_says_why(sign_in, day, bound_to_a_place):
    client = sign_in("compliance", "en")
    answer = client.post("/profiles/file", data={"branch": "33", "name": "branch-example", "csrf": token(client)})
    assert answer.status_code == 422 and "have none of" in answer.text
    client = sign_in("compliance", "zh")
    answer = client.post("/profiles/file", data={"branch": "33", "name": "company-example", "csrf": token(client)})
    assert "不是机构版" in answer.text
