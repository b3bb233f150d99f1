"""Models beside parts of the brain: the answer in a sentence, and bars that can be clicked."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from core.figures.comparison import bars
from core.rsa.inference import Evaluation, ModelPerformance
from core.rsa.results import LEVEL, BrainResult, RsaResult, letters
from core.words import counted, p_number, p_words
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame.text import plain

FIRST, SECOND = "compare.first", "compare.second"


def tell(result: RsaResult) -> None:
    """The best model of each part of the brain, with what it is worth."""
    st.markdown("  \n".join(sentence(part) for part in result.parts))


def sentence(part: BrainResult) -> str:
    """Such as '**V1: Gabor pyramid, .41** (95 % interval .36 to .46 ...)'."""
    evaluation = part.evaluation
    best = bars.sorted_models(part)[0]
    low, high = (f"{end:.2f}" for end in (best.low, best.high))
    return (
        f"**{plain(part.brain.name_shown)}: {plain(best.name)} is most similar, "
        f"{best.mean:.2f}** ({plain(evaluation.method)}; 95 % interval {low} to {high} over "
        f"{_over(evaluation)}; above 0: {p_words(best.p_zero_corrected)}). "
        f"{_beside_others(part, best)} {_beside_ceiling(part, best)}"
    )


def _over(evaluation: Evaluation) -> str:
    counts = {
        "subjects": counted(evaluation.subjects, "subject"),
        "stimuli": counted(evaluation.stimuli, "stimulus", "stimuli"),
    }
    return " and ".join(counts[kind] for kind in counts if kind in evaluation.over)


def _beside_others(part: BrainResult, best: ModelPerformance) -> str:
    others = [model.name for model in bars.sorted_models(part)[1:]]
    if not others:
        return ""
    signs = letters([best.name, *others], part.evaluation.differences)
    equal = [name for name in others if set(signs[name]) & set(signs[best.name])]
    if not equal:
        return f"Better than every other model (corrected p < {LEVEL})."
    more = f" and {len(equal) - 2} more" if len(equal) > 2 else ""
    return f"Not told apart from {plain(', '.join(equal[:2]))}{more}."


def _beside_ceiling(part: BrainResult, best: ModelPerformance) -> str:
    ceiling = bars.ceiling_of(part)
    if ceiling is None:
        return "One subject without repeats has no noise ceiling."
    low, high, name = ceiling
    text = f"{name.capitalize()} {low:.2f} to {high:.2f}"
    if part.evaluation.ceiling is None:
        return f"{text}: of one subject, by its {plain(part.folds)}."
    if np.isnan(best.p_ceiling_corrected):
        return f"{text}."
    apart = best.p_ceiling_corrected < LEVEL
    where = "below it" if best.mean < low else "above its lower end"
    return f"{text}; {f'the model is {where}' if apart else 'not told apart from its lower end'}."


def show(result: RsaResult, picked: str) -> None:
    """A chart for each part of the brain; a click opens the two RDMs."""
    with st.container(key="compare_bars"):
        for place, part in zip(st.columns(len(result.parts)), result.parts, strict=True):
            with place:
                _chart(result, part, picked)
    first = result.parts[0].evaluation
    dots = " Open dots are subjects." if first.subjects > 1 else ""
    fitted = any(model.is_flexible for model in first.models)
    orange = " Orange: fitted, cross-validated." if fitted else ""
    st.caption(
        f"Bars: mean {plain(first.method)} of a model with the RDM of each subject; lines: 95 % "
        f"interval over {_over(first)}, {first.samples:,} bootstrap samples.{dots} Models that "
        f"share a letter do not differ (p corrected by {plain(first.correction)}, p < {LEVEL})."
        f"{orange} Click a bar to open its RDM beside that of the brain."
    )
    for note in dict.fromkeys(note for part in result.parts for note in part.evaluation.notes):
        st.caption(f":material/info: {plain(note)}")
    for note in result.notes:
        st.caption(f":material/info: {plain(note)}")


def _chart(result: RsaResult, part: BrainResult, picked: str) -> None:
    name = part.brain.name_shown
    key = f"compare_bars_{name}"
    models = bars.sorted_models(part)
    st.markdown(f"**{plain(name)}**")
    values = ", ".join(f"{model.name} {model.mean:.2f}" for model in models)
    show_chart(
        drawn(bars.performances, part, part.evaluation.method, picked),
        key=key,
        on_select=partial(_pick, key, result, part),
        selection_mode="points",
        alt=f"Models beside {name}: {values}",
        title=bars.described(part),
    )


def _pick(key: str, result: RsaResult, part: BrainResult) -> None:
    """Open a model beside its part of the brain; of a fitted one its heaviest component."""
    points = st.session_state[key].selection.points
    models = bars.sorted_models(part)
    places = [round(point["y"]) for point in points]
    if not places or not 0 <= places[0] < len(models):
        return
    model = models[places[0]]
    name = model.name
    if name not in result.names and model.weights:
        name = max(model.weights, key=lambda part: model.weights[part])
    if name in result.names:
        st.session_state[FIRST], st.session_state[SECOND] = part.brain.name_shown, name


def table(part: BrainResult) -> pd.DataFrame:
    """Every number of the models of a part of the brain, in words."""
    models = bars.sorted_models(part)
    signs = letters([model.name for model in models], part.evaluation.differences)
    return pd.DataFrame(
        {
            "Model": [model.name for model in models],
            "Similarity": [f"{model.mean:.3f}" for model in models],
            "95 % interval": [f"{model.low:.3f} to {model.high:.3f}" for model in models],
            "p above 0": [p_number(model.p_zero_corrected) for model in models],
            "p Mantel": [p_number(part.mantel_corrected.get(model.name)) for model in models],
            "p against ceiling": [p_number(model.p_ceiling_corrected) for model in models],
            "Letters": [signs[model.name] for model in models],
        }
    )


def differences(part: BrainResult) -> pd.DataFrame:
    """Every two models, the surest difference first."""
    rows = sorted(part.evaluation.differences, key=lambda each: each.p)
    return pd.DataFrame(
        {
            "First": [each.first for each in rows],
            "Second": [each.second for each in rows],
            "Difference": [f"{each.mean:.3f}" for each in rows],
            "95 % interval": [f"{each.low:.3f} to {each.high:.3f}" for each in rows],
            "p": [p_number(each.p) for each in rows],
            "p corrected": [p_number(each.p_corrected) for each in rows],
        }
    )


def numbers(result: RsaResult) -> None:
    """The tables behind the bars."""
    for part in result.parts:
        name, evaluation = part.brain.name_shown, part.evaluation
        st.markdown(f"**{plain(name)}**")
        st.dataframe(table(part), hide_index=True, height="content", key=f"compare_models_{name}")
        st.caption(
            f"Chance 0; {_over(evaluation)}; intervals and p over {evaluation.over}; p corrected "
            f"by {plain(evaluation.correction)} over the models. Mantel: one-sided, stimuli "
            "permuted, against the mean RDM of the subjects; it says nothing of other stimuli."
        )
        if evaluation.differences:
            with st.expander(f"Differences of every two models, {plain(name)}"):
                st.dataframe(differences(part), hide_index=True, key=f"compare_differences_{name}")
