"""Relatives who share a number, at the desk: entered by one, confirmed by another, taken back with a reason."""

import html
import re

NEW = {"policy": "P20260000000", "other": "P20260000003", "relation": "SPOUSE", "evidence": "结婚证复印件，档案 12"}


def token(client) -> str:
    return client.get("/family-ties").text.split('name="csrf" value="')[1].split('"')[0]


def post(client, path, **data):
    return client.post(path, data={**data, "csrf": token(client)})


def test_who_opens_it_and_who_enters(sign_in, day):
    seen = {
        login: (client := sign_in(login)).get("/family-ties").status_code
        for login in ("lead", "auditor", "quality", "operator", "staff", "province")
    }
    assert client is not None
    assert seen == {"lead": 200, "auditor": 200, "quality": 200, "operator": 403, "staff": 403, "province": 403}
    assert post(sign_in("auditor"), "/family-ties", **NEW).status_code == 403
    assert "None here" in sign_in("auditor", "en").get("/family-ties").text


def test_two_persons_and_a_reason(sign_in, day):
    lead = sign_in("lead", "zh")
    refused = post(lead, "/family-ties", **NEW | {"other": "P-9"})
    assert refused.status_code == 422 and "没有保单P-9" in refused.text and NEW["evidence"] in refused.text
    assert post(lead, "/family-ties", **NEW).headers["location"] == "/family-ties?state=PROPOSED"
    page = lead.get("/family-ties").text
    assert "P20260000000" not in page and "夫妻" not in page and "配偶" in page
    tie = re.search(r"/family-ties/(\d+)/withdraw", page)[1]
    assert f"/family-ties/{tie}/decide" not in page  # not by who entered it
    assert post(lead, f"/family-ties/{tie}/decide", verdict="CONFIRM").status_code == 403
    quality = sign_in("quality", "en")
    assert f"/family-ties/{tie}/decide" in quality.get("/family-ties").text
    assert post(quality, f"/family-ties/{tie}/decide", verdict="CONFIRM").status_code == 303
    again = post(quality, f"/family-ties/{tie}/decide", verdict="REJECT")
    assert again.status_code == 422 and "decided already" in again.text
    case = sign_in("lead", "en").get(f"/cases/{day.asked}").text
    assert f"Family relation no. {tie} confirmed by quality" in html.unescape(case)
    assert 'href="/family-ties"' in case
    lead = sign_in("lead", "en")
    assert post(lead, f"/family-ties/{tie}/withdraw", why=" ").status_code == 422
    assert post(lead, f"/family-ties/{tie}/withdraw", why="entered by mistake").status_code == 303
    page = lead.get("/family-ties?state=TAKEN_BACK").text
    assert "entered by mistake" in page and "taken back" in page
    assert post(lead, "/family-ties/999/withdraw", why="x").status_code == 404
