"""A bank of RDMs: whatever there is to compare for a recording, gathered by stimulus id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import rdm
from core.datasets import Dataset, Reference
from core.errors import InputError, NeurogalleryError
from core.memory import check_memory
from core.progress import Progress, portion, silent
from core.rsa.sources import OpenRdm, RdmSource, Recordings, of_rois, open_source
from core.validation import check_rdm, enumerate_names
from core.words import counted

FEWEST_STIMULI = 4
OPENED = 0.1
FEWER = "Take fewer stimuli or RDMs; a sample is drawn by its seed."


@dataclass(frozen=True)
class RdmSet:
    """RDMs of the same stimuli in the same order.

    Attributes
    ----------
    sources : tuple of RdmSource
        Of each RDM.
    ids : tuple of str
        The n stimuli.
    vectors : np.ndarray of shape (k, n (n - 1) / 2), float32 or float64
        Upper triangles, row by row, as scipy's ``squareform`` and rsatoolbox have them. NaN
        where a single pair is missing.
    shared : int
        Stimuli that all of the RDMs tell of, of which the n were drawn.
    lacking : dict of str to int
        For each RDM, by its title, the stimuli of the recording that it lacks.
    notes : tuple of str
        What a reader must know: what was left out and why, what served as folds.
    """

    sources: tuple[RdmSource, ...]
    ids: tuple[str, ...]
    vectors: np.ndarray
    shared: int
    lacking: Mapping[str, int]
    notes: tuple[str, ...] = ()

    def matrix(self, place: int) -> np.ndarray:
        """One RDM. (n, n)"""
        return rdm.square(self.vectors[place])

    def places(self, sources: Iterable[RdmSource]) -> list[int]:
        """Where some of the RDMs stand; those that were left out are passed over."""
        place = {source: number for number, source in enumerate(self.sources)}
        return [place[source] for source in sources if source in place]

    @property
    def sentence(self) -> str:
        """Which stimuli these are, and how many were left out."""
        n, every = len(self.ids), self.shared
        drawn = f", drawn at random of the {every:,} that all share" if n < every else ""
        lacking = [f"{name} lacks {count:,}" for name, count in self.lacking.items() if count]
        left = f" Left out by stimulus id: {enumerate_names(lacking, 4)}." if lacking else ""
        return f"{counted(n, 'stimulus', 'stimuli')}{drawn}.{left}"


def brain_sources(ds: Dataset, name: str | Sequence[str]) -> list[RdmSource]:
    """What stands for a part of the brain: an RDM of every subject.

    Parameters
    ----------
    ds : Dataset
    name : str or sequence of str
        A published RDM, or ROIs to concatenate (none: every unit).
    """
    if isinstance(name, str):
        return [RdmSource("published", name, subject, (), name) for subject in ds.subjects]
    return [of_rois(name, subject) for subject in ds.subjects]


def gather(
    recordings: Sequence[Reference],
    sources: Sequence[RdmSource],
    metric: str = "correlation",
    most_stimuli: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> RdmSet:
    """Compute RDMs of the stimuli that all of them share, matched by id.

    Parameters
    ----------
    recordings : sequence of Reference
        One subject each; the stimulus list of the first gives the order.
    sources : sequence of RdmSource
        One that cannot be opened, is constant, or equals that of another subject is left out,
        and ``notes`` says so.
    metric : str
        An id of ``core.rdm.METRICS``, for responses and embeddings; where it needs folds,
        embeddings have the squared distance instead.
    most_stimuli : int
        Where more are shared, so many are drawn at random; 0 for all of them.
    seed : int
        Of the draw.
    progress : callable, optional
        ``progress(fraction, message)``; may raise ``Cancelled``.

    Raises
    ------
    InputError
        If fewer than 4 stimuli are shared, or memory does not suffice.
    """
    progress, subjects = progress or silent, Recordings(recordings)
    opened, notes = _open_all(subjects, sources, metric, portion(progress, 0.0, OPENED))
    notes += _notes_of(opened)
    shared, lacking = _shared(subjects.first, opened)
    ids = _drawn(shared, most_stimuli, seed)
    pairs = len(ids) * (len(ids) - 1) // 2
    check_memory(
        4.0 * pairs * (len(opened) + 6), f"{len(opened)} RDMs of {len(ids):,} stimuli", FEWER
    )
    vectors: dict[RdmSource, np.ndarray] = {}
    for number, (source, rdm_of) in enumerate(opened.items()):
        start = OPENED + (1 - OPENED) * number / len(opened)
        part = portion(progress, start, start + (1 - OPENED) / len(opened))
        part(0.0, f"{source.title}, {number + 1} of {len(opened)}")
        try:
            matrix = check_rdm(rdm_of.compute(ids, part), source.title, ids)
        except NeurogalleryError as error:
            notes.append(f"{source.title} is left out. {error}")
            continue
        vectors[source] = rdm.square(matrix)
    progress(1.0, "Gathered")
    return _as_set(vectors, ids, len(shared), lacking, notes)


def _open_all(
    recordings: Recordings, sources: Sequence[RdmSource], metric: str, progress: Progress
) -> tuple[dict[RdmSource, OpenRdm], list[str]]:
    opened, notes = {}, []
    for number, source in enumerate(dict.fromkeys(sources)):
        progress(number / len(sources), f"Opening {source.title}")
        try:
            opened[source] = open_source(recordings, source, metric)
        except NeurogalleryError as error:
            notes.append(f"{source.title} is left out. {error}")
    if not opened:
        raise InputError("No RDM could be opened", "at least one", " ".join(notes))
    return opened, notes


def _notes_of(opened: Mapping[RdmSource, OpenRdm]) -> list[str]:
    """What must be known of RDMs; a note that all subjects share stands once."""
    of_whom: dict[tuple[str, str], list[str]] = {}
    subjects: dict[str, set[str]] = {}
    for source, entry in opened.items():
        subjects.setdefault(source.label, set()).add(source.subject)
        for note in entry.notes:
            of_whom.setdefault((source.label, note), []).append(source.subject)
    return [
        f"{label}: {note}"
        if len(whose) == len(subjects[label])
        else f"{label}, {enumerate_names(whose)}: {note}"
        for (label, note), whose in of_whom.items()
    ]


def _shared(ds: Dataset, opened: Mapping[RdmSource, OpenRdm]) -> tuple[list[str], dict[str, int]]:
    """Stimuli that all RDMs have, in the order of the recording, and how many each lacks."""
    listed = ds.stimuli["id"].tolist()
    known = {source: set(entry.ids) for source, entry in opened.items()}
    shared = [name for name in listed if all(name in ids for ids in known.values())]
    lacking = {source.title: len(listed) - len(ids & set(listed)) for source, ids in known.items()}
    if len(shared) < FEWEST_STIMULI:
        fewest = min(known, key=lambda source: len(known[source] & set(listed)))
        raise InputError(
            f"{counted(len(shared), 'stimulus is', 'stimuli are')} in all of the "
            f"{len(opened)} RDMs, matched by id",
            f"at least {FEWEST_STIMULI}",
            f"Leave out {fewest.title}, which has the fewest.",
        )
    return shared, lacking


def _drawn(ids: Sequence[str], most: int, seed: int) -> list[str]:
    """At most so many of the ids, in their order."""
    if not most or len(ids) <= most:
        return list(ids)
    chosen = np.random.default_rng(seed).choice(len(ids), most, replace=False)
    return [ids[place] for place in np.sort(chosen)]


def _as_set(
    vectors: Mapping[RdmSource, np.ndarray],
    ids: Sequence[str],
    shared: int,
    lacking: Mapping[str, int],
    notes: Sequence[str],
) -> RdmSet:
    """Without the stimuli that have no value in some RDM, and without RDMs that say nothing."""
    said, kept = list(notes), dict(vectors)
    empty = np.zeros(len(ids), dtype=bool)
    for source, vector in vectors.items():
        rows = rdm.undefined(rdm.square(vector))
        if len(rows) == len(ids):
            said.append(f"{source.title} is left out: it has no defined pair.")
            del kept[source]
            continue
        if len(rows):
            number = counted(len(rows), "stimulus", "stimuli")
            said.append(f"{source.title} is undefined for {number}, left out everywhere.")
        empty[rows] = True
    first, second = np.triu_indices(len(ids), 1)
    is_kept = ~empty[first] & ~empty[second]
    kept = {source: vector[is_kept] for source, vector in kept.items()}
    for source, vector in list(kept.items()):
        if not np.nanmax(vector, initial=-np.inf) > np.nanmin(vector, initial=np.inf):
            said.append(f"{source.title} is left out: it is constant over these stimuli.")
            del kept[source]
    said += _drop_copies(kept)
    names = tuple(name for name, is_empty in zip(ids, empty, strict=True) if not is_empty)
    if len(names) < FEWEST_STIMULI or not kept:
        raise InputError(
            f"Of {len(ids):,} stimuli {len(names):,} are left, of {len(vectors)} RDMs {len(kept)}",
            f"at least {FEWEST_STIMULI} stimuli and one RDM",
            " ".join(said),
        )
    matrix = np.stack(list(kept.values()))
    return RdmSet(tuple(kept), names, matrix, shared - int(empty.sum()), dict(lacking), tuple(said))


def _drop_copies(kept: dict[RdmSource, np.ndarray]) -> list[str]:
    """Remove what is the same for every subject: it was not measured in each."""
    said: list[str] = []
    first: dict[tuple[str, str, bytes], RdmSource] = {}
    for source, vector in list(kept.items()):
        if not source.subject:
            continue
        key = (source.kind, source.name, vector.tobytes())
        if key in first:
            said.append(f"{source.title} is that of {first[key].subject}: counted once.")
            del kept[source]
        else:
            first[key] = source
    return said


def as_facts(gathered: RdmSet) -> dict[str, Any]:
    """All but the vectors, as JSON values; ``from_facts`` reads them."""
    return {
        "sources": [source.to_json() for source in gathered.sources],
        "ids": list(gathered.ids),
        "shared": gathered.shared,
        "lacking": dict(gathered.lacking),
        "notes": list(gathered.notes),
    }


def from_facts(facts: Mapping[str, Any], vectors: np.ndarray) -> RdmSet:
    """The set that ``as_facts`` tells of."""
    return RdmSet(
        tuple(RdmSource.from_json(values) for values in facts["sources"]),
        tuple(facts["ids"]),
        vectors,
        facts["shared"],
        facts["lacking"],
        tuple(facts["notes"]),
    )
