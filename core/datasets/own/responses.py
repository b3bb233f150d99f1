"""Read the responses of a subject of a person's folder, from arrays or from tables."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from core import store
from core.datasets.own.arrays import is_large, open_array
from core.datasets.own.parts import ABOUT_TRIALS, DELIMITERS, ResponsePart, units_of
from core.datasets.releases.converted import OPERATION, announce
from core.datasets.tables import FILLED, complete_trials, read_trials
from core.errors import CorruptDataError, InputError
from core.paths import composed
from core.progress import Progress, silent
from core.store.stamps import enter
from core.validation import (
    BLOCK_ELEMENTS,
    StoredRows,
    check_same_length,
    enumerate_names,
    fits_single,
    narrowed,
    one_line,
    row_blocks,
)
from core.words import counted

VERSION = 1
# Bytes of a table that takes longer to read than a copy of its numbers.
LARGE_TABLE = 4_000_000
MISSING = frozenset({"", "n/a", "na", "nan", "null", "none", "."})


class ReadPart(NamedTuple):
    """Responses (trials, units) as stored, their trials and lines, and a name for messages."""

    betas: np.ndarray | StoredRows
    trials: pd.DataFrame
    name: str
    lines: Sequence[int] = ()

    def unknown(self, stimuli: pd.DataFrame) -> list[tuple[int, str]]:
        """Trials whose id the stimulus list lacks: their lines and ids."""
        known = set(stimuli["id"].tolist())
        lines = self.lines or range(2, len(self.trials) + 2)
        listed = zip(lines, self.trials["id"].tolist(), strict=True)
        return [(line, str(name)) for line, name in listed if name not in known]


def read_responses(
    parts: Sequence[ResponsePart], stimuli: pd.DataFrame, name: str, subjects: tuple[str, ...]
) -> ReadPart:
    """Read all files of a subject.

    Parameters
    ----------
    parts : sequence of ResponsePart
        From ``parts_of``.
    stimuli : pd.DataFrame
        An array without a trial list has a row for each.
    name : str
        Of recording and subject, for what is stored.
    subjects : tuple of str

    Returns
    -------
    ReadPart
        Several arrays, and a large table or array, become a copy in the store, which is mapped.

    Raises
    ------
    InputError, CorruptDataError
        If a file does not hold what its layout promises; rows of tables are named by line.
    """
    measured = [_read_once(part, stimuli, name, subjects) for part in parts]
    for each in measured:
        _check_ids(each, stimuli)
    if len(measured) == 1:
        return held(measured[0], parts[0], name, subjects)
    width = measured[0].betas.shape[1]
    for each in measured[1:]:
        if each.betas.shape[1] != width:
            raise InputError(
                f"{each.name} has {counted(each.betas.shape[1], 'unit')}, "
                f"{measured[0].name} has {width}",
                "the same units in every file of a subject",
            )
    files = [path for part in parts for path in part.files]
    betas = _joined([each.betas for each in measured], files, name, subjects)
    return ReadPart(betas, _trials(measured), f"responses/{parts[0].stem} and others")


def held(
    read: ReadPart, part: ResponsePart, name: str = "", subjects: tuple[str, ...] = ()
) -> ReadPart:
    """A part with its responses as they are now, see ``open_array``."""
    if part.array is None or not isinstance(read.betas, StoredRows):
        return read
    progress: Progress = silent
    if name and is_large(part.array):
        recording, _, subject = name.rpartition(", ")
        progress = announce(recording, subject, subjects, [part.array])
    return read._replace(betas=open_array(part.array, name or read.name, progress))


def _read_once(
    part: ResponsePart, stimuli: pd.DataFrame, name: str, subjects: tuple[str, ...]
) -> ReadPart:
    """Read a file; a large table is read the first time only, and then from the store."""
    size = part.table.stat().st_size if part.table is not None else 0
    if part.table is None or part.array is not None or size < LARGE_TABLE:
        return read_part(part, stimuli)
    called = f"responses/{part.table.name}"
    content = store.fingerprint("table", part.table)
    key = store.key(OPERATION, content, {}, version=VERSION)
    stored = store.load(key)
    if stored is None:
        recording, _, subject = name.rpartition(", ")
        announce(recording, subject, subjects, [part.table])(0.0, f"Reading {part.table.name}")
        read = read_table(part.table, called)
        facts = {"title": name, "trials": read.trials.to_dict("list")}
        betas = np.asarray(read.betas)
        stored = store.save_blocks(key, [betas], betas.shape, facts, betas.dtype)
    trials = _named(pd.DataFrame(stored.facts["trials"]), part)
    return ReadPart(stored.arrays["blocks"], trials, called)


def stop(error: InputError, line: int) -> None:
    """Raise what is wrong with a line."""
    raise error


def read_part(
    part: ResponsePart, stimuli: pd.DataFrame, complain: Callable[[InputError, int], None] = stop
) -> ReadPart:
    """Read one file of a subject; ``complain`` is called with each row of a table that is wrong."""
    for path in part.files:
        enter(path)
    if part.array is None:
        assert part.table is not None
        name = f"responses/{part.table.name}"
        read = read_table(part.table, name, complain)
        return read._replace(trials=_named(read.trials, part))
    name, stored = f"responses/{part.array.name}", StoredRows(part.array)
    if stored.ndim != 2 or 0 in stored.shape or stored.dtype.kind not in "biuf":
        raise InputError(
            f"{name} is {stored.dtype} of shape {stored.shape}", "real numbers, (trials, units)"
        )
    if part.table is None:
        check_same_length(len(stored), len(stimuli), name, "stimuli.csv")
        return ReadPart(stored, _named(stimuli[["id"]].copy(), part), name)
    trials = read_trials(part.table, DELIMITERS[part.table.suffix.lower()])
    check_same_length(len(trials), len(stored), f"responses/{part.table.name}", name)
    return ReadPart(stored, _named(trials, part), name)


def _named(trials: pd.DataFrame, part: ResponsePart) -> pd.DataFrame:
    """A trial list with session and run of the file's name, where it does not say them."""
    filled = trials.attrs.get(FILLED, ())
    trials = trials.drop(columns=[column for column in filled if column in trials])
    trials.attrs.pop(FILLED, None)
    for column, value in (("session", part.session), ("run", part.run)):
        if value and column not in trials:
            trials[column] = int(value) if value.isdigit() else value
    return complete_trials(trials)


