"""The first minute of a visitor, and a lesson step by step, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

Open = Callable[[str], Page]
MINUTE_S = 60


def link(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("link", name=name)


def image(page: Page, stimulus: str) -> Locator:
    return page.get_by_role("img", name=re.compile(f"^{stimulus}:")).first


def test_the_first_pair_is_seen_within_a_minute_of_the_start_page(open_page: Open):
    begun = time.monotonic()
    page = open_page("")
    doors = page.locator("a.door")
    expect(doors).to_have_count(3)
    doors.first.click()
    for stimulus in ("fish-05", "fish-07"):
        expect(image(page, stimulus)).to_be_visible()
    assert time.monotonic() - begun < MINUTE_S
    page.go_back()  # in one press
    expect(doors).to_have_count(3)


def test_the_doors_are_in_sight_and_reached_by_the_keyboard(open_page: Open):
    page = open_page("")
    page.set_viewport_size({"width": 1024, "height": 768})
    doors = page.locator("a.door")
    for door in doors.all():
        box = door.bounding_box()
        assert box
        assert box["y"] + box["height"] <= 768
    doors.nth(2).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/lessons$"))
    page.go_back()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(doors).to_have_count(3)
    width = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert width <= 390


def test_a_lesson_step_by_step(open_page: Open):
    page = open_page("lessons")
    link(page, "Begin").first.click()
    page.wait_for_url(re.compile(r"rdm\?.*lesson=tour&step=1$"))
    answer = page.get_by_text("The images stand in the order of their categories")
    expect(answer).to_be_hidden()
    page.get_by_text("Why are there dark squares along the diagonal?").click()
    expect(answer).to_be_visible()
    expect(image(page, "fish-07")).to_be_visible()

    for number, address in ((2, "maps"), (3, "encoders"), (4, "retrieval")):
        link(page, "Next").click()
        page.wait_for_url(re.compile(rf"{address}\?.*lesson=tour&step={number}$"))
        expect(page.get_by_text(f"step {number} of 4")).to_be_visible()
    page.reload()
    expect(page.get_by_text("step 4 of 4")).to_be_visible()
    link(page, "Back").click()
    page.wait_for_url(re.compile("encoders.*step=3$"))
    page.go_back()
    page.wait_for_url(re.compile("retrieval.*step=4$"))

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Responses").click()
    expect(link(page, "To the page of this step")).to_be_visible()
    page.wait_for_url(re.compile("responses.*lesson=tour&step=4"))
    page.get_by_role("button", name="Leave the lesson").click()
    expect(page.get_by_text("step 4 of 4")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("lesson"))


def test_a_step_fits_a_phone(open_page: Open):
    page = open_page("rdm?rdm.pick=fish-05&rdm.pick=fish-07&lesson=tour&step=1")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(link(page, "Next")).to_be_visible()
    box = page.locator(".st-key-lesson").bounding_box()
    assert box
    assert box["width"] <= 390
    assert box["height"] <= 844 / 2


def test_the_codes_of_a_class(open_page: Open):
    page = open_page("lessons?lessons.server=http://lab:8501")
    code = page.get_by_role("img", name=re.compile("^QR code of step 2"))
    expect(code).to_be_visible()
    expect(code).to_have_attribute("alt", re.compile("http://lab:8501/maps.*lesson=tour&step=2"))
