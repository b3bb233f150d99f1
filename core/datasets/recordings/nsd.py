"""The Natural Scenes Dataset (Allen et al. 2022): eight people, up to 10,000 images each, at 7T.

Opened as downloaded, from the folder that holds ``nsddata``, ``nsddata_betas`` and
``nsddata_stimuli``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core import paths, store
from core.datasets.catalogue import Recording, choose_subject, register
from core.datasets.dataset import Dataset, DatasetInfo, Note
from core.datasets.download.addresses import STEPS
from core.datasets.places import FSAVERAGE, Surface
from core.datasets.releases import converted
from core.datasets.releases.coco import (
    Annotations,
    annotations_beside,
    counts_of,
    supercategory_of,
)
from core.datasets.releases.hdf5 import dataset, open_hdf5
from core.datasets.releases.images import BrickImages
from core.datasets.releases.layout import Expected
from core.datasets.releases.options import finished, standard, standard_of
from core.datasets.releases.volumes import (
    columns_of_volume,
    label_volume,
    read_labels,
    read_surface,
    read_volume,
    volume_shape,
)
from core.datasets.tables import complete_stimuli, complete_trials, stimuli_csv
from core.errors import CorruptDataError, InputError, NotFoundError
from core.registry import Parameter
from core.store.stamps import enter
from core.validation import enumerate_names
from core.words import counted

VERSION = 1
TABLE = "nsddata/experiments/nsd/nsd_stim_info_merged.csv"
STIMULI = "nsddata_stimuli/stimuli/nsd"
BRICK = f"{STIMULI}/nsd_stimuli.hdf5"
INSTANCES = f"{STIMULI}/annotations/instances_{{}}.json"
BETAS = "nsddata_betas/ppdata/{subject}/{space}/betas_fithrf_GLMdenoise_RR"
ROIS = "nsddata/ppdata/{subject}/func1pt8mm/roi"
LABELS = "nsddata/freesurfer/{}/label"
SPLITS = ("train2017", "val2017")
COLUMNS = ("nsdId", "cocoId", "cocoSplit", "cropBox", "shared1000")
HEMISPHERES = ("lh", "rh")
SUBJECT = re.compile(r"subj\d\d")
VOLUME_FILE = re.compile(r"betas_session(\d+)\.(?:hdf5|nii\.gz|nii)")
SURFACE_FILE = re.compile(r"(lh|rh)\.betas_session(\d+)\.mg[hz]")
# Integers are 300 to a per cent of signal change.
SCALE = 300.0
# Odd runs have 63 trials with an image, even ones 62: the last is a blank there.
RUNS = 12
# Voxels of a row that lie no further apart are read at once.
GAP = 8
# Those of functional localisers, with the broad streams: some 23 to 28 regions of a subject.
REGIONAL = (
    "prf-visualrois",
    "floc-bodies",
    "floc-faces",
    "floc-places",
    "floc-words",
    "streams",
)
ATLASES = (*REGIONAL, "nsdgeneral", "Kastner2015", "HCP_MMP1", "MTL", "thalamus", "corticalsulc")
# Dorsal and ventral halves are joined, as in other recordings.
JOINED = {area: (f"{area}v", f"{area}d") for area in ("V1", "V2", "V3")}

INFO = DatasetInfo(
    name="nsd",
    title="Natural Scenes Dataset (Allen et al. 2022)",
    description=(
        "Eight people saw 9,000 to 10,000 photographs of COCO each, up to three times, in 30 to 40 "
        "sessions at 7T; 1,000 of the photographs are the same for all. Responses are the "
        "single-trial betas of GLMsingle (betas_fithrf_GLMdenoise_RR) in the volume of the "
        "subject (1.8 mm) or on fsaverage, in the ROIs of the atlases that are chosen. Labels are "
        "those of the objects of COCO that reach into the part of the photograph that was shown, "
        "crowds included; the supercategory is that of most of them. The 1,000 shared photographs "
        "are the test set of the split 'as recorded'."
    ),
    citation=(
        "Allen EJ, St-Yves G, Wu Y, et al. (2022) A massive 7T fMRI dataset to bridge cognitive "
        "neuroscience and artificial intelligence. Nature Neuroscience 25:116-126. "
        "doi:10.1038/s41593-021-00962-x."
    ),
    licence=(
        "NSD terms and conditions: sign the data access agreement, share no data, and cite the "
        "data paper; photographs and annotations keep the terms of COCO"
    ),
    options=(
        Parameter(
            "space",
            "Space",
            "func1pt8mm",
            "Voxels of the subject at 1.8 mm, or vertices of fsaverage",
            choices=("func1pt8mm", "fsaverage"),
        ),
        Parameter(
            "atlases",
            "Atlases",
            REGIONAL,
            "Their ROIs are read, in both hemispheres; each choice has a stored copy of its own",
            choices=ATLASES,
        ),
        *standard(zscore="session"),
    ),
    units="% signal change",
    how_to_get=STEPS["nsd"],
    disk=(
        "A subject of 40 sessions takes some 30 GB as .nii.gz, 42 GB as .hdf5 and 39 GB on "
        "fsaverage, the images 37 GB; the stored copy of a subject's ROIs another 2 to 4 GB."
    ),
)


class SessionFiles(NamedTuple):
    """Files of a session (those of both hemispheres), and its shape: units, then trials."""

    files: tuple[Path, ...]
    shape: tuple[int, ...]

    @property
    def trials(self) -> int:
        return self.shape[-1]


class ResponseSpace(NamedTuple):
    """How the responses of a space lie on disk; units are numbered through.

    Attributes
    ----------
    files : callable
        Files of each session in a folder.
    shape : callable
        Shape of the units and the number of trials, from the headers of a session's files.
    columns : callable
        Some units (by number, sorted) of a session's files: (trials, units) float32.
    labels : callable
        Files with the ROIs of an atlas, by folder of the recording, subject and atlas.
    ratios : tuple of str
        Files with the signal-to-noise ratio of each unit.
    """

    files: Callable[[Path], dict[int, tuple[Path, ...]]]
    shape: Callable[[Sequence[Path]], tuple[int, ...]]
    columns: Callable[[Sequence[Path], np.ndarray], np.ndarray]
    labels: Callable[[Path, str, str], tuple[Path, ...]]
    ratios: tuple[str, ...]


class Regions(NamedTuple):
    """ROIs by name as numbers of units, and what was chosen and is not there."""

    units: dict[str, np.ndarray]
    absent_atlases: tuple[str, ...]
    empty: tuple[str, ...]


class Recorded(NamedTuple):
    """What of a subject is on disk, before any response is read.

    ``betas`` is the folder of the sessions, ``planned`` the number of sessions in the table,
    ``columns`` are the units that an ROI needs, sorted.
    """

    betas: Path
    sessions: dict[int, SessionFiles]
    trials: pd.DataFrame
    planned: int
    regions: Regions
    columns: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the units of a session."""
        return next(iter(self.sessions.values())).shape[:-1]


