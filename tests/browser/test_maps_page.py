"""The page Maps in a real browser: lasso into the selection, hover, click, neighbours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from core import datasets, maps

Open = Callable[[str], Page]
ADDRESS = "maps?recording.stimuli=240&recording.subjects=1&maps.space=responses:LOC"


def left_of(x: float) -> list[str]:
    """Ids of the stimuli that the map draws on the left of x."""
    ds = datasets.load("simulated", stimuli=240, subjects=1)
    drawn = maps.embed(ds.responses("LOC"), "pca", quality=False)
    return ds.stimuli["id"][drawn.coordinates[:, 0] < x].tolist()


def test_a_lasso_selects_and_a_click_shows_the_neighbours(open_page: Open):
    page = open_page(ADDRESS)
    stage = page.locator(".stage").first
    expect(page.get_by_text("Trustworthiness")).to_be_visible()
    page.get_by_role("button", name="Lasso").click()
    box = stage.bounding_box()
    assert box is not None
    left, top = box["x"] + 4, box["y"] + 4
    right, bottom = left + box["width"] - 8, top + box["height"] - 8
    middle = box["x"] + box["width"] / 2
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((middle, top), (middle, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    expected = left_of(json.loads(str(stage.get_attribute("data-view")))[0])
    expect(page.get_by_text(f"{len(expected)} of 240 stimuli selected")).to_be_visible()
    expect(page.get_by_text(f"Selected: {len(expected)} stimuli")).to_be_visible()
    strip = page.get_by_test_id("stHtml").locator("img")
    shown = [str(strip.nth(place).get_attribute("alt")) for place in range(strip.count())]
    assert [words.split(":")[0] for words in shown] == expected[:40]
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
    point = page.evaluate("new URL(location).searchParams.get('maps.point')")
    expect(page.get_by_text(f"Nearest to {point}")).to_be_visible()
    nearest = page.get_by_role("button", name=re.compile(r", \d+: "))
    expect(nearest).to_have_count(13)
    expect(nearest.first).to_have_accessible_name(re.compile(f"^{point}"))
    page.reload()
    expect(page.get_by_text(f"Nearest to {point}")).to_be_visible()
