"""A whole call of an agent in a real browser, by keyboard alone, with a simulated customer at the carrier."""

import json
import re
import shutil
from collections.abc import AsyncIterator
from datetime import date
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, async_playwright, expect

from storage.vault import vault


@pytest.fixture
async def page(house) -> AsyncIterator[Page]:
    """The agent's browser, signed in; what its own security policy refuses, and every script error, fails the test."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("Chromium is missing: apt-get install chromium")
    wrong: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--no-proxy-server"])
        context = await browser.new_context(
            base_url=house.base, locale="zh-CN", viewport={"width": 1280, "height": 800}
        )
        [(name, value)] = house.seats["meng"].http.cookies.items()
        await context.add_cookies(
            [{"name": name, "value": value, "domain": urlsplit(house.base).hostname, "path": "/"}]
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.set_default_timeout(60_000)
        yield page
        await browser.close()
    assert wrong == []


async def test_a_whole_call_by_keyboard(house, page):
    # time passes by itself: a browser waits for nobody
    async with house.running(speed=10.0):
        call = await by_keyboard(house, page)
    done = await house.settled(call["id"])
    assert (done["completed"], done["counts"], done["class"]) == (True, True, "STANDARD")
    assert not re.search(r"[A-Z]{4,}_[A-Z]", await page.locator("main").inner_text()), "a code on the page"
    assert await house.judged() == ()


async def by_keyboard(house, page) -> dict:
    """From the next case to the wrap-up; the call."""
    patient = expect
    expect.set_options(timeout=60_000)
    await page.goto("/agent")
    await page.keyboard.press("n")
    await patient(page.locator("#bench")).to_have_attribute("data-stage", "TAKEN")
    await page.keyboard.press("k")
    await patient(page.locator("#bench")).to_have_attribute("data-stage", "TALKING")
    await patient(page.locator("#answer")).to_be_visible()
    call = house.sql("SELECT id, sheet_sealed FROM calls")[0]
    sheet = json.loads(vault().open(bytes(call["sheet_sealed"])))
    policy, person = sheet["policies"][0], sheet["person"]
    born = date.fromisoformat(person["birth_date"]) if person["birth_date"] else None
    told = {
        "出生日期": f"{born.year}年{born.month}月{born.day}日" if born else "",
        "后四位": person["id_last4"],
        "区县": person["district"],
    }
    proven = False
    for _ in range(80):
        if await page.locator("#answer").count() == 0:
            break
        shown = await page.content()
        if not proven:
            for fact in (policy["product_name"], policy["policy_no"], f"{float(policy['premium']):,.0f}"):
                assert fact not in shown, "a fact of the policy before identity"
        turn = await page.locator("input[name=turn]").get_attribute("value")
        field = page.locator("#answer input[autofocus]")
        if await field.count():
            await patient(field).to_be_focused()
            label = await page.locator("label[for^=words]").inner_text()
            await page.keyboard.type(next(words for name, words in told.items() if name in label))
            await page.keyboard.press("Enter")
        elif await page.locator("#day").count():
            await page.locator("#day").fill("2026-09-12")
            await page.keyboard.press("Enter")
        else:
            await page.keyboard.press("1")
        await page.wait_for_function(
            "seen => document.querySelector('input[name=turn]')?.value !== seen", arg=turn, timeout=60_000
        )
        if not proven and await page.locator("#policy .pill-green").count():
            proven = True
            assert policy["product_name"] in await page.locator("#policy").inner_text()
            said = await page.locator("#say").inner_text()
            await page.reload()  # in the middle of the call
            assert await page.locator("#say").inner_text() == said
    assert proven
    await page.keyboard.press("e")
    await patient(page.locator("#bench")).to_have_attribute("data-stage", "WRAP_UP")
    await page.keyboard.press("f")
    await patient(page.locator("#bench")).to_have_attribute("data-stage", "NOTHING")
    return call
