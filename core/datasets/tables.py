"""CSV tables of a recording: stimuli and trials, ids as text, clear messages."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.errors import CorruptDataError, InputError, NotFoundError
from core.paths import composed
from core.store.stamps import enter
from core.validation import check_unique, enumerate_names, one_line
from core.words import counted

STIMULUS_COLUMNS = ("id", "file", "category", "supercategory", "labels", "source", "split")
NAMES = ("category", "supercategory", "source", "split")
TRIAL_COLUMNS = ("id", "repeat", "run", "session")
# Key in ``DataFrame.attrs``, which a selection of rows keeps.
FILLED = "filled"


class Runs(NamedTuple):
    """What tells the noise of trials apart.

    ``kind`` is 'run', 'session' or, where the list names neither, 'repeat'; ``numbers`` (trials,)
    int is that of each trial, None for repeats.
    """

    kind: str
    numbers: np.ndarray | None


def read_stimuli(path: Path) -> pd.DataFrame:
    """Read a stimulus or gallery list; further columns become numbers where all are.

    Returns
    -------
    pd.DataFrame
        Columns ``id, file, category, supercategory, labels, source, split`` and any
        further; ``labels`` holds tuples.
    """
    table = _read(path, STIMULUS_COLUMNS)
    _check_forms(table["id"].tolist(), path.name)
    table["id"] = [composed(each) for each in table["id"].tolist()]
    check_unique(table["id"].tolist(), path.name)
    if "labels" in table:
        table["labels"] = [
            tuple(label.strip() for label in text.split("|") if label.strip())
            for text in table["labels"].tolist()
        ]
    return complete_stimuli(table)


def complete_stimuli(stimuli: pd.DataFrame) -> pd.DataFrame:
    """Add the standard columns that a stimulus list lacks: empty text, empty label tuples.

    Categories, labels and the like are names, which are shown on one line.
    """
    table = stimuli.reset_index(drop=True).copy()
    for column in STIMULUS_COLUMNS:
        if column not in table:
            table[column] = [()] * len(table) if column == "labels" else ""
    line = functools.cache(one_line)  # many stimuli share the same few names
    for column in NAMES:
        table[column] = [
            line(name) if isinstance(name, str) else name for name in table[column].tolist()
        ]
    table["labels"] = [tuple(map(line, labels)) for labels in table["labels"].tolist()]
    table["id"] = table["id"].astype(str)
    further = [column for column in table.columns if column not in STIMULUS_COLUMNS]
    return table[[*STIMULUS_COLUMNS, *further]]


def stimuli_csv(stimuli: pd.DataFrame) -> str:
    """A stimulus list as CSV, as the folder layout reads it: labels separated by '|'."""
    return stimuli.assign(labels=stimuli["labels"].map("|".join)).to_csv(index=False)


def read_trials(path: Path, delimiter: str = ",") -> pd.DataFrame:
    """Read a trial list; see ``complete_trials``."""
    table = _read(path, ("id",), delimiter)
    return complete_trials(table.assign(id=table["id"].map(composed)))


def complete_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that a trial list lacks.

    ``repeat`` counts the trials of each stimulus in the order of the list; ``run``
    and ``session`` are 1, and ``names_column`` knows that the list did not name them.
    """
    table = trials.reset_index(drop=True).copy()
    if "repeat" not in table:
        table["repeat"] = table.groupby("id").cumcount() + 1
    for column in ("run", "session"):
        if column not in table:
            table[column] = 1
            table.attrs[FILLED] = [*table.attrs.get(FILLED, ()), column]
    further = [column for column in table.columns if column not in TRIAL_COLUMNS]
    return table[[*TRIAL_COLUMNS, *further]]


def names_column(trials: pd.DataFrame, column: str) -> bool:
    """Whether a trial list came with a column, which was not filled in by ``complete_trials``."""
    return column in trials and column not in trials.attrs.get(FILLED, ())


def runs_of(trials: pd.DataFrame, subject: str) -> Runs:
    """What tells the noise of trials apart: runs, else sessions, else nothing that is named.

    A run is a run of a session, as run numbers may begin again in each. Numbers follow the
    order in which runs come.

    Raises
    ------
    InputError
        If the trial list names a run or session for some trials only.
    """
    has_session = _is_named(trials, "session", subject)
    if _is_named(trials, "run", subject):
        columns = ["session", "run"] if has_session else ["run"]
        return Runs("run", trials.groupby(columns, sort=False).ngroup().to_numpy(np.intp))
    if has_session and trials["session"].nunique() > 1:
        return Runs("session", trials.groupby("session", sort=False).ngroup().to_numpy(np.intp))
    return Runs("repeat", None)


def _is_named(trials: pd.DataFrame, column: str, subject: str) -> bool:
    """Whether the trial list names a run or session; refused where it does so in part."""
    if not names_column(trials, column):
        return False
    empty = int((trials[column].isna() | (trials[column] == "")).sum())
    if 0 < empty < len(trials):
        raise InputError(
            f"The trial list of {subject} names no {column} for {empty} of "
            f"{counted(len(trials), 'trial')}",
            f"a {column} for every trial, or no column {column!r}",
        )
    return empty == 0


def _read(path: Path, text_columns: tuple[str, ...], delimiter: str = ",") -> pd.DataFrame:
    """Read a CSV as text, so that an id like 007 or NA stays what it is."""
    enter(path)
    if not path.is_file():
        raise NotFoundError(f"There is no {path.name} in {path.parent}", "a CSV file")
    try:
        with warnings.catch_warnings():
            # Rows longer than the header would silently move its names one column on.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                sep=delimiter,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8-sig",
                index_col=False,
            )
    except (ValueError, OSError, pd.errors.ParserWarning) as error:
        raise CorruptDataError(
            f"{path.name} could not be read ({str(error).strip()})", "a CSV file in UTF-8"
        ) from None
    table.columns = [str(column).strip() for column in table.columns]
    if len(set(table.columns)) < len(table.columns):
        raise InputError(
            f"{path.name} names a column twice: {', '.join(table.columns)}", "each name once"
        )
    if "id" not in table:
        raise InputError(
            f"{path.name} has no column 'id'; it has {', '.join(table.columns)}",
            "a first line that names the columns, separated by commas",
        )
    for column in table.columns:
        text = table[column].str.strip()
        # Files are looked for as they are written first; ids are checked before.
        text = text if column in ("id", "file") else text.map(composed)
        table[column] = text if column in text_columns else _numbers(text)
    empty = table.index[table["id"] == ""]
    if len(empty) or table.empty:
        problem = f"no id in line {empty[0] + 2}" if len(empty) else "no rows"
        raise InputError(f"{path.name} has {problem}", "an id in every row")
    return table


def _check_forms(ids: Sequence[str], name: str) -> None:
    """Raise InputError where ids differ in their Unicode form alone: readers see one name."""
    forms: dict[str, set[str]] = {}
    for each in () if all(map(str.isascii, ids)) else ids:
        forms.setdefault(composed(each), set()).add(each)
    double = [each for each, written in forms.items() if len(written) > 1]
    if double:
        raise InputError(
            f"{name} has {counted(len(double), 'id')} in two Unicode forms that read as one: "
            f"{enumerate_names(double)}",
            "ids that differ in their letters",
        )


def _numbers(text: pd.Series) -> pd.Series:
    """Give numbers if every entry that is not empty is one, else the text."""
    numbers = pd.to_numeric(text, errors="coerce")
    return numbers if numbers[text != ""].notna().all() and (text != "").any() else text
