"""The main job, as a reader lives it: sign up, pick topics, read an illustrated feed, save, come back."""

from __future__ import annotations

import uuid

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import Installation

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

PHONE, DESK = {"width": 390}, {"width": 1280}
SERIOUS = {"serious", "critical"}


def serious_violations(page: Page) -> list[str]:
    results = Axe().run(page)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['nodes'][0]['html'][:160]}"
        for violation in results.response["violations"]
        if violation["impact"] in SERIOUS
    ]


def sign_up(page: Page, address: str) -> str:
    email = f"reader-{uuid.uuid4().hex[:10]}@example.org"
    page.goto(f"{address}/account/signup/")
    page.fill("input[name=email]", email)
    page.fill("input[name=password1]", "a-long-enough-passphrase")
    page.locator("form:has(input[name=password1]) [type=submit]").click()
    page.wait_for_url("**/welcome/")
    return email


def pick_topics(page: Page, *slugs: str) -> None:
    for slug in slugs:
        page.locator(f"label:has(input[value='{slug}'])").first.click()
    page.locator("form:has(input[name=topics]) [type=submit], form:has(input[name=topic]) [type=submit]").last.click()
    page.wait_for_selector("article.card")


def log_in(page: Page, installation: Installation, role: str) -> None:
    email, password = installation.accounts[role]
    page.goto(f"{installation.address}/account/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.locator("form:has(input[name=password]) [type=submit]").click()
    page.wait_for_load_state()


@pytest.mark.parametrize("page", [PHONE, DESK], indirect=True, ids=["390", "1280"])
def test_a_new_reader_gets_an_illustrated_feed_and_what_is_saved_stays_saved(
    page: Page, installation: Installation
) -> None:
    sign_up(page, installation.address)
    assert serious_violations(page) == []
    pick_topics(page, "climate-change", "space", "books", "food", "cities")

    illustrated = page.locator("article.card:has(img)")
    page.mouse.wheel(0, 4000)
    expect(illustrated.nth(9)).to_be_attached()
    assert illustrated.count() >= 10
    alts = [image.get_attribute("alt") for image in illustrated.locator("img").all()[:10]]
    assert all(alts), alts
    assert serious_violations(page) == []
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0

    page.evaluate("window.scrollTo(0, 0)")
    title = page.locator("article.card h2 a, article.card h3 a").first
    headline = title.inner_text()
    title.click()
    page.wait_for_url("**/a/*/**")
    expect(page.locator("h1")).to_have_text(headline)
    loaded = page.locator("main img").first.evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert loaded > 0
    assert serious_violations(page) == []

    page.locator(".story-picture figcaption a").click()
    page.wait_for_url("**/picture/")
    expect(page.get_by_text("The seal of the largest file is whole")).to_be_visible()
    assert serious_violations(page) == []
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".jpg")
    page.go_back()

    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("button", name="Saved").first).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Saved").first).to_be_visible()
    page.goto(f"{installation.address}/saved/")
    expect(page.get_by_text(headline).first).to_be_visible()


def test_impressions_clicks_and_reading_time_arrive(page: Page, installation: Installation) -> None:
    before = installation.status()["events"]
    sign_up(page, installation.address)
    pick_topics(page, "ai", "football", "books")
    page.wait_for_timeout(2500)
    page.locator("article.card h2 a, article.card h3 a").first.click()
    page.wait_for_url("**/a/*/**")
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(2500)
    with page.expect_response(lambda r: "/api/v1/events" in r.url and r.ok, timeout=30_000):
        page.goto(f"{installation.address}/saved/")
        page.wait_for_timeout(6000)
    assert installation.status()["events"] > before + 2


@pytest.mark.parametrize("page", [{"width": 390, "locale": "ko-KR", "scheme": "dark"}], indirect=True)
def test_a_korean_reader_is_spoken_to_in_korean(page: Page, installation: Installation) -> None:
    sign_up(page, installation.address)
    assert page.locator("html").get_attribute("lang") == "ko"
    pick_topics(page, "climate-change", "space", "books")
    expect(page.locator("article.card").first).to_be_visible()
    assert serious_violations(page) == []
    page.locator("article.card:has(img) .headline a").first.click()
    page.locator(".story-picture figcaption a").click()
    expect(page.get_by_role("heading", name="이 그림이 만들어진 과정")).to_be_visible()
    assert serious_violations(page) == []


@pytest.mark.parametrize("page", [PHONE, {"width": 1280, "scheme": "dark"}], indirect=True, ids=["390", "1280-dark"])
def test_a_reader_corrects_what_gyeol_thinks_and_takes_it_back(page: Page, installation: Installation) -> None:
    sign_up(page, installation.address)
    pick_topics(page, "space", "books", "food")
    page.locator("article.card .menu summary").first.click()
    page.get_by_role("link", name="Why is this here?").first.click()
    sheet = page.locator("#sheet")
    expect(sheet.get_by_text("What lifted it")).to_be_visible()
    assert serious_violations(page) == []
    sheet.get_by_role("button", name="Less about").click()
    expect(sheet).to_be_hidden()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text="Undone.")).to_be_visible()

    page.goto(f"{installation.address}/interests/")
    less = page.get_by_role("group", name="How much about Space").get_by_role("button", name="Less")
    less.click()
    expect(less).to_have_attribute("aria-pressed", "true")
    expect(less).to_be_focused()
    page.reload()
    expect(less).to_have_attribute("aria-pressed", "true")
    assert serious_violations(page) == []
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0


def test_the_operator_sees_the_dashboard(page: Page, installation: Installation) -> None:
    log_in(page, installation, "operator")
    page.goto(f"{installation.address}/admin/")
    expect(page.get_by_text("synthetic").first).to_be_attached()
    assert serious_violations(page) == []
    in_korean = "() => { document.documentElement.lang = 'ko'; return getComputedStyle(document.body).wordBreak; }"
    assert page.evaluate(in_korean) == "keep-all"


def test_an_editor_sees_whole_drawings_on_a_phone_too(page: Page, installation: Installation) -> None:
    log_in(page, installation, "operator")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{installation.address}/admin/illustrate/picture/")
    cell = page.locator("[data-label]:has(img)").first
    row, drawing = cell.bounding_box(), cell.locator("img").bounding_box()
    assert row is not None
    assert drawing is not None
    assert row["height"] >= drawing["height"] == 90
