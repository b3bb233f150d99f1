"""Averages over the repeats of each stimulus, of responses in memory or in a memory-mapped file."""

from __future__ import annotations

import mmap
from typing import Any, NamedTuple

import numpy as np

from core.validation import BLOCK_ELEMENTS, fits_single, row_blocks

# Blocks of trials are smaller than others by so much: what is added up then stays in the cache.
FINER = 5
# In so many stimuli at least, spread over all, it is seen whether single precision does.
FEWEST_LOOKED_AT = 64
AHEAD_BYTES = 2**20


class Shown(NamedTuple):
    """The trials of each stimulus that has some.

    Attributes
    ----------
    trials : (k,) int
        Those of one stimulus after those of another.
    stimuli, starts, counts : (n,) int
        Row of each stimulus, where its trials begin in ``trials``, and how many there are.
    """

    trials: np.ndarray
    stimuli: np.ndarray
    starts: np.ndarray
    counts: np.ndarray

    @property
    def most(self) -> int:
        return int(self.counts.max(initial=1))

    def some(self, which: slice | np.ndarray) -> Shown:
        return Shown(self.trials, self.stimuli[which], self.starts[which], self.counts[which])


def averages(
    betas: np.ndarray, units: np.ndarray, trials: np.ndarray, rows: np.ndarray, n_stimuli: int
) -> np.ndarray:
    """Mean response of some units over some trials of each stimulus.

    Of a file each trial is read once, and what has come is averaged while the rest is read.

    Parameters
    ----------
    betas : np.ndarray of shape (all trials, all units)
        Any real numbers, may be memory-mapped, C or Fortran order.
    units : np.ndarray of shape (v,), int
    trials, rows : np.ndarray of shape (k,), int
        Trials to average, ascending, and the stimulus of each.
    n_stimuli : int

    Returns
    -------
    np.ndarray of shape (n_stimuli, v)
        NaN where a stimulus has none of the trials. float32, from sums in float64; float64 where
        single precision would lose what differs (``validation.fits_single``).
    """
    shown = _shown(betas, trials, rows)
    size = (n_stimuli, len(units))
    try:
        with np.errstate(over="raise"):
            mean = _filled(betas, units, shown, np.empty(size, dtype=np.float32))
        if _is_as_recorded(betas, shown) or _fit_single(betas, units, shown):
            return mean
        del mean  # two of them may be too many
    except FloatingPointError:
        pass  # a value is beyond single precision
    return _filled(betas, units, shown, np.empty(size, dtype=np.float64))


def by_unit(betas: np.ndarray) -> bool:
    """Whether the trials of a unit follow one another, as in copies of which ROIs are read."""
    return betas.flags.f_contiguous and not betas.flags.c_contiguous


def _shown(betas: np.ndarray, trials: np.ndarray, rows: np.ndarray) -> Shown:
    order = np.argsort(rows, kind="stable")
    stimuli, starts, counts = np.unique(rows[order], return_index=True, return_counts=True)
    shown = Shown(trials[order], stimuli, starts, counts)
    if by_unit(betas) or not len(stimuli):
        return shown
    # What is complete first comes first, while the system reads the rest.
    return shown.some(np.argsort(shown.trials[starts + counts - 1]))


def _is_as_recorded(betas: np.ndarray, shown: Shown) -> bool:
    return betas.dtype == np.float32 and shown.most == 1


def _filled(betas: np.ndarray, units: np.ndarray, shown: Shown, mean: np.ndarray) -> np.ndarray:
    """Fill ``mean`` part by part, as the responses lie in memory."""
    is_across, columns = by_unit(betas), _columns(units)
    is_every = np.array_equal(shown.stimuli, np.arange(len(mean)))
    _read_ahead(betas, units)
    betas = np.asarray(betas)  # of a memory map each slice takes longer
    for rows, some in _parts(betas, len(units), shown):
        own = shown.some(rows)
        part = betas.T[units[some]].T if is_across else betas
        means = _means_of(part, slice(None) if is_across else columns, own)
        # A slice is written faster than by the numbers of its rows.
        mean[rows if is_every else own.stimuli, some] = means
    mean[np.setdiff1d(np.arange(len(mean)), shown.stimuli)] = np.nan
    return mean


def _parts(betas: np.ndarray, n_units: int, shown: Shown) -> list[tuple[slice, slice]]:
    """Stimuli and units that are averaged together."""
    if by_unit(betas):
        return [(slice(None), units) for units in row_blocks(n_units, len(shown.trials))]
    size = FINER * n_units * shown.most
    return [(stimuli, slice(None)) for stimuli in row_blocks(len(shown.stimuli), size)]


def _columns(units: np.ndarray) -> np.ndarray | slice:
    """Units as a slice where they follow one another, which is read in one go."""
    is_range = len(units) > 0 and (np.diff(units) == 1).all()
    return slice(int(units[0]), int(units[-1]) + 1) if is_range else units


def _means_of(betas: np.ndarray, columns: np.ndarray | slice, shown: Shown) -> np.ndarray:
    """Means (n, v) float64; where each stimulus has a single trial, that trial as it is."""
    first = _taken(betas, shown.trials[shown.starts], columns)
    if _is_as_recorded(betas, shown):
        return first
    sums = first.astype(np.float64)
    for repeat in range(1, shown.most):
        longer = np.flatnonzero(shown.counts > repeat)
        part = _taken(betas, shown.trials[shown.starts[longer] + repeat], columns)
        if len(longer) == len(sums):
            sums += part
        else:
            sums[longer] += part
    sums /= shown.counts[:, None]
    return sums


def _taken(betas: np.ndarray, trials: np.ndarray, columns: np.ndarray | slice) -> np.ndarray:
    return betas[trials, columns] if isinstance(columns, slice) else betas[np.ix_(trials, columns)]


def _fit_single(betas: np.ndarray, units: np.ndarray, shown: Shown) -> bool:
    """Whether single precision keeps what differs in the means of stimuli spread over all."""
    count = max(FEWEST_LOOKED_AT, BLOCK_ELEMENTS // max(1, len(units)))
    spread = np.unique(np.linspace(0, len(shown.stimuli) - 1, count).astype(np.intp))
    own = shown.some(spread) if len(shown.stimuli) else shown
    means = (
        _means_of(np.asarray(betas), units[some], own)
        for some in row_blocks(len(units), len(spread) * shown.most)
    )
    return all(map(fits_single, means))


def _read_ahead(betas: np.ndarray, units: np.ndarray) -> None:
    """Let the system fetch what is needed of a memory-mapped file, in whatever order it is used."""
    held: Any = betas
    while isinstance(held, np.ndarray):
        held = held.base
    if not isinstance(held, mmap.mmap) or not hasattr(mmap, "MADV_WILLNEED"):
        return
    if by_unit(betas) and len(units):
        length = betas.strides[1]
        begin = len(held) - betas.nbytes  # the header, in a file of one array
        units = np.sort(units)
        for run in np.split(units, np.flatnonzero(np.diff(units) != 1) + 1):
            start = begin + int(run[0]) * length
            page = start // mmap.PAGESIZE * mmap.PAGESIZE
            held.madvise(mmap.MADV_WILLNEED, page, start - page + len(run) * length)
    elif len(units) > betas.shape[1] // 2:
        # Of one large piece the system fetches the beginning only.
        for start in range(0, len(held), AHEAD_BYTES):
            held.madvise(mmap.MADV_WILLNEED, start, min(AHEAD_BYTES, len(held) - start))
