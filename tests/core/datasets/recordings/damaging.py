"""Small releases of every layout, one file of which is damaged before they are opened."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from scipy.io import savemat

from core import datasets
from core.datasets.recordings import kriegeskorte92
from core.errors import NeurogalleryError
from tests.core.datasets.layouts import (
    algonauts2023,
    bold5000,
    bravl,
    god,
    laion_fmri,
    mosaic,
    nsd,
    things_fmri,
)
from tests.core.datasets.recordings.mistakes import make_folder

SUBJ, SUB, CSI = ("subj01",), ("sub-01",), ("CSI1",)


class Layout(NamedTuple):
    """Writes a small release below a folder; the recording and the options that open it."""

    write: Callable[[Path], object]
    recording: str
    options: Mapping[str, str] = MappingProxyType({})


class Damage(NamedTuple):
    """What happens to a file; ``other`` is the number of a file that it is swapped with.

    ``kept`` is the share of the file that is kept, ``bytes`` are (place as a share, value).
    """

    kind: str
    bytes: Sequence[tuple[float, int]] = ()
    kept: float = 1.0
    other: int = 0


KINDS = ("overwritten", "begin overwritten", "cut", "longer", "empty", "swapped", "renamed")
BEGIN = 600
LAYOUTS = {
    "bold5000 mat": Layout(lambda root: bold5000.write(root, CSI, ("mat",), ("34",)), "bold5000"),
    "bold5000 h5": Layout(lambda root: bold5000.write(root, CSI, ("h5",), ("34",)), "bold5000"),
    "bold5000 2.0": Layout(
        lambda root: bold5000.write_2(root, CSI), "bold5000", {"release": "2.0"}
    ),
    "bold5000 objects of COCO": Layout(
        lambda root: bold5000.write_2(root, CSI, with_objects=True), "bold5000"
    ),
    "algonauts2023": Layout(lambda root: algonauts2023.write(root, SUBJ, True), "algonauts2023"),
    "nsd nii.gz": Layout(lambda root: nsd.write(root, SUBJ), "nsd"),
    "nsd hdf5": Layout(lambda root: nsd.write(root, SUBJ, formats=("hdf5",)), "nsd"),
    "nsd mgh": Layout(
        lambda root: nsd.write(root, SUBJ, formats=("mgh",)), "nsd", {"space": "fsaverage"}
    ),
    "god h5": Layout(lambda root: god.write(root, ("Subject1",)), "god"),
    "god mat": Layout(lambda root: god.write(root, ("Subject1",), "mat"), "god"),
    "mosaic": Layout(lambda root: mosaic.write(root, ("sub-01_NSD",)), "mosaic"),
    "mosaic images": Layout(
        lambda root: mosaic.write(root, ("sub-01_NSD",), with_images=True), "mosaic"
    ),
    "laion_fmri": Layout(lambda root: laion_fmri.write(root, SUB), "laion_fmri"),
    "things_fmri": Layout(lambda root: things_fmri.write(root, SUB), "things_fmri"),
    "bravl": Layout(lambda root: bravl.write(root, SUB), "bravl"),
    "folder": Layout(lambda root: make_folder(root.parent).rename(root), "folder"),
    "kriegeskorte92": Layout(lambda root: write_kriegeskorte92(root), "kriegeskorte92"),
}


def write_kriegeskorte92(root: Path) -> None:
    """Write the four files, with RDMs of noise and images of one colour."""
    root.mkdir()
    rng = np.random.default_rng(0)
    n = kriegeskorte92.N_STIMULI

    def rdms(names: Sequence[str]) -> np.ndarray:
        records = np.empty((1, len(names)), dtype=[("RDM", object), ("name", object)])
        for number, name in enumerate(names):
            square = rng.uniform(0, 2, (n, n))
            square = np.tril(square, -1) + np.tril(square, -1).T
            records[0, number] = (square, name)
        return records

    people = [f"hIT | {who} | Session: {s}" for who in kriegeskorte92.SUBJECTS for s in (1, 2)]
    fields = [*kriegeskorte92.FLAGS, "category", "image"]
    objects = np.empty((1, n), dtype=[(name, object) for name in fields])
    for number in range(n):
        flags = [float(number % 2)] * len(kriegeskorte92.FLAGS)
        image = np.full((6, 5, 3), 2 * number, dtype=np.uint8)
        objects[0, number] = (*flags, f"kind {number % 4}", image)
    contents = (
        {"RDMs": rdms(people)},
        {"Models": rdms([f"model {k}" for k in range(8)])},
        {"rdms_behav_92": rdms([""] * 16)},
        {"RDMs_mIT_hIT_fig1": rdms(["mIT", "hIT"]), "stimuli_92objs": objects},
    )
    for name, content in zip(kriegeskorte92.FILES, contents, strict=True):
        savemat(root / name, content, do_compression=True)


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


@contextmanager
def damaged(root: Path, path: Path, damage: Damage) -> Iterator[None]:
    """Within, a file is damaged; afterwards the folder is as it was."""
    content = path.read_bytes()
    others = [each for each in files_of(root) if each.suffix == path.suffix]
    other = others[damage.other % len(others)]
    held = other.read_bytes()
    try:
        if damage.kind == "swapped":
            path.write_bytes(held)
            other.write_bytes(content)
        elif damage.kind == "renamed":
            path.rename(path.with_name(f"x{path.name}"))
        else:
            path.write_bytes(changed(content, damage))
        yield
    finally:
        shutil.rmtree(path.with_name(f"x{path.name}"), ignore_errors=True)
        path.with_name(f"x{path.name}").unlink(missing_ok=True)
        path.write_bytes(content)
        if damage.kind == "swapped" and other != path:
            other.write_bytes(held)


def changed(content: bytes, damage: Damage) -> bytes:
    if damage.kind == "cut":
        return content[: int(damage.kept * len(content))]
    if damage.kind == "longer":
        return content + bytes(value for _, value in damage.bytes)
    if damage.kind == "empty":
        return b""
    length = min(len(content), BEGIN) if damage.kind.startswith("begin") else len(content)
    result = bytearray(content)
    for place, value in damage.bytes:
        if length:
            result[min(length - 1, int(place * length))] = value
    return bytes(result)


def opened(root: Path, layout: Layout) -> str:
    """Open a recording, its responses and an image of each source; what was refused, else ''."""
    try:
        ds = datasets.load(layout.recording, root=root, **layout.options)
        if ds.betas is not None:
            ds.responses()
        if ds.images is not None:
            present = ds.stimuli[~ds.stimuli["id"].isin(ds.missing_images())]
            for stimulus in present.drop_duplicates("source")["id"]:
                ds.image(stimulus)
    except NeurogalleryError as error:
        return str(error) or "refused"
    return ""
