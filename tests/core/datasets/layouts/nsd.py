"""The Natural Scenes Dataset, small: table, betas of volumes and of fsaverage, ROIs, COCO labels.

Trials count from 1 in the table, images from 0, in `nsd_expdesign.mat` all from 1. The table lists
trials that were never run. Betas of volumes are int16, 300 to a per cent.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from scipy.io import savemat

from tests.core.datasets.layouts.shared import (
    Subject,
    Truth,
    generator,
    picture,
    showings,
    write_lines,
)
from tests.core.datasets.layouts.volumes import write_mgh, write_nifti

BETAS = "betas_fithrf_GLMdenoise_RR"
SHAPE = (5, 6, 7)
VERTICES = {"lh": 30, "rh": 30}
SHOWINGS, SHARED = 3, 2
# Sessions that were run; every table plans three.
SESSIONS = {3: 2, 4: 1, 6: 2, 8: 1}
PLANNED = 3
SCALE = 300
TABLE = "nsddata/experiments/nsd/nsd_stim_info_merged.csv"
DESIGN = "nsddata/experiments/nsd/nsd_expdesign.mat"
BRICK = "nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5"
INSTANCES = "nsddata_stimuli/stimuli/nsd/annotations/instances_{}.json"

# Number: name, with what follows the name in the colour table of the release.
ATLASES: dict[str, dict[int, str]] = {
    "prf-visualrois": dict(
        enumerate(("V1v", "V1d", "V2v", "V2d", "V3v", "V3d", "hV4"), 1),
    ),
    "floc-faces": dict(enumerate(("OFA", "FFA-1", "FFA-2", "mTL-faces", "aTL-faces"), 1)),
    "nsdgeneral": {1: "nsdgeneral"},  # without a colour table
}
LACKING = ("mTL-faces",)  # in the colour table, no voxel
SURFACE: dict[str, dict[int, str]] = {
    "streams": dict(enumerate(("early", "midventral", "ventral"), 1)),
    "Kastner2015": {1: "V1v", 2: "V1d", 5: "IPS0"},
    "nsdgeneral": {1: "nsdgeneral"},
}
WITHOUT_TABLE = ("nsdgeneral",)
CATEGORIES = {
    1: ("person", "person"),
    11: ("fire hydrant", "outdoor"),
    13: ("stop sign", "outdoor"),
    56: ("broccoli", "food"),
    59: ("pizza", "food"),
    90: ("toothbrush", "indoor"),
}
COLUMNS = ("cocoId", "cocoSplit", "cropBox", "loss", "nsdId", "flagged", "BOLD5000", "shared1000")
CROPS = (
    ("(0, 0, 0.125, 0.125)", (480, 640)),
    ("(0.0, 0.25, 0, 0)", (640, 480)),
    ("(0, 0, 0, 0.25)", (480, 640)),
    ("(0, 0, 0.25, 0)", (480, 640)),
)


class Design(NamedTuple):
    """Who sees what when, 0-based: order (trials,), images (8, images of a subject)."""

    order: np.ndarray
    images: np.ndarray


def write(
    root: Path,
    subjects: Sequence[str] = ("subj01", "subj03"),
    trials: int = 12,
    formats: Sequence[str] = ("nii.gz",),
    shape: tuple[int, int, int] = SHAPE,
    absent_sessions: Mapping[str, Sequence[int]] | None = None,
    side: int = 24,
    from_zero: bool = False,
    never: int = 0,
) -> Truth:
    """Write the files of some subjects.

    Parameters
    ----------
    trials : int
        Trials of a session, a multiple of 6; 750 in the release.
    formats : sequence of str
        Of 'nii.gz', 'hdf5' (time first, axes reversed) and 'mgh' (fsaverage, both hemispheres).
    shape : tuple of int
        Of the volume. A cube is transposed without an error, so try one.
    absent_sessions : dict of str to sequence of int
        Sessions that were run and whose files are not there.
    side : int
        Height and width of the images in the brick; 425 in the release.
    from_zero : bool
        Count the trials of the table from 0: to be refused, whatever stands for never.
    never : int
        What the table has for a showing that was not planned; 0 in the release.

    Returns
    -------
    Truth
        Per subject the trials of the sessions that are there. ``rois`` in func1pt8mm,
        ``variants['fsaverage']`` on the surface (absent without 'mgh'), both in % signal change;
        NaN where a session has no data of a unit. ``ceilings`` are those of single trials;
        ``variants['ncsnr']`` has (1, units) of each ROI. In ``stimuli`` ``labels`` are the
        COCO names in the crop without crowds, ``crowds`` those that only a crowd has.
        ``columns``: trial and repeat (from 1) of the table; where sessions are absent, the first
        showing that is there may be the second.
    """
    design = _design(trials)
    count = int(design.images.max()) + 3  # the last two are shown to nobody
    rows = _table(design, count, from_zero, never)
    _write_table(root / TABLE, rows)
    _write_design(root / DESIGN, design)
    labels = _write_coco(root, rows)
    images = {f"nsd-{n:05d}": picture(n, side, side) for n in range(count)}
    _write_brick(root / BRICK, list(images.values()))
    recorded = {}
    for subject in subjects:
        number = int(subject[-2:])
        run = range(1, SESSIONS.get(number, PLANNED) + 1)
        kept = [s for s in run if s not in (absent_sessions or {}).get(subject, ())]
        every = design.images[number - 1][design.order]
        shown = [(s - 1) * trials + t for s in kept for t in range(trials)]
        ids = [f"nsd-{every[t]:05d}" for t in shown]
        repeats = showings([str(image) for image in every])
        volume = _write_volume(root, subject, kept, trials, formats, shape)
        variants = {"ncsnr": volume["ncsnr"]}
        if "mgh" in formats:
            surface = _write_surface(root, subject, kept, trials)
            variants |= {"fsaverage": surface["rois"], "fsaverage ncsnr": surface["ncsnr"]}
        recorded[subject] = Subject(
            tuple(ids),
            volume["rois"],
            sessions=tuple(s for s in kept for _ in range(trials)),
            columns={
                "trial": tuple(t + 1 for t in shown),
                "repeat": tuple(repeats[t] for t in shown),
            },
            variants=variants,
            ceilings={n: noise_ceiling(v[0], 1) for n, v in volume["ncsnr"].items()},
            leaving=_leaving(volume["rois"], len(kept), trials),
            without_units=LACKING,
        )
    seen = {i for s in recorded.values() for i in s.ids}
    stimuli = {
        i: {
            "source": "COCO",
            "coco": int(row["cocoId"]),
            "shared": row["shared1000"] == "True",
            **labels[int(row["nsdId"])],
        }
        for row in rows
        if (i := f"nsd-{int(row['nsdId']):05d}") in seen
    }
    return Truth(root, recorded, stimuli, images, units="% signal change")


def write_surfaces(root: Path) -> Truth:
    """Write what ``write`` does, with betas on fsaverage alone."""
    return write(root, formats=("mgh",))


def noise_ceiling(ncsnr: np.ndarray, repeats: float) -> np.ndarray:
    """Per cent of variance that averages of ``repeats`` trials can explain (the manual's)."""
    return 100 * ncsnr**2 / (ncsnr**2 + 1 / repeats)


def _leaving(
    rois: Mapping[str, np.ndarray], sessions: int, trials: int
) -> dict[str, tuple[int, ...]]:
    lacks = {
        name: np.isnan(v).reshape(sessions, trials, -1).all(axis=1).any(axis=0)
        for name, v in rois.items()
    }
    return {n: tuple(map(int, np.flatnonzero(v))) for n, v in lacks.items() if v.any()}


def _design(trials: int) -> Design:
    """One order for all; the first images are the same for all, the others each subject's own."""
    total = PLANNED * trials
    count = total // SHOWINGS
    order = generator("nsd order", trials).permutation(np.repeat(np.arange(count), SHOWINGS))
    own = count - SHARED
    numbers = generator("nsd images", trials).permutation(SHARED + 8 * own)
    images = np.empty((8, count), dtype=np.int64)
    images[:, :SHARED] = np.sort(numbers[:SHARED])
    images[:, SHARED:] = numbers[SHARED:].reshape(8, own)
    return Design(order, images)


def _table(design: Design, count: int, from_zero: bool, never: int) -> list[dict[str, str]]:
    times: dict[tuple[int, int], list[int]] = {}
    for subject, images in enumerate(design.images, 1):
        for trial, image in enumerate(images[design.order], 0 if from_zero else 1):
            times.setdefault((subject, int(image)), []).append(trial)
    shared = set(design.images[0, :SHARED].tolist())
    rows = []
    for image in range(count):
        row = {
            "": str(image),
            "cocoId": str(532481 - 37 * image),
            "cocoSplit": "val2017" if image % 4 == 0 else "train2017",
            "cropBox": CROPS[image % 4][0],
            "loss": "0.1708333333",
            "nsdId": str(image),
            "flagged": "False",
            "BOLD5000": str(image == 5),
            "shared1000": str(image in shared),
        }
        for subject in range(1, 9):
            row[f"subject{subject}"] = str(int((subject, image) in times))
        for subject in range(1, 9):
            for repeat, trial in enumerate(times.get((subject, image), [never] * SHOWINGS)):
                row[f"subject{subject}_rep{repeat}"] = str(trial)
        rows.append(row)
    return rows


def _write_table(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_design(path: Path, design: Design) -> None:
    images = design.images + 1
    contents = {
        "masterordering": (design.order + 1)[None].astype(np.uint16),
        "subjectim": images.astype(np.uint32),
        "sharedix": images[:1, :SHARED].astype(np.uint32),
        "basiccnt": np.zeros((3, PLANNED), dtype=np.uint16),
    }
    savemat(path, contents, do_compression=True)


def _write_brick(path: Path, images: Sequence[np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["imgBrick"] = np.stack(images)


def _write_coco(root: Path, rows: Sequence[Mapping[str, str]]) -> dict[int, dict[str, Any]]:
    """Write the annotations; give of each image the names in its crop."""
    files: dict[str, dict[str, list[Any]]] = {
        split: {
            "info": [],
            "images": [],
            "annotations": [],
            "categories": [
                {"supercategory": group, "id": number, "name": name}
                for number, (name, group) in CATEGORIES.items()
            ],
        }
        for split in ("train2017", "val2017")
    }
    labels: dict[int, dict[str, Any]] = {}
    for row in rows:
        number, split, coco = int(row["nsdId"]), row["cocoSplit"], int(row["cocoId"])
        height, width = CROPS[number % 4][1]
        name = f"{coco:012d}.jpg"
        image = {"id": coco, "file_name": name, "height": height, "width": width}
        files[split]["images"].append(image)
        objects = _objects(number, height, width)
        for position, (category, box, is_crowd, _) in enumerate(objects):
            files[split]["annotations"].append(
                _annotation(coco * 10 + position, coco, category, box, is_crowd, (height, width))
            )
        plain = {CATEGORIES[c][0] for c, _, crowd, inside in objects if inside and not crowd}
        crowds = {CATEGORIES[c][0] for c, _, crowd, inside in objects if inside and crowd}
        counts = [CATEGORIES[c][0] for c, _, crowd, inside in objects if inside and not crowd]
        labels[number] = {
            "labels": tuple(sorted(plain)),
            "crowds": tuple(sorted(crowds - plain)),
            "counts": {n: counts.count(n) for n in sorted(plain)},
        }
    for split, contents in files.items():
        path = root / INSTANCES.format(split)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(contents))
    return labels


Box = tuple[float, float, float, float]


def _objects(number: int, height: int, width: int) -> list[tuple[int, Box, bool, bool]]:
    """Give category, box (x, y, width, height), whether a crowd, and whether in the crop."""
    middle = (width / 2 - 20.5, height / 2 - 10.25, 41.0, 20.5)
    # The margins that the crop of this image cuts off; a box touches it without lying inside.
    cut_off: Box = {
        0: (0.0, 100.0, 80.0, 50.0),
        1: (10.0, height * 0.75, 60.0, 30.0),
        2: (width * 0.75, 20.0, 90.0, 90.0),
        3: (5.0, 5.0, width * 0.25 - 5.0, 60.0),
    }[number % 4]
    categories = list(CATEGORIES)
    objects = [(categories[number % 5], middle, False, True), (90, cut_off, False, False)]
    if number % 3 == 0:
        objects.append((categories[number % 5], middle, False, True))  # two of a kind
    if number % 5 == 1:
        objects.append((1, middle, True, True))
    if number % 7 == 3:
        objects = []
    return objects


def _annotation(
    number: int, coco: int, category: int, box: Box, is_crowd: bool, size: tuple[int, int]
) -> dict[str, Any]:
    x, y, w, h = box
    outline: Any = [[x, y, x + w, y, x + w, y + h, x, y + h]]
    if is_crowd:
        # Run lengths down the columns, starting with the outside.
        counts, top, left = [], round(y), round(x)
        for column in range(round(w)):
            start = (left + column) * size[0] + top
            counts += [start - sum(counts), round(h)]
        outline = {"counts": [*counts, size[0] * size[1] - sum(counts)], "size": list(size)}
    return {
        "segmentation": outline,
        "area": w * h,
        "iscrowd": int(is_crowd),
        "image_id": coco,
        "bbox": list(box),
        "category_id": category,
        "id": number,
    }


def _write_volume(
    root: Path,
    subject: str,
    sessions: Sequence[int],
    trials: int,
    formats: Sequence[str],
    shape: tuple[int, int, int],
) -> dict[str, dict[str, np.ndarray]]:
    """Write betas, ncsnr and ROIs of func1pt8mm; give responses and ncsnr of each ROI."""
    folder = root / "nsddata_betas/ppdata" / subject / "func1pt8mm" / BETAS
    atlases = _write_atlases(root, subject, shape)
    first, second = (np.argwhere(atlases["prf-visualrois"] == n)[0] for n in (1, 3))
    blocks = []
    for session in sessions:
        rng = generator("betas", subject, session)
        betas = rng.integers(-3000, 3000, size=(*shape, trials)).astype(np.int16)
        betas[0] = 0  # outside the brain, and in no ROI
        betas[tuple(second)] = 0  # a voxel of V2v without data
        if session == 2:
            betas[tuple(first)] = 0  # a voxel of V1v without data in this session
        else:
            betas[(*first, 0)] = 0  # a response that happens to be 0
        if "nii.gz" in formats:
            write_nifti(folder / f"betas_session{session:02d}.nii.gz", betas)
        if "hdf5" in formats:
            folder.mkdir(parents=True, exist_ok=True)
            with h5py.File(folder / f"betas_session{session:02d}.hdf5", "w") as file:
                file.create_dataset("betas", data=betas.T, chunks=(trials, 1, 1, 1))
        values = betas.astype(np.float64) / SCALE
        values[(betas == 0).all(axis=3)] = np.nan
        blocks.append(values)
    # The rest of the folder is no session.
    write_nifti(folder / "meanbeta.nii.gz", np.ones(shape, dtype=np.float32))
    write_nifti(folder / "meanbeta_session01.nii.gz", np.ones(shape, dtype=np.float32))
    ncsnr = generator("ncsnr", subject).uniform(0.1, 1, size=shape).astype(np.float32)
    write_nifti(folder / "ncsnr.nii.gz", ncsnr)
    write_nifti(folder / "ncsnr_split1.nii.gz", ncsnr / 2)
    betas_all = np.concatenate(blocks, axis=3)
    rois, ratios = {}, {}
    for atlas, names in ATLASES.items():
        for number, name in names.items():
            at = atlases[atlas] == number
            if at.any():
                rois[name] = betas_all[at].T
                ratios[name] = ncsnr[at].astype(np.float64)[None]
    return {"rois": rois, "ncsnr": ratios}


def _write_atlases(root: Path, subject: str, shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Write each atlas as X, lh.X, rh.X: -1 outside the cortex (of the hemisphere), 0 no ROI."""
    folder = root / "nsddata/ppdata" / subject / "func1pt8mm/roi"
    cortex = np.zeros(shape, dtype=bool)
    cortex[1:] = True
    left = np.zeros(shape, dtype=bool)
    left[: shape[0] // 2 + 1] = True
    written = {}
    for atlas, names in ATLASES.items():
        rng = generator("atlas", subject, atlas)
        present = [n for n, name in names.items() if name not in LACKING]
        values = np.where(cortex, 0, -1)
        spots = rng.permutation(np.flatnonzero(cortex))
        for position, number in enumerate(present * 4 if len(present) > 1 else present * 12):
            values.flat[spots[position]] = number
        kind = np.float32 if atlas == "nsdgeneral" else np.int16
        write_nifti(folder / f"{atlas}.nii.gz", values.astype(kind))
        for side, here in (("lh", left), ("rh", ~left)):
            one_side = np.where(here, values, -1).astype(kind)
            write_nifti(folder / f"{side}.{atlas}.nii.gz", one_side)
        written[atlas] = values
        if atlas not in WITHOUT_TABLE:
            label = root / "nsddata/freesurfer" / subject / "label"
            _write_colours(label / f"{atlas}.mgz.ctab", names)
            # Native surface: as many vertices as this subject has, not for fsaverage.
            write_mgh(label / f"lh.{atlas}.mgz", np.zeros(11, dtype=np.int32))
    return written


def _write_colours(path: Path, names: Mapping[int, str]) -> None:
    """Number, name, and in some lines a tab or a blank behind it."""
    ends = ("", "\t", " ", "\t\t")
    write_lines(
        path,
        ["0 Unknown", *(f"{n} {name}{ends[n % 4]}" for n, name in names.items())],
    )


def _write_surface(
    root: Path, subject: str, sessions: Sequence[int], trials: int
) -> dict[str, dict[str, np.ndarray]]:
    """Write betas and ncsnr of fsaverage, and its ROIs (the same for all subjects)."""
    folder = root / "nsddata_betas/ppdata" / subject / "fsaverage" / BETAS
    label = root / "nsddata/freesurfer/fsaverage/label"
    parts: dict[str, list[np.ndarray]] = {}
    ratios: dict[str, list[np.ndarray]] = {}
    for side, count in VERTICES.items():
        blocks = []
        for session in sessions:
            rng = generator("surface", subject, session, side)
            betas = rng.normal(size=(count, trials)).astype(np.float32)
            betas[4] = np.nan
            if session == 2:
                betas[7] = np.nan
            write_mgh(folder / f"{side}.betas_session{session:02d}.mgh", betas)
            blocks.append(betas.T.astype(np.float64))
        every = np.concatenate(blocks)
        ncsnr = generator("ncsnr", subject, side).uniform(0.1, 1, count).astype(np.float32)
        write_mgh(folder / f"{side}.ncsnr.mgh", ncsnr)
        for atlas, names in SURFACE.items():
            values = generator("label", side, atlas).choice([0, *names], size=count)
            values[[4, 7]] = next(iter(names))  # the vertices with NaN are in the first ROI
            values[:3] = -1
            kind = np.float32 if atlas == "nsdgeneral" else np.int32
            write_mgh(label / f"{side}.{atlas}.mgz", values.astype(kind))
            if atlas not in WITHOUT_TABLE:
                _write_colours(label / f"{atlas}.mgz.ctab", names)
            for number, name in names.items():
                parts.setdefault(name, []).append(every[:, values == number])
                ratios.setdefault(name, []).append(ncsnr[values == number].astype(np.float64))
    return {
        "rois": {n: np.hstack(v) for n, v in parts.items()},
        "ncsnr": {n: np.concatenate(v)[None] for n, v in ratios.items()},
    }
