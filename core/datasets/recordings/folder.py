"""A person's own recording: a folder of CSV, NumPy and image files.

``stimuli.csv`` is the only file that must exist. Responses, regions, RDMs, images
and labels are each optional.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from core import paths, store
from core.datasets.catalogue import Recording, choose_subject, register
from core.datasets.dataset import Dataset, DatasetInfo, complete_stimuli
from core.datasets.image_files import SUFFIXES, read_image
from core.datasets.tables import complete_trials, read_stimuli, read_trials
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.validation import (
    check_rdm,
    check_responses,
    check_same_length,
    enumerate_names,
    load_npy,
    row_blocks,
)

NO_RESPONSES = "group"
TEXTS = ("title", "description", "citation", "licence", "units")
IMAGES_READ = 4

INFO = DatasetInfo(
    name="folder",
    title="Your own data",
    description=(
        "A folder with stimuli.csv and whatever you have of responses/, rois/, rdms/, "
        "embeddings/, images/ and gallery/."
    ),
)


def load(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """Open one subject of a folder; see ``datasets.load``."""
    folder = info.where
    assert folder is not None
    if not (folder / "stimuli.csv").is_file():
        raise NotFoundError(f"There is no stimuli.csv in {folder}", "one row for each stimulus")
    info = read_description(info)
    stimuli = read_stimuli(folder / "stimuli.csv")
    listed, gallery = _gallery(folder, stimuli)
    shown = _image_files(stimuli, folder / "images", "stimuli.csv")
    files = {**shown, **_image_files(gallery, folder / "gallery", listed)}
    subjects = _subjects(folder)
    chosen = choose_subject(subjects, subject)
    betas, trials = _responses(folder, chosen, stimuli)
    return Dataset(
        info=info,
        subject=chosen,
        subjects=subjects,
        stimuli=stimuli,
        fingerprint=_fingerprint(folder, chosen, files),
        rois={} if betas is None else _rois(folder / "rois" / f"{chosen}.json", betas.shape[1]),
        betas=betas,
        trials=trials,
        images=functools.partial(_image, files) if files else None,
        without_image=tuple(
            name for name in stimuli["id"] if name not in shown or not shown[name].is_file()
        ),
        gallery=gallery,
        rdms=_rdms(folder, len(stimuli)),
        embeddings=_embeddings(folder, len(stimuli)),
        images_fingerprint=_images_fingerprint(files),
        options=dict(options),
    )


def own_folders() -> Iterator[DatasetInfo]:
    """List the folders directly below the data root that hold a ``stimuli.csv``."""
    root = paths.data_root()
    for table in sorted(root.glob("*/stimuli.csv")):
        name = table.parent.name
        info = replace(INFO, name=f"folder:{name}", where=table.parent)
        # A link that leads outside the data root could not be opened by its name.
        if table.resolve().is_relative_to(root):
            yield _described(info)


def read_description(info: DatasetInfo) -> DatasetInfo:
    """Fill in title, description, citation, licence and units from ``dataset.json``.

    The title is the name of the folder where the file gives none.

    Raises
    ------
    CorruptDataError
        If the file is not JSON.
    InputError
        If it is not an object of texts.
    """
    assert info.where is not None
    content = store.read_json(info.where / "dataset.json")
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise InputError(f"dataset.json holds a {type(content).__name__}", "an object, {...}")
    texts = {"title": info.where.name, "description": "", "units": info.units}
    for name in TEXTS:
        value = content.get(name) or ""
        if not isinstance(value, str):
            raise InputError(f"dataset.json has {value!r} as {name!r}", "a text")
        if value:
            texts[name] = value
    return replace(
        info,
        title=texts["title"],
        description=texts["description"],
        citation=texts.get("citation", ""),
        licence=texts.get("licence", ""),
        units=texts["units"],
    )


def _described(info: DatasetInfo) -> DatasetInfo:
    """Describe a folder for the list, which must survive one broken ``dataset.json``."""
    assert info.where is not None
    try:
        return read_description(info)
    except NeurogalleryError as error:
        return replace(info, title=info.where.name, description=str(error))


def _subjects(folder: Path) -> tuple[str, ...]:
    names = sorted(path.stem for path in (folder / "responses").glob("*.npy"))
    return tuple(names) or (NO_RESPONSES,)


def _responses(
    folder: Path, subject: str, stimuli: pd.DataFrame
) -> tuple[np.ndarray | None, pd.DataFrame]:
    path = folder / "responses" / f"{subject}.npy"
    table = path.with_suffix(".csv")
    if not path.is_file():
        return None, complete_trials(pd.DataFrame({"id": []}, dtype=str))
    betas = _checked_betas(load_npy(path, mmap=True), f"responses/{path.name}")
    if not table.is_file():
        check_same_length(len(betas), len(stimuli), f"responses/{path.name}", "stimuli.csv")
        return betas, complete_trials(stimuli[["id"]])
    trials = read_trials(table)
    check_same_length(len(trials), len(betas), f"responses/{table.name}", f"responses/{path.name}")
    unknown = trials["id"][~trials["id"].isin(stimuli["id"])].unique()
    if len(unknown):
        raise InputError(
            f"responses/{table.name} names {len(unknown)} ids that stimuli.csv lacks: "
            f"{enumerate_names(unknown)}",
            "ids of stimuli.csv",
        )
    return betas, trials


def _checked_betas(stored: np.ndarray, name: str) -> np.ndarray:
    """Give finite or NaN float32 responses; float32 files stay memory-mapped."""
    if stored.ndim != 2 or 0 in stored.shape or stored.dtype.kind not in "biuf":
        raise InputError(
            f"{name} is {stored.dtype} of shape {stored.shape}", "real numbers, (trials, units)"
        )
    # Values beyond the range of float32 become infinite here, and are refused below.
    with np.errstate(over="ignore"):
        betas = stored if stored.dtype == np.float32 else stored.astype(np.float32)
    for block in row_blocks(*betas.shape):
        infinite = np.isinf(betas[block])
        if infinite.any():
            row, unit = np.argwhere(infinite)[0]
            raise InputError(
                f"{name} holds an infinite value at row {block.start + row}, unit {unit}",
                "finite float32 numbers, NaN where a response is missing",
            )
    return betas


def _rois(path: Path, n_units: int) -> dict[str, np.ndarray]:
    content = store.read_json(path)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InputError(f"rois/{path.name} holds a {type(content).__name__}", "{name: [units]}")
    return {name: _units(units, n_units, path, name) for name, units in content.items()}


def _units(units: Any, n_units: int, path: Path, name: str) -> np.ndarray:
    listed = isinstance(units, list) and len(units) > 0
    if not listed or not all(type(unit) is int and 0 <= unit < n_units for unit in units):
        raise InputError(
            f"rois/{path.name}: {name!r} is not a list of unit indices",
            f"whole numbers from 0 to {n_units - 1}, the columns of the responses, at least one",
        )
    return np.array(units, dtype=np.intp)


def _rdms(folder: Path, n_stimuli: int) -> dict[str, np.ndarray]:
    rdms = {}
    for path in sorted((folder / "rdms").glob("*.npy")):
        rdms[path.stem] = check_rdm(load_npy(path), f"rdms/{path.name}")
        check_same_length(len(rdms[path.stem]), n_stimuli, f"rdms/{path.name}", "stimuli.csv")
    return rdms


def _embeddings(folder: Path, n_stimuli: int) -> dict[str, np.ndarray]:
    """Embeddings of the stimuli; float32 files stay memory-mapped."""
    embeddings = {}
    for path in sorted((folder / "embeddings").glob("*.npy")):
        name = f"embeddings/{path.name}"
        features = check_responses(load_npy(path, mmap=True), name, minimum_rows=1)
        check_same_length(len(features), n_stimuli, name, "stimuli.csv")
        embeddings[path.stem] = features.astype(np.float32, copy=False)
    return embeddings


def _gallery(folder: Path, stimuli: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """What lists the further images, and their table."""
    path = folder / "gallery" / "gallery.csv"
    if path.is_file():
        name, gallery = path.name, read_stimuli(path)
    else:
        name, gallery = "gallery/", _gallery_by_category(folder)
    shared = gallery["id"][gallery["id"].isin(stimuli["id"])]
    if len(shared):
        raise InputError(
            f"{name} repeats {len(shared)} ids of stimuli.csv: "
            f"{enumerate_names(shared.to_numpy())}",
            "further images, with ids of their own",
        )
    return name, gallery


def _gallery_by_category(folder: Path) -> pd.DataFrame:
    """Images of ``gallery/<category>/``, the layout of ImageNet; no further folder below.

    Id and file are the path inside ``gallery``; hidden files and folders are left out.
    """
    gallery = folder / "gallery"
    listed = [
        (category.name, f"{category.name}/{image.name}")
        for category in _visible(folder, gallery)
        if category.is_dir()
        for image in _visible(gallery, category)
        if image.suffix.lower() in SUFFIXES and image.is_file()
    ]
    garbled = [repr(path) for _, path in listed if path != path.encode(errors="ignore").decode()]
    if garbled:
        raise InputError(
            f"gallery/ holds {len(garbled)} names that are no text: {enumerate_names(garbled)}",
            "names in UTF-8",
        )
    table = pd.DataFrame(listed, columns=["category", "id"])
    return complete_stimuli(table.assign(file=table["id"]))


def _visible(root: Path, folder: Path) -> list[Path]:
    """What stands in a folder of ``root``, sorted by name; nothing where there is none."""
    if not folder.is_dir():
        return []
    inside = paths.inside(root, folder.name)
    return sorted(path for path in inside.iterdir() if not path.name.startswith("."))


def _image_files(table: pd.DataFrame, folder: Path, name: str) -> dict[str, Path]:
    """Path of each image that the table names; none may lead outside the folder."""
    files = {}
    for stimulus, file in zip(table["id"], table["file"], strict=True):
        if not file:
            continue
        try:
            files[stimulus] = paths.inside(folder, file)
        except ValueError as error:
            raise InputError(
                f"{name} has the file {file!r} for {stimulus!r}, which leads outside {folder} "
                f"or is no file name",
                f"paths below {folder.name}/",
            ) from error
    return files


def _image(files: Mapping[str, Path], stimulus: str) -> Image.Image:
    path = files.get(stimulus)
    if path is None or not path.is_file():
        where = f" at {path}" if path else "; its row names no file"
        raise NotFoundError(f"There is no image of {stimulus!r}{where}")
    return read_image(path, stimulus)


def _fingerprint(folder: Path, subject: str, images: Mapping[str, Path]) -> str:
    responses = folder / "responses"
    single = [
        responses / f"{subject}.npy",
        responses / f"{subject}.csv",
        folder / "rois" / f"{subject}.json",
        folder / "gallery" / "gallery.csv",
        folder / "stimuli.csv",
    ]
    arrays = [*(folder / "rdms").glob("*.npy"), *(folder / "embeddings").glob("*.npy")]
    files = [*single, *sorted(arrays)]
    content = {str(path.relative_to(folder)): path for path in files if path.is_file()}
    return store.fingerprint("folder", subject, content, _images_fingerprint(images))


def _images_fingerprint(images: Mapping[str, Path]) -> str:
    """Of the many images size and time of change, and the content of the first few."""
    stamps = {name: _stamp(path) for name, path in images.items()}
    first = [name for name, stamp in stamps.items() if stamp is not None][:IMAGES_READ]
    return store.fingerprint("folder", stamps, [images[name] for name in first])


def _stamp(path: Path) -> tuple[str, int, int] | None:
    if not path.is_file():
        return None
    status = path.stat()
    return path.name, status.st_size, status.st_mtime_ns


register(Recording(INFO, load, folders=own_folders))
