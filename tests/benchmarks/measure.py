"""Run one step in a process of its own and measure it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
FORGET_PEAK = "5"
SCRIPT = """
import json, time
import numpy as np
from tests.benchmarks import steps
from tests.benchmarks.measure import forget_peak, peak_mib
responses = np.random.default_rng(0).standard_normal({shape}, dtype=np.float32)
step = steps.prepare("{step}", responses)
before, wall, cpu = forget_peak(), time.perf_counter(), time.process_time()
step()
print(json.dumps({{
    "wall_s": time.perf_counter() - wall,
    "cpu_s": time.process_time() - cpu,
    "memory_mib": peak_mib() - before,
}}))
"""


def forget_peak() -> float:
    """MiB that this process holds now, from which its peak begins anew."""
    CLEAR_REFS.write_text(FORGET_PEAK)
    return _status("VmRSS")


def peak_mib() -> float:
    """The most that this process has held, since ``forget_peak`` where that was called; MiB.

    ``getrusage`` tells of a process what its parent held when it started it, if that is more.
    """
    return _status("VmHWM")


def _status(name: str) -> float:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


@dataclass(frozen=True)
class Measured:
    """Wall and CPU seconds, and peak memory beyond the input in MiB."""

    wall_s: float
    cpu_s: float
    memory_mib: float


def measure(steps: Sequence[str], shape: tuple[int, int], rounds: int = 5) -> dict[str, Measured]:
    """The fastest of some rounds of all steps in turn; the largest memory of them.

    Each step runs in a process of its own; taking turns lets a machine that slows down
    for a while slow all of them.
    """
    found: dict[str, list[Measured]] = {step: [] for step in steps}
    for _ in range(rounds):
        for step, runs in found.items():
            command = [sys.executable, "-c", SCRIPT.format(shape=shape, step=step)]
            output = subprocess.run(command, check=True, capture_output=True).stdout
            runs.append(Measured(**json.loads(output.splitlines()[-1])))
    return {
        step: Measured(
            min(run.wall_s for run in runs),
            min(run.cpu_s for run in runs),
            max(run.memory_mib for run in runs),
        )
        for step, runs in found.items()
    }
