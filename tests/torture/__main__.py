"""Print what was tried, survived and lost; exit status 1 where anything was lost.

Each part runs as a process of its own, two at a time, so that one that is ended by a signal counts
as lost and the others go on.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from core.paths import PROJECT
from tests.torture.outcome import Outcome, tell
from tests.torture.settings import Settings

# Parts, the long ones first, and the share of the time that each may take of its lane.
PARTS = {
    "kills": 0.45,
    "readers": 0.4,
    "changed_files": 0.3,
    "cut_saves": 0.3,
    "addresses": 0.3,
    "full_disk": 0.25,
    "walk": 0.2,
    "job_folders": 0.15,
    "sharing": 0.1,
    "submits": 0.1,
}
LANES = 2
# Two parts share two cores.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
GRACE_S = 30.0


@dataclass
class Running:
    name: str
    process: subprocess.Popen[bytes]
    answer: Path
    deadline: float


def main() -> int:
    chosen = _arguments()
    if chosen.part:
        return _one(chosen)
    names = chosen.only or list(PARTS)
    began = time.monotonic()
    print(f"seed {chosen.seed}; parts {', '.join(names)}; at most {chosen.minutes:g} minutes")
    with tempfile.TemporaryDirectory(
        prefix="neurogallery-torture-", ignore_cleanup_errors=True
    ) as folder:
        outcomes = _every(names, chosen, Path(folder))
    _print(outcomes)
    print(f"seed {chosen.seed}, {(time.monotonic() - began) / 60:.1f} minutes")
    return 0 if all(outcome.is_clean for outcome in outcomes) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.torture")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--share", type=float, default=1.0, help="of what is counted, for a look")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _one(chosen: argparse.Namespace) -> int:
    """A part in this process; what it found goes to a file as it comes."""
    place = chosen.folder / chosen.part
    place.mkdir(parents=True)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(3))
    settings = Settings(chosen.seed, 60.0 * chosen.minutes, place, chosen.share)
    module = importlib.import_module(f"tests.torture.{chosen.part}")
    for outcome in module.run(settings):
        with open(chosen.folder / f"{chosen.part}.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(outcome.to_json()) + "\n")
    return 0


def _every(names: list[str], chosen: argparse.Namespace, folder: Path) -> list[Outcome]:
    """Run the parts, so many at a time; each ends with its share of the time."""
    waiting, running, outcomes = list(names), [], []
    end = time.monotonic() + 60.0 * chosen.minutes
    while waiting or running:
        while waiting and len(running) < LANES:
            running.append(_begin(waiting.pop(0), len(names), chosen, folder, end))
        for part in list(running):
            is_late = time.monotonic() > part.deadline
            if part.process.poll() is None and not is_late:
                continue
            if is_late:
                _end(part.process)
            part.process.wait()
            running.remove(part)
            outcomes += _read(part, is_late)
        time.sleep(0.2)
    return outcomes


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let it put away what it has begun, a while; see ``_one``."""
    process.terminate()
    try:
        process.wait(10.0)
    except subprocess.TimeoutExpired:
        process.kill()


def _begin(name: str, count: int, chosen: argparse.Namespace, folder: Path, end: float) -> Running:
    minutes = chosen.minutes * (PARTS[name] if count > LANES else 0.95)
    left = end - time.monotonic()
    minutes = max(0.2, min(minutes, (left - GRACE_S) / 60))
    command = [sys.executable, "-m", "tests.torture", "--part", name, "--folder", str(folder)]
    command += ["--seed", str(chosen.seed), "--minutes", f"{minutes:.3f}"]
    command += ["--share", str(chosen.share)]
    log = open(folder / f"{name}.log", "wb")  # noqa: SIM115  (of the process)
    environment = {**ONE_THREAD, **os.environ, "PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
    )
    log.close()
    tell(f"{name} begins, for at most {minutes:.1f} minutes")
    deadline = time.monotonic() + 60.0 * minutes + GRACE_S
    return Running(name, process, folder / f"{name}.jsonl", deadline)


def _read(part: Running, is_late: bool) -> list[Outcome]:
    lines = part.answer.read_text("utf-8").splitlines() if part.answer.exists() else []
    outcomes = [Outcome(**json.loads(line)) for line in lines]
    status = part.process.returncode
    if status != 0:
        log = part.answer.with_suffix(".log").read_text("utf-8", "replace")
        why = "did not end in its time" if is_late else f"ended with status {status}"
        outcome = Outcome(part.name, note="did not come to its end")
        outcome.count("lost", f"the part {why}: {' | '.join(log.splitlines()[-4:])}")
        outcomes.append(outcome)
    for outcome in outcomes:
        tell(f"  {outcome.name}: {outcome.survived} of {outcome.tried}")
    return outcomes


def _print(outcomes: list[Outcome]) -> None:
    """The table, then the first of what did not survive, by kind."""
    columns = ("tried", "survived", "lost", "exceptions", "foreign messages")
    print(f"\n| {'what':38} | " + " | ".join(columns) + " |")
    print(f"|{'-' * 40}|" + "|".join("-" * (len(column) + 1) + ":" for column in columns) + "|")
    for outcome in outcomes:
        kinds = (outcome.lost, outcome.exceptions, outcome.foreign)
        counts = [outcome.tried, outcome.survived, *map(len, kinds)]
        cells = [f"{n:{len(c)}}" for n, c in zip(counts, columns, strict=True)]
        print(f"| {outcome.name:38} | " + " | ".join(cells) + f" | {outcome.note}".rstrip(" |"))
    for outcome in outcomes:
        for kind in ("lost", "exceptions", "foreign"):
            for what in getattr(outcome, kind)[:12]:
                print(f"{outcome.name}, {kind}: {what}")


if __name__ == "__main__":
    sys.exit(main())
