"""The page on which a person watches and steers the carrier, in a browser."""

import asyncio
import shutil

import pytest
from playwright.async_api import async_playwright, expect


@pytest.mark.parametrize("carrier", [{"speed": 1.0}], indirect=True)
async def test_a_person_picks_up_speaks_and_orders_a_fault(carrier, application):
    application.answers["/voice"] = [
        '<Response><Gather input="speech" action="/voice" timeout="60"><Say>喂？</Say></Gather></Response>',
        "<Response><Pause length='600'/></Response>",
    ]
    await carrier.put("/clock", {"speed": 20})
    async with async_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        assert chromium, "Chromium is missing: apt-get install chromium"
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--no-proxy-server"])
        page = await browser.new_page(locale="en-GB")
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(carrier.url)
        await page.fill("#number input[name=number]", "+8613900000009")
        await page.select_option("#number select", "by-hand")
        await page.click("#number button")
        sid = await carrier.place(To="+8613900000009", Url=f"{application.url}/voice", Timeout="600")
        await page.get_by_role("button", name="Answer").click()
        page.on("dialog", lambda dialog: dialog.accept("我是 <b>本人</b>"))
        await page.get_by_role("button", name="Say").click()
        await expect(page.locator("#log")).to_contain_text("我是 <b>本人</b>")
        async with asyncio.timeout(30):  # what was said has been told before callbacks are dropped
            while len(application.to("/voice")) < 2:
                await asyncio.sleep(0.05)
        await page.select_option("#fault select", "callback-drop")
        await page.click("#fault button >> nth=0")
        await expect(page.locator("#faults")).to_contain_text("24 · callback-drop")
        await page.get_by_role("button", name="中文").click()
        await expect(page.locator("h1")).to_have_text("模拟运营商")
        await page.get_by_role("button", name="挂断").click()
        await expect(page.locator("#calls")).to_have_text("没有通话。")
        await browser.close()
    assert problems == []
    assert carrier.exchange.calls[sid].status == "completed"
    assert application.to("/voice")[1].params["SpeechResult"] == "我是 <b>本人</b>"
