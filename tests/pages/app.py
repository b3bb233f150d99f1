"""What tests of pages share: the app on an address, its texts, its jobs, data of one's own."""

import signal
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from core import jobs, operations
from core.datasets import DATASETS
from core.jobs import queue
from core.jobs.state import State
from core.paths import PROJECT
from pages.shared.frame.address import SHARED

APP = str(PROJECT / "app.py")
# All but Start, which shows no recording.
PAGES = [
    "lessons",
    "overview",
    "responses",
    "rdm",
    "maps",
    "clusters",
    "components",
    "compare",
    "selection",
    "encoders",
    "train",
    "retrieval",
    "zero_shot",
    "ablations",
    "dissimilarity",
    "encoding",
    "cortex",
    "ground_truth",
    "data",
    "jobs",
]
# Of one run of the page on a machine that does much else.
RUN_S = 300


def open_page(page: str, **settings: str | list[str]) -> AppTest:
    """Open a page on the address that settings make, see ``address_of``."""
    return open_address(page, address_of(page, settings))


def open_address(page: str, address: Mapping[str, str | list[str]]) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=RUN_S)
    app.query_params.update(address)
    if page != "start":
        app.switch_page(f"pages/{page}.py")
    return app.run()


def address_of(page: str, settings: Mapping[str, str | list[str]]) -> dict[str, str | list[str]]:
    """The address of settings that are named without their prefix.

    Those of the simulated recording are its options, what pages share and names with a prefix
    stay, and all others are settings of the page.
    """
    if "recording" not in settings:
        settings = {"stimuli": "120", "subjects": "2", **settings}
    options = {option.name for option in DATASETS["simulated"].info.options}
    address = {}
    for name, value in settings.items():
        prefix = "recording." if name in options else f"{page}."
        address[name if name in SHARED or "." in name else prefix + name] = value
    return address


def texts(app: AppTest) -> str:
    places = (app.main, app.sidebar)
    kinds = ("markdown", "caption", "info", "warning", "title", "error")
    return "\n".join(str(e.value) for place in places for kind in kinds for e in place.get(kind))


def labels(app: AppTest) -> list[str]:
    """Of the buttons on the page."""
    return [button.label for button in app.main.button]


def press(app: AppTest, label: str) -> AppTest:
    """Press the first button of a label."""
    return next(button for button in app.button if button.label == label).click().run()


def write_folder(root: Path, n: int = 12, **arrays: np.ndarray) -> Path:
    folder = root / "mine"
    for name in ("responses", "rdms"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "stimuli.csv").write_text("id\n" + "".join(f"p{i}\n" for i in range(n)))
    for name, array in arrays.items():
        np.save(folder / name.replace("__", "/"), array)
    return folder


def leave_waiting(folder: Path, state: State) -> bool:
    """Stand for the start of a job's process: ``until_done`` runs the job in this one."""
    return False


def until_done(app: AppTest) -> AppTest:
    """Run the page again once no job waits or runs."""
    while active := [job for job in jobs.all_jobs() if job.status in ("queued", "running")]:
        if queue._start is leave_waiting:
            run_here(active[-1])
        else:
            time.sleep(0.1)
    return app.run()


def computed(app: AppTest) -> AppTest:
    """Press what the page offers with its time, until it shows what it is about."""
    app = until_done(app)
    while offers := [each for each in app.button if _is_offer(each)]:
        app = until_done(offers[0].click().run())
    return app


def _is_offer(button: Button) -> bool:
    times = (", about ", ", a few seconds")
    return button.proto.type == "primary" and any(words in button.label for words in times)


def run_here(job: jobs.Job) -> None:
    """Run a job that waits as its process would."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        jobs.run(job.folder, operations.resolve)
    finally:
        signal.signal(signal.SIGTERM, handler)
