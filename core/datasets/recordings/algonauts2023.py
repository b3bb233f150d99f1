"""Algonauts 2023 (Gifford et al. 2023): the Natural Scenes Dataset as packaged for the challenge.

Opened as downloaded: responses of one subject at the vertices of visual cortex, one row an image.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from PIL import Image

from core import paths, store
from core.datasets.catalogue import Recording, choose_subject, register
from core.datasets.dataset import Dataset, DatasetInfo, Note
from core.datasets.download.addresses import STEPS
from core.datasets.image_files import read_image, stamps
from core.datasets.places import FSAVERAGE, Surface
from core.datasets.releases import converted
from core.datasets.releases.layout import Expected
from core.datasets.releases.options import finished, standard, standard_of
from core.datasets.releases.pickled_names import read_name_map
from core.datasets.tables import complete_stimuli, complete_trials
from core.errors import CorruptDataError, InputError, NotFoundError
from core.registry import Parameter
from core.store.stamps import enter
from core.validation import StoredRows, enumerate_names, load_npy

VERSION = 2  # 1 had the vertices in ascending order
# The streams cover what the other maps have regions of.
STREAMS = "streams"
MAPS = ("prf-visualrois", "floc-bodies", "floc-faces", "floc-places", "floc-words", STREAMS)
PARTS = {"V1": ("V1v", "V1d"), "V2": ("V2v", "V2d"), "V3": ("V3v", "V3d")}
SIDES = ("lh", "rh")
HEMISPHERES = {"both": SIDES, "left": SIDES[:1], "right": SIDES[1:]}
SPLITS = {"train": "training", "test": "test"}
TRAINING = "training_split/training_fmri"
SUBJECT_FILES = {
    **{f"{TRAINING}/{side}_training_fmri.npy": ("responses", True) for side in SIDES},
    "training_split/training_images/train-*.png": ("training images", True),
    **{f"roi_masks/mapping_{kind}.npy": ("names of ROIs", True) for kind in MAPS},
    **{
        f"roi_masks/{side}.{kind}_challenge_space.npy": ("vertices of ROIs", True)
        for side in SIDES
        for kind in MAPS
    },
    **{
        f"roi_masks/{side}.{kind}_fsaverage_space.npy": ("the same on fsaverage", False)
        for side in SIDES
        for kind in (*MAPS, "all-vertices")
    },
    "test_split/test_images/test-*.png": ("test images", False),
    **{f"test_split/test_fmri/{side}_test_fmri.npy": ("test responses", False) for side in SIDES},
    **{
        f"test_split/noise_ceiling/{side}_noise_ceiling.npy": ("noise ceiling", False)
        for side in SIDES
    },
}
MASK = "{}.all-vertices_fsaverage_space.npy"
IN_ROIS, ALL, EVERYWHERE = "in an ROI", "all", "all vertices"
SUBJECT = re.compile(r"subj\d+")
IMAGE = re.compile(r"(train|test)-(\d+)_(nsd-\d+)\.png")
BLOCK_IMAGES = 1000
MIXED = "Take all files of a subject from one download."

INFO = DatasetInfo(
    name="algonauts2023",
    title="Algonauts 2023, of the Natural Scenes Dataset (Gifford et al. 2023)",
    description=(
        "Eight people saw some 10,000 photographs of COCO each, up to three times, at 7T (NSD, "
        "Allen et al. 2022). Responses at the vertices of visual cortex (fsaverage): betas of "
        "GLMsingle, z-scored in each session, then averaged over the showings of an image, so "
        "that single trials, runs and sessions are not known. 24 regions of retinotopy and of "
        "functional localisers, and seven streams. Responses to the test images were withheld "
        "in the challenge; where they are there, and their noise ceiling, they are read, and "
        "where they are not, the test images can be searched."
    ),
    citation=(
        "Gifford AT, Lahner B, Saba-Sadiya S, et al. (2023) The Algonauts Project 2023 "
        "Challenge: how the human brain makes sense of natural scenes. arXiv:2301.03198. "
        "Allen EJ, St-Yves G, Wu Y, et al. (2022) A massive 7T fMRI dataset to bridge cognitive "
        "neuroscience and artificial intelligence. Nature Neuroscience 25:116-126. "
        "doi:10.1038/s41593-021-00962-x."
    ),
    licence=(
        "Data Access Agreement of NSD and form of the challenge: no redistribution of data or "
        "images. The photographs are those of COCO, and keep their terms."
    ),
    options=(
        Parameter(
            "hemisphere",
            "Hemisphere",
            "both",
            "Whose vertices the ROIs have",
            choices=tuple(HEMISPHERES),
        ),
        Parameter(
            "vertices",
            "Vertices",
            IN_ROIS,
            f"'{IN_ROIS}' keeps those that some ROI holds; '{ALL}' keeps every vertex of the "
            f"challenge, and has the ROI '{EVERYWHERE}' besides",
            choices=(IN_ROIS, ALL),
        ),
        *standard(zscore="none"),
    ),
    units="z, within session, mean of the showings",
    how_to_get=STEPS["algonauts2023"],
    disk=(
        "Responses take 1.4 to 1.6 GB a subject, images more. The copy of the vertices that ROIs "
        "hold takes about 1 GB a subject."
    ),
)


A = TypeVar("A", np.ndarray, StoredRows)


class Images(NamedTuple):
    """The images of one split, in the order of the rows of its responses."""

    folder: Path
    files: dict[str, str]


class Hemisphere(NamedTuple):
    """What is there of one hemisphere, vertex for vertex.

    Attributes
    ----------
    files : list of Path
    responses : dict of str to (images, vertices)
        Of 'train', and of 'test' where they are there; rows are read when they are asked for.
    labels : dict of str to (vertices,) int
        Number of the ROI of each vertex in each map, 0 in none.
    ceiling : (vertices,) or None
        Noise ceiling of the test split, in per cent.
    places : (vertices,) int or None
        Vertex of fsaverage that each is, ascending.
    unplaced : str
        Why there are no places; '' where there are.
    """

    files: list[Path]
    responses: dict[str, StoredRows]
    labels: dict[str, np.ndarray]
    ceiling: np.ndarray | None
    places: np.ndarray | None
    unplaced: str


def load(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """Open one subject; see ``datasets.load``."""
    folders = _subjects(info)
    chosen = choose_subject(tuple(folders), subject)
    folder, treatment = folders[chosen], standard_of(options)
    names = _names(folder)
    images = {split: _images(folder, split) for split in SPLITS}
    sides = _hemispheres(folder, HEMISPHERES[options["hemisphere"]], names, images)
    splits = [s for s in SPLITS if all(s in side.responses for side in sides)]
    kept = [_kept(side, options["vertices"]) for side in sides]
    rois, empty = _rois(sides, kept, names, options["vertices"])
    stimuli, gallery = _stimuli(images, splits)
    trials = complete_trials(stimuli[["id"]])
    reading = converted.Reading(
        files=[path for side in sides for path in side.files],
        shape=(len(trials), sum(map(len, kept))),
        trials=trials,
        blocks=functools.partial(_blocks, sides, kept, splits),
        subjects=tuple(folders),
        parameters={name: options[name] for name in ("hemisphere", "vertices")},
        by_unit=True,
    )
    copy = converted.responses(info.name, VERSION, chosen, reading, treatment)
    ds = Dataset(
        info=info,
        subject=chosen,
        subjects=tuple(folders),
        stimuli=stimuli,
        fingerprint=store.fingerprint(copy.fingerprint, *(list(images[s].files) for s in SPLITS)),
        rois=rois,
        regions=_profile(rois, names),
        betas=copy.betas,
        trials=trials,
        images=functools.partial(_image, files := images["test"].files | images["train"].files),
        gallery=gallery,
        images_fingerprint=store.fingerprint(info.name, repr(stamps(files, is_upright=True))),
        options=dict(options),
        notes=_notes(chosen, empty, len(gallery), [s.unplaced for s in sides if s.unplaced]),
        surface=_surface(sides, kept, HEMISPHERES[options["hemisphere"]]),
        scanned=copy.scanned,
    )
    return finished(ds, treatment, _ceiling(sides, kept))


def _subjects(info: DatasetInfo) -> dict[str, Path]:
    assert info.where is not None
    present = _folders(info.where)
    if not present:
        raise NotFoundError(
            f"There are no responses of Algonauts 2023 in {info.where}",
            f"subj01/{TRAINING}/lh_training_fmri.npy and its like",
            "Unpack the archive of a subject there.",
        )
    return present


def _folders(root: Path) -> dict[str, Path]:
    """Folder of each subject with responses, below the root or a folder in it."""
    folders = [path for at in (root, *paths.visible(root)) for path in paths.visible(at)]
    folders = [path for path in folders if SUBJECT.fullmatch(path.name)]
    present = {path.name: path for path in reversed(folders) if (path / TRAINING).is_dir()}
    return dict(sorted(present.items()))


# Images -----------------------------------------------------------------------------------------


def _images(folder: Path, split: str) -> Images:
    """Image files of a split by id; their numbers are the rows of the responses, from 1.

    Raises
    ------
    InputError
        If a number is missing, or ids do not ascend with them, as they do in the release.
    """
    word = SPLITS[split]
    below = folder / f"{word}_split" / f"{word}_images"
    named = map(IMAGE.fullmatch, os.listdir(below) if below.is_dir() else ())
    rows = sorted((int(m[2]), m[3], m[0]) for m in named if m and m[1] == split)
    for position, (number, stimulus, name) in enumerate(rows, 1):
        if number != position:
            raise InputError(
                f"{below.name} of {folder.name} has {len(rows)} images, and {split}-{position:04d} "
                f"is not among them; after it comes {name}",
                "every image of the split, numbered from 1",
                MIXED,
            )
        if position > 1 and stimulus <= rows[position - 2][1]:
            raise InputError(
                f"{name} follows {rows[position - 2][2]}",
                "ids of NSD that ascend, as in the release",
                MIXED,
            )
    return Images(below, {stimulus: f"{below}/{name}" for _, stimulus, name in rows})


def _stimuli(
    images: Mapping[str, Images], splits: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Images with responses, and those without, which can be searched all the same."""
    ids = [name for split in splits for name in images[split].files]
    sets = [split for split in splits for _ in images[split].files]
    others = [] if "test" in splits else [*images["test"].files.keys() - images["train"].files]
    stimuli = pd.DataFrame({"id": ids, "split": sets, "source": "COCO"})
    gallery = pd.DataFrame({"id": sorted(others), "split": "test", "source": "COCO"})
    return stimuli, complete_stimuli(gallery)


