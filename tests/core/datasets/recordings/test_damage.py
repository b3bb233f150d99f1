"""Whatever happens to a file of a release, it opens or is refused in one line.

Each layout opens some damaged copies, the same in every run; NEUROGALLERY_DAMAGE says how many.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.datasets.recordings.damaging import (
    KINDS,
    LAYOUTS,
    Damage,
    damaged,
    files_of,
    opened,
)

EXAMPLES = int(os.environ.get("NEUROGALLERY_DAMAGE") or 8)
DAMAGE = st.builds(
    Damage,
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    st.floats(0, 1),
    st.integers(0, 1000),
)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_damaged_release_opens_or_is_refused_in_one_line(name, tmp_path):
    layout = LAYOUTS[name]
    layout.write(tmp_path / "release")
    root = tmp_path / "release"
    assert opened(root, layout) == ""
    files = files_of(root)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 10_000), DAMAGE)
    def check(number, damage):
        with damaged(root, files[number % len(files)], damage):
            assert "\n" not in opened(root, layout)

    check()
    assert opened(root, layout) == ""
