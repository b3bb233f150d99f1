"""RDMs that a reader brings: .npy, CSV, or the HDF5 of rsatoolbox; bounded, checked, kept."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from core import store
from core.datasets import Dataset
from core.errors import InputError, NeurogalleryError
from core.rdm import square
from core.rsa.bank import FEWEST_STIMULI
from core.rsa.exchange import RdmFile, read_hdf5
from core.store import read_only
from core.store.uploads import check_bytes
from core.validation import check_rdm, check_unique, enumerate_names, load_npy
from core.words import counted

OPERATION = "rdm_upload"
VERSION = 1
MAX_BYTES = 200_000_000
MOST_STIMULI, MOST_RDMS, MOST_NAME = 5000, 64, 80
MOST_LINES = 2 * MOST_STIMULI  # of a table, empty ones between its rows
# As lists of descriptors are usually called; others are tried too.
USUAL = ("id", "stimulus", "stimuli", "stimulus_id", "image", "condition", "conds", "name")
NAMES = ("name", "label", "model", "roi", "subject")
DELIMITERS = ",;\t"
PICKLES = (".pkl", ".pickle", ".p", ".joblib", ".pt", ".pth")


@dataclass(frozen=True)
class UploadedRdm:
    """One RDM of an uploaded file.

    Attributes
    ----------
    name : str
    ids : tuple of str
        Stimuli of its rows.
    matrix : np.ndarray of shape (n, n)
    matched : str
        How its rows were matched to the recording: by which ids, or by order.
    """

    name: str
    ids: tuple[str, ...]
    matrix: np.ndarray
    matched: str


def read_upload(ds: Dataset, name: str, content: bytes) -> list[UploadedRdm]:
    """Read the RDMs of an uploaded file; nothing is unpickled.

    Parameters
    ----------
    ds : Dataset
        Whose stimuli the rows stand for, matched by id where the file has ids, else by order.
    name : str
        Of the file; its ending tells the format.
    content : bytes
        Of a ``.npy`` file: (n, n), (k, n, n), condensed (pairs,) or (k, pairs). A CSV file: n
        rows of n numbers, with ids in a header, in the first column, in both or in none; an
        empty cell is a missing pair. HDF5 (``.h5``, ``.hdf5``) as rsatoolbox saves it.

    Raises
    ------
    InputError
        If the file is too large, of another format, no RDM (not square, not symmetric, a
        diagonal that is not zero, infinite values), or of other stimuli.
    CorruptDataError
        If it is damaged, or needs pickle.
    """
    name = PurePath(name.replace("\\", "/")).name or "RDM"
    check_bytes(name, len(content), MAX_BYTES)
    file = _reader(name)(name, content)
    values, stem = _as_stack(file.values, name), PurePath(name).stem
    rows, matched = _match(ds, file, values.shape[1], name)
    titles = _titles(file, len(values), stem)
    read = []
    for title, matrix in zip(titles, values, strict=True):
        try:
            checked = check_rdm(matrix, title, rows)
        except InputError as error:
            raise _with_remedy(error) from None
        read.append(UploadedRdm(title, tuple(rows), checked, matched))
    return read


def keep(ds: Dataset, upload: UploadedRdm) -> str:
    """Put an uploaded RDM into the store; gives its key, the same for the same content.

    Raises
    ------
    NeurogalleryError
        If nothing is added here (``read_only``), or the store cannot be written.
    """
    read_only.check(read_only.why_kept())
    content = store.fingerprint(upload.name, list(upload.ids), upload.matrix)
    key = store.key(OPERATION, content, {}, version=VERSION)
    facts = {"name": upload.name, "ids": list(upload.ids), "matched": upload.matched}
    store.save(key, {"rdm": upload.matrix}, {"title": ds.info.title, **facts})
    return key


def uploaded(ds: Dataset) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and facts of each uploaded RDM that shares stimuli with a recording, newest first."""
    listed = set(ds.stimuli["id"])
    for entry in store.entries(OPERATION):
        shared = listed.intersection(entry.facts["ids"]) if problem_of(entry) is None else ()
        if len(shared) >= FEWEST_STIMULI:
            yield entry.key, entry.facts


def damaged() -> dict[str, str]:
    """Keys of the uploaded RDMs that cannot be read, each with what is wrong."""
    problems = {entry.key: problem_of(entry) for entry in store.entries(OPERATION)}
    return {key: problem for key, problem in problems.items() if problem is not None}


