"""The decoder of the settings: trained, watched and shown, with those trained before."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import decoders
from core.datasets import Dataset
from core.decoders import HEADS, Config, Run, TrainRequest
from core.figures import training as figures
from core.jobs import Job
from pages.shared.decoders import audit
from pages.shared.decoders import retrieved as decoder_finds
from pages.shared.decoders import table as decoder_table
from pages.shared.decoders.compare import compare
from pages.shared.decoders.described import has_diverged, loaded
from pages.shared.decoders.scores import scores
from pages.shared.frame import results
from pages.shared.frame.text import counted, plain


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
    groups = f" in {counted(len(run.shape.groups), 'token')}"
    words = [
        decoders.short_name(run.key, run.config.head),
        HEADS[run.config.head].label,
        f"{told['parameters']:,} parameters",
        f"{run.shape.units:,} units{'' if run.config.is_closed_form else groups}",
    ]
    if "best_epoch" in told:
        words.append(f"epoch {told['best_epoch']} of {told['epochs']} kept")
    if "alpha" in told:
        words.append(f"alpha (regularisation) {told['alpha']:g}")
    words += [str(told["stopped"]), f"{told['seconds']:.1f} s on {told['device']}"]
    return " · ".join(map(plain, words))


def _warn_of_divergence(run: Run) -> None:
    if has_diverged(run.facts):
        why = str(run.facts["stopped"]).partition(";")[0]
        st.warning(
            f"The training diverged: {plain(why)}. The weights of epoch "
            f"{run.facts['best_epoch']}, the best before it, are kept. Lower the learning rate "
            f"(it was {run.config.training['learning_rate']:g}).",
            icon=":material/warning:",
        )


def listed(ds: Dataset) -> None:
    """Every decoder in the store: filter, compare, open, delete."""
    st.subheader("Decoders")
    compare([row for row in decoder_table.choose(ds) if row.config is not None])


def trained(config: Config) -> Run | None:
    """The decoder of the settings; until it is there, a button, then its curves as they grow."""
    return results.get(
        TrainRequest(config),
        partial(results.recall, loaded),
        on_click=True,
        icon=":material/model_training:",
        live=_draw_so_far,
    )


def _draw_so_far(job: Job) -> None:
    """Loss and identification of a training under way, or of one that was cancelled."""
    curve = decoders.live_curve(job.folder)
    if not curve:
        return
    with st.container(key="halves"):
        left, right = st.columns(2, gap="large")
    left.plotly_chart(figures.losses(curve), key="live_losses", alt="Loss over epochs so far")
    chart = figures.identification(curve)
    right.plotly_chart(chart, key="live_two_way", alt="Two-way identification so far")
