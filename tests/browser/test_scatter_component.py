"""The map component in a real browser, with 30,000 points."""

from __future__ import annotations

import base64
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from pages.shared.components.scatter import scatter as component
from tests.browser.conftest import PATIENCE_MS
from tests.browser.scatter_app import image, points, uri
from tests.browser.server import serving

pytestmark = pytest.mark.browser
N = 30_000
NO_WEBGL = """
const original = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith("webgl") ? null : original.call(this, kind, ...rest);
};
"""
TIME_THE_REDRAW = """
(stage) => {
  document.addEventListener("click", () => { window.began = performance.now(); }, true);
  const painted = () => { window.took ??= performance.now() - window.began; };
  const observer = new MutationObserver(() =>
    requestAnimationFrame(() => requestAnimationFrame(painted)));
  observer.observe(stage, { attributes: true, attributeFilter: ["data-colours"] });
  const status = stage.parentElement.querySelector(".status");
  observer.observe(status, { childList: true });
}
"""
STAYS = """
(stage) => new Promise((resolve) => {
  let before = "", frames = 0;
  const look = () => {
    const now = JSON.stringify([stage.dataset, stage.getBoundingClientRect()]);
    frames = now === before ? frames + 1 : 0;
    before = now;
    if (frames < 15) requestAnimationFrame(look);
    else resolve();
  };
  look();
})
"""


@dataclass
class Map:
    """One open app, and what its maps told."""

    page: Page
    told_file: Path
    problems: list[str] = field(default_factory=list)
    received: list[int] = field(default_factory=list)

    @property
    def stage(self) -> Locator:
        return self.page.locator(".stage").first

    def view(self) -> tuple[float, float, float]:
        return tuple(json.loads(self.stage.get_attribute("data-view") or "[]"))

    def screen(self, places: np.ndarray) -> np.ndarray:
        """Page coordinates of places of the map."""
        box = self.page.locator("canvas.points").first.bounding_box()
        assert box is not None
        x, y, scale = self.view()
        middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
        return middle + (np.asarray(places) - [x, y]) * [scale, -scale]

    def told(self, event: str) -> list:
        lines = self.told_file.read_text().splitlines() if self.told_file.exists() else []
        return [value for name, value in map(json.loads, lines) if name == event]

    def wait(self, event: str, count: int = 1) -> list:
        end = time.monotonic() + PATIENCE_MS / 1000
        while len(self.told(event)) < count and time.monotonic() < end:
            self.page.wait_for_timeout(30)
        self.page.wait_for_timeout(400)
        assert len(self.told(event)) == count
        return self.told(event)

    def settle(self) -> None:
        """Wait until the map has stayed as it is for some frames, however slowly they come."""
        self.stage.evaluate(STAYS)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True).first


