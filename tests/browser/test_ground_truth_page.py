"""The page Ground truth in a real browser: curves, answers, address, options in the sidebar."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Open = Callable[[str], Page]
ADDRESS = "ground_truth?recording.stimuli=80&recording.subjects=2&roi=food"
JOB_MS = 300_000


def test_curves_come_answers_follow_and_the_address_keeps_them(open_page: Open):
    page = open_page(ADDRESS)
    page.get_by_role("button", name="Simulating recordings of other designs").click()
    needed = page.get_by_test_id("stMetric").filter(has_text="Repeats needed")
    expect(needed).to_be_visible(timeout=JOB_MS)
    assert "job=" in page.url
    page.get_by_role("radio", name="reliability").click()
    expect(page.get_by_text("predicted by the model").first).to_be_visible()
    page.wait_for_url(re.compile("measure=reliability"))
    page.reload()
    expect(page.get_by_text("predicted by the model").first).to_be_visible(timeout=JOB_MS)
    page.get_by_role("spinbutton", name="Target").fill("0.99")
    page.keyboard.press("Enter")
    expect(needed).to_contain_text("> 10")


def test_parts_of_the_responses_are_chosen_in_the_sidebar(open_page: Open):
    page = open_page(ADDRESS)
    page.get_by_text("Options of this recording").click()
    for part in ("pixels", "colour", "context"):
        page.get_by_test_id("stSidebar").get_by_role("button", name=part, exact=True).click()
        page.wait_for_url(lambda url, part=part: "parts=" in url and f"parts={part}" not in url)
    shown = page.locator(".legendtext")
    expect(shown.filter(has_text="semantics")).to_have_count(1, timeout=JOB_MS)
    expect(shown.filter(has_text="pixels")).to_have_count(0)
    page.get_by_test_id("stSidebar").get_by_role("button", name="semantics", exact=True).click()
    expect(page.get_by_text("parts is empty")).to_be_visible()
