"""Responses of a release in one stored copy: made once, memory-mapped from then on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from core import store
from core.datasets.missing import Scan
from core.datasets.releases.options import Standard
from core.datasets.tables import names_column
from core.errors import CorruptDataError, InputError, NeurogalleryError
from core.progress import Progress, silent
from core.store.results import sampled
from core.store.stamps import enter
from core.validation import (
    LARGEST_SINGLE,
    check_same_length,
    fits_single,
    refuse_beyond_single,
    row_blocks,
)

VERSION = 1
OPERATION = "recording"
# Files up to here enter the key with all of their content, larger ones with a sample and time.
READ_WHOLE = 2**26
# What is read within about two seconds needs no button.
AT_ONCE = 2**27
# A unit with one and the same value in so many trials, a session, measured nothing.
FEWEST_TRIALS = 8

_progress: ContextVar[Progress | None] = ContextVar("conversion", default=silent)


@dataclass(frozen=True)
class Reading:
    """How the responses of a subject are read, before any is.

    Attributes
    ----------
    files : sequence of Path
        Whatever the numbers depend on.
    shape : tuple of int
        (trials, units).
    trials : pd.DataFrame
        ``id, repeat, run, session`` of each trial, from ``tables.complete_trials``.
    blocks : callable
        Gives consecutive trials (m, units) of any real type, in the released unit and NaN where
        there is no value: a block a session, or several whole sessions.
    subjects : tuple of str
        Every subject of the recording.
    parameters : mapping
        Options of the loader that change the numbers.
    by_unit : bool
        The copy has the trials of one unit after those of another: where ROIs are read and
        trials are hardly averaged, that is several times as fast.
    """

    files: Sequence[Path]
    shape: tuple[int, int]
    trials: pd.DataFrame
    blocks: Callable[[], Iterator[np.ndarray]]
    subjects: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    by_unit: bool = False


class Copy(NamedTuple):
    """Responses (trials, units), memory-mapped, their missing values, and what they are of."""

    betas: np.ndarray
    scanned: Scan
    fingerprint: str


class NeedsConversion(NeurogalleryError):
    """The first opening of a subject takes long, where that has to be said before."""

    def __init__(self, name: str, subject: str, subjects: tuple[str, ...], count: int) -> None:
        super().__init__(
            f"{name}, {subject}: the first opening reads {count / 1e9:.1f} GB",
            remedy="It is a job; later openings are instant.",
        )
        self.subject, self.subjects = subject, subjects
        self.options: Mapping[str, Any] = {}


@contextmanager
def reporting(progress: Progress | None) -> Iterator[None]:
    """Within, conversions report to ``progress``; with None, long ones raise NeedsConversion."""
    token = _progress.set(progress)
    try:
        yield
    finally:
        _progress.reset(token)


def responses(name: str, version: int, subject: str, reading: Reading, standard: Standard) -> Copy:
    """Give the responses of a subject from the store, where they are put when first asked for.

    Parameters
    ----------
    name, subject : str
        Of the recording.
    version : int
        Of its loader.
    reading : Reading
    standard : Standard
        ``zscore`` is applied within each session or run: mean 0 and standard deviation 1 over
        its trials with a value.

    Returns
    -------
    Copy
        float32; float64 where a large offset needs it. NaN where there is no value, and where
        a unit has one and the same value throughout a session (of 8 trials or more).

    Raises
    ------
    InputError
        If runs or sessions are to be z-scored in that the recording does not name, or a value
        is beyond single precision where that is what the copy has.
    CorruptDataError
        If the files do not hold what the reading says.
    NeedsConversion
        Where long work has to be announced, see ``reporting``.
    NeurogalleryError
        If the disk is full; the store then is as before.
    """
    check_same_length(len(reading.trials), reading.shape[0], "The trial list", "the responses")
    content = store.fingerprint(name, version, subject, [_content(path) for path in reading.files])
    parameters = {**reading.parameters, "zscore": standard.zscore}
    groups = _groups(reading.trials, standard.zscore)
    key = store.key(OPERATION, content, parameters, version=VERSION)
    stored = store.load(key)
    if stored is None:
        progress = announce(name, subject, reading.subjects, reading.files)
        stored = _convert(key, f"{name}, {subject}", reading, groups, progress)
    counts = stored.facts["missing"]
    scanned = Scan(
        _dense(counts["trials"], reading.shape[1]), _dense(counts["units"], reading.shape[0])
    )
    return Copy(stored.arrays["blocks"], scanned, store.fingerprint(content, parameters, VERSION))


def announce(name: str, subject: str, subjects: tuple[str, ...], files: Sequence[Path]) -> Progress:
    """Where to report to while files are read; raises NeedsConversion where that must be said.

    A loader calls it before it reads long what a ``Reading`` needs.
    """
    progress = _progress.get()
    count = sum(path.stat().st_size for path in files if path.is_file())
    if progress is None and count > AT_ONCE:
        raise NeedsConversion(name, subject, subjects, count)
    return progress or silent


class _Groups(NamedTuple):
    """Session of each trial, and the group that it is z-scored in, or None."""

    session: np.ndarray
    zscored: np.ndarray | None


def _groups(trials: pd.DataFrame, zscore: str) -> _Groups:
    session = pd.factorize(trials["session"], use_na_sentinel=False)[0]
    if zscore == "none":
        return _Groups(session, None)
    if not names_column(trials, zscore):
        raise InputError(
            f"The recording does not say which {zscore} a trial is from",
            "another choice of z-scoring",
            "Choose 'none'.",
        )
    own = trials.groupby(["session", "run"], dropna=False, sort=False).ngroup().to_numpy()
    return _Groups(session, own if zscore == "run" else session)


def _convert(
    key: str, title: str, reading: Reading, groups: _Groups, progress: Progress
) -> store.Result:
    blocks = _read(reading)
    first = next(blocks, np.empty((0, reading.shape[1]), dtype=np.float32))
    precise = groups.zscored is None and not fits_single(first)
    counts = Scan(np.zeros(reading.shape[1], np.intp), np.zeros(reading.shape[0], np.intp))
    facts: dict[str, Any] = {"title": title}
    dtype = np.dtype(np.float64 if precise else np.float32)

    def finished() -> Iterator[np.ndarray]:
        start = 0
        for block in itertools.chain([first], blocks):
            rows = slice(start, start + len(block))
            progress(start / max(1, reading.shape[0]), f"Reading {title}")
            try:
                with np.errstate(over="raise"):
                    block = _finished(block, rows, groups, counts, dtype)
            except FloatingPointError:
                _refuse_beyond(block, rows.start, title)
            yield block
            start = rows.stop
        facts["missing"] = {"trials": _sparse(counts.trials), "units": _sparse(counts.units)}

    return store.save_blocks(key, finished(), reading.shape, facts, dtype, reading.by_unit)


def _read(reading: Reading) -> Iterator[np.ndarray]:
    rows, (trials, units) = 0, reading.shape
    try:
        for block in reading.blocks():
            if block.ndim != 2 or block.shape[1] != units or block.dtype.kind not in "biuf":
                raise CorruptDataError(
                    f"A part of the responses is {block.dtype} of shape {block.shape}",
                    f"numbers, (trials, {units} units)",
                )
            rows += len(block)
            if rows > trials:
                raise CorruptDataError(
                    f"The responses have {rows} rows or more", f"{trials} trials"
                )
            yield block
    except OSError as error:
        raise CorruptDataError(f"The responses could not be read ({error})") from None


def _finished(
    block: np.ndarray, rows: slice, groups: _Groups, counts: Scan, dtype: np.dtype
) -> np.ndarray:
    """z-score a block, make NaN what measured nothing, and count what is missing."""
    result = np.empty(block.shape, dtype)
    session = groups.session[rows]
    sessions = [np.flatnonzero(session == number) for number in np.unique(session)]
    for columns in row_blocks(block.shape[1], len(block)):
        part = block[:, columns].astype(np.float64)
        is_finite = np.isfinite(part)
        is_complete = bool(is_finite.all())
        if not is_complete:
            part[~is_finite] = np.nan
        for own in sessions:
            constant = _constant(part, own)
            part[np.ix_(own, constant)] = np.nan
            is_complete &= not len(constant)
        if groups.zscored is not None:
            for own in (groups.zscored[rows] == n for n in np.unique(groups.zscored[rows])):
                part[own] = _zscored(part[own])
        if groups.zscored is not None or not is_complete:
            missing = np.isnan(part)
            counts.trials[columns] += missing.sum(axis=0)
            counts.units[rows] += missing.sum(axis=1)
        result[:, columns] = part
    return result


def _refuse_beyond(block: np.ndarray, start: int, title: str) -> NoReturn:
    """Raise InputError for the first value that single precision would make infinite."""
    beyond = np.isfinite(block) & ((block > LARGEST_SINGLE) | (block < -LARGEST_SINGLE))
    trial, unit = np.argwhere(beyond)[0]
    name = f"The release of {title}"
    refuse_beyond_single(float(block[trial, unit]), name, f"in trial {start + trial}, unit {unit}")


def _constant(part: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Units (columns) that have one and the same value in some trials throughout. (k,) int"""
    if len(own) < FEWEST_TRIALS:
        return np.empty(0, dtype=np.intp)
    # Where two values differ, the others need not be looked at.
    first, last = part[own[0]], part[own[-1]]
    differs = np.isfinite(first) & np.isfinite(last) & (first != last)
    suspects = np.flatnonzero(~differs)
    values = part[np.ix_(own, suspects)]
    return suspects[np.fmax.reduce(values, axis=0) == np.fmin.reduce(values, axis=0)]


def _zscored(part: np.ndarray) -> np.ndarray:
    count = np.maximum((~np.isnan(part)).sum(axis=0), 1)
    part = part - np.nansum(part, axis=0) / count
    spread = np.sqrt(np.nansum(part**2, axis=0) / count)
    return part / np.where(spread > 0, spread, np.nan)


def _content(path: Path) -> list[Any]:
    """What a file enters a key with."""
    enter(path)
    try:
        status = path.stat()
        if status.st_size <= READ_WHOLE:
            return [path.name, path]
        return [path.name, status.st_size, status.st_mtime_ns, sampled(path)]
    except OSError as error:
        raise CorruptDataError(f"{path} cannot be read ({error.strerror})") from None


def _sparse(counts: np.ndarray) -> list[list[int]]:
    places = np.flatnonzero(counts)
    return [places.tolist(), counts[places].tolist()]


def _dense(pairs: Sequence[Sequence[int]], length: int) -> np.ndarray:
    counts = np.zeros(length, dtype=np.intp)
    counts[np.array(pairs[0], dtype=np.intp)] = pairs[1]
    return counts
