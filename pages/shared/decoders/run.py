"""The decoders that were trained: one in view, and several compared."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import decoders, jobs, store
from core.datasets import Dataset
from core.decoders import HEADS, Run
from core.decoders.scoring.score_table import PROTOCOLS, Verdict, load_table, verdicts, worded
from core.figures import training as figures
from pages.shared.decoders import audit
from pages.shared.decoders import retrieved as decoder_finds
from pages.shared.decoders import table as decoder_table
from pages.shared.decoders.table import ABSENT, Row, loaded
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame.text import counted, plain

__all__ = ["compare", "facts", "in_words", "listed", "loaded", "scores", "show"]

LEAK = "These scores measure the leak, not the decoder:"
BESIDES = ("Recording", "Subject", "ROIs", "Embedding", "Head", "Loss", "Split", "Fold", "Seed")


def show(ds: Dataset, run: Run) -> None:
    """Curves, facts, audit and scores of one decoder."""
    with st.container(horizontal=True):
        audit.badge(run.audit)
        if run.partial:
            st.badge("cancelled, best epoch so far", color="orange")
    st.caption(facts(run))
    _warn_of_divergence(run)
    if run.curve:
        with st.container(key="halves"):
            left, right = st.columns(2, gap="large")
        left.plotly_chart(
            figures.losses(run.curve, run.chance_losses), key="losses", alt="Loss over epochs"
        )
        chart = figures.identification(run.curve)
        right.plotly_chart(chart, key="two_way", alt="Two-way identification over epochs")
    audit.show(ds, run.config, run.audit)
    scores(ds, run)
    decoder_finds.show(ds, run)


def facts(run: Run) -> str:
    """What the training came to, in one line."""
    told = run.facts
    groups = f" in {counted(len(run.shape.groups), 'group')}"
    words = [
        decoders.short_name(run.key, run.config.head),
        HEADS[run.config.head].label,
        f"{told['weights']:,} weights",
        f"{run.shape.units:,} units{'' if run.config.is_closed_form else groups}",
    ]
    if "best_epoch" in told:
        words.append(f"epoch {told['best_epoch']} of {told['epochs']} kept")
    if "alpha" in told:
        words.append(f"penalty {told['alpha']:g}")
    words += [str(told["stopped"]), f"{told['seconds']:.1f} s on {told['device']}"]
    return " · ".join(map(plain, words))


def _warn_of_divergence(run: Run) -> None:
    if decoder_table.has_diverged(run.facts):
        why = str(run.facts["stopped"]).partition(";")[0]
        st.warning(
            f"The training diverged: {plain(why)}. The weights of epoch "
            f"{run.facts['best_epoch']}, the best before it, are kept. Lower the learning rate "
            f"(it was {run.config.training['learning_rate']:g}).",
            icon=":material/warning:",
        )


def scores(ds: Dataset, run: Run) -> None:
    """The scores in the test set, beside the baselines; a job computes them once."""
    st.subheader("On images of the test set")
    table = load_table(run.key)
    if table is None:
        _compute(run)
        return
    _warn_of_leak(run)
    protocols = [name for name in PROTOCOLS if name in set(table["protocol"])]
    protocol = st.segmented_control(
        "Protocol",
        protocols,
        default=protocols[0],
        required=True,
        key="protocol",
        bind="query-params",
    )
    _tell(verdicts(table, run.config.head, protocol))
    shown = table[table["protocol"] == protocol].sort_values("measure", key=_order, kind="stable")
    st.dataframe(in_words(shown), hide_index=True, height="content")
    st.caption(
        "Intervals resample images; p permutes whole categories. top-1 and top-5: the right "
        "category among the test categories, by the mean embedding of its test images without "
        "the viewed one (or the viewed one, where there is no other). two-way: the right image "
        "beats another one. Rank 1 is the best."
    )
    if table.attrs["note"]:
        st.caption(plain(table.attrs["note"]))
    _downloads(ds, run, table)


def _compute(run: Run) -> None:
    request = {"run": run.key, "head": run.config.head, "dataset": run.config.dataset}
    job = jobs.find("evaluate", request)
    if job is not None and job.status == "done":  # its scores were deleted
        job.remove()
    if jobs_panel.run_here("evaluate", request, "Scoring it beside the baselines") is not None:
        st.rerun()


def _warn_of_leak(run: Run) -> None:
    red = [finding["message"] for finding in run.audit if finding["level"] == "red"]
    if red:
        st.error(f"{LEAK} {plain(' '.join(red))}", icon=":material/dangerous:")


def _tell(found: Sequence[Verdict]) -> None:
    chance, baselines = in_sentences(found)
    if chance:
        st.warning(chance, icon=":material/warning:")
    if baselines:
        st.info(baselines, icon=":material/info:")


def in_sentences(found: Sequence[Verdict]) -> tuple[str, str]:
    """How a decoder stands to chance, '' where it is above, and to the best baselines."""
    low = [f"{one.measure} {_value(one)}" for one in found if not one.is_above_chance]
    over = f" {found[0].permuted} were permuted." if low else ""
    chance = f"Not above chance: {', '.join(low)}.{over}" if low else ""
    return chance, " ".join(_beside_baseline(one) for one in found if one.baseline)


def _value(one: Verdict) -> str:
    return f"{worded(one.measure, one.value)} (p = {one.p:.3f})"


def _beside_baseline(one: Verdict) -> str:
    value, low, high, against = (
        worded(one.measure, number) for number in (one.value, one.low, one.high, one.against)
    )
    mean = f", mean of {one.subjects} subjects decoded one by one" if one.subjects > 1 else ""
    return (
        f"**{one.measure}** {value} ({low} to {high}): {one.standing} {plain(one.baseline)} "
        f"({against}{mean})."
    )


def _order(measures: pd.Series) -> pd.Series:
    """Measure by measure, so that heads stand beside one another."""
    return measures.map({name: place for place, name in enumerate(dict.fromkeys(measures))})


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Scores for the reader: shares in per cent, with interval and chance."""

    def words(column: str) -> list[str]:
        return [
            worded(measure, value)
            for measure, value in zip(table["measure"], table[column], strict=True)
        ]

    bounds = zip(words("low"), words("high"), strict=True)
    return pd.DataFrame(
        {
            "Head": table["head"],
            "Measure": table["measure"],
            "Value": words("value"),
            "95 % interval": [f"{low} to {high}" for low, high in bounds],
            "Chance": words("chance"),
            "p": [f"{value:.3f}" for value in table["p"]],
            "n": table["n"],
        }
    )


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
    """Scores that tell by themselves what they are of."""
    told = {
        "decoder": decoders.short_name(run.key, run.config.head),
        "dataset": run.config.dataset,
        "simulated": ds.info.is_simulated,
        "badge": run.badge,
    }
    return pd.DataFrame(told, index=table.index).join(table)


