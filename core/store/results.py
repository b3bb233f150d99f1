"""Results in folders: written whole, checked when read, the least recently used removed.

Results that come with the project lie in a second place, in the same form. It is only read, and
only where the user's own store has no such result.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import paths
from core.errors import CorruptDataError, DamagedResultError, InputError, NeurogalleryError
from core.store import read_only
from core.store.files import locked, not_written, read_bytes, sealed, to_json, unsealed
from core.store.fingerprints import check_dtype, feed_content, stamp
from core.store.stamps import FileStamp, check_unchanged, stamp_of
from core.validation import load_npy

KEY = re.compile(r"[a-z0-9_]+-[0-9a-f]{32}")
ARRAY_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
FACTS_FILE = "result.json"
FIELDS = {"created", "arrays", "facts"}
CHECKSUMS = ("sha256", "sample")
LATEST_S = 253_402_300_800.0  # the year 10000, which no date is after
FORMER = ".former-"
LEFTOVER_AGE_S = 86_400.0
# Of an array saved in blocks so many bytes, spread evenly, are checked when it is opened.
SAMPLES, SAMPLE_BYTES = 256, 4096
BLOCKS = "blocks"

_checked: set[tuple[str, int, int]] = set()
_MAXIMUM_CHECKED = 10_000
# What results hold, as pages list them at every run.
_records: dict[tuple[Path, FileStamp | None], dict[str, Any]] = {}
_MOST_RECORDS = 1000


@dataclass(frozen=True)
class Result:
    """A stored result.

    Attributes
    ----------
    key : str
    arrays : dict of str to np.ndarray
        Memory-mapped and read-only.
    facts : dict
        What was saved beside the arrays (JSON values).
    created : float
        Seconds since 1970.
    """

    key: str
    arrays: Mapping[str, np.ndarray]
    facts: dict[str, Any]
    created: float


@dataclass(frozen=True)
class Entry:
    """One line of the list of stored results.

    Attributes
    ----------
    key : str
    bytes : int
        Size on disk.
    created : float
        Seconds since 1970.
    facts : dict
        What was saved beside the arrays; of a damaged result ``error`` alone, what is wrong.
    arrays : dict
        ``dtype`` (str), ``shape`` (list of int) and a checksum of each array, which is not read.
    """

    key: str
    bytes: int
    created: float
    facts: dict[str, Any]
    arrays: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Opened:
    """A result with the stamps of its files at the time when they were opened."""

    folder: Path
    record: dict[str, Any]
    result: Result
    stamps: dict[str, tuple[str, int, int]]

    @classmethod
    def of(cls, folder: Path) -> _Opened:
        record = _record(folder)
        result = _open(folder, record)
        stamps = {name: stamp(folder / f"{name}.npy") for name in result.arrays}
        return cls(folder, record, result, stamps)

    def checked(self) -> Result:
        for name, array in self.result.arrays.items():
            described = self.record["arrays"][name]
            _check_content(self.folder, name, array, described, self.stamps[name])
        return self.result


def save(key: str, arrays: Mapping[str, np.ndarray], facts: dict[str, Any]) -> Result:
    """Save a result; one with the same key is replaced.

    The least recently used results are removed while the store is larger than
    ``NEUROGALLERY_STORE_GIB`` (default 20), never the one just saved.

    Parameters
    ----------
    key : str
        From ``key``.
    arrays : dict of str to np.ndarray
        Numbers or text; nothing that needs pickle.
    facts : dict
        JSON values.

    Raises
    ------
    InputError
        If the key, a name or an array does not fit.
    NeurogalleryError
        If the folder cannot be written, e.g. because the disk is full, or a file that was
        read for it has changed since (``stamps.check_unchanged``); nothing of the result
        remains then.
    """
    return _saved(key, lambda part: _write(part, arrays, facts))


def save_blocks(
    key: str,
    blocks: Iterable[np.ndarray],
    shape: tuple[int, int],
    facts: dict[str, Any],
    dtype: np.dtype,
    by_column: bool = False,
) -> Result:
    """Save an array ``blocks`` (n, v) that is too large to be held, block by block.

    Where ``save`` has a checksum of every byte, which takes longer than what is read of such an
    array afterwards, this one is checked by its size and by a megabyte spread over it.

    Parameters
    ----------
    key : str
        From ``key``.
    blocks : iterable of np.ndarray of shape (m, v)
        Consecutive rows, n in all. What raises while they come leaves nothing behind.
    shape : tuple of int
        (n, v).
    facts : dict
        JSON values, which may be put in while the blocks come.
    dtype : np.dtype
        As which the blocks are stored.
    by_column : bool
        Column after column (Fortran order): some columns are then read at once.

    Raises
    ------
    InputError
        If the blocks do not have the shape.
    NeurogalleryError
        If there is too little space, or the folder cannot be written.
    """

    def write(part: Path) -> None:
        needed, free = dtype.itemsize * shape[0] * shape[1], shutil.disk_usage(part).free
        if needed > free:
            raise NeurogalleryError(
                f"The copy needs {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free in "
                f"{part.parent}",
                remedy="Free space, or name another folder as NEUROGALLERY_RESULTS.",
            )
        path = part / f"{BLOCKS}.npy"
        _write_blocks(path, blocks, shape, dtype, by_column)
        described = {"dtype": dtype.str, "shape": shape, "sample": sampled(path)}
        _write_record(part, {BLOCKS: described}, facts)

    return _saved(key, write)


def adopt(key: str, fill: Callable[[Path], None], root: Path | None = None) -> Result:
    """Save a result whose files come from another store.

    Parameters
    ----------
    key : str
    fill : callable
        Writes its files to a folder. What raises there leaves nothing behind.
    root : Path, optional
        Folder of the store, the user's own where none is named.

    Raises
    ------
    CorruptDataError
        If the files do not hold what was saved.
    NeurogalleryError
        If the folder cannot be written.
    """

    def write(part: Path) -> None:
        fill(part)
        _Opened.of(part).checked()

    return _saved(key, write, root)


def load(key: str) -> Result | None:
    """Load a result, else one that comes with the project, or None where there is none.

    The checksum of a file is computed once in a process, unless the file changes.

    Raises
    ------
    CorruptDataError
        If the files do not hold what was saved.
    """
    folder = _folder(key)
    # Open maps stay valid when the result is replaced or evicted after the lock is given back.
    with locked(folder.parent):
        opened = _read(folder)
        if opened is not None:
            _touch(folder)
    return load_ready(key) if opened is None else opened.checked()


def load_ready(key: str) -> Result | None:
    """Load a result that comes with the project, or None where there is none.

    Raises
    ------
    CorruptDataError
        If the files do not hold what was saved.
    """
    opened = _read(_ready_folder(key))
    return None if opened is None else opened.checked()


def remove(key: str) -> None:
    """Remove a result of the user's own; nothing happens where there is none.

    Raises
    ------
    NeurogalleryError
        If nothing is deleted here (``read_only``).
    """
    read_only.check(read_only.why_kept())
    supersede(key)


def supersede(key: str) -> None:
    """Remove a result that a new one makes wrong, as the scores of a decoder trained anew."""
    folder = _folder(key)
    with locked(folder.parent):
        discarded = [_set_aside(each) for each in (folder, _former(folder)) if each.exists()]
    _delete(discarded)


def discard(key: str) -> None:
    """Remove a damaged result, of the user's own or else one that comes with the project.

    Raises
    ------
    NeurogalleryError
        If its folder cannot be removed, or nothing is deleted here (``read_only``).
    """
    read_only.check(read_only.why_kept())
    own, ready = _folder(key), _ready_folder(key)
    if own.exists() or not ready.is_dir():
        remove(key)
        return
    try:
        shutil.rmtree(ready)
    except OSError as error:
        raise not_written(ready, error) from error


@contextlib.contextmanager
def reading(key: str) -> Iterator[None]:
    """Within, what is made of a result's facts and arrays; where they do not fit, it is damaged.

    Raises
    ------
    DamagedResultError
        If a field is absent or of another type.
    """
    try:
        yield
    except DamagedResultError:
        raise
    except NeurogalleryError as error:
        expected = f". Expected {error.expected}" if error.expected else ""
        raise _damaged(_present_folder(key), error.problem + expected) from error
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        is_absent = isinstance(error, KeyError)
        # What Python says of other types is no sentence for a reader.
        problem = f"has no field {error}" if is_absent else "has a field of another kind"
        raise _damaged(_present_folder(key), f"{FACTS_FILE} {problem}") from error


def entries(operation: str = "") -> list[Entry]:
    """Every result of the user's own, newest first; a damaged one has ``facts['error']``.

    With ``operation``, its results alone are read.
    """
    root = _root()
    with locked(root):
        listed = [
            _entry(folder)
            for folder in _folders(root)
            if not operation or folder.name.startswith(f"{operation}-")
        ]
    return sorted(listed, key=lambda entry: entry.created, reverse=True)


def entry(key: str) -> Entry:
    """One result without its arrays, of the user's own or else of the project.

    Raises
    ------
    CorruptDataError
        If it is damaged, or there is none.
    """
    folder, ready = _folder(key), _ready_folder(key)
    with locked(folder.parent):
        return _checked_entry(ready if ready.is_dir() and not folder.is_dir() else folder)


def is_own(key: str) -> bool:
    """Whether the user's own store has a result."""
    return _folder(key).is_dir()


