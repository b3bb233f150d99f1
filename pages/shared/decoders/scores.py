"""The scores of a decoder in the test set, beside the baselines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import decoders
from core.datasets import Dataset
from core.decoders import Run
from core.decoders.folds_job import FoldsRequest
from core.decoders.scoring.fold_table import duration, fold_count
from core.decoders.scoring.fold_table import load as load_folds
from core.decoders.scoring.score_table import (
    BaselineVerdict,
    Verdict,
    beyond_pixels,
    load_table,
    over,
    verdicts,
    worded,
)
from core.words import p_number, p_words
from pages.shared.frame import results
from pages.shared.frame.text import plain

STANDING = {
    "better": "better than",
    "worse": "worse than",
    "no difference seen": "no difference seen from",
}


def show_scores(ds: Dataset, run: Run, protocol: str) -> None:
    """The scores in the test set in numbers, the decoder's own before those of baselines."""
    table = load_table(run.key)
    if table is None:
        return
    st.header("Beside the baselines")
    _tell(verdicts(table, run.config.head, protocol))
    pixels = beyond_pixels(table, run.config.head)
    if pixels:
        st.info(plain(pixels), icon=":material/grid_on:")
    shown = in_words(table[table["protocol"] == protocol])
    same = [name for name in ("Interval over", "n") if shown[name].nunique() == 1]
    of_all = "".join(f"{name} {shown[name].iloc[0]} in every row. " for name in same)
    st.dataframe(
        shown.drop(columns=same),
        hide_index=True,
        height="content",
        column_config=_columns(),
    )
    st.caption(
        f"{plain(of_all)}Intervals are over whole categories with their images where "
        "three or more are known, and over subjects where there are several; p permutes the "
        "same. Differences are of scores of the same images, corrected for the number of "
        "baselines (Holm). top-1 and top-5: the right "
        "category among the test categories, by the mean embedding of its test images without "
        "the viewed one (or the viewed one, where there is no other). two-way: the right image "
        "beats another one (= retrieval AUC = mean normalised rank), within category: one of its "
        "own category. Controls: a whitened ridge from the pixels of the images, without a "
        "response; a ridge from responses to pixels, sought among pixels. Rank 1 is the best."
    )
    if table.attrs["note"]:
        st.caption(plain(table.attrs["note"]))
    _downloads(ds, run, table)


def _columns() -> dict[str, Any]:
    """Widths that fit a page of 1024 pixels."""
    widths = {
        "Head": 152,
        "Measure": 152,
        "Value": 58,
        "95 % interval": 110,
        "Interval over": 96,
        "Chance": 56,
        "p": 58,
        "n": 48,
    }
    return {name: st.column_config.Column(width=width) for name, width in widths.items()}


def show_folds(run: Run) -> None:
    """One score over all folds beside its permuted control; a button starts it."""
    if fold_count(run.config) < 2:
        return
    st.header("On the test images of all folds")
    scored = results.get(
        FoldsRequest(run.config), load_folds, on_click=True, icon=":material/stacks:"
    )
    if scored is None:
        st.caption(f"{plain(duration(run))}. Folds that were trained stay.")
        return
    shown = scored.table.sort_values("measure", key=_order, kind="stable")
    st.dataframe(folds_in_words(shown), hide_index=True, height="content")
    st.info(plain(". ".join(scored.sentences)) + ".", icon=":material/info:")
    st.caption(plain(scored.about))


