"""The decoders that were trained: one in view, and the table of all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from core import decoders, jobs, store
from core.datasets import Dataset
from core.decoders import HEADS, Run
from core.decoders.scored import PROTOCOLS, load_table
from core.errors import NeurogalleryError
from core.figures import training as figures
from pages.shared import audits, decoder_finds, decoder_settings, jobs_panel
from pages.shared.text import counted, plain

MOST_UPLOADED = 500
SHARES = ("top-1", "top-5", "two-way", "top-1 of 300")


@st.cache_resource(max_entries=32, show_spinner=False)
def loaded(key: str) -> Run | None:
    return decoders.load(key)


def show(ds: Dataset, run: Run) -> None:
    """Curves, facts, audit and scores of one decoder."""
    with st.container(horizontal=True):
        audits.badge(run.audit)
        if run.partial:
            st.badge("cancelled, best epoch so far", color="orange")
    st.caption(facts(run))
    if run.curve:
        with st.container(key="halves"):
            left, right = st.columns(2, gap="large")
        left.plotly_chart(figures.losses(run.curve), key="losses", alt="Loss over epochs")
        chart = figures.identification(run.curve)
        right.plotly_chart(chart, key="two_way", alt="Two-way identification over epochs")
    audits.show(ds, run.config, run.audit)
    scores(run)
    decoder_finds.show(ds, run)


def facts(run: Run) -> str:
    """What the training came to, in one line."""
    told = run.facts
    words = [
        HEADS[run.config.head].label,
        f"{told['weights']:,} weights",
        f"{run.shape.units:,} units in {counted(len(run.shape.groups), 'group')}",
        str(told["stopped"]),
        f"{told['seconds']:.1f} s on {told['device']}",
    ]
    if "best_epoch" in told:
        words.insert(3, f"epoch {told['best_epoch']} of {told['epochs']} kept")
    if "alpha" in told:
        words.insert(3, f"penalty {told['alpha']:g}")
    return " · ".join(map(plain, words))


def scores(run: Run) -> None:
    """The scores on the test side, beside the baselines; a job computes them once."""
    st.subheader("On pictures of the test side")
    table = load_table(run.key)
    if table is None:
        request = {"run": run.key, "head": run.config.head, "dataset": run.config.dataset}
        job = jobs.find("evaluate", request)
        if job is not None and job.status == "done":  # its scores were deleted
            job.remove()
        if jobs_panel.run_here("evaluate", request, "Scoring it beside the baselines") is not None:
            st.rerun()
        return
    _verdict(run, table)
    protocols = [name for name in PROTOCOLS if name in set(table["protocol"])]
    protocol = st.segmented_control(
        "Protocol",
        protocols,
        default=protocols[0],
        required=True,
        key="protocol",
        bind="query-params",
    )
    shown = table[table["protocol"] == protocol].sort_values("measure", key=_order, kind="stable")
    st.dataframe(in_words(shown), hide_index=True, height="content")
    st.caption(
        "Intervals resample pictures; p permutes whole categories. top-1 and top-5: the right "
        "category among the test categories, by the mean embedding of its test pictures without "
        "the viewed one (or the viewed one, where there is no other). two-way: the right picture "
        "beats another one. Rank 1 is the best."
    )
    if table.attrs["note"]:
        st.caption(plain(table.attrs["note"]))
    with st.container(horizontal=True):
        st.download_button(
            "Scores (CSV)",
            lambda: table.to_csv(index=False),
            f"{run.key}.csv",
            "text/csv",
            icon=":material/download:",
        )
        st.download_button(
            "Decoder (safetensors and JSON)",
            lambda: decoders.pack(run),
            f"{run.key}.zip",
            "application/zip",
            icon=":material/download:",
        )


def _order(measures: pd.Series) -> pd.Series:
    """Measure by measure, so that heads stand beside one another."""
    return measures.map({name: place for place, name in enumerate(dict.fromkeys(measures))})


def _verdict(run: Run, table: pd.DataFrame) -> None:
    """Says so where a baseline does better."""
    first = table["protocol"] == table["protocol"].iloc[0]
    compared = table[(table["measure"] == "two-way") & first]
    own = compared[compared["head"] == run.config.head]["value"]
    others = compared[compared["head"] != run.config.head]
    if own.empty or others.empty:
        return
    best = others.loc[others["value"].idxmax()]
    if best["value"] >= own.iloc[0]:
        st.info(
            f"No better than {plain(best['head'])}: two-way {own.iloc[0]:.1%} against "
            f"{best['value']:.1%}.",
            icon=":material/info:",
        )


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Scores for the reader: shares in per cent, with interval and chance."""
    are_shares = table["measure"].isin(SHARES)

    def words(column: str) -> list[str]:
        return [
            "–" if value is None or pd.isna(value) else f"{value:.1%}" if share else f"{value:.1f}"
            for value, share in zip(table[column], are_shares, strict=True)
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


def listed(ds: Dataset) -> None:
    """Every decoder in the store: filter, compare, open, delete."""
    st.subheader("Decoders")
    with st.container(horizontal=True, vertical_alignment="center"):
        only = st.toggle("Of this recording and subject only", value=True, key="only_here")
        _import()
    entries = decoders.entries()
    rows = [_row(entry) for entry in sorted(entries, key=lambda entry: -entry.created)]
    here = {"Recording": ds.info.name, "Subject": ds.subject}
    shown = [row for row in rows if not only or here.items() <= row.items()]
    if not shown:
        st.info("No decoder was trained yet.", icon=":material/info:")
        return
    table = pd.DataFrame(shown)
    chosen = st.dataframe(
        table.drop(columns="key"),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key="chosen_runs",
    )
    picked = [shown[place] for place in chosen.selection.rows if place < len(shown)]
    if not picked:
        st.caption("Select one decoder to open or delete it, several to compare their curves.")
        return
    with st.container(horizontal=True):
        run = loaded(picked[0]["key"])
        if len(picked) == 1 and run is not None:
            st.button(
                "Take its settings",
                icon=":material/settings_backup_restore:",
                on_click=decoder_settings.apply,
                args=(run.config,),
            )
        st.button(
            f"Delete {counted(len(picked), 'decoder')}",
            icon=":material/delete:",
            on_click=delete,
            args=([row["key"] for row in picked],),
        )
    compare(picked)


def _import() -> None:
    """A decoder that was downloaded, here or on another machine."""
    with st.popover("Import", icon=":material/upload:"):
        file = st.file_uploader(
            f"A decoder downloaded from this page (zip, at most {MOST_UPLOADED} MB)",
            type="zip",
            key="decoder_upload",
            max_upload_size=MOST_UPLOADED,
        )
        if file is None:
            return
        try:
            run = decoders.unpack(file.getvalue())
        except NeurogalleryError as error:
            st.error(plain(error), icon=":material/error:")
        else:
            subjects = ", ".join(run.config.subjects)
            st.success(
                plain(f"{run.config.head} of {run.config.dataset}, {subjects}: in the table.")
            )


def compare(picked: list[dict[str, Any]]) -> None:
    named = {f"{row['Head']} {row['Seed']} ({row['key'][-6:]})": row["key"] for row in picked}
    runs = {name: loaded(key) for name, key in named.items()}
    curves = {name: run.curve for name, run in runs.items() if run is not None and run.curve}
    if not curves:
        return
    with st.container(key="halves_below"):
        columns = st.columns(2, gap="large")
    shown = (("validation", "Validation loss"), ("two_way", "Two-way identification (validation)"))
    for column, (value, title) in zip(columns, shown, strict=True):
        chart = figures.compared(curves, value, title)
        column.plotly_chart(chart, key=f"compared_{value}", alt=f"{title} of the chosen decoders")


def delete(keys: list[str]) -> None:
    """Remove decoders and the jobs that trained them; a callback."""
    for job in jobs.all_jobs():
        if job.status not in jobs_panel.ACTIVE and job.result.get("key") in keys:
            job.remove()
    for key in keys:
        store.remove(key)
    loaded.clear()


def _row(entry: store.Entry) -> dict[str, Any]:
    config, about = entry.facts["config"], entry.facts["about"]
    scored = load_table(entry.key)
    test: dict[str, float | None] = {"top-1": None, "two-way": None}
    if scored is not None:
        own = scored[(scored["head"] == config["head"])]
        for name in test:
            values = own[own["measure"] == name]["value"]
            test[name] = None if values.empty else round(float(values.iloc[0]), 3)
    return {
        "key": entry.key,
        "Trained": datetime.fromtimestamp(entry.created).strftime("%Y-%m-%d %H:%M"),
        "Head": config["head"],
        "Loss": " + ".join(term[0] for term in config["loss"]) if about.get("epochs") else "–",
        "ROIs": " + ".join(config["rois"]) or "every unit",
        "Embedding": config["encoder"],
        "Split": config["split"],
        "Seed": config["seed"],
        "Epochs": about.get("epochs"),
        "Validation two-way": about.get("two_way") and round(about["two_way"], 3),
        "Test top-1": test["top-1"],
        "Test two-way": test["two-way"],
        "State": "cancelled" if entry.facts["partial"] else "trained",
        "Recording": config["dataset"],
        "Subject": " + ".join(config["subjects"]),
    }