def _image(files: Mapping[str, str], stimulus: str) -> Image.Image:
    return read_image(Path(files[stimulus]), stimulus)


# Vertices ---------------------------------------------------------------------------------------


def _names(folder: Path) -> dict[str, dict[int, str]]:
    """Names of the ROIs of each map by their number, without 0."""
    files = {kind: _name_file(folder, kind) for kind in MAPS}
    files = {kind: path for kind, path in files.items() if path.is_file()}
    if not files:
        raise NotFoundError(
            f"There are no ROIs in {folder / 'roi_masks'}",
            f"mapping_{MAPS[0]}.npy, lh.{MAPS[0]}_challenge_space.npy and their like",
            MIXED,
        )
    maps = {kind: read_name_map(path) for kind, path in files.items()}
    return {kind: {n: name for n, name in known.items() if n != 0} for kind, known in maps.items()}


def _name_file(folder: Path, kind: str) -> Path:
    return folder / "roi_masks" / f"mapping_{kind}.npy"


def _hemispheres(
    folder: Path,
    chosen: Sequence[str],
    names: Mapping[str, Mapping[int, str]],
    images: Mapping[str, Images],
) -> list[Hemisphere]:
    """What is there of some hemispheres, each with as many vertices throughout.

    Raises
    ------
    InputError
        If files of a hemisphere differ in their vertices, or responses in their images.
    """
    sides = []
    for side in chosen:
        hemisphere, counts = _hemisphere(folder, side, names)
        count = hemisphere.responses["train"].shape[1]
        for path, number in counts.items():
            if number != count:
                raise _unlike(folder, side, path, number, count)
        for split, responses in hemisphere.responses.items():
            if len(responses) != len(images[split].files):
                raise InputError(
                    f"{side}_{SPLITS[split]}_fmri.npy of {folder.name} has {len(responses)} rows, "
                    f"{images[split].folder.name} {len(images[split].files)} images",
                    "an image for each row",
                    MIXED,
                )
        sides.append(hemisphere)
    return sides


