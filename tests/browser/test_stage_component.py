"""The stage of page Retrieval in a real browser: 50 responses, 4,000 images in the gallery."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.browser.server import serving
from tests.browser.stage_app import IMAGES, SLIDES, slides
from tests.browser.stage_timing import drawn_after

pytestmark = pytest.mark.browser
STAYS = """
() => new Promise((resolve) => {
  let before = 0, since = performance.now();
  const look = () => {
    const kept = window.neurogalleryShelf?.thumbnails.size ?? 0;
    if (kept !== before || kept < 12) since = performance.now();
    before = kept;
    if (performance.now() - since > 1500) resolve();
    else setTimeout(look, 50);
  };
  look();
})
"""
# Counts how often each thumbnail arrives; one that is only used again is the same object.
COUNTS = """
window.arrivals = new Map();
class Counting extends Map {
  set(label, kept) {
    if (!window.arrivals.has(label)) window.arrivals.set(label, new Set());
    window.arrivals.get(label).add(kept);
    return super.set(label, kept);
  }
}
window.neurogalleryShelf = {
  thumbnails: new Counting(), stages: new Map(), links: new Map(),
};
"""


@dataclass
class Shown:
    """One open app, and what its stage tells."""

    page: Page
    told_file: Path
    problems: list[str] = field(default_factory=list)
    received: list[int] = field(default_factory=list)

    @property
    def stage(self) -> Locator:
        return self.page.locator("dialog.stage")

    @property
    def tiles(self) -> Locator:
        return self.page.locator(".tile:visible")

    @property
    def card(self) -> Locator:
        return self.page.locator(".card")

    def is_at(self, number: int) -> None:
        expect(self.stage).to_have_attribute("data-slide", f"response-{number}")

    def at(self) -> int:
        return int((self.stage.get_attribute("data-slide") or "").split("-")[1])

    def told(self, event: str) -> list:
        lines = self.told_file.read_text().splitlines() if self.told_file.exists() else []
        return [value for name, value in map(json.loads, lines) if name == event]

    def wait(self, event: str, value: object) -> None:
        end = time.monotonic() + PATIENCE_MS / 1000
        while self.told(event)[-1:] != [value] and time.monotonic() < end:
            self.page.wait_for_timeout(30)
        assert self.told(event)[-1:] == [value]

    def button(self, name: str) -> Locator:
        return self.page.locator(".bar").get_by_role("button", name=name, exact=True)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def runs(self) -> int:
        words = self.page.get_by_text(re.compile(r"^Runs: \d+$")).inner_text()
        return int(words.split()[1])

    def settle(self) -> None:
        """Wait until the images that may come next are there too."""
        self.page.evaluate(STAYS)


Opened = Callable[..., Shown]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server of stage_app.py; its address, and the file of what its stage tells."""
    folder = tmp_path_factory.mktemp("stage")
    told = folder / "told.jsonl"
    script = Path(__file__).with_name("stage_app.py")
    with serving(script, {"STAGE_TOLD": str(told)}, folder) as address:
        yield address, told


@pytest.fixture
def open_stage(chromium: Browser, app: tuple[str, Path]) -> Iterator[Opened]:
    """Open the app; no page may leave an error on the console."""
    address, told = app
    told.unlink(missing_ok=True)
    opened: list[Shown] = []
    contexts = []

    def open_(query: str = "", width: int = 1200, height: int = 900, **options: bool) -> Shown:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(COUNTS)
        shown = Shown(page, told)
        opened.append(shown)
        page.on("pageerror", lambda error: shown.problems.append(str(error)))
        page.on("console", lambda it: it.type == "error" and shown.problems.append(it.text))
        page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda it: shown.received.append(len(it))),
        )
        page.goto(f"{address}/?{query}")
        tiles = 20 if "decoders=2" in query else 9 if "broken" in query else 10
        expect(page.locator(".tile img:visible")).to_have_count(tiles)
        return shown

    yield open_
    for context in contexts:
        context.close()
    assert [shown.problems for shown in opened] == [[] for _ in opened]


def positions(shown: Shown) -> list:
    boxes = [tile.bounding_box() for tile in shown.page.locator(".face").all()]
    return [box and (round(box["x"]), round(box["width"])) for box in boxes]


