"""LAION-fMRI, small: betas a session, trials.tsv, masks, noise-ceiling maps, images in one HDF5.

Mask files reach outside the voxels that count; ids hold `+`, blanks and dots, and end in `.png`
though the bytes are JPEG.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from PIL import Image

from tests.core.datasets.layouts.shared import (
    JPEG,
    Subject,
    Truth,
    generator,
    picture,
    save_picture,
    write_lines,
)
from tests.core.datasets.layouts.volumes import write_nifti

SHAPE = (6, 5, 7)
SESSIONS = {"ses-01": 12, "ses-02": 9, "ses-10": 7}
SHARED = (
    "shared_12rep_LAION_cluster_3403_i1.jpg",
    "shared_12rep_THINGS+_kmeans_123_tree_trunk.jpg",
    "shared_4rep_OOD_cropped_sock.png",
    "shared_4rep_OOD_unusual_Screenshot 2024-05-06 at 14.45.09.jpg",
    "shared_4rep_NSD_special1000_968.jpg",
    "shared_4rep_LAION_controversial_dataset_7.jpg",
)
UNIQUE = ("LAION_initial_cluster_2213_i3", "THINGS_washboard", "LAION_fillup_cluster_245_i33")
# The number at the end of a unique image is a participant's, not the subject's.
PARTICIPANTS = {"sub-01": "p01", "sub-03": "p04", "sub-05": "p05", "sub-06": "p02", "sub-07": "p07"}
UNSEEN = "shared_12rep_LAION_cluster_2081_i1.jpg"
# ROI: folder. EBA lies wholly outside the voxels that count.
ROIS = {
    "V1v": "retinotopy",
    "V1d": "retinotopy",
    "hV4": "retinotopy",
    "laiongeneral": "general",
    "FFA1": "face",
    "PPA": "place",
    "EBA": "body",
}
CEILINGS = ("Noiseceiling4rep", "Noiseceiling12rep", "NoiseceilingAllrep")
VOXELS = "meanR2gt15mask"


def write(
    root: Path,
    subjects: Sequence[str] = ("sub-01", "sub-03"),
    older_rois: bool = False,
    images: str | None = "h5",
    named_runs: bool = False,
    more: int = 0,
) -> Truth:
    """Write the files of some subjects.

    Parameters
    ----------
    older_rois : bool
        ROI masks where older releases have them.
    images : str or None
        'h5' as released, 'folder' as older code expects, None for none.
    named_runs : bool
        Runs as 'run-01' instead of 1.
    more : int
        Further images of each subject alone, in the first session.

    Returns
    -------
    Truth
        ``rois`` as released (not z-scored); ``ceilings`` of 12 repeats, ``variants`` by map
        (1, units). One voxel of V1v is NaN throughout ses-02, one of V1d everywhere.
    """
    recorded = {s: _write_subject(root, s, older_rois, named_runs, more) for s in subjects}
    names = list(dict.fromkeys(i for s in recorded.values() for i in s.ids))
    # The order of the file is not that of the trials.
    ordered = sorted([*names, UNSEEN], reverse=True)
    pixels = {n: picture(k) for k, n in enumerate(ordered)}
    stimuli = {n: _known(n) for n in ordered}
    if images == "h5":
        _write_stimuli(root / "stimuli", stimuli, pixels)
    elif images == "folder":
        _write_older_stimuli(root / "stimuli", stimuli, pixels)
    seen = {n: known for n, known in stimuli.items() if n in names}
    shown = pixels if images else {}
    return Truth(root, recorded, seen, shown, () if images else tuple(names), units="beta")


def _known(name: str) -> dict[str, Any]:
    kind, *_ = name.split("_")
    participant = name.rsplit("_", 1)[1].split(".")[0] if kind == "unique" else ""
    return {
        "dataset": next(d for d in ("THINGS+", "THINGS", "OOD", "NSD", "LAION") if d in name),
        "participant": participant,
        "unique_or_shared": kind,
        "n_reps": {"12rep": 12, "4rep": 4}.get(name.split("_")[1], 1),
    }


def _write_subject(
    root: Path, subject: str, older_rois: bool, named_runs: bool, more: int
) -> Subject:
    folder = root / "derivatives/glmsingle-tedana" / subject
    voxels = _write_masks(root, folder, subject, older_rois)
    further = [f"LAION_cluster_{n}_i1" for n in range(more)]
    unique = [f"unique_{u}_{PARTICIPANTS[subject]}.jpg" for u in (*UNIQUE, *further)]
    ids: list[str] = []
    runs: list[Any] = []
    sessions: list[str] = []
    blocks = []
    for session, planned in SESSIONS.items():
        count = planned + (more if session == "ses-01" else 0)
        rng = generator("trials", subject, session)
        pool = [*SHARED, *SHARED, *unique] if session == "ses-01" else [*SHARED, *SHARED[:4]]
        labels = [pool[i] for i in rng.permutation(len(pool))[:count]]
        numbers = [t // 4 + 1 for t in range(count)]
        run = [f"run-{n:02d}" for n in numbers] if named_runs else numbers
        place = folder / session / "func"
        _write_trials(place / f"{subject}_{session}_task-images", session, run, labels)
        betas = rng.normal(size=(*SHAPE, count)).astype(np.float32)
        betas[tuple(voxels["V1d"][0])] = np.nan
        if session == "ses-02":
            betas[tuple(voxels["V1v"][0])] = np.nan
        stem = f"{subject}_{session}_task-images_space-T1w_"
        write_nifti(place / f"{stem}stat-effect_desc-SingletrialBetas_statmap.nii.gz", betas)
        within = np.zeros(SHAPE, dtype=np.float32)
        write_nifti(place / f"{stem}desc-Noiseceiling_statmap.nii.gz", within)
        write_nifti(place / f"{stem}stat-rsquare_desc-R2_statmap.nii.gz", within)
        ids += labels
        runs += run
        sessions += [session] * count
        blocks.append(betas.astype(np.float64))
    every = np.concatenate(blocks, axis=3)
    maps = _write_ceilings(folder, subject)
    present = {n: tuple(at.T) for n, at in voxels.items() if len(at)}
    variants = {m: {n: v[at][None] for n, at in present.items()} for m, v in maps.items()}
    rois = {n: every[at].T for n, at in present.items()}
    return Subject(
        tuple(ids),
        rois,
        tuple(sessions),
        tuple(runs),
        variants=variants,
        ceilings={n: v[0] for n, v in variants["Noiseceiling12rep"].items()},
        leaving=_leaving(rois, sessions),
        without_units=tuple(n for n in ROIS if n not in present),
    )


def _leaving(rois: Mapping[str, np.ndarray], sessions: Sequence[str]) -> dict[str, Any]:
    of_session = [np.array(sessions) == s for s in SESSIONS]
    lacks = {
        n: np.any([np.isnan(v[rows]).all(axis=0) for rows in of_session], axis=0)
        for n, v in rois.items()
    }
    return {n: tuple(map(int, np.flatnonzero(v))) for n, v in lacks.items() if v.any()}


def _write_masks(root: Path, folder: Path, subject: str, older: bool) -> dict[str, np.ndarray]:
    """Write the voxels that count and the ROI files; give the voxels of each ROI (n, 3)."""
    rng = generator("masks", subject)
    counts = np.zeros(SHAPE, dtype=np.uint8)
    counts[1:5, 1:] = 1
    write_nifti(folder / f"{subject}_task-images_space-T1w_desc-{VOXELS}_mask.nii.gz", counts)
    inside = rng.permutation(np.flatnonzero(counts))
    outside = rng.permutation(np.flatnonzero(counts == 0))
    voxels, start = {}, 0
    for number, (roi, place) in enumerate(ROIS.items()):
        size = 0 if roi == "EBA" else 5 + number + (subject == "sub-03")
        mask = np.zeros(SHAPE, dtype=np.float32)
        # A mask is what is above 0, a probability in some files; it reaches outside.
        mask.flat[inside[start : start + size]] = 0.4 if roi == "hV4" else 1
        mask.flat[outside[number : number + 3]] = 1
        if roi == "laiongeneral":
            mask.flat[inside[:start]] = 1  # overlaps the others
        start += size
        kind = np.float32 if roi == "hV4" else np.uint8
        if older:
            path = root / "derivatives/atlases" / subject / "rois" / f"{roi}.nii.gz"
        else:
            path = root / "derivatives/rois" / subject / place
            path = path / f"{subject}_space-T1w_res-1pt8_label-{roi}_mask.nii.gz"
            write_lines(path.parent / f"{subject}_hemi-L_space-fsnative_label-{roi}_mask.label", [])
        write_nifti(path, mask.astype(kind))
        voxels[roi] = np.argwhere((mask > 0) & (counts > 0))
    return voxels


def _write_ceilings(folder: Path, subject: str) -> dict[str, np.ndarray]:
    maps = {}
    for name in CEILINGS:
        values = generator(name, subject).uniform(0, 100, SHAPE).astype(np.float32)
        write_nifti(folder / f"{subject}_task-images_space-T1w_desc-{name}_statmap.nii.gz", values)
        maps[name] = values.astype(np.float64)
    return maps


def _write_trials(stem: Path, session: str, runs: Sequence[Any], labels: Sequence[str]) -> None:
    pairs = enumerate(zip(runs, labels, strict=True))
    rows = [f"{session}\t{run}\t{index}\t{label}" for index, (run, label) in pairs]
    path = stem.with_name(f"{stem.name}_desc-SingletrialBetas_trials.tsv")
    write_lines(path, ["session\trun\tbeta_index\tlabel", *rows])


def _write_stimuli(
    folder: Path, stimuli: Mapping[str, Mapping[str, Any]], pixels: Mapping[str, np.ndarray]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / "task-images_stimuli.h5", "w") as file:
        kind = h5py.vlen_dtype(np.uint8)
        images = file.create_dataset("images", (len(stimuli),), dtype=kind)
        for row, name in enumerate(stimuli):
            images[row] = np.frombuffer(jpeg_bytes(pixels[name]), dtype=np.uint8)
    with (folder / "task-images_metadata.csv").open("w", newline="") as table:
        columns = ["image_name", "dataset", "participant", "unique_or_shared", "n_reps"]
        writer = csv.DictWriter(table, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({"image_name": n, **known} for n, known in stimuli.items())


def jpeg_bytes(pixels: np.ndarray) -> bytes:
    """Compress an image, whatever its id ends in."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, **JPEG)
    return buffer.getvalue()


def _write_older_stimuli(
    folder: Path, stimuli: Mapping[str, Mapping[str, Any]], pixels: Mapping[str, np.ndarray]
) -> None:
    rows = [f"{n}\t{known['unique_or_shared'] == 'shared'}\t{n}" for n, known in stimuli.items()]
    write_lines(folder / "stimuli.tsv", ["stimulus_id\tshared\tfilename", *rows])
    for name in stimuli:
        save_picture(folder / "images" / name, pixels[name])
