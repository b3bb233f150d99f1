"""Stimuli that several RDMs share, found by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.errors import InputError
from core.rdm.comparisons.vectors import FEWEST_STIMULI
from core.validation import check_unique, enumerate_names
from core.words import counted


class Matched(NamedTuple):
    """Stimuli in common.

    ``ids`` in the order of the first list; ``rows``, for each list the rows (k,) int of these;
    ``left_out``, how many stimuli of each list the others lack.
    """

    ids: tuple[str, ...]
    rows: tuple[np.ndarray, ...]
    left_out: tuple[int, ...]


def match_stimuli(ids: Sequence[Sequence[str]], names: Sequence[str] = ()) -> Matched:
    """Find the stimuli that all RDMs hold, whatever the order of each.

    ``matrix[np.ix_(rows, rows)]`` is then an RDM of the same stimuli in one order.

    Parameters
    ----------
    ids : sequence of sequences of str
        Of the rows of each RDM, each id once.
    names : sequence of str
        Of the RDMs, for messages; their numbers where there are none.

    Raises
    ------
    InputError
        If an id occurs twice in a list, or fewer than 4 stimuli are common to all.
    """
    names = names or [f"RDM {number}" for number in range(len(ids))]
    places = []
    for own, name in zip(ids, names, strict=True):
        check_unique(list(own), name)
        places.append({str(id_): row for row, id_ in enumerate(own)})
    common = [id_ for id_ in places[0] if all(id_ in place for place in places[1:])]
    if len(common) < FEWEST_STIMULI:
        raise InputError(
            f"{enumerate_names(names)} share {counted(len(common), 'stimulus', 'stimuli')}",
            f"at least {FEWEST_STIMULI}, matched by id",
            "Choose RDMs of the same stimuli.",
        )
    rows = tuple(np.array([place[id_] for id_ in common], dtype=np.intp) for place in places)
    return Matched(tuple(common), rows, tuple(len(place) - len(common) for place in places))
