"""How soon a page answers its user, while nothing else is done and while a job trains."""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from playwright.sync_api import Locator, Page

from core.decoders import HEADS
from core.jobs import Job
from tests.benchmarks.first_paint import clicks, matrix
from tests.browser.chromium import browser
from tests.browser.screenshots import settle
from tests.browser.server import server

ACTIONS, WARMING = 18, 2
START_MS = 300_000
# On every unit of the simulated recording its epochs outlast all actions.
TRAINED = "roi_transformer"
IN_TURN = ("ridge", TRAINED)
ADDRESS = f"train?target=pixels&head={TRAINED}&train.epochs=2000&train.patience=2000"
WATCH = """async words => {
    const found = () => [...document.querySelectorAll("button, strong")];
    const isShown = () => found().some(node => node.textContent.includes(words));
    for (let frames = 0; isShown(); frames++) {
        if (frames > 600) throw new Error(`shown before the action: ${words}`);
        await new Promise(requestAnimationFrame);
    }
    window.answered = new Promise((resolve, reject) => {
        setTimeout(reject, 60000, new Error(`never shown: ${words}`));
        let began = Infinity;
        const press = event => { began = event.timeStamp; };
        addEventListener("pointerdown", press, {capture: true, once: true});
        new MutationObserver((_, observer) => {
            if (began === Infinity || !isShown()) return;
            observer.disconnect();
            resolve((performance.now() - began) / 1000);
        }).observe(document.body, {childList: true, subtree: true, characterData: true});
    });
}"""


class Answers(NamedTuple):
    """Median seconds from an action to the new content in the page.

    ``idle`` and ``training``: another head is chosen on the page Train, before a job trains
    there and while it does; ``rdm``: a cell of an RDM is clicked while it does.
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
            open_training(page, running)
            idle = _choosing_heads(page)
            with training_job(page, root / "results" / "jobs") as job:
                training = _choosing_heads(page)
                page.goto(f"{running}/rdm")
                matrix(page).wait_for(timeout=START_MS)
                settle(page)
                rdm = statistics.median(clicks(page))
                if job.status != "running":
                    raise RuntimeError(f"The training did not last: {job.status} {job.error}")
            return Answers(idle, training, rdm)


def open_training(page: Page, address: str) -> None:
    """Open page Train on a training that outlasts what is measured beside it."""
    page.goto(f"{address}/{ADDRESS}")
    _button(page).wait_for(timeout=START_MS)


@contextmanager
def training_job(page: Page, folder: Path) -> Iterator[Job]:
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


def _choosing_heads(page: Page) -> float:
    """Median seconds until the page offers to train one head, or shows how the other trains.

    The pauses keep the actions out of step with what the page does by the clock.
    """
    settle(page)
    pauses = np.random.default_rng(0).uniform(500, 1200, ACTIONS)
    seconds = []
    for head, pause in zip(itertools.cycle(IN_TURN), pauses, strict=False):
        page.get_by_role("combobox", name="Head").click()
        option = page.get_by_role("option", name=head, exact=True)
        option.wait_for()
        page.evaluate(WATCH, f"Train {HEADS[head].label}")
        option.click()
        seconds.append(float(page.evaluate("window.answered")))
        page.wait_for_timeout(pause)
    return statistics.median(seconds[WARMING:])
