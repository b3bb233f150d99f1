"""BOLD5000 1.0 (ROIs of every TR as .mat and .h5) and 2.0 (GLMsingle betas as .npy), small.

Order of presentation, `rep_` before the plain line, ids only ever with `rep_`, `.JPEG`, `.jpeg`
and `.jpg`, capitals and underscores as in the real lists; CSI4 saw fewer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.io import savemat

from tests.core.datasets.layouts.shared import (
    Subject,
    Truth,
    picture,
    responses,
    save_picture,
    write_lines,
)

AREAS = ("EarlyVis", "LOC", "OPA", "PPA", "RSC")
TRS = ("1", "2", "3", "4", "5", "34")
TRIALS_A_RUN = 37
VOXELS = {"LH": (5, 3, 2, 4, 2), "RH": (6, 4, 3, 4, 3)}
BETAS = "GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_allses"
STIMULI = "BOLD5000_Stimuli"
PRESENTED = "Scene_Stimuli/Presented_Stimuli"

# id: source. The first 15 have what is odd in the real lists.
ODD = {
    "n01930112_19568.JPEG": "ImageNet",
    "COCO_train2014_000000420713.jpg": "COCO",
    "airplanecabin3.jpg": "Scene",
    "dining_car.jpg": "Scene",
    "HorseRaceTrack.jpg": "Scene",
    "stripmall.jpg": "Scene",
    "carmechanic4.jpeg": "Scene",
    "chickenCoop3.jpeg": "Scene",
    "concert5.jpg": "Scene",
    "n03733281_29214.JPEG": "ImageNet",
    "n07695742_5848.JPEG": "ImageNet",
    "COCO_train2014_000000479035.jpg": "COCO",
    # Scenes whose names begin like those of the other sources.
    "nursery2.jpg": "Scene",
    "reptilehouse1.jpg": "Scene",
    "n04200800_11.JPEG": "ImageNet",
}
# Lines of the list before the plain ones: `rep_` first, `rep_` only.
BEGINNING = (
    "n01930112_19568.JPEG",
    "rep_dining_car.jpg",
    "COCO_train2014_000000420713.jpg",
    "dining_car.jpg",
    "rep_concert5.jpg",
    "airplanecabin3.jpg",
    "rep_n01930112_19568.JPEG",
    "HorseRaceTrack.jpg",
    "rep_COCO_train2014_000000420713.jpg",
    "carmechanic4.jpeg",
    "rep_n01930112_19568.JPEG",
    "rep_chickenCoop3.jpeg",
    "rep_dining_car.jpg",
)
# Lines of imagenet_final_labels.txt: a space after the wnid, then words between commas.
WORDS = {
    "n01930112": ("nematode", "nematode worm", "roundworm"),
    "n03733281": ("maze", "labyrinth"),
    "n07695742": ("pretzel",),
}


def presentation_list(subject: str) -> list[str]:
    """Give the lines of the list of 1.0: 74 trials, 37 for CSI4."""
    count = TRIALS_A_RUN * (1 if subject == "CSI4" else 2)
    further = [name for name in ODD if name not in BEGINNING and f"rep_{name}" not in BEGINNING]
    lines = [*BEGINNING, *further]
    number = 0
    while len(lines) < count - 1:
        kind = number % 3
        lines.append(
            f"COCO_train2014_{100000 + number:012d}.jpg"
            if kind == 0
            else f"n{2000000 + number:08d}_{number}.JPEG"
            if kind == 1
            else f"kitchen{number}.jpg"
        )
        number += 1
    return [*lines, f"rep_{lines[20]}"]


def source(name: str) -> str:
    """Where an id is from."""
    if name in ODD:
        return ODD[name]
    return {"C": "COCO", "n": "ImageNet", "k": "Scene"}[name[0]]


def stripped(line: str) -> str:
    return line.removeprefix("rep_")


def write(
    root: Path,
    subjects: Sequence[str] = ("CSI1", "CSI4"),
    formats: Sequence[str] = ("mat", "h5"),
    trs: Sequence[str] = TRS,
    lists: str = "ROIs/stim_lists",
    stimuli: str = STIMULI,
    lacking_images: Sequence[str] = (),
) -> Truth:
    """Write release 1.0.

    Parameters
    ----------
    lists : str
        Folder of the lists: within ``ROIs`` as released, 'stim_lists' for beside it.
    stimuli : str
        Folder of ``Scene_Stimuli``, '' for the root.

    Returns
    -------
    Truth
        ``rois`` of TR 34 (a file of its own, no mean of others), ``variants`` by TR.
    """
    recorded = {}
    for subject in subjects:
        lines = presentation_list(subject)
        write_lines(root / lists / f"CSI0{subject[-1]}_stim_lists.txt", lines)
        by_tr = {tr: _released(subject, tr, len(lines)) for tr in trs}
        for tr, arrays in by_tr.items():
            _write_rois(root / "ROIs" / subject, f"{subject}_ROIs_TR{tr}", arrays, formats)
        variants = {tr: both_hemispheres(arrays) for tr, arrays in by_tr.items()}
        ids = tuple(map(stripped, lines))
        default = variants.get("34", next(iter(variants.values())))
        recorded[subject] = Subject(ids, default, runs=_runs(len(ids)), variants=variants)
    folder = root / stimuli if stimuli else root
    return _truth(root, recorded, folder, lacking_images, "arbitrary units")


def write_2(
    root: Path,
    subjects: Sequence[str] = ("CSI1", "CSI4"),
    transposed: bool = False,
    lacking_images: Sequence[str] = (),
    with_objects: bool = False,
) -> Truth:
    """Write release 2.0: betas in % signal change, lists without ``rep_``, labels.

    ``transposed`` writes voxels x trials: the list's length tells which axis is trials.
    ``with_objects`` puts annotations of COCO beside them.
    """
    recorded = {}
    for subject in subjects:
        lines = [stripped(line) for line in presentation_list(subject)]
        path = root / STIMULI / "Stimuli_Presentation_Lists" / subject
        write_lines(path / f"{subject}_imgnames.txt", lines)
        arrays = _released(subject, "2.0", len(lines))
        folder = root / "BOLD5000_GLMsingle_ROI_betas" / "py"
        folder.mkdir(parents=True, exist_ok=True)
        for name, values in arrays.items():
            file = folder / f"{subject}_{BETAS}_{name}.npy"
            np.save(file, (values.T if transposed else values).astype(np.float32))
        recorded[subject] = Subject(tuple(lines), both_hemispheres(arrays), runs=_runs(len(lines)))
    truth = _truth(root, recorded, root / STIMULI, lacking_images, "% signal change")
    _write_labels(root / STIMULI, truth)
    if with_objects:
        names = [name for name in truth.stimuli if source(name) == "COCO"]
        write_instances(root / "annotations", names, ("train2014",))
    return truth


def write_instances(folder: Path, names: Sequence[str], years: Sequence[str]) -> None:
    """Write annotations: the first image shows a person and two pizzas, the others nothing."""
    folder.mkdir(parents=True)
    numbers = [int(name.split("_")[2].split(".")[0]) for name in names]
    groups = [(1, "person", "person"), (59, "pizza", "food")]
    for year in years:
        own = numbers if year == years[0] else [7]
        objects = [(own[0], kind) for kind in (59, 1, 59)]
        content = {
            "images": [{"id": n, "width": 64, "height": 48} for n in own],
            "annotations": [
                {"image_id": n, "category_id": kind, "bbox": [1, 2, 10, 10]} for n, kind in objects
            ],
            "categories": [{"id": i, "name": n, "supercategory": s} for i, n, s in groups],
        }
        (folder / f"instances_{year}.json").write_text(json.dumps(content))


def both_hemispheres(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Add to the released ROIs the five of both hemispheres, left first."""
    joint = {a: np.hstack([arrays[f"LH{a}"], arrays[f"RH{a}"]]) for a in AREAS}
    return {**arrays, **joint}


