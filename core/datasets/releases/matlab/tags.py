"""The tags of MATLAB's v5 files, checked before scipy reads what lies between them.

scipy 1.17.1 ends the process on some damaged files. The layout is that of 'MAT-File Format'
(MathWorks, R2019b), level 5: elements of a type, a length and data; a variable is an element
``MATRIX`` of elements: flags, dimensions, name and content.
"""

from __future__ import annotations

import io
import itertools
import math
import zlib
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from struct import unpack_from
from typing import NamedTuple, TypeAlias

import numpy as np

from core.datasets.releases.matlab.version73 import MOST_LEVELS, refused
from core.memory import check_memory

Content: TypeAlias = bytes | bytearray
HEADER, TAG = 128, 8
MATRIX, COMPRESSED, INT8, INT32, UINT32 = 14, 15, 1, 5, 6
NUMBER_TYPES = (1, 2, 3, 4, 5, 6, 7, 9, 12, 13)
TEXT_TYPES, NAME_TYPES = (*NUMBER_TYPES, 16, 17, 18), (1, 2, 16)
CELL, STRUCT, TEXT, NUMBERS, OPAQUE = 1, 2, 4, range(6, 16), 17
OTHER_CLASSES = {3: "object", 5: "sparse", 16: "function", 17: "object"}
IS_COMPLEX, IS_LOGICAL = 0x0800, 0x0200
# Of elements by their type, and of the two classes of real numbers.
STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"}
REAL = {6: "f8", 7: "f4"}
# Up to the name of a variable, unpacked and packed.
NAME_BYTES, BEGIN_BYTES = 4096, 16384
UNPACKING_THREADS = 2


class _Element(NamedTuple):
    """One element: its type, where its data begin and end, and where the next begins."""

    type: int
    start: int
    end: int
    next: int


class _Begin(NamedTuple):
    """What stands before the content of a variable, or of a part of one."""

    kind: int
    flags: int
    shape: tuple[int, ...]
    name: str
    at: int


class Checked(NamedTuple):
    """The selected variables of a file, each of whose tags was checked.

    Attributes
    ----------
    source : Path or io.BytesIO
        What scipy may read: the file as it is, or, where variables are packed, those unpacked:
        what was packed a second time could hold anything.
    names : list of str
        The selected variables.
    arrays : dict of str to np.ndarray
        Those of them that were packed and are real numbers, read-only; not in ``source``.
    """

    source: Path | io.BytesIO
    names: list[str]
    arrays: dict[str, np.ndarray]


def checked(path: Path, names: Collection[str] | None) -> Checked:
    """Check the tags of the selected variables, and unpack each once.

    Raises
    ------
    ValueError
        If a tag is damaged.
    CorruptDataError
        If a selected variable holds an object, a function, sparse or complex numbers.
    InputError
        If one claims more than the free memory.
    """
    content = _content(path)
    order = "<" if content[126:HEADER] == b"IM" else ">"
    elements = list(_elements(content, HEADER, len(content), order))
    begins = [_variable(path, content, element, order) for element in elements]
    is_wanted = [
        # What MATLAB keeps of functions and objects has no name.
        bool(variable.name) and (names is None or variable.name in names)
        for variable in begins
    ]
    kept = [i for i, chosen in enumerate(is_wanted) if chosen]

    def whole(i: int) -> _Variable:
        is_whole = elements[i].type != COMPRESSED
        return begins[i] if is_whole else _unpacked(path, content, elements[i], order)

    # zlib lets other threads run.
    with ThreadPoolExecutor(UNPACKING_THREADS) as threads:
        variables = list(threads.map(whole, kept))
    for variable in variables:
        variable.check(variable.start, variable.stop, variable.name)
    selected = [variable.name for variable in variables]
    is_packed = any(element.type != MATRIX for element in elements)
    if not is_packed:
        return Checked(path, selected, {})
    read = [variable.array() for variable in variables]
    pairs = list(zip(variables, read, strict=True))
    parts: list[Content] = [content[:116], bytes(8), content[124:HEADER]]
    parts += [v.content[v.start - TAG : v.stop] for v, array in pairs if array is None]
    arrays = {v.name: array for v, array in pairs if array is not None}
    return Checked(io.BytesIO(b"".join(parts)), selected, arrays)


def _content(path: Path) -> bytearray:
    """All of a file; a map of it would end the process where the file becomes shorter."""
    size = path.stat().st_size
    check_memory(size, path.name, "Check the file, or end other programs.")
    content = bytearray(size)
    with open(path, "rb") as file:
        if file.readinto(content) < size:
            raise ValueError("it has become shorter while it was read")
    return content


def _variable(path: Path, content: Content, element: _Element, order: str) -> _Variable:
    """A variable as it stands in the file; of a packed one, its begin."""
    if element.type == MATRIX:
        name = _begin(content, element.start, element.end, order).name
        return _Variable(path, content, order, element.start, element.end, name)
    if element.type != COMPRESSED:
        raise ValueError(f"an element of the type {element.type} stands for a variable")
    packed = content[element.start : min(element.end, element.start + BEGIN_BYTES)]
    begin = zlib.decompressobj().decompress(packed, NAME_BYTES)
    name = _begin(begin, TAG, len(begin), order).name
    return _Variable(path, begin, order, TAG, len(begin), name)