def written(operation: str) -> dict[str, int]:
    """When each own result of an operation was written, in nanoseconds; no file is opened.

    0 where its record is gone.
    """
    return _written(_root(), operation)


def written_ready(operation: str) -> dict[str, int]:
    """As ``written``, of the results that come with the project."""
    return _written(paths.ready_root(), operation)


def _written(root: Path, operation: str) -> dict[str, int]:
    times = {}
    for folder in root.glob(f"{operation}-*"):
        if KEY.fullmatch(folder.name):
            times[folder.name] = 0
            with contextlib.suppress(OSError):
                times[folder.name] = (folder / FACTS_FILE).stat().st_mtime_ns
    return times


def sampled(path: Path) -> str:
    """Checksum of the size of a file, and of bytes that are spread over it."""
    size = path.stat().st_size
    hasher = hashlib.sha256(str(size).encode())
    with open(path, "rb") as file:
        for start in np.linspace(0, max(0, size - SAMPLE_BYTES), SAMPLES, dtype=np.int64):
            file.seek(int(start))
            hasher.update(file.read(SAMPLE_BYTES))
    return hasher.hexdigest()


def _root() -> Path:
    return paths.results_root() / "store"


def _folder(key: str) -> Path:
    if not KEY.fullmatch(key):
        raise InputError(f"The key is {key!r}", "'operation-' and 32 hexadecimal characters")
    return _root() / key


