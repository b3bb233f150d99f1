"""What a decoder picks among n candidates: in sentences, as curves, as tables of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.decoders import EvaluateRequest, Run
from core.decoders.scoring.score_table import PROTOCOLS, beyond_pixels, load_table, over
from core.figures import zero_shot as figures
from core.words import counted, p_words
from core.zero_shot import PUBLISHED, Published, ZeroShot
from pages.shared.decoders.outcome.result import warn_of_leak
from pages.shared.decoders.scores import in_words
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import results
from pages.shared.frame.text import plain
from pages.shared.zero_shot.settings import CANDIDATES

DRAWN = ("BraVL", "BrainSem", "MindEye1")
FEWEST, LARGEST = CANDIDATES[0], CANDIDATES[-1]


def choose_protocol(analysis: ZeroShot) -> str:
    """Averaged repeats or single trials, where there are both."""
    present = set(analysis.curve["protocol"])
    protocols = [name for name in PROTOCOLS if name in present]
    if len(protocols) == 1:
        return protocols[0]
    return st.selectbox(
        "Responses", protocols, key="zero_shot.protocol", bind="query-params", width=160
    )


def tell(analysis: ZeroShot, protocol: str, n: int) -> None:
    """The answer in sentences: at n candidates, and among all categories."""
    sought = [("images", n), ("categories", n), ("categories", LARGEST)]
    if n == FEWEST:  # of two categories says little
        del sought[1]
    rows = [analysis.at(protocol, over, most) for over, most in sought]
    sentences = dict.fromkeys(sentence(row) for row in rows if row is not None)
    st.markdown("  \n".join(sentences))
    if n == LARGEST:
        st.caption(in_draws(analysis, protocol))


def sentence(row: Mapping[str, Any]) -> str:
    """Such as '**Picks the right one of two images in 98 of 100** (chance 50 …)'."""
    n, unit = int(row["n_way"]), row["over"]
    among = "two" if n == FEWEST else f"{n:,}"
    low, high = row["low"], row["high"]
    interval = "no interval" if pd.isna(low) else f"95 % interval {low:.1%} to {high:.1%}"
    return (
        f"**Picks the right one of {among} {unit} in {100 * row['value']:.0f} of 100**, chance "
        f"{100 * row['chance']:.3g} ({interval} over {over(row, 'resampled')}; "
        f"{p_words(row['p'])}, {row['permuted']} permuted; {counted(int(row['n']), 'response')})."
    )


def in_draws(analysis: ZeroShot, protocol: str) -> str:
    """1 of 300 as studies on NSD report it: the mean of 30 draws, beside the exact mean."""
    draws = pd.Series(analysis.draws[protocol], dtype=float)
    exact = analysis.at(protocol, "images", LARGEST)
    if draws.empty or exact is None:
        return f"1 of {LARGEST} needs {LARGEST} test images with a response; here are fewer."
    if exact.get("images") == LARGEST:
        return (
            f"1 of {LARGEST} images as in studies on NSD, where {len(draws)} draws are averaged: "
            "here every draw is of all test images."
        )
    return (
        f"1 of {LARGEST} images as in studies on NSD: mean of {len(draws)} draws "
        f"{draws.mean():.1%}, their standard deviation {draws.std():.1%}; the exact mean over all "
        f"draws is {exact['value']:.1%}."
    )


def draw_curve(analysis: ZeroShot, protocol: str, n: int) -> None:
    """Accuracy against n, with published points."""
    curve = analysis.curve
    unit = over(curve.iloc[0], "resampled")
    points = [row for row in PUBLISHED if row.method in DRAWN]
    show_chart(
        drawn(figures.accuracy, curve[curve["protocol"] == protocol], n, points),
        key="zero_shot_curve",
        alt="Share of responses whose right image or category is first among n, against n, with "
        "95 % intervals and chance; published points are open and grey",
    )
    st.caption(
        f"Mean over all draws of n - 1 others, exactly. Bands: 95 % interval over {unit}. Dotted: "
        "chance. Open and grey: published, of other recordings."
    )


def show_scores(run: Run, kind: str, prompts: Sequence[str], protocol: str | None) -> None:
    """The table of ``python -m core evaluate``, with the baselines; a job computes it once."""
    st.header("Scores beside the baselines")
    request = EvaluateRequest.of(run, kind, prompts)
    table = results.get(request, lambda key: load_table(run.key, kind, request.prompts))
    if table is None:
        return
    warn_of_leak(run)
    shown = table if protocol is None else table[table["protocol"] == protocol]
    widths = {"Head": 152, "Measure": 158}
    st.dataframe(
        as_shown(shown),
        hide_index=True,
        height="content",
        key="zero_shot_scores",
        column_config={name: st.column_config.Column(width=w) for name, w in widths.items()},
    )
    st.caption(
        "The same numbers as `python -m core evaluate`. top-k: the right category among the test "
        "categories; image top-k: the right image among all test images. Intervals and p are "
        "over what their columns say."
    )
    for note in (beyond_pixels(table, run.config.head), table.attrs["note"]):
        if note:
            st.caption(plain(note))


def as_shown(table: pd.DataFrame) -> pd.DataFrame:
    """Scores in words, measure by measure, with what they are sought among and are over."""
    order = {name: place for place, name in enumerate(dict.fromkeys(table["measure"]))}
    ordered = table.sort_values("measure", key=lambda names: names.map(order), kind="stable")
    permuted = [over(row, "permuted") for row in ordered.to_dict("records")]
    words = in_words(ordered).assign(
        Candidates=ordered["candidates"], Images=ordered["images"], Permuted=permuted
    )
    if table["protocol"].nunique() > 1:
        words.insert(1, "Responses", ordered["protocol"])
    return words


def show_published() -> None:
    """What studies report, with their protocols."""
    st.header("Published, not measured here")
    st.dataframe(
        pd.DataFrame([published_row(row) for row in PUBLISHED]),
        hide_index=True,
        height="content",
        key="zero_shot_published",
        alt="Published scores with their protocols",
        column_config={"Subjects": st.column_config.Column(width=88)},
    )
    st.caption(
        "Protocols differ: 35 averaged repeats are easier to decode than single trials, so that "
        "BrainSem and the methods above it cannot be compared directly. Intervals: Student's t "
        "over the subjects published, computed here; a mean alone has none."
    )


def published_row(row: Published) -> dict[str, Any]:
    """A method in words."""
    return {
        "Method": row.method,
        "Top-1": f"{row.mean(1).mean:.1%}",
        "95 % interval": _interval(row, 1),
        "Chance": f"{1 / row.n_way:.1%}",
        "Top-5": f"{row.mean(5).mean:.1%}" if row.top5 else "–",
        "95 % interval, top-5": _interval(row, 5) if row.top5 else "–",
        "Subjects": str(len(row.top1)) if len(row.top1) > 1 else "mean only",
        "Candidates": row.n_way,
        "Responses": row.protocol,
        "Recording": row.recording,
        "Source": row.source,
    }


def _interval(row: Published, k: int) -> str:
    mean = row.mean(k)
    return "–" if pd.isna(mean.low) else f"{mean.low:.1%} to {mean.high:.1%}"