def _unpacked(path: Path, content: Content, element: _Element, order: str) -> _Variable:
    packed = content[element.start : element.end]
    begin = zlib.decompressobj().decompress(packed[:BEGIN_BYTES], TAG)
    length = unpack_from(f"{order}II", begin)[1] + TAG
    check_memory(2.0 * length, path.name, "Check the file, or end other programs.")
    machine = zlib.decompressobj()
    whole = machine.decompress(packed, length + 1)
    if len(whole) != length or not machine.eof:
        raise ValueError(f"a variable of {length} bytes has {len(whole)}")
    name = _begin(whole, TAG, length, order).name
    return _Variable(path, whole, order, TAG, length, name)


class _Variable(NamedTuple):
    """A variable, whose elements are looked at: where it lies, without its tag, and its name."""

    path: Path
    content: Content
    order: str
    start: int
    stop: int
    name: str

    def check(self, start: int, stop: int, name: str, level: int = 0) -> None:
        """Raise unless each element is of a type that may stand there."""
        if start == stop and level:
            return  # an empty array
        begin = _begin(self.content, start, stop, self.order)
        if begin.kind in OTHER_CLASSES or (begin.flags & IS_COMPLEX and begin.kind in NUMBERS):
            raise refused(self.path, name, OTHER_CLASSES.get(begin.kind, "complex"))
        count = math.prod(begin.shape)
        is_possible = 2 <= len(begin.shape) <= 32 and min(begin.shape) >= 0
        if level > MOST_LEVELS or not is_possible or count > stop - start:
            raise ValueError(f"{name} has the shape {begin.shape} in {stop - start} bytes")
        check_memory(8.0 * count, f"{name} of {self.path.name}", "End other programs.")
        rest = list(_elements(self.content, begin.at, stop, self.order))
        if begin.kind in (CELL, STRUCT):
            n_fields = self._n_fields(rest[:2], name) if begin.kind == STRUCT else 1
            cells = rest[2:] if begin.kind == STRUCT else rest
            if len(cells) != count * n_fields or any(cell.type != MATRIX for cell in cells):
                raise ValueError(f"{name} has {len(cells)} cells for the shape {begin.shape}")
            for cell in cells:
                self.check(cell.start, cell.end, name, level + 1)
            return
        types = TEXT_TYPES if begin.kind == TEXT else NUMBER_TYPES
        is_known = begin.kind == TEXT or begin.kind in NUMBERS
        if not is_known or len(rest) > 1 or any(element.type not in types for element in rest):
            raise ValueError(f"{name} is of the class {begin.kind}, with {len(rest)} elements")

    def array(self) -> np.ndarray | None:
        """The values of an unpacked array of real numbers, read-only; None of anything else."""
        begin = _begin(self.content, self.start, self.stop, self.order)
        rest = list(_elements(self.content, begin.at, self.stop, self.order))
        stored = STORED.get(rest[0].type) if len(rest) == 1 else None
        real = None if begin.flags & IS_LOGICAL else REAL.get(begin.kind)
        if real is None or stored is None or not isinstance(self.content, bytes):
            return None
        data, dtype = rest[0], np.dtype(f"{self.order}{stored}")
        if not np.can_cast(dtype, real):
            return None
        if data.end - data.start != math.prod(begin.shape) * dtype.itemsize:
            raise ValueError(f"{self.name} has not as many values as its shape {begin.shape}")
        values = np.frombuffer(memoryview(self.content)[data.start : data.end], dtype)
        return values.astype(real, copy=False).reshape(begin.shape, order="F")

    def _n_fields(self, named: list[_Element], name: str) -> int:
        """Number of fields of a struct: of each name's length, and all names one after another."""
        if [element.type for element in named] == [INT32, INT8]:
            length, names = named
            size = unpack_from(f"{self.order}i", self.content, length.start)[0]
            if length.end - length.start == 4 and size > 0:
                return (names.end - names.start) // int(size)
        raise ValueError(f"{name} has no names of its fields")


def _begin(content: Content, start: int, stop: int, order: str) -> _Begin:
    first = list(itertools.islice(_elements(content, start, stop, order), 3))
    data = [content[element.start : element.end] for element in first]
    if len(first) < 3 or (first[0].type, len(data[0])) != (UINT32, 8):
        raise ValueError("a variable has no flags, dimensions and name")
    flags = int(unpack_from(f"{order}I", data[0])[0])
    if flags & 0xFF == OPAQUE:  # it has no dimensions
        return _Begin(OPAQUE, flags, (1, 1), data[1].decode("latin-1"), first[1].next)
    if first[1].type not in (INT32, UINT32) or first[2].type not in NAME_TYPES:
        raise ValueError("a variable has no dimensions, or no name")
    shape = unpack_from(f"{order}{len(data[1]) // 4}i", data[1])
    return _Begin(flags & 0xFF, flags, shape, data[2].decode("utf-8", "replace"), first[2].next)


def _elements(content: Content, start: int, stop: int, order: str) -> Iterator[_Element]:
    while start < stop:
        if start + TAG > stop:
            raise ValueError("it ends within a tag")
        kind, length = unpack_from(f"{order}II", content, start)
        if kind >> 16:  # a short one has its data in its tag
            kind, length, data, following = kind & 0xFFFF, kind >> 16, start + 4, start + TAG
        else:
            data = start + TAG
            following = data + length + (0 if kind in (MATRIX, COMPRESSED) else -length % 8)
        if data + length > min(stop, following):
            raise ValueError(f"{length} bytes from {data} are not there")
        yield _Element(kind, data, data + length, min(following, stop))
        start = following
