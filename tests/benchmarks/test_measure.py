"""The memory that the benchmark measures is that of the step, whatever its parent holds."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.measure import forget_peak, measure, peak_mib
from tests.benchmarks.steps import CONTROL_MIB


def test_a_parent_that_holds_much_takes_nothing_from_what_a_step_takes():
    held = np.ones(5 * CONTROL_MIB * 2**17)
    step = measure(("control",), (1, 1), rounds=1)["control"]
    assert abs(step.memory_mib - CONTROL_MIB) < 4, len(held)


def test_a_peak_is_forgotten():
    np.ones(CONTROL_MIB * 2**17)
    before = forget_peak()
    assert peak_mib() < before + 8
    np.ones(CONTROL_MIB * 2**17)
    assert peak_mib() - before > 0.9 * CONTROL_MIB