def test_ten_images_with_scores_and_the_seen_image_are_drawn(open_stage: Opened):
    shown = open_stage()
    slide = slides(1, SLIDES)[0]
    shown.is_at(0)
    expect(shown.tiles).to_have_count(10)
    scores = [f"{score:.2f}" for score in slide.rows[0].scores]
    expect(shown.page.locator(".score")).to_have_text(scores)
    expect(shown.page.locator(".caption")).to_have_text(f"Seen: {slide.caption}")
    expect(shown.page.locator(".note")).to_have_text(slide.notes[0])
    expect(shown.card.locator("img")).to_have_js_property("naturalWidth", 320)
    expect(shown.page.locator(".position")).to_have_text(f"response 1 of {SLIDES}")


def test_the_seen_image_and_its_category_are_marked(open_stage: Opened):
    every = slides(1, SLIDES)
    number = next(n for n, slide in enumerate(every) if slide.seen in slide.rows[0].places)
    slide = every[number]
    alike = [place for place in slide.rows[0].places if place % 6 == slide.seen % 6]
    shown = open_stage()
    shown.press(*["n"] * number)
    shown.is_at(number)
    right = shown.page.locator(".tile.right")
    expect(right).to_have_count(1)
    expect(right.get_by_role("img", name=re.compile("the seen image"))).to_have_count(1)
    expect(shown.page.locator(".tile.alike")).to_have_count(len(alike) - 1)


def test_next_previous_and_random_by_button_and_key(open_stage: Opened):
    shown = open_stage()
    shown.button("Next").click()
    shown.is_at(1)
    shown.press("n", "ArrowRight")
    shown.is_at(3)
    shown.button("Previous").click()
    shown.press("p", "ArrowLeft")
    shown.is_at(0)
    shown.press("ArrowLeft")
    shown.is_at(SLIDES - 1)
    shown.press("?")
    expect(shown.stage).not_to_have_attribute("data-slide", f"response-{SLIDES - 1}")
    before = shown.at()
    shown.button("Random").click()
    expect(shown.stage).not_to_have_attribute("data-slide", f"response-{before}")
    if shown.at() == 0:  # where the server takes it to be: nothing to tell
        shown.press("n")
    shown.wait("moved", f"response-{shown.at()}")


def test_keys_are_left_to_fields_and_to_modifiers(open_stage: Opened):
    shown = open_stage()
    shown.page.get_by_label("Words").press_sequentially("nr ? f")
    expect(shown.page.get_by_label("Words")).to_have_value("nr ? f")
    shown.page.get_by_label("Words").press("ArrowRight")
    shown.page.locator(".position").click()
    shown.press("Control+ArrowRight", "Alt+ArrowRight", "Shift+N")
    shown.page.wait_for_timeout(300)
    shown.is_at(0)
    expect(shown.stage).to_have_attribute("role", "group")


def test_r_reveals_and_does_not_rerun_the_app(open_stage: Opened):
    shown = open_stage("hide=1")
    shown.settle()
    runs = shown.runs()
    expect(shown.card.locator("img")).to_be_hidden()
    expect(shown.page.locator(".caption")).to_have_text("What was seen?")
    expect(shown.page.locator(".tile.right, .tile.alike")).to_have_count(0)
    expect(shown.page.get_by_text(slides(1, SLIDES)[0].notes[0])).to_have_count(0)
    shown.press("r")
    expect(shown.card.locator("img")).to_be_visible()
    expect(shown.page.locator(".note")).to_have_text(slides(1, SLIDES)[0].notes[0])
    shown.press("r")
    shown.page.wait_for_timeout(800)
    assert shown.runs() == runs
    shown.press("n")
    expect(shown.card.locator("img")).to_be_hidden()
    shown.card.click()
    expect(shown.card.locator("img")).to_be_visible()
    shown.press("n", " ")
    expect(shown.card.locator("img")).to_be_visible()


