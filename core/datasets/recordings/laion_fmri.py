"""LAION-fMRI (Zerbe et al. 2026): five people, 25,052 images in 30 sessions each, at 7T.

Opened as downloaded, from the folder that holds ``derivatives`` and, where they are there,
``stimuli`` and ``splits``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core import paths, store
from core.datasets.catalogue import Recording, choose_subject, register
from core.datasets.dataset import Dataset, DatasetInfo, Note
from core.datasets.download.addresses import LAION_FMRI, STEPS
from core.datasets.image_files import stamps
from core.datasets.releases import converted
from core.datasets.releases.hdf5 import dataset, open_hdf5
from core.datasets.releases.images import BrickImages, FileImages, JpegImages
from core.datasets.releases.layout import Expected
from core.datasets.releases.options import finished, standard, standard_of
from core.datasets.releases.volumes import columns_of_volume, read_volume, volume_shape
from core.datasets.tables import complete_stimuli, complete_trials, stimuli_csv
from core.errors import CorruptDataError, InputError, NotFoundError
from core.registry import Parameter
from core.store.files import read_json
from core.store.stamps import enter
from core.validation import check_unique, enumerate_names
from core.words import counted

VERSION = 1
BETAS = "derivatives/glmsingle-tedana"
STATMAP = "{subject}_task-images_space-T1w_desc-{what}.nii.gz"
SESSION_BETAS = "*_task-images_space-T1w_stat-effect_desc-SingletrialBetas_statmap.nii.gz"
SESSION_TRIALS = "*_task-images_desc-SingletrialBetas_trials.tsv"
# Current place of the ROIs, and that of older releases.
ROIS, OLDER_ROIS = "derivatives/rois/{}", "derivatives/atlases/{}/rois"
LABEL = re.compile(r".*_space-T1w_.*label-(?P<name>.+)_mask\.nii\.gz")
IMAGES, METADATA = "stimuli/task-images_stimuli.h5", "stimuli/task-images_metadata.csv"
OLDER_IMAGES, OLDER_METADATA = "stimuli/images", "stimuli/stimuli.tsv"
SPLITS = "splits"
# Columns of stimuli with a meaning of their own, which the tables of the release do not mean.
RESERVED = ("file", "category", "supercategory", "labels", "split")
SUBJECTS = ("sub-01", "sub-03", "sub-05", "sub-06", "sub-07")
SUBJECT, SESSION = re.compile(r"sub-\d+"), re.compile(r"ses-(\d+)")
MAIN_SESSIONS = 30
# Dorsal and ventral halves are joined, as in other recordings.
JOINED = {area: (f"{area}v", f"{area}d") for area in ("V1", "V2", "V3")}
# Broad parts of visual cortex, which hold most of the voxels.
SECTORS = re.compile(r"laion.*", re.IGNORECASE)
NAMES = (
    "tau",
    "ood",
    *(f"{kind}_{fold}" for kind in ("cluster_k5", "random") for fold in range(5)),
)
# Labels that two public projects hold to be swapped, in these sessions.
DOUBTED = re.compile(r"shared_4rep_LAION_controversial_(dataset|architecture)_")
DOUBTED_SESSIONS = range(32, 35)
CEILINGS = ("Allrep", "12rep", "4rep")
AGAIN = "Download the files of the session again."

INFO = DatasetInfo(
    name="laion_fmri",
    title="LAION-fMRI (Zerbe et al. 2026)",
    description=(
        "Five people saw 25,052 photographs at 7T in 30 sessions each: 1,492 of them all saw, "
        "4 or 12 times, 4,712 each alone. Most are from LAION-natural, some from NSD and "
        "THINGSplus, and 371 are out of distribution. Responses are the single-trial betas of "
        "GLMsingle at the voxels with a mean R² above 15 %, in the ROIs of the release. Betas are "
        "shrunk by ridge regression, voxel by voxel, so that their size is not comparable across "
        "voxels. The split 'as recorded' is one of those of the authors, which are to be put into "
        "the folder 'splits'."
    ),
    citation=(
        "Zerbe J, Roth J, Mell MM, Herholz P, Knapen T, Hebart MN (2026) LAION-fMRI: a densely "
        "sampled 7T-fMRI dataset providing broad coverage of natural image diversity. Vision "
        "Sciences Society Annual Meeting, talk 25.11. Betas: Prince JS, Charest I, Kurzawski JW, "
        "Pyles JA, Tarr MJ, Kay KN (2022) Improving the accuracy of single-trial fMRI response "
        "estimates using GLMsingle. eLife 11:e77599. doi:10.7554/eLife.77599."
    ),
    licence=(
        "Responses, ROIs and tables: CC0 1.0. Images: Data Use Agreement, which forbids "
        "redistribution, commercial use and training of general-purpose AI. Split files: BSD 3."
    ),
    options=(
        Parameter(
            "voxels",
            "Voxels",
            "all",
            "Those of every ROI, or without the broad sectors (laion…) of visual cortex, which "
            "makes a smaller copy",
            choices=("all", "without sectors"),
        ),
        Parameter(
            "ceiling",
            "Released noise ceiling",
            CEILINGS[0],
            "Estimated by the authors from all images, or from those shown 12 or 4 times",
            choices=CEILINGS,
        ),
        Parameter(
            "split",
            "Split as recorded",
            NAMES[0],
            "tau holds out images far from their nearest training image, cluster_k5 a cluster of "
            "images, ood the images out of distribution, random a fifth of all",
            choices=NAMES,
        ),
        Parameter(
            "split_of",
            "Split of",
            "subject",
            "The images that the subject saw, or those that all saw",
            choices=("subject", "shared"),
        ),
        *standard(zscore="session"),
    ),
    units="betas",
    how_to_get=(
        f"{STEPS['laion_fmri']} Splits: copy what laion_fmri/splits/data holds in "
        f"https://github.com/ViCCo-Group/LAION-fMRI into a folder '{SPLITS}'."
    ),
    disk=(
        "A session takes about 1 GB, a subject 30 GB, the images 3.2 GB; the stored copy of a "
        "subject's ROIs another 1 to 4 GB."
    ),
    fetchable=True,
)


class SessionBetas(NamedTuple):
    """Files of a session, the volume of each trial, and the trials."""

    betas: Path
    table: Path
    volumes: np.ndarray
    trials: pd.DataFrame


def load(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """Open one subject; see ``datasets.load``."""
    folder = info.where
    assert folder is not None
    subjects = _subjects(folder)
    chosen = choose_subject(subjects, subject)
    sessions, absent = _sessions(folder, chosen)
    shape = _volume_shape(sessions)
    rois, empty, masked = _rois(folder, chosen, shape, options["voxels"])
    columns = np.unique(np.concatenate(list(rois.values())))
    trials = complete_trials(pd.concat([each.trials for each in sessions.values()]))
    reading = converted.Reading(
        files=[path for each in sessions.values() for path in (each.betas, each.table)],
        shape=(len(trials), len(columns)),
        trials=trials,
        blocks=functools.partial(_blocks, list(sessions.values()), columns),
        subjects=subjects,
        parameters={"units": columns},
    )
    copy = converted.responses(info.name, VERSION, chosen, reading, standard_of(options))
    released = _released_images(folder, ids := list(dict.fromkeys(trials["id"])))
    stimuli, split_note = _with_split(folder, chosen, options, _stimuli(ids, released.table))
    rois = {name: np.searchsorted(columns, voxels) for name, voxels in rois.items()}
    ceiling = _ceiling(folder, chosen, shape, columns, options["ceiling"])
    notes = (*_notes(chosen, trials, absent, empty, masked), *split_note)
    ds = Dataset(
        info=info,
        subject=chosen,
        subjects=subjects,
        stimuli=stimuli,
        fingerprint=store.fingerprint(copy.fingerprint, rois, stimuli_csv(stimuli), ceiling),
        rois=rois,
        regions=tuple(name for name in rois if name not in JOINED),
        betas=copy.betas,
        trials=trials,
        options=dict(options),
        notes=notes,
        scanned=copy.scanned,
        **_image_fields(info.name, released, ids),
    )
    return finished(ds, standard_of(options), ceiling)


def _subjects(folder: Path) -> tuple[str, ...]:
    """Subjects with betas of some session."""
    named = [path for path in paths.visible(folder / BETAS) if SUBJECT.fullmatch(path.name)]
    subjects = tuple(sorted(p.name for p in named if any(map(_betas_of, _session_folders(p)))))
    if not subjects:
        raise NotFoundError(
            f"There are no betas of LAION-fMRI in {folder}",
            f"{BETAS}/sub-01/ses-01/func/sub-01_ses-01{SESSION_BETAS.removeprefix('*')}",
            "Run python -m core fetch laion_fmri, or choose the folder that holds 'derivatives'.",
        )
    return subjects


# Sessions -------------------------------------------------------------------------------------


def _session_folders(folder: Path) -> list[Path]:
    present = [path for path in paths.visible(folder) if SESSION.fullmatch(path.name)]
    return sorted(present, key=lambda path: (_number(path.name), path.name))


def _number(session: str) -> int:
    return int(session.removeprefix("ses-"))


def _betas_of(folder: Path, form: str = SESSION_BETAS) -> Path | None:
    """The betas of a session's folder, or its list of trials."""
    name = f"{folder.parent.name}_{folder.name}{form.removeprefix('*')}"
    path = folder / "func" / name
    return path if path.is_file() else None


