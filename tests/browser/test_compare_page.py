"""Page Compare in a real Chromium: a click on a bar or a cell opens the two RDMs behind it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open

BARS = ".st-key-compare_bars .js-plotly-plot"
ALL = ".st-key-compare_all .js-plotly-plot"


def chosen(page: Page) -> list[str]:
    """The two RDMs in the address."""
    asked = parse_qs(urlsplit(page.url).query)
    return [asked.get(f"compare.{place}", [""])[0] for place in ("first", "second")]


def click_middle(page: Page, target: Locator) -> None:
    """Click what Plotly covers with a layer of its own: a bar or a cell."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def names_of(axis: Locator) -> list[str]:
    return [text.strip() for text in axis.all_text_contents()]


def test_a_click_on_a_bar_opens_its_rdm_and_the_images_that_differ_most(open_page: Open):
    page = open_page("compare")
    bars = page.locator(BARS).first
    expect(bars.locator("path").first).to_be_visible()
    expect(page.get_by_text("is most similar").first).to_be_visible()
    before = page.get_by_label("Second RDM").input_value()
    click_middle(page, bars.locator(".barlayer .point path").last)
    page.wait_for_url(re.compile(r"compare\.second="))
    after = chosen(page)[1]
    assert after not in ("", before)
    expect(page.locator(".st-key-compare_images img").first).to_be_visible()
    expect(page.locator(".st-key-compare_pair canvas").nth(2)).to_be_visible()


def test_a_click_on_a_cell_of_all_against_all_opens_the_two(open_page: Open):
    page = open_page("compare")
    matrix = page.locator(ALL)
    matrix.scroll_into_view_if_needed()
    expect(matrix.locator(".heatmaplayer image")).to_be_visible()
    names = names_of(matrix.locator(".ytick text"))
    area = matrix.locator(".nsewdrag").bounding_box()
    assert area is not None
    side = (area["width"] / len(names), area["height"] / len(names))
    row, column = 1, len(names) - 2
    page.mouse.click(area["x"] + (column + 0.5) * side[0], area["y"] + (row + 0.5) * side[1])
    page.wait_for_url(re.compile(r"compare\.(first|second)="))
    across = names_of(matrix.locator(".xtick text"))
    assert chosen(page) == [names[row], across[column]]
