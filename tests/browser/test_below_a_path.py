"""Below a path of a site, behind a proxy: pages, links, components, uploads, addresses, codes."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from core.store import read_only
from pages.shared.lessons import lesson as lessons
from tests.browser.below_a_path import proxy
from tests.browser.conftest import PATIENCE_MS
from tests.browser.server import PROJECT, serving

pytestmark = pytest.mark.browser
PATH = "lab/gallery"
# Links of the browser's own, as to a place in the page.
WITHIN = "[...document.querySelectorAll('a[href^=\"/\"]')].map(link => link.getAttribute('href'))"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("site")
    environment = {
        "NEUROGALLERY_DATA": str(folder / "recordings"),
        "NEUROGALLERY_RESULTS": str(folder / "results"),
        read_only.SWITCH: "1",
    }
    with (
        serving(PROJECT / "app.py", environment, folder, PATH) as address,
        proxy(PATH, urlsplit(address).port or 0) as outside,
    ):
        yield outside


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    """A page that asks nothing of the host but what lies below the path."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    opened = context.new_page()
    opened.on("websocket", lambda socket: asked.append(socket.url))
    yield opened
    context.close()
    own = f"{urlsplit(site).netloc}/{PATH}/"
    others = [url for url in asked if url.partition("://")[2].startswith(own) is False]
    assert [url for url in others if urlsplit(url).netloc] == []


def check_links(page: Page) -> None:
    links = page.evaluate(WITHIN)
    assert [link for link in links if not link.startswith(f"/{PATH}/")] == []


def test_from_a_door_through_the_pages(page: Page, site: str):
    page.goto(f"{site}/")
    page.get_by_role("link", name="Look at a brain's similarities").click()
    page.locator("canvas").first.wait_for()
    assert urlsplit(page.url).path == f"/{PATH}/rdm"
    check_links(page)
    for name, drawn in (("Maps", "canvas"), ("Encoders", "img")):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        page.get_by_test_id("stMain").locator(drawn).first.wait_for()
        assert urlsplit(page.url).path == f"/{PATH}/{name.lower()}"
        check_links(page)


def test_a_reload_a_shared_address_and_an_upload(page: Page, site: str):
    page.goto(f"{site}/selection?selection.tab=Import")
    page.locator("input[type=file]").set_input_files(
        {"name": "ids.csv", "mimeType": "text/csv", "buffer": b"id\nbird-01\nnowhere\n"}
    )
    expect(page.get_by_text("1 is no stimulus")).to_be_visible()
    page.get_by_role("button", name="Share").click()
    shared = page.get_by_test_id("stPopoverBody").locator("code").first
    expect(shared).to_have_text(f"{site}/selection?selection.tab=Import")
    page.reload()
    expect(page.get_by_role("tab", name="Import")).to_have_attribute("aria-selected", "true")


def test_the_codes_of_a_lesson_lead_to_its_steps(page: Page, site: str):
    page.goto(f"{site}/lessons")
    tour = lessons.get("tour")
    for number in range(1, len(tour.steps) + 1):
        code = page.get_by_alt_text(f"QR code of step {number}: {site}/{tour.address(number)}")
        expect(code).to_be_visible()
    check_links(page)
    page.goto(f"{site}/{tour.address(2)}")
    expect(page.get_by_text(f"step 2 of {len(tour.steps)}")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text(f"step 3 of {len(tour.steps)}")).to_be_visible()
    assert page.url.startswith(f"{site}/")
