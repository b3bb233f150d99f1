"""What the score of ridge on the simulated experiment rests on: the checks of ``core.trust``."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import trust
from core.decoders.training.train import trained
from core.progress import Progress, portion
from core.report import plan, tables
from core.report.scores import material
from core.statistics import t_interval
from core.trust import Trust, TrustRequest
from core.trust.bottleneck import needed
from core.trust.identification import CHANCE
from core.trust.job import run
from core.trust.nearness import PARTS, Nearness

HEAD = "ridge"
TRAINED = 0.2
SCORE, NOISE, PERMUTED = "score", "noise input", "responses permuted"
TITLE = "## Can the score be trusted?"


def measure(scale: plan.Scale, progress: Progress) -> pd.DataFrame:
    """Check the score of ridge with seed 0.

    Returns
    -------
    pd.DataFrame
        ``check, figure, value, low, high, over``; of the figure 'sentence' the text is in
        ``over``. Bounds are 95 % intervals, NaN where there is none.
    """
    config = plan.config(scale, HEAD, 0)
    decoder = trained(config, material(config), portion(progress, 0.0, TRAINED))
    request = TrustRequest.of(decoder)
    checked = trust.load(request.key())
    if checked is None:
        with tempfile.TemporaryDirectory(prefix="neurogallery-") as folder:
            run(request, portion(progress, TRAINED, 1.0), Path(folder))
        checked = trust.load(request.key())
    assert checked is not None
    return pd.DataFrame(_rows(checked))


def section(table: pd.DataFrame) -> str:
    figures = table[table["figure"] != "sentence"]
    lines = [[row["figure"], _shown(row), row["over"] or ""] for row in figures.to_dict("records")]
    sentences = table.loc[table["figure"] == "sentence", "over"]
    return "\n".join(
        [
            f"{TITLE}\n",
            f"Two-way identification of `{HEAD}` in the test set of the simulated experiment (seed "
            "0), and what the same settings score without a signal, through fewer components, with "
            "fewer training images, and far from these.\n",
            tables.table(["figure", "value [95 % interval]", "over"], lines),
            "",
            *(f"- {sentence}" for sentence in sentences),
            f"\n{_verdict(figures)}\n",
        ]
    )


def _rows(checked: Trust) -> list[dict[str, Any]]:
    rows = [_row("score", SCORE, (checked.score, checked.low, checked.high), checked.over)]
    for kind, name in (("noise", NOISE), ("permuted", PERMUTED)):
        values = checked.controls[kind]
        over = f"{len(values)} decoders"
        rows.append(_row("controls", name, t_interval(np.array(values)), over))
    width = needed(checked.bottleneck, checked.score, CHANCE)
    components = f"of {checked.bottleneck[-1]['components']:,.0f} components"
    rows.append(_row("bottleneck", "components for 90 % of the score", (width,), components))
    for name in ("predicted", "embedded"):
        figure = f"effective rank, {name}"
        rows.append(_row("dimensions", figure, (checked.dimensions[name],), "test images"))
    if checked.learning["gain"] is not None:
        images = max(checked.learning["images"])
        over = f"{images:,} training images and fewer"
        for name, figure in (("gain", "a doubling brought"), ("next", "twice as many lead to")):
            rows.append(_row("learning", figure, (checked.learning[name],), over))
    rows += _nearness(checked.nearness)
    return rows + [
        _row(check, "sentence", (np.nan,), text) for check, text in checked.sentences.items()
    ]


def _nearness(near: Nearness) -> list[dict[str, Any]]:
    """Scores of the thirds of test images nearest to training and farthest from it."""
    thirds = np.array_split(np.argsort(near.distance, kind="stable"), PARTS)
    return [
        _row("nearness", f"score of the {name} third", t_interval(near.score[third]), over)
        for name, third in (("nearest", thirds[0]), ("farthest", thirds[-1]))
        for over in [f"{len(third)} images taken as independent"]
    ]


def _row(check: str, figure: str, numbers: Sequence[float], over: str) -> dict[str, Any]:
    value, low, high = (*numbers, np.nan, np.nan)[:3]
    return {
        "check": check,
        "figure": figure,
        "value": value,
        "low": low,
        "high": high,
        "over": over,
    }


def _shown(row: dict[Any, Any]) -> str:
    if row["check"] in ("bottleneck", "dimensions"):
        return f"{row['value']:.0f}"
    return tables.interval(row["value"], row["low"], row["high"])


def _verdict(figures: pd.DataFrame) -> str:
    """Whether the score's interval lies above those of its controls, and these at chance."""
    by_figure = figures.set_index("figure")
    low, high = by_figure["low"], by_figure["high"]
    above = all(high[name] < low[SCORE] for name in (NOISE, PERMUTED))
    held = [
        f"{name} is {'' if low[name] <= CHANCE <= high[name] else 'not '}at chance"
        for name in (NOISE, PERMUTED)
    ]
    return (
        f"Verdict: the interval of the score {'lies' if above else 'does **not** lie'} above what "
        f"the same settings reach without a signal; {', '.join(held)} ({tables.share(CHANCE)})."
    )
