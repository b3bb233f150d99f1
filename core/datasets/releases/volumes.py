"""Volumes and surfaces of releases: NIfTI and MGH, read volume by volume, scaled once.

nibabel reads the headers. The values are read here, for nibabel holds a whole 4-D array in
float64 to scale it, and decompresses from the start for each slice of a ``.gz``.
"""

from __future__ import annotations

import gzip
import math
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import error as struct_error
from typing import Any, NamedTuple

import numpy as np

from core.errors import CorruptDataError, InputError, NotFoundError
from core.memory import check_memory
from core.store.stamps import enter

VOLUMES, SURFACES = (".nii.gz", ".nii"), (".mgz", ".mgh")
COMPRESSED = (".nii.gz", ".mgz")
# What nibabel, gzip and numpy raise on truncated and overwritten files, found by trying.
READ_ERRORS: tuple[type[Exception], ...] = (
    *(OSError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(OverflowError, MemoryError, zlib.error, struct_error),
)
REMEDY = "Download it again."
LARGEST_TABLE, LONGEST_LINE = 1_000_000, 500
NOTES_BYTES = 1_000_000  # what may follow the values in a file of FreeSurfer's
LARGEST_LABEL = 2**24  # above, float32 does not tell numbers apart
COLOUR = re.compile(r"(\s+\d+){3,4}\s*$")


class _Stored(NamedTuple):
    """Where and how a file holds its values: volume after volume, the first axis fastest."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float

    @property
    def volume_shape(self) -> tuple[int, ...]:
        return self.shape[:3]

    @property
    def n_volumes(self) -> int:
        return math.prod(self.shape[3:])


def volume_shape(path: Path) -> tuple[int, ...]:
    """(X, Y, Z) or (X, Y, Z, T) of a NIfTI or MGH file, by its header; raises as ``read_volume``.

    A surface has the shape (n, 1, 1) or (n, 1, 1, T).
    """
    return _stored(path, VOLUMES + SURFACES).shape


def read_volume(path: Path, integer_scale: float | None = None) -> np.ndarray:
    """Values of a NIfTI file, ``.nii`` or ``.nii.gz``.

    Parameters
    ----------
    path : Path
    integer_scale : float, optional
        Integers that the file's own header does not scale are divided by it.

    Returns
    -------
    np.ndarray of shape (X, Y, Z) or (X, Y, Z, T), float32

    Raises
    ------
    NotFoundError
        If there is no such file.
    CorruptDataError
        If it is no NIfTI file of real numbers, is truncated or damaged.
    InputError
        If it claims more than the free memory.
    """
    stored = _stored(path, VOLUMES)
    _check_size(stored, math.prod(stored.shape))
    values = np.empty((stored.n_volumes, math.prod(stored.volume_shape)), dtype=np.float32)
    for number, volume in enumerate(_volumes(stored)):
        values[number] = _scaled(volume, stored, integer_scale)
    return values.ravel().reshape(stored.shape, order="F")


def columns_of_volume(
    path: Path, indices: np.ndarray, integer_scale: float | None = None
) -> np.ndarray:
    """Values of some voxels in each volume of a NIfTI or MGH file, which is read through once.

    Held are one volume and the result, never the whole file.

    Parameters
    ----------
    path : Path
    indices : np.ndarray of shape (units,)
        ``np.flatnonzero`` of a mask (X, Y, Z), as ``read_volume`` and ``label_volume`` give it;
        the vertices of a surface.
    integer_scale : float, optional
        See ``read_volume``.

    Returns
    -------
    np.ndarray of shape (T, units), float32
        One row where the file holds a single volume.

    Raises
    ------
    InputError
        If an index lies outside the volume, or the result would not fit into the memory;
        else as ``read_volume``.
    """
    stored = _stored(path, VOLUMES + SURFACES)
    indices = np.asarray(indices)
    size = math.prod(stored.volume_shape)
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        raise InputError(
            f"Voxels up to {indices.max()} were asked of {path.name}, which has the shape "
            f"{stored.volume_shape}",
            "a mask of the same shape",
        )
    _check_size(stored, stored.n_volumes * indices.size)
    axes = np.unravel_index(indices.astype(np.intp), stored.volume_shape)
    places = np.ravel_multi_index(axes, stored.volume_shape, order="F")
    columns = np.empty((stored.n_volumes, indices.size), dtype=np.float32)
    for number, volume in enumerate(_volumes(stored)):
        columns[number] = _scaled(volume[places], stored, integer_scale)
    return columns


def read_surface(path: Path) -> np.ndarray:
    """Values of the vertices of a surface, ``.mgh`` or ``.mgz``.

    Returns
    -------
    np.ndarray of shape (n,), or (t, n) where there are several frames, float32
        In the byte order of the machine, which the files have not.

    Raises
    ------
    CorruptDataError
        If it is no file of FreeSurfer's, holds a volume, is truncated or damaged; else as
        ``read_volume``.
    """
    stored = _stored(path, SURFACES)
    n_vertices = max(stored.volume_shape)
    if math.prod(stored.volume_shape) != n_vertices:
        problem = f"{path.name} holds a volume of the shape {stored.volume_shape}"
        raise CorruptDataError(problem, "a value for each vertex of a surface")
    _check_size(stored, math.prod(stored.shape))
    values = np.empty((stored.n_volumes, n_vertices), dtype=np.float32)
    for number, frame in enumerate(_volumes(stored)):
        values[number] = _scaled(frame, stored, None)
    return values if len(stored.shape) > 3 and stored.n_volumes > 1 else values.reshape(-1)


def label_volume(path: Path) -> np.ndarray:
    """Whole numbers of the ROIs of a volume (X, Y, Z) or a surface (n,), 0 where it holds NaN.

    Returns
    -------
    np.ndarray of int32

    Raises
    ------
    CorruptDataError
        If it holds fractions, or several volumes; else as ``read_volume``.
    """
    is_surface = path.name.lower().endswith(SURFACES)
    values = np.nan_to_num(read_surface(path) if is_surface else read_volume(path), nan=0.0)
    if not is_surface and values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    is_whole = np.array_equal(values, np.rint(values)) and np.abs(values).max() < LARGEST_LABEL
    if values.ndim != (1 if is_surface else 3) or not is_whole:
        what = "several maps" if is_whole else "values that are no whole numbers"
        raise CorruptDataError(f"{path.name} holds {what}", "the number of an ROI at each place")
    return values.astype(np.int32)


def read_labels(path: Path) -> dict[int, str]:
    """Names of the ROIs of a colour table, ``.ctab``: a number and a name in each line.

    The name ends at a tab, or before the three or four numbers of a colour.

    Raises
    ------
    NotFoundError
        If there is no such file.
    CorruptDataError
        If a line has no number or no name, or a number has two names.
    """
    enter(path)
    if not path.is_file():
        raise NotFoundError(f"There is no {path.name} in {path.parent}", "a colour table")
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_TABLE + 1)
        if len(content) > LARGEST_TABLE:
            raise ValueError(f"more than {LARGEST_TABLE:,} bytes")
        lines = content.decode("utf-8-sig").splitlines()
    except (ValueError, OSError) as error:
        raise _damaged(path, error) from None
    labels: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        parts = line[:LONGEST_LINE].split(None, 1)
        if not parts or parts[0].startswith("#"):
            continue
        name = COLOUR.sub("", parts[1]).split("\t")[0].strip() if len(parts) == 2 else ""
        is_number = re.fullmatch(r"-?\d{1,9}", parts[0], re.ASCII)
        if not name or not is_number or labels.get(int(parts[0]), name) != name:
            raise CorruptDataError(
                f"Line {number} of {path.name} is {line[:60]!r}", "'1 V1v': a number, its name"
            )
        labels[int(parts[0])] = name
    return labels


def _stored(path: Path, endings: tuple[str, ...]) -> _Stored:
    import nibabel

    enter(path)
    if not path.is_file():
        raise NotFoundError(f"There is no {path.name} in {path.parent}")
    if not path.name.lower().endswith(endings):
        raise CorruptDataError(f"{path.name} is of another format", f"{' or '.join(endings)}")
    try:
        with np.errstate(all="ignore"):  # of the numbers of a damaged header
            image: Any = nibabel.load(path)
        values = image.dataobj
        shape, dtype = tuple(int(length) for length in image.shape), np.dtype(values.dtype)
        stored = _Stored(
            path, shape, dtype, int(values.offset), float(values.slope), float(values.inter)
        )
    except READ_ERRORS + _errors_of_nibabel() as error:
        raise _damaged(path, error) from None
    kinds = (nibabel.Nifti1Image, nibabel.Nifti2Image, nibabel.MGHImage)
    is_usual = type(image) in kinds and dtype.kind in "iuf" and len(shape) in (3, 4)
    if not is_usual or min(shape) < 1 or stored.offset < 0:
        problem = f"{path.name} holds {dtype} of the shape {shape}"
        raise CorruptDataError(problem, "real numbers in three or four dimensions")
    return stored


def _errors_of_nibabel() -> tuple[type[Exception], ...]:
    from nibabel.filebasedimages import ImageFileError
    from nibabel.freesurfer.mghformat import MGHError
    from nibabel.spatialimages import HeaderDataError, HeaderTypeError

    return ImageFileError, MGHError, HeaderDataError, HeaderTypeError


def _volumes(stored: _Stored) -> Iterator[np.ndarray]:
    """The values of each volume as they are stored, one after another in one buffer."""
    buffer = np.empty(math.prod(stored.volume_shape), dtype=stored.dtype)
    view = buffer.view(np.uint8).data
    with _opened(stored) as file:
        for number in range(stored.n_volumes):
            filled = 0
            while filled < len(view) and (count := file.readinto(view[filled:])):
                filled += count
            if filled < len(view):
                raise EOFError(f"it ends in volume {number + 1} of {stored.n_volumes}")
            yield buffer
        file.read(NOTES_BYTES)  # at the end, gzip compares its checksum


@contextmanager
def _opened(stored: _Stored) -> Iterator[Any]:
    is_packed = stored.path.name.lower().endswith(COMPRESSED)
    try:
        with (gzip.open if is_packed else open)(stored.path, "rb") as file:
            file.seek(stored.offset)
            yield file
    except READ_ERRORS as error:
        raise _damaged(stored.path, error) from None


def _scaled(values: np.ndarray, stored: _Stored, integer_scale: float | None) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        if stored.slope != 1 or stored.intercept != 0:
            values = values * stored.slope + stored.intercept
        elif integer_scale is not None and stored.dtype.kind in "iu":
            values = values / np.float32(integer_scale)
        return values.astype(np.float32, copy=False)


def _check_size(stored: _Stored, count: int) -> None:
    needed = 4.0 * count + stored.dtype.itemsize * math.prod(stored.volume_shape)
    what = f"{stored.path.name} with the shape {stored.shape}"
    check_memory(needed, what, "Check the file, or end other programs.")


def _damaged(path: Path, error: BaseException) -> CorruptDataError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return CorruptDataError(f"{path.name} could not be read ({reason})", "a whole file", REMEDY)
