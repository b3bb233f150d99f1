"""The decoder of the settings: trained, watched and shown, with those trained before."""

from __future__ import annotations

import streamlit as st

from core import decoders, jobs
from core.datasets import Dataset
from core.decoders import HEADS, Config, Run, TrainRequest
from core.decoders.scoring.units_used import UnitsUsed, describe_units, units_used
from core.figures import training as figures
from core.jobs import Job
from pages.shared.decoders import audit, retrieved, table
from pages.shared.decoders.compare import compare
from pages.shared.decoders.described import has_diverged, loaded
from pages.shared.decoders.outcome import ensemble, generalisation, result, trust
from pages.shared.decoders.scores import show_folds, show_scores
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import results
from pages.shared.frame.damage.shown import show_damaged
from pages.shared.frame.text import counted, plain


def show(ds: Dataset, run: Run) -> None:
    """What one decoder does, then how it was trained and how far its scores can be trusted."""
    with st.container(horizontal=True):
        audit.badge(run.audit)
        if run.imported:
            st.badge(f"imported from {plain(run.imported['file'])}, {run.imported['date']}")
        if run.partial:
            st.badge("cancelled, best epoch so far", color="orange")
    _warn_of_divergence(run)
    protocol = result.show(ds, run)
    st.caption(summary(run))
    tell_units(ds, run)
    if protocol is not None:
        show_scores(ds, run, protocol)
    show_folds(run)
    ensemble.show(run)
    generalisation.show(run)
    trust.show(run)
    if run.curve:
        st.header("Training")
        with st.container(key="halves"):
            left, right = st.columns(2, gap="large")
        show_chart(
            drawn(figures.losses, run.curve, run.chance_losses),
            key="losses",
            alt="Loss over epochs",
            place=left,
        )
        chart = drawn(figures.identification, run.curve)
        show_chart(chart, key="two_way", alt="Two-way identification over epochs", place=right)
    audit.show(ds, run.config, run.audit)
    retrieved.show(ds, run)


def tell_units(ds: Dataset, run: Run, name: str = "") -> None:
    """How much of what the decoder reads is signal; ``name`` tells it from others shown."""
    units = _units_used(run.key, run.digest, ds.fingerprint, run, ds)
    if units is not None:
        st.caption(
            f"{plain(name)}: {describe_units(run, units)}" if name else describe_units(run, units)
        )


@st.cache_data(max_entries=32, show_spinner=False)
def _units_used(key: str, digest: str, recording: str, _run: Run, _ds: Dataset) -> UnitsUsed | None:
    return units_used(_run, _ds)


def summary(run: Run) -> str:
    """What the training came to, in one line."""
    facts = run.facts
    tokens = f" in {counted(len(run.shape.groups), 'token')}"
    words = [
        decoders.short_name(run.key, run.config.head),
        HEADS[run.config.head].label,
        f"{counted(facts['parameters'], 'parameter')}",
        f"{counted(run.shape.units, 'unit')}{'' if run.config.is_closed_form else tokens}",
    ]
    if "best_epoch" in facts:
        words.append(f"epoch {facts['best_epoch']} of {facts['epochs']} kept")
    if "alpha" in facts:
        words.append(f"alpha (regularisation) {facts['alpha']:g}")
    if "shrinkage" in facts:
        words.append(f"shrinkage of the residual covariance {facts['shrinkage']:g}")
    words += [str(facts["stopped"]), f"{facts['seconds']:.1f} s on {facts['device']}"]
    return " · ".join(map(plain, words))


def _warn_of_divergence(run: Run) -> None:
    if has_diverged(run.facts):
        why = str(run.facts["stopped"]).partition(";")[0]
        st.warning(
            f"The training diverged: {plain(why)}. The parameters of epoch "
            f"{run.facts['best_epoch']}, the best before it, are kept. Lower the learning rate "
            f"(it was {run.config.training['learning_rate']:g}).",
            icon=":material/warning:",
        )


def list_decoders(ds: Dataset) -> None:
    """Every decoder, own and examples: filter, compare, open, delete."""
    st.header("Decoders")
    show_damaged(decoders.damaged(), "decoder")
    compare([row for row in table.choose(ds) if row.config is not None])


def trained(config: Config) -> Run | None:
    """The decoder of the settings; until it is there, a button, then its curves as they grow.

    One of these settings that was imported, or an example, is there at once where the user has
    not trained them.
    """
    request = TrainRequest(config)
    if jobs.find(request.operation, request.to_json()) is None:
        other = decoders.imported_of(config) or decoders.example_of(config)
        if other is not None:
            return loaded(other)
    return results.get(
        request,
        loaded,
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
    show_chart(figures.losses(curve), key="live_losses", alt="Loss over epochs so far", place=left)
    chart = figures.identification(curve)
    show_chart(chart, key="live_two_way", alt="Two-way identification so far", place=right)
