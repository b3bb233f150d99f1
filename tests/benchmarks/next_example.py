"""How fast page Retrieval draws the next example: alone, beside a session, while a job trains."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Locator, Page

from tests.benchmarks.answers import START_MS, open_training, training_job
from tests.benchmarks.first_paint import count_received
from tests.browser.chromium import browser
from tests.browser.screenshots import settle
from tests.browser.server import server
from tests.browser.stage_timing import drawn_after

CLICKS, WARMING = 20, 2
# A second session that goes on by itself, as the first does.
GO_ON = """() => {
    const stage = [...document.querySelectorAll("*")]
        .map(node => node.shadowRoot?.querySelector("dialog.stage")).find(Boolean);
    setInterval(() => stage.querySelector("[data-act=next]").click(), 700);
}"""


class NextExample(NamedTuple):
    """Median seconds from a click to the drawn grid, and data sent for examples seen before.

    ``alone``; ``beside``: while another session goes on too; ``training``: while a job trains
    besides; ``again_mib``: of going back over the examples of ``alone``.
    """

    alone: float
    beside: float
    training: float
    again_mib: float


def next_example() -> NextExample:
    """Measure on a server of its own, with the gallery of 4,000 images that comes along."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        with server(root / "recordings", root / "results") as running, browser() as chromium:
            page = _opened(chromium.new_page(viewport={"width": 1440, "height": 1000}), running)
            alone = _median(page, "Next")
            received = count_received(page)
            _median(page, "Previous")
            again = sum(received) / 2**20
            other = _opened(chromium.new_page(viewport={"width": 1440, "height": 1000}), running)
            other.evaluate(GO_ON)
            beside = _median(page, "Next")
            trainer = chromium.new_page(viewport={"width": 1440, "height": 1000})
            open_training(trainer, running)
            with training_job(trainer, root / "results" / "jobs") as job:
                training = _median(page, "Next")
                if job.status != "running":
                    raise RuntimeError(f"The training did not last: {job.status} {job.error}")
            return NextExample(alone, beside, training, again)


def _opened(page: Page, address: str) -> Page:
    page.goto(f"{address}/retrieval")
    page.locator("dialog.stage .tile:visible").first.wait_for(timeout=START_MS)
    settle(page)
    return page


def _median(page: Page, name: str) -> float:
    def button() -> Locator:
        return page.locator(".bar").get_by_role("button", name=name, exact=True)

    times = drawn_after(page, button, CLICKS + WARMING)
    return statistics.median(times[WARMING:]) / 1000