def test_python_and_the_browser_follow_each_other(open_stage: Opened):
    shown = open_stage()
    shown.press("n", "n", "n")
    shown.wait("moved", "response-3")
    assert shown.told("moved") == ["response-3"]
    box = shown.page.get_by_role("combobox", name="Response")
    expect(box).to_have_value("response-3")
    # An option that is clicked while the run that follows a move redraws the box is not taken.
    expect(shown.page.get_by_text(re.compile(r"^Runs: [2-9]"))).to_be_visible()
    shown.settle()
    for _ in range(3):  # on a busy machine it may still be under way
        box.click()
        shown.page.get_by_role("option", name="response-7", exact=True).click()
        with suppress(AssertionError):
            expect(shown.stage).to_have_attribute("data-slide", "response-7", timeout=10_000)
            break
    shown.is_at(7)
    shown.button("Next").click()
    shown.wait("moved", "response-8")


def test_slow_runs_never_throw_the_browser_back(open_stage: Opened):
    shown = open_stage("slow=1")
    seen = []
    for _ in range(8):
        shown.press("n")
        for _ in range(8):
            shown.page.wait_for_timeout(60)
            seen.append(shown.at())
    assert seen == sorted(seen)
    shown.wait("moved", "response-8")
    shown.page.wait_for_timeout(1500)
    shown.is_at(8)


def test_the_strip_leads_to_good_and_bad_cases(open_stage: Opened):
    ranks = [slide.rows[0].rank for slide in slides(1, SLIDES)]
    ordered = sorted(range(SLIDES), key=lambda number: (-ranks[number], number))
    shown = open_stage()
    strip = shown.page.get_by_role("slider", name="From worse to better")
    box = strip.bounding_box()
    assert box is not None
    shown.page.mouse.click(box["x"] + box["width"] - 1, box["y"] + 20)
    shown.is_at(ordered[-1])
    shown.page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 20)
    shown.page.mouse.down()
    visited = []
    for step in range(40):
        shown.page.mouse.move(box["x"] + box["width"] * (1 - step / 39), box["y"] + 20)
        visited.append(ranks[shown.at()])
    shown.page.mouse.up()
    assert visited == sorted(visited)
    assert len(set(visited)) > 15
    strip.focus()
    shown.press("Home")
    shown.is_at(ordered[0])
    shown.press("ArrowRight", "ArrowRight")
    shown.is_at(ordered[2])
    expect(strip).to_have_attribute("aria-valuenow", "3")
    words = f"rank {ranks[ordered[2]]:,}, 3 of {SLIDES} from the worst"
    expect(strip).to_have_attribute("aria-valuetext", words)
    shown.press("End")
    shown.is_at(ordered[-1])


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (390, 844)])
def test_a_presentation_enters_reveals_and_leaves(open_stage: Opened, width: int, height: int):
    shown = open_stage("decoders=1", width, height, has_touch=True)
    shown.settle()
    shown.press("f")
    expect(shown.stage).to_have_attribute("role", "dialog")
    assert shown.stage.bounding_box() == {"x": 0, "y": 0, "width": width, "height": height}
    for tile in shown.tiles.all():
        box = tile.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    shown.wait("present", True)
    expect(shown.card.locator("img")).to_be_hidden()
    expect(shown.page.locator(".tile.right, .tile.alike")).to_have_count(0)
    expect(shown.page.locator(".category").first).to_be_hidden()
    shown.card.tap()
    expect(shown.card.locator("img")).to_be_visible()
    expect(shown.page.locator(".category").first).to_be_visible()
    expect(shown.page.locator(".caption")).to_have_text(slides(1, SLIDES)[0].caption)
    size = shown.page.locator(".caption").evaluate(
        "node => parseFloat(getComputedStyle(node).fontSize)"
    )
    assert size >= (28 if width > 600 else 16)
    shown.press("n")
    expect(shown.page.locator(".live")).to_have_text(f"response 2 of {SLIDES}, seen image hidden")
    shown.press("PageDown")
    expect(shown.card.locator("img")).to_be_visible()
    shown.press("PageDown")
    shown.is_at(2)
    shown.page.touchscreen.tap(width - 8, height - 30)
    shown.is_at(3)
    shown.page.touchscreen.tap(8, height - 30)
    shown.is_at(2)
    for _ in range(12):
        shown.press("Tab")
        assert shown.stage.evaluate("node => node.getRootNode().activeElement !== null")
    shown.press("Escape")
    expect(shown.stage).to_have_attribute("role", "group")
    shown.wait("present", False)
    shown.is_at(2)
    shown.press("f", "f")
    expect(shown.stage).to_have_attribute("role", "group")


