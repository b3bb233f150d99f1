"""The head of a page in a real browser: how much room it takes, and the address that it gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Open = Callable[[str], Page]
DESIGN = "recording.stimuli=80&recording.subjects=2"
TWO_LINES, PHONE_LINES = 80, 135


@pytest.mark.parametrize("name", ["rdm", "compare", "dissimilarity"])
def test_the_head_takes_two_lines_on_a_projector(open_page: Open, name):
    page = open_page(f"{name}?{DESIGN}")
    head = page.locator(".st-key-head")
    expect(head.get_by_role("button", name="Share")).to_be_visible()
    for width, height, most in ((1440, 900, 45), (1024, 768, TWO_LINES), (390, 844, PHONE_LINES)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(500)
        assert head.bounding_box()["height"] <= most, width
        assert head.evaluate("node => node.scrollWidth <= node.clientWidth + 1"), width


def test_share_gives_the_address_of_what_is_in_view(open_page: Open):
    page = open_page(f"rdm?{DESIGN}&roi=V1&rdm.order=original")
    page.get_by_role("button", name="Share").click()
    address = page.get_by_test_id("stPopoverBody").get_by_test_id("stCode")
    expect(address).to_contain_text("roi=V1")
    expect(address).to_contain_text("rdm.order=original")
    other = open_page(f"rdm{address.inner_text().strip().partition('/rdm')[2]}")
    expect(other.get_by_role("button", name="Share")).to_be_visible()
    assert "roi=V1" in other.url


def test_how_to_read_it_explains_its_words(open_page: Open):
    page = open_page(f"rdm?{DESIGN}")
    page.get_by_role("button", name="How to read it").click()
    body = page.get_by_test_id("stPopoverBody")
    expect(body.get_by_text("Representational dissimilarity matrix")).to_be_visible()
    body.get_by_role("button", name="Set the page so").click()
    expect(page.get_by_test_id("stApp")).to_be_visible()
    assert page.locator("h1").inner_text() == "RDM"
