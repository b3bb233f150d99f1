"""NIfTI-1 and MGH files written from the descriptions of the formats, without nibabel."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

NIFTI = {"uint8": 2, "int16": 4, "int32": 8, "float32": 16, "float64": 64}
MGH = {"uint8": 0, "int32": 1, "float32": 3, "int16": 4}


def write_nifti(
    path: Path, values: np.ndarray, slope: float = 1.0, intercept: float = 0.0, byte: str = "<"
) -> None:
    """Write a volume (X, Y, Z) or series (X, Y, Z, t), compressed where the name ends in .gz."""
    header = bytearray(352)
    shape = values.shape
    dims = [len(shape), *shape] + [1] * (7 - len(shape))
    code, bits = NIFTI[values.dtype.name], values.dtype.itemsize * 8
    struct.pack_into(f"{byte}i", header, 0, 348)
    struct.pack_into(f"{byte}8h", header, 40, *dims)
    struct.pack_into(f"{byte}hh", header, 70, code, bits)
    struct.pack_into(f"{byte}8f", header, 76, 1.0, 1.8, 1.8, 1.8, 1.6, 0, 0, 0)
    struct.pack_into(f"{byte}fff", header, 108, 352.0, slope, intercept)
    header[123] = 10  # millimetres and seconds
    struct.pack_into(f"{byte}hh", header, 252, 0, 1)  # sform: scanner
    rows = ((1.8, 0, 0, -72), (0, 1.8, 0, -90), (0, 0, 1.8, -60))
    for number, row in enumerate(rows):
        struct.pack_into(f"{byte}4f", header, 280 + 16 * number, *row)
    header[344:348] = b"n+1\0"
    ordered = values.astype(values.dtype.newbyteorder(byte)).tobytes(order="F")
    _write(path, bytes(header) + ordered)


def write_mgh(path: Path, values: np.ndarray) -> None:
    """Write (n,) or (n, t) as (n, 1, 1[, t]), big-endian; .mgz is compressed."""
    frames = values.shape[1] if values.ndim == 2 else 1
    header = bytearray(284)
    kind = MGH[values.dtype.name]
    struct.pack_into(">7i", header, 0, 1, len(values), 1, 1, frames, kind, 0)
    struct.pack_into(">h", header, 28, 1)
    struct.pack_into(">15f", header, 30, 1, 1, 1, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0, 0)
    ordered = values.astype(values.dtype.newbyteorder(">")).tobytes(order="F")
    _write(path, bytes(header) + ordered)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    compressed = path.suffix in (".gz", ".mgz")
    path.write_bytes(gzip.compress(data, 1, mtime=0) if compressed else data)
