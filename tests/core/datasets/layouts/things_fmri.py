"""THINGS-fMRI tables, small: voxels x trials as pandas stores them, without pandas or pickle.

What pandas pickles in such a file (names of columns) is here bytes that raise when they are
unpickled: nobody needs them. Headers hold line breaks, blanks and brackets.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.core.datasets.layouts.shared import (
    Subject,
    Truth,
    generator,
    picture,
    responses,
    save_picture,
)

SESSIONS, TEST = 3, ("wedding_ring_02s.jpg", "dog_12s.jpg", "bat1_05s.jpg")
TRAINING = (
    "aardvark_01b.jpg",
    "aardvark_02s.jpg",
    "ice_cream_01b.jpg",
    "ice_cream_07s.jpg",
    "t-shirt_03s.jpg",
    "bat2_04s.jpg",
    "dog_01b.jpg",
    "abacus_09s.jpg",
    "abacus_11s.jpg",
)
BEFORE = (
    "voxel_id",
    "subject_id",
    "voxel_x",
    "voxel_y",
    "voxel_z",
    "nc_singletrial",
    "nc_testset",
    "splithalf_uncorrected",
    "splithalf_corrected",
    "prf-eccentricity",
    "prf-polarangle",
    "prf-rsquared",
    "prf-size",
)
# Headers as in the file.
ROIS = (
    "V1",
    "V2",
    "hV4",
    "LO1 (prf)",
    "V3b",
    "lEBA",
    "rEBA",
    "lFFA",
    "rOFA",
    "IT",
    "glasser-V1",
    "glasser-p9-\n46v",
    "glasser-a9-\n46v",
)
LACKING = ("rOFA",)
VOXELS = {"sub-01": 40, "sub-02": 37, "sub-03": 41}
NEVER = b"cbuiltins\nint\n(Vnobody may unpickle this\ntR."


def write(
    root: Path,
    subjects: Sequence[str] = ("sub-01", "sub-02"),
    naming: str = "figshare",
    is_single_block: bool = False,
    is_shuffled: bool = False,
    with_images: bool = True,
    more: int = 0,
) -> Truth:
    """Write the tables of some subjects.

    Parameters
    ----------
    naming : str
        'figshare' (`betas_csv/sub-01_ResponseData.h5`) or 'openneuro' (`derivatives/...`, .tsv).
    is_single_block : bool
        One block of floats whose first column is the voxel ids.
    is_shuffled : bool
        Voxels of the responses in another order than those of the metadata: match by id.
    more : int
        Further training images, each of a concept of its own, a multiple of 3: 9 are there.

    Returns
    -------
    Truth
        ``rois`` by header with the line break removed (`glasser-p9-46v`); ``ceilings`` of single
        trials, ``variants['nc_testset']`` (1, units) those of averages. ``category`` is
        the concept.
    """
    training = (*TRAINING, *(f"thing{n}_01b.jpg" for n in range(more)))
    recorded = {}
    for subject in subjects:
        paths = _paths(root, subject, naming)
        for path in paths.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        delimiter = "\t" if naming == "openneuro" else ","
        trials = _trials(subject, training)
        _write_table(paths["stimuli"], trials, delimiter)
        voxels = _voxels(subject)
        _write_table(paths["voxels"], voxels, delimiter)
        values = responses(len(trials), len(voxels), subject)
        order = np.arange(len(voxels))
        if is_shuffled:
            order = generator("shuffled", subject).permutation(order)
        ids = np.array([int(v["voxel_id"]) for v in voxels])
        _write_frame(paths["responses"], values.T[order], ids[order], is_single_block)
        recorded[subject] = _subject(trials, voxels, values)
    names = {i: i.rsplit("_", 1)[0] for i in (*TEST, *training)}
    stimuli = {
        i: {"category": concept, "split": "test" if i in TEST else "train"}
        for i, concept in names.items()
    }
    images = {i: picture(n) for n, i in enumerate(names)} if with_images else {}
    for name, pixels in images.items():
        save_picture(root / "object_images" / names[name] / name, pixels)
    lacking = () if with_images else tuple(names)
    return Truth(root, recorded, stimuli, images, lacking, units="beta")


def _paths(root: Path, subject: str, naming: str) -> dict[str, Path]:
    if naming == "figshare":
        stem = root / "betas_csv" / subject
        return {
            "responses": Path(f"{stem}_ResponseData.h5"),
            "stimuli": Path(f"{stem}_StimulusMetadata.csv"),
            "voxels": Path(f"{stem}_VoxelMetadata.csv"),
        }
    folder = root / "derivatives/ICA-betas" / subject / "voxel-metadata"
    stem = folder / f"{subject}_task-things"
    return {
        "responses": Path(f"{stem}_voxel-wise-responses.h5"),
        "stimuli": Path(f"{stem}_stimulus-metadata.tsv"),
        "voxels": Path(f"{stem}_voxel-metadata.tsv"),
    }


def _trials(subject: str, names: Sequence[str]) -> list[dict[str, str]]:
    rng = generator("things", subject)
    training = rng.permutation(len(names)).reshape(SESSIONS, -1)
    rows: list[dict[str, str]] = []
    for session in range(1, SESSIONS + 1):
        shown = [*TEST, *(names[i] for i in training[session - 1])]
        for position, index in enumerate(rng.permutation(len(shown))):
            name = shown[index]
            rows.append(
                {
                    "trial_type": "test" if name in TEST else "train",
                    "session": str(session),
                    "run": str(position // 3 + 1),
                    "subject_id": subject[-2:],
                    "trial_id": str(len(rows)),
                    "stimulus": name,
                    "concept": name.rsplit("_", 1)[0],
                }
            )
    return rows


def _voxels(subject: str) -> list[dict[str, str]]:
    rng = generator("voxels", subject)
    rows = []
    for voxel in range(VOXELS[subject]):
        row = dict.fromkeys(BEFORE, "1.0")
        row["voxel_id"], row["subject_id"] = str(voxel), subject[-2:]
        row["nc_singletrial"] = f"{rng.uniform(0, 60):.6f}"
        row["nc_testset"] = f"{rng.uniform(60, 99):.6f}"
        row["prf-eccentricity"] = "" if voxel % 3 else "2.5"
        for number, roi in enumerate(ROIS):
            belongs = voxel % len(ROIS) == number or (roi == "IT" and voxel % 5 == 0)
            row[roi] = str(float(belongs and roi not in LACKING))
        rows.append(row)
    return rows


def _write_table(path: Path, rows: Sequence[Mapping[str, str]], delimiter: str) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), "utf-8", newline="")


def _write_frame(path: Path, values: np.ndarray, ids: np.ndarray, is_single: bool) -> None:
    """Write a frame in pandas' 'fixed' format: a block a dtype, stored rows x columns."""
    wide = np.hstack([ids[:, None].astype(np.float64), values]) if is_single else values
    with h5py.File(path, "w") as file:
        file.attrs["CLASS"], file.attrs["VERSION"] = np.bytes_("GROUP"), np.bytes_("1.0")
        file.attrs["PYTABLES_FORMAT_VERSION"] = np.bytes_("2.1")
        group = file.create_group("ResponseData")
        group.attrs["TITLE"] = h5py.Empty("S1")
        attributes: dict[str, Any] = {
            "pandas_type": np.bytes_("frame"),
            "pandas_version": np.bytes_("0.15.2"),
            "encoding": np.bytes_("UTF-8"),
            "errors": np.bytes_("strict"),
            "ndim": 2,
            "axis0_variety": np.bytes_("regular"),
            "axis1_variety": np.bytes_("regular"),
            "nblocks": 1 if is_single else 2,
            "block0_items_variety": np.bytes_("regular"),
            "block1_items_variety": np.bytes_("regular"),
        }
        for key, value in attributes.items():
            group.attrs[key] = value
        _write_pickled(group, "axis0")
        group["axis1"] = np.arange(len(values), dtype=np.int64)
        _write_pickled(group, "block0_items")
        block = group.create_dataset("block0_values", data=wide.astype(np.float64))
        block.attrs["transposed"] = np.uint8(1)
        if not is_single:
            items = group.create_dataset("block1_items", data=np.array([b"voxel_id"]))
            items.attrs["kind"] = np.bytes_("string")
            items.attrs["name"] = np.bytes_("N.")  # a pickled None
            block = group.create_dataset("block1_values", data=ids[:, None].astype(np.int64))
            block.attrs["transposed"] = np.uint8(1)


