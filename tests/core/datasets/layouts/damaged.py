"""Files as they must not be: each function damages one, or writes one that is to be refused.

The exceptions are ``to_v73``, ``as_v73`` and ``link_within``, after which the file is still right.
"""

from __future__ import annotations

import collections
import fractions
import io
import pickle
import shutil
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.io import loadmat, savemat
from scipy.io.matlab import MatlabObject

from tests.core.datasets.layouts.algonauts2023 import name_map

CLASSES = {
    "float64": "double",
    "float32": "single",
    "bool": "logical",
    **{name: name for name in ("int8", "uint8", "int16", "uint16", "int32", "uint32")},
    **{name: name for name in ("int64", "uint64")},
}
USER_BLOCK = 512


def to_v73(path: Path, values: Mapping[str, Any], attributes: bool = True) -> None:
    """Write a .mat as MATLAB 7.3 does: HDF5 behind 512 bytes, axes reversed, classes as attributes.

    Arrays, texts, lists (cells) and mappings (structs, 1 x 1). Vectors are 1 x N. Logical
    arrays are uint8, empty ones a pair of sizes with ``MATLAB_empty``; cells are references into
    ``#refs#``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=USER_BLOCK) as file:
        for name, value in values.items():
            _put(file, file, name, value, attributes)
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan 01 00:00:00 2024 HDF5 "
    with path.open("r+b") as raw:
        raw.write(head.ljust(116) + b"\0" * 8 + b"\x00\x02IM")


def as_v73(path: Path, attributes: bool = True) -> None:
    """Write a .mat of version 5 (arrays, texts, cells, structs of 1 x 1) anew as version 7.3."""
    contents = {k: _plain(v) for k, v in loadmat(path).items() if not k.startswith("__")}
    to_v73(path, contents, attributes)


def _plain(value: np.ndarray) -> Any:
    if value.dtype.names:
        return {name: _plain(value[name][0, 0]) for name in value.dtype.names}
    if value.dtype == object:
        return [_plain(part) for part in value.ravel()]
    return "".join(value.ravel()) if value.dtype.kind == "U" else value


def _put(file: h5py.File, group: h5py.Group, name: str, value: Any, attributes: bool) -> None:
    if isinstance(value, Mapping):
        struct = group.create_group(name)
        struct.attrs["MATLAB_class"] = np.bytes_("struct")
        for key, part in value.items():
            _put(file, struct, key, part, attributes)
        return
    if isinstance(value, list):
        _put_cells(file, group, name, value, attributes)
        return
    if isinstance(value, str):
        array, kind = np.array([[ord(c) for c in value]], dtype=np.uint16), "char"
    else:
        array = np.asarray(value)
        kind = CLASSES[array.dtype.name]
    array = array.reshape(1, -1) if array.ndim < 2 else array
    if array.size == 0:
        item = group.create_dataset(name, data=np.array(array.shape, dtype=np.uint64))
        item.attrs["MATLAB_empty"] = np.uint8(1)
    else:
        stored = array.astype(np.uint8) if array.dtype == bool else array
        item = group.create_dataset(name, data=stored.T)
    if attributes:
        item.attrs["MATLAB_class"] = np.bytes_(kind)
        if kind in ("logical", "char"):
            item.attrs["MATLAB_int_decode"] = np.int32(1 if kind == "logical" else 2)


def _put_cells(
    file: h5py.File, group: h5py.Group, name: str, parts: Sequence[Any], attributes: bool
) -> None:
    store = file.require_group("#refs#")
    references = []
    for part in parts:
        key = f"r{len(store)}"
        _put(file, store, key, part, attributes)
        references.append(store[key].ref)
    cells = np.array(references, dtype=h5py.ref_dtype).reshape(-1, 1)
    item = group.create_dataset(name, data=cells, dtype=h5py.ref_dtype)
    item.attrs["MATLAB_class"] = np.bytes_("cell")


def truncate(path: Path, keep: float = 0.6) -> None:
    """Cut a file as a broken download does."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])


def cut_image(path: Path) -> None:
    """Cut an image in the middle of its pixels: it opens, and cannot be decoded."""
    truncate(path, 0.7)


def link_outside(path: Path, name: str, outside: Path) -> None:
    """Move a dataset of an HDF5 file to a file elsewhere, and link there."""
    outside.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "r+") as file, h5py.File(outside, "w") as other:
        file.copy(name, other, "stolen")
        del file[name]
        file[name] = h5py.ExternalLink(str(outside), "/stolen")


def raw_outside(path: Path, name: str, outside: Path) -> None:
    """Keep a dataset's numbers in a raw file elsewhere (HDF5 external storage)."""
    outside.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "r+") as file:
        values = file[name][()]
        del file[name]
        outside.write_bytes(np.ascontiguousarray(values).tobytes())
        file.create_dataset(
            name, values.shape, values.dtype, external=[(str(outside), 0, values.nbytes)]
        )


