"""Checks that responses, trials, stimuli and images of a recording fit together."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from core.datasets import completeness
from core.datasets.completeness import UnitGaps, span
from core.datasets.dataset import Dataset
from core.errors import NotFoundError
from core.validation import enumerate_names, row_blocks
from core.words import counted

State = Literal["ok", "note", "problem"]
NAMED, MOST_NUMBERS = 4, 20
# Of fewer trials, rounded values may agree by chance.
FEWEST_TRIALS = 4


class Check(NamedTuple):
    """One checked fact: ``state`` is 'ok', 'note' (incomplete but usable) or 'problem'."""

    state: State
    title: str
    detail: str


def check(ds: Dataset) -> list[Check]:
    """Check one subject of a recording. Loading has refused what cannot be used at all."""
    notes = [Check("note", *note) for note in ds.notes]
    return [*_response_checks(ds), _categories(ds), _images(ds), *notes]


def _response_checks(ds: Dataset) -> list[Check]:
    if ds.betas is None and not ds.rdms:
        return [Check("note", "No responses", f"{ds.info.title} {ds.lack}.")]
    stimuli = counted(ds.n_stimuli, "stimulus", "stimuli")
    if ds.betas is None:
        names = enumerate_names(list(ds.rdms), 3)
        detail = f"{counted(len(ds.rdms), 'RDM')} of {stimuli} ({names}); no single responses."
        return [Check("note", "Comes as RDMs", detail)]
    shape = (
        f"{counted(len(ds.trials), 'trial')}, {counted(len(ds.betas), 'response row')}, {stimuli}"
    )
    aligned = Check("ok", "Responses and stimulus list align", f"{shape}; every trial is listed.")
    return [aligned, *_missing(ds), *_unseen(ds), *_flat(ds), *_constant(ds), _repeats(ds)]


def _missing(ds: Dataset) -> list[Check]:
    """What the rule of :mod:`core.datasets.missing` has left out, by name and number."""
    if completeness.is_complete(ds):
        detail = "Every stimulus that was shown has a complete response."
        return [Check("ok", "No response is missing", detail)]
    units = completeness.by_unit(ds)
    return [*_left_out(ds, units), *_trials_left_out(ds, units), *_without_response(ds)]


def _left_out(ds: Dataset, units: list[UnitGaps]) -> list[Check]:
    """Units that left; a note where they never had a value, and no ROI went with them."""
    count = len(ds.left_out or ())
    if count == 0:
        return []
    units = [unit for unit in units if unit.is_left_out]
    always = all(unit.missing == int(ds.has_value.sum()) for unit in units)
    detail = f"{_described(ds, units, count)}. All numbers are of the other {len(ds.units()):,}."
    if ds.lost_rois:
        detail += f" No unit is left of {enumerate_names(ds.lost_rois)}."
    state: State = "note" if always and not ds.lost_rois else "problem"
    return [Check(state, f"{counted(count, 'unit')} left out for want of values", detail)]


def _trials_left_out(ds: Dataset, units: list[UnitGaps]) -> list[Check]:
    """Trials that an ROI goes without, and the units that cost them."""
    rois = [roi for roi in completeness.by_roi(ds) if roi.trials_left_out and roi.units]
    if not rois:
        return []
    means = " (means of {})" if ds.repeats.max() > 1 else ""
    parts = [
        f"{roi.roi} {roi.trials_left_out:,}"
        + means.format(span(np.array([roi.fewest, roi.most]), "trial"))
        for roi in rois
    ]
    detail = f"Left out of {enumerate_names(parts, NAMED)}."
    units = [unit for unit in units if not unit.is_left_out]
    if units:
        detail += f" {_described(ds, units, len(units))}."
    empty = int((~ds.has_value).sum())
    detail += f" {counted(empty, 'trial')} without any value." if empty else ""
    worst = max(roi.trials_left_out for roi in rois)
    title = f"Up to {worst:,} of {counted(len(ds.trials), 'trial')} left out"
    return [Check("problem", title, detail)]


def _described(ds: Dataset, units: list[UnitGaps], count: int) -> str:
    """The first units, with their ROIs and how often they have no value; the rest by number."""
    trials = int(ds.has_value.sum())
    sentences = []
    for unit in units[:NAMED]:
        text = f"Unit {unit.unit} ({', '.join(unit.rois) or 'in no ROI'}) has no value in "
        some = f"{unit.missing:,} of {counted(trials, 'trial')}"
        text += "any trial" if unit.missing >= trials else some
        if unit.sessions and unit.missing < trials:
            text += f", none in session {unit.sessions}"
        if unit.restores:
            text += f"; without it {counted(unit.restores, 'trial')} would come back"
        sentences.append(text)
    others = [str(unit.unit) for unit in units[NAMED:]]
    if others:
        listed = ", ".join(others[:MOST_NUMBERS])
        more = count - NAMED - len(others[:MOST_NUMBERS])
        sentences.append(f"Likewise {listed}" + (f" and {more:,} more" if more else ""))
    return ". ".join(sentences)


def _without_response(ds: Dataset) -> list[Check]:
    missing = ds.stimuli["id"][ds.missing() & (ds.repeats > 0)].tolist()
    if not missing:
        return []
    detail = (
        f"{enumerate_names(missing)}: left out where every unit is used, shown as missing in "
        "RDMs; ROIs that are complete go on."
    )
    several = counted(len(missing), "stimulus", "stimuli")
    return [Check("note", f"{several} without a complete response", detail)]


def _unseen(ds: Dataset) -> list[Check]:
    """Stimuli without a trial, as where a subject saw some of them, or a list is cut."""
    unseen = ds.stimuli["id"][ds.repeats == 0].tolist()
    if not unseen:
        return []
    several = counted(len(unseen), "stimulus", "stimuli")
    detail = f"{enumerate_names(unseen)}: the trial list of {ds.subject} does not name them."
    return [Check("note", f"{several} never shown", detail)]


def _flat(ds: Dataset) -> list[Check]:
    responses = ds.responses()
    flat = ds.stimuli["id"][(responses == responses[:, :1]).all(axis=1)].tolist()
    if not flat:
        return []
    detail = f"{enumerate_names(flat)}: one value in every unit, so no correlation is defined."
    return [Check("note", f"{counted(len(flat), 'constant response')}", detail)]


def _constant(ds: Dataset) -> list[Check]:
    """Units that never vary, and those that are constant in a session, as zeros for NaN are."""
    low, high = _extremes(ds)
    constant = np.fmin.reduce(low) == np.fmax.reduce(high)
    flat = ((low == high).any(axis=0) & ~constant)[ds.units()] if len(low) > 1 else np.zeros(0)
    within, constant = ds.units()[np.flatnonzero(flat)], ds.units()[constant[ds.units()]]
    results = []
    if len(constant):
        detail = f"Units {enumerate_names(constant)} have one value throughout; they carry nothing."
        results.append(Check("note", f"{counted(len(constant), 'constant unit')}", detail))
    if len(within):
        detail = (
            f"Units {enumerate_names(within)} have one value in a whole session and vary in "
            "others: where that stands for missing responses, write NaN in its place."
        )
        several = counted(len(within), "unit")
        results.append(Check("problem", f"{several} constant in a session", detail))
    detail = f"{counted(len(ds.units()), 'response unit')}."
    return results or [Check("ok", "Every unit varies", detail)]


def _extremes(ds: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest value of each unit in each session, NaN left out.

    Of recordings where a session has fewer, over all. Two (sessions, units).
    """
    betas, session = ds.betas, pd.factorize(ds.sessions, use_na_sentinel=False)[0]
    assert betas is not None
    if len(session) == 0 or np.bincount(session).min() < FEWEST_TRIALS:
        session = np.zeros(len(betas), dtype=np.intp)
    shape = (int(session.max(initial=0)) + 1, ds.n_units)
    low, high = np.full(shape, np.inf), np.full(shape, -np.inf)
    for block in row_blocks(*betas.shape):
        for number in np.unique(session[block]):
            rows = betas[block][session[block] == number]
            low[number] = np.fmin(low[number], np.fmin.reduce(rows, axis=0))
            high[number] = np.fmax(high[number], np.fmax.reduce(rows, axis=0))
    return low, high


