"""A person at the RDM page, in a real Chromium, on the 92-image recording."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from scipy.io import loadmat
from scipy.spatial.distance import squareform

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.real]
HUMAN_IT = "human+IT+%28figure+1%29"
ADDRESS = f"rdm?recording=kriegeskorte92&rdm.published={HUMAN_IT}"
STRIP = 17
PICTURES = "figure img"


@pytest.fixture(scope="module")
def original(kriegeskorte_root: Path) -> dict[str, np.ndarray]:
    """Images and human IT RDM, read from the file without Neurogallery."""
    file = loadmat(kriegeskorte_root / "Kriegeskorte_Neuron2008_supplementalData.mat")
    images = np.stack([stimulus["image"] for stimulus in file["stimuli_92objs"].flat])
    return {"images": images, "rdm": squareform(file["RDMs_mIT_hIT_fig1"][0, 1]["RDM"].ravel())}


def click_cell(page: Page, row: int, column: int, strip: int = STRIP) -> None:
    """Click a cell: the matrix is the square at the lower right of the canvas."""
    canvas = page.locator("canvas").first
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box is not None
    side = box["height"] - strip
    x = box["x"] + box["width"] - side + (column + 0.5) * side / 92
    page.mouse.click(x, box["y"] + strip + (row + 0.5) * side / 92)


def shown_images(page: Page) -> list[int]:
    """Which of the 92 images the two shown ones are, by their pixels."""
    sources = page.locator(PICTURES).evaluate_all("nodes => nodes.slice(0, 2).map(n => n.src)")
    decoded = [Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))) for uri in sources]
    return [np.asarray(image.convert("RGB").resize((40, 40)), dtype=float) for image in decoded]


def nearest(image: np.ndarray, images: np.ndarray) -> int:
    small = [np.asarray(Image.fromarray(one).resize((40, 40)), dtype=float) for one in images]
    return int(np.argmin([np.abs(image - one).mean() for one in small]))


def figures(page: Page) -> list[str]:
    return page.get_by_test_id("stMetricValue").all_inner_texts()


@pytest.mark.parametrize(("row", "column"), [(3, 80), (91, 0), (0, 1), (47, 48)])
def test_a_click_shows_the_two_right_images(open_page: Open, original, row, column):
    page = open_page(ADDRESS)
    click_cell(page, row, column)
    page.wait_for_url(re.compile(f"rdm.pick=s{row + 1:02}&rdm.pick=s{column + 1:02}"))
    value = original["rdm"][row, column]
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(f"{value:.4g}")
    expect(page.locator("figcaption").first).to_contain_text(f"s{row + 1:02}")
    found = [nearest(image, original["images"]) for image in shown_images(page)]
    assert found == [row, column]
    upper = original["rdm"][np.triu_indices(92, 1)].astype(np.float32)
    rank = 1 + int((upper < np.float32(value)).sum())
    assert figures(page)[1] == f"{rank:,}"


def test_a_copied_address_opens_the_same_view(open_page: Open):
    page = open_page(ADDRESS + "&rdm.order=hierarchical")
    click_cell(page, 10, 60, strip=0)
    page.wait_for_url(re.compile("pick="))
    expect(page.get_by_text("The most similar pair")).to_have_count(0)
    expect(page.get_by_test_id("stMetricValue")).to_have_count(3)
    captions, values = page.locator("figcaption").all_inner_texts()[:2], figures(page)
    again = open_page(page.url.split("/", 3)[3])
    expect(again.locator("figcaption").first).to_have_text(captions[0])
    expect(again.locator("figcaption").nth(1)).to_have_text(captions[1])
    expect(again.get_by_test_id("stMetricValue")).to_have_text(values)
    expect(again.get_by_role("combobox", name=re.compile("Order"))).to_have_value("hierarchical")


def test_a_category_strip_shows_its_block(open_page: Open, original):
    page = open_page(ADDRESS + "&rdm.order=category")
    canvas = page.locator("canvas").first
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box is not None
    side = box["height"] - STRIP
    page.mouse.click(box["x"] + box["width"] - side + 18 / 92 * side, box["y"] + 5)
    block = original["rdm"][12:24, 12:24][np.triu_indices(12, 1)]
    expect(page.get_by_text("Block within human face")).to_be_visible()
    expect(page.get_by_text(f"mean {block.mean():.4g}")).to_be_visible()
    assert "rdm.pick=human+face" in page.url


def test_the_keyboard_picks_a_cell(open_page: Open):
    page = open_page(ADDRESS + "&rdm.pick=s01&rdm.pick=s05")
    page.locator("canvas").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(re.compile("rdm.pick=s03&rdm.pick=s06"))


def test_what_is_selected_follows_to_the_other_pages(open_page: Open):
    page = open_page("?recording.stimuli=80")
    page.get_by_role("button", name=re.compile("cat-01")).click()
    page.get_by_role("button", name=re.compile("dog-01")).click()
    expect(page.get_by_text("2 of 80 stimuli selected")).to_be_visible()
    page.get_by_role("link", name="Responses").click()
    expect(page.locator(".legendtext").first).to_contain_text("cat-01")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 of 80 stimuli selected")).to_be_visible()