def listed(ds: Dataset) -> None:
    """Every decoder in the store: filter, compare, open, delete."""
    st.subheader("Decoders")
    compare([row for row in decoder_table.choose(ds) if row.config is not None])


def compare(picked: Sequence[Row]) -> None:
    """Curves of the chosen decoders; of several, scores and settings side by side."""
    _curves(picked)
    if len(picked) > 1:
        _scores(picked)
        _settings(picked)


def _curves(picked: Sequence[Row]) -> None:
    told = {row.name: store.entry(row.key).facts for row in picked}
    told = {name: one for name, one in told.items() if one.get("curve")}
    curves = {name: one["curve"] for name, one in told.items()}
    drawn = [("two_way", "Two-way identification (validation)")]
    if len({json.dumps(one["config"]["loss"], sort_keys=True) for one in told.values()}) == 1:
        drawn.insert(0, ("validation", "Validation loss"))
    elif curves:
        st.caption("Loss curves are not compared, for the losses differ.")
    if curves:
        with st.container(key="halves_below"):
            columns = st.columns(2, gap="large")
        for column, (value, title) in zip(columns, drawn, strict=False):
            chart = figures.compared(curves, value, title)
            alt = f"{title} of the chosen decoders"
            column.plotly_chart(chart, key=f"compared_{value}", alt=alt)
    without = [row.name for row in picked if row.name not in curves]
    if without:
        st.caption(f"Without a curve, for there were no epochs: {plain(', '.join(without))}.")