def _repeats(ds: Dataset) -> Check:
    repeats = ds.repeats
    several = int((repeats > 1).sum())
    if several == 0:
        return Check("note", "No repeats", "Each stimulus was shown once: no reliability.")
    span = f"{repeats.min()} to {repeats.max()}" if repeats.min() < repeats.max() else repeats.max()
    detail = f"{several:,} of {ds.n_stimuli:,} stimuli were shown more than once ({span} times)."
    return Check("ok", "Repeats", detail)


def _categories(ds: Dataset) -> Check:
    named = ds.stimuli["category"].ne("")
    if not named.any():
        return Check("note", "No categories", "Order and colour by category are not available.")
    count = ds.stimuli["category"][named].nunique()
    without = counted(int((~named).sum()), "stimulus", "stimuli")
    detail = f"{counted(count, 'category', 'categories')}; {without} without one."
    return Check("ok" if named.all() else "note", "Categories", detail)


def _images(ds: Dataset) -> Check:
    if ds.images is None:
        return Check("note", "No images", "Stimuli are shown by their ids.")
    lacking = ds.missing_images()
    if not lacking:
        each = "The stimulus has one." if ds.n_stimuli == 1 else ""
        return Check("ok", "Images", each or f"One for each of the {ds.n_stimuli:,} stimuli.")
    try:
        ds.image(lacking[0])
        place = ""
    except NotFoundError as error:
        place = f" {error.problem}."
    detail = f"{enumerate_names(lacking)}: shown by id.{place} Put the files in place and reload."
    return Check("problem", f"{counted(len(lacking), 'image is', 'images are')} missing", detail)
