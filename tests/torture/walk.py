"""Two sessions that submit, cancel, resume, remove and delete at random, beside a third person.

Two tabs of a real browser, each with a cookie of its own, on one server; a third person does the
same from the command line, ends processes of jobs and deletes results. No page may show an
exception.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page

from core import jobs, operations, paths, store
from core.errors import NeurogalleryError
from tests.browser.chromium import browser
from tests.torture import material, server
from tests.torture.outcome import Outcome, judged, one_line
from tests.torture.settings import Settings, folders

PLUGIN = "tests.torture.quick_jobs"
# Of the 15 minutes; with --only walk --minutes 10 it takes ten.
SHARE = 0.9
MOST_JOBS = 16
WORDS = (
    "Cancel", "Resume", "Try again", "Remove", "Dismiss", "Leave", "Only those", "Delete", "Yes",
)  # fmt: skip
JOB = re.compile(r"(?<=cancel_|remove_|resume_)[a-z0-9_]+?-[0-9a-f]{16}")
OFFERS = (", about ", ", a few seconds", "Train ")
PAGES = ("clusters", "maps", "train", "rdm", "encoders", "overview", "data")
SMALL = "recording.stimuli=80&recording.subjects=2"
CHOOSE = """([words, offers, at]) => {
  const buttons = [...document.querySelectorAll('[data-testid="stMain"] button')].filter(
    b => !b.disabled && (words.some(w => b.innerText.trim().startsWith(w))
      || offers.some(w => b.innerText.includes(w))));
  if (!buttons.length) return ['', ''];
  window.chosen = buttons[Math.floor(at * buttons.length)];
  const keyed = window.chosen.closest('[class*="st-key-"]');
  return [window.chosen.innerText.trim(), keyed ? keyed.className : ''];
}"""
PRESS = "() => window.chosen && window.chosen.click()"
SHOWN = """() => [
  [...document.querySelectorAll('[data-testid="stException"]')].map(e => e.innerText),
  [...document.querySelectorAll('[data-testid="stAlert"]')].map(e => e.innerText),
]"""


def run(settings: Settings) -> Iterator[Outcome]:
    os.environ["NEUROGALLERY_PLUGINS"] = PLUGIN
    operations.load_plugins()
    walk, third = Outcome("walk of two sessions"), Outcome("beside them, a third person")
    with folders(settings.folder):
        material.write_recording(paths.data_root(), 0, 48, 400)
        with server.serving(settings.folder) as served, browser() as chromium:
            served.wait()
            pages = [chromium.new_context().new_page() for _ in range(2)]
            for page in pages:
                page.set_default_timeout(30_000)
                page.goto(f"{served.address}/jobs")
            _walk(settings, served.address, pages, walk, third)
    clicks = sum(_done.values())
    walk.note = f"looks; {clicks} clicks: " + ", ".join(
        f"{n} {w}" for w, n in sorted(_done.items())
    )
    yield walk
    yield third


_done: dict[str, int] = {}


def _walk(
    settings: Settings, address: str, pages: list[Page], walk: Outcome, third: Outcome
) -> None:
    rng = settings.rng
    while not settings.is_over(SHARE):
        _third_person(rng, third)
        page = rng.choice(pages)
        what = "nothing"
        with suppress(BrowserError):  # it navigates, or the element is gone
            what = _act(page, rng, address)
        time.sleep(rng.uniform(0.0, 0.8))
        _check(walk, pages, what)


def _act(page: Page, rng: random.Random, address: str) -> str:
    """Press a button of the page in view, or open another page; says which."""
    if rng.random() < 0.65:
        text, key = page.evaluate(CHOOSE, [WORDS, OFFERS, rng.random()])
        if text:
            return _press(page, rng, text, key)
    if rng.random() < 0.5:
        page.goto(f"{address}/jobs", wait_until="commit")
        return "page jobs"
    name, seed = rng.choice(PAGES), rng.randrange(30)
    recording = SMALL if rng.random() < 0.7 else f"recording={material.NAME}"
    page.goto(f"{address}/{name}?{recording}&random_seed={seed}", wait_until="commit")
    return f"page {name}"


def _press(page: Page, rng: random.Random, text: str, key: str) -> str:
    """Press a button; in half of the cases someone has just done something with its job."""
    word = next((word for word in WORDS if text.startswith(word)), "offer")
    job, before = JOB.search(key), ""
    if job and rng.random() < 0.5:
        before = rng.choice(("cancel", "remove", "remove", "resume", "kill"))
        with suppress(NeurogalleryError):
            _do(before, jobs.get(job[0]))
        before = f" of a job that another had just told to {before}"
    page.evaluate(PRESS)
    counted = word + (" too late" if before else "")
    _done[counted] = _done.get(counted, 0) + 1
    return f"{text!r}{before}"


def _do(act: str, job: jobs.Job) -> None:
    if act == "kill":
        _kill(job)
    else:
        getattr(job, act)()


def _check(walk: Outcome, pages: list[Page], what: str) -> None:
    """What both pages show after an action; one that shows an exception is opened anew."""
    for number, page in enumerate(pages):
        try:
            exceptions, alerts = page.evaluate(SHOWN)
        except BrowserError:  # between two pages
            continue
        foreign = [text for text in alerts if judged(text, "")[0] == "foreign"]
        where = f"session {number}, {page.url.rpartition('/')[2][:40]}, after {what}"
        if exceptions:
            walk.count("exceptions", f"{where}: {one_line(exceptions[0], 700)}")
            with suppress(BrowserError):
                page.reload()
        elif foreign:
            walk.count("foreign", f"{where}: {one_line(foreign[0])}")
        else:
            walk.count("survived")


def _third_person(rng: random.Random, third: Outcome) -> None:
    """One act of somebody on the command line."""
    every = jobs.all_jobs()
    act = rng.choice(("submit", "submit", "cancel", "remove", "resume", "kill", "delete", "look"))
    with third.trying(act), suppress(NeurogalleryError):
        if len(every) > MOST_JOBS:
            rng.choice(every).remove()
        elif act == "submit":
            steps = rng.randrange(20, 200)
            jobs.submit("torture_walk", {"seed": rng.randrange(40), "steps": steps, "pause": 0.05})
        elif act == "delete":
            _delete(rng)
        elif act == "kill" and every:
            _kill(rng.choice(every))
        elif act in ("cancel", "remove", "resume") and every:
            getattr(rng.choice(every), act)()
        else:
            jobs.start_waiting()


def _kill(job: jobs.Job) -> None:
    with suppress(OSError, ValueError):  # it has just been removed
        state = json.loads((job.folder / "status.json").read_text("utf-8"))
        if state["status"] == "running":
            os.kill(state["pid"], signal.SIGKILL)


def _delete(rng: random.Random) -> None:
    entries = store.entries()
    if entries:
        store.remove(rng.choice(entries).key)