def problem_of(entry: store.Entry) -> str | None:
    """What is wrong with a stored upload, None where nothing is."""
    facts = entry.facts
    if "error" in facts:
        return str(facts["error"])
    ids, names = facts.get("ids"), [facts.get("name"), facts.get("matched")]
    if not (isinstance(ids, list) and all(isinstance(each, str) for each in [*ids, *names])):
        return f"The uploaded RDM {entry.key} is damaged: its ids or its name are absent."
    described = entry.arrays.get("rdm")
    if described is None or described["shape"] != [len(ids), len(ids)]:
        return f"The uploaded RDM {entry.key} is damaged: its matrix is not of its stimuli."
    return None


def remove(key: str) -> None:
    """Remove an uploaded RDM."""
    if not key.startswith(f"{OPERATION}-"):
        raise InputError(f"{key} is no uploaded RDM", "the key of one")
    store.remove(key)


def _reader(name: str) -> Callable[[str, bytes], RdmFile]:
    suffix = PurePath(name).suffix.lower()
    if suffix in PICKLES:
        raise InputError(
            f"{name} is a pickle, which can run code when it is opened",
            "a file of numbers",
            "Save it as HDF5: rdms.save('rdms.h5', file_type='hdf5'), or with numpy.save.",
        )
    if suffix not in READERS:
        raise InputError(
            f"{name} has the ending {suffix or 'none'}", choices=sorted(READERS, key=str.lower)
        )
    return READERS[suffix]


def _from_disk(read: Callable[[Path], RdmFile]) -> Callable[[str, bytes], RdmFile]:
    """A reader of files, for content: what it says names the file as it was uploaded."""

    def read_content(name: str, content: bytes) -> RdmFile:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / (name[-MOST_NAME:])
            with store.writing(path):
                path.write_bytes(content)
            return read(path)

    return read_content


def _read_npy(path: Path) -> RdmFile:
    # Mapped, a header that claims more values than the file has is an error before any is read.
    return RdmFile(np.array(load_npy(path, mmap=True)))


def _read_csv(name: str, content: bytes) -> RdmFile:
    rows = _csv_rows(name, content)
    is_text = [not _is_number(cell) for cell in rows[0]]
    width = len(rows[0])
    ragged = [place for place, row in enumerate(rows, 1) if len(row) != width]
    if ragged:
        raise InputError(
            f"Row {ragged[0]} of {name} has {len(rows[ragged[0] - 1])} cells, the first {width}",
            "rows of one length",
        )
    # The corner of a table with a header and a column of ids is empty, or names the column.
    has_header = len(rows) == width + 1 or (len(rows) == width and is_text[0])
    has_column = len(rows) == width - 1 or (len(rows) == width and is_text[0])
    body = rows[has_header:]
    values = np.array([_numbers(row[has_column:], name, row, width) for row in body])
    ids: dict[str, list[str]] = {}
    if has_column:
        ids["column"] = [row[0].strip() for row in body]
    if has_header:
        ids["header"] = [cell.strip() for cell in rows[0][has_column:]]
    if len(ids) == 2 and ids["column"] != ids["header"]:
        raise InputError(
            f"The ids of the header and of the first column of {name} differ",
            "the same ids in the same order",
        )
    return RdmFile(values, ids)


