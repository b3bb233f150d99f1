"""What the RDM page sends for thousands of stimuli, and how fast it answers a click."""

from __future__ import annotations

import base64
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from playwright.sync_api import Page

from core import datasets
from tests.browser.chromium import browser
from tests.browser.screenshots import settle
from tests.browser.server import server

UNITS = 100
CLICKS = 12
PAIR = "figure figcaption"


@dataclass(frozen=True)
class FirstPaint:
    """Data in MiB (the app's own scripts and fonts left out), seconds, seconds."""

    sent_mib: float
    paint_s: float
    click_s: float


def first_paint(n: int) -> FirstPaint:
    """Open the page once so that the RDM is in the store, then measure a new session."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        write_recording(root / "recordings" / "large", n)
        address = "rdm?recording=folder%3Alarge&rdm.order=category"
        with server(root / "recordings", root / "results") as running, browser() as chromium:
            page = chromium.new_page(viewport={"width": 1440, "height": 1000})
            page.goto(f"{running}/{address}")
            matrix(page).wait_for(timeout=300_000)
            settle(page)
            page.close()
            page = chromium.new_page(viewport={"width": 1440, "height": 1000})
            received = count_received(page)
            start = time.perf_counter()
            page.goto(f"{running}/{address}")
            matrix(page).wait_for(timeout=60_000)
            paint = time.perf_counter() - start
            settle(page)
            sent = sum(received) / 2**20
            return FirstPaint(sent, paint, statistics.median(clicks(page)))


def write_recording(folder: Path, n: int) -> None:
    """A recording of n stimuli in the folder layout, with fifty drawn images in turn."""
    for name in ("responses", "images"):
        (folder / name).mkdir(parents=True)
    drawn = datasets.load("simulated")
    files = []
    for stimulus in drawn.stimuli["id"][:50]:
        files.append(f"{stimulus}.png")
        drawn.image(stimulus).save(folder / "images" / files[-1])
    rng = np.random.default_rng(0)
    category = rng.integers(0, 20, n)
    centres = rng.standard_normal((20, UNITS))
    responses = centres[category] + 2.0 * rng.standard_normal((n, UNITS))
    np.save(folder / "responses" / "s1.npy", responses.astype(np.float32))
    stimuli = {
        "id": [f"p{row:05}" for row in range(n)],
        "file": [files[row % len(files)] for row in range(n)],
        "category": [f"kind {number:02}" for number in category],
    }
    pd.DataFrame(stimuli).to_csv(folder / "stimuli.csv", index=False)


def matrix(page: Page) -> Any:
    return page.locator("canvas").first


def count_received(page: Page) -> list[int]:
    """Bytes of every message and file from now on, but for the app's scripts and fonts."""
    received: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    static: set[str] = set()

    def frame(event: dict[str, Any]) -> None:
        data = event["response"]["payloadData"]
        binary = event["response"]["opcode"] == 2
        received.append(len(base64.b64decode(data)) if binary else len(data))

    def response(event: dict[str, Any]) -> None:
        if "/static/" in event["response"]["url"]:
            static.add(event["requestId"])

    def finished(event: dict[str, Any]) -> None:
        if event["requestId"] not in static:
            received.append(int(event["encodedDataLength"]))

    session.on("Network.webSocketFrameReceived", frame)
    session.on("Network.responseReceived", response)
    session.on("Network.loadingFinished", finished)
    return received


def clicks(page: Page) -> list[float]:
    """Seconds from a click in the matrix to the captions of its two images."""
    box = matrix(page).bounding_box()
    rng = np.random.default_rng(1)
    seconds = []
    for x, y in rng.uniform(0.2, 0.9, (CLICKS, 2)):
        before = page.locator(PAIR).all_inner_texts()
        start = time.perf_counter()
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.wait_for_function(
            "([selector, before]) => [...document.querySelectorAll(selector)]"
            ".map(node => node.innerText).join() !== before",
            arg=[PAIR, ",".join(before)],
        )
        seconds.append(time.perf_counter() - start)
    return seconds[2:]
