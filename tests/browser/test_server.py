"""What only shows on a server: its first address, restarts, jobs in view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.browser.server import server

pytestmark = pytest.mark.browser
STIMULI = 2600


def write_recording(folder: Path) -> None:
    (folder / "responses").mkdir(parents=True)
    rows = "".join(f"p{row},kind {row % 7}\n" for row in range(STIMULI))
    (folder / "stimuli.csv").write_text("id,category\n" + rows)
    responses = np.random.default_rng(0).standard_normal((STIMULI, 20))
    np.save(folder / "responses" / "s1.npy", responses.astype(np.float32))


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


def test_any_page_may_be_the_first_that_a_server_sees(page: Page, tmp_path: Path):
    with server(tmp_path / "recordings", tmp_path / "results") as address:
        page.goto(f"{address}/rdm?metric=euclidean&roi=FFA")
        page.locator("canvas").first.wait_for()
        expect(page.get_by_text("Euclidean distance").first).to_be_visible()
        expect(page.get_by_role("link", name="Overview")).to_be_visible()


def test_a_long_rdm_is_a_job_that_survives_reload_and_restart(page: Page, tmp_path: Path):
    write_recording(tmp_path / "recordings" / "large")
    view = "rdm?recording=folder%3Alarge&rdm.order=hierarchical"
    with server(tmp_path / "recordings", tmp_path / "results") as address:
        page.goto(f"{address}/{view}")
        expect(page.get_by_role("button", name="Cancel")).to_be_visible()
        page.reload()
        page.locator("canvas").first.wait_for()
        assert "job=rdm-" in page.url
    with server(tmp_path / "recordings", tmp_path / "results") as address:
        page.goto(f"{address}/jobs")
        expect(page.get_by_text(re.compile("^done in "))).to_be_visible()
        page.goto(f"{address}/{view}")
        page.locator("canvas").first.wait_for()
