"""Run one step in a process of its own and measure it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

SCRIPT = """
import json, resource, sys, time
import numpy as np
from tests.benchmarks import steps
responses = np.random.default_rng(0).standard_normal({shape}, dtype=np.float32)
step = steps.prepare("{step}", responses)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, wall, cpu = peak(), time.perf_counter(), time.process_time()
step()
print(json.dumps({{
    "wall_s": time.perf_counter() - wall,
    "cpu_s": time.process_time() - cpu,
    "memory_mib": peak() - before,
}}))
"""


@dataclass(frozen=True)
class Measured:
    """Wall and CPU seconds, and peak memory beyond the input in MiB."""

    wall_s: float
    cpu_s: float
    memory_mib: float


def measure(step: str, shape: tuple[int, int], runs: int = 3) -> Measured:
    """The fastest of some runs, each in a fresh process; the largest memory of them."""
    found = []
    for _ in range(runs):
        command = [sys.executable, "-c", SCRIPT.format(shape=shape, step=step)]
        output = subprocess.run(command, check=True, capture_output=True, env=os.environ).stdout
        found.append(Measured(**json.loads(output.splitlines()[-1])))
    return Measured(
        min(run.wall_s for run in found),
        min(run.cpu_s for run in found),
        max(run.memory_mib for run in found),
    )
