"""CPU time of what a script does today over that at a commit before, taking turns."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

ROOT = Path(__file__).parents[2]
PARTS = ("app.py", "core", "docs", "pages", "tests", ".streamlit")
# Kept to the end of the process: several rows are beside one commit.
_folders: list[TemporaryDirectory[str]] = []


@cache
def tree_of(commit: str) -> Path | None:
    """The sources of a commit beside today's data; None where git lacks it."""
    command = ["git", "archive", commit, *PARTS]
    archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        return None
    _folders.append(TemporaryDirectory())
    tree = Path(_folders[-1].name)
    subprocess.run(["tar", "-x", "-C", tree], input=archive.stdout, check=True)
    (tree / "data").symlink_to(ROOT / "data")
    return tree


def beside(commit: str, script: str, rounds: int = 3) -> dict[str, float]:
    """CPU of what a script does over that of the same at a commit.

    Parameters
    ----------
    commit : str
    script : str
        Prints a line ``name seconds`` for each thing that it measures.
    rounds : int
        How often; each time in a process of its own with one thread and an empty results folder.

    Returns
    -------
    dict of str to float
        The least seconds of both, divided; empty where git lacks the commit. What else runs on
        the machine only adds to the seconds.
    """
    tree = tree_of(commit)
    if tree is None:
        return {}
    runs = [[seconds(script, root) for root in (ROOT, tree)] for _ in range(rounds)]
    return {
        name: float(np.divide(*(min(run[place][name] for run in runs) for place in (0, 1))))
        for name in runs[0][0]
    }


def seconds(script: str, root: Path = ROOT) -> dict[str, float]:
    """What a script prints that runs with the sources of a tree."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with TemporaryDirectory() as results:
        own = {"PYTHONPATH": str(root), "NEUROGALLERY_RESULTS": results}
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={**os.environ, **threads, **own},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    lines = [line.split() for line in done.stdout.splitlines()]
    return {name: float(value) for name, value in lines}