def _hemisphere(
    folder: Path, side: str, names: Mapping[str, Mapping[int, str]]
) -> tuple[Hemisphere, dict[Path, int]]:
    """The files of a hemisphere, and how many vertices each of them has."""
    files: dict[Path, int] = {}
    responses: dict[str, StoredRows] = {}
    labels, ceiling = {}, None
    for split, word in SPLITS.items():
        path = folder / f"{word}_split" / f"{word}_fmri" / f"{side}_{word}_fmri.npy"
        if split == "train" or path.is_file():
            responses[split] = _rows(path)
            files[path] = responses[split].shape[1]
    for kind in names:
        labels[kind], path = _labels(folder / "roi_masks", side, kind)
        files[path] = len(labels[kind])
        unknown = np.setdiff1d(labels[kind][labels[kind] > 0], list(names[kind]))
        if len(unknown):
            raise CorruptDataError(
                f"{path.name} holds {enumerate_names(unknown)}",
                f"numbers that mapping_{kind}.npy names",
                MIXED,
            )
    path = folder / "test_split" / "noise_ceiling" / f"{side}_noise_ceiling.npy"
    if path.is_file():
        ceiling = 100.0 * _read(path).astype(np.float64)
        if (ceiling < 0).any() or (ceiling > 100).any():
            raise CorruptDataError(
                f"{path.name} of {folder.name} has values from {np.nanmin(ceiling) / 100:.3g} to "
                f"{np.nanmax(ceiling) / 100:.3g}",
                "shares of the variance, 0 to 1",
                MIXED,
            )
        files[path] = len(ceiling)
    named = [_name_file(folder, kind) for kind in names]
    places, unplaced = _places(folder / "roi_masks" / MASK.format(side), responses["train"])
    return Hemisphere([*named, *files], responses, labels, ceiling, places, unplaced), files


