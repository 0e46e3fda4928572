"""The pages where a second person looks again: who opens which, both languages, and what each form sets going."""

import io
import re

import openpyxl
import pytest
import sqlalchemy as sa

from desk.exports import XLSX

PAGES = {
    "reviews": "/reviews",
    "reviews.xlsx": "/reviews/export.xlsx",
    "overrides": "/class-overrides",
    "overrides of all": "/class-overrides?state=all",
    "overrides.xlsx": "/class-overrides/export.xlsx",
    "override form": "/outcomes/1/override",
    "samples": "/quality-samples",
    "penalties": "/penalties",
    "penalties of all": "/penalties?state=all&branch=4401",
    "penalties.xlsx": "/penalties/export.xlsx",
    "measures": "/measures?first=2026-09-01&last=2026-10-31",
    "measures by channel": "/measures?first=2026-09-01&last=2026-10-31&by=channel",
    "measures by agent": "/measures?first=2026-09-01&last=2026-10-31&by=agent",
    "rows": "/measures/rows?first=2026-09-01&last=2026-10-31&figure=due",
    "rows.xlsx": "/measures/rows/export.xlsx?first=2026-09-01&last=2026-10-31&figure=due",
    "missed": "/missed-appointments",
    "missed.xlsx": "/missed-appointments/export.xlsx",
}
LOOKS_ON = set(PAGES) - {"override form"}
OPENS = {
    "lead": set(PAGES),
    "head": LOOKS_ON,
    "quality": set(PAGES),
    "auditor": LOOKS_ON,
    "compliance": LOOKS_ON,
    "operator": {"missed", "missed.xlsx"},
    "staff": set(),
    "province": {"measures", "measures by channel", "measures by agent", "rows", "rows.xlsx"},
}


@pytest.mark.parametrize("login", OPENS)
def test_each_role_opens_its_pages_and_no_other(sign_in, day, login):
    client = sign_in(login)
    opened = {name: client.get(path).status_code for name, path in PAGES.items()}
    assert opened == {name: 200 if name in OPENS[login] else 403 for name in PAGES}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", [path for path in PAGES.values() if "xlsx" not in path])
def test_a_page_speaks_one_language_and_shows_no_code(sign_in, day, path, lang):
    page = sign_in("lead", lang).get(path)
    text = re.sub(r"<[^>]*>", " ", page.text)
    assert page.status_code == 200
    assert re.findall(r"\b[A-Z]{2,}_[A-Z_]+\b|\b(?:PROPOSED|UPHELD|QUESTION|BRANCH|COMPLETED)\b", text) == []
    if lang == "en":
        assert not set(re.findall(r"[一-鿿]+", text)) & {"导出", "状态", "指标", "质检", "到期", "结论"}