def _trials(measured: Sequence[ReadPart]) -> pd.DataFrame:
    """The trials of several files; repeats are counted over all of them."""
    lists = []
    for each in measured:
        filled = each.trials.attrs.get(FILLED, ())
        lists.append(each.trials.drop(columns=["repeat", *filled]))
    return complete_trials(pd.concat(lists, ignore_index=True))


def _check_ids(part: ReadPart, stimuli: pd.DataFrame) -> None:
    unknown = dict.fromkeys(stimulus for _, stimulus in part.unknown(stimuli))
    if unknown:
        where = part.name.replace(".npy", ".csv")
        raise InputError(
            f"{where} names {counted(len(unknown), 'id')} that stimuli.csv lacks: "
            f"{enumerate_names(list(unknown))}",
            "ids of stimuli.csv",
        )


def _joined(
    arrays: Sequence[np.ndarray | StoredRows],
    files: Sequence[Path],
    name: str,
    subjects: tuple[str, ...],
) -> np.ndarray:
    """The rows of several arrays, as a copy in the store."""
    content = store.fingerprint("joined", list(files))
    key = store.key(OPERATION, content, {}, version=VERSION)
    stored = store.load(key)
    if stored is None:
        recording, _, subject = name.rpartition(", ")
        progress = announce(recording, subject, subjects, files)
        is_precise = all(fits_single(array) for array in arrays)
        dtype = np.dtype(np.float32 if is_precise else np.float64)
        shape = (sum(map(len, arrays)), arrays[0].shape[1])

        def blocks() -> Iterator[np.ndarray]:
            for number, array in enumerate(arrays):
                progress(number / len(arrays), f"Joining {name}")
                for block in row_blocks(*array.shape):
                    with np.errstate(over="ignore"):
                        yield np.asarray(array[block]).astype(dtype, copy=False)

        stored = store.save_blocks(key, blocks(), shape, {"title": name}, dtype)
    return stored.arrays["blocks"]


