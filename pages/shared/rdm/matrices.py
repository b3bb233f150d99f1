"""The RDMs in view, with their order and pixels: cached, or made by a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import rdm
from core.datasets import Dataset, Reference
from core.figures import heatmap
from core.rdm import ComputedRdm, RdmRequest, RdmSummary
from core.rdm.cells import Spread
from core.rdm.large.bands import describe
from pages.shared.frame import results
from pages.shared.frame.text import plain

# A job takes what would hold up the page for longer.
DIRECT_S = 1.0


@dataclass(frozen=True)
class Source:
    """Where an RDM comes from: concatenated ROIs (none: every unit), or published with the data."""

    label: str
    rois: tuple[str, ...] = ()
    published: str = ""


@dataclass(frozen=True)
class View:
    """How RDMs are computed and shown; small values that name every cached result.

    ``one_scale`` gives those side by side the same colours for the same values.
    """

    metric: str
    noise: str
    order: str
    colours: str
    by_percentile: bool
    one_scale: bool = True


@dataclass(frozen=True)
class Shown:
    """An RDM in view.

    ``missing`` are the rows without a defined value, ``notes`` what must be known of it. One that
    is too large to be kept has a ``summary``, and ``values`` that are computed when they are read.
    """

    source: Source
    key: str
    values: np.ndarray | ComputedRdm
    spread: Spread
    missing: np.ndarray
    label: str
    notes: tuple[str, ...] = ()
    summary: RdmSummary | None = None

    @property
    def matrix(self) -> np.ndarray:
        """The whole matrix, which one that is too large has not."""
        assert isinstance(self.values, np.ndarray)
        return self.values


@dataclass(frozen=True)
class Arrangement:
    """A display order: ``rows`` (n,) gives the stimulus at each position."""

    name: str
    rows: np.ndarray
    blocks: tuple[rdm.Block, ...]


def get(ds: Dataset, source: Source, view: View) -> Shown | None:
    """The RDM of a source; None while a job computes it, whose progress is then shown."""
    if source.published:
        key = f"{ds.fingerprint}/{source.published}"
        values, label = rdm.published(ds, source.published), "Dissimilarity, as published"
        return Shown(source, key, values, *_facts(key, values), label)
    if rdm.is_large(ds.n_stimuli, view.metric):
        return _large(ds, source, view)
    key = rdm.result_key(ds, source.rois, view.metric, view.noise)
    request = RdmRequest(Reference.of(ds), source.rois, view.metric, view.noise, view.order)
    if request.seconds > DIRECT_S:
        result = _from_job(request)
        if result is None:
            return None
    else:
        result = _computed(key, source.rois, view.metric, view.noise, ds)
    label = rdm.METRICS[view.metric].label
    notes = _notes(key, source.rois, view.metric, ds)
    return Shown(source, key, result, *_facts(key, result), label, notes)


def _large(ds: Dataset, source: Source, view: View) -> Shown | None:
    """An RDM that is not kept: its summary, from a job, and the responses behind its cells."""
    rdm.check_order(ds.n_stimuli, view.metric, view.order)
    request = RdmRequest(Reference.of(ds), source.rois, view.metric)
    st.caption(
        f":material/info: {plain(source.label)}: {describe(ds.n_stimuli, 'float32')}, are not "
        "kept. A job compares every pair once, for block means, extreme pairs and distribution; "
        "cells and what is zoomed in on are computed when they are looked at (within 0.000001)."
    )
    summary = results.get(request, lambda key: results.recall(_summary, key))
    if summary is None:
        return None
    key = rdm.result_key(ds, source.rois, view.metric)
    values, method = _cells(key, source.rois, view.metric, ds), rdm.METRICS[view.metric]
    notes = _notes(key, source.rois, view.metric, ds)
    about = (summary.spread, summary.missing, method.label, notes)
    return Shown(source, key, values, *about, summary)


@st.cache_resource(max_entries=8, show_spinner=False)
def _summary(key: str) -> RdmSummary | None:
    return rdm.load_summary(key)


@st.cache_resource(max_entries=4, show_spinner="Preparing the responses …")
def _cells(key: str, rois: tuple[str, ...], metric: str, _ds: Dataset) -> ComputedRdm:
    return ComputedRdm(_ds.responses(list(rois) or None), metric)


def cell(shown: Shown, i: int, j: int) -> rdm.Cell:
    """Value, rank and percentile of a pair; of a large RDM both are within 0.01 %."""
    if shown.summary is None:
        return rdm.cell(shown.matrix, i, j)
    return shown.summary.cell(float(shown.values[i, j]))


def arrangement(ds: Dataset, shown: Shown, order: str) -> Arrangement:
    """The display order that an RDM gives, for every RDM beside it."""
    return _arrangement(shown.key, order, ds, shown.values)


Ends = tuple[float, float]


def image(shown: Shown, arranged: Arrangement, view: View, side: int, ends: Ends) -> str:
    """The ordered RDM, or its block means, as the data URI of a palette PNG."""
    return _image(shown.key, arranged.name, view, side, ends, shown, arranged)


def colour_ends(shown: Sequence[Shown], arranged: Arrangement, view: View, side: int) -> list[Ends]:
    """Values at the two ends of the colour scale of each RDM.

    Those of one measure share theirs where the view has one colour scale.
    """
    own = [
        heatmap.limits(_overview(each, arranged, view, side), each.spread, len(each.values))
        for each in shown
    ]
    return heatmap.shared_limits(own, [each.label for each in shown]) if view.one_scale else own


def display_levels(
    shown: Shown, arranged: Arrangement, view: View, side: int, ends: Ends
) -> np.ndarray:
    """Display levels of the ordered RDM, (side, side) or less, uint8."""
    return _levels(_overview(shown, arranged, view, side), shown, view, ends)


def _overview(shown: Shown, arranged: Arrangement, view: View, side: int) -> np.ndarray:
    """Block means; those of a large RDM have the side that they were made with."""
    if shown.summary is not None:
        return shown.summary.means[view.order]
    return _means(shown.key, arranged.name, side, arranged.rows, shown.matrix)


def crop(
    shown: Shown, arranged: Arrangement, view: View, ends: Ends, window: tuple[int, int, int]
) -> dict[str, object]:
    """Exact cells of a window (row, column, size) of the ordered RDM as an image."""
    row, column, size = window
    cells = heatmap.crop(shown.values, arranged.rows, row, column, size)
    levels = _levels(cells, shown, view, ends)
    uri = heatmap.data_uri(heatmap.palette_png(levels, view.colours))
    return {"row0": row, "column0": column, "size": size, "image": uri}


def _levels(values: np.ndarray, shown: Shown, view: View, ends: Ends) -> np.ndarray:
    if view.by_percentile:
        return heatmap.percentile_levels(values, shown.spread)
    return heatmap.levels(values, ends)


@st.cache_resource(max_entries=24, show_spinner="Finding the extreme pairs …")
def extremes(
    key: str, metric: str, count: int, target: float | None, _ds: Dataset, _shown: Shown
) -> rdm.Pairs:
    """Extreme pairs; scored in float64 from the responses where they were recorded."""
    if _shown.summary is not None:
        pairs = _shown.summary.pairs
        smallest, largest = pairs.smallest[:count], pairs.largest[:count]
        return rdm.Pairs(smallest, largest, pairs.nearest[:count], pairs.target)
    if _shown.source.published or rdm.METRICS[metric].needs_folds:
        return rdm.extreme_cells(_shown.matrix, count, target)
    responses = _ds.responses(_shown.source.rois or None)
    return rdm.extreme_pairs(responses, metric, count, target, matrix=_shown.matrix)


@st.cache_resource(max_entries=64, show_spinner=False)
def most_similar(key: str, _shown: Shown) -> rdm.Pair | None:
    """The pair that is shown until another is picked; None where no pair is defined."""
    if _shown.summary is not None:
        return next(iter(_shown.summary.pairs.smallest), None)
    return next(iter(rdm.extreme_cells(_shown.matrix, 1).smallest), None)


def _from_job(request: RdmRequest) -> np.ndarray | None:
    def load(key: str) -> np.ndarray | None:
        return results.recall(_stored, key) if request.is_arranged() else None

    return results.get(request, load)


@st.cache_resource(max_entries=8, show_spinner=False)
def _stored(key: str) -> np.ndarray | None:
    return rdm.load(key)


@st.cache_resource(max_entries=24, show_spinner="Computing the RDM …")
def _computed(key: str, rois: tuple[str, ...], metric: str, noise: str, _ds: Dataset) -> np.ndarray:
    matrix = rdm.of_dataset(_ds, rois, metric, noise=noise)
    matrix.flags.writeable = False
    return matrix


@st.cache_resource(max_entries=64, show_spinner=False)
def _facts(key: str, _values: np.ndarray) -> tuple[Spread, np.ndarray]:
    return rdm.spread(_values), rdm.undefined(_values)


@st.cache_resource(max_entries=64, show_spinner=False)
def _notes(key: str, rois: tuple[str, ...], metric: str, _ds: Dataset) -> tuple[str, ...]:
    return rdm.notes_of(_ds, rois, metric)


@st.cache_resource(max_entries=32, show_spinner="Ordering the stimuli …")
def _arrangement(
    key: str, order: str, _ds: Dataset, _values: np.ndarray | ComputedRdm
) -> Arrangement:
    rows = rdm.arrange(_ds, _values, order, key)
    return Arrangement(f"{order}/{key}", rows, tuple(rdm.blocks(_ds.stimuli, rows)))


@st.cache_resource(max_entries=32, show_spinner=False)
def _means(key: str, order: str, side: int, _rows: np.ndarray, _values: np.ndarray) -> np.ndarray:
    return heatmap.overview(_values, _rows, side)


@st.cache_resource(max_entries=32, show_spinner=False)
def _image(
    key: str,
    order: str,
    view: View,
    side: int,
    ends: Ends,
    _shown: Shown,
    _arranged: Arrangement,
) -> str:
    levels = display_levels(_shown, _arranged, view, side, ends)
    return heatmap.data_uri(heatmap.palette_png(levels, view.colours))
