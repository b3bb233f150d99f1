"""Images of a release by stimulus id: files of a folder, rows of an array, or JPEG bytes.

Each is called with an id, opens its file anew, so that threads share nothing, and says what it
is told by (``stamps``) and which ids have no image (``missing``).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.datasets.image_files import ImageFolder, as_rgb, read_image, stamps
from core.datasets.releases.hdf5 import dataset, open_hdf5
from core.errors import CorruptDataError, NotFoundError


class FileImages:
    """Image files below a folder.

    Parameters
    ----------
    folder : Path
    names : mapping of id to str
        Path of each image below the folder; found as ``ImageFolder`` finds it.
    """

    def __init__(self, folder: Path, names: Mapping[str, str]) -> None:
        self._folder, self._names = folder, names

    def __call__(self, stimulus_id: str) -> Image.Image:
        path = self._path(stimulus_id)
        if not path.is_file():
            raise NotFoundError(f"There is no image {path.name} of {stimulus_id!r}")
        return read_image(path, stimulus_id)

    def stamps(self) -> dict[str, Any]:
        """Name, size and time of change of each file; a part for ``store.fingerprint``."""
        return stamps(self._files)

    def missing(self) -> tuple[str, ...]:
        """The ids whose file is not there."""
        return tuple(name for name, path in self._files.items() if not path.is_file())

    def _path(self, stimulus_id: str) -> Path:
        if stimulus_id not in self._names:
            raise NotFoundError(f"There is no image of {stimulus_id!r}")
        return self._files[stimulus_id]

    @cached_property
    def _files(self) -> dict[str, Path]:
        folder = ImageFolder(self._folder)
        return {name: folder.find(file) for name, file in self._names.items()}


class BrickImages:
    """Rows of one dataset (n, height, width, 3) uint8 of an HDF5 file.

    Parameters
    ----------
    path : Path
    name : str
        Of the dataset.
    rows : mapping of id to int
        Row of each image, from 0.
    """

    def __init__(self, path: Path, name: str, rows: Mapping[str, int]) -> None:
        self._path, self._name, self._rows = path, name, rows

    def __call__(self, stimulus_id: str) -> Image.Image:
        if stimulus_id not in self._rows:
            raise NotFoundError(f"There is no image of {stimulus_id!r}")
        with open_hdf5(self._path) as file:
            stored = dataset(file, self._name)
            row = self._rows[stimulus_id]
            if not stored.shape or not 0 <= row < len(stored):
                raise NotFoundError(
                    f"{self._path.name} has no row {row} for the image {stimulus_id!r}; "
                    f"{self._name} has the shape {stored.shape}"
                )
            self._check(stored.shape, stored.dtype)
            return self._image(stored[row], stimulus_id)

    def stamps(self) -> dict[str, Any]:
        """Size and time of change of the file, and the rows; a part for ``store.fingerprint``."""
        return {"file": stamps({"file": self._path})["file"], "rows": dict(self._rows)}

    def missing(self) -> tuple[str, ...]:
        """The ids whose row the file has not: every one where there is no file."""
        if not self._path.is_file():
            return tuple(self._rows)
        with open_hdf5(self._path) as file:
            shape = dataset(file, self._name).shape
        count = shape[0] if shape else 0
        return tuple(name for name, row in self._rows.items() if not 0 <= row < count)

    def _check(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        if len(shape) != 4 or shape[3] != 3 or dtype != np.uint8:
            self._refuse(f"{self._name} holds {dtype} of the shape {shape}")

    def _image(self, stored: Any, stimulus_id: str) -> Image.Image:
        return as_rgb(Image.fromarray(np.ascontiguousarray(stored)))

    def _refuse(self, problem: str) -> None:
        raise CorruptDataError(f"{self._path.name}: {problem}", "RGB images, 8 bits a channel")


class JpegImages(BrickImages):
    """Rows of one dataset (n,) of an HDF5 file, each the bytes of a JPEG file."""

    def _check(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        import h5py

        if len(shape) != 1 or h5py.check_vlen_dtype(dtype) != np.uint8:
            self._refuse(f"{self._name} holds {dtype} of the shape {shape}")

    def _image(self, stored: Any, stimulus_id: str) -> Image.Image:
        content = io.BytesIO(np.asarray(stored, dtype=np.uint8).tobytes())
        return read_image(self._path, stimulus_id, content)
