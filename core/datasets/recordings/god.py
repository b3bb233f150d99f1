"""Generic Object Decoding (Horikawa & Kamitani 2017): five people, objects of 200 categories.

Opened as downloaded, from the files of bdpy (`.h5`) or of BrainDecoderToolbox2 (`.mat`): samples x
columns, and rows of metadata that say which columns hold what.
"""

from __future__ import annotations

import csv
import functools
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core import paths, store
from core.datasets.catalogue import Recording, choose_subject, register
from core.datasets.dataset import Dataset, DatasetInfo, Note
from core.datasets.download.addresses import GOD, STEPS
from core.datasets.image_files import SUFFIXES
from core.datasets.releases import converted
from core.datasets.releases.hdf5 import dataset, open_hdf5, read_text, read_whole, subgroup
from core.datasets.releases.imagenet import described, image_names, wnid_of
from core.datasets.releases.images import FileImages
from core.datasets.releases.layout import Expected
from core.datasets.releases.matlab import read_mat
from core.datasets.releases.options import finished, standard, standard_of
from core.datasets.tables import complete_stimuli, complete_trials
from core.errors import CorruptDataError, NotFoundError
from core.registry import Parameter
from core.store.results import sampled
from core.store.stamps import enter
from core.validation import enumerate_names

VERSION = 1
REGIONS = ("V1", "V2", "V3", "V4", "LOC", "FFA", "PPA")
PERCEPTION, IMAGERY = "perception", "imagery"
SPLITS = {1: "train", 2: "test", 3: "imagery"}
TRIALS = {PERCEPTION: ("train", "test"), IMAGERY: ("imagery",)}
SUBJECT = re.compile(r"(Subject\d+)\.(h5|mat)", re.IGNORECASE)
PLACES, ENDINGS = ("", "data"), ("h5", "mat")
# Both spellings occur in files of both kinds.
DATA, METADATA = ("dataset", "dataSet"), ("metadata", "metaData")
ROI, VOXELS = "ROI_", "voxels"
IMAGE, SYNSET = re.compile(r"n\d{8}_\d+"), re.compile(r"n\d{8}")
INFORMATION = "stimulus_info_ImageNetTest.csv"
IN_ILSVRC, ILSVRC = "Image in ILSVRC 2012 Training", "ilsvrc2012_training"

INFO = DatasetInfo(
    name="god",
    title="Generic Object Decoding (Horikawa & Kamitani 2017)",
    description=(
        "Five people saw 1,200 images of 150 object categories of ImageNet once, and 50 images of "
        "50 other categories 35 times each (3T); each sample is the mean of the 9 s in which an "
        "image was shown. They also imagined the 50 test objects, 10 times each, cued by a word: "
        "an option, never in the averages of what was seen. Regions V1 to V4, LOC, FFA and PPA. "
        "20 of the 50 test images are in the training set of ILSVRC 2012, on which many encoders "
        "are trained."
    ),
    citation=(
        "Horikawa T, Kamitani Y (2017) Generic decoding of seen and imagined objects using "
        "hierarchical visual features. Nature Communications 8:15037. doi:10.1038/ncomms15037. "
        "Data: figshare 7387130."
    ),
    licence=(
        "Responses: terms as on figshare, article 7387130. The images are of ImageNet, keep their "
        "terms, and are given by the authors on request."
    ),
    how_to_get=STEPS["god"],
    disk=(
        "About 0.13 GB for each subject as .h5, and a copy of 50 MB for each that is opened. "
        "Images as you add them: 1,250 stimuli, and a library of any size."
    ),
    fetchable=True,
    options=(
        Parameter(
            "trials",
            "Trials",
            PERCEPTION,
            "Images that were seen, or test objects that were imagined",
            choices=tuple(TRIALS),
        ),
        *standard(zscore="none"),
    ),
)


class Design(NamedTuple):
    """What a file says of its samples and columns.

    Attributes
    ----------
    samples : pd.DataFrame
        ``kind`` (1 to 3) and ``image`` (a number) of each, ``run`` and ``session`` where named.
    rois : dict of str to (columns,) int
    """

    samples: pd.DataFrame
    rois: dict[str, np.ndarray]