def _csv_rows(name: str, content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 ({error.reason})", "a CSV file in UTF-8") from None
    first, lines = text.lstrip().partition("\n")[0], text.count("\n")
    if lines > MOST_LINES:
        raise InputError(f"{name} has {lines:,} lines", f"at most {MOST_LINES:,}")
    delimiter = max(DELIMITERS, key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise InputError(f"{name} could not be read as CSV ({error})", "rows of numbers") from None
    if len(rows) < 2:
        raise InputError(f"{name} has {counted(len(rows), 'row')}", "a row for each stimulus")
    return rows


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(cells: Sequence[str], name: str, row: Sequence[str], width: int) -> list[float]:
    try:
        return [float(cell) if cell.strip() else math.nan for cell in cells]
    except ValueError:
        column = next(i for i, cell in enumerate(cells) if cell.strip() and not _is_number(cell))
        place = f"column {column + 1 + width - len(cells)} of the row that begins {row[0][:40]!r}"
        raise InputError(
            f"{name} holds {cells[column][:40]!r} in {place}",
            "numbers; an empty cell is a missing pair",
            "Decimals need a point.",
        ) from None


def _as_stack(values: np.ndarray, name: str) -> np.ndarray:
    """RDMs (k, n, n) of whatever shape they were saved in."""
    expected = "(n, n), (RDMs, n, n), or upper triangles (pairs,) or (RDMs, pairs)"
    if values.dtype.kind not in "biuf":
        raise InputError(f"{name} has the dtype {values.dtype}", "real numbers")
    shape = values.shape
    if values.ndim == 3 and shape[1] == shape[2]:
        stack = values
    elif values.ndim == 2 and shape[0] == shape[1]:
        stack = values[None]
    elif values.ndim in (1, 2) and _side(shape[-1]):
        _check_size(_side(shape[-1]), 1 if values.ndim == 1 else shape[0], name)
        stack = np.stack([square(row) for row in np.atleast_2d(values)])
    else:
        raise InputError(f"{name} has the shape {shape}", expected)
    _check_size(stack.shape[1], len(stack), name)
    return stack


def _check_size(n: int, count: int, name: str) -> None:
    if not FEWEST_STIMULI <= n <= MOST_STIMULI:
        raise InputError(
            f"{name} is of {counted(n, 'stimulus', 'stimuli')}",
            f"{FEWEST_STIMULI} to {MOST_STIMULI:,}",
            "Save the stimuli that matter." if n > MOST_STIMULI else "",
        )
    if not 1 <= count <= MOST_RDMS:
        raise InputError(f"{name} holds {counted(count, 'RDM')}", f"1 to {MOST_RDMS}")


def _side(pairs: int) -> int:
    """Stimuli of so many pairs, 0 where no number of stimuli has them."""
    n = (1 + math.isqrt(1 + 8 * pairs)) // 2
    return n if n * (n - 1) // 2 == pairs and n > 1 else 0


def _match(ds: Dataset, file: RdmFile, n: int, name: str) -> tuple[list[str], str]:
    """Ids of the rows: those of the list that names most stimuli, else the order."""
    listed = ds.stimuli["id"].tolist()
    known = set(listed)
    lists = {key: ids for key, ids in file.stimuli.items() if len(ids) == n}
    order = sorted(lists, key=lambda key: (key not in USUAL, key))
    best = max(order, key=lambda key: len(known.intersection(lists[key])), default="")
    shared = len(known.intersection(lists.get(best, ())))
    if shared >= FEWEST_STIMULI:
        check_unique(lists[best], f"{name}, {best!r},")
        more = "" if shared == n else f"; {n - shared:,} of {n:,} rows are of other stimuli"
        return lists[best], f"by the ids in {best!r}{more}"
    if n == len(listed):
        tried = enumerate_names([key for key in order if key != "index"], 3)
        why = f"no list of ids matches ({tried})" if tried else "the file has no ids"
        return listed, f"by order, {n:,} rows: {why}"
    named = next((key for key in order if key != "index"), "")
    problem = (
        f"The ids in {named!r} of {name} ({enumerate_names(lists[named], 3)}) are none of the "
        "recording"
        if named
        else f"{name} is of {n:,} stimuli and has no ids"
    )
    raise InputError(
        problem,
        f"ids such as {enumerate_names(listed, 3)}, or {len(listed):,} rows in their order",
        "Give a CSV file with the ids as header.",
    )


def _titles(file: RdmFile, count: int, stem: str) -> list[str]:
    """A name for each RDM, from the descriptors of the file where they have one."""
    stem = "".join(letter for letter in stem if letter.isprintable())[:MOST_NAME] or "RDM"
    of_each = {key: names for key, names in file.rdms.items() if len(names) == count}
    for key in NAMES:
        names = [name.strip()[:MOST_NAME] for name in of_each.get(key, ())]
        if names and all(names) and len(set(names)) == count:
            return names
    return [stem] if count == 1 else [f"{stem} {number}" for number in range(1, count + 1)]


def _with_remedy(error: NeurogalleryError) -> NeurogalleryError:
    """Say what to do about the mistakes that are made most."""
    remedies = {
        "zero diagonal": "Of similarities, upload 1 minus them.",
        "both sides of the diagonal": "Average it with its transpose: (D + D.T) / 2.",
        "NaN if missing": "Replace infinite values by NaN.",
    }
    for words, remedy in remedies.items():
        if words in error.expected and not error.remedy:
            return InputError(error.problem, error.expected, remedy)
    return error


READERS: dict[str, Callable[[str, bytes], RdmFile]] = {
    ".npy": _from_disk(_read_npy),
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".h5": _from_disk(read_hdf5),
    ".hdf5": _from_disk(read_hdf5),
}
