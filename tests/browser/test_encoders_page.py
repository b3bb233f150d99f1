"""The page Encoders in a real browser: encode, search by words, click a neighbour, come back."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Open = Callable[[str], Page]
ADDRESS = "encoders?recording.stimuli=80&recording.subjects=1&encoders.which=stimuli"
JOB_MS = 300_000


def test_words_find_images_and_a_click_finds_their_neighbours(open_page: Open):
    page = open_page(f"{ADDRESS}&encoders.encoder=clip-small&encoders.count=12")
    page.get_by_role("button", name="Encode 80 stimuli with clip-small").click()
    expect(page.get_by_text("80 × 128")).to_be_visible(timeout=JOB_MS)
    page.get_by_role("textbox", name="Describe an image").fill("a volcano")
    page.keyboard.press("Enter")
    tiles = page.get_by_role("button", name=re.compile("cosine similarity"))
    expect(tiles).to_have_count(12, timeout=JOB_MS)
    first = tiles.first
    expect(first).to_have_accessible_name(re.compile("volcano"))
    first.click()
    page.wait_for_url(re.compile("encoders.image=volcano"))
    expect(page.get_by_text("Nearest of 80 category names: volcano")).to_be_visible(timeout=JOB_MS)
    expect(tiles).to_have_count(12)
    expect(tiles.first).not_to_have_accessible_name(re.compile("^volcano-"))
    page.reload()
    expect(page.get_by_text("Nearest of 80 category names: volcano")).to_be_visible(timeout=JOB_MS)


def test_encoders_side_by_side_compared_and_deleted(open_page: Open):
    page = open_page(
        f"{ADDRESS}&encoders.encoder=pixels&encoders.encoder=gabor&encoders.tab=Compare"
    )
    for name in ("pixels", "gabor"):
        button = page.get_by_role("button", name=f"Encode 80 stimuli with {name}")
        button.click()
        expect(button).to_have_count(0)
    expect(page.get_by_text("RDMs (1 − Pearson r) of 80 images")).to_be_visible(timeout=JOB_MS)
    page.get_by_role("tab", name="Stored").click()
    for name in ("pixels (side", "gabor (orientations"):
        expect(page.get_by_text(name).first).to_be_visible()
    before = page.get_by_text(re.compile(r"^\d+ embeddings, ")).inner_text().split()[0]
    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_text(re.compile(rf"^{int(before) - 1} embeddings?, "))).to_be_visible()
