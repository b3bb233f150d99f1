"""A selection in a real browser: it lasts, it is shared; legend, search and Back."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from core import datasets, selections

Open = Callable[[str], Page]
SMALL = "recording.stimuli=80&recording.subjects=1"
MAPS = f"maps?{SMALL}&maps.space=responses:LOC"


def go(page: Page, name: str, title: str) -> None:
    links = page.get_by_test_id("stSidebarNav")
    links.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_test_id("stMain").get_by_role("heading", level=1)).to_contain_text(title)
    settle(page)


def settle(page: Page) -> None:
    """Wait until no run is under way, also none that has just been asked for."""
    page.wait_for_timeout(500)
    state = "data-test-script-state"
    expect(page.get_by_test_id("stApp")).to_have_attribute(state, "notRunning")


def see_selected(page: Page, count: int) -> None:
    expect(page.get_by_text(f"{count} of 80 stimuli selected")).to_be_visible()


def test_a_legend_selects_and_the_selection_outlives_reload_and_sharing(open_page: Open):
    stimuli = datasets.load("simulated", stimuli=80, subjects=1).stimuli
    animals = stimuli.index[stimuli["supercategory"] == "animals"]
    text = selections.encode(animals, stimuli["id"].tolist())
    page = open_page(MAPS)
    box = page.get_by_role("checkbox", name=f"animals: 0 of {len(animals)} selected")
    box.focus()
    page.keyboard.press("Space")
    see_selected(page, len(animals))
    page.wait_for_url(re.compile(re.escape(text)))
    animals_box = page.get_by_role("checkbox", name=re.compile("^animals:"))
    expect(animals_box).to_be_checked()
    expect(animals_box).to_be_focused()
    page.reload()
    see_selected(page, len(animals))
    go(page, "Overview", "Overview")
    see_selected(page, len(animals))
    for part in (text, "recording.stimuli=80", "recording.subjects=1"):  # one after another
        page.wait_for_url(re.compile(re.escape(part)))
    again = open_page(f"selection?{page.url.split('?')[1]}")
    see_selected(again, len(animals))
    expect(again.locator(".tile")).to_have_count(len(animals))


def test_a_click_before_the_page_is_drawn_keeps_the_recording(open_page: Open):
    page = open_page(MAPS)
    page.get_by_text("0 of 80 stimuli selected").wait_for()
    go(page, "Overview", "Overview")
    for part in ("recording.stimuli=80", "recording.subjects=1"):
        page.wait_for_url(re.compile(re.escape(part)))
    see_selected(page, 0)


def test_a_legend_shows_a_category_alone(open_page: Open):
    page = open_page(MAPS)
    stage = page.locator(".stage").first
    name = page.get_by_role("button", name="food: show alone")
    name.click()
    shown = page.get_by_role("button", name="food: show all again")
    expect(shown).to_have_attribute("aria-pressed", "true")
    colours = str(stage.get_attribute("data-colours"))
    page.get_by_role("button", name="animals: show alone").click(modifiers=["Shift"])
    expect(page.get_by_role("button", name="animals: show all again")).to_be_visible()
    expect(shown).to_be_visible()
    expect(stage).not_to_have_attribute("data-colours", colours)
    shown.click()
    expect(page.get_by_role("button", name="food: show alone")).to_be_visible()


def test_the_search_finds_on_the_map_by_keyboard(open_page: Open):
    page = open_page(MAPS)
    field = page.get_by_role("textbox", name="Find stimuli")
    field.fill("dog")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("maps.point=dog-01"))
    expect(page.get_by_text("Nearest to dog-01")).to_be_visible()
    expect(page.get_by_text("with 'dog'")).to_be_visible()


def test_back_leaves_a_page_in_one_press(open_page: Open):
    """Also a page whose visit writes a job, a ROI and a selection into the address."""
    page = open_page(f"overview?{SMALL}")
    settle(page)
    page.get_by_role("button", name=re.compile("cat-01")).click()
    see_selected(page, 1)
    settle(page)
    visited = [("Overview", page.url)]
    for name, title in (("Maps", "Maps"), ("Clusters", "Clusters"), ("Responses", "Responses")):
        go(page, name, title)
        page.wait_for_url(re.compile("selected="))
        if name == "Maps":
            page.get_by_role("textbox", name="Find stimuli").fill("dog")
            page.keyboard.press("Enter")
            page.wait_for_url(re.compile("maps.point=dog-01"))
            settle(page)
        visited.append((title, page.url))
    heading = page.get_by_test_id("stMain").get_by_role("heading", level=1)
    for title, url in reversed(visited[:-1]):
        page.go_back()
        expect(heading).to_contain_text(title)
        assert page.url.split("?")[0] == url.split("?")[0]
        see_selected(page, 1)
        settle(page)
    page.go_forward()
    page.wait_for_url(re.compile("maps.*maps.point=dog-01"))
    expect(page.get_by_text("Nearest to dog-01")).to_be_visible()


def test_back_pressed_twice_at_once_goes_back_two_pages(open_page: Open):
    page = open_page(f"overview?{SMALL}")
    settle(page)
    for name, title in (("RDM", "RDM"), ("Maps", "Maps")):
        go(page, name, title)
    page.evaluate("history.back(); setTimeout(() => history.back(), 60)")
    heading = page.get_by_test_id("stMain").get_by_role("heading", level=1)
    expect(heading).to_contain_text("Overview")
    settle(page)
    expect(heading).to_contain_text("Overview")
    assert page.evaluate("location.pathname") == "/overview"


def test_the_picked_cell_survives_a_change_of_page(open_page: Open):
    page = open_page(f"rdm?{SMALL}")
    canvas = page.locator("canvas").first
    canvas.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(re.compile(r"rdm\.pick="))
    settle(page)
    picked = page.url.split("rdm.pick=")[1:]
    caption = page.locator("figcaption").first.inner_text()
    go(page, "Responses", "Responses")
    assert "rdm.pick" not in page.url
    go(page, "RDM", "RDM")
    page.wait_for_url(re.compile(r"rdm\.pick="))
    assert page.url.split("rdm.pick=")[1:] == picked
    expect(page.locator("figcaption").first).to_have_text(caption)