def _rows(path: Path) -> StoredRows:
    """Responses (images, vertices) of a file, of which rows are read when they are asked for."""
    return _checked(StoredRows(_entered(path)), path, 2, "(images, vertices)")


def _read(path: Path) -> np.ndarray:
    """Numbers of a file, one a vertex; they may be stored as a row or column."""
    array = load_npy(_entered(path))
    return _checked(array.ravel() if array.size in array.shape else array, path, 1, "one a vertex")


def _entered(path: Path) -> Path:
    enter(path)
    if not path.is_file():
        raise NotFoundError(f"There is no {path.name} in {path.parent}", remedy=MIXED)
    return path


def _checked(array: A, path: Path, dimensions: int, which: str) -> A:
    if array.ndim != dimensions or array.dtype.kind not in "biuf":
        problem = f"{path.name} is {array.dtype} of shape {array.shape}"
        raise CorruptDataError(problem, f"numbers, {which}", MIXED)
    return array


def _labels(masks: Path, side: str, kind: str) -> tuple[np.ndarray, Path]:
    """Number of the ROI of each vertex of the challenge, from either space it is released in."""
    path = masks / f"{side}.{kind}_challenge_space.npy"
    if path.is_file():
        return _read(path), path
    path = masks / f"{side}.{kind}_fsaverage_space.npy"
    whole = _read(path)
    # The sum of two masks: 1 or 2 where a vertex is in the challenge.
    inside = _read(masks / MASK.format(side)) != 0
    if len(whole) != len(inside):
        raise CorruptDataError(
            f"{path.name} has {len(whole)} vertices, all-vertices {len(inside)}",
            "one surface",
            MIXED,
        )
    return whole[inside], path


def _places(path: Path, responses: StoredRows) -> tuple[np.ndarray | None, str]:
    """Vertices of fsaverage that the columns of the responses are, else None and why.

    The responses do without them: what does not fit is left out, and said.
    """
    enter(path)
    if not path.is_file():
        return None, f"There is no {path.name}."
    mask = _read(path)
    places = np.flatnonzero(mask)  # 1 or 2, as above
    if (len(mask), len(places)) == (FSAVERAGE, responses.shape[1]):
        return places, ""
    return None, (
        f"{path.name} marks {len(places):,} of {len(mask):,} vertices; {responses.shape[1]:,} of "
        f"{FSAVERAGE:,} were expected."
    )


def _surface(
    sides: Sequence[Hemisphere], kept: Sequence[np.ndarray], chosen: Sequence[str]
) -> Surface | None:
    """Where the units are; None where that is known of no hemisphere."""
    if all(side.places is None for side in sides):
        return None
    return Surface.of_sides(
        [
            (SIDES.index(name), np.full(len(units), -1) if places is None else places[units])
            for name, places, units in zip(chosen, (s.places for s in sides), kept, strict=True)
        ]
    )


def _unlike(folder: Path, side: str, path: Path, number: int, count: int) -> InputError:
    other = next(name for name in SIDES if name != side)
    others = folder / TRAINING / f"{other}_training_fmri.npy"
    is_swapped = others.is_file() and number == _rows(others).shape[1]
    what = f", as many as {other} has: the hemispheres are swapped" if is_swapped else ""
    return InputError(
        f"{path.name} of {folder.name} has {number} vertices{what}; {side}_training_fmri.npy has "
        f"{count}",
        "one number of vertices in all files of a hemisphere",
        MIXED,
    )