def _scores(picked: Sequence[Row]) -> None:
    tables = {row.name: load_table(row.key) for row in picked}
    missing = [name for name, table in tables.items() if table is None]
    if missing:
        st.caption(f"Not scored yet, open to score: {plain(', '.join(missing))}.")
    scored = {name: table for name, table in tables.items() if table is not None}
    shared = shared_protocols(list(scored.values()))
    if not shared:
        return
    asked = st.session_state.get("protocol")
    protocol = asked if asked in shared else shared[0]
    st.markdown(f"**Scores in the test set**, {protocol}, with 95 % intervals")
    table = side_by_side([row for row in picked if row.name in scored], scored, protocol)
    st.dataframe(table, hide_index=True, height="content", placeholder=ABSENT)


def shared_protocols(tables: Sequence[pd.DataFrame]) -> list[str]:
    """Protocols that all of some tables have."""
    found = [set(table["protocol"]) for table in tables]
    return [name for name in PROTOCOLS if found and name in set.intersection(*found)]


def side_by_side(
    rows: Sequence[Row], scored: Mapping[str, pd.DataFrame], protocol: str
) -> pd.DataFrame:
    """Audit and scores: a row for each measure, a column for each decoder."""
    lines: dict[str, dict[str, str]] = {"": {"Measure": "audit of the split", "Chance": ""}}
    for row in rows:
        lines[""][row.name] = row.cells["Audit"]
        table = scored[row.name]
        own = table[(table["protocol"] == protocol) & (table["head"] == row.cells["Head"])]
        for told in own.to_dict("records"):
            measure = told["measure"]
            chance = worded(measure, told["chance"])
            line = lines.setdefault(measure, {"Measure": measure, "Chance": chance})
            line["Chance"] = chance if line["Chance"] == chance else "differs"
            line[row.name] = _with_interval(told)
    return pd.DataFrame(lines.values())[["Measure", *(row.name for row in rows), "Chance"]]


def _with_interval(told: Mapping[Any, Any]) -> str:
    value, low, high = (worded(told["measure"], told[name]) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _settings(picked: Sequence[Row]) -> None:
    table = differing(picked)
    if table.empty:
        st.caption("Their settings are the same.")
        return
    st.markdown("**Settings that differ**")
    st.dataframe(table, hide_index=True, height="content", placeholder=ABSENT)


def differing(rows: Sequence[Row]) -> pd.DataFrame:
    """Settings that are not the same for all: a row for each, a column for each decoder.

    One that some decoders do not have is told where it differs from its default.
    """
    told = {row.name: _settings_of(row) for row in rows}
    notable = set(BESIDES).union(*(decoder_table.changed(row.config) for row in rows if row.config))
    lines = []
    for name in dict.fromkeys(name for values in told.values() for name in values):
        values = [told[of].get(name) for of in told]
        if len({*values, None}) > 2 or (len({*values}) > 1 and name in notable):
            lines.append({"Setting": name, **dict(zip(told, values, strict=True))})
    return pd.DataFrame(lines, columns=["Setting", *told])


def _settings_of(row: Row) -> dict[str, str]:
    values = {name: row.cells[name] for name in BESIDES}
    if row.config is not None:
        values |= {**row.config.options, **decoder_table.parameters(row.config)}
    return {name: decoder_table.in_word(v) for name, v in values.items() if v is not None}