def read_table(
    path: Path, name: str, complain: Callable[[InputError, int], None] = stop
) -> ReadPart:
    """Read a table of responses in one pass: a row a trial or stimulus, a column a unit.

    Parameters
    ----------
    path : Path
        ``.csv`` (comma) or ``.tsv`` (tabulator), UTF-8, with a header. The column ``id`` names the
        stimulus; ``repeat``, ``run``, ``session`` and what BIDS says of events (``onset``,
        ``duration``, ``trial_type``) are of the trial. All other columns are units. Empty fields,
        ``n/a`` and ``NaN`` are missing.
    name : str
        How messages call it.
    complain : callable
        Takes the error of each row that is wrong, and its line; the row is left out where it
        returns.

    Returns
    -------
    ReadPart
        ``betas`` float32, or float64 where a large offset needs it.

    Raises
    ------
    InputError
        If a row has another number of fields, or something else than a number; by its line.
    CorruptDataError
        If the file is no text.
    """
    enter(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=DELIMITERS[path.suffix.lower()])
            columns = [one_line(column) for column in next(rows, [])]
            _check_columns(columns, name)
            described, values, lines = _rows(rows, columns, name, complain)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorruptDataError(f"{name} could not be read ({error})", "text in UTF-8") from None
    about = [column for column in columns if column in ABOUT_TRIALS]
    table = pd.DataFrame(described, columns=about, dtype=str)
    table["id"] = table["id"].map(composed)
    for column in about:
        if column != "id":
            numbers = pd.to_numeric(table[column], errors="coerce")
            table[column] = numbers if numbers.notna().all() else table[column]
    return ReadPart(narrowed(values), table, name, lines)


def _check_columns(columns: list[str], name: str) -> None:
    if "id" not in columns:
        raise InputError(
            f"{name} has no column 'id'; it has {enumerate_names(columns, 4)}",
            "a first line that names the columns",
        )
    if "" in columns:
        raise InputError(
            f"{name} has a column without a name",
            "a name for each unit",
            "pandas writes its row numbers so: save with index=False.",
        )
    double = sorted({column for column in columns if columns.count(column) > 1})
    if double:
        raise InputError(f"{name} names a column twice: {enumerate_names(double)}", "each once")
    if not units_of(columns):
        raise InputError(f"{name} has no column besides those of the trials", "a column a unit")


def _rows(
    rows: Iterator[list[str]],
    columns: list[str],
    name: str,
    complain: Callable[[InputError, int], None],
) -> tuple[list[list[str]], np.ndarray, list[int]]:
    """What is said of each trial, its values and line; rows become numbers a block at a time."""
    units = [place for place, column in enumerate(columns) if column not in ABOUT_TRIALS]
    about = [place for place, column in enumerate(columns) if column in ABOUT_TRIALS]
    place_of_id = columns.index("id")
    fields: Callable[[list[str]], Sequence[str]] = itemgetter(slice(units[0], units[-1] + 1))
    if len(units) < units[-1] - units[0] + 1:  # columns of the trial stand between them
        fields = itemgetter(*units)
    described: list[list[str]] = []
    blocks: list[np.ndarray] = []
    waiting: list[list[float]] = []
    lines: list[int] = []
    for row in rows:
        line = rows.line_num  # type: ignore[attr-defined]
        if not row:
            continue
        try:
            _check_row(row, columns, place_of_id, f"{name} has {{}} in line {line}")
            try:
                values = [*map(float, fields(row))]
            except ValueError:
                values = _numbers(row, units, columns, f"{name} has {{}} in line {line}")
        except InputError as error:
            complain(error, line)
            continue
        waiting.append(values)
        lines.append(line)
        described.append([row[place].strip() for place in about])
        if len(waiting) * len(units) > BLOCK_ELEMENTS:
            blocks.append(np.array(waiting))
            waiting = []
    if not described:
        raise InputError(f"{name} has no rows", "a row a trial or stimulus")
    last = np.array(waiting).reshape(-1, len(units))
    return described, np.concatenate([*blocks, last]), lines


def _check_row(row: list[str], columns: list[str], place_of_id: int, message: str) -> None:
    if len(row) != len(columns):
        raise InputError(
            message.format(counted(len(row), "field")), f"{len(columns)}, as the first line"
        )
    if not row[place_of_id].strip():
        raise InputError(message.format("no id"), "an id in every row")


def _numbers(row: list[str], units: list[int], columns: list[str], message: str) -> list[float]:
    """The numbers of a row in which some field is missing or no number."""
    numbers = []
    for place in units:
        text = row[place].strip()
        if text.lower() in MISSING:
            numbers.append(np.nan)
            continue
        try:
            numbers.append(float(text))
        except ValueError:
            raise InputError(
                message.format(f"{text[:40]!r} as {columns[place]!r}"),
                "a number, or an empty field where there is no value",
            ) from None
    return numbers
