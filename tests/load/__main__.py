"""Let many people walk over the pages of one server, and print how long they wait.

The server is a process of its own with empty results; visitors speak its websocket, without a
browser. With ``--beside COMMIT`` the same walk runs on the sources of a commit too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.paths import PROJECT
from tests.benchmarks.beside import tree_of
from tests.load.visitor import Rerun
from tests.load.walk import PAUSE_S, slowest, walk
from tests.torture.server import Served, serving

TICKS = os.sysconf("SC_CLK_TCK")


# How often memory is looked at while visitors walk.
LOOK_S = 300.0


class Figures(NamedTuple):
    """What a walk came to: rates and seconds a rerun, bytes, CPU, and memory in MiB over time."""

    reruns: list[Rerun]
    seconds: float
    cpu_s: float
    mib: list[float]


def main() -> int:
    chosen = _arguments()
    trees = {"this": PROJECT}
    if chosen.beside:
        tree = tree_of(chosen.beside)
        if tree is None:
            print(f"There is no commit {chosen.beside}", file=sys.stderr)
            return 2
        trees[chosen.beside] = tree
    low, high = chosen.pause
    about = f"{chosen.visitors} visitors, {chosen.seconds:g} s, {low:g} to {high:g} s between steps"
    print(f"{about}, {os.cpu_count()} cores, seed {chosen.seed}", flush=True)
    found = {name: _measured(tree, chosen) for name, tree in trees.items()}
    for name, figures in found.items():
        _show(name, figures)
    if chosen.beside:
        rates = [len(own.reruns) / own.seconds for own in found.values()]
        print(f"reruns a second, this / {chosen.beside}: {rates[0] / rates[1]:.2f}")
    return any(rerun.failed for own in found.values() for rerun in own.reruns)


def _measured(tree: Path, chosen: argparse.Namespace) -> Figures:
    with (
        tempfile.TemporaryDirectory() as folder,
        _results(Path(folder)),
        serving(Path(folder), tree) as served,
    ):
        served.wait()
        # What is read or imported once is not what is measured.
        asyncio.run(walk(served.port, 1, chosen.warm, chosen.seed))
        cpu = _cpu_s(served)
        reruns, mib = asyncio.run(_watched(served, chosen))
        return Figures(reruns, chosen.seconds, _cpu_s(served) - cpu, mib)


async def _watched(served: Served, chosen: argparse.Namespace) -> tuple[list[Rerun], list[float]]:
    """The walk, and memory before it, every few minutes, and after it."""
    mib = [_memory_mib(served)]

    async def look() -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            mib.append(_memory_mib(served))

    looking = asyncio.create_task(look())
    people = (chosen.visitors, chosen.seconds, chosen.seed, tuple(chosen.pause))
    reruns = await walk(served.port, *people)
    looking.cancel()
    return reruns, [*mib, _memory_mib(served)]


@contextmanager
def _results(folder: Path) -> Iterator[None]:
    former = os.environ.get("NEUROGALLERY_RESULTS")
    os.environ["NEUROGALLERY_RESULTS"] = str(folder / "results")
    try:
        yield
    finally:
        os.environ.pop("NEUROGALLERY_RESULTS")
        if former is not None:
            os.environ["NEUROGALLERY_RESULTS"] = former


def _show(name: str, own: Figures) -> None:
    seconds = np.array([rerun.seconds for rerun in own.reruns])
    count = len(seconds)
    kib = np.mean([rerun.bytes for rerun in own.reruns]) / 1024
    median, late = np.percentile(seconds, [50, 95])
    failed = [rerun for rerun in own.reruns if rerun.failed]
    print(
        f"{name}: {count / own.seconds:.1f} reruns a second, median {median:.2f} s, 95th "
        f"percentile {late:.2f} s, {kib:.0f} KiB and {1000 * own.cpu_s / count:.0f} ms of CPU a "
        f"rerun, memory {' -> '.join(f'{mib:.0f}' for mib in own.mib)} MiB, {len(failed)} failed"
    )
    for step, typical in slowest(own.reruns):
        what = f"{step.page}, {step.widget} = {step.value}" if step.widget else step.page
        print(f"  {typical:6.2f} s  {what}")
    for rerun in failed[:3]:
        print(f"  failed: {rerun.step.page}: {rerun.failed}")


def _memory_mib(served: Served) -> float:
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _cpu_s(served: Served) -> float:
    """Seconds of CPU that the server has used, its threads together."""
    fields = Path(f"/proc/{served.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--warm", type=float, default=30.0, help="seconds that one walks before")
    parser.add_argument(
        "--pause", type=float, nargs=2, default=PAUSE_S, metavar="S", help="between steps, from to"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--beside", metavar="COMMIT")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
