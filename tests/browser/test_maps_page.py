"""The page Maps in a real browser: lasso into the selection, hover, click, neighbours."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Open = Callable[[str], Page]
ADDRESS = "maps?stimuli=240&subjects=1&space=responses:LOC"


def test_a_lasso_selects_and_a_click_shows_the_neighbours(open_page: Open):
    page = open_page(ADDRESS)
    stage = page.locator(".stage").first
    expect(page.get_by_text("Trustworthiness")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Lasso").click()
    box = stage.bounding_box()
    assert box is not None
    left, top = box["x"] + 4, box["y"] + 4
    right, bottom = left + box["width"] - 8, top + box["height"] - 8
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    expect(page.get_by_text("240 of 240 stimuli selected")).to_be_visible(timeout=15_000)
    page.get_by_test_id("stSidebar").get_by_role("button", name="Clear").click()
    expect(page.get_by_text("0 of 240 stimuli selected")).to_be_visible()
    expect(page.get_by_text("240 points", exact=True)).to_be_visible()
    tooltip = page.locator(".tooltip").first
    for step in range(200):
        page.mouse.move(left + (right - left) * step / 200, (top + bottom) / 2)
        page.wait_for_timeout(30)
        if tooltip.is_visible():
            break
    expect(tooltip.locator("img")).to_have_attribute("src", re.compile("^data:image/jpeg"))
    stage.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("point="))
    point = page.evaluate("new URL(location).searchParams.get('point')")
    expect(page.get_by_text(f"Nearest to {point}")).to_be_visible()
    nearest = page.get_by_role("button", name=re.compile(r", \d+: "))
    expect(nearest).to_have_count(13)
    expect(nearest.first).to_have_accessible_name(re.compile(f"^{point}"))
    page.reload()
    expect(page.get_by_text(f"Nearest to {point}")).to_be_visible(timeout=60_000)
