"""Models beside the brain as a figure for a paper or slide: SVG, PDF or PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.errors import InputError
from core.figures.comparison.bars import FIXED, FLEXIBLE, ceiling_of, sorted_models
from core.figures.export import FORMATS
from core.rsa.results import BrainResult, letters

WIDTH, ROW, FRAME = 3.6, 0.3, 1.5


def performances(parts: Sequence[BrainResult], title: str, file_format: str = "svg") -> bytes:
    """Draw the bars of each part of the brain side by side, with all that says what they are.

    Parameters
    ----------
    parts : sequence of BrainResult
    title : str
    file_format : {'svg', 'pdf', 'png'}
    """
    if file_format not in FORMATS:
        raise InputError(f"The format is {file_format!r}", choices=FORMATS)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = max(len(part.evaluation.models) for part in parts)
    size = (0.6 + 1.35 * WIDTH * len(parts), FRAME + ROW * rows)
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=10, x=0.01, ha="left", parse_math=False)
    for axes, part in zip(figure.subplots(1, len(parts), squeeze=False)[0], parts, strict=True):
        _draw(axes, part)
    evaluation = parts[0].evaluation
    figure.supxlabel(
        f"Bars: mean over {evaluation.subjects} subjects, {evaluation.stimuli} stimuli; lines: "
        f"95 % interval over {evaluation.over}; models that share a letter do not differ "
        f"({evaluation.correction}); grey: noise ceiling",
        fontsize=6,
        parse_math=False,
    )
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file_format, dpi=200)
    return buffer.getvalue()


def _draw(axes: Any, part: BrainResult) -> None:
    models = sorted_models(part)
    ceiling = ceiling_of(part)
    if ceiling is not None:
        axes.axvspan(ceiling[0], ceiling[1], color="0.85", linewidth=0, zorder=0)
    places = np.arange(len(models))
    means = np.array([model.mean for model in models])
    ends = np.array([[model.mean - model.low, model.high - model.mean] for model in models]).T
    axes.barh(
        places,
        means,
        0.62,
        color=[FLEXIBLE if model.is_flexible else FIXED for model in models],
        xerr=np.nan_to_num(np.abs(ends)),
        error_kw={"linewidth": 1, "ecolor": "0.3"},
    )
    for place, model in enumerate(models):
        values = np.atleast_1d(model.by_subject)
        if len(values) > 1:
            axes.plot(
                values, np.full(len(values), place), "o", ms=2, mfc="none", mec="0.4", mew=0.5
            )
    signs = letters([model.name for model in models], part.evaluation.differences)
    axes.set_yticks(places)
    axes.set_yticklabels(
        [f"{model.name}  {signs[model.name]}" for model in models], fontsize=7, parse_math=False
    )
    axes.invert_yaxis()
    axes.axvline(0, color="0.3", linewidth=0.6)
    axes.tick_params(axis="x", labelsize=7)
    axes.set_xlabel(part.evaluation.method, fontsize=8)
    axes.set_title(part.brain.name_shown, fontsize=9, loc="left", parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
