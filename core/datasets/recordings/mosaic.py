"""MOSAIC (Lahner et al. 2025): eight recordings of vision in one space, 93 subjects.

Opened as downloaded: one HDF5 file a subject, single-trial betas at the 91,282 grayordinates of
fsLR32k.
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
from core.datasets.download.addresses import MOSAIC
from core.datasets.image_files import SUFFIXES, ImageFolder
from core.datasets.releases import converted
from core.datasets.releases.hdf5 import (
    check_heaps,
    dataset,
    find,
    names_in,
    open_hdf5,
    read_whole,
    subgroup,
)
from core.datasets.releases.images import FileImages
from core.datasets.releases.layout import Expected
from core.datasets.releases.options import finished, standard, standard_of
from core.datasets.tables import complete_stimuli, complete_trials, stimuli_csv
from core.errors import CorruptDataError, InputError, NotFoundError
from core.progress import Progress
from core.registry import Parameter
from core.store.stamps import enter
from core.validation import enumerate_names
from core.words import counted

VERSION = 1
PARCELS = paths.PROJECT / "data" / "parcels" / "glasser_fslr32k.npz"
BETAS = "fMRIPrepv23_2_0/task_fMRI/betas/GLMsinglev1_2"
SUBJECT = re.compile(r"(?P<subject>sub-\d+_(?P<dataset>\w+?))(_crc32-[0-9a-f]{8})?\.hdf5")
TABLES, IMAGES = "stimulus_info", "images"
# Short name of a recording in file names: the name of its table of stimuli.
TABLE_NAMES = {"BOLD5000": "b5000"}
# Groups 1 to 5 of Glasser et al. (2016), Supplementary Neuroanatomical Results.
VISUAL = (
    *("V1", "V2", "V3", "V4"),
    *("V3A", "V3B", "V6", "V6A", "V7", "IPS1"),
    *("V8", "VVC", "PIT", "FFC", "VMV1", "VMV2", "VMV3"),
    *("V3CD", "LO1", "LO2", "LO3", "V4t", "FST", "MT", "MST", "PH"),
)
SIDES = ("L_", "R_")
# Images of a set, and whether single trials or the average over the repeats are explained.
CEILINGS = {
    "test, averages": ("test", "avg"),
    "test, single trials": ("test", "1"),
    "training, averages": ("train", "avg"),
    "training, single trials": ("train", "1"),
}
DEFAULT_CEILING = next(iter(CEILINGS))
ATTRIBUTES = ("presented_stimulus_filename", "phase", "repetition")
BLOCK_BYTES = 2**27
TRIALS_AT_ONCE = 500
AGAIN = "Download the file again."

INFO = DatasetInfo(
    name="mosaic",
    title="MOSAIC (Lahner et al. 2025)",
    description=(
        "Eight recordings of people who saw images (NSD, BOLD5000, GOD, Deeprecon, THINGS, NOD) "
        "or short videos (BMD, HAD), 93 subjects in all, brought into one space (fsLR32k) by one "
        "pipeline, and divided into training and test stimuli that are unlike across recordings. "
        "Responses are single-trial betas of GLMsingle, z-scored by session with the mean and "
        "standard deviation of the training trials; which session or run a trial is from is not "
        "told. ROIs are the parcels of Glasser et al. (2016). Images are no part: put those of a "
        "recording into the folder 'images'."
    ),
    citation=(
        "Lahner B, Deb M, Ratan Murty NA, Oliva A (2025) A scalable framework for fMRI dataset "
        "aggregation and modeling of human vision. bioRxiv. doi:10.64898/2025.11.28.690060. Cite "
        "the recording that you use as well. ROIs: Glasser MF, Coalson TS, Robinson EC, et al. "
        "(2016) A multi-modal parcellation of human cerebral cortex. Nature 536:171-178. "
        "doi:10.1038/nature18933."
    ),
    licence=(
        "CC BY 4.0; the images keep the terms of their recordings. The parcellation that comes "
        "along: WU-Minn HCP Open Access Data Use Terms, which ask to acknowledge the HCP."
    ),
    options=(
        Parameter(
            "areas",
            "Areas",
            "visual",
            "Visual areas (groups 1 to 5 of Glasser et al.), some 7,900 grayordinates, or all "
            "91,282, cortex and below; each choice has a stored copy of its own",
            choices=("visual", "all"),
        ),
        Parameter(
            "ceiling",
            "Released noise ceiling",
            DEFAULT_CEILING,
            "Estimated by the authors from the test or the training stimuli, of single trials or "
            "of averages over the repeats",
            choices=tuple(CEILINGS),
        ),
        *standard(zscore="none"),
    ),
    units="z, within session",
    disk=(
        "A trial takes 0.37 MB: some 11 GB for a subject of NSD, 2 GB of BOLD5000. The stored copy "
        "of the visual areas takes a twelfth of it, that of all areas as much."
    ),
    fetchable=True,
)


class Parcels(NamedTuple):
    """Number of the parcel of each grayordinate (n,), and the name of each number."""

    numbers: np.ndarray
    names: tuple[str, ...]


def load(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """Open one subject; see ``datasets.load``."""
    folder = info.where
    assert folder is not None
    files = _files(folder)
    subjects = tuple(files)
    chosen = choose_subject(subjects, subject)
    path = _only(files[chosen], chosen)
    keys, trials = _trials(path, info.name, chosen, subjects)
    columns, rois = _rois(options["areas"])
    reading = converted.Reading(
        files=(path,),
        shape=(len(trials), len(columns)),
        trials=trials,
        blocks=functools.partial(_blocks, path, keys, columns),
        subjects=subjects,
        parameters={"units": columns},
    )
    copy = converted.responses(info.name, VERSION, chosen, reading, standard_of(options))
    stimuli, notes = _stimuli(folder, chosen, trials)
    ceiling = _ceiling(path, columns, options["ceiling"])
    ds = Dataset(
        info=info,
        subject=chosen,
        subjects=subjects,
        stimuli=stimuli,
        fingerprint=store.fingerprint(copy.fingerprint, stimuli_csv(stimuli), ceiling),
        rois=rois,
        regions=VISUAL,
        betas=copy.betas,
        trials=trials,
        options=dict(options),
        notes=notes,
        scanned=copy.scanned,
        **_images(folder, info.name, chosen, stimuli),
    )
    return finished(ds, standard_of(options), ceiling)


def _files(folder: Path) -> dict[str, list[Path]]:
    """Files of each subject; NotFoundError where there are none."""
    files = _present(folder)
    if not files:
        raise NotFoundError(
            f"There are no files of MOSAIC in {folder}",
            f"{BETAS}/NaturalScenesDataset/sub-01_NSD.hdf5 and its like",
            "Run python -m core fetch mosaic --subject sub-01_NSD --part nsd --part stimuli.",
        )
    return files


def _present(folder: Path) -> dict[str, list[Path]]:
    """Files of each subject, recording by recording, as in the release or in its package."""
    files: dict[tuple[str, str], list[Path]] = {}
    places = [*folder.glob(f"{BETAS}/*"), *paths.visible(folder), folder]
    for path in sorted(path for place in places for path in paths.visible(place)):
        name = SUBJECT.fullmatch(path.name)
        if name and path.is_file():
            files.setdefault((name["dataset"], name["subject"]), []).append(path)
    return {subject: files[recording, subject] for recording, subject in sorted(files)}


def _only(files: Sequence[Path], subject: str) -> Path:
    if len(files) > 1:
        raise InputError(
            f"There are {len(files)} files of {subject}: {enumerate_names(files)}",
            "one",
            "Move the others elsewhere; files of different checksums are different versions.",
        )
    return files[0]


def _recording(subject: str) -> str:
    return subject.partition("_")[2]


# Trials ---------------------------------------------------------------------------------------


def _trials(
    path: Path, name: str, subject: str, subjects: tuple[str, ...]
) -> tuple[list[str], pd.DataFrame]:
    """Name of each trial in the file, and what its attributes say; stored, for there are many."""
    enter(path)
    status = path.stat()
    content = store.fingerprint(path.name, status.st_size, status.st_mtime_ns)
    key = store.key(converted.OPERATION, content, {"list": "trials"}, version=VERSION)
    stored = store.load(key)
    if stored is None:
        progress = converted.announce(name, subject, subjects, [path])
        columns = _listed(path, progress)
        arrays = {column: np.array(values) for column, values in columns.items()}
        stored = store.save(key, arrays, {"title": f"Trials of {name}, {subject}"})
    lists = {column: array.tolist() for column, array in stored.arrays.items()}
    keys, trials = lists.pop("key"), pd.DataFrame(lists)
    numbers = pd.to_numeric(trials["repetition"], errors="coerce")
    trials["repetition"] = trials["repetition"] if numbers.isna().any() else numbers
    return keys, complete_trials(trials)


def _listed(path: Path, progress: Progress) -> dict[str, list[Any]]:
    """Key, image, phase and repetition of each trial, in the order of the file."""
    count = len(_parcels().numbers)
    columns: dict[str, list[Any]] = {name: [] for name in ("key", "id", "phase", "repetition")}
    check_heaps(path)
    with open_hdf5(path) as file:
        betas = subgroup(file, "betas")
        total = len(betas)
        for number, key in enumerate(betas):
            if number % TRIALS_AT_ONCE == 0:
                progress(number / total, f"Listing the trials of {path.name}")
            trial = dataset(betas, key)
            if trial.shape != (count,) or trial.dtype.kind != "f":
                raise CorruptDataError(
                    f"{key} of {path.name} holds {trial.dtype} of shape {trial.shape}",
                    f"a number for each of the {count:,} grayordinates of fsLR32k",
                    AGAIN,
                )
            attributes = [_attribute(trial, each) for each in ATTRIBUTES]
            if None in attributes or not attributes[0]:
                lacking = ATTRIBUTES[attributes.index(None) if None in attributes else 0]
                raise CorruptDataError(
                    f"{key} of {path.name} has no attribute {lacking}", "one value of it", AGAIN
                )
            for column, value in zip(columns, (key, *attributes), strict=True):
                columns[column].append(value)
    if not columns["key"]:
        raise CorruptDataError(f"{path.name} has no trials in /betas", remedy=AGAIN)
    return columns


def _attribute(stored: Any, name: str) -> str | None:
    """An attribute as text, '?' for what is no UTF-8; None where it is no single value."""
    if name not in stored.attrs:
        return None
    # A few damaged bytes can claim any shape, which h5py would fill value by value.
    header = stored.attrs.get_id(name)
    if header.shape not in ((), (1,)) or header.dtype.subdtype is not None:
        return None
    single = np.asarray(stored.attrs[name]).ravel()[0]
    content = single if isinstance(single, bytes) else str(single).encode("utf-8", "replace")
    return content.decode("utf-8", "replace")


def _blocks(path: Path, keys: Sequence[str], columns: np.ndarray) -> Iterator[np.ndarray]:
    """Some columns of consecutive trials, (trials, units)."""
    step = max(1, BLOCK_BYTES // (4 * max(1, len(columns))))
    with open_hdf5(path) as file:
        betas = subgroup(file, "betas")
        for start in range(0, len(keys), step):
            rows = [dataset(betas, key)[()][columns] for key in keys[start : start + step]]
            yield np.stack(rows)


# Areas ----------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def _parcels() -> Parcels:
    with np.load(PARCELS, allow_pickle=False) as stored:
        return Parcels(stored["parcel"], tuple(map(str, stored["names"])))


def _rois(areas: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Grayordinates that are needed, and the columns among them of each ROI.

    ROIs are the areas of both hemispheres, left before right; those of each; then what lies
    below the cortex.
    """
    numbers, names = _parcels()
    number_of = {name: number for number, name in enumerate(names) if name}
    cortical = [name.removeprefix(SIDES[0]) for name in number_of if name.startswith(SIDES[0])]
    further = [name for name in number_of if not name.startswith(SIDES)]
    named = list(VISUAL)
    if areas == "all":
        named += [name for name in cortical if name not in VISUAL]
    halves = {area: [f"{side}{area}" for side in SIDES] for area in named}
    singles = [half for side in zip(*halves.values(), strict=True) for half in side]
    singles += further if areas == "all" else []
    columns = np.flatnonzero(np.isin(numbers, [number_of[name] for name in singles]))
    kept = numbers[columns]
    own = {name: np.flatnonzero(kept == number_of[name]) for name in singles}
    both = {area: np.concatenate([own[half] for half in pair]) for area, pair in halves.items()}
    return columns, {**both, **own}


