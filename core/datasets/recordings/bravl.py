"""BraVL (Du et al. 2023): responses of two studies with features of their images and of texts.

Opened as downloaded. The responses are principal components: of voxels no more is released.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core import paths, store
from core.datasets.catalogue import Recording, choose_subject, register
from core.datasets.dataset import Dataset, DatasetInfo, Note
from core.datasets.download.addresses import BRAVL
from core.datasets.releases import converted
from core.datasets.releases.imagenet import described, image_names
from core.datasets.releases.layout import Expected
from core.datasets.releases.matlab import read_mat, row
from core.datasets.releases.options import finished, standard, standard_of
from core.datasets.tables import complete_trials
from core.errors import CorruptDataError, NeurogalleryError, NotFoundError
from core.registry import Parameter
from core.validation import check_responses, narrowed

VERSION = 1
ROI = "VC components"
GOD, DIR = "GOD-Wiki", "DIR-Wiki"
SUBJECTS = {GOD: 5, DIR: 3}
ANY, AREAS = "the one there", ("VC", "LVC_HVC_IT")
SPLITS = {"train": "ImageNetTraining", "test": "ImageNetTest"}
NUMBERS = ("WordNetID", "image_idx", "class_idx")
SUBJECT = re.compile(r"sub-\d+")
# DIR's files carry the ratio of voxels that were selected.
TRAINING_FILE = re.compile(r"fmri_train_data(.*)\.mat")
# Files of features by split, below the folder of a model; those called unique are of wrong rows.
FEATURES = {
    "visual_feature/{}/pytorch": "feat_pca_{split}.mat",
    "textual_feature/{}/text": "text_feat_{split}.mat",
}
TOGETHER = "Unpack GOD-Wiki.zip or DIR-Wiki.zip whole, and change no file."

INFO = DatasetInfo(
    name="bravl",
    title="BraVL: Generic Object Decoding and Deep Image Reconstruction (Du et al. 2023)",
    description=(
        "Responses of visual cortex of Generic Object Decoding (GOD-Wiki, 5 people: 1,200 "
        "training images, 50 test images 35 times each) and of Deep Image Reconstruction "
        "(DIR-Wiki, 3 people), as BraVL is trained on them: voxels z-scored by the training "
        "trials, then their principal components, 99 % of the variance. Components are no voxels, "
        "and there are no regions. With them come features of the images (RepVGG, components too) "
        "and of Wikipedia's text on each category (GPT-Neo, ALBERT), offered as embeddings. The "
        "file feat_pca_test_unique.mat is not read: its rows belong to other images."
    ),
    citation=(
        "Du C, Fu K, Li J, He H (2023) Decoding visual neural representations by multimodal "
        "learning of brain-visual-linguistic features. IEEE Transactions on Pattern Analysis and "
        "Machine Intelligence 45(9):10760-10777. doi:10.1109/TPAMI.2023.3263181. Responses: "
        "Horikawa & Kamitani (2017), doi:10.1038/ncomms15037; Shen et al. (2019), "
        "doi:10.1371/journal.pcbi.1006633. Data: figshare 17024591."
    ),
    licence="Terms as on figshare, article 17024591, and of the two studies. No images are in it.",
    disk=(
        "Two archives, whose size is said before they are fetched; some 10 MB of copies for each "
        "subject that is opened."
    ),
    fetchable=True,
    options=(
        Parameter("study", "Study", GOD, "Whose responses", choices=tuple(SUBJECTS)),
        Parameter(
            "area",
            "Brain area",
            ANY,
            f"Folder of the responses; '{ANY}' is {AREAS[0]} where both are",
            choices=(ANY, *AREAS),
        ),
        *standard(zscore="none"),
    ),
    units="z components",
)


class Rows(NamedTuple):
    """The trials of one split.

    Attributes
    ----------
    file : Path
    table : pd.DataFrame
        ``id``, ``split``, ``image_idx`` (from 1 in each split) and ``class_idx``.
    """

    file: Path
    table: pd.DataFrame


def load(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """Open one subject; see ``datasets.load``."""
    assert info.where is not None
    study, treatment = options["study"], standard_of(options)
    top, area = _area(info.where, study, options["area"])
    subjects = _subjects(area)
    chosen = choose_subject(subjects, subject)
    splits = [_rows(area / chosen, split, study) for split in SPLITS]
    trials = complete_trials(pd.concat([rows.table for rows in splits]))
    data = _responses(splits)
    reading = converted.Reading(
        files=[rows.file for rows in splits],
        shape=data.shape,
        trials=trials,
        blocks=lambda: iter([data]),
        subjects=subjects,
        parameters={"study": study},
    )
    copy = converted.responses(info.name, VERSION, chosen, reading, treatment)
    stimuli = _stimuli(trials)
    embeddings, notes = _embeddings(top, chosen, trials)
    ds = Dataset(
        info=info,
        subject=chosen,
        subjects=subjects,
        stimuli=stimuli,
        fingerprint=store.fingerprint(copy.fingerprint, embeddings),
        rois={ROI: np.arange(data.shape[1])},
        betas=copy.betas,
        trials=trials,
        without_image=tuple(stimuli["id"]),
        embeddings=embeddings,
        options=dict(options),
        notes=notes,
        scanned=copy.scanned,
    )
    return finished(ds, treatment)


def _area(folder: Path, study: str, area: str) -> tuple[Path, Path]:
    """Folder of a study, which may be the folder itself, and that of its responses."""
    for top in (folder / study, *([folder] if folder.name == study else [])):
        for name in AREAS if area == ANY else (area,):
            if _training_files(top / "brain_feature" / name):
                return top, top / "brain_feature" / name
    wanted_area = AREAS[0] if area == ANY else area
    raise NotFoundError(
        f"There are no responses of {study} in {folder}",
        f"{study}/brain_feature/{wanted_area}/sub-01/fmri_train_data.mat",
        "Run `python -m core fetch bravl`, or choose another study or area.",
    )


def _training_files(area: Path) -> dict[str, list[Path]]:
    """Files of training responses by subject."""
    folders = [path for path in paths.visible(area) if SUBJECT.fullmatch(path.name)]
    files = {
        path.name: [file for file in paths.visible(path) if TRAINING_FILE.fullmatch(file.name)]
        for path in folders
    }
    return {subject: listed for subject, listed in files.items() if listed}


def _subjects(area: Path) -> tuple[str, ...]:
    return tuple(sorted(_training_files(area)))


# Responses --------------------------------------------------------------------------------------


def _rows(folder: Path, split: str, study: str) -> Rows:
    """Trials of a split, of the file without a ratio where there are several."""
    training = min(_training_files(folder.parent)[folder.name], key=lambda path: len(path.name))
    match = TRAINING_FILE.fullmatch(training.name)
    assert match is not None
    file = folder / f"fmri_{split}_data{match[1]}.mat"
    read = read_mat(file, NUMBERS)
    lacking = [name for name in NUMBERS if name not in read]
    if lacking:
        raise CorruptDataError(
            f"{file.name} has no {', '.join(lacking)}", ", ".join(NUMBERS), TOGETHER
        )
    numbers = {name: row(read[name]) for name in NUMBERS}
    index, classes = (_whole(numbers[name], f"{name} of {file.name}") for name in NUMBERS[1:])
    if len({len(values) for values in numbers.values()}) > 1 or not len(index):
        counts = ", ".join(f"{name} {len(values)}" for name, values in numbers.items())
        raise CorruptDataError(f"{file.name} has {counts} values", "one a trial", TOGETHER)
    if study == GOD:
        ids = image_names(numbers["WordNetID"], file.name)
    else:
        synsets = _whole(numbers["WordNetID"], f"WordNetID of {file.name}")
        # Images of a synset are told apart by their index alone, which is one of its split.
        ids = [f"n{s:08d}_{split}{i}" for s, i in zip(synsets, index, strict=True)]
    table = {"id": ids, "split": split, "image_idx": index, "class_idx": classes}
    return Rows(file, pd.DataFrame(table))


def _whole(numbers: np.ndarray, what: str) -> np.ndarray:
    is_number = numbers.dtype.kind in "biuf" and ((numbers >= 0) & (numbers < 2**31)).all()
    if not is_number or (numbers % 1 != 0).any():
        raise CorruptDataError(f"{what} holds more than whole numbers", "whole numbers", TOGETHER)
    return numbers.astype(np.int64)


def _data(file: Path) -> np.ndarray:
    """The matrix of a file (trials, columns)."""
    data = read_mat(file, ("data",)).get("data")
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.dtype.kind not in "iuf":
        raise CorruptDataError(f"{file.name} has no matrix 'data'", "(trials, columns)", TOGETHER)
    return data


def _responses(splits: Sequence[Rows]) -> np.ndarray:
    """All trials, which are few megabytes. (trials, components)"""
    parts = [_data(rows.file) for rows in splits]
    for rows, part in zip(splits, parts, strict=True):
        if part.shape != (len(rows.table), parts[0].shape[1]):
            raise CorruptDataError(
                f"data of {rows.file.name} has the shape {part.shape}",
                f"({len(rows.table)} trials, {parts[0].shape[1]} components)",
                TOGETHER,
            )
    return np.vstack(parts)


def _stimuli(trials: pd.DataFrame) -> pd.DataFrame:
    first = trials[["id", "split"]].drop_duplicates()
    if first["id"].duplicated().any():
        raise CorruptDataError(
            f"{int(first['id'].duplicated().sum())} images are both training and test",
            "images of one split",
            TOGETHER,
        )
    return described([*first["id"]]).assign(split=[*first["split"]])


# Features ---------------------------------------------------------------------------------------


def _embeddings(
    top: Path, subject: str, trials: pd.DataFrame
) -> tuple[dict[str, np.ndarray], tuple[Note, ...]]:
    """Features of each stimulus by model; what does not fit is left out, and said."""
    embeddings, notes = {}, []
    for name, files in sorted(_models(top, subject).items()):
        try:
            parts = [_data(file) for file in files]
            embeddings[name] = narrowed(_of_stimuli(name, parts, trials))
        except NeurogalleryError as error:
            notes.append(Note(f"Features {name} are not offered", str(error)))
    return embeddings, tuple(notes)


def _models(top: Path, subject: str) -> dict[str, list[Path]]:
    """Files of features, training then test, of each model that has both."""
    models = {}
    for below, form in FEATURES.items():
        folders = {split: top / below.format(name) for split, name in SPLITS.items()}
        for folder in paths.visible(folders["train"]):
            files = [at / folder.name / subject / form.format(split=s) for s, at in folders.items()]
            if all(file.is_file() for file in files):
                models[folder.name.removesuffix("-PCA")] = files
    return models


def _of_stimuli(name: str, parts: list[np.ndarray], trials: pd.DataFrame) -> np.ndarray:
    """Features at the first trial of each stimulus; those of its others must be the same."""
    counts = [int((trials["split"] == split).sum()) for split in SPLITS]
    if [len(part) for part in parts] != counts or len({part.shape[1] for part in parts}) > 1:
        shapes = " and ".join(str(part.shape) for part in parts)
        raise CorruptDataError(
            f"The features have the shapes {shapes}, for {counts[0]} and {counts[1]} trials",
            "a row for each trial, of as many columns",
        )
    features = np.vstack(parts)
    number = pd.factorize(trials["id"])[0]
    first = np.unique(number, return_index=True)[1]
    if not np.allclose(features, features[first][number], equal_nan=True):
        raise CorruptDataError(
            "The features differ between trials of an image", "one row for all trials of an image"
        )
    return check_responses(features[first], f"The features {name}", minimum_rows=1)


# What is there ----------------------------------------------------------------------------------


def expected(folder: Path, subject: str | None = None) -> list[Expected]:
    """Responses and features of the studies that are there, else of Generic Object Decoding."""
    present = [study for study in SUBJECTS if (folder / study).is_dir()] or [GOD]
    files = []
    for study, count in SUBJECTS.items():
        names = [f"sub-{number:02d}" for number in range(1, count + 1)]
        for name in names if subject is None else {subject} & {*names}:
            files += [
                Expected(
                    f"{study}/brain_feature/*/{name}/fmri_{split}_data*.mat",
                    f"responses, {split}",
                    study in present,
                )
                for split in SPLITS
            ]
            files += [
                Expected(f"{study}/{kind}_feature/**/{name}/*.mat", f"{kind} features", False)
                for kind in ("visual", "textual")
            ]
    return files


register(Recording(INFO, load, remote=BRAVL, expected=expected))