def _ready_folder(key: str) -> Path:
    return paths.ready_root() / _folder(key).name


def _present_folder(key: str) -> Path:
    return _folder(key) if is_own(key) else _ready_folder(key)


def _former(folder: Path) -> Path:
    """Where a result stands while another takes its place."""
    return folder.with_name(f"{FORMER}{folder.name}")


def _is_there(folder: Path) -> bool:
    """Whether a result is there; one whose replacement was cut short is taken back."""
    if not folder.is_dir():
        with contextlib.suppress(OSError):
            _former(folder).rename(folder)
    return folder.is_dir()


def _folders(root: Path) -> list[Path]:
    for former in root.glob(f"{FORMER}*"):
        _is_there(root / former.name.removeprefix(FORMER))
    return [path for path in root.iterdir() if KEY.fullmatch(path.name) and path.is_dir()]


def _limit_bytes() -> int:
    text = os.environ.get("NEUROGALLERY_STORE_GIB") or "20"
    try:
        gib = float(text)
    except ValueError:
        gib = 0.0
    if not 0 < gib < float("inf"):
        raise InputError(f"NEUROGALLERY_STORE_GIB is {text!r}", "a positive number of GiB")
    return int(gib * 2**30)


def _saved(key: str, write: Callable[[Path], None], root: Path | None = None) -> Result:
    """Let a result be written aside; what is whole then stands under its key."""
    folder, limit = (root or _root()) / _folder(key).name, _limit_bytes()
    part = _aside(folder)
    try:
        part.mkdir(parents=True)
        write(part)
        check_unchanged()
        with locked(folder.parent):
            former = _former(folder)
            discarded = [_set_aside(former)] if former.exists() else []
            if folder.exists():
                folder.rename(former)  # taken back by whoever looks, if this process ends now
                discarded.append(former)
            part.rename(folder)
            result = _open(folder, _record(folder))
            discarded += _evict(folder, limit)
    except OSError as error:
        raise not_written(folder.parent, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _delete(discarded)
    return result


def _write(folder: Path, arrays: Mapping[str, np.ndarray], facts: dict[str, Any]) -> None:
    described = {}
    for name, array in arrays.items():
        if not ARRAY_NAME.fullmatch(name):
            raise InputError(f"An array has the name {name!r}", "letters, digits, _, - and .")
        array = np.asarray(array)
        check_dtype(f"The array {name!r}", array)
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
        described[name] = {
            "dtype": array.dtype.str,
            "shape": array.shape,
            "sha256": _sha256(array),
        }
    _write_record(folder, described, facts)


def _write_blocks(
    path: Path,
    blocks: Iterable[np.ndarray],
    shape: tuple[int, int],
    dtype: np.dtype,
    by_column: bool,
) -> None:
    """Write rows as they come. A map of the file would end the process on a full disk."""
    rows, block = 0, np.empty((0, 0))
    with open(path, "xb", buffering=0) as file:
        header = {"descr": dtype.str, "fortran_order": by_column, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        start = file.tell()
        for block in blocks:
            if block.ndim != 2 or block.shape[1] != shape[1] or rows + len(block) > shape[0]:
                rows += len(block)
                break
            if by_column:
                for column, values in enumerate(np.ascontiguousarray(block.T, dtype=dtype)):
                    file.seek(start + (column * shape[0] + rows) * dtype.itemsize)
                    _write_all(file, values.data)
            else:
                _write_all(file, np.ascontiguousarray(block, dtype=dtype).data)
            rows += len(block)
    if rows != shape[0]:
        raise InputError(f"Blocks of {block.shape} come to {rows} rows", f"{shape} in all")


def _write_all(file: IO[bytes], values: memoryview) -> None:
    """Write bytes without a buffer, whose part may be written where a disk is nearly full."""
    left = values.cast("B") if values.nbytes else values[:0]
    while left.nbytes:
        left = left[file.write(left) :]


def _write_record(folder: Path, described: dict[str, Any], facts: dict[str, Any]) -> None:
    record = {"created": time.time(), "arrays": described, "facts": facts}
    (folder / FACTS_FILE).write_bytes(sealed(to_json(record)))
    _touch(folder)


def _sha256(array: np.ndarray) -> str:
    hasher = hashlib.sha256()
    feed_content(hasher, array)
    return hasher.hexdigest()


def _record(folder: Path) -> dict[str, Any]:
    """What a result holds, all of it checked; those of former versions have no checksum."""
    try:
        stored = read_bytes(folder / FACTS_FILE) or b""
        record = unsealed(stored, FACTS_FILE) if stored else None
    except CorruptDataError as error:
        raise _damaged(folder, error.problem) from None
    if not isinstance(record, dict) or set(record) != FIELDS:
        raise _damaged(folder, f"{FACTS_FILE} is absent or incomplete")
    if not (
        type(record["created"]) in (int, float)
        and 0 <= record["created"] < LATEST_S
        and isinstance(record["arrays"], dict)
        and isinstance(record["facts"], dict)
    ):
        raise _damaged(folder, f"{FACTS_FILE} has a field of another kind")
    for name, described in record["arrays"].items():
        if not (ARRAY_NAME.fullmatch(name) and _describes_array(described)):
            raise _damaged(folder, f"{FACTS_FILE} describes no array {name!r}")
    return record


def _recorded(folder: Path) -> dict[str, Any]:
    """As ``_record``, read once for as long as the file stays: for whoever only looks at it."""
    file = folder, stamp_of(folder / FACTS_FILE)
    known = _records.get(file)
    if known is None:
        known = _records[file] = _record(folder)
        while len(_records) > _MOST_RECORDS:
            _records.pop(next(iter(_records)), None)
    return known


def _describes_array(record: Any) -> bool:
    if not isinstance(record, dict) or not isinstance(record.get("dtype"), str):
        return False
    shape, sums = record.get("shape"), [record.get(name) for name in CHECKSUMS if name in record]
    is_shape = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    return is_shape and bool(sums) and all(isinstance(each, str) for each in sums)


def _read(folder: Path) -> _Opened | None:
    """Open a result, None where there is none; ``checked`` reads what its files hold."""
    return _Opened.of(folder) if _is_there(folder) else None


def _open(folder: Path, record: dict[str, Any]) -> Result:
    arrays = {
        name: _open_array(folder, name, described) for name, described in record["arrays"].items()
    }
    return Result(folder.name, arrays, record["facts"], record["created"])


def _open_array(folder: Path, name: str, described: dict[str, Any]) -> np.ndarray:
    try:
        array = load_npy(folder / f"{name}.npy", mmap=True)
    except CorruptDataError as error:
        raise _damaged(folder, error.problem) from None
    if array.dtype.str != described["dtype"] or list(array.shape) != described["shape"]:
        raise _damaged(
            folder,
            f"{name}.npy is {array.dtype.str} {array.shape}, "
            f"not {described['dtype']} {tuple(described['shape'])}",
        )
    return array


def _check_content(
    folder: Path,
    name: str,
    array: np.ndarray,
    described: dict[str, Any],
    file: tuple[str, int, int],
) -> None:
    if file in _checked:
        return
    if "sample" in described:
        is_same = sampled(folder / f"{name}.npy") == described["sample"]
    else:
        is_same = _sha256(array) == described["sha256"]
    if not is_same:
        raise _damaged(folder, f"the checksum of {name}.npy does not match")
    if len(_checked) >= _MAXIMUM_CHECKED:
        _checked.clear()
    _checked.add(file)


def _entry(folder: Path) -> Entry:
    try:
        return _checked_entry(folder)
    except CorruptDataError as error:
        changed = folder.stat().st_mtime
        return Entry(folder.name, sum(_sizes(folder).values()), changed, {"error": str(error)})


def _checked_entry(folder: Path) -> Entry:
    record, sizes = _recorded(folder), _sizes(folder)
    missing = [name for name in record["arrays"] if f"{name}.npy" not in sizes]
    if missing:
        raise _damaged(folder, f"there is no {missing[0]}.npy")
    size = sum(sizes.values())
    return Entry(folder.name, size, record["created"], record["facts"], record["arrays"])


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes of each file of a result, by name."""
    with os.scandir(folder) as files:
        return {each.name: each.stat(follow_symlinks=False).st_size for each in files}


def _touch(folder: Path) -> None:
    """Mark the folder as just used; the kernel's own clock is too coarse to order uses."""
    now = time.time_ns()
    os.utime(folder, ns=(now, now))


def _aside(folder: Path) -> Path:
    return folder.with_name(f".aside-{uuid.uuid4().hex}")


def _set_aside(folder: Path) -> Path:
    """Take a result out of sight in one step; the caller deletes it without the lock."""
    aside = _aside(folder)
    folder.rename(aside)
    _touch(aside)
    return aside


def _delete(folders: list[Path]) -> None:
    """Delete folders set aside; what cannot be deleted now, a later save tries again."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _is_leftover(aside: Path) -> bool:
    try:
        return time.time() - aside.stat().st_mtime > LEFTOVER_AGE_S
    except FileNotFoundError:  # its own process has just deleted or renamed it
        return False


def _evict(keep: Path, limit: int) -> list[Path]:
    """Set the least recently used results aside; add what a killed process left behind."""
    root = keep.parent
    sizes = {folder: sum(_sizes(folder).values()) for folder in _folders(root)}
    total = sum(sizes.values())
    discarded = [path for path in root.glob(".aside-*") if _is_leftover(path)]
    discarded += root.glob(f"{FORMER}*")
    for folder in sorted(sizes, key=lambda folder: folder.stat().st_mtime_ns):
        if total <= limit:
            break
        if folder != keep:
            discarded.append(_set_aside(folder))
            total -= sizes[folder]
    return discarded


def _damaged(folder: Path, reason: str) -> DamagedResultError:
    return DamagedResultError(
        folder.name,
        f"The stored result {folder.name} is damaged: {reason.rstrip('.')}",
        remedy=f"Remove the folder {folder}; the result is computed again when it is needed.",
    )