def _sessions(folder: Path, subject: str) -> tuple[dict[str, SessionBetas], list[int]]:
    """Sessions with betas and trials by name, and the numbers of those without."""
    sessions: dict[str, SessionBetas] = {}
    for path in _session_folders(folder / BETAS / subject):
        betas, table = _betas_of(path), _betas_of(path, SESSION_TRIALS)
        if betas is not None and table is not None:
            sessions[path.name] = _session(path.name, betas, table)
    if not sessions:
        raise NotFoundError(
            f"No session of {subject} has a list of trials beside its betas",
            f"{subject}_ses-01{SESSION_TRIALS.removeprefix('*')}",
            AGAIN,
        )
    last = max(MAIN_SESSIONS, *map(_number, sessions))
    numbers = {_number(name) for name in sessions}
    return sessions, [n for n in range(1, last + 1) if n not in numbers]


def _session(name: str, betas: Path, path: Path) -> SessionBetas:
    """Trials of a session, each with its volume.

    Raises
    ------
    CorruptDataError
        If trials and volumes do not belong together, or a trial has no label.
    InputError
        If trials count from 1.
    """
    table = _read_table(path, ("label",), "\t")
    shape = volume_shape(betas)
    count = shape[3] if len(shape) == 4 else 1
    if len(table) != count:
        raise CorruptDataError(
            f"{path.name} lists {counted(len(table), 'trial')}, and {betas.name} has {count}",
            "a volume for each trial",
            AGAIN,
        )
    if (table["label"] == "").any():
        row = table.index[table["label"] == ""][0]
        raise CorruptDataError(f"Line {row + 2} of {path.name} has no label", remedy=AGAIN)
    volumes = np.arange(count)
    if "beta_index" in table:
        numbers = pd.to_numeric(table["beta_index"], errors="coerce").to_numpy(dtype=np.float64)
        if np.array_equal(np.sort(numbers), volumes + 1):
            raise InputError(f"Trials of {path.name} count from 1", "beta_index from 0", AGAIN)
        if not np.array_equal(np.sort(numbers), volumes):
            raise CorruptDataError(
                f"beta_index of {path.name} is not 0 to {count - 1}, each once", remedy=AGAIN
            )
        volumes = numbers.astype(np.intp)
    trials = pd.DataFrame({"id": table["label"], "session": name})
    if "run" in table:
        runs = pd.to_numeric(table["run"], errors="coerce")
        trials["run"] = table["run"] if runs.isna().any() else runs
    return SessionBetas(betas, path, volumes, trials)