def folds_in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Scores over folds for the reader, the control in place of chance."""
    low, mean, high = (_worded(table, name) for name in ("chance_low", "chance", "chance_high"))
    columns = in_words(table)
    columns["Chance"] = [
        f"{each} ({first} to {last})" for each, first, last in zip(mean, low, high, strict=True)
    ]
    columns.insert(list(columns).index("p"), "Controls", table["repeats"].to_numpy())
    return columns.rename(columns={"Chance": "Chance: mean of controls (95 %)"})


def _tell(compared: Sequence[Verdict]) -> None:
    chance, baselines = in_sentences(compared)
    if chance:
        st.warning(chance, icon=":material/warning:")
    if baselines:
        st.info(baselines, icon=":material/info:")


def in_sentences(compared: Sequence[Verdict]) -> tuple[str, str]:
    """How a decoder stands to chance, '' where it is above, and to the baselines."""
    low = [f"{v.measure} {_value(v)}" for v in compared if not v.is_above_chance]
    over = f" {compared[0].permuted} were permuted." if low else ""
    chance = f"Not above chance: {', '.join(low)}.{over}" if low else ""
    return chance, "  \n".join(_beside_baselines(v) for v in compared if v.baselines)


def _value(verdict: Verdict) -> str:
    return f"{worded(verdict.measure, verdict.value)} ({p_words(verdict.p)})"


def _beside_baselines(verdict: Verdict) -> str:
    numbers = (verdict.value, verdict.low, verdict.high)
    value, low, high = (worded(verdict.measure, number) for number in numbers)
    each = "; ".join(_beside(verdict.measure, baseline) for baseline in verdict.baselines)
    return f"**{verdict.measure}** {value} ({low} to {high}, over {verdict.resampled}): {each}."


def _beside(measure: str, baseline: BaselineVerdict) -> str:
    """Such as 'better than ridge (91.0%; difference 3.1%, 1.0% to 5.2%, p = 0.004)'."""
    numbers = (baseline.value, baseline.difference, baseline.low, baseline.high)
    value, difference, low, high = (worded(measure, number) for number in numbers)
    subjects = baseline.subjects
    mean = f", mean of {subjects} subjects decoded one by one" if subjects > 1 else ""
    return (
        f"{STANDING[baseline.outcome]} {plain(baseline.baseline)} ({value}{mean}; difference "
        f"{difference}, {low} to {high}, {p_words(baseline.p)})"
    )


def _order(measures: pd.Series) -> pd.Series:
    """Measure by measure, so that heads stand beside one another."""
    return measures.map({name: place for place, name in enumerate(dict.fromkeys(measures))})


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Scores for the reader: shares in per cent, with interval and chance."""

    bounds = zip(_worded(table, "low"), _worded(table, "high"), strict=True)
    return pd.DataFrame(
        {
            "Head": table["head"],
            "Measure": table["measure"],
            "Value": _worded(table, "value"),
            "95 % interval": [f"{low} to {high}" for low, high in bounds],
            "Interval over": [over(row, "resampled") for row in table.to_dict("records")],
            "Chance": _worded(table, "chance"),
            "p": table["p"].map(p_number),
            "n": table["n"],
        }
    )


def _worded(table: pd.DataFrame, column: str) -> list[str]:
    return [
        worded(measure, value)
        for measure, value in zip(table["measure"], table[column], strict=True)
    ]


def _downloads(ds: Dataset, run: Run, table: pd.DataFrame) -> None:
    name = decoders.short_name(run.key, run.config.head)
    file = f"{re.sub(r'[^a-zA-Z0-9_.-]+', '_', ds.info.name)}-{name}"
    with st.container(horizontal=True):
        st.download_button(
            "Scores (CSV)",
            lambda: csv_of(ds, run, table).to_csv(index=False),
            f"{file}-scores.csv",
            "text/csv",
            icon=":material/download:",
        )
        st.download_button(
            "Decoder (safetensors and JSON)",
            lambda: decoders.pack(run),
            f"{file}.zip",
            "application/zip",
            icon=":material/download:",
        )


def csv_of(ds: Dataset, run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """Scores with what they are of."""
    source = {
        "decoder": decoders.short_name(run.key, run.config.head),
        "dataset": run.config.dataset,
        "simulated": ds.info.is_simulated,
        "badge": run.badge,
    }
    return pd.DataFrame(source, index=table.index).join(table)
