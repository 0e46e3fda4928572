"""The desk in a real browser: by keyboard alone, without anything that the pages' own rules forbid, readable by all."""

import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def address(desk_settings: str, day) -> Iterator[str]:
    """The desk behind a real server on a free port."""
    from desk.app import create_app

    for name in ("tabler.min.css", "htmx.min.js"):
        if not (ROOT / "desk/static/vendor" / name).exists():
            pytest.fail(f"desk/static/vendor/{name} is missing: run `make setup`")
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--no-proxy-server"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A fresh visitor. What the page's own security policy refuses, and every script error, fails the test."""
    context = browser.new_context(base_url=address, locale="zh-CN", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if is_wrong(message) else None)
    page.on("request", lambda request: None if request.url.startswith(address) else wrong.append(request.url))
    yield page
    context.close()
    assert wrong == []


def is_wrong(message: ConsoleMessage) -> bool:
    """A browser reports a page that is not there, and a form that is refused, as an error; where the test asks for
    one, it is none."""
    return message.type == "error" and not message.location["url"].endswith(("/nothing", "/mend"))


def sign_in(page: Page, login: str) -> None:
    page.goto("/")
    expect(page.locator("#login")).to_be_focused()
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("nav").first).to_be_visible()


def test_a_lead_goes_from_the_board_to_a_case_by_keyboard(page, day):
    sign_in(page, "lead")
    expect(page).to_have_url("/board")
    expect(page.locator("#t2a")).to_have_text("58")
    page.locator("#bar-1").press("Enter")  # the bar of the missed ones opens its rows
    expect(page).to_have_url("/cases?due=missed")
    page.goto("/board")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("王小芳")
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-row]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.locator("tr[data-row] a.to").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"/cases/{day.asked}")
    expect(page.locator("h1")).to_contain_text("王*芳")


def test_the_board_brings_its_own_news_and_keeps_the_focus(page, day):
    sign_in(page, "lead")
    page.locator("#t5").focus()
    with page.expect_response("**/board/live"):
        pass
    page.wait_for_function("document.activeElement && document.activeElement.id === 't5'")


def test_question_mark_lists_the_keys(page, day):
    sign_in(page, "staff")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_an_order_is_accepted_and_handled_by_keys(page, day):
    sign_in(page, "staff")
    expect(page).to_have_url("/branches/4401/inbox")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#order")).to_contain_text("王*芳")
    page.keyboard.press("a")
    expect(page.locator("#note")).to_be_visible()
    page.keyboard.press("l")
    expect(page.locator("#note")).to_be_focused()
    page.keyboard.type("已面谈，取得签名说明")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#order")).to_contain_text("已面谈，取得签名说明")
    expect(page.locator("tr[data-row]")).to_have_count(1)


def test_a_row_is_mended_by_keyboard(page, day):
    sign_in(page, "lead")
    page.goto(f"/lists/{day.list_id}")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"/lists/{day.list_id}/rows/62")
    channel = page.locator("#c-channel")
    expect(channel).to_be_focused()
    expect(channel).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("银保")
    page.keyboard.press("Enter")
    # the row lacks nearly everything else: said at each field, and the first of them is where one goes on
    expect(page.get_by_role("alert")).to_contain_text("未保存")
    expect(page.locator("#c-policy_no")).to_be_focused()
    expect(page.locator("#p-policy_no")).to_contain_text("保单号没有填写")
    expect(channel).to_have_value("银保")
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    expect(page).to_have_url(f"/lists/{day.list_id}")


PAGES = (
    "/board",
    "/cases",
    "/cases/1",
    "/branches/00/inbox?order=2",
    "/work-orders/2",
    "/lists",
    "/lists/1",
    "/lists/1/rows/62",
    "/dialler/pause",
    "/reviews?order=1",
    "/outcomes/1/override",
    "/quality-samples",
    "/penalties",
    "/measures?first=2026-09-01&last=2026-10-31",
    "/calendar?year=2026",
    "/calendar?year=2027",
    "/profiles",
    "/receipts",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible(page, day, scheme):
    axe = ROOT / "node_modules/axe-core/axe.min.js"
    if not axe.exists():
        pytest.fail("axe-core is missing: run `make setup`")
    page.emulate_media(color_scheme=scheme)
    page.goto("/sign-in")
    found = violations(page, axe)
    sign_in(page, "lead")
    for path in (*PAGES, "/nothing"):
        page.goto(path)
        found += violations(page, axe)
    assert found == []


def violations(page: Page, axe: Path) -> list[str]:
    page.evaluate(axe.read_text())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url}: {problem['id']}: {node['html'][:160]} ({node['any'][0]['message'] if node['any'] else ''})"
        for problem in result["violations"]
        if problem["impact"] in ("serious", "critical")
        for node in problem["nodes"]
    ]


def test_on_a_telephone_the_inbox_is_cards_and_nothing_sticks_out(page, day):
    sign_in(page, "province")
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/branches/44/inbox?state=all", "/branches/44/inbox?state=all&order=1", "/cases", "/cases/1"):
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, (path, width)
    page.goto("/branches/44/inbox?state=all")
    assert page.locator("tr[data-row] td").first.evaluate("e => getComputedStyle(e).display") == "flex"