def link_within(path: Path, name: str) -> None:
    """Put a soft link to a group of the same file in place of a dataset: harmless, same content."""
    with h5py.File(path, "r+") as file:
        file.move(name, "moved")
        file[name] = h5py.SoftLink("/moved")


def link_nowhere(path: Path, name: str) -> None:
    """Put a soft link that ends nowhere in place of a dataset."""
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = h5py.SoftLink("/not/there")


def link_through(path: Path, name: str, outside: Path) -> None:
    """Soft link whose way leads through an external link out of the file."""
    outside.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "r+") as file, h5py.File(outside, "w") as other:
        file.copy(name, other, "stolen")
        del file[name]
        file["door"] = h5py.ExternalLink(str(outside), "/")
        file[name] = h5py.SoftLink("/door/stolen")


def replace_by_link(path: Path, outside: Path) -> None:
    """Move a file elsewhere and leave a symbolic link of the file system."""
    outside.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, outside)
    path.symlink_to(outside)


def add_object(path: Path, name: str = "net") -> None:
    """Add an object of a MATLAB class to a .mat of version 5."""
    fields = np.zeros((1, 1), dtype=[("weights", object)])
    fields["weights"][0, 0] = np.eye(2)
    # Sizes are written when the rest is, so the file cannot be open for appending alone.
    with path.open("r+b") as file:
        file.seek(0, io.SEEK_END)
        savemat(file, {name: MatlabObject(fields, "network")})


def add_function(path: Path, name: str = "f") -> None:
    """Add a function handle (class 16, which scipy cannot write) to a .mat of version 5."""
    buffer = io.BytesIO()
    savemat(buffer, {name: "@(x) x"})
    inner = buffer.getvalue()[128:]
    text = name.encode()
    body = struct.pack("<IIII", 6, 8, 16, 0) + struct.pack("<IIii", 5, 8, 1, 1)
    body += struct.pack("<II", 1, len(text)) + text + b"\0" * (-len(text) % 8) + inner
    with path.open("ab") as file:
        file.write(struct.pack("<II", 14, len(body)) + body)


def foreign_map(kind: str = "OrderedDict") -> bytes:
    """Give a name map whose pickle names a class that no genuine one does (harmless ones)."""
    items = {0: "Unknown", 1: "V1v"}
    value = {
        "OrderedDict": collections.OrderedDict(items),
        "Fraction": {0: "Unknown", 1: fractions.Fraction(1, 3)},
        "set": {0: "Unknown", 1: {1, 2}},
    }[kind]
    if isinstance(value, collections.OrderedDict):
        return _map_of(value)
    return name_map(value)


def calling_map() -> bytes:
    """Give a name map that calls ``fractions.Fraction('7/2')`` when it is unpickled."""

    class Caller:
        def __reduce__(self) -> tuple[Any, ...]:
            return fractions.Fraction, ("7/2",)

    return name_map({0: Caller()})


def _map_of(value: Any) -> bytes:
    array = np.empty((), dtype=object)
    array[()] = value
    genuine = name_map({})
    head = genuine[: 10 + int.from_bytes(genuine[8:10], "little")]
    return head + pickle.dumps(array, protocol=3)


def swap(first: Path, second: Path) -> None:
    """Exchange two files, such as those of the hemispheres."""
    between = first.with_name(f"{first.name}.between")
    first.rename(between)
    second.rename(first)
    between.rename(second)


def change_lines(path: Path, how: str) -> None:
    """Make a list longer, shorter, empty, or of other line ends ('longer', 'shorter', ...)."""
    lines = path.read_text("utf-8").splitlines()
    changed = {
        "longer": [*lines, lines[-1]],
        "shorter": lines[:-1],
        "reversed": lines[::-1],
        "blank": [*lines[:2], "", *lines[2:]],
        "empty": [],
        "crlf": lines,
    }[how]
    end = "\r\n" if how == "crlf" else "\n"
    path.write_text("".join(line + end for line in changed), "utf-8", newline="")


def change_npy(path: Path, how: str) -> None:
    """Change an array: 'shorter', 'wider', 'transposed', 'objects', 'text', 'float16', 'nan'."""
    array = np.load(path)
    changed: dict[str, Any] = {
        "shorter": array[:-1],
        "wider": np.hstack([array, array[:, :1]]) if array.ndim == 2 else array,
        "transposed": array.T,
        "objects": array.astype(object),
        "text": array.astype(str),
        "float16": array.astype(np.float16),
        "nan": np.full(array.shape, np.nan, dtype=np.float32),
        "big": array.astype(array.dtype.newbyteorder(">")),
        "fortran": np.asfortranarray(array),
    }
    np.save(path, changed[how], allow_pickle=True)