def load(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """Open one subject; see ``datasets.load``."""
    folder, space = info.where, SPACES[options["space"]]
    assert folder is not None
    table = _read_table(folder / TABLE)
    subjects = _subjects(folder, options["space"])
    chosen = choose_subject(subjects, subject)
    there = _recorded(folder, chosen, options, table)
    reading = converted.Reading(
        files=(folder / TABLE, *(path for s in there.sessions.values() for path in s.files)),
        shape=(len(there.trials), len(there.columns)),
        trials=there.trials,
        blocks=functools.partial(_blocks, space, there),
        subjects=subjects,
        parameters={"space": options["space"], "units": there.columns},
    )
    copy = converted.responses(info.name, VERSION, chosen, reading, standard_of(options))
    instances = [folder / INSTANCES.format(split) for split in SPLITS]
    annotations = annotations_beside(instances, info.name, chosen, subjects)
    stimuli = _stimuli(table, there.trials, annotations)
    rois = {n: np.searchsorted(there.columns, units) for n, units in there.regions.units.items()}
    ceiling = _ceiling(space, there)
    ds = Dataset(
        info=info,
        subject=chosen,
        subjects=subjects,
        stimuli=stimuli,
        fingerprint=store.fingerprint(copy.fingerprint, rois, stimuli_csv(stimuli), ceiling),
        rois=rois,
        regions=tuple(name for name in rois if name not in JOINED),
        betas=copy.betas,
        trials=there.trials,
        options=dict(options),
        notes=_notes(there, chosen, annotations is not None),
        surface=_surface(options["space"], there),
        scanned=copy.scanned,
        **_images(folder / BRICK, info.name, stimuli),
    )
    return finished(ds, standard_of(options), ceiling)


def _recorded(
    folder: Path, subject: str, options: Mapping[str, Any], table: pd.DataFrame
) -> Recorded:
    betas = folder / BETAS.format(subject=subject, space=options["space"])
    sessions = _sessions(SPACES[options["space"]], betas)
    trials, planned = _trials(table, subject, sessions)
    regions = _regions(folder, subject, options, next(iter(sessions.values())).shape[:-1])
    columns = np.unique(np.concatenate(list(regions.units.values())))
    return Recorded(betas, sessions, trials, planned, regions, columns)


# Trials and stimuli ---------------------------------------------------------------------------


def _read_table(path: Path) -> pd.DataFrame:
    """The list of images, with the trials in which each subject saw them."""
    enter(path)
    if not path.is_file():
        raise NotFoundError(
            f"There is no {path.name} in {path.parent}",
            f"{TABLE} below the folder of the recording",
            "It is part of nsddata/experiments; .pkl files beside it are not read.",
        )
    try:
        table = pd.read_csv(path, usecols=lambda name: name in COLUMNS or _is_showing(name))
    except (ValueError, OSError) as error:
        raise _unreadable(path, " ".join(str(error).split())) from None
    lacking = [name for name in COLUMNS if name not in table]
    if lacking or table.empty:
        raise _unreadable(path, f"it has no {enumerate_names(lacking) or 'rows'}")
    for name in table.columns[~table.columns.isin(["cocoSplit", "cropBox", "shared1000"])]:
        numbers = pd.to_numeric(table[name], errors="coerce")
        numbers = numbers.fillna(0) if _is_showing(name) else numbers
        if numbers.isna().any() or (numbers % 1 != 0).any():
            raise _unreadable(path, f"column {name!r} holds more than whole numbers")
        table[name] = numbers.astype(np.int64)
    if table["nsdId"].duplicated().any() or table["nsdId"].min() < 0:
        raise _unreadable(path, "column 'nsdId' repeats a number, or holds a negative one")
    return table


def _is_showing(column: object, subject: str = r"\d+") -> bool:
    return re.fullmatch(rf"subject{subject}_rep\d+", str(column)) is not None


def _trials(
    table: pd.DataFrame, subject: str, sessions: Mapping[int, SessionFiles]
) -> tuple[pd.DataFrame, int]:
    """Trials of the sessions that are there, and how many sessions the table plans."""
    length = next(iter(sessions.values())).trials
    own = str(int(subject.removeprefix("subj")))
    shown = table[[column for column in table if _is_showing(column, own)]].to_numpy()
    name = Path(TABLE).name
    last = int(shown.max(initial=0))
    if not 0 < last <= shown.size:
        raise CorruptDataError(
            f"{name} has {last} as the last trial of {subject}, of {shown.size} showings at most",
            "trials in columns such as subject1_rep0",
        )
    _check_range(shown, length, f"{name}: the trials of {subject}")
    rows, repeats = np.nonzero(shown)
    numbers = shown[rows, repeats]
    place = np.full(last, -1)
    place[numbers - 1] = np.arange(len(numbers))
    if len(np.unique(numbers)) < len(numbers):
        raise CorruptDataError(f"{name} names one trial of {subject} for two images")
    kept = np.concatenate([np.arange((n - 1) * length, n * length) for n in sessions])
    if kept[-1] >= last:
        raise CorruptDataError(
            f"{subject} has a session {list(sessions)[-1]}, and {name} ends with {last // length}"
        )
    at = place[kept]
    if (at < 0).any():
        raise CorruptDataError(
            f"{name} names no image for {counted(int((at < 0).sum()), 'trial')} of {subject}"
        )
    trials = pd.DataFrame(
        {
            "id": [f"nsd-{n:05d}" for n in table["nsdId"].to_numpy()[rows[at]]],
            "repeat": repeats[at] + 1,
            "session": kept // length + 1,
            "trial": kept + 1,
        }
    )
    runs = _runs(length)
    if runs is not None:
        trials["run"] = runs[kept % length]
    return complete_trials(trials), last // length


def _check_range(shown: np.ndarray, length: int, what: str) -> None:
    """Raise InputError unless trials run from 1 to the end of a session."""
    low, last = int(shown.min()), int(shown.max())
    if (last + 1) % length == 0 and length > 1:
        raise InputError(
            f"{what} seem to count from 0: they end with {last}, and a session has {length}",
            "trials from 1, and 0 where an image was not shown",
            "Add 1 to each trial.",
        )
    if last % length:
        raise InputError(
            f"{what} end with {last}, and the sessions on disk have {length} each",
            "whole sessions (750 trials each in the release)",
            "Check that the files of the sessions are whole.",
        )
    if low < 0:
        raise InputError(f"{what} hold {low}", "0 where an image was not shown")


def _runs(length: int) -> np.ndarray | None:
    """Run of each trial of a session, from 1; None where runs would not be of even lengths.

    Source: Allen et al. (2022), Methods: 63 stimulus trials a run, and 62 in even-numbered ones.
    """
    pair = length // (RUNS // 2)
    if pair < 2 or length % (RUNS // 2):
        return None
    trial = np.arange(length)
    return np.asarray(2 * (trial // pair) + (trial % pair >= (pair + 1) // 2) + 1)


def _stimuli(
    table: pd.DataFrame, trials: pd.DataFrame, annotations: Annotations | None
) -> pd.DataFrame:
    """The images that the subject saw, in the order of their numbers.

    ``supercategory`` is that of most objects of an image.
    """
    seen = table["nsdId"].isin(trials["id"].map(_number).unique())
    rows = table[seen].sort_values("nsdId")
    shared = rows["shared1000"].astype(str).str.lower().isin(["true", "1", "1.0"]).to_numpy()
    stimuli = pd.DataFrame(
        {
            "id": [f"nsd-{number:05d}" for number in rows["nsdId"]],
            "source": "COCO",
            "split": np.where(shared, "test", "train"),
            "coco_id": rows["cocoId"].to_numpy(),
            "shared1000": shared,
        }
    )
    if annotations is not None:
        counts = [
            counts_of(annotations, coco_id, _crop(text))
            for coco_id, text in zip(rows["cocoId"], rows["cropBox"], strict=True)
        ]
        stimuli["labels"] = [tuple(each) for each in counts]
        stimuli["supercategory"] = [
            supercategory_of(each, annotations.supercategories) for each in counts
        ]
    return complete_stimuli(stimuli)


def _crop(text: str) -> tuple[float, float, float, float]:
    """What is cut off at top, bottom, left and right, as fractions; the table has it as text."""
    try:
        top, bottom, left, right = map(float, str(text).strip("()[] ").split(","))
    except ValueError:
        raise CorruptDataError(
            f"{Path(TABLE).name} has {str(text)[:60]!r} as cropBox", "(top, bottom, left, right)"
        ) from None
    return top, bottom, left, right


def _images(brick: Path, name: str, stimuli: pd.DataFrame) -> dict[str, Any]:
    """Fields of the dataset that say where the images are, as many as there are."""
    rows = {stimulus: _number(stimulus) for stimulus in stimuli["id"]}
    images = BrickImages(brick, "imgBrick", rows)
    missing = images.missing()
    return {
        "images": images if len(missing) < len(rows) else None,
        "without_image": missing,
        "images_fingerprint": store.fingerprint(name, images.stamps()["file"]),
    }


def _number(name: str) -> int:
    return int(name.removeprefix("nsd-"))


# Sessions -------------------------------------------------------------------------------------


def _subjects(folder: Path, space: str) -> tuple[str, ...]:
    """Subjects with sessions in a space."""
    top = folder / BETAS.split("/{", 1)[0]
    named = [path.name for path in paths.visible(top) if SUBJECT.fullmatch(path.name)]
    betas = {name: folder / BETAS.format(subject=name, space=space) for name in named}
    subjects = tuple(sorted(name for name in named if SPACES[space].files(betas[name])))
    if not subjects:
        endings = "betas_session01.nii.gz or .hdf5"
        example = endings if space == "func1pt8mm" else "lh.betas_session01.mgh and rh."
        raise NotFoundError(
            f"There are no betas of a subject in {folder} in the space {space}",
            f"{BETAS.format(subject='subj01', space=space)}/{example}",
            "Download them, or choose the other space.",
        )
    return subjects


def _sessions(space: ResponseSpace, folder: Path) -> dict[int, SessionFiles]:
    """Sessions by their number, all of one shape."""
    files = space.files(folder)
    sessions = {
        number: SessionFiles(own, space.shape(own)) for number, own in sorted(files.items())
    }
    shapes = [each.shape for each in sessions.values()]
    usual = max(shapes, key=shapes.count)
    for each in sessions.values():
        if each.shape != usual:
            raise CorruptDataError(
                f"{each.files[0].name} has the shape {each.shape}",
                f"{usual} as in the other sessions, trials last",
                "Download it again.",
            )
    return sessions


def _volume_files(folder: Path) -> dict[int, tuple[Path, ...]]:
    """HDF5 where a session is there twice, which is read without decompression."""
    found_here = [(VOLUME_FILE.fullmatch(path.name), path) for path in paths.visible(folder)]
    named = [(int(file[1]), path) for file, path in found_here if file]
    ordered = sorted(named, key=lambda pair: pair[1].suffix == ".hdf5")
    return {number: (path,) for number, path in ordered}


def _surface_files(folder: Path) -> dict[int, tuple[Path, ...]]:
    sides: dict[int, dict[str, Path]] = {}
    for path in paths.visible(folder):
        file = SURFACE_FILE.fullmatch(path.name)
        if file:
            sides.setdefault(int(file[2]), {})[file[1]] = path
    for number, both in sides.items():
        if len(both) < len(HEMISPHERES):
            other = next(side for side in HEMISPHERES if side not in both)
            raise NotFoundError(
                f"Session {number} has no {other}.betas_session{number:02d}.mgh in {folder}",
                "both hemispheres of a session",
            )
    return {number: tuple(both[side] for side in HEMISPHERES) for number, both in sides.items()}


def _volume_shape(files: Sequence[Path]) -> tuple[int, ...]:
    """(X, Y, Z, trials), which an HDF5 file holds the other way round."""
    path = files[0]
    if path.suffix == ".hdf5":
        with open_hdf5(path) as file:
            shape = tuple(reversed(dataset(file, "betas").shape))
    else:
        shape = volume_shape(path)
    if len(shape) != 4:
        raise CorruptDataError(f"{path.name} has the shape {shape}", "(X, Y, Z, trials)")
    return shape


def _surface_shape(files: Sequence[Path]) -> tuple[int, ...]:
    """(vertices of both hemispheres, trials)"""
    shapes = [volume_shape(path) for path in files]
    trials = [shape[3] if len(shape) == 4 else 1 for shape in shapes]
    if trials[0] != trials[1]:
        raise CorruptDataError(
            f"{files[0].name} has {trials[0]} trials and {files[1].name} has {trials[1]}",
            "one number of trials",
        )
    return sum(int(np.prod(shape[:3])) for shape in shapes), trials[0]


def _surface(space: str, there: Recorded) -> Surface | None:
    """Where the units are, of betas on fsaverage, whose hemispheres are numbered through."""
    if space != "fsaverage" or there.shape != (len(HEMISPHERES) * FSAVERAGE,):
        return None
    return Surface(*np.divmod(there.columns, FSAVERAGE))


def _blocks(space: ResponseSpace, there: Recorded) -> Iterator[np.ndarray]:
    """The units that are needed of one session after another, (trials, units) float32."""
    return (space.columns(each.files, there.columns) for each in there.sessions.values())


def _volume_columns(files: Sequence[Path], columns: np.ndarray) -> np.ndarray:
    path = files[0]
    if path.suffix != ".hdf5":
        return columns_of_volume(path, columns, integer_scale=SCALE)
    with open_hdf5(path) as file:
        return _hdf5_columns(dataset(file, "betas"), columns)


def _hdf5_columns(stored: Any, columns: np.ndarray) -> np.ndarray:
    """Voxels of (trials, Z, Y, X), numbered as in (X, Y, Z); a chunk holds one voxel as released.

    Neighbours along X are read at once; where chunks hold few trials, volume by volume.
    """
    shape = tuple(reversed(stored.shape[1:]))
    x, y, z = np.unravel_index(columns, shape)
    values = np.empty((stored.shape[0], len(columns)), dtype=np.float32)
    if stored.chunks is None or stored.chunks[0] < stored.shape[0]:
        for trial in range(len(values)):
            values[trial] = stored[trial][z, y, x]
    else:
        order = np.lexsort((x, y, z))
        step = np.diff(x[order]), np.diff(y[order]), np.diff(z[order])
        is_near = (step[1] == 0) & (step[2] == 0) & (step[0] <= GAP)
        for part in np.split(order, np.flatnonzero(~is_near) + 1):
            first, last = x[part[0]], x[part[-1]]
            row = stored[:, z[part[0]], y[part[0]], first : last + 1]
            values[:, part] = row[:, x[part] - first]
    return values / np.float32(SCALE) if stored.dtype.kind in "iu" else values


def _surface_columns(files: Sequence[Path], columns: np.ndarray) -> np.ndarray:
    parts, start = [], 0
    for path in files:
        end = start + int(np.prod(volume_shape(path)[:3]))
        inside = columns[(columns >= start) & (columns < end)] - start
        parts.append(columns_of_volume(path, inside))
        start = end
    return np.hstack(parts)


# ROIs -----------------------------------------------------------------------------------------


def _regions(
    folder: Path, subject: str, options: Mapping[str, Any], shape: tuple[int, ...]
) -> Regions:
    """ROIs of the chosen atlases, those without a unit left out.

    Raises
    ------
    NotFoundError
        If no file of a chosen atlas is there.
    CorruptDataError
        If the ROIs are of another shape than the betas.
    """
    space = SPACES[options["space"]]
    units: dict[str, np.ndarray] = {}
    absent, empty = [], []
    for atlas in options["atlases"]:
        files = space.labels(folder, subject, atlas)
        if not all(path.is_file() for path in files):
            absent.append(atlas)
            continue
        numbers = _whole(files, label_volume, shape)
        names = _names(folder, subject, atlas, files)
        labels = sorted({*np.unique(numbers[numbers > 0]).tolist(), *names} - {0})
        is_single = labels == [1]
        for number in labels:
            inside = np.flatnonzero(numbers == number) if number > 0 else numbers[:0]
            name = names.get(number, atlas if is_single else f"{atlas}-{number}")
            if not len(inside):
                empty.append(name)
                continue
            units[name if name not in units else f"{atlas} {name}"] = inside
    if not units:
        there = [a for a in ATLASES if all(p.is_file() for p in space.labels(folder, subject, a))]
        raise NotFoundError(
            f"No ROI of {enumerate_names(options['atlases'])} is there of {subject} in "
            f"{options['space']}",
            str(space.labels(Path(), subject, options["atlases"][0])[0]),
            "Download the ROIs, or choose another atlas.",
            choices=there,
        )
    joined = {
        area: np.concatenate([units[half] for half in halves])
        for area, halves in JOINED.items()
        if area not in units and all(half in units for half in halves)
    }
    return Regions({**joined, **units}, tuple(absent), tuple(empty))


def _whole(
    files: Sequence[Path], read: Callable[[Path], np.ndarray], expected: tuple[int, ...]
) -> np.ndarray:
    """A value for each unit of a space, numbered through."""
    parts = [read(path) for path in files]
    shape = parts[0].shape if len(parts) == 1 else (sum(part.size for part in parts),)
    if shape != expected:
        raise CorruptDataError(
            f"{files[0].name} has the shape {shape}",
            f"{expected} as the betas",
            "Take betas and ROIs of one subject and space.",
        )
    return np.concatenate([part.ravel() for part in parts])


def _names(folder: Path, subject: str, atlas: str, files: Sequence[Path]) -> dict[int, str]:
    """Names of the colour table: the subject's, else that of fsaverage; {} where there is none."""
    own = files[0].parent if len(files) > 1 else folder / LABELS.format(subject)
    for place in (own, folder / LABELS.format("fsaverage")):
        path = place / f"{atlas}.mgz.ctab"
        if path.is_file():
            return read_labels(path)
    return {}


def _volume_labels(folder: Path, subject: str, atlas: str) -> tuple[Path, ...]:
    return (folder / ROIS.format(subject=subject) / f"{atlas}.nii.gz",)


def _surface_labels(folder: Path, subject: str, atlas: str) -> tuple[Path, ...]:
    below = folder / LABELS.format("fsaverage")
    return tuple(below / f"{side}.{atlas}.mgz" for side in HEMISPHERES)


def _ceiling(space: ResponseSpace, there: Recorded) -> np.ndarray | None:
    """Noise ceiling of each unit in per cent; None where the release's ratios are not there.

    Of averages over the repeats that the subject has in the sessions on disk.

    Source: Allen et al. (2022), Methods; NSD data manual, 'Functional data (NSD)'.
    """
    files = [there.betas / name for name in space.ratios]
    if not all(path.is_file() for path in files):
        return None
    ratio = _whole(files, _read_map, there.shape)[there.columns].astype(np.float64)
    noise = float((1.0 / there.trials["id"].value_counts()).mean())
    return np.asarray(100.0 * ratio**2 / (ratio**2 + noise))


def _read_map(path: Path) -> np.ndarray:
    return read_volume(path) if path.name.endswith(".nii.gz") else read_surface(path)


# What is said -------------------------------------------------------------------------------


def _notes(there: Recorded, subject: str, has_labels: bool) -> tuple[Note, ...]:
    notes, regions = [], there.regions
    without = [n for n in range(1, there.planned + 1) if n not in there.sessions]
    if without:
        notes.append(
            Note(
                f"{counted(len(without), 'session')} of {there.planned} without betas",
                f"Session {_spans(without)} of {subject}: not run, or the files are not there; the "
                "trials are left out.",
            )
        )
    if not has_labels:
        names = " and ".join(INSTANCES.format(split) for split in SPLITS)
        notes.append(Note("No labels", f"They need {names}, which COCO distributes."))
    if regions.absent_atlases:
        names = enumerate_names(regions.absent_atlases)
        notes.append(Note("Atlases that are not there", f"{names}: no file in this space."))
    if regions.empty:
        title = f"{counted(len(regions.empty), 'ROI')} without a unit"
        notes.append(Note(title, f"{subject} lacks {enumerate_names(regions.empty)}."))
    return tuple(notes)


def _spans(numbers: Sequence[int]) -> str:
    """Whole numbers with runs of them joined: '2, 5-7'."""
    parts = np.split(np.array(numbers), np.flatnonzero(np.diff(numbers) > 1) + 1)
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else f"{p[0]}" for p in parts)


def _unreadable(path: Path, reason: str) -> CorruptDataError:
    return CorruptDataError(
        f"{path.name} could not be read ({reason})",
        "the table of the release",
        "Download it again.",
    )


def expected(folder: Path, subject: str | None = None) -> list[Expected]:
    """Files of the recording; sessions that were not run cannot be told from missing ones."""
    top = folder / BETAS.split("/{", 1)[0]
    there = [path.name for path in paths.visible(top) if SUBJECT.fullmatch(path.name)]
    names = [subject] if subject else sorted(there) or ["subj01"]
    files = [
        Expected(TABLE, "which image was shown when"),
        Expected(BRICK, "images", False),
        *(Expected(INSTANCES.format(split), "objects in the images", False) for split in SPLITS),
        *(each for name in names for each in _expected_of(folder, name)),
    ]
    beside = [f"{Path(TABLE).parent}/*", f"{STIMULI}/**/*", f"{LABELS.format('fsaverage')}/*"]
    beside += [f"{BETAS.format(subject=n, space=space)}/*" for n in names for space in SPACES]
    beside += [f"{LABELS.format(name)}/*" for name in names]
    known = {each.path for each in files}
    return files + [
        Expected(path, "what comes with it", False)
        for path in beside
        if any(
            p.is_file() and p.relative_to(folder).as_posix() not in known for p in folder.glob(path)
        )
    ]


def _expected_of(folder: Path, subject: str) -> list[Expected]:
    betas = {space: BETAS.format(subject=subject, space=space) for space in SPACES}
    numbers = {name: space.files(folder / betas[name]) for name, space in SPACES.items()}
    spaces = [name for name in SPACES if numbers[name]] or ["func1pt8mm"]
    files = []
    for name in spaces:
        for number in range(1, max(numbers[name], default=1) + 1):
            path = f"{betas[name]}/*betas_session{number:02d}.*"
            files.append(Expected(path, f"betas of session {number}", not numbers[name]))
        files += [
            Expected(f"{betas[name]}/{r}", "noise ceiling", False) for r in SPACES[name].ratios
        ]
    if "func1pt8mm" in spaces:
        files.append(Expected(f"{ROIS.format(subject=subject)}/*.nii.gz", "ROIs"))
    if "fsaverage" in spaces:
        files.append(Expected(f"{LABELS.format('fsaverage')}/*.mgz", "ROIs of fsaverage"))
    return [*files, Expected(f"{LABELS.format(subject)}/*.ctab", "names of ROIs", False)]


SPACES = {
    "func1pt8mm": ResponseSpace(
        _volume_files, _volume_shape, _volume_columns, _volume_labels, ("ncsnr.nii.gz",)
    ),
    "fsaverage": ResponseSpace(
        _surface_files,
        _surface_shape,
        _surface_columns,
        _surface_labels,
        tuple(f"{side}.ncsnr.mgh" for side in HEMISPHERES),
    ),
}

register(Recording(INFO, load, expected=expected))
