"""How soon a page answers its user, while nothing else is done and while a job trains."""

from __future__ import annotations

import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from playwright.sync_api import Locator, Page

from core.decoders import HEADS
from core.jobs import Job
from tests.benchmarks.first_paint import PAIR, matrix
from tests.browser.chromium import browser
from tests.browser.screenshots import settle
from tests.browser.server import server

Action = tuple[str, Callable[[], None]]

ACTIONS, FIRST = 18, 2
START_MS = 300_000
# Long enough for all actions, on every unit of the simulated recording.
TRAINED = "roi_transformer"
IN_TURN = ("ridge", TRAINED)
ADDRESS = f"train?target=pixels&head={TRAINED}&train.epochs=2000&train.patience=2000"
WATCH = """shown => {
    const texts = found => [...document.querySelectorAll(found)].map(node => node.textContent);
    const answer = new Function("texts", `return ${shown}`);
    const isShown = () => answer(texts);
    if (isShown()) throw new Error(`shown before the action: ${shown}`);
    window.answered = new Promise((resolve, reject) => {
        setTimeout(reject, 60000, new Error(`never shown: ${shown}`));
        let began = Infinity;
        const heard = event => { began = event.timeStamp; };
        addEventListener("pointerdown", heard, {capture: true, once: true});
        new MutationObserver((_, observer) => {
            if (began === Infinity || !isShown()) return;
            observer.disconnect();
            resolve((performance.now() - began) / 1000);
        }).observe(document.body, {childList: true, subtree: true, characterData: true});
    });
}"""


class Answers(NamedTuple):
    """Median seconds from a press of the mouse to the new content in the page.

    ``idle`` and ``training``: another head is chosen on the page Train, before a job trains
    there and while it does; ``rdm``: a cell of the RDM is clicked while it does.
    """

    idle: float
    training: float
    rdm: float


def answers() -> Answers:
    """Measure both pages on a server of their own; the training is cancelled in the end."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        with server(root / "recordings", root / "results") as running, browser() as chromium:
            page = chromium.new_page(viewport={"width": 1440, "height": 1000})
            page.goto(f"{running}/rdm")
            matrix(page).wait_for(timeout=START_MS)
            page.goto(f"{running}/{ADDRESS}")
            _button(page).wait_for(timeout=START_MS)
            idle = _median(page, _heads(page))
            with _training(page, root / "results" / "jobs") as job:
                training = _median(page, _heads(page))
                page.goto(f"{running}/rdm")
                matrix(page).wait_for(timeout=START_MS)
                rdm = _median(page, _cells(page))
                if job.status != "running":
                    raise RuntimeError(f"The training did not last: {job.status} {job.error}")
            return Answers(idle, training, rdm)


@contextmanager
def _training(page: Page, folder: Path) -> Iterator[Job]:
    """The job of the page's button, once its epochs run."""
    try:
        _button(page).click()
        page.locator(".legendtext", has_text="validation").first.wait_for(timeout=START_MS)
        yield Job(next(folder.glob("train-*")))
    finally:
        for job in map(Job, folder.glob("train-*")):
            job.cancel()
            while job.status in ("queued", "running"):
                time.sleep(0.2)


def _button(page: Page) -> Locator:
    return page.get_by_role("button", name=f"Train {HEADS[TRAINED].label}")


def _median(page: Page, actions: Iterator[Action]) -> float:
    """The pauses between actions keep them out of step with what the page does by the clock."""
    settle(page)
    pauses = np.random.default_rng(0).uniform(500, 1200, ACTIONS)
    seconds = []
    for pause, (shown, act) in zip(pauses, actions, strict=False):
        page.evaluate(WATCH, shown)
        act()
        seconds.append(float(page.evaluate("window.answered")))
        page.wait_for_timeout(pause)
    return statistics.median(seconds[FIRST:])


def _heads(page: Page) -> Iterator[Action]:
    """Choose one head, then the other: the page offers to train it, or shows how it trains."""
    for head in itertools.cycle(IN_TURN):
        page.get_by_role("combobox", name="Head").click()
        option = page.get_by_role("option", name=head, exact=True)
        option.wait_for()
        words = json.dumps(f"Train {HEADS[head].label}")
        yield f"texts('button, strong').some(text => text.includes({words}))", option.click


def _cells(page: Page) -> Iterator[Action]:
    """Click here and there in the matrix: the captions of the two pictures change."""
    box = matrix(page).bounding_box()
    rng = np.random.default_rng(1)
    while True:
        x, y = rng.uniform(0.2, 0.9, 2)
        at = box["x"] + x * box["width"], box["y"] + y * box["height"]
        known = ["", ",".join(page.locator(PAIR).all_text_contents())]
        shown = f"!{json.dumps(known)}.includes(texts({json.dumps(PAIR)}).join())"
        yield shown, partial(page.mouse.click, *at)
