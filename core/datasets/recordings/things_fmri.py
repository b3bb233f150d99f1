"""THINGS-fMRI (Hebart et al. 2023): three people, 8,740 images of 720 object concepts.

Opened as downloaded, from the tables of single-trial responses on figshare or OpenNeuro. What
pandas pickled into their HDF5 files is not read: columns are in the order of the stimulus table.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from core import paths, store
from core.datasets.catalogue import Recording, choose_subject, register
from core.datasets.dataset import Dataset, DatasetInfo, Note
from core.datasets.download.addresses import STEPS, THINGS_FMRI
from core.datasets.releases import converted
from core.datasets.releases.hdf5 import dataset, names_in, open_hdf5, read_whole, subgroup
from core.datasets.releases.images import FileImages
from core.datasets.releases.layout import Expected
from core.datasets.releases.options import finished, standard, standard_of
from core.datasets.tables import complete_trials
from core.errors import CorruptDataError, InputError, NotFoundError
from core.registry import Parameter
from core.store.results import sampled
from core.store.stamps import enter
from core.validation import check_unique, enumerate_names

if TYPE_CHECKING:
    import h5py

VERSION = 1
OPENNEURO = "derivatives/ICA-betas/{subject}/voxel-metadata/{subject}_task-things_"
# Where the three files of a subject lie, by source: responses, stimuli, voxels.
NAMINGS = {
    "figshare": (
        "betas_csv/{subject}_ResponseData.h5",
        "betas_csv/{subject}_StimulusMetadata.csv",
        "betas_csv/{subject}_VoxelMetadata.csv",
    ),
    "openneuro": (
        f"{OPENNEURO}voxel-wise-responses.h5",
        f"{OPENNEURO}stimulus-metadata.tsv",
        f"{OPENNEURO}voxel-metadata.tsv",
    ),
}
WHAT = ("responses of single trials", "table of trials", "table of voxels")
SUBJECTS = ("sub-01", "sub-02", "sub-03")
FOLDERS = ("object_images", "images_THINGS/object_images", "images/object_images", "images")
LAST_BEFORE_ROIS, ATLAS = "prf-size", "glasser-"
FUNCTIONAL, ALL = "functional", "all"
CEILINGS = {"single trials": "nc_singletrial", "mean of 12 trials": "nc_testset"}
GROUP = "ResponseData"
BLOCK = re.compile(r"block\d+_values")
# Rows of the table of voxels that are read at a time; it has 222 columns.
TABLE_ROWS = 20_000
# Values of responses that are held at a time, and rows that are read together.
BLOCK_VALUES, SPAN_ROWS, GAP_ROWS = 2**26, 2048, 16

INFO = DatasetInfo(
    name="things_fmri",
    title="THINGS-fMRI (Hebart et al. 2023)",
    description=(
        "Three people saw 8,640 images of 720 object concepts once (12 each) and 100 test images "
        "in each of 12 sessions (3T). Betas of single trials, fitted to runs that were z-scored, "
        "for every voxel of the brain; here those of the ROIs: retinotopic areas by pRF, "
        "regions of functional localisers in each hemisphere, IT, and as an option the 180 areas "
        "of Glasser et al. (2016). Noise ceilings of single trials and of means of 12, as "
        "released, in per cent."
    ),
    citation=(
        "Hebart MN, Contier O, Teichmann L, et al. (2023) THINGS-data, a multimodal collection of "
        "large-scale datasets for investigating object representations in human brain and "
        "behavior. eLife 12:e82580. doi:10.7554/eLife.82580. Data: figshare plus 20492835; "
        "OpenNeuro ds004192."
    ),
    licence=(
        "Responses: CC0. The images of THINGS are for academic use and not to be passed on: see "
        "the licence at https://osf.io/jum2f/."
    ),
    how_to_get=STEPS["things_fmri"],
    disk=(
        "About 17 GB for each subject, which are read once; a copy of some 0.5 GB for each that is "
        "opened, and several GB with the atlas. Images 5 GB."
    ),
    fetchable=True,
    options=(
        Parameter(
            "rois",
            "ROIs",
            FUNCTIONAL,
            f"'{FUNCTIONAL}': by retinotopy and localisers; '{ALL}': the areas of Glasser besides, "
            "which takes most of the cortex",
            choices=(FUNCTIONAL, ALL),
        ),
        Parameter(
            "ceiling",
            "Noise ceiling of",
            next(iter(CEILINGS)),
            "Training images were shown once, test images 12 times",
            choices=tuple(CEILINGS),
        ),
        *standard(zscore="none"),
    ),
    units="beta",
)


class Tables(NamedTuple):
    """The three files of a subject."""

    responses: Path
    stimuli: Path
    voxels: Path


class Voxels(NamedTuple):
    """What the table of voxels says.

    Attributes
    ----------
    ids : (voxels,) int
    ceilings : dict of str to (voxels,) float
        In per cent, by column.
    rois : dict of str to int array
        Rows of each ROI, in the order of the table; may be empty.
    """

    ids: np.ndarray
    ceilings: dict[str, np.ndarray]
    rois: dict[str, np.ndarray]


def load(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """Open one subject; see ``datasets.load``."""
    folder = info.where
    assert folder is not None
    everyone, treatment = _files(folder), standard_of(options)
    chosen = choose_subject(tuple(everyone), subject)
    files = everyone[chosen]
    voxels, trials = _voxels(chosen, tuple(everyone), files), _trials(files.stimuli)
    named = {n: r for n, r in voxels.rois.items() if options["rois"] == ALL or not _is_atlas(n)}
    rois = {name: rows for name, rows in named.items() if len(rows)}
    units = _units(files, rois)
    _check_shape(files, len(voxels.ids), len(trials))
    reading = converted.Reading(
        files=files,
        shape=(len(trials), len(units)),
        trials=trials,
        blocks=functools.partial(_blocks, files.responses, trials, voxels.ids, units),
        subjects=tuple(everyone),
        parameters={"rois": options["rois"]},
    )
    copy = converted.responses(info.name, VERSION, chosen, reading, treatment)
    stimuli = _stimuli(trials)
    images = _images(folder, [*stimuli["id"]])
    ds = Dataset(
        info=info,
        subject=chosen,
        subjects=tuple(everyone),
        stimuli=stimuli,
        fingerprint=store.fingerprint(copy.fingerprint, VERSION),
        rois={name: np.searchsorted(units, rows) for name, rows in rois.items()},
        regions=tuple(name for name in rois if not _is_atlas(name)),
        betas=copy.betas,
        trials=trials,
        images=images,
        without_image=images.missing() if images else tuple(stimuli["id"]),
        images_fingerprint=store.fingerprint(info.name, repr(images.stamps() if images else "")),
        options=dict(options),
        notes=_notes(chosen, [name for name in named if name not in rois]),
        scanned=copy.scanned,
    )
    return finished(ds, treatment, voxels.ceilings[CEILINGS[options["ceiling"]]][units])


def _is_atlas(roi: str) -> bool:
    return roi.startswith(ATLAS)


def _units(files: Tables, rois: Mapping[str, np.ndarray]) -> np.ndarray:
    """Rows of the voxels that some ROI holds, ascending."""
    if not rois:
        raise NotFoundError(f"No ROI of {files.voxels.name} has a voxel", "1 where it has")
    return np.unique(np.concatenate([*rois.values()]))


def _files(folder: Path) -> dict[str, Tables]:
    """The files of each subject with responses; figshare's where both are there.

    The tables of figshare may lie in the folder itself.
    """
    subjects: dict[str, Tables] = {}
    for naming in NAMINGS.values():
        for top in ("", "betas_csv/", "derivatives/"):
            names = [name.removeprefix(top) for name in naming]
            for path in sorted(folder.glob(names[0].format(subject="sub-*"))):
                subject = path.name.partition("_")[0]
                if not paths.is_hidden(path.name) and subject not in subjects:
                    subjects[subject] = Tables(*(folder / n.format(subject=subject) for n in names))
    if not subjects:
        raise NotFoundError(
            f"There are no responses of THINGS-fMRI in {folder}",
            f"{NAMINGS['figshare'][0].format(subject='sub-01')} or "
            f"{NAMINGS['openneuro'][0].format(subject='sub-01')}",
            "Run `python -m core fetch things_fmri`.",
        )
    return dict(sorted(subjects.items()))


# Tables -----------------------------------------------------------------------------------------


def _read_table(path: Path, **how: Any) -> Any:
    """A CSV or TSV, whose headers may hold line breaks."""
    enter(path)
    if not path.is_file():
        raise NotFoundError(f"There is no {path.name} in {path.parent}")
    try:
        separator = "\t" if path.suffix.lower() == ".tsv" else ","
        table = pd.read_csv(path, sep=separator, encoding="utf-8-sig", **how)
        # In parts, what is wrong with the file is seen only when they are read.
        return table if isinstance(table, pd.DataFrame) else [*map(_numbers, table)]
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise CorruptDataError(f"{path.name} could not be read ({reason})", "a table") from None


def _numbers(part: pd.DataFrame) -> pd.DataFrame:
    """Rows as float32, NaN where there is no number."""
    return part.apply(pd.to_numeric, errors="coerce").astype(np.float32)


def _trials(path: Path) -> pd.DataFrame:
    table = _read_table(path, dtype=str, keep_default_na=False)
    lacking = [name for name in ("trial_type", "session", "run", "stimulus") if name not in table]
    empty = [] if lacking else table.index[table["stimulus"].str.strip() == ""]
    if lacking or len(empty) or table.empty:
        lacks = f"no column {enumerate_names(lacking)}" if lacking else "trials without stimulus"
        raise CorruptDataError(
            f"{path.name} has {'no trials' if table.empty else lacks}",
            "columns trial_type, session, run, stimulus, filled in every row",
        )
    _check_order(table, path)
    trials = table[["trial_type", "stimulus", "run", "session"]].rename(columns={"stimulus": "id"})
    for name in ("run", "session"):
        numbers = pd.to_numeric(trials[name], errors="coerce")
        trials[name] = numbers if numbers.notna().all() else trials[name]
    concept = table["concept"] if "concept" in table else trials["id"].map(_concept)
    return complete_trials(trials.assign(concept=concept))


def _check_order(table: pd.DataFrame, path: Path) -> None:
    """Refuse a table that was sorted anew: a column of the responses is called as its trial_id."""
    if "trial_id" not in table:
        return
    numbers = pd.to_numeric(table["trial_id"], errors="coerce").to_numpy(dtype=np.float64)
    order = np.arange(len(numbers))
    if np.array_equal(np.sort(numbers), order) and not np.array_equal(numbers, order):
        row = int(np.flatnonzero(numbers != order)[0])
        raise InputError(
            f"{path.name} has its trials in another order than the responses: trial_id is "
            f"{numbers[row]:.0f} in row {row + 1}",
            f"{row}, as the columns of the responses",
            "Sort the table by trial_id, or take it anew from the download.",
        )


def _concept(file: str) -> str:
    return file.rpartition("_")[0]


def _stimuli(trials: pd.DataFrame) -> pd.DataFrame:
    """Each image once; its concept as category and, in words, as label."""
    first = trials.drop_duplicates("id")
    words = [re.sub(r"\d+$", "", concept).replace("_", " ") for concept in first["concept"]]
    return pd.DataFrame(
        {
            "id": first["id"],
            "category": first["concept"],
            "labels": [(word,) for word in words],
            "source": "THINGS",
            "split": first["trial_type"],
        }
    )


def _voxels(subject: str, subjects: tuple[str, ...], files: Tables) -> Voxels:
    """The table of voxels; kept, as reading its 200,000 rows takes long."""
    path = files.voxels
    if not path.is_file():
        raise NotFoundError(f"There is no {path.name} in {path.parent}")
    enter(path)
    stamp = [path.name, path.stat().st_size, path.stat().st_mtime_ns, sampled(path)]
    key = store.key(converted.OPERATION, store.fingerprint("voxels", stamp), {}, version=VERSION)
    stored = store.load(key)
    if stored is None:
        converted.announce(INFO.name, subject, subjects, files)
        arrays, rois = _read_voxels(path)
        stored = store.save(key, arrays, {"title": f"things_fmri, {path.stem}", "rois": rois})
    arrays, names = dict(stored.arrays), stored.facts["rois"]
    ceilings = {column: arrays[column] for column in CEILINGS.values()}
    return Voxels(arrays["ids"], ceilings, {n: arrays[f"roi_{i}"] for i, n in enumerate(names)})


def _read_voxels(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    header = [*_read_table(path, nrows=0).columns]
    if LAST_BEFORE_ROIS not in header or "voxel_id" not in header:
        raise CorruptDataError(
            f"{path.name} has no column voxel_id or {LAST_BEFORE_ROIS}; it has "
            f"{enumerate_names(header)}",
            "voxel_id, ..., prf-size, and a column for each ROI",
        )
    headers = header[header.index(LAST_BEFORE_ROIS) + 1 :]
    names = [re.sub(r"\s*\n\s*", "", name).strip() for name in headers]
    check_unique(names, f"The ROIs of {path.name}")
    used = ["voxel_id", *(column for column in CEILINGS.values() if column in header), *headers]
    parts = _read_table(path, usecols=used, chunksize=TABLE_ROWS, low_memory=False)
    table = pd.concat([*parts])
    arrays = {"ids": _whole(table["voxel_id"].to_numpy(), path)}
    unknown = np.full(len(table), np.nan, dtype=np.float32)
    for column in CEILINGS.values():
        arrays[column] = table[column].to_numpy() if column in table else unknown
    for number, column in enumerate(headers):
        arrays[f"roi_{number}"] = np.flatnonzero(table[column].to_numpy() == 1)
    return arrays, names


def _whole(ids: np.ndarray, path: Path) -> np.ndarray:
    """Voxel ids as int64, each once."""
    whole = (np.abs(ids) < 2**31).all() and (ids % 1 == 0).all()
    if not whole or len(np.unique(ids)) < len(ids) or not len(ids):
        raise CorruptDataError(
            f"The voxel ids of {path.name} are not whole numbers, each once", "an id for each voxel"
        )
    return ids.astype(np.int64)


# Responses --------------------------------------------------------------------------------------


def _blocks_of(file: h5py.File) -> tuple[h5py.Dataset, h5py.Dataset | None]:
    """The wide block of numbers (voxels, trials), and the one of voxel ids where it is apart."""
    group = subgroup(file, GROUP, *names_in(file))
    blocks = [dataset(group, name) for name in sorted(names_in(group)) if BLOCK.fullmatch(name)]
    blocks = [block for block in blocks if block.ndim == 2 and block.dtype.kind in "iuf"]
    if not blocks:
        raise CorruptDataError(
            f"{Path(file.filename).name} has no {GROUP}/block0_values", "a table that pandas wrote"
        )
    wide = max(blocks, key=lambda block: (block.dtype.kind == "f", block.shape[1]))
    narrow = [block for block in blocks if block is not wide and block.shape[1] == 1]
    return wide, narrow[0] if narrow else None


def _check_shape(files: Tables, voxels: int, trials: int) -> None:
    with open_hdf5(files.responses) as file:
        wide, apart = _blocks_of(file)
        shape = wide.shape
    # Ids that are not apart may be the first column.
    counts = (trials, trials + 1) if apart is None else (trials,)
    if shape[0] != voxels or shape[1] not in counts:
        raise CorruptDataError(
            f"{files.responses.name} holds {shape[0]:,} rows and {shape[1]:,} columns, "
            f"{files.voxels.name} {voxels:,} voxels, {files.stimuli.name} {trials:,} trials",
            "a row for each voxel and a column for each trial",
            "Take the three files of a subject from one download.",
        )


def _blocks(
    path: Path, trials: pd.DataFrame, ids: np.ndarray, units: np.ndarray
) -> Iterator[np.ndarray]:
    """Some whole sessions at a time, of the voxels that are needed."""
    with open_hdf5(path) as file:
        wide, apart = _blocks_of(file)
        first = wide.shape[1] - len(trials)
        rows = _rows(wide if first else apart, ids, path)[units]
        order = np.argsort(rows)
        spans = _spans(rows[order])
        for start, stop in _cuts(trials["session"], max(1, BLOCK_VALUES // len(units))):
            block = np.empty((stop - start, len(units)), dtype=np.float32)
            for span in spans:
                own = order[span]
                top, bottom = rows[own[0]], rows[own[-1]] + 1
                part = wide[top:bottom, first + start : first + stop]
                # What is beyond float32 is no response, and becomes a missing one.
                with np.errstate(over="ignore"):
                    block[:, own] = part[rows[own] - top].T
            yield block


def _rows(held: h5py.Dataset | None, ids: np.ndarray, path: Path) -> np.ndarray:
    """Row of the responses of each voxel of the table, by its id."""
    if held is None:
        return np.arange(len(ids))
    stored = _whole((held[:, 0] if held.shape[1] > 1 else read_whole(held)).ravel(), path)
    order = np.argsort(stored)
    places = np.searchsorted(stored, ids, sorter=order).clip(max=len(stored) - 1)
    if not np.array_equal(stored[order[places]], ids):
        raise CorruptDataError(
            f"{path.name} and the table of voxels have other voxel ids",
            "one id in both for each voxel",
            "Take the three files of a subject from one download.",
        )
    return order[places]


def _spans(rows: np.ndarray) -> list[slice]:
    """Cut ascending rows of a file into parts that are read at once."""
    cuts, start = [0], 0
    for place in range(1, len(rows)):
        if rows[place] - rows[place - 1] > GAP_ROWS or rows[place] - rows[start] >= SPAN_ROWS:
            cuts.append(place)
            start = place
    return [slice(*pair) for pair in itertools.pairwise([*cuts, len(rows)])]


def _cuts(session: pd.Series, most: int) -> list[tuple[int, int]]:
    """Consecutive trials that hold whole sessions, ``most`` of them unless a session is longer."""
    numbers = pd.factorize(session)[0]
    last = pd.Series(np.arange(len(numbers))).groupby(numbers).transform("max").to_numpy()
    ends = np.flatnonzero(np.maximum.accumulate(last) == np.arange(len(last))) + 1
    cuts = [0]
    for place, end in enumerate(ends):
        following = ends[place + 1] if place + 1 < len(ends) else len(last) + most + 1
        if following - cuts[-1] > most:
            cuts.append(int(end))
    return [*itertools.pairwise(cuts)]


# What is there besides --------------------------------------------------------------------------


def _images(folder: Path, ids: Sequence[str]) -> FileImages | None:
    at = next((at for at in FOLDERS if (folder / at).is_dir()), None)
    if at is None:
        return None
    return FileImages(folder / at, {name: f"{_concept(name)}/{name}" for name in ids})


def _notes(subject: str, empty: Sequence[str]) -> tuple[Note, ...]:
    if not empty:
        return ()
    detail = f"Left out, for {subject} has no voxel of it: {enumerate_names(empty, 30)}."
    return (Note("Empty ROIs", detail),)


def expected(folder: Path, subject: str | None = None) -> list[Expected]:
    """Three files for each subject, as figshare or OpenNeuro names them; images."""
    files = [
        Expected(name.format(subject=each), what)
        for each in ([subject] if subject else SUBJECTS)
        for name, what in zip(_naming(folder, each), WHAT, strict=True)
    ]
    return [*files, *(Expected(f"{at}/*/*.jpg", "images", False) for at in FOLDERS)]


def _naming(folder: Path, subject: str) -> tuple[str, ...]:
    """How the files of a subject are called, or would be beside those of others."""
    own = [
        each for each in NAMINGS.values() if (folder / each[0].format(subject=subject)).is_file()
    ]
    usual = NAMINGS["figshare" if (folder / "betas_csv").is_dir() else "openneuro"]
    return own[0] if own else usual


register(Recording(INFO, load, remote=THINGS_FMRI, expected=expected))
