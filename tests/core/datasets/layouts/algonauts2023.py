"""Algonauts 2023 (NSD as packaged for the challenge), small.

Hemispheres of unequal and, in subj06 and subj08, shorter length; name maps as `np.save` of a dict
writes them; ROIs that a hemisphere lacks; test responses withheld unless asked for.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.core.datasets.layouts.shared import (
    Subject,
    Truth,
    generator,
    picture,
    responses,
    save_picture,
)

MAPS = {
    "prf-visualrois": ("V1v", "V1d", "V2v", "V2d", "V3v", "V3d", "hV4"),
    "floc-bodies": ("EBA", "FBA-1", "FBA-2", "mTL-bodies"),
    "floc-faces": ("OFA", "FFA-1", "FFA-2", "mTL-faces", "aTL-faces"),
    "floc-places": ("OPA", "PPA", "RSC"),
    "floc-words": ("OWFA", "VWFA-1", "VWFA-2", "mfs-words", "mTL-words"),
    "streams": (
        "early",
        "midventral",
        "midlateral",
        "midparietal",
        "ventral",
        "lateral",
        "parietal",
    ),
}
SIDES = ("lh", "rh")
VERTICES = {"lh": 40, "rh": 46}
# Vertices removed, in the two subjects with NaN.
REMOVED = {"subj06": {"lh": 2, "rh": 5}, "subj08": {"lh": 1, "rh": 3}}
FSAVERAGE = 90
TRAINING = {"subj03": 10, "subj04": 8, "subj06": 10, "subj08": 8}
MOST_TRAINING, TEST = 13, 4
# ROIs without a vertex: (subject or '', side or '', name).
LACKING = (
    ("", "", "mTL-bodies"),
    ("", "lh", "V3d"),
    ("", "rh", "aTL-faces"),
    ("subj06", "", "V2v"),
    ("subj06", "", "VWFA-2"),
)


def write(
    root: Path,
    subjects: Sequence[str] = ("subj01", "subj06"),
    with_test_responses: bool = False,
    numpy_major: int = 1,
    training: int = MOST_TRAINING,
) -> Truth:
    """Write the folders of some subjects.

    Parameters
    ----------
    with_test_responses : bool
        Write ``test_fmri`` and ``noise_ceiling``, which the challenge withheld.
    numpy_major : int
        Version of numpy whose pickle the name maps are: 1 as released, or 2.
    training : int
        Training images of a subject that saw all sessions, 195 at most.

    Returns
    -------
    Truth
        Training images in the order of the files, then, with responses, the test images.
        ``variants`` 'left' and 'right' hold one hemisphere. Without test responses the test
        images are stimuli without trials. ``stimuli[id][subject]`` has split and file: an image
        may be of training for one subject and of test for another.
    """
    recorded, stimuli, images = {}, {}, {}
    for subject in subjects:
        folder = root / subject
        fewer = MOST_TRAINING - TRAINING.get(subject, MOST_TRAINING)
        names = _write_images(folder, subject, training - fewer)
        for stimulus, (split, file, pixels) in names.items():
            stimuli.setdefault(stimulus, {})[subject] = {"split": split, "file": file}
            images[stimulus] = pixels
        masks = {side: _write_masks(folder / "roi_masks", subject, side) for side in SIDES}
        for kind, labels in MAPS.items():
            path = folder / "roi_masks" / f"mapping_{kind}.npy"
            path.write_bytes(name_map({0: "Unknown", **dict(enumerate(labels, 1))}, numpy_major))
        recorded[subject] = _write_responses(folder, subject, masks, names, with_test_responses)
    return Truth(root, recorded, stimuli, images, units="z")


def name_map(values: Mapping[Any, Any], numpy_major: int = 1) -> bytes:
    """Give what `np.save` of this numpy writes for a dict: an object array of no dimension."""
    array = np.empty((), dtype=object)
    array[()] = dict(values)
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    body = pickle.dumps(array, protocol=4 if numpy_major == 2 else 3)
    if numpy_major == 1:
        body = body.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body


def _write_images(folder: Path, subject: str, count: int) -> dict[str, tuple[str, str, np.ndarray]]:
    """Write the PNGs; ids ascend in each split, and test ids lie among those of training."""
    draw = generator("images", subject).permutation(200)[: count + TEST]
    written = {}
    for split, short, numbers in (
        ("training", "train", np.sort(draw[:count])),
        ("test", "test", np.sort(draw[count:])),
    ):
        for position, number in enumerate(numbers, 1):
            stimulus = f"nsd-{number * 365:05d}"
            file = f"{short}-{position:04d}_{stimulus}.png"
            pixels = picture(int(number), 20, 20)
            save_picture(folder / f"{split}_split" / f"{split}_images" / file, pixels)
            written[stimulus] = ("train" if split == "training" else "test", file, pixels)
    return written


def _write_masks(folder: Path, subject: str, side: str) -> dict[str, np.ndarray]:
    """Write the ROIs of one hemisphere; give the vertices of each in the challenge's space."""
    folder.mkdir(parents=True, exist_ok=True)
    count = VERTICES[side] - REMOVED.get(subject, {}).get(side, 0)
    rng = generator("masks", subject, side)
    every = np.zeros(FSAVERAGE, dtype=np.int64)
    at = np.sort(rng.permutation(FSAVERAGE)[:count])
    every[at] = 1
    every[at[::7]] = 2  # in both masks that were added up
    np.save(folder / f"{side}.all-vertices_fsaverage_space.npy", every)
    vertices = {}
    for kind, labels in MAPS.items():
        challenge = rng.integers(0, len(labels) + 1, size=count)
        for number, label in enumerate(labels, 1):
            challenge[number] = number  # at least one vertex each
            if any(s in ("", subject) and h in ("", side) and label == n for s, h, n in LACKING):
                challenge[challenge == number] = 0
        whole = np.zeros(FSAVERAGE, dtype=np.int64)
        whole[at] = challenge
        np.save(folder / f"{side}.{kind}_challenge_space.npy", challenge.astype(np.int64))
        np.save(folder / f"{side}.{kind}_fsaverage_space.npy", whole)
        for number, label in enumerate(labels, 1):
            vertices[label] = np.flatnonzero(challenge == number)
    for area in ("V1", "V2", "V3"):
        vertices[area] = np.sort(np.concatenate([vertices[f"{area}v"], vertices[f"{area}d"]]))
    return vertices


