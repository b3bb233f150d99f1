"""Every page by the rules of axe-core, light and dark, in the states that people meet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS

DESIGN = "recording.stimuli=240&recording.subjects=2"
VIEWS = (
    "",
    "lessons",
    "overview",
    "responses",
    "selection",
    f"rdm?{DESIGN}&rdm.pick=dog-02&rdm.pick=house-04",
    f"rdm?{DESIGN}&roi=V1&roi=FFA&rdm.combine=side+by+side&rdm.pick=dog",
    "compare",
    f"maps?{DESIGN}&maps.space=responses:LOC&maps.point=dog-02",
    "clusters",
    "clusters?clusters.tab=Choosing+k",
    "encoders?encoders.text=a+red+car+at+night",
    "encoders?encoders.query=image&encoders.image=gallery-dog-07",
    f"train?{DESIGN}&roi=LOC&train.embedding=pixels&train.head=ridge",
    "retrieval?retrieval.response=giraffe-02",
    "zero_shot",
    "dissimilarity",
    "components",
    "encoding",
    "cortex",
    "data",
    "ground_truth",
    "ablations",
    "jobs",
)
# Those of the head are the same on every page: theirs are opened where a page adds its own.
POPPED = ("rdm", "maps", "compare", "train")
IMPACTS = ("moderate", "serious", "critical")
# Rules that Streamlit breaks where neither style nor script of ours reaches, and why.
BEYOND_US: dict[str, str] = {}
MAIN, POPOVER = "[data-testid=stMain]", "[data-testid=stPopoverBody]"
IS_QUIET = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState
    === 'notRunning' && !document.querySelector('[data-stale=true]')"""
FADED_MS = 400


@pytest.fixture(scope="module")
def page(chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1024, "height": 768}, base_url=address)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def broken_rules(page: Page, within: str | None = None) -> set[tuple[str, str, str]]:
    """Rule, element and what is wrong with it."""
    violations = Axe().run(page, within).response["violations"]
    return {
        (violation["id"], node["html"][:160], node["failureSummary"])
        for violation in violations
        if violation["impact"] in IMPACTS and violation["id"] not in BEYOND_US
        for node in violation["nodes"]
    }


def settle(page: Page) -> None:
    expect(page.locator("h1").first).to_be_visible()
    page.wait_for_function(IS_QUIET)
    page.wait_for_timeout(FADED_MS)


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(page: Page, view: str):
    page.emulate_media(color_scheme="light")
    page.goto(f"/{view}")
    settle(page)
    assert broken_rules(page) == set()
    page.emulate_media(color_scheme="dark")
    settle(page)
    assert broken_rules(page) == set()
    if not view.startswith(POPPED):
        return
    for button in page.locator(f"{MAIN} [data-testid=stPopoverButton]").all():
        button.click()
        expect(page.locator(POPOVER).first).to_be_visible()
        page.wait_for_timeout(FADED_MS)
        assert broken_rules(page, POPOVER) == set()
        page.keyboard.press("Escape")
        expect(page.locator(POPOVER)).to_have_count(0)
