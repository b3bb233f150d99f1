"""One measure: what each query scores were each candidate the right one; value, interval, p."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from core.scores import intervals, resampling
from core.scores.intervals import UnitScores
from core.scores.usable import UsableQueries
from core.validation import row_blocks

# Permuted values that differ from the observed one by rounding alone count as equal.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Credits:
    """One measure as a table of what each query scores were each column the right one.

    ``credit`` (q, columns); ``column`` (s,) is the right column for each seen image, -1
    where it has none; the median measure counts ranks, the fewer the better. ``chance`` holds
    where every column is the right one of equally many seen images. ``standing`` says
    which columns beat the right one, so that the interval heeds that other images would be other
    candidates too; without it the candidates are taken as fixed.
    """

    name: str
    chance: float
    candidates: int
    credit: np.ndarray
    column: np.ndarray
    is_median: bool = False
    standing: Standing | None = None


class Standing(NamedTuple):
    """Columns as each query ranks them, and what a place scores.

    Attributes
    ----------
    better, equal : np.ndarray of shape (q, columns)
        How many candidates are more similar than each, and how many equally.
    score : callable
        ``score(better, equal, candidates)``, the credit of the right one at such a place;
        arrays that broadcast against each other.
    candidates : int
    """

    better: np.ndarray
    equal: np.ndarray
    score: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    candidates: int

    def credit(self) -> np.ndarray:
        """What each query scores were each column the right one. (q, columns)."""
        return self.score(self.better, self.equal, np.array(self.candidates))


def row(measure: Credits, test: UsableQueries, maps: np.ndarray) -> dict[str, Any]:
    """The row of a measure in the table of ``core.scores.evaluate``; see ``scored``."""
    return scored(measure, test, maps)[0]


def scored(
    measure: Credits, test: UsableQueries, maps: np.ndarray
) -> tuple[dict[str, Any], UnitScores | None]:
    """The row of a measure, and the score by unit; None for the median, which is no mean.

    Parameters
    ----------
    measure : Credits
    test : UsableQueries
    maps : np.ndarray of shape (permutations, s), intp
        From ``core.scores.resampling.permutations``.
    """
    known = measure.column[test.image] >= 0
    seen, image = np.unique(test.image[known], return_inverse=True)
    credit, subject = measure.credit[known], test.subject[known]
    identity = np.arange(len(test.seen))[None]
    every = np.concatenate([identity, maps])
    columns = measure.column[every if len(seen) == len(test.seen) else every[:, seen]]
    own = credit[np.arange(len(credit)), columns[0][image]]
    of_images = _image_means(credit, image, subject)
    names, unit = _units(test, seen)
    category = test.category[test.seen]
    by_unit = None
    chance = _chance(measure, of_images, columns[0])
    who, units = (image, subject), (names, unit)
    if measure.is_median:
        values = -_medians(_above_chance(credit, columns[0], category), image, columns)
        value = float(np.median(own))
        at_most = _at_most(measure, value)
        within = _by_unit(at_most, known, own <= value, who, columns[0], units)
        low, high = intervals.median_interval(own, within)
    else:
        values = _means(_above_chance(of_images, columns[0], category), columns)
        of_units = _by_unit(measure, known, own, who, columns[0], units)
        by_unit = replace(of_units, chance=chance)
        value = float(of_images[np.arange(len(seen)), columns[0]].mean())
        low, high = intervals.interval(by_unit)
    categories = np.unique(test.category[test.category != ""])
    numbers = {
        "measure": measure.name,
        "value": value,
        "chance": chance,
        "low": low,
        "high": high,
        "p": float(np.mean(values >= values[0] - ROUNDING)),
        "n": len(credit),
        "images": len(seen),
        "categories": len(categories),
        "candidates": measure.candidates,
    }
    return numbers, by_unit


def _units(test: UsableQueries, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Names of the units of the images that count, and the unit of each."""
    names, unit = resampling.units_of(
        test.category[test.seen], [str(number) for number in test.image_row[test.seen]]
    )
    kept, unit = np.unique(unit[seen], return_inverse=True)
    return names[kept], unit


def _above_chance(credit: np.ndarray, column: np.ndarray, category: np.ndarray) -> np.ndarray:
    """Credit without what depends on the row alone and on the column alone.

    Where every permutation makes each image the right one once, they say the same of all.
    """
    if resampling.is_one_to_one(category):
        return credit
    share = np.bincount(column, minlength=credit.shape[1]) / len(column)
    above = credit - credit @ share[:, None]
    centred: np.ndarray = above - above.mean(axis=0)
    return centred