def _kept(side: Hemisphere, vertices: str) -> np.ndarray:
    """Vertices of a hemisphere in the order that the copy has them. (k,) int

    Those of an ROI of the first map lie side by side, for the copy is read by ROI; every vertex
    of the challenge is as there.
    """
    count = side.responses["train"].shape[1]
    if vertices == ALL:
        return np.arange(count)
    inside = np.zeros(count, dtype=bool)
    for labels in side.labels.values():
        inside |= labels > 0
    kept = np.flatnonzero(inside)
    numbers = [side.labels[kind][kept] for kind in reversed(side.labels)]
    return kept[np.lexsort(numbers)]  # of equal labels the lower vertex first


def _rois(
    sides: Sequence[Hemisphere],
    kept: Sequence[np.ndarray],
    names: Mapping[str, Mapping[int, str]],
    vertices: str,
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Units of each ROI, lh before rh, and the ROIs of which the subject has no vertex.

    Within a hemisphere they are in the order of their vertices.
    """
    rois: dict[str, np.ndarray] = {area: np.empty(0, dtype=np.intp) for area in PARTS}
    starts = np.cumsum([0, *map(len, kept)])
    place = np.concatenate(
        [start + units.argsort().argsort() for start, units in zip(starts, kept, strict=False)]
    )
    for kind, known in names.items():
        for number, name in known.items():
            places = [
                start + np.flatnonzero(side.labels[kind][units] == number)
                for side, units, start in zip(sides, kept, starts, strict=False)
            ]
            rois[name] = np.union1d(rois.get(name, places[0]), np.concatenate(places))
    for area, parts in PARTS.items():
        rois[area] = np.union1d(*(rois.get(part, rois[area]) for part in parts))
    if vertices == ALL:
        rois[EVERYWHERE] = np.arange(starts[-1])
    ordered = {n: u[place[u].argsort()] for n, u in rois.items() if len(u)}
    return ordered, [n for n, u in rois.items() if not len(u)]


def _profile(
    rois: Mapping[str, np.ndarray], names: Mapping[str, Mapping[int, str]]
) -> tuple[str, ...]:
    """The regions of all maps but the streams, of which they are parts."""
    named = [name for kind, known in names.items() if kind != STREAMS for name in known.values()]
    return tuple(name for name in named if name in rois)


def _ceiling(sides: Sequence[Hemisphere], kept: Sequence[np.ndarray]) -> np.ndarray | None:
    pairs = [
        side.ceiling[units]
        for side, units in zip(sides, kept, strict=True)
        if side.ceiling is not None
    ]
    return np.concatenate(pairs) if len(pairs) == len(sides) else None


def _blocks(
    sides: Sequence[Hemisphere], kept: Sequence[np.ndarray], splits: Sequence[str]
) -> Iterator[np.ndarray]:
    for split in splits:
        arrays = [side.responses[split] for side in sides]
        for start in range(0, len(arrays[0]), BLOCK_IMAGES):
            rows = slice(start, start + BLOCK_IMAGES)
            yield np.hstack([a[rows][:, units] for a, units in zip(arrays, kept, strict=True)])


def _notes(
    subject: str, empty: Sequence[str], without: int, unplaced: Sequence[str]
) -> tuple[Note, ...]:
    notes = []
    if empty:
        title = "1 ROI is empty" if len(empty) == 1 else f"{len(empty)} ROIs are empty"
        detail = f"Left out, for {subject} has no vertex of it: {enumerate_names(empty, 30)}."
        notes.append(Note(title, detail))
    if without:
        detail = (
            "Responses to them were withheld in the challenge. They can be searched and retrieved; "
            "with test_split/test_fmri they become stimuli of the test set."
        )
        notes.append(Note(f"{without} test images without responses", detail))
    if unplaced:
        notes.append(Note("Units without a place on the cortex", " ".join(unplaced)))
    return tuple(notes)


def expected(folder: Path, subject: str | None = None) -> list[Expected]:
    """What the archive of each subject holds; the test responses were withheld."""
    present = _folders(folder)
    files = []
    for name in [subject] if subject else present or [f"subj{n:02d}" for n in range(1, 9)]:
        below = present[name].relative_to(folder).as_posix() if name in present else name
        files += [Expected(f"{below}/{file}", *about) for file, about in SUBJECT_FILES.items()]
    return files


register(Recording(INFO, load, expected=expected))
