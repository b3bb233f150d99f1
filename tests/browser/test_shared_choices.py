"""Chosen once, seen on every page: a ROI in a real browser, with addresses, reload and Back."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Open = Callable[[str], Page]
SMALL = "recording.stimuli=80&recording.subjects=1"
FFA = re.compile("roi=FFA")


def see(page: Page, *rois: str) -> None:
    """The ROIs in view are exactly these."""
    field = page.get_by_test_id("stMultiSelect").filter(has_text="ROIs")
    expect(field).to_have_text(re.compile(rf"^ROIs\W*{'.'.join(rois)}\W*$"))


def choose(page: Page, roi: str) -> None:
    page.get_by_role("button", name="Clear all").first.click()
    see(page)
    box = page.get_by_role("combobox", name="ROIs")
    box.click()
    box.fill(roi)
    page.get_by_role("option", name=roi, exact=True).click()
    page.keyboard.press("Escape")


def go(page: Page, name: str) -> None:
    links = page.get_by_test_id("stSidebarNav")
    links.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_test_id("stMain").get_by_role("heading", level=1)).to_contain_text(name)


def test_a_roi_chosen_on_rdm_is_the_roi_of_the_other_pages(open_page: Open):
    page = open_page(f"rdm?{SMALL}")
    see(page, "LOC")
    choose(page, "FFA")
    page.wait_for_url(FFA)
    go(page, "Clusters")
    page.get_by_role("radio", name="voxels").click()
    for name in ("Clusters", "Train", "Responses"):
        go(page, name)
        see(page, "FFA")
        page.wait_for_url(re.compile(f"{name.lower()}.*roi=FFA"))
    page.reload()
    see(page, "FFA")
    page.go_back()
    see(page, "FFA")
    page.wait_for_url(FFA)


def test_a_former_address_becomes_one_of_today(open_page: Open):
    page = open_page("responses?stimuli=80&subjects=1&roi_shown=LOC")
    see(page, "LOC")
    page.wait_for_url(re.compile(f"responses.{re.escape(SMALL)}&roi=LOC$"))