def _by_unit(
    measure: Credits,
    known: np.ndarray,
    own: np.ndarray,
    who: tuple[np.ndarray, np.ndarray],
    column: np.ndarray,
    units: tuple[np.ndarray, np.ndarray],
) -> UnitScores:
    """The score by unit and subject, and what the others gain without each unit."""
    image, subject = who
    names, unit = units
    shape = (len(names), int(subject.max()) + 1)
    # An image counts once, its subjects equally, and so do the queries of each.
    cell = image * shape[1] + subject
    of_cell = np.bincount(cell)
    subjects = np.bincount(np.unique(cell) // shape[1])
    weight = 1 / (of_cell[cell] * subjects[image] * len(column))
    place = unit[image] * shape[1] + subject
    sums, weights = (
        np.bincount(place, values, minlength=shape[0] * shape[1]).reshape(shape)
        for values in (weight * own, weight)
    )
    gains, overlap = np.zeros(shape[0]), 0.0
    if measure.standing is not None:
        gains, overlap = _gains(
            measure.standing,
            known,
            column[image],
            weight,
            (unit[image], _unit_of_column(measure.credit.shape[1], column, unit, shape[0])),
        )
    return UnitScores(names, sums, weights, gains, overlap, binary=_binary(own, weight))


def _at_most(measure: Credits, value: float) -> Credits:
    """The measure that scores 1 where a credit is at most some value."""
    standing = measure.standing
    if standing is None:
        return measure
    credit = standing.score

    def at_most(better: np.ndarray, equal: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        return (credit(better, equal, candidates) <= value).astype(float)

    return replace(measure, standing=standing._replace(score=at_most))


def _binary(own: np.ndarray, weight: np.ndarray) -> float:
    """How far queries score 0 or 1, from 0 to 1; see ``UnitScores``."""
    value = float(np.average(own, weights=weight))
    most = value * (1 - value)
    spread = float(np.average((own - value) ** 2, weights=weight))
    return min(1.0, spread / most) if most > intervals.NOTHING else 1.0


def _gains(
    standing: Standing,
    known: np.ndarray,
    right: np.ndarray,
    weight: np.ndarray,
    unit: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, float]:
    """What the others gain without the candidates of a unit; see ``UnitScores``."""
    of_query, of_column = unit
    units, order = int(of_query.max()) + 1, np.argsort(of_column, kind="stable")
    order = order[of_column[order] < units]
    present, starts, sizes = np.unique(of_column[order], return_index=True, return_counts=True)
    rows = np.flatnonzero(known)
    by_unit = np.zeros((units, units))
    for block in row_blocks(len(rows), len(order)):
        better, equal = (part[rows[block]] for part in standing[:2])
        place = np.arange(len(better)), right[block]
        own, level = better[place][:, None], equal[place][:, None]
        ties = better == own
        ties[place] = False
        above, tied = (
            np.add.reduceat(part[:, order], starts, axis=1, dtype=np.int32)
            for part in (better < own, ties)
        )
        # Among one candidate nothing is ranked, and a query without its image has no place.
        rest = np.maximum(standing.candidates - sizes[None], 2)
        others = of_query[block][:, None] != present
        without = standing.score((own - above) * others, (level - tied) * others, rest)
        gain = without - standing.score(own, level, np.array(standing.candidates))
        gain *= weight[block, None] * others
        by_query = np.zeros((len(better), units))
        by_query[:, present] = gain
        np.add.at(by_unit, of_query[block], by_query)
    size = np.zeros(units)
    size[present] = sizes
    # A candidate less makes the search easier, whichever it is.
    others = size.sum() - size
    by_unit -= np.where(others > 0, by_unit.sum(axis=1) / np.maximum(others, 1), 0)[:, None] * size
    np.fill_diagonal(by_unit, 0.0)
    gains = by_unit.sum(axis=0)
    return gains - gains.mean(), float(np.sum(by_unit**2))


def _unit_of_column(columns: int, column: np.ndarray, unit: np.ndarray, units: int) -> np.ndarray:
    """The unit of each column, ``units`` where it is of several or of none."""
    of_column = np.full(columns, units)
    of_column[column] = unit
    mixed = of_column[column] != unit
    of_column[column[mixed]] = units
    return of_column


def _image_means(credit: np.ndarray, image: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """Mean over a subject's queries of an image, then over its subjects. (s, columns)."""
    of_subjects, starts = _group_means(credit, image * (subject.max() + 1) + subject)
    return _group_means(of_subjects, image[starts])[0]


def _group_means(rows: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the rows of each group, and where it starts; ``group`` ascends."""
    _, starts, counts = np.unique(group, return_index=True, return_counts=True)
    if len(starts) == len(rows):
        return rows, starts
    return np.add.reduceat(rows, starts, axis=0) / counts[:, None], starts


def _chance(measure: Credits, of_images: np.ndarray, column: np.ndarray) -> float:
    """Mean credit over all pairs of a viewed image and the right column of a viewed one."""
    share = np.bincount(column, minlength=of_images.shape[1]) / len(column)
    if (share == share[0]).all():
        return measure.chance
    return min(1.0, float(of_images.mean(axis=0) @ share))


def _means(of_images: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Mean over images, for each row of right columns."""
    rows = np.arange(len(of_images))
    values = np.empty(len(columns))
    for block in row_blocks(len(columns), len(rows)):
        values[block] = of_images[rows, columns[block]].mean(axis=1)
    return values


def _medians(ranks: np.ndarray, image: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Median over queries, for each row of right columns."""
    rows = np.arange(len(ranks))
    values = np.empty(len(columns))
    for block in row_blocks(len(columns), len(rows)):
        values[block] = np.median(ranks[rows, columns[block][:, image]], axis=1)
    return values
