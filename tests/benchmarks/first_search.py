"""How long the first text search of a fresh clone takes: no results, no module imported yet."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from playwright.sync_api import Page

from tests.browser.chromium import browser
from tests.browser.server import server

START_MS = 300_000
WORDS, COUNT = "a red car at night", 12
ARE_DRAWN = """n => {
    const images = [];
    const walk = root => root.querySelectorAll("*").forEach(node => {
        if (node.tagName === "IMG" && /cosine similarity/.test(node.closest("[aria-label]")
            ?.ariaLabel || node.alt)) images.push(node);
        if (node.shadowRoot) walk(node.shadowRoot);
    });
    walk(document);
    return images.length >= n && images.every(image => image.complete && image.naturalWidth);
}"""


class FirstSearch(NamedTuple):
    """Seconds from a server that answers to the drawn grid, and from Enter to it.

    ``cpu``: seconds of a processor that the server took until then, its start included.
    """

    from_start: float
    from_words: float
    cpu: float


def first_search() -> FirstSearch:
    """Open page Encoders of a server that has just started, write words, wait for the images."""
    with tempfile.TemporaryDirectory() as temporary, browser() as chromium:
        root = Path(temporary)
        page = chromium.new_page(viewport={"width": 1440, "height": 1000})
        with server(root / "recordings", root / "results") as running:
            began = time.perf_counter()
            page.goto(f"{running}/encoders")
            search = page.get_by_role("textbox", name="Describe an image")
            search.wait_for(timeout=START_MS)
            search.fill(WORDS)
            page.keyboard.press("Enter")
            written = time.perf_counter()
            wait_for_grid(page)
            drawn = time.perf_counter()
            return FirstSearch(drawn - began, drawn - written, _cpu_of_server())


def _cpu_of_server() -> float:
    """Of the child of this process that runs Streamlit."""
    children = psutil.Process().children()
    (serving,) = (each for each in children if "streamlit" in " ".join(each.cmdline()))
    times = serving.cpu_times()
    return times.user + times.system


def wait_for_grid(page: Page) -> None:
    """Wait until every retrieved image is there and drawn."""
    page.wait_for_function(ARE_DRAWN, arg=COUNT, timeout=START_MS)