def _ceiling(path: Path, columns: np.ndarray, which: str) -> np.ndarray | None:
    """Noise ceiling in per cent as released; None where the default is not there.

    Raises
    ------
    NotFoundError
        If another was chosen and is not there.
    """
    phase, n = CEILINGS[which]
    with open_hdf5(path) as file:
        group = find(file, "noiseceilings")
        for name in names_in(group) if group is not None else ():
            stored = dataset(group, name)
            is_chosen = (_attribute(stored, "phase"), _attribute(stored, "n")) == (phase, n)
            # Artificial images count as test stimuli too, and have a ceiling of their own.
            if is_chosen and "phase-artificial" not in name:
                values = read_whole(stored)
                if values.shape != _parcels().numbers.shape:
                    raise CorruptDataError(f"{name} has the shape {values.shape}", remedy=AGAIN)
                return np.asarray(values[columns], dtype=np.float32)
    if which != DEFAULT_CEILING:
        raise NotFoundError(f"{path.name} has no noise ceiling of {which}", "the chosen one")
    return None


# Stimuli --------------------------------------------------------------------------------------


def _stimuli(
    folder: Path, subject: str, trials: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Set, source and alias of each image, and what has to be said of them."""
    notes = []
    phases = trials.groupby("id", sort=False)["phase"].agg(["first", "nunique"])
    known = phases["first"].where(phases["first"].isin(["train", "test"]), "")
    split = known.where(phases["nunique"] == 1, "")
    stimuli = pd.DataFrame({"id": phases.index, "split": split.to_numpy()})
    double = int((phases["nunique"] > 1).sum())
    if double:
        title = f"{counted(double, 'stimulus', 'stimuli')} in training and test"
        notes.append(Note(title, "The trials contradict each other: they are in no set."))
    path = _table_file(folder, subject)
    if path is None:
        where = f"{TABLES}/{_table_name(subject)}"
        notes.append(Note("No table of stimuli", f"{where} tells where each image is from."))
        return complete_stimuli(stimuli), tuple(notes)
    table = _read_table(path)
    stimuli = stimuli.merge(table, on="id", how="left").fillna("")
    return complete_stimuli(stimuli), tuple(notes)


def _table_name(subject: str) -> str:
    recording = _recording(subject)
    return f"{TABLE_NAMES.get(recording, recording.lower())}_stiminfo.tsv"


def _table_file(folder: Path, subject: str) -> Path | None:
    below = folder / TABLES
    return paths.find(below, _table_name(subject)) if below.is_dir() else None


def _read_table(path: Path) -> pd.DataFrame:
    enter(path)
    try:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, index_col=False)
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise CorruptDataError(
            f"{path.name} could not be read ({reason})", "a table", AGAIN
        ) from None
    if "filename" not in table:
        raise CorruptDataError(
            f"{path.name} has the columns {enumerate_names(list(table.columns))}",
            "a column 'filename'",
            AGAIN,
        )
    table = table.rename(columns={"filename": "id"}).drop_duplicates("id")
    return table[[name for name in ("id", "alias", "source") if name in table]]


def _images(folder: Path, name: str, subject: str, stimuli: pd.DataFrame) -> dict[str, Any]:
    """Fields of the dataset that say where the images are: by file name, else by alias."""
    own = folder / IMAGES / _recording(subject)
    below = own if own.is_dir() else folder / IMAGES
    present = ImageFolder(below)
    aliases = stimuli.get("alias", stimuli["id"])
    names = {}
    for stimulus, alias in zip(stimuli["id"], aliases, strict=True):
        written = [each for each in (stimulus, alias) if each.lower().endswith(SUFFIXES)]
        found_at = (each for each in written if present.find(each).is_file())
        names[stimulus] = next(found_at, stimulus)
    images = FileImages(below, names)
    missing = images.missing()
    return {
        "images": images if len(missing) < len(names) else None,
        "without_image": missing,
        "images_fingerprint": store.fingerprint(name, repr(images.stamps())),
    }


def expected(folder: Path, subject: str | None = None) -> list[Expected]:
    """Files of the subjects that are there, of one, or of a first one."""
    present = _present(folder)
    files = []
    for name in [subject] if subject else present or ["sub-01_NSD"]:
        own = [path.relative_to(folder).as_posix() for path in present.get(name, ())]
        files += [Expected(at, f"betas of {name}") for at in own or [f"{BETAS}/*/{name}*.hdf5"]]
        files.append(Expected(f"{TABLES}/{_table_name(name)}", "where images are from", False))
    return [
        *dict.fromkeys(files),
        Expected(f"{IMAGES}/**/*", "images of a recording", False),
        Expected(f"{TABLES}/*", "tables of further recordings", False),
    ]


register(Recording(INFO, load, remote=MOSAIC, expected=expected))
