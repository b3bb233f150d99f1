"""Checks that responses, trials, stimuli and images of a recording fit together."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from core.datasets.dataset import Dataset
from core.validation import enumerate_names, row_blocks


class Check(NamedTuple):
    """One checked fact: ``state`` is 'ok', 'note' (incomplete but usable) or 'problem'."""

    state: Literal["ok", "note", "problem"]
    title: str
    detail: str


def check(ds: Dataset) -> list[Check]:
    """Check one subject of a recording. Loading has refused what cannot be used at all."""
    return [*_response_checks(ds), _categories(ds), _images(ds)]


def _response_checks(ds: Dataset) -> list[Check]:
    if ds.betas is None:
        names = enumerate_names(list(ds.rdms), 3)
        detail = f"{len(ds.rdms)} RDMs of {ds.n_stimuli} stimuli ({names}); no single responses."
        return [Check("note", "Comes as RDMs", detail)]
    shape = f"{len(ds.trials):,} trials, {len(ds.betas):,} response rows, {ds.n_stimuli:,} stimuli"
    aligned = Check("ok", "Responses and stimulus list align", f"{shape}; every trial is listed.")
    return [aligned, _missing(ds), *_flat(ds), _constant(ds), _repeats(ds)]


def _missing(ds: Dataset) -> Check:
    missing = ds.stimuli["id"][ds.missing()].tolist()
    if not missing:
        return Check("ok", "No response is missing", "Every stimulus has a complete response.")
    detail = f"{enumerate_names(missing)}: left out of statistics, shown as missing in RDMs."
    return Check("note", f"{len(missing)} stimuli without a complete response", detail)


def _flat(ds: Dataset) -> list[Check]:
    responses = ds.responses()
    flat = ds.stimuli["id"][(responses == responses[:, :1]).all(axis=1)].tolist()
    if not flat:
        return []
    detail = f"{enumerate_names(flat)}: one value in every unit, so no correlation is defined."
    return [Check("note", f"{len(flat)} constant responses", detail)]


def _constant(ds: Dataset) -> Check:
    low, high = np.full(ds.n_units, np.inf), np.full(ds.n_units, -np.inf)
    betas = ds.responses(repeats="all")
    for block in row_blocks(*betas.shape):
        low, high = np.fmin(low, betas[block].min(axis=0)), np.fmax(high, betas[block].max(axis=0))
    constant = np.flatnonzero(low == high)
    if len(constant) == 0:
        return Check("ok", "Every unit varies", f"{ds.n_units:,} response units.")
    detail = f"Units {enumerate_names(constant)} have one value throughout; they carry nothing."
    return Check("note", f"{len(constant)} constant units", detail)


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
    detail = f"{count} categories; {int((~named).sum())} stimuli without one."
    return Check("ok" if named.all() else "note", "Categories", detail)


def _images(ds: Dataset) -> Check:
    if ds.images is None:
        return Check("note", "No images", "Stimuli are shown by their ids.")
    lacking = ds.missing_images()
    if not lacking:
        return Check("ok", "Images", f"One for each of the {ds.n_stimuli:,} stimuli.")
    detail = f"{enumerate_names(lacking)}: shown by id. Put the files in place and reload."
    return Check("problem", f"{len(lacking)} images are missing", detail)