def _released(subject: str, tr: str, trials: int) -> dict[str, np.ndarray]:
    # RSC of CSI4 is of another size: counts are those of the file.
    fewer = subject == "CSI4"
    return {
        f"{side}{area}": responses(trials, n + (fewer and area == "RSC"), subject, tr, side, area)
        for side, counts in VOXELS.items()
        for area, n in zip(AREAS, counts, strict=True)
    }


def _runs(trials: int) -> tuple[int, ...]:
    return tuple(t // TRIALS_A_RUN + 1 for t in range(trials))


def _write_rois(
    folder: Path, name: str, arrays: Mapping[str, np.ndarray], formats: Sequence[str]
) -> None:
    for kind in formats:
        (folder / kind).mkdir(parents=True, exist_ok=True)
    if "mat" in formats:
        savemat(folder / "mat" / f"{name}.mat", dict(arrays), do_compression=True)
    if "h5" in formats:
        with h5py.File(folder / "h5" / f"{name}.h5", "w") as file:
            for key, values in arrays.items():
                file[key] = values


def _truth(
    root: Path, recorded: dict[str, Subject], folder: Path, lacking: Sequence[str], units: str
) -> Truth:
    names = list(dict.fromkeys(i for s in recorded.values() for i in s.ids))
    images = {n: picture(k) for k, n in enumerate(names) if n not in lacking}
    for name, pixels in images.items():
        save_picture(folder / PRESENTED / source(name) / name, pixels)
    # The originals, not cut as they were shown, lie beside them under the same names.
    original = folder / "Scene_Stimuli" / "Original_Images" / source(names[0]) / names[0]
    save_picture(original, picture(200, 40, 40))
    stimuli: dict[str, dict[str, Any]] = {n: {"source": source(n)} for n in names}
    for name in names:
        if source(name) == "ImageNet":
            stimuli[name]["wnid"] = name.split("_")[0]
    return Truth(root, recorded, stimuli, images, tuple(lacking), units=units)


def _write_labels(folder: Path, truth: Truth) -> None:
    repeated = dict.fromkeys(
        i for s in truth.subjects.values() for i, n in zip(s.ids, s.repeats, strict=True) if n > 1
    )
    write_lines(folder / "Scene_Stimuli" / "repeated_stimuli_113_list.txt", repeated)
    labels = folder / "Image_Labels"
    lines = [f"{wnid} {', '.join(words)}" for wnid, words in WORDS.items()]
    write_lines(labels / "imagenet_final_labels.txt", lines)
    scenes = [n for n, known in truth.stimuli.items() if known["source"] == "Scene"]
    words = dict.fromkeys(n.rsplit(".", 1)[0].rstrip("0123456789") for n in scenes)
    write_lines(labels / "scene_final_labels.txt", words)
    # A pickle that no reader may open.
    (labels / "coco_final_annotations.pkl").write_bytes(b"\x80\x04cos\nsystem\n")
