"""The chart of splits: a row for each that has a score, with interval, chance and distance."""

import numpy as np
import pandas as pd

from core.figures import decoding


def test_every_split_with_a_score_has_a_row():
    rows = pd.DataFrame(
        {
            "label": ["Images", "Far <b>", "Categories"],
            "value": [0.9, 0.8, np.nan],
            "low": [0.8, 0.75, np.nan],
            "high": [0.95, 0.9, np.nan],
            "chance": [0.5, 0.5, np.nan],
            "nearest": [0.1, 0.2, np.nan],
        }
    )
    figure = decoding.generalisation(rows, "two-way")
    score, chance = figure.data
    assert list(score.x) == [0.9, 0.8]
    np.testing.assert_allclose(score.error_x.array, [0.05, 0.1])
    np.testing.assert_allclose(score.error_x.arrayminus, [0.1, 0.05])
    assert list(figure.layout.yaxis.ticktext) == [
        "Images<br>distance 0.10",
        "Far &lt;b&gt;<br>distance 0.20",
    ]
    assert set(np.array(chance.x, dtype=float)[[0, 1, 3, 4]]) == {0.5}
    assert 0.4 < figure.layout.xaxis.range[0] < 0.5  # room for chance, none for what is not there
