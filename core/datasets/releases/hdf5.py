"""HDF5 files of releases: opened for reading, and nothing followed that leads out of the file."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import CorruptDataError, NotFoundError
from core.memory import check_memory
from core.store.stamps import enter
from core.validation import enumerate_names

if TYPE_CHECKING:
    import h5py

# Soft links in a row: those of a ring never end.
MOST_LINKS = 16
# Begin of a heap, where texts of variable length lie: signature, version 1.
HEAP = b"GCOL\x01\0\0\0"
# Read at a time when heaps are looked for.
BLOCK_BYTES = 2**22
# What one text of variable length takes in memory, at the least.
TEXT_BYTES = 64
# What h5py raises on a damaged file, found by overwriting bytes.
H5_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, OverflowError)
REMEDY = "Download it again; a file of a release has all of its data inside."


@contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading; errors that h5py raises within become the project's own.

    Read datasets through ``dataset``, which follows no link out of the file.

    Raises
    ------
    NotFoundError
        If there is no such file.
    CorruptDataError
        If it is no HDF5 file, is truncated, or a part that is read is damaged.
    """
    import h5py

    if not path.is_file():
        raise NotFoundError(f"There is no {path.name} in {path.parent}", "an HDF5 file")
    enter(path)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except H5_ERRORS as error:
        if not _is_of_h5py(error):
            raise
        reason = " ".join(str(error).split())
        raise CorruptDataError(
            f"{path.name} could not be read ({reason})", "a whole HDF5 file", REMEDY
        ) from None


def dataset(group: h5py.Group, *names: str) -> h5py.Dataset:
    """The first dataset that is there of several names, e.g. 'metadata/key', 'metaData/key'.

    Raises
    ------
    CorruptDataError
        If there is none, or if its values lie elsewhere: behind an external link, in a virtual
        dataset, in raw storage of its own; or if they are references or other objects.
    """
    import h5py

    held = _first(group, names)
    if not isinstance(held, h5py.Dataset):
        raise _corrupt(group, f"{held.name} is a group", "a dataset")
    check_stored(held)
    return held


def subgroup(group: h5py.Group, *names: str) -> h5py.Group:
    """The first group that is there of several names; see ``dataset``."""
    import h5py

    held = _first(group, names)
    if not isinstance(held, h5py.Group):
        raise _corrupt(group, f"{held.name} is no group", "a group")
    return held


def names_in(group: h5py.Group) -> list[str]:
    """Names in a group; a name that is not UTF-8 is damaged, and h5py gives it as bytes."""
    return [name for name in group if isinstance(name, str)]


def read_whole(stored: h5py.Dataset) -> np.ndarray:
    """Every value of a dataset of numbers, after asking whether the memory suffices.

    Raises
    ------
    InputError
        If it claims more than the free memory.
    """
    _check_size(stored, stored.dtype.itemsize)
    return np.asarray(stored[()])


def read_text(stored: h5py.Dataset) -> list[str]:
    """The texts of a dataset, of fixed or variable length, in C order.

    Raises
    ------
    CorruptDataError
        If it holds no text, or none in UTF-8.
    InputError
        If it claims more than the free memory.
    """
    import h5py

    if h5py.check_string_dtype(stored.dtype) is None:
        raise _corrupt(stored, f"{stored.name} holds {stored.dtype}", "text")
    _check_size(stored, max(stored.dtype.itemsize, TEXT_BYTES))
    if h5py.check_vlen_dtype(stored.dtype) is not None:
        check_heaps(Path(stored.file.filename))
    values = np.asarray(stored[()], dtype=object).ravel()
    try:
        return [text.decode() if isinstance(text, bytes) else str(text) for text in values]
    except UnicodeDecodeError as error:
        problem = f"{stored.name} holds text that is not UTF-8 ({error})"
        raise _corrupt(stored, problem, "text in UTF-8") from None


def check_stored(stored: h5py.Dataset, with_references: bool = False) -> None:
    """Raise CorruptDataError unless a dataset holds its own values, which are no objects.

    ``with_references`` admits references to objects of the file, which can lead nowhere else.
    """
    import h5py

    if stored.is_virtual:
        raise _corrupt(stored, f"{stored.name} is virtual, its values lie in others", "values")
    if stored.external is not None:
        names = enumerate_names([name for name, *_ in stored.external], 2)
        raise _corrupt(stored, f"the values of {stored.name} lie outside, in {names!r}", "values")
    if with_references and h5py.check_ref_dtype(stored.dtype) is h5py.Reference:
        return
    base = h5py.check_vlen_dtype(stored.dtype)
    is_text = h5py.check_string_dtype(stored.dtype) is not None
    is_plain = not (stored.dtype if base is None else np.dtype(base)).hasobject
    if not is_text and not is_plain:
        raise _corrupt(stored, f"{stored.name} holds references or objects", "numbers or text")