def _volume_shape(sessions: Mapping[str, SessionBetas]) -> tuple[int, ...]:
    shapes = {name: volume_shape(each.betas)[:3] for name, each in sessions.items()}
    first = next(iter(shapes.values()))
    for name, shape in shapes.items():
        if shape != first:
            raise CorruptDataError(
                f"The betas of {name} have the shape {shape}, those before {first}",
                "one shape for all sessions",
                AGAIN,
            )
    return first


def _blocks(sessions: Sequence[SessionBetas], columns: np.ndarray) -> Iterator[np.ndarray]:
    """One session after another, (trials, units) float32."""
    return (columns_of_volume(each.betas, columns)[each.volumes] for each in sessions)


# ROIs -----------------------------------------------------------------------------------------


def _rois(
    folder: Path, subject: str, shape: tuple[int, ...], voxels: str
) -> tuple[dict[str, np.ndarray], list[str], bool]:
    """Voxels of each ROI, the ROIs without any, and whether there is a mask of voxels that count.

    Raises
    ------
    NotFoundError
        If no ROI is there, or none has a voxel.
    """
    path = folder / BETAS / subject / STATMAP.format(subject=subject, what="meanR2gt15mask_mask")
    counts = _volume(path, shape) > 0 if path.is_file() else np.ones(shape, dtype=bool)
    files = _roi_files(folder, subject)
    if voxels != "all":
        files = {name: each for name, each in files.items() if not SECTORS.fullmatch(name)}
    inside = {n: np.flatnonzero((_volume(p, shape) > 0) & counts) for n, p in files.items()}
    empty = [name for name, units in inside.items() if not len(units)]
    if len(empty) == len(files):
        raise NotFoundError(
            f"There are no ROIs of {subject} with voxels"
            if files
            else f"There are no ROIs of {subject} in {folder}",
            f"{ROIS.format(subject)}/*/{subject}_space-T1w_res-1pt8_label-V1v_mask.nii.gz",
            "Run python -m core fetch laion_fmri --part rois.",
        )
    joined = {
        area: np.union1d(*(inside[half] for half in halves))
        for area, halves in JOINED.items()
        if area not in inside and all(half in inside for half in halves)
    }
    rois = {name: units for name, units in {**joined, **inside}.items() if len(units)}
    return rois, empty, path.is_file()


