"""Opening releases of full size, beside numpy, scipy and gzip on the same files.

The files are synthetic, of the layout and the size of the releases, and are removed afterwards.
Each turn is a process of its own that has imported what it needs before the clock starts; sides
take turns, and the fastest turn of each counts. Files are in the page cache, unless a side is cold.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.io import savemat

from core.datasets.dataset import Dataset, DatasetInfo
from core.datasets.missing import Scan
from core.datasets.tables import complete_trials
from tests.core.datasets.layouts.algonauts2023 import MAPS, SIDES, name_map
from tests.core.datasets.layouts.nsd import BETAS, TABLE
from tests.core.datasets.layouts.volumes import write_nifti

ALGONAUTS = (9841, {"lh": 19004, "rh": 20544})
BOLD5000_TRIALS = 5254
BOLD5000 = {
    "LH": {"EarlyVis": 210, "LOC": 152, "OPA": 101, "PPA": 131, "RSC": 86},
    "RH": {"EarlyVis": 285, "LOC": 190, "OPA": 187, "PPA": 200, "RSC": 143},
}
NSD_VOLUME, NSD_REGIONS, NSD_REGION_VOXELS = (81, 104, 83), 25, 600
PNG = b"\x89PNG\r\n\x1a\n" + bytes(25)
SIDE = """
import time
import numpy as np
import pandas, h5py, nibabel, scipy.io
from core import datasets
from tests.benchmarks import recordings
datasets.available()
began = time.perf_counter()
{step}
print(time.perf_counter() - began)
"""
PEAK = """
import threading, time
def anonymous():
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024
samples = []
def sample():
    while True:
        samples.append(anonymous())
        time.sleep(0.005)
threading.Thread(target=sample, daemon=True).start()
{step}
print(max(samples))
"""


class Sides(NamedTuple):
    """Seconds of ours and of a peer, the fastest turn of each, and of the first opening."""

    ours: float
    peer: float
    first: float = float("nan")

    @property
    def gain(self) -> float:
        return self.peer / self.ours

    @property
    def cost(self) -> float:
        return self.ours / self.peer


def second_opening(rounds: int = 5, is_cold: bool = False) -> Sides:
    """Algonauts: a subject and its V1 again, in a new process; peer: numpy reads both files."""
    with _workplace() as root:
        files = write_algonauts(root)
        step = f"datasets.load('algonauts2023', root={str(root)!r}).responses('V1')"
        peer = "\n".join(f"np.load({str(path)!r})" for path in files)
        first = _seconds(step, root)
        cold = [*files, *(root / "results").rglob("*.npy")] if is_cold else []
        return _beside(step, peer, root, rounds, cold)._replace(first=first)


def every_roi(rounds: int = 5) -> Sides:
    """BOLD5000 1.0: every ROI of CSI1, opened for the first time; peer: scipy.io.loadmat."""
    with _workplace() as root:
        path = write_bold5000(root)
        step = f"""
ds = datasets.load('bold5000', root={str(root)!r})
for roi in ds.rois:
    ds.responses(roi)
"""
        return _beside(step, f"scipy.io.loadmat({str(path)!r})", root, rounds, is_first=True)


def session_means(volumes: int = 300, rounds: int = 5) -> Sides:
    """NSD: region means of a .nii.gz session, opened for the first time; peer: decompressing it."""
    with _workplace() as root:
        path = write_nsd(root, volumes)
        step = f"datasets.load('nsd', root={str(root)!r}).region_means()"
        peer = f"recordings.decompress({str(path)!r})"
        return _beside(step, peer, root, rounds, is_first=True)


def averages(trials: int, units: int, rounds: int = 3, is_cold: bool = True) -> Sides:
    """NSD-sized averaging of repeats from a file; peer: reading the file once from end to end."""
    with _workplace() as root:
        path = write_betas(root, trials, units)
        step = (
            f"ds = recordings.betas_of({str(path)!r})\nbegan = time.perf_counter()\nds.responses()"
        )
        peer = f"recordings.read_through({str(path)!r})"
        return _beside(step, peer, root, rounds, [path] if is_cold else [])


def peak_mib(trials: int, units: int) -> float:
    """Anonymous memory (RssAnon, sampled) to open, average and cluster the regions."""
    with _workplace() as root:
        path = write_betas(root, trials, units)
        step = f"""
