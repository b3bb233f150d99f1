"""The first text search of a fresh clone: what comes along answers it, no job is started."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.benchmarks.first_search import COUNT, WORDS, wait_for_grid
from tests.browser.conftest import PATIENCE_MS
from tests.browser.server import server


def test_words_find_images_at_once_without_a_job(chromium: Browser, tmp_path: Path):
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    page.set_default_timeout(PATIENCE_MS)
    with server(tmp_path / "recordings", tmp_path / "results") as running:
        page.goto(f"{running}/encoders")
        page.get_by_role("textbox", name="Describe an image").fill(WORDS)
        page.keyboard.press("Enter")
        wait_for_grid(page)
        tiles = page.get_by_role("button", name=re.compile("cosine similarity"))
        expect(tiles).to_have_count(COUNT)
        expect(tiles.first).to_have_accessible_name(re.compile("car"))
        assert [path.name for path in (tmp_path / "results" / "jobs").glob("[!.]*")] == []
        expect(page.get_by_role("button", name=re.compile("^Encode "))).to_have_count(0)
    page.close()
