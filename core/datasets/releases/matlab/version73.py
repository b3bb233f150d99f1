"""MATLAB's v7.3, which is HDF5: axes reversed, cells by reference, classes in attributes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from core.datasets.releases.hdf5 import check_stored, find, names_in, open_hdf5, read_whole
from core.errors import CorruptDataError

if TYPE_CHECKING:
    import h5py

MatValue: TypeAlias = "np.ndarray | str | list[Any] | dict[str, Any]"
# The classes of arrays by their name in MATLAB; characters, cells and structs are read as well.
NUMBERS = {
    "double": "f8",
    "single": "f4",
    "logical": "?",
    **{f"int{8 * size}": f"i{size}" for size in (1, 2, 4, 8)},
    **{f"uint{8 * size}": f"u{size}" for size in (1, 2, 4, 8)},
}
OTHERS = ("char", "cell", "struct")
# How deep and how many: references may run in a ring, or fan out without end.
MOST_LEVELS, MOST_CELLS = 20, 1_000_000
EXPECTED = "a MATLAB file of arrays, text, cells and structs, whole"


def read_variables(path: Path, names: Collection[str] | None) -> dict[str, MatValue]:
    """Variables of a v7.3 file; see ``matlab.read_mat``."""
    with open_hdf5(path) as file:
        held = [name for name in names_in(file) if not name.startswith("#")]
        reader = _Reader(path, file)
        return {
            name: reader.read(find(file, name), name)
            for name in held
            if names is None or name in names
        }


def refused(path: Path, name: str, kind: str) -> CorruptDataError:
    """Error for a variable, or a part of it, of a class that is not read."""
    remedy = "In MATLAB, save what you need of it as a plain array."
    return CorruptDataError(f"{path.name}: {name} is of the class {kind}", EXPECTED, remedy)


def as_text(lines: list[str]) -> str | list[str]:
    """Rows of characters: one text, or a list where there are several."""
    return lines if len(lines) > 1 else "".join(lines)


def as_list(cells: np.ndarray) -> list[Any]:
    """Cells as a list, or as a list of rows where they have rows and columns."""
    is_matrix = cells.ndim > 1 and cells.size > max(cells.shape)
    return list(cells.tolist() if is_matrix else cells.ravel().tolist())


def as_structs(records: list[dict[str, Any]]) -> dict[str, Any] | list[Any]:
    """The records of a struct: one dict, or a list where there are several or none."""
    return records[0] if len(records) == 1 else records


class _Reader:
    """Reads variables of an open file, and bounds how many values they lead to."""

    def __init__(self, path: Path, file: h5py.File) -> None:
        self._path, self._file, self._left = path, file, MOST_CELLS

    def read(self, held: h5py.HLObject | None, name: str, level: int = 0) -> MatValue:
        import h5py

        self._count(1, name, level)
        kind = _class_of(held)
        if held is None or "MATLAB_object_decode" in held.attrs:
            raise refused(self._path, name, kind or "nothing")
        if "MATLAB_sparse" in held.attrs:
            raise refused(self._path, name, "sparse")
        if isinstance(held, h5py.Group) and kind in ("", "struct"):
            return self._struct(held, name, level)
        if not isinstance(held, h5py.Dataset) or kind not in ("", *NUMBERS, *OTHERS):
            raise refused(self._path, name, kind or type(held).__name__)
        if held.attrs.get("MATLAB_empty", 0):
            return self._empty(held, kind, name)
        if h5py.check_ref_dtype(held.dtype) is h5py.Reference:
            return as_list(self._cells(held, name, level))
        return self._numbers(held, kind, name)

    def _struct(self, group: h5py.Group, name: str, level: int) -> MatValue:
        import h5py

        members = {field: find(group, field) for field in names_in(group)}
        # Fields of several records are references without a class, those of one are its values.
        is_array = bool(members) and all(
            isinstance(member, h5py.Dataset)
            and not _class_of(member)
            and h5py.check_ref_dtype(member.dtype) is h5py.Reference
            for member in members.values()
        )
        if not is_array:
            return {
                field: self.read(member, f"{name}.{field}", level + 1)
                for field, member in members.items()
            }
        columns = {
            field: self._cells(member, f"{name}.{field}", level).ravel()
            for field, member in members.items()
        }
        count = {len(column) for column in columns.values()}
        if len(count) > 1:
            problem = f"{self._path.name}: fields of {name} differ in length"
            raise CorruptDataError(problem, EXPECTED)
        records = zip(*columns.values(), strict=True)
        return as_structs([dict(zip(columns, record, strict=True)) for record in records])

    def _cells(self, held: h5py.Dataset, name: str, level: int) -> np.ndarray:
        check_stored(held, with_references=True)
        self._count(held.size, name, level)
        references = np.asarray(read_whole(held)).T
        cells = np.empty(references.shape, dtype=object)
        for place, reference in np.ndenumerate(references):
            target = self._file[reference] if reference else None
            cells[place] = self.read(target, f"{name}{{…}}", level + 1)
        return cells

    def _numbers(self, held: h5py.Dataset, kind: str, name: str) -> MatValue:
        check_stored(held)
        array = read_whole(held)
        if array.dtype.kind not in "biuf":
            raise refused(self._path, name, "complex" if array.dtype.names else str(held.dtype))
        if kind == "char":
            lines = np.atleast_2d(array.astype("<u2").T)
            return as_text([line.tobytes().decode("utf-16-le") for line in lines])
        if kind in NUMBERS:
            array = array.astype(NUMBERS[kind], copy=False)
        return array.T

    def _empty(self, held: h5py.Dataset, kind: str, name: str) -> MatValue:
        if kind not in NUMBERS:
            return "" if kind == "char" else []
        shape = tuple(int(length) for length in read_whole(held).ravel()[:32])
        if 0 not in shape or held.size > 32:
            raise CorruptDataError(f"{self._path.name}: {name} is empty, of {shape}", EXPECTED)
        return np.zeros(shape, dtype=NUMBERS[kind])

    def _count(self, cells: int, name: str, level: int) -> None:
        self._left -= cells
        if level > MOST_LEVELS or self._left < 0:
            limit = f"{MOST_LEVELS} levels" if self._left >= 0 else f"{MOST_CELLS:,} cells"
            raise CorruptDataError(f"{self._path.name}: {name} has more than {limit}", EXPECTED)


def _class_of(held: h5py.HLObject | None) -> str:
    kind = "" if held is None else held.attrs.get("MATLAB_class", "")
    return kind.decode("ascii", "replace") if isinstance(kind, bytes) else str(kind)