Opened = Callable[..., Map]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server of scatter_app.py; its address, and the file of what was told."""
    folder = tmp_path_factory.mktemp("scatter")
    told = folder / "told.jsonl"
    script = Path(__file__).with_name("scatter_app.py")
    with serving(script, {"SCATTER_TOLD": str(told)}, folder) as address:
        yield address, told


@pytest.fixture
def open_map(chromium: Browser, app: tuple[str, Path]) -> Iterator[Opened]:
    """Open the app; no page may leave an error on the console."""
    address, told = app
    told.unlink(missing_ok=True)
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    opened: list[Map] = []

    def open_(query: str = "", script: str = "") -> Map:
        page = context.new_page()
        if script:
            page.add_init_script(script)
        made = Map(page, told)
        opened.append(made)
        page.on("pageerror", lambda error: made.problems.append(str(error)))
        page.on("console", lambda said: said.type == "error" and made.problems.append(said.text))
        page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda it: made.received.append(len(it))),
        )
        page.goto(f"{address}/?{query}")
        expect(made.stage).to_have_attribute("data-view", re.compile("."))
        made.settle()
        return made

    yield open_
    context.close()
    assert [made.problems for made in opened] == [[] for _ in opened]


def drawn(shown: Map) -> float:
    """Share of the map that is not background."""
    pixels = np.asarray(Image.open(io.BytesIO(shown.stage.screenshot())).convert("RGB"))
    return float((np.abs(pixels[4:-4, 4:-4].astype(int) - pixels[6, 6]).sum(axis=2) > 30).mean())


def loneliest(n: int) -> int:
    """A point far from all others, but not at the edge."""
    places = points(n)
    inner = [row for row in range(0, n, 11) if np.abs(places[row] / [80, 56]).max() < 1]
    gaps = [np.sort(np.linalg.norm(places - places[row], axis=1))[1] for row in inner]
    return inner[int(np.argmax(gaps))]


def drag(page: Page, corners: np.ndarray) -> None:
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=6)
    page.mouse.up()


def inside(polygon: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Even-odd rule."""
    found = np.zeros(len(places), dtype=bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        crosses = (y1 > places[:, 1]) != (y2 > places[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            found ^= crosses & (places[:, 0] < (x2 - x1) * (places[:, 1] - y1) / (y2 - y1) + x1)
    return found


def edge_distance(polygon: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Distance of every place to the nearest edge."""
    distances = np.full(len(places), np.inf)
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        along = end - start
        part = np.clip((places - start) @ along / (along @ along), 0, 1)
        near = np.linalg.norm(places - start - part[:, None] * along, axis=1)
        distances = np.minimum(distances, near)
    return distances


def assert_same_rows(rows: list[int], polygon: np.ndarray, screen: np.ndarray) -> None:
    """Right but for points within two pixels of the line as drawn."""
    clear = edge_distance(polygon, screen) > 2.5
    got = np.zeros(len(screen), dtype=bool)
    got[rows] = True
    assert got.sum() > 100
    np.testing.assert_array_equal(got[clear], inside(polygon, screen)[clear])


def test_points_appear(open_map: Opened):
    shown = open_map()
    expect(shown.page.locator(".status").first).to_have_text("30,000 points")
    expect(shown.page.get_by_role("img", name="30,000 random points in six clouds")).to_be_visible()
    expect(shown.page.locator(".note").first).to_be_hidden()
    assert 0.1 < drawn(shown) < 0.95


def test_a_lasso_selects_the_right_rows_once(open_map: Opened):
    shown = open_map("maps=2")
    screen = shown.screen(points(N))
    centre = screen.mean(axis=0)
    star = [(150 if turn % 2 else 60) for turn in range(12)]
    angles = np.arange(12) * np.pi / 6
    lasso = centre + np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.array(star)[:, None]
    shown.button("Lasso").click()
    drag(shown.page, lasso)
    rows = shown.wait("selected")[0]
    assert_same_rows(rows, lasso, screen)
    words = f"{len(rows):,} of 30,000 points selected"
    for status in shown.page.locator(".status").all():
        expect(status).to_have_text(words)
    shown.page.get_by_role("button", name="Clear").click()
    for status in shown.page.locator(".status").all():
        expect(status).to_have_text("30,000 points")


def test_boxes_add_and_remove(open_map: Opened):
    shown = open_map()
    screen = shown.screen(points(N))
    centre = screen.mean(axis=0)
    shown.button("Box").click()
    boxes = []
    for left, right, key in [(-200, 0, ""), (-50, 120, "Shift"), (-100, 60, "Alt")]:
        box = centre + np.array([[left, -90], [right, -90], [right, 90], [left, 90]])
        boxes.append(box)
        if key:
            shown.page.keyboard.down(key)
        drag(shown.page, box[[0, 2]])
        if key:
            shown.page.keyboard.up(key)
        shown.wait("selected", len(boxes))
    rows = np.zeros(N, dtype=bool)
    rows[shown.told("selected")[-1]] = True
    first, added, removed = (inside(box, screen) for box in boxes)
    clear = np.min([edge_distance(box, screen) for box in boxes], axis=0) > 2.5
    np.testing.assert_array_equal(rows[clear], ((first | added) & ~removed)[clear])


def test_hovering_shows_the_image_and_asks_once(open_map: Opened):
    shown = open_map()
    row = loneliest(N)
    place = shown.screen(points(N)[row])
    shown.page.mouse.move(place[0] + 2, place[1] + 1)
    tooltip = shown.page.locator(".tooltip").first
    expect(tooltip).to_contain_text(f"image {row}")
    expect(tooltip.locator("img")).to_have_attribute("src", uri(image(row)))
    shown.page.mouse.move(5, 5)
    expect(tooltip).to_be_hidden()
    shown.page.mouse.move(*place)
    expect(tooltip).to_contain_text(f"image {row}")
    assert shown.wait("hover") == [row]


def test_a_click_reports_and_a_drag_does_not(open_map: Opened):
    shown = open_map()
    row = loneliest(N)
    shown.page.mouse.click(*shown.screen(points(N)[row]))
    assert shown.wait("clicked") == [row]
    before = shown.view()
    start = shown.screen(points(N)[row])
    end = start + np.array([60, 30])
    drag(shown.page, np.array([start, end]))
    expect(shown.stage).not_to_have_attribute("data-view", json.dumps(before))
    after = shown.screen(points(N)[row])
    np.testing.assert_allclose(after, end, atol=1.5)
    shown.wait("clicked")


def test_recolouring_is_quick_and_keeps_zoom_and_mode(open_map: Opened):
    shown = open_map()
    shown.stage.evaluate(TIME_THE_REDRAW)
    row = loneliest(N)
    place = shown.screen(points(N)[row])
    shown.page.mouse.move(*(place - 5))
    shown.page.mouse.move(*place)
    shown.page.mouse.wheel(0, -500)
    shown.settle()
    np.testing.assert_allclose(shown.screen(points(N)[row]), place, atol=1.5)
    shown.button("Lasso").click()
    view = shown.view()
    colours = shown.stage.get_attribute("data-colours")
    times = []
    for name in ("value", "theme", "value"):
        del shown.received[:]
        times.append(redraw_time(shown, shown.page.get_by_role("radiogroup").get_by_text(name)))
        assert shown.stage.get_attribute("data-colours") != colours
        colours = shown.stage.get_attribute("data-colours")
    assert shown.view() == view
    expect(shown.button("Lasso")).to_have_attribute("aria-pressed", "true")
    print(f"recolour to redraw, {N:,} points: {[f'{took:.0f} ms' for took in times]}")
    print(f"bytes received for colours the browser has: {sum(shown.received):,}")
    assert sum(shown.received) < 150_000


def redraw_time(shown: Map, widget: Locator) -> float:
    """Milliseconds from a click on a widget until the map it changes is painted."""
    shown.page.evaluate("window.took = null")
    widget.click()
    shown.page.wait_for_function("window.took !== null")
    return shown.page.evaluate("window.took")


def test_selecting_elsewhere_is_quick_and_keeps_the_zoom(open_map: Opened):
    shown = open_map()
    shown.button("Zoom in").click()
    shown.button("Box").click()
    box = shown.stage.bounding_box()
    assert box is not None
    corner = np.array([box["x"] + 5, box["y"] + 5])
    corners = np.array([corner, corner + np.array([box["width"], box["height"]]) - 10])
    shown.stage.evaluate(TIME_THE_REDRAW)
    view = shown.view()
    times = []
    for count in (1, 2, 3):
        drag(shown.page, corners)
        assert len(shown.wait("selected", count)[-1]) > 5000
        del shown.received[:]
        times.append(redraw_time(shown, shown.page.get_by_role("button", name="Clear")))
        assert sum(shown.received) < 150_000
    print(f"selection to redraw, {N:,} points: {[f'{took:.0f} ms' for took in times]}")
    assert shown.view() == view
    expect(shown.button("Box")).to_have_attribute("aria-pressed", "true")


def test_the_keyboard_does_everything(open_map: Opened):
    shown = open_map("n=300")
    shown.stage.focus()
    press = shown.page.keyboard.press
    for key, name in (("l", "Lasso"), ("b", "Box"), ("m", "Move")):
        press(key)
        expect(shown.button(name)).to_have_attribute("aria-pressed", "true")
    before = shown.view()[2]
    press("+")
    shown.settle()
    assert shown.view()[2] == pytest.approx(before * 1.6)
    press("0")
    press("ArrowRight")
    press("ArrowRight")
    press("Enter")
    row = shown.wait("clicked")[0]
    press(" ")
    assert shown.wait("selected") == [[row]]
    expect(shown.page.locator(".status").first).to_have_text("1 of 300 points selected")
    press("Escape")
    assert shown.wait("selected", 2)[1] == []
    expect(shown.page.locator(".tooltip").first).to_contain_text(f"image {row}")


def test_nothing_is_lost_or_told_twice_while_runs_overtake_each_other(open_map: Opened):
    shown = open_map("n=300&slow=1")
    shown.stage.focus()
    for _ in range(8):
        shown.page.keyboard.press("ArrowRight")
        shown.page.wait_for_timeout(150)
        shown.page.keyboard.press("Enter")
        shown.page.wait_for_timeout(50)
        shown.page.keyboard.press(" ")
    clicked = shown.wait("clicked", 8)
    assert len(set(clicked)) == 8
    expect(shown.page.locator(".status").first).to_have_text("8 of 300 points selected")
    assert shown.told("selected")[-1] == sorted(clicked)


def test_images_are_points_and_more_appear_on_zooming(open_map: Opened):
    shown = open_map("n=3000&images=1")
    shown.page.wait_for_function(
        "stage => Number(stage.dataset.images) > 50", arg=shown.stage.element_handle()
    )
    few = int(shown.stage.get_attribute("data-images") or 0)
    for _ in range(3):
        shown.button("Zoom in").click()
    shown.settle()
    assert int(shown.stage.get_attribute("data-images") or 0) > few


def test_the_image_is_saved_at_twice_its_size(open_map: Opened):
    shown = open_map()
    with shown.page.expect_download() as saved:
        shown.button("Save as PNG").click()
    box = shown.page.locator("canvas.points").first.bounding_box()
    assert box is not None
    with Image.open(saved.value.path()) as drawn:
        assert drawn.size == (round(2 * box["width"]), round(2 * box["height"]))
        colours = drawn.convert("RGB").getcolors(1 << 24)
    assert saved.value.suggested_filename == "map.png"
    assert colours is not None
    assert len(colours) > 100


def test_without_webgl_the_points_are_still_drawn(open_map: Opened):
    shown = open_map("n=3000", NO_WEBGL)
    expect(shown.page.locator(".note").first).to_contain_text("no WebGL")
    assert drawn(shown) > 0.02
    shown.page.mouse.click(*shown.screen(points(3000)[loneliest(3000)]))
    shown.wait("clicked")


def test_what_the_browser_lost_is_sent_again(open_map: Opened):
    shown = open_map("n=3000&lost=1")
    expect(shown.page.locator(".status").first).to_have_text("3,000 points")
    assert drawn(shown) > 0.02


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none", "0 points"),
        ("one", "1 of 1 points selected"),
        ("same", "50 of 50 points selected"),
        ("gaps", "4 of 4 points selected, 2 without coordinates"),
        ("missing", "3 of 3 points selected, 3 without coordinates"),
    ],
)
def test_odd_maps(open_map: Opened, name: str, words: str):
    shown = open_map(f"odd={name}")
    expect(shown.page.locator(".status").first).to_have_text(words)
    shown.stage.focus()
    for key in ("+", "ArrowRight", "ArrowRight", " ", "-", "0"):
        shown.page.keyboard.press(key)
    box = shown.stage.bounding_box()
    assert box is not None
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    shown.button("Box").click()
    drag(shown.page, np.array([middle - 40, middle + 40]))


def test_labels_and_thumbnails_that_are_known_are_not_asked_for(open_map: Opened):
    shown = open_map("odd=one")
    shown.page.mouse.move(*shown.screen(np.ones(2)))
    tooltip = shown.page.locator(".tooltip").first
    expect(tooltip).to_have_text("label 0")
    expect(tooltip.locator("img")).to_have_attribute("src", uri(image(0)))
    assert shown.told("hover") == []


def test_sprites_hold_the_images_in_order():
    red, half = Image.new("RGB", (60, 40), "red"), Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    atlas = component.sprites([red, None, half], side=16)
    assert (atlas.rows, atlas.columns, atlas.side) == ((0, 2), 2, 16)
    with Image.open(io.BytesIO(base64.b64decode(atlas.image.split(",")[1]))) as sheet:
        pixels = np.asarray(sheet).astype(int)
    np.testing.assert_allclose(pixels[8, 8], [255, 0, 0], atol=6)
    np.testing.assert_allclose(pixels[8, 24], [255, 255, 255], atol=6)
