"""One screen: what a click selects is in sight, at a projector's size and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE_MS

DESIGN = "recording.stimuli=240&recording.subjects=2"
PROJECTOR, TABLET, PHONE = (1024, 768), (800, 900), (390, 844)
At = Callable[..., Page]


@pytest.fixture
def open_at(chromium: Browser, address: str) -> Iterator[At]:
    """Open a path in a window of a size."""
    contexts = []

    def opened(path: str, size: tuple[int, int], **options: bool) -> Page:
        viewport = {"width": size[0], "height": size[1]}
        contexts.append(chromium.new_context(viewport=viewport, **options))  # type: ignore[arg-type]
        contexts[-1].set_default_timeout(PATIENCE_MS)
        page = contexts[-1].new_page()
        page.goto(f"{address}/{path}")
        return page

    yield opened
    for context in contexts:
        context.close()


def box(part: Locator) -> dict[str, float]:
    found = part.bounding_box()
    assert found is not None
    return dict(found)


def is_in_sight(part: Locator) -> bool:
    """Whether all of an element lies in the window, and nothing above it."""
    return bool(
        part.evaluate(
            """node => {
              const { left, right, top, bottom } = node.getBoundingClientRect();
              const [x, y] = [(left + right) / 2, (top + bottom) / 2];
              return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth
                && node.contains(document.elementFromPoint(x, y));
            }"""
        )
    )


def click_matrix(page: Page, across: float, down: float) -> None:
    """Click a cell: the matrix is the square at the lower right of its canvas."""
    canvas = page.locator("canvas[data-skip=matrix]").first
    expect(canvas).to_be_visible()
    size, side = box(canvas), box(canvas)["height"] - 17
    left = size["x"] + size["width"] - side
    page.mouse.click(left + across * side, size["y"] + 17 + down * side)


@pytest.mark.parametrize("size", [PROJECTOR, TABLET, PHONE])
def test_a_click_on_a_cell_shows_its_pair_without_scrolling(open_at: At, size):
    page = open_at(f"rdm?{DESIGN}", size)
    images = page.locator(".st-key-picked_beside .pair img")
    expect(images).to_have_count(2)
    before = images.first.get_attribute("src")
    click_matrix(page, 0.8, 0.3)
    page.wait_for_url(re.compile("rdm.pick="))
    expect(images.first).not_to_have_attribute("src", str(before))
    assert page.locator("[data-testid=stMain]").evaluate("node => node.scrollTop") == 0
    assert all(is_in_sight(image) for image in images.all())


@pytest.mark.parametrize("size", [PROJECTOR, PHONE])
def test_a_click_on_a_point_shows_its_neighbours_without_scrolling(open_at: At, size):
    page = open_at(f"maps?{DESIGN}&maps.space=responses:LOC", size)
    stage = page.locator(".stage[data-skip=map]")
    expect(page.get_by_text("240 points", exact=True)).to_be_visible()
    area, tooltip = box(stage), page.locator(".tooltip").first
    for step in range(200):
        page.mouse.move(area["x"] + area["width"] * step / 200, area["y"] + area["height"] * 0.35)
        page.wait_for_timeout(20)
        if tooltip.is_visible():
            break
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(re.compile("maps.point="))
    nearest = page.get_by_role("button", name=re.compile(r", [0-3]: "))
    expect(nearest).to_have_count(4)
    assert page.locator("[data-testid=stMain]").evaluate("node => node.scrollTop") == 0
    top, bottom = box(nearest.first)["y"], box(nearest.first)["y"] + box(nearest.first)["height"]
    assert top >= 0
    assert bottom <= size[1]


def test_what_is_selected_is_in_sight_at_the_end_of_the_sidebar(open_at: At):
    page = open_at(f"overview?{DESIGN}", PROJECTOR)
    page.get_by_role("button", name=re.compile("bird-01")).click()
    count = page.get_by_text("1 of 240 stimuli selected")
    expect(count).to_be_visible()
    assert is_in_sight(count)
    assert is_in_sight(page.get_by_role("button", name="Clear", exact=True))


def test_the_sidebar_of_a_narrow_window_closes_when_a_page_is_chosen(open_at: At):
    page = open_at(f"rdm?{DESIGN}", PHONE)
    sidebar = page.get_by_test_id("stSidebar")
    expect(page.get_by_role("heading", level=1)).to_have_text("RDM")
    page.locator("nav.skip-links").wait_for(state="attached")  # the shell has begun
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(sidebar).to_have_attribute("data-collapsed", "false")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    expect(sidebar).to_have_attribute("data-collapsed", "true")


def test_on_a_phone_no_wheel_and_no_key_is_spoken_of(open_at: At):
    page = open_at(f"rdm?{DESIGN}", PHONE, has_touch=True, is_mobile=True)
    expect(page.get_by_text("Tap a cell for its pair")).to_be_visible()
    expect(page.get_by_text(re.compile("Ctrl|wheel"))).to_have_count(0)


@pytest.mark.parametrize("size", [PROJECTOR, PHONE])
def test_the_tools_of_a_chart_cover_no_legend(open_at: At, size):
    page = open_at(f"responses?{DESIGN}&roi=LOC", size)
    chart = page.locator(".js-plotly-plot:has(.legend)").first
    legend = chart.locator(".legend").first
    expect(legend).to_be_visible()
    chart.hover()
    tools = chart.locator(".modebar").first
    expect(tools).to_be_visible()
    above, below = box(legend), box(tools)
    assert above["y"] + above["height"] <= below["y"]


def test_skip_links_lead_to_the_matrix(open_at: At):
    page = open_at(f"rdm?{DESIGN}", PROJECTOR)
    expect(page.locator("canvas[data-skip=matrix]")).to_be_visible()
    page.keyboard.press("Tab")
    first = page.get_by_role("button", name="Skip to matrix")
    expect(first).to_be_focused()
    assert is_in_sight(first)
    page.keyboard.press("Enter")
    expect(page.locator("canvas[data-skip=matrix]")).to_be_focused()
