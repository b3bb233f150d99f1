"""ROIs of a person's folder: lists of unit numbers, and what people write in their place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from core import paths, store
from core.errors import InputError, NeurogalleryError
from core.store.stamps import enter
from core.validation import enumerate_names

FEWEST_OF_MASK = 3


def read_rois(path: Path | None, n_units: int) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Read ``rois/<subject>.json``, an object of lists of unit numbers that count from 0.

    Parameters
    ----------
    path : Path or None
        None where there is no such file.
    n_units : int
        Columns of the responses.

    Returns
    -------
    rois : dict of str to int array
        Each unit once, in the order of the file; names in composed Unicode form.
    empty : tuple of str
        ROIs of which the subject has no unit, which are left out.

    Raises
    ------
    InputError
        If what stands for a ROI is no list of units. A mask, numbers that count from 1 or are
        repeated, and text are each called by their name.
    CorruptDataError
        If the file is not JSON.
    """
    if path is None:
        return {}, ()
    where = f"rois/{path.name}"
    lists = _lists(path)
    for name, units in lists.items():
        _check_list(units, f"{where}: {name!r}", n_units)
    from_one = _count_from_one(lists, n_units)
    for name, units in lists.items():
        _check_numbers(units, f"{where}: {name!r}", n_units, from_one)
    rois = {name: np.array(units, dtype=np.intp) for name, units in lists.items() if units}
    return rois, tuple(name for name, units in lists.items() if not units)


def roi_errors(path: Path, n_units: int) -> list[tuple[str, NeurogalleryError]]:
    """Every ROI of a file that ``read_rois`` would refuse, with why; '' for the whole file."""
    try:
        lists = _lists(path)
    except NeurogalleryError as error:
        return [("", error)]
    errors: list[tuple[str, NeurogalleryError]] = []
    right = {}
    for name, units in lists.items():
        try:
            _check_list(units, f"{name!r}", n_units)
            right[name] = units
        except NeurogalleryError as error:
            errors.append((name, error))
    from_one = _count_from_one(right, n_units)
    for name, units in right.items():
        try:
            _check_numbers(units, f"{name!r}", n_units, from_one)
        except NeurogalleryError as error:
            errors.append((name, error))
    return errors


def _lists(path: Path) -> dict[str, Any]:
    """What stands for each ROI, by its name in composed form."""
    where = f"rois/{path.name}"
    enter(path)
    content = store.read_json(path, unique=True)
    if not isinstance(content, dict):
        raise InputError(f"{where} holds {_kind(content)}", "{name: [units]}")
    names = Counter(map(paths.composed, content))
    double = [name for name, count in names.items() if count > 1]
    if double:
        raise InputError(
            f"{where} names {enumerate_names(double)} twice, in two Unicode forms", "each ROI once"
        )
    return {paths.composed(name): units for name, units in content.items()}


def _count_from_one(lists: dict[str, list[int]], n_units: int) -> bool:
    """Whether the numbers reach one beyond the last unit, and none is 0."""
    reached = n_units in (max(units, default=-1) for units in lists.values())
    return reached and all(0 not in units for units in lists.values())


def _check_list(units: Any, what: str, n_units: int) -> None:
    """Raise InputError unless it is a list of whole numbers, which may be a mask still."""
    if not isinstance(units, list):
        remedy = "Write [] where the subject lacks the ROI."
        if isinstance(units, int | float) and not isinstance(units, bool):
            remedy = f"Write [{units:g}] for a single unit."
        _refuse(f"{what} is {_kind(units)}", n_units, remedy)
    kinds = {type(unit) for unit in units}
    if bool in kinds or (_is_mask(units) and float in kinds):
        _refuse_mask(units, what, n_units)
    for unit in () if kinds <= {int} else units:
        if type(unit) is not int:
            _refuse(f"{what} holds {_kind(unit)}", n_units, "Write 3, not 3.0, '3' or [3].")


def _check_numbers(units: list[int], what: str, n_units: int, from_one: bool) -> None:
    """Raise InputError unless whole numbers are units, each once."""
    if _is_mask(units):
        _refuse_mask(units, what, n_units)
    if units and min(units) < 0:
        _refuse(f"{what} holds the negative number {min(units)}", n_units)
    if units and max(units) >= n_units:
        _refuse(
            f"{what} holds {max(units)} where {n_units - 1} is the last unit"
            + (", and no ROI holds 0: they seem to count from 1" if from_one else ""),
            n_units,
            "Subtract 1 from every number." if from_one else "",
        )
    repeated = [unit for unit, count in Counter(units).items() if count > 1]
    if repeated:
        _refuse(
            f"{what} repeats {len(repeated)} of its numbers: {enumerate_names(repeated)}",
            n_units,
            "Name each unit once.",
        )


def _is_mask(units: list[Any]) -> bool:
    return len(units) >= FEWEST_OF_MASK and all(unit in (0, 1) for unit in units)


def _refuse_mask(units: list[Any], what: str, n_units: int) -> NoReturn:
    values = "true and false" if any(isinstance(unit, bool) for unit in units) else "0 and 1"
    remedy = "numpy.flatnonzero(mask).tolist() gives them."
    if len(units) != n_units:
        remedy = f"{remedy} The mask is of another number of units: there are {n_units}."
    _refuse(f"{what} is a mask, {len(units)} values that are {values}", n_units, remedy)


def _refuse(problem: str, n_units: int, remedy: str = "") -> NoReturn:
    expected = f"a list of unit numbers, whole from 0 to {n_units - 1}: columns of the responses"
    raise InputError(problem, expected, remedy)


def _kind(value: Any) -> str:
    """What a JSON value is, as its reader would call it."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return f"{str(value).lower()}"