def test_a_swipe_goes_on(open_stage: Opened):
    shown = open_stage("present=1&slides=90", 390, 844, has_touch=True)
    touch = shown.page.context.new_cdp_session(shown.page)

    def swipe(*xs: int) -> None:
        kinds = ["touchStart", *["touchMove"] * (len(xs) - 1), "touchEnd"]
        for kind, x in zip(kinds, [*xs, None], strict=True):
            points = [] if x is None else [{"x": x, "y": 500}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    swipe(300, 240, 160)
    shown.is_at(1)
    swipe(300, 240, 160)
    shown.is_at(2)
    swipe(100, 160, 260)
    shown.is_at(1)
    bar = shown.page.locator(".progress.line span")
    assert bar.evaluate("node => node.style.width.slice(0, 4)") == "2.22"


def test_an_image_that_cannot_be_read_shows_its_words(open_stage: Opened):
    shown = open_stage("broken=1")
    expect(shown.page.locator(".tile .words:visible")).to_have_count(1)
    expect(shown.page.locator(".tile .words:visible")).to_contain_text("a owl")
    shown.page.reload()
    expect(shown.page.locator(".tile img:visible")).to_have_count(9)


def test_an_address_opens_the_presentation(open_stage: Opened):
    shown = open_stage("present=1&decoders=2", 1024, 768)
    expect(shown.stage).to_have_attribute("role", "dialog")
    expect(shown.tiles).to_have_count(20)
    expect(shown.card.locator("img")).to_be_hidden()
    assert shown.told("present") == []


def test_two_decoders_stand_side_by_side_where_there_is_room(open_stage: Opened):
    shown = open_stage("decoders=2", 1440)
    expect(shown.tiles).to_have_count(20)
    first, second = (shown.page.locator(".grid").nth(n).bounding_box() for n in (0, 1))
    assert first is not None
    assert second is not None
    assert first["y"] == second["y"]
    shown.page.set_viewport_size({"width": 390, "height": 844})
    scrolls = "() => document.scrollingElement.scrollWidth > window.innerWidth"
    assert not shown.page.evaluate(scrolls)
    first, second = (shown.page.locator(".grid").nth(n).bounding_box() for n in (0, 1))
    assert first is not None
    assert second is not None
    assert second["y"] > first["y"]


def test_every_thumbnail_is_asked_for_once_and_the_slides_are_sent_once(open_stage: Opened):
    shown = open_stage()
    for _ in range(12):
        shown.press("n")
        shown.page.wait_for_timeout(120)
    shown.settle()
    shown.press("p", "p")
    shown.wait("moved", "response-10")
    shown.page.get_by_text("Away").click()
    expect(shown.stage).to_have_count(0)
    before = sum(shown.received)
    shown.page.get_by_text("Away").click()
    expect(shown.page.locator(".tile img:visible")).to_have_count(10)
    shown.settle()
    arrivals = shown.page.evaluate("[...window.arrivals.values()].map((kept) => kept.size)")
    assert len(arrivals) > 40  # of slides passed at once some are never asked for
    assert set(arrivals) == {1}
    print(f"bytes received on coming back: {sum(shown.received) - before:,}")


def test_a_move_sends_neither_the_slides_nor_known_images(open_stage: Opened):
    shown = open_stage()
    shown.settle()
    for key in ("n", "p", "n"):
        shown.press(key)
        shown.settle()
    del shown.received[:]
    shown.press("p")
    shown.wait("moved", "response-0")
    shown.page.wait_for_timeout(500)
    assert sum(shown.received) < 12_000


def test_nothing_moves_when_images_arrive(open_stage: Opened):
    shown = open_stage()
    before = positions(shown)
    shown.press("?")
    assert positions(shown) == before
    shown.settle()
    assert positions(shown) == before


def test_next_is_drawn_at_once(open_stage: Opened):
    shown = open_stage()
    shown.settle()
    times = drawn_after(shown.page, lambda: shown.button("Next"), 20)
    print(f"next, click to ten images of {IMAGES:,} drawn: {sorted(times)[10]:.0f} ms (median)")
    print(f"slowest: {max(times):.0f} ms")
    assert len(times) == 20