def _write_responses(
    folder: Path,
    subject: str,
    masks: Mapping[str, Mapping[str, np.ndarray]],
    names: Mapping[str, tuple[str, str, np.ndarray]],
    with_test: bool,
) -> Subject:
    ids = {s: [i for i, known in names.items() if known[0] == s] for s in ("train", "test")}
    values, ceilings = {}, {}
    for side in SIDES:
        units = VERTICES[side] - REMOVED.get(subject, {}).get(side, 0)
        training = responses(len(ids["train"]), units, subject, side, "training")
        _save(folder / "training_split" / "training_fmri" / f"{side}_training_fmri.npy", training)
        values[side] = training
        if with_test:
            test = responses(TEST, units, subject, side, "test")
            _save(folder / "test_split" / "test_fmri" / f"{side}_test_fmri.npy", test)
            ceiling = generator("ceiling", subject, side).uniform(size=units)
            path = folder / "test_split" / "noise_ceiling" / f"{side}_noise_ceiling.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, ceiling)
            values[side] = np.vstack([training, test])
            ceilings[side] = 100 * ceiling
    every = list(masks["lh"])
    present = [n for n in every if len(masks["lh"][n]) + len(masks["rh"][n])]
    hemispheres = {
        side: {n: values[side][:, masks[side][n]] for n in every if len(masks[side][n])}
        for side in SIDES
    }
    trials = (*ids["train"], *ids["test"]) if with_test else tuple(ids["train"])
    return Subject(
        trials,
        {n: np.hstack([values[s][:, masks[s][n]] for s in SIDES]) for n in present},
        columns={"split": tuple(names[i][0] for i in trials)},
        variants={"left": hemispheres["lh"], "right": hemispheres["rh"]},
        ceilings={
            n: np.concatenate([ceilings[s][masks[s][n]] for s in SIDES])
            for n in present
            if ceilings
        },
        without_units=tuple(n for n in every if n not in present),
    )


def _save(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values.astype(np.float32))