def _roi_files(folder: Path, subject: str) -> dict[str, Path]:
    """The mask of each ROI, from the current place or that of older releases."""
    files: dict[str, Path] = {}
    for path in sorted((folder / ROIS.format(subject)).rglob("*.nii.gz")):
        label = LABEL.fullmatch(path.name)
        if label and not paths.is_hidden(path.name):
            name = label["name"]
            files[name if name not in files else f"{name} ({path.parent.name})"] = path
    older = paths.visible(folder / OLDER_ROIS.format(subject)) if not files else []
    return files | {
        path.name.removesuffix(".nii.gz"): path for path in older if path.name.endswith(".nii.gz")
    }


def _volume(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    values = read_volume(path)
    if values.shape != shape and values.shape != (*shape, 1):
        raise CorruptDataError(
            f"{path.name} has the shape {values.shape}", f"{shape} as the betas", AGAIN
        )
    return values.reshape(shape)


def _ceiling(
    folder: Path, subject: str, shape: tuple[int, ...], columns: np.ndarray, which: str
) -> np.ndarray | None:
    """Noise ceiling in per cent as released; None where the map of all images is not there.

    Raises
    ------
    NotFoundError
        If another map was chosen and is not there.
    """
    name = STATMAP.format(subject=subject, what=f"Noiseceiling{which}_statmap")
    path = folder / BETAS / subject / name
    if path.is_file():
        return _volume(path, shape).ravel()[columns]
    if which != CEILINGS[0]:
        raise NotFoundError(f"There is no {name} in {path.parent}", "the chosen noise ceiling")
    return None


# Stimuli --------------------------------------------------------------------------------------


class ReleasedImages(NamedTuple):
    """What the release says of the images, and what gives them."""

    table: pd.DataFrame
    images: BrickImages | FileImages
    stamp: str


def _released_images(folder: Path, ids: Sequence[str]) -> ReleasedImages:
    """The images of some ids: of the release's HDF5 file, else of the folder of older code.

    Raises
    ------
    CorruptDataError
        If the table has not as many rows as the file has images: it would name others.
    """
    current, older = folder / METADATA, folder / OLDER_METADATA
    if older.is_file() and not current.is_file():
        table = _read_table(older, ("stimulus_id", "filename"), "\t")
        table = table.rename(columns={"stimulus_id": "id"}).drop_duplicates("id")
        names = dict(zip(table["id"], table["filename"], strict=True))
        files = FileImages(folder / OLDER_IMAGES, {i: names[i] for i in ids if i in names})
        return ReleasedImages(table.drop(columns="filename"), files, repr(files.stamps()))
    table = pd.DataFrame({"id": []}, dtype=str)
    if current.is_file():
        table = _read_table(current, ("image_name",), ",").rename(columns={"image_name": "id"})
    check_unique(table["id"].tolist(), METADATA)
    if (folder / IMAGES).is_file() and current.is_file():
        with open_hdf5(folder / IMAGES) as file:
            shape = dataset(file, "images").shape
        if shape != (len(table),):
            raise CorruptDataError(
                f"{METADATA} has {counted(len(table), 'row')}, and {IMAGES} the shape {shape}",
                "a row for each image",
                "Take both from one download.",
            )
    rows = {name: row for row, name in enumerate(table["id"])}
    images = JpegImages(folder / IMAGES, "images", {i: rows[i] for i in ids if i in rows})
    stamp = repr([images.stamps()["file"], *stamps({"": current}).values()])
    return ReleasedImages(table.rename(columns={"dataset": "source"}), images, stamp)


def _stimuli(ids: Sequence[str], table: pd.DataFrame) -> pd.DataFrame:
    """Ids with what the release says of them; numbers where a column holds nothing else."""
    table = table.drop(columns=[name for name in RESERVED if name in table])
    joined = pd.DataFrame({"id": list(ids)}).merge(table, on="id", how="left").fillna("")
    for name in joined.columns.drop("id"):
        numbers = pd.to_numeric(joined[name], errors="coerce")
        joined[name] = joined[name] if numbers.isna().any() else numbers
    return complete_stimuli(joined)


def _image_fields(name: str, released: ReleasedImages, ids: Sequence[str]) -> dict[str, Any]:
    """Fields of the dataset that say where the images are, as many as there are."""
    known, absent = {*released.table["id"]}, {*released.images.missing()}
    missing = tuple(each for each in ids if each not in known or each in absent)
    return {
        "images": released.images if len(missing) < len(ids) else None,
        "without_image": missing,
        "images_fingerprint": store.fingerprint(name, released.stamp),
    }


def _with_split(
    folder: Path, subject: str, options: Mapping[str, Any], stimuli: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Stimuli with the sets of the chosen split; none, and a note, where the default is absent.

    Raises
    ------
    NotFoundError
        If another split than the default was chosen and is not there.
    """
    pool = subject if options["split_of"] == "subject" else "shared"
    path = folder / SPLITS / pool / f"{options['split']}.json"
    where = f"the folder {SPLITS}/{pool}, from laion_fmri/splits/data of the package laion_fmri"
    if path.is_file():
        sets = read_split(path)
        split = stimuli["id"].map(sets).fillna("")
        detail = f"Of the images of {path.name}, {subject} saw none: they are in no set."
        notes = (
            ()
            if (split != "").any()
            else (Note(f"A split of other images than {pool} saw", detail),)
        )
        return stimuli.assign(split=split), notes
    if options["split"] != NAMES[0]:
        present = sorted(p.stem for p in paths.visible(path.parent) if p.suffix == ".json")
        raise NotFoundError(
            f"There is no split {path.name} of {pool}", where, "Copy it there.", choices=present
        )
    return stimuli, (Note("No split of the authors", f"There is no {path.name} in {where}."),)


def read_split(path: Path) -> dict[str, str]:
    """Set, 'train' or 'test', of each image of a split file of the release.

    Raises
    ------
    CorruptDataError
        If it is no such file, or has an image in both sets.
    """
    try:
        enter(path)
        variant = read_json(path)["variants"][0]
        names = {each: variant[f"{each}_ids"] for each in ("train", "test")}
    except (LookupError, TypeError) as error:
        problem = f"{path.name} has no split ({type(error).__name__}: {error})"
        raise CorruptDataError(problem, _SPLIT_FILE) from None
    for ids in names.values():
        if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
            raise CorruptDataError(f"{path.name} lists no images", _SPLIT_FILE)
    both = sorted({*names["train"]} & {*names["test"]})
    if both:
        raise CorruptDataError(
            f"{path.name} has {enumerate_names(both)} in training and test", _SPLIT_FILE
        )
    return {name: each for each, ids in names.items() for name in ids}


_SPLIT_FILE = "JSON with variants[0].train_ids and test_ids, as released"


def _read_table(path: Path, needed: Sequence[str], separator: str) -> pd.DataFrame:
    """A table of text."""
    enter(path)
    try:
        table = pd.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise CorruptDataError(
            f"{path.name} could not be read ({reason})", "a table", AGAIN
        ) from None
    lacking = [name for name in needed if name not in table]
    if lacking or not isinstance(table.index, pd.RangeIndex):
        raise CorruptDataError(
            f"{path.name} has the columns {enumerate_names(list(table.columns))}",
            enumerate_names(list(needed)),
            AGAIN,
        )
    return table


# What is said, and what may be there ------------------------------------------------------------


def _notes(
    subject: str,
    trials: pd.DataFrame,
    absent: Sequence[int],
    empty: Sequence[str],
    is_masked: bool,
) -> list[Note]:
    notes = []
    if absent:
        detail = f"{subject} lacks betas or trials of session {enumerate_names(absent, 33)}."
        notes.append(Note(f"{counted(len(absent), 'session')} not there", detail))
    if empty:
        title = f"{counted(len(empty), 'ROI')} without a voxel"
        notes.append(Note(title, f"{subject} lacks {enumerate_names(empty, 10)}."))
    if not is_masked:
        detail = (
            "The mask meanR2gt15mask is not there: ROIs are as their files have them, and may "
            "reach into voxels that hardly respond."
        )
        notes.append(Note("Voxels are not masked", detail))
    late = trials["session"].map(_number).isin(DOUBTED_SESSIONS)
    doubted = late & trials["id"].map(lambda name: DOUBTED.match(name) is not None)
    if count := int(doubted.sum()):
        detail = (
            f"Sessions 32 to 34 show controversial images in {counted(count, 'trial')}. Two public "
            "projects state that the labels controversial_dataset and "
            "controversial_architecture are swapped there; they are kept as released."
        )
        notes.append(Note("Labels in doubt", detail))
    return notes


def expected(folder: Path, subject: str | None = None) -> list[Expected]:
    """What the release holds; of the main sessions, those are needed that nothing replaces."""
    named = [p.name for p in paths.visible(folder / BETAS) if SUBJECT.fullmatch(p.name)]
    files = []
    for name in [subject] if subject else named or SUBJECTS:
        own = f"{BETAS}/{name}"
        there = [p.name for p in _session_folders(folder / own)] or ["ses-01"]
        for session in there:
            at = f"{own}/{session}/func/{name}_{session}"
            files += [
                Expected(at + SESSION_BETAS.removeprefix("*"), "betas"),
                Expected(at + SESSION_TRIALS.removeprefix("*"), "trials"),
            ]
        mask = STATMAP.format(subject=name, what="meanR2gt15mask_mask")
        maps = STATMAP.format(subject=name, what="Noiseceiling*rep_statmap")
        is_older = not _current_rois(folder, name) and (folder / OLDER_ROIS.format(name)).is_dir()
        rois = OLDER_ROIS if is_older else ROIS
        files += [
            Expected(f"{own}/{mask}", "voxels that count", False),
            Expected(f"{own}/{maps}", "noise ceilings", False),
            Expected(f"{own}/**/*", "what comes with the betas", False),
            Expected(f"{rois.format(name)}/**/*.nii.gz", "ROIs"),
            Expected(f"{rois.format(name)}/**/*", "what comes with the ROIs", False),
            Expected(f"{SPLITS}/{name}/*.json", "splits of the subject's images", False),
        ]
    return [
        *files,
        Expected(f"{SPLITS}/shared/*.json", "splits of the images that all saw", False),
        *_expected_images(folder),
    ]


def _current_rois(folder: Path, subject: str) -> bool:
    return (folder / ROIS.format(subject)).is_dir()


def _expected_images(folder: Path) -> list[Expected]:
    if (folder / OLDER_METADATA).is_file() and not (folder / METADATA).is_file():
        return [
            Expected(OLDER_METADATA, "images, their names", False),
            Expected(f"{OLDER_IMAGES}/**/*", "images", False),
        ]
    return [
        Expected(IMAGES, "images", False),
        Expected(METADATA, "what each image is", False),
    ]


register(Recording(INFO, load, remote=LAION_FMRI, expected=expected))