def _write_pickled(group: h5py.Group, name: str) -> None:
    item = group.create_dataset(name, (1,), dtype=h5py.vlen_dtype(np.uint8))
    item[0] = np.frombuffer(NEVER, dtype=np.uint8)
    item.attrs["CLASS"], item.attrs["PSEUDOATOM"] = np.bytes_("VLARRAY"), np.bytes_("object")
    item.attrs["kind"], item.attrs["name"] = np.bytes_("object"), np.bytes_("N.")


def _subject(
    trials: Sequence[Mapping[str, str]], voxels: Sequence[Mapping[str, str]], values: np.ndarray
) -> Subject:
    members = {
        roi.replace("\n", ""): np.flatnonzero([float(v[roi]) == 1 for v in voxels]) for roi in ROIS
    }
    present = {n: at for n, at in members.items() if len(at)}
    single, average = (
        np.array([float(v[c]) for v in voxels]) for c in ("nc_singletrial", "nc_testset")
    )
    return Subject(
        tuple(t["stimulus"] for t in trials),
        {n: values[:, at] for n, at in present.items()},
        tuple(int(t["session"]) for t in trials),
        tuple(int(t["run"]) for t in trials),
        columns={"split": tuple(t["trial_type"] for t in trials)},
        variants={"nc_testset": {n: average[at][None] for n, at in present.items()}},
        ceilings={n: single[at] for n, at in present.items()},
        without_units=tuple(n for n in members if n not in present),
    )
