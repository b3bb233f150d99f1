"""RDMs in the HDF5 layout of rsatoolbox, written and read without it.

The layout is that of ``rsatoolbox.rdm.RDMs.save`` (rsatoolbox 0.3.2, ``io/hdf5.py``): the upper
triangles in ``dissimilarities`` (rdms, pairs), and the groups ``descriptors``,
``rdm_descriptors`` and ``pattern_descriptors``, in which an array holds a value for each RDM or
stimulus. ``rsatoolbox.rdm.load_rdm`` opens what is written here.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.releases import hdf5
from core.errors import CorruptDataError, InputError
from core.rsa.bank import RdmSet
from core.validation import enumerate_names

# The version whose layout is written; it asks for an attribute of this name.
LAYOUT = "0.3.2"
VALUES = "dissimilarities"
STIMULI, RDMS, ABOUT = "pattern_descriptors", "rdm_descriptors", "descriptors"
MEASURES = {
    "correlation": "correlation",
    "sqeuclidean_per_channel": "squared euclidean",
    "crossnobis": "crossnobis",
}


@dataclass(frozen=True)
class RdmFile:
    """What a file of RDMs holds, unchecked.

    Attributes
    ----------
    values : np.ndarray of shape (k, pairs) or (k, n, n)
    stimuli, rdms : dict of str to list of str
        Descriptors of the stimuli, and of the RDMs.
    measure : str
        The dissimilarity, '' where the file names none.
    """

    values: np.ndarray
    stimuli: Mapping[str, list[str]] = field(default_factory=dict)
    rdms: Mapping[str, list[str]] = field(default_factory=dict)
    measure: str = ""


def export_hdf5(
    gathered: RdmSet,
    stimuli: Mapping[str, Sequence[str]] | None = None,
    about: Mapping[str, str] | None = None,
    metric: str = "",
) -> bytes:
    """RDMs as an HDF5 file that rsatoolbox opens.

    Parameters
    ----------
    gathered : RdmSet
    stimuli : mapping of str to sequence of str, optional
        Further descriptors of the stimuli, such as their categories.
    about : mapping of str to str, optional
        Descriptors of the whole.
    metric : str
        Id of the metric, named where all RDMs are of it.
    """
    import h5py

    n = len(gathered.ids)
    of_rdms = {
        "name": [source.title for source in gathered.sources],
        "kind": [source.kind for source in gathered.sources],
        "subject": [source.subject for source in gathered.sources],
    }
    of_stimuli = {"id": list(gathered.ids), **(stimuli or {})}
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["rsatoolbox_version"] = LAYOUT
        file.attrs["dissimilarity_measure"] = MEASURES.get(metric, metric or "mixed")
        file[VALUES] = np.asarray(gathered.vectors, dtype=np.float64)
        whole = file.create_group(ABOUT)
        for name, text in (about or {}).items():
            whole.attrs[name] = text
        _write_lists(file.create_group(RDMS), of_rdms, len(gathered.sources))
        _write_lists(file.create_group(STIMULI), of_stimuli, n)
    return buffer.getvalue()


def _write_lists(group: Any, lists: Mapping[str, Sequence[str]], count: int) -> None:
    group["index"] = np.arange(count)
    for name, texts in lists.items():
        # rsatoolbox decodes fixed-length bytes as ASCII: what is none of it would not open there.
        encoded = [text.encode("ascii", "backslashreplace") for text in map(str, texts)]
        group[name] = np.array(encoded, dtype=f"S{max(1, *map(len, encoded))}")


def read_hdf5(path: Path) -> RdmFile:
    """Read the layout of rsatoolbox; links out of the file are not followed.

    Raises
    ------
    CorruptDataError
        If it is damaged or of another layout.
    InputError
        If it claims more than the free memory.
    """
    with hdf5.open_hdf5(path) as file:
        if hdf5.find(file, VALUES) is None:
            raise CorruptDataError(
                f"{path.name} has no {VALUES!r}; it holds "
                f"{enumerate_names(hdf5.names_in(file)) or 'nothing'}",
                "the layout of rsatoolbox",
                "Write it with rsatoolbox: rdms.save('rdms.h5', file_type='hdf5').",
            )
        stored = hdf5.dataset(file, VALUES)
        _check_plain(stored, path)
        values = hdf5.read_whole(stored)
        return RdmFile(
            values, _lists(file, STIMULI, path), _lists(file, RDMS, path), _measure(file, path)
        )


def _check_plain(stored: Any, path: Path) -> None:
    """Raise InputError where values would take more room than their file: before they are read."""
    claimed = math.prod(stored.shape or (0,)) * stored.dtype.itemsize
    if stored.compression is not None or claimed > path.stat().st_size:
        raise InputError(
            f"The values of {stored.name!r} in {path.name} are compressed",
            "values stored as they are",
            "Write it with rsatoolbox: rdms.save('rdms.h5', file_type='hdf5').",
        )


def _measure(file: Any, path: Path) -> str:
    hdf5.check_heaps(path)
    measure = file.attrs.get("dissimilarity_measure", "")
    return measure if isinstance(measure, str) else ""


def _lists(file: Any, name: str, path: Path) -> dict[str, list[str]]:
    """The descriptors of a group that are lists of texts or numbers."""
    import h5py

    if hdf5.find(file, name) is None:
        return {}
    group, lists = hdf5.subgroup(file, name), {}
    for key in hdf5.names_in(group):
        held = hdf5.find(group, key)
        if not isinstance(held, h5py.Dataset) or held.shape is None or len(held.shape) != 1:
            continue
        hdf5.check_stored(held)
        _check_plain(held, path)
        if h5py.check_string_dtype(held.dtype) is not None:
            lists[key] = hdf5.read_text(held)
        elif held.dtype.kind in "iub":
            lists[key] = [str(number) for number in hdf5.read_whole(held)]
    return lists
