"""Several decoders compared: their curves, scores and settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import store
from core.decoders.scoring.score_table import PROTOCOLS, load_table, over, worded
from core.errors import NeurogalleryError
from core.figures import training as figures
from pages.shared.decoders import described
from pages.shared.decoders.described import Row
from pages.shared.decoders.table import ABSENT
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain

BESIDES = ("Recording", "Subject", "ROIs", "Embedding", "Head", "Loss", "Split", "Fold", "Seed")


def compare(picked: Sequence[Row]) -> None:
    """Curves of the chosen decoders; of several, scores and settings side by side."""
    _curves(picked)
    if len(picked) > 1:
        _scores(picked)
        _settings(picked)


def _curves(picked: Sequence[Row]) -> None:
    facts = {row.name: store.entry(row.key).facts for row in picked}
    facts = {name: own for name, own in facts.items() if own.get("curve")}
    curves = {name: own["curve"] for name, own in facts.items()}
    shown = [("two_way", "Two-way identification (validation)")]
    if len({json.dumps(own["config"]["loss"], sort_keys=True) for own in facts.values()}) == 1:
        shown.insert(0, ("validation", "Validation loss"))
    elif curves:
        st.caption("Loss curves are not compared, for the losses differ.")
    if curves:
        with st.container(key="halves_below"):
            columns = st.columns(2, gap="large")
        for column, (value, title) in zip(columns, shown, strict=False):
            chart = drawn(figures.compared, curves, value, title)
            alt = f"{title} of the chosen decoders"
            show_chart(chart, key=f"compared_{value}", alt=alt, place=column)
    without = [row.name for row in picked if row.name not in curves]
    if without:
        st.caption(f"Without a curve, for there were no epochs: {plain(', '.join(without))}.")


def _scores(picked: Sequence[Row]) -> None:
    tables = {row.name: _table(row.key) for row in picked}
    missing = [name for name, table in tables.items() if table is None]
    if missing:
        st.caption(f"Not scored yet, open to score: {plain(', '.join(missing))}.")
    scored = {name: table for name, table in tables.items() if table is not None}
    shared = shared_protocols(list(scored.values()))
    if not shared:
        return
    chosen = st.session_state.get("train.protocol")
    protocol = chosen if chosen in shared else shared[0]
    st.markdown(f"**Scores in the test set**, {protocol}, with 95 % intervals")
    table = side_by_side([row for row in picked if row.name in scored], scored, protocol)
    st.dataframe(table, hide_index=True, height="content", placeholder=ABSENT)


def _table(key: str) -> pd.DataFrame | None:
    """The scores of a decoder; None without, or where they are damaged, which is said."""
    try:
        return load_table(key)
    except NeurogalleryError as error:
        show_error(error)
        return None


def shared_protocols(tables: Sequence[pd.DataFrame]) -> list[str]:
    """Protocols that all of some tables have."""
    protocols = [set(table["protocol"]) for table in tables]
    return [name for name in PROTOCOLS if protocols and name in set.intersection(*protocols)]


def side_by_side(
    rows: Sequence[Row], scored: Mapping[str, pd.DataFrame], protocol: str
) -> pd.DataFrame:
    """Audit and scores: a row for each measure, a column for each decoder."""
    lines: dict[str, dict[str, str]] = {"": {"Measure": "audit of the split", "Chance": ""}}
    for row in rows:
        lines[""][row.name] = row.cells["Audit"]
        table = scored[row.name]
        own = table[(table["protocol"] == protocol) & (table["head"] == row.cells["Head"])]
        for score in own.to_dict("records"):
            measure = score["measure"]
            chance = worded(measure, score["chance"])
            line = lines.setdefault(measure, {"Measure": measure, "Chance": chance})
            line["Chance"] = chance if line["Chance"] == chance else "differs"
            line[row.name] = _with_interval(score)
    return pd.DataFrame(lines.values())[["Measure", *(row.name for row in rows), "Chance"]]


def _with_interval(score: Mapping[Any, Any]) -> str:
    value, low, high = (worded(score["measure"], score[name]) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high}, {over(score, 'resampled')})"


def _settings(picked: Sequence[Row]) -> None:
    table = differing(picked)
    if table.empty:
        st.caption("Their settings are the same.")
        return
    st.markdown("**Settings that differ**")
    st.dataframe(table, hide_index=True, height="content", placeholder=ABSENT)


def differing(rows: Sequence[Row]) -> pd.DataFrame:
    """Settings that are not the same for all: a row for each, a column for each decoder.

    One that some decoders do not have is shown where it differs from its default.
    """
    settings = {row.name: _settings_of(row) for row in rows}
    notable = set(BESIDES).union(*(described.changed(row.config) for row in rows if row.config))
    lines = []
    for name in dict.fromkeys(name for own in settings.values() for name in own):
        values = [own.get(name) for own in settings.values()]
        if len({*values, None}) > 2 or (len({*values}) > 1 and name in notable):
            lines.append({"Setting": name, **dict(zip(settings, values, strict=True))})
    return pd.DataFrame(lines, columns=["Setting", *settings])


def _settings_of(row: Row) -> dict[str, str]:
    values = {name: row.cells[name] for name in BESIDES}
    if row.config is not None:
        values |= {**row.config.options, **described.parameters(row.config)}
    return {name: described.in_word(v) for name, v in values.items() if v is not None}
