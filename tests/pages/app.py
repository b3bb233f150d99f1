"""What tests of pages share: the app on an address, its texts, a folder of one's own data."""

import time
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from core import jobs
from core.paths import PROJECT

APP = str(PROJECT / "app.py")


def open_page(page: str, **address: str | list[str]) -> AppTest:
    if "dataset" not in address:
        address = {"stimuli": "120", "subjects": "2", **address}
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    return app if page == "overview" else app.switch_page(f"pages/{page}.py").run()


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


def until_done(app):
    end = time.monotonic() + 120
    while any(job.status in ("queued", "running") for job in jobs.all_jobs()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return app.run()
