"""What tests of pages share: the app on an address, its texts, its jobs, data of one's own."""

import signal
import time
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from core import jobs, operations
from core.jobs import queue
from core.jobs.state import State
from core.paths import PROJECT

APP = str(PROJECT / "app.py")
# Of one run of the page on a machine that does much else.
RUN_S = 300


def open_page(page: str, **address: str | list[str]) -> AppTest:
    if "dataset" not in address:
        address = {"stimuli": "120", "subjects": "2", **address}
    app = AppTest.from_file(APP, default_timeout=RUN_S)
    for name, value in address.items():
        app.query_params[name] = value
    if page != "overview":
        app.switch_page(f"pages/{page}.py")
    return app.run()


def texts(app: AppTest) -> str:
    places = (app.main, app.sidebar)
    kinds = ("markdown", "caption", "info", "warning", "title", "error")
    return "\n".join(str(e.value) for place in places for kind in kinds for e in place.get(kind))


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


def run_here(job: jobs.Job) -> None:
    """Run a job that waits as its process would."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        jobs.run(job.folder, operations.resolve)
    finally:
        signal.signal(signal.SIGTERM, handler)