def _first(group: h5py.Group, names: tuple[str, ...]) -> h5py.HLObject:
    for name in names:
        held = find(group, name)
        if held is not None:
            return held
    raise CorruptDataError(
        f"{Path(group.file.filename).name} has no {' or '.join(names)}; {group.name} holds "
        f"{enumerate_names(names_in(group)) or 'nothing'}",
        "the layout of the release",
    )


def find(start: h5py.Group, name: str, hops: int = 0) -> h5py.HLObject | None:
    """The object of a path, link by link; None where there is none.

    h5py's own ``in`` and ``get`` open the other file of an external link to answer, so that links
    are asked for their kind on the low level.
    """
    import h5py

    here = start.file if name.startswith("/") else start
    for part in name.split("/"):
        if part in ("", "."):
            continue
        key = part.encode("utf-8", "surrogateescape")
        if not isinstance(here, h5py.Group) or b"\0" in key or not here.id.links.exists(key):
            return None
        kind = here.id.links.get_info(key).type
        if kind == h5py.h5l.TYPE_SOFT and hops < MOST_LINKS:
            target = here.id.links.get_val(key).decode("utf-8", "surrogateescape")
            here = find(here, target, hops + 1)
        elif kind == h5py.h5l.TYPE_HARD:
            here = here[part]
        else:
            what = "is one of a ring" if kind == h5py.h5l.TYPE_SOFT else "leads out of the file"
            raise _corrupt(start, f"the link {part!r} {what}", "data inside the file")
    return here


def _check_size(stored: h5py.Dataset, item_bytes: int) -> None:
    # A few bytes of a header can claim any shape.
    check_memory(
        float(stored.size or 0) * item_bytes,
        f"{stored.name} of {Path(stored.file.filename).name} with the shape {stored.shape}",
        "Check the file, or end other programs.",
    )


def check_heaps(path: Path) -> None:
    """Refuse a file with a damaged heap of texts, which the HDF5 library would read without end.

    Seen with HDF5 2.0.0 on damaged files. To be called before texts of variable length are
    read, those of attributes too; the whole file is looked through once.

    Raises
    ------
    CorruptDataError

    Source: HDF5 File Format Specification 3.0, III.E, disk format of the global heap.
    """
    status = path.stat()
    if status.st_size and not _has_whole_heaps(str(path), status.st_size, status.st_mtime_ns):
        raise CorruptDataError(f"{path.name}: its texts are damaged", "whole texts", REMEDY)


@functools.lru_cache(maxsize=256)
def _has_whole_heaps(path: str, size: int, changed: int) -> bool:
    with open(path, "rb", buffering=0) as raw:
        return all(_is_whole(raw.fileno(), start, size) for start in _heaps(raw.fileno(), size))


def _heaps(file: int, size: int) -> Iterator[int]:
    """Where heaps begin. Read, for a map of a file that becomes shorter ends the process."""
    for first in range(0, size, BLOCK_BYTES):
        block = os.pread(file, BLOCK_BYTES + len(HEAP) - 1, first)
        start = block.find(HEAP)
        while start >= 0:
            yield first + start
            start = block.find(HEAP, start + 1)


def _is_whole(file: int, start: int, size: int) -> bool:
    end = start + int.from_bytes(os.pread(file, 8, start + 8), "little")
    place = start + 16
    while place + 16 <= end <= size:
        head = os.pread(file, 16, place)
        number, length = int.from_bytes(head[:2], "little"), int.from_bytes(head[8:], "little")
        taken = 16 + -(-length // 8) * 8 if number else length
        if taken < 16 or place + taken > end:
            return False
        place += taken
    return True


def _corrupt(held: h5py.HLObject, problem: str, expected: str) -> CorruptDataError:
    return CorruptDataError(f"{Path(held.file.filename).name}: {problem}", expected, REMEDY)


def _is_of_h5py(error: BaseException) -> bool:
    """Whether h5py itself raised an error, by the source file of the last call."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    source = "" if trace is None else trace.tb_frame.f_code.co_filename.replace("\\", "/")
    return source.startswith("h5py/") or "/h5py/" in source