def load(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """Open one subject; see ``datasets.load``."""
    folder = info.where
    assert folder is not None
    files, treatment = _files(folder), standard_of(options)
    chosen = choose_subject(tuple(files), subject)
    design = _design(files[chosen], chosen, tuple(files))
    ids = image_names(design.samples["image"].to_numpy(), files[chosen].name)
    trials, rows = _trials(chosen, design.samples, ids, TRIALS[options["trials"]])
    rois = {name: columns for name, columns in design.rois.items() if len(columns)}
    columns = np.unique(np.concatenate([*rois.values()]))
    reading = converted.Reading(
        files=(files[chosen],),
        shape=(len(trials), len(columns)),
        trials=trials,
        blocks=functools.partial(_blocks, files[chosen], rows, columns),
        subjects=tuple(files),
        parameters={"trials": options["trials"]},
    )
    copy = converted.responses(info.name, VERSION, chosen, reading, treatment)
    stimuli = _stimuli(folder, trials)
    images, gallery, withheld = _images(folder, stimuli["id"], _test_synsets(design, ids))
    known = images.stamps()
    ds = Dataset(
        info=info,
        subject=chosen,
        subjects=tuple(files),
        stimuli=stimuli,
        fingerprint=store.fingerprint(copy.fingerprint, stimuli.to_csv(), gallery.to_csv()),
        rois={name: np.searchsorted(columns, own) for name, own in rois.items()},
        regions=tuple(name for name in REGIONS if name in rois),
        betas=copy.betas,
        trials=trials,
        images=images if known else None,
        without_image=tuple(name for name in stimuli["id"] if name not in known),
        gallery=gallery,
        images_fingerprint=store.fingerprint(info.name, repr(known)),
        options=dict(options),
        notes=_notes(chosen, design, withheld),
        scanned=copy.scanned,
    )
    return finished(ds, treatment)


def _files(folder: Path) -> dict[str, Path]:
    """The file of each subject: HDF5 where both are there, which is read faster."""
    listed = [path for at in PLACES for path in paths.visible(folder / at) if path.is_file()]
    named = [(match, path) for path in listed if (match := SUBJECT.fullmatch(path.name))]
    files: dict[str, Path] = {}
    for match, path in sorted(named, key=lambda pair: pair[0][2].lower() != ENDINGS[0]):
        files.setdefault(match[1].capitalize(), path)
    if not files:
        raise NotFoundError(
            f"There are no responses of Generic Object Decoding in {folder}",
            "Subject1.h5 or Subject1.mat",
            "Run `python -m core fetch god`.",
        )
    return dict(sorted(files.items(), key=lambda pair: int(pair[0].removeprefix("Subject"))))


# Samples and columns ----------------------------------------------------------------------------


def _design(path: Path, subject: str, subjects: tuple[str, ...]) -> Design:
    """Samples and columns of a file; kept, as a `.mat` has to be read whole for them."""
    stamp = [path.name, path.stat().st_size, path.stat().st_mtime_ns, sampled(path)]
    key = store.key(converted.OPERATION, store.fingerprint("samples", stamp), {}, version=VERSION)
    stored = store.load(key)
    if stored is None:
        if path.suffix.lower() == ".mat":
            converted.announce(INFO.name, subject, subjects, [path])
        keys, values, read = _metadata(path)
        stored = store.save(key, *_described(path, keys, values, read))
    names = stored.facts["rois"]
    samples = pd.DataFrame(
        {name: stored.arrays[f"sample_{name}"] for name in stored.facts["samples"]}
    )
    return Design(samples, {n: stored.arrays[f"roi_{i}"] for i, n in enumerate(names)})


def _described(
    path: Path, keys: list[str], values: np.ndarray, read: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and facts of a design, from which columns it takes ``read``."""
    rois = {key.removeprefix(ROI): row for key, row in zip(keys, values, strict=True)}
    rois = {name: row for name, row in rois.items() if ROI + name in keys}
    if not any((row == 1).any() for row in rois.values()):
        raise CorruptDataError(
            f"{path.name} names no columns of an ROI; its keys are {enumerate_names(keys)}",
            "rows of metadata such as ROI_V1",
        )
    arrays = {f"sample_{name}": column for name, column in read.items()}
    # Columns that do not belong are NaN or 0; of coordinates some are any other number.
    arrays |= {f"roi_{i}": np.flatnonzero(row == 1) for i, row in enumerate(rois.values())}
    facts = {"title": f"god, samples of {path.stem}", "samples": [*read], "rois": [*rois]}
    unknown = np.setdiff1d(read["kind"], [*SPLITS])
    if len(unknown):
        raise CorruptDataError(
            f"DataType of {path.name} holds {enumerate_names(unknown)}",
            "1 (training), 2 (test) and 3 (imagery)",
        )
    return arrays, facts


def _metadata(path: Path) -> tuple[list[str], np.ndarray, dict[str, np.ndarray]]:
    """Keys, their rows of metadata (keys, columns), and the columns that describe samples."""
    if path.suffix.lower() == ".mat":
        keys, values, data = _read_mat(path)
        return keys, values, _samples(path, keys, values, data)
    with open_hdf5(path) as file:
        group, data = subgroup(file, *METADATA), dataset(file, *DATA)
        keys, values = read_text(dataset(group, "key")), read_whole(dataset(group, "value"))
        return keys, values, _samples(path, keys, values, data)


def _samples(path: Path, keys: list[str], values: np.ndarray, data: Any) -> dict[str, np.ndarray]:
    """Kind, image, and where they are named run and session of each sample."""
    if data.ndim != 2 or data.dtype.kind != "f" or values.shape != (len(keys), data.shape[1]):
        raise CorruptDataError(
            f"{path.name} has {len(keys)} keys, metadata {values.shape} and data of "
            f"{data.dtype}, {data.shape}",
            "a row of metadata for each key, with as many columns as the data (samples, columns)",
        )
    places = {key: np.flatnonzero(row == 1) for key, row in zip(keys, values, strict=True)}
    image = "stimulus_id" if "stimulus_id" in places else "Label"
    sources = {"kind": "DataType", "image": image, "run": "Run", "session": "Session"}
    present = {name: key for name, key in sources.items() if len(places.get(key, ()))}
    for name in ("kind", "image"):
        if name not in present:
            raise CorruptDataError(
                f"{path.name} has no column {sources[name]}; its keys are {enumerate_names(keys)}",
                "DataType, and stimulus_id or Label",
            )
    # Of several columns of Label the first holds the image, the others its category.
    read = {n: np.asarray(data[:, int(places[key][0])]) for n, key in present.items()}
    for name in read.keys() & {"run", "session"}:
        if not (np.abs(read[name]) < 2**31).all() or (read[name] % 1 != 0).any():
            raise CorruptDataError(f"{sources[name]} of {path.name} holds parts", "whole numbers")
        read[name] = read[name].astype(np.int64)
    return read


def _read_mat(path: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    read = read_mat(path, (*DATA, *METADATA))
    data = next((read[name] for name in DATA if name in read), None)
    about = next((read[name] for name in METADATA if name in read), None)
    keys, values = (about.get(n) if isinstance(about, dict) else None for n in ("key", "value"))
    if not (
        isinstance(data, np.ndarray) and isinstance(keys, list) and isinstance(values, np.ndarray)
    ):
        raise CorruptDataError(
            f"{path.name} holds {enumerate_names([*read]) or 'neither'}",
            "dataSet, and metaData with key and value",
        )
    # A cell in rows and columns arrives as a list of rows.
    flat = [key for part in keys for key in (part if isinstance(part, list) else [part])]
    return [str(key) for key in flat], values, data


def _blocks(path: Path, rows: np.ndarray, columns: np.ndarray) -> Iterator[np.ndarray]:
    """All trials at once: a file holds some 130 MB."""
    if path.suffix.lower() == ".mat":
        data = _read_mat(path)[2]
    else:
        with open_hdf5(path) as file:
            data = read_whole(dataset(file, *DATA))
    yield data[np.ix_(rows, columns)]


def _trials(
    subject: str, samples: pd.DataFrame, ids: list[str], splits: Collection[str]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Samples of some splits, and their rows. Each split counts as a session: runs begin anew.

    Raises
    ------
    NotFoundError
        If there are none.
    """
    table = pd.DataFrame({"id": ids, "split": samples["kind"].map(SPLITS)})
    table["session"] = table["split"]
    for name in ("run", "session"):
        if name in samples:
            table[name] = samples[name]
    chosen = table["split"].isin(splits)
    if not chosen.any():
        raise NotFoundError(
            f"{subject} has no such trials; there are {enumerate_names(table['split'].unique())}",
            remedy="Choose other trials.",
        )
    return complete_trials(table[chosen]), np.flatnonzero(chosen)


def _stimuli(folder: Path, trials: pd.DataFrame) -> pd.DataFrame:
    first = trials[["id", "split"]].drop_duplicates()
    double = first["id"][first["id"].duplicated()]
    if len(double):
        raise CorruptDataError(
            f"{len(double)} images are both training and test: {enumerate_names([*double])}",
            "images of one split",
        )
    stimuli, known = described([*first["id"]]).assign(split=[*first["split"]]), _in_ilsvrc(folder)
    if known:
        stimuli[ILSVRC] = [known.get(name, "") for name in stimuli["id"]]
    return stimuli


def _test_synsets(design: Design, ids: list[str]) -> set[str]:
    """Categories of test images, seen or imagined."""
    split = design.samples["kind"].map(SPLITS)
    return {wnid_of(ids[row]) for row in np.flatnonzero(split != "train")}


def _in_ilsvrc(folder: Path) -> dict[str, str]:
    """'Yes' or 'No' of test images, where the authors' list of them is there."""
    path = next((p for at in PLACES if (p := folder / at / INFORMATION).is_file()), None)
    if path is None:
        return {}
    enter(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = [*csv.DictReader(file)]
        return {line["stimulus name"]: line[IN_ILSVRC] for line in lines}
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise CorruptDataError(
            f"{path.name} could not be read ({error})",
            f"columns 'stimulus name' and {IN_ILSVRC!r}",
        ) from None


# Images -----------------------------------------------------------------------------------------


def _images(
    folder: Path, ids: Collection[str], withheld: Collection[str]
) -> tuple[FileImages, pd.DataFrame, int]:
    """Images of stimuli and of the library, the library, and how many are withheld from it.

    The library holds further images of ImageNet, none of a category that was seen in test.
    """
    present = _image_files(folder)
    own, further = set(ids), [name for name in present if name not in set(ids)]
    library = [name for name in further if wnid_of(name) not in withheld]
    files = {name: file for name, file in present.items() if name in own}
    files |= {name: present[name] for name in library}
    table = described(library).assign(file=[present[name] for name in library])
    return FileImages(folder, files), complete_stimuli(table), len(further) - len(library)


def _image_files(folder: Path) -> dict[str, str]:
    """Path of each image below the folder, by its name without ending: in `images`, in synsets."""
    synsets = [path for path in paths.visible(folder) if SYNSET.fullmatch(path.name)]
    files: dict[str, str] = {}
    for top in (folder / "images", *synsets):
        for parent, folders, names in os.walk(top):
            folders.sort()
            below = Path(parent).relative_to(folder).as_posix()
            for name in sorted(names):
                stem, ending = os.path.splitext(name)
                if ending.lower() in SUFFIXES and IMAGE.fullmatch(stem):
                    files.setdefault(stem, f"{below}/{name}")
    return files


def _notes(subject: str, design: Design, withheld: int) -> tuple[Note, ...]:
    notes = []
    empty = [name for name, columns in design.rois.items() if not len(columns)]
    if empty:
        detail = f"Left out, for {subject} has no voxel of it: {enumerate_names(empty, 30)}."
        notes.append(Note("Empty ROIs", detail))
    if "session" not in design.samples:
        detail = (
            "The file does not say which. Training, test and imagery each count as one, for their "
            "runs are numbered anew; z-scoring within a session is within these."
        )
        notes.append(Note("Sessions are not known", detail))
    if withheld:
        detail = "They are no part of the library, so that test categories stay unseen."
        notes.append(Note(f"{withheld:,} further images are of test categories", detail))
    return tuple(notes)


def expected(folder: Path, subject: str | None = None) -> list[Expected]:
    """A file of each subject, in one of two formats; images, and the list of those in ILSVRC."""
    at = "data/" if any(map(SUBJECT.fullmatch, _names(folder / "data"))) else ""
    files = []
    for name in [subject] if subject else [f"Subject{number}" for number in range(1, 6)]:
        is_mat = f"{name}.mat" in _names(folder / at) and f"{name}.h5" not in _names(folder / at)
        files.append(Expected(f"{at}{name}.h5", "responses", not is_mat))
        files.append(Expected(f"{at}{name}.mat", "responses, for Matlab", is_mat))
    images = [f"{top}/**/*{e}" for top in ("images", "n*") for e in (".JPEG", ".jpg", ".png")]
    further = [Expected(path, "images", False) for path in images]
    return [*files, *further, Expected(f"data/{INFORMATION}", "test images in ILSVRC 2012", False)]


def _names(folder: Path) -> list[str]:
    return [path.name for path in paths.visible(folder)]


register(Recording(INFO, load, remote=GOD, expected=expected))
