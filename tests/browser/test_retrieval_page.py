"""The page Retrieval in a real browser, on results that nothing was computed for yet."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Open = Callable[[str], Page]


def is_drawn(page: Page) -> None:
    """Ten retrieved images and the seen one are there, and loaded."""
    tiles = page.locator("dialog.stage .tile:visible")
    expect(tiles).to_have_count(10)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.stage .tile img')].filter((i) => i.offsetParent)"
        ".every((i) => i.complete && i.naturalWidth)"
    )


def test_a_speaker_demonstrates_retrieval(open_page: Open):
    page = open_page("retrieval")
    stage = page.locator("dialog.stage")
    is_drawn(page)
    first = stage.get_attribute("data-slide")
    # Three training images, five images for each of three trials and two averages.
    expect(page.locator(".film img")).to_have_count(28)

    page.get_by_role("button", name="Next").click()
    expect(stage).not_to_have_attribute("data-slide", str(first))
    is_drawn(page)
    second = stage.get_attribute("data-slide")
    page.wait_for_url(re.compile(f"retrieval.response={second}"))

    page.reload()
    expect(stage).to_have_attribute("data-slide", str(second))
    is_drawn(page)

    page.keyboard.press("f")
    page.wait_for_url(re.compile("retrieval.present=true"))
    expect(page.get_by_role("button", name="Seen image, hidden: reveal")).to_be_visible()
    page.keyboard.press("r")
    expect(stage.locator(".card img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("retrieval.present"))


def test_a_second_decoder_answers_beside_the_first_and_a_text_finds_responses(open_page: Open):
    page = open_page("retrieval")
    is_drawn(page)
    page.get_by_role("combobox", name="Decoders").click()
    page.get_by_role("option", name=re.compile("^mlp-")).click()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.stage .tile:visible")).to_have_count(20)

    page.get_by_role("radio", name="responses").click()
    page.get_by_role("textbox", name="Describe what was seen").fill("a volcano")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Responses nearest to ‘a volcano’")).to_be_visible()
    expect(
        page.get_by_text(re.compile(r"of 12 are responses to ‘volcano’ \(chance"))
    ).to_be_visible()
    expect(page.get_by_text("Predicted response to ‘a volcano’")).to_be_visible()
