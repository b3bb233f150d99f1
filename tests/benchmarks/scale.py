"""A folder of many images opened, beside a commit before; an RDM larger than what is held."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from PIL import Image

from tests.benchmarks.beside import beside

IMAGES, A_FOLDER = 10_000, 500
OPENING = """
import time
from core import datasets
from core.datasets import image_files
datasets.available()
for again in ("first", "again"):
    for kind in ("files", "links"):
        if again == "first":
            image_files._orientation.cache_clear()
        began = time.process_time()
        datasets.load("folder", root={root!r} + "/" + kind)
        print(kind + "_" + again, time.process_time() - began)
"""


def opened_beside(commit: str, rounds: int = 3) -> dict[str, float]:
    """CPU of opening 10,000 images, as files and as links, over that at a commit.

    'first' reads the ends of every image; 'again' is in the same process, so that the commit has
    its files' ends in memory too.
    """
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        os.environ["NEUROGALLERY_DATA"], former = temporary, os.environ.get("NEUROGALLERY_DATA")
        try:
            write_folders(root)
            return beside(commit, OPENING.format(root=temporary), rounds)
        finally:
            os.environ.pop("NEUROGALLERY_DATA")
            if former is not None:
                os.environ["NEUROGALLERY_DATA"] = former


def write_folders(root: Path) -> None:
    """The same images as files in folders of 500, and as links to these."""
    names = []
    for number in range(IMAGES):
        names.append(f"f{number // A_FOLDER:03}/{number:06}.png")
        path = root / "files" / "images" / names[-1]
        if number % A_FOLDER == 0:
            path.parent.mkdir(parents=True)
        if number == 0:
            Image.effect_noise((48, 48), 60).save(path)
            content = path.read_bytes()
        path.write_bytes(content)
    (root / "links" / "images").mkdir(parents=True)
    for name in names:
        link = root / "links" / "images" / name.replace("/", "-")
        link.symlink_to(root / "files" / "images" / name)
    for kind, separator in (("files", "/"), ("links", "-")):
        rows = "".join(f"{name},{name.replace('/', separator)}\n" for name in names)
        (root / kind / "stimuli.csv").write_text("id,file\n" + rows)