from core import clusters
from tests.benchmarks import recordings
ds = recordings.betas_of({str(path)!r})
ds.responses()
clusters.fit(ds.region_means(), 6)
"""
        return float(_run(PEAK.format(step=step), root))


def decompress(path: str) -> None:
    """Unpack a file to nowhere, as the standard library does it."""
    import gzip

    with gzip.open(path, "rb") as file:
        buffer = bytearray(2**20)
        while file.readinto(buffer):
            pass


def read_through(path: str) -> None:
    with open(path, "rb", buffering=0) as file:
        buffer = bytearray(2**24)
        while file.readinto(buffer):
            pass


def betas_of(path: str) -> Dataset:
    """A recording of one memory-mapped file: three showings of each image in random order."""
    betas = np.load(path, mmap_mode="r")
    images = len(betas) // 3
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(images), 3))
    stimuli = pd.DataFrame({"id": [f"nsd-{n:05d}" for n in range(images)]})
    trials = pd.DataFrame({"id": stimuli["id"].to_numpy()[order]})
    trials["session"] = np.arange(len(trials)) // 750 + 1
    edges = np.linspace(0, betas.shape[1], NSD_REGIONS + 1, dtype=int)
    return Dataset(
        info=DatasetInfo("nsd", "NSD-sized"),
        subject="subj01",
        subjects=("subj01",),
        stimuli=stimuli,
        fingerprint="0",
        rois={f"R{n}": np.arange(edges[n], edges[n + 1]) for n in range(NSD_REGIONS)},
        betas=betas,
        trials=complete_trials(trials),
        scanned=Scan(np.zeros(betas.shape[1], np.intp), np.zeros(len(betas), np.intp)),
    )


# Files ------------------------------------------------------------------------------------------


def write_algonauts(root: Path) -> list[Path]:
    """One subject; the vertices of an ROI are scattered, as those of fsaverage are. Responses."""
    images, vertices = ALGONAUTS
    top, masks = root / "subj01", root / "subj01" / "roi_masks"
    folder = top / "training_split" / "training_images"
    folder.mkdir(parents=True)
    masks.mkdir()
    for number in range(1, images + 1):
        path = folder / f"train-{number:04d}_nsd-{7 * number:05d}.png"
        path.write_bytes(PNG)
        os.utime(path, ns=(number, number))
    written = []
    for side in SIDES:
        rng = np.random.default_rng(len(written))
        for kind, names in MAPS.items():
            (masks / f"mapping_{kind}.npy").write_bytes(
                name_map({0: "Unknown", **dict(enumerate(names, 1))})
            )
            inside = 0.85 if kind == "streams" else 0.035 * len(names)
            labels = rng.integers(1, len(names) + 1, vertices[side])
            labels[rng.random(vertices[side]) > inside] = 0
            np.save(masks / f"{side}.{kind}_challenge_space.npy", labels)
        path = top / "training_split" / "training_fmri" / f"{side}_training_fmri.npy"
        path.parent.mkdir(exist_ok=True)
        _write_rows(path, images, vertices[side], rng)
        written.append(path)
    return written


def write_bold5000(root: Path) -> Path:
    rng = np.random.default_rng(0)
    arrays = {
        f"{side}{roi}": rng.standard_normal((BOLD5000_TRIALS, count))
        for side, counts in BOLD5000.items()
        for roi, count in counts.items()
    }
    path = root / "ROIs" / "CSI1" / "mat" / "CSI1_ROIs_TR34.mat"
    path.parent.mkdir(parents=True)
    savemat(path, arrays, do_compression=True)
    lists = root / "ROIs" / "stim_lists"
    lists.mkdir()
    # 112 images are shown four times, one three times.
    names = [f"scene{n if n < 4916 else (n - 4916) % 113}.jpg" for n in range(BOLD5000_TRIALS)]
    (lists / "CSI01_stim_lists.txt").write_text("\n".join(names))
    return path


def write_nsd(root: Path, volumes: int) -> Path:
    """One session of shorter length; the table counts its trials."""
    rng = np.random.default_rng(0)
    shape = NSD_VOLUME
    size = int(np.prod(shape))
    labels = np.zeros(size, dtype=np.int16)
    at = np.sort(rng.permutation(size)[: NSD_REGIONS * NSD_REGION_VOXELS])
    labels[at] = np.arange(len(at)) // NSD_REGION_VOXELS + 1
    rois = root / "nsddata" / "ppdata" / "subj01" / "func1pt8mm" / "roi"
    write_nifti(rois / "prf-visualrois.nii.gz", labels.reshape(shape))
    folder = root / "nsddata_betas" / "ppdata" / "subj01" / "func1pt8mm" / BETAS
    # Outside the brain, three quarters of the box, betas are 0.
    brain = np.zeros(shape, dtype=bool)
    brain[15:66, 17:87, 14:69] = True
    betas = np.zeros((*shape, volumes), dtype=np.int16, order="F")
    for volume in range(volumes):
        betas[..., volume][brain] = 600 * rng.standard_normal(int(brain.sum()), dtype=np.float32)
    path = folder / "betas_session01.nii.gz"
    write_nifti(path, betas)
    count = volumes // 3
    table = {"nsdId": range(count), "cocoId": range(1, count + 1), "cocoSplit": "train2017"}
    table |= {"cropBox": "(0, 0, 0, 0)", "shared1000": False}
    order = rng.permutation(volumes).reshape(3, count) + 1
    table |= {f"subject1_rep{n}": order[n] for n in range(3)}
    (root / TABLE).parent.mkdir(parents=True)
    pd.DataFrame(table).to_csv(root / TABLE)
    return path


def write_betas(root: Path, trials: int, units: int) -> Path:
    _write_rows(root / "betas.npy", trials, units, np.random.default_rng(0))
    return root / "betas.npy"


def _write_rows(path: Path, rows: int, columns: int, rng: np.random.Generator) -> None:
    """Responses in pieces; the same random numbers in turn, shifted, which are quick to draw."""
    values = rng.standard_normal((500, columns), dtype=np.float32)
    with open(path, "wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (rows, columns)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, rows, len(values)):
            file.write((values[: rows - start] + np.float32(start % 7)).data)
        file.flush()
        os.fsync(file.fileno())


# Turns ------------------------------------------------------------------------------------------


@contextmanager
def _workplace() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="recordings-") as folder:
        yield Path(folder)


def _beside(
    step: str,
    peer: str,
    root: Path,
    rounds: int,
    cold: Sequence[Path] = (),
    is_first: bool = False,
) -> Sides:
    """Turns of both; before each the ``cold`` files leave the page cache."""
    seconds: Mapping[str, list[float]] = {step: [], peer: []}
    for _ in range(rounds):
        for side, turns in seconds.items():
            if is_first:
                shutil.rmtree(root / "results", ignore_errors=True)
            for path in cold:
                _forget(path)
            turns.append(_seconds(side, root))
    return Sides(*(min(turns) for turns in seconds.values()))


def _forget(path: Path) -> None:
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _seconds(step: str, root: Path) -> float:
    return float(_run(SIDE.format(step=step), root))


def _run(script: str, root: Path) -> str:
    environment = {**os.environ, "NEUROGALLERY_RESULTS": str(root / "results")}
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, check=True, capture_output=True, env=environment, text=True)
    return output.stdout.splitlines()[-1]
