"""Models beside a part of the brain: bars with intervals, subjects, letters, and the ceiling."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go

from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS
from core.rsa.inference import ModelPerformance
from core.rsa.results import BrainResult, letters
from core.words import counted, p_words

FIXED, FLEXIBLE = CATEGORY_COLOURS[0], CATEGORY_COLOURS[1]
GREY, BAND = CATEGORY_COLOURS[-1], "rgba(140, 140, 140, 0.28)"
ROW_HEIGHT, FRAME_HEIGHT, BAR = 44, 74, 0.34
LONGEST = 44


def sorted_models(part: BrainResult) -> list[ModelPerformance]:
    """The models of a part of the brain, the best first; those without a value last."""
    return sorted(
        part.evaluation.models,
        key=lambda model: -np.inf if np.isnan(model.mean) else model.mean,
        reverse=True,
    )


def ceiling_of(part: BrainResult) -> tuple[float, float, str] | None:
    """Lower and upper end of the noise ceiling, and what it is of; None without."""
    if part.evaluation.ceiling is not None:
        return part.evaluation.ceiling.lower, part.evaluation.ceiling.upper, "noise ceiling"
    if part.halves is not None:
        return part.halves.low, part.halves.high, "split-half ceiling"
    return None


def performances(part: BrainResult, measure: str, picked: str = "") -> go.Figure:
    """A bar for each model; a click has the height of the i-th of ``sorted_models``, or near it.

    Parameters
    ----------
    part : BrainResult
    measure : str
        Of the axis.
    picked : str
        Name of the model that is open; its name is bold.
    """
    models = sorted_models(part)
    places = list(range(len(models)))
    figure = go.Figure()
    _add_ceiling(figure, part, len(models))
    low = min(-0.01, *(1.05 * model.low for model in models if np.isfinite(model.low)), -0.01)
    span = [low, _right_end(part, models)]
    _add_rows(figure, part, models, span)
    figure.add_bar(
        x=[round(model.mean, 4) for model in models],
        y=places,
        orientation="h",
        width=BAR,
        marker={
            "color": [FLEXIBLE if model.is_flexible else FIXED for model in models],
            "line": {"width": 0},
        },
        error_x=_errors(models),
        hoverinfo="skip",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        showlegend=False,
    )
    _add_subjects(figure, models)
    _add_names(figure, part, models, picked)
    figure.add_vline(x=0, line={"color": GREY, "width": 1})
    styled(figure, measure, "")
    figure.update_xaxes(range=span, zeroline=False)
    figure.update_yaxes(range=[len(models) - 0.45, -0.75], visible=False)
    height = FRAME_HEIGHT + ROW_HEIGHT * len(models)
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 26, "b": 8},
        barmode="overlay",
        clickmode="event+select",
    )


def _add_rows(
    figure: go.Figure, part: BrainResult, models: list[ModelPerformance], span: list[float]
) -> None:
    """Rows of the whole width that are seen by the mouse alone: a bar may be a pixel wide."""
    figure.add_bar(
        x=[span[1] - span[0]] * len(models),
        base=[span[0]] * len(models),
        y=list(range(len(models))),
        orientation="h",
        width=1,
        marker={"color": "rgba(0, 0, 0, 0)", "line": {"width": 0}},
        customdata=[_words(part, model) for model in models],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )


def described(part: BrainResult) -> str:
    """What the bars of a part of the brain are, for the line above an exported figure."""
    evaluation = part.evaluation
    return (
        f"Models beside {part.brain.name_shown}: {evaluation.method}, mean over "
        f"{counted(evaluation.subjects, 'subject')}, {evaluation.stimuli:,} stimuli; lines: 95 % "
        f"interval over {evaluation.over}; models that share a letter do not differ "
        f"({evaluation.correction}); grey: noise ceiling"
    )


def _errors(models: list[ModelPerformance]) -> dict[str, object]:
    above, below = (
        [0.0 if np.isnan(end) else round(abs(end - model.mean), 4) for model, end in ends]
        for ends in ([(m, m.high) for m in models], [(m, m.low) for m in models])
    )
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "thickness": 1.5,
        "width": 4,
        "color": GREY,
    }


def _add_subjects(figure: go.Figure, models: list[ModelPerformance]) -> None:
    """A dot for each subject, where there are several."""
    values = [np.atleast_1d(model.by_subject) for model in models]
    if max(map(len, values)) < 2:
        return
    figure.add_scatter(
        x=np.round(np.concatenate(values), 4),
        y=np.repeat(np.arange(len(models)) + 0.27, [len(each) for each in values]),
        mode="markers",
        marker={"size": 5, "color": "rgba(0, 0, 0, 0)", "line": {"color": GREY, "width": 1}},
        hovertemplate="a subject: %{x:.3f}<extra></extra>",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        showlegend=False,
    )


def _add_ceiling(figure: go.Figure, part: BrainResult, count: int) -> None:
    ceiling = ceiling_of(part)
    if ceiling is None:
        return
    low, high, name = ceiling
    figure.add_shape(
        type="rect",
        x0=low,
        x1=max(high, low + 0.004),
        y0=-0.75,
        y1=count - 0.45,
        fillcolor=BAND,
        line={"width": 0},
        layer="below",
    )
    figure.add_annotation(
        x=(low + high) / 2,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=name,
        showarrow=False,
        font={"size": 12},
    )


def _add_names(
    figure: go.Figure, part: BrainResult, models: list[ModelPerformance], picked: str
) -> None:
    """Name above each bar, value and letters at its right."""
    signs = letters([model.name for model in models], part.evaluation.differences)
    for place, model in enumerate(models):
        name = model.name if len(model.name) <= LONGEST else f"{model.name[: LONGEST - 1]}…"
        text = html.escape(name, quote=False)
        figure.add_annotation(
            x=0,
            y=place - 0.36,
            text=f"<b>{text}</b>" if model.name == picked else text,
            xanchor="left",
            showarrow=False,
            font={"size": 12},
        )
        figure.add_annotation(
            x=1,
            xref="paper",
            y=place - 0.02,
            text=f"{_short(model.mean)} <b>{signs[model.name]}</b>",
            xanchor="right",
            showarrow=False,
            font={"size": 12},
        )


def _right_end(part: BrainResult, models: list[ModelPerformance]) -> float:
    """Room for the widest interval, the ceiling, and the numbers at the right."""
    ends = [end for model in models for end in (model.mean, model.high) if np.isfinite(end)]
    ends += [float(np.nanmax(model.by_subject, initial=0.0)) for model in models]
    ceiling = ceiling_of(part)
    return 1.3 * max([0.05, *ends, *(ceiling[:2] if ceiling else ())])


def _short(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}".replace("0.", ".", 1)


def _words(part: BrainResult, model: ModelPerformance) -> str:
    name = html.escape(model.name, quote=False)
    lines = [
        f"<b>{name}</b>: {model.mean:.3f}",
        f"95 % interval {model.low:.3f} to {model.high:.3f} over {part.evaluation.over}",
        f"above 0: {p_words(model.p_zero_corrected)} (corrected)",
    ]
    if model.name in part.mantel_corrected:
        lines.append(f"Mantel: {p_words(part.mantel_corrected[model.name])} (corrected)")
    if np.isfinite(model.p_ceiling_corrected):
        lines.append(f"differs from the ceiling: {p_words(model.p_ceiling_corrected)} (corrected)")
    weights = sorted(model.weights.items(), key=lambda item: -item[1])[:4]
    if weights:
        shares = ", ".join(f"{html.escape(key, quote=False)} {w:.0%}" for key, w in weights)
        lines.append(f"weights: {shares}")
    return "<br>".join(lines)
