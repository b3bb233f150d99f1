"""BraVL's features of GOD and DIR, small: components instead of voxels, vectors of images, texts.

Everything that is a vector is stored 1 x N. `feat_pca_test_unique` holds the features of the wrong
rows, as the released script writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.io import savemat

from tests.core.datasets.layouts.god import float_id, images_of
from tests.core.datasets.layouts.shared import Subject, Truth, generator, responses

ROI = "VC components"
COMPONENTS = {"sub-01": 7, "sub-02": 9, "sub-03": 8}
VISUAL, TEXTUAL = "pytorch/repvgg_b3g4-PCA", ("GPTNeo", "ALBERT")
DIMENSIONS = {"repvgg_b3g4": 6, "GPTNeo": 5, "ALBERT": 4}
TEST_REPEATS, AUGMENTED = 3, 10
# Rows of texts, one a class.
CLASSES = 80


class Rows(NamedTuple):
    """Trials of one split: image index from 1, id, number of its class."""

    index: np.ndarray
    names: list[str]
    classes: np.ndarray


def write(
    root: Path,
    subjects: Sequence[str] = ("sub-01", "sub-02"),
    recording: str = "GOD-Wiki",
    roi: str = "VC",
    suffix: str = "",
    is_single: bool = False,
    more: int = 0,
) -> Truth:
    """Write the files of some subjects below ``root / recording``.

    Parameters
    ----------
    recording : str
        'GOD-Wiki' or 'DIR-Wiki', whose WordNetID is the whole synset number (training images of
        one synset are told apart by image_idx) and whose training images are shown twice here.
    roi : str
        Folder of the brain features: 'VC' or 'LVC_HVC_IT'.
    suffix : str
        Ratio of voxels behind the names of DIR's brain files: `fmri_train_data<suffix>.mat`.
    is_single : bool
        WordNetID as float32, which destroys the ids of GOD: to be refused.
    more : int
        Further classes of either set, as ``god.write`` has them.

    Returns
    -------
    Truth
        Single trials, training then test; ``columns``: split, image_idx, class_idx.
        ``stimuli[id]`` has category (wnid), split and the vectors repvgg_b3g4, GPTNeo, ALBERT
        that belong to the image; `text` is by class. Ids of DIR are `<wnid>_<split><image_idx>`:
        compare which trials share one, the release has no name. There are no images.
    """
    is_god = recording == "GOD-Wiki"
    sets = images_of(more)
    train = _rows(sets[0], 1 if is_god else 2, "train", is_god)
    test = _rows(sets[1], TEST_REPEATS, "test", is_god, len(sets[0]))
    stimuli: dict[str, dict[str, Any]] = {}
    recorded = {}
    for subject in subjects:
        place = root / recording
        brain = place / "brain_feature" / roi / subject
        stored = {"train": train, "test": test}
        if not is_god and subject == "sub-03":  # as the released script has it
            stored = {n: rows._replace(classes=rows.index) for n, rows in stored.items()}
        values = {}
        for split, rows in stored.items():
            data = responses(len(rows.names), COMPONENTS[subject], recording, subject, split)
            _write_brain(brain / f"fmri_{split}_data{suffix}.mat", rows, data, is_god, is_single)
            values[split] = data
        unique, means = _averages(stored["test"], values["test"])
        _write_brain(brain / f"fmri_test_data_unique{suffix}.mat", unique, means, is_god, is_single)
        known = _write_features(place, subject, train, test)
        for name, vectors in known.items():
            split = "train" if name in train.names else "test"
            stimuli.setdefault(name, {"category": name.split("_")[0], "split": split})
            stimuli[name][subject] = vectors
        recorded[subject] = _subject(stored["train"], stored["test"], values)
    return Truth(root, recorded, stimuli, without_image=tuple(stimuli), units="z components")


def _rows(
    images: dict[str, tuple[int, ...]], repeats: int, split: str, is_god: bool, start: int = 0
) -> Rows:
    """Each image so often, in any order; index and class restart in each split."""
    every = [(w, n) for w, numbers in images.items() for n in numbers]
    order = generator("bravl", split).permutation(np.repeat(np.arange(len(every)), repeats))
    named = [f"{w}_{n}" if is_god else f"{w}_{split}{i + 1}" for i, (w, n) in enumerate(every)]
    wnids = list(images)
    classes = np.array([start + wnids.index(every[i][0]) + 1 for i in order])
    return Rows(order + 1, [named[i] for i in order], classes)


def _averages(rows: Rows, values: np.ndarray) -> tuple[Rows, np.ndarray]:
    """Give the images in the order of their index, with the mean of each."""
    index, first = np.unique(rows.index, return_index=True)
    means = np.array([values[rows.index == i].mean(axis=0) for i in index])
    return Rows(index, [rows.names[i] for i in first], rows.classes[first]), means


def _write_brain(path: Path, rows: Rows, data: np.ndarray, is_god: bool, is_single: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ids = [float_id(n) if is_god else float(n[1:].split("_")[0]) for n in rows.names]
    contents = {
        "data": data,
        "image_idx": rows.index[None].astype(np.float64),
        "WordNetID": np.array([ids], dtype=np.float32 if is_single else np.float64),
        "class_idx": rows.classes[None].astype(np.float64),
    }
    savemat(path, contents)


def _write_features(
    place: Path, subject: str, train: Rows, test: Rows
) -> dict[str, dict[str, np.ndarray]]:
    """Write features of images and texts; give the right ones by id."""
    known: dict[str, dict[str, np.ndarray]] = {}
    for split, rows, folder in (
        ("train", train, "ImageNetTraining"),
        ("test", test, "ImageNetTest"),
    ):
        index, first = np.unique(rows.index, return_index=True)
        by_image = responses(len(index), DIMENSIONS["repvgg_b3g4"], "visual", subject, split)
        trials = by_image[rows.index - 1]
        path = place / "visual_feature" / folder / VISUAL / subject
        _save(path / f"feat_pca_{split}.mat", trials)
        if split == "test":
            # The script looks up rows of images in what is by then sorted by trials.
            _save(path / "feat_pca_test_unique.mat", trials[index - 1])
        for text in TEXTUAL:
            by_class = responses(CLASSES, DIMENSIONS[text], text)
            path = place / "textual_feature" / folder / "text" / text / subject
            _save(path / f"text_feat_{split}.mat", by_class[rows.classes])
            if split == "test":
                _save(path / "text_feat_test_unique.mat", by_class[rows.classes[first]])
        for position, row in zip(index, first, strict=True):
            texts = {t: responses(CLASSES, DIMENSIONS[t], t)[rows.classes[row]] for t in TEXTUAL}
            known[rows.names[row]] = {"repvgg_b3g4": by_image[position - 1], **texts}
    path = place / "visual_feature/Aug_1000" / VISUAL / subject
    _save(path / "feat_pca_aug.mat", responses(AUGMENTED, 6, "aug", subject))
    for text in TEXTUAL:
        path = place / "textual_feature/Aug_1000/text" / text / subject
        _save(path / "text_feat_aug.mat", responses(AUGMENTED, DIMENSIONS[text], "aug", text))
    return known


def _save(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {"data": values})


def _subject(train: Rows, test: Rows, values: dict[str, np.ndarray]) -> Subject:
    return Subject(
        (*train.names, *test.names),
        {ROI: np.vstack([values["train"], values["test"]])},
        columns={
            "split": ("train",) * len(train.names) + ("test",) * len(test.names),
            "image_idx": tuple(map(int, [*train.index, *test.index])),
            "class_idx": tuple(map(int, [*train.classes, *test.classes])),
        },
    )
