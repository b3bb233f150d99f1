"""A person's own recording: a folder of CSV, NumPy and image files.

``stimuli.csv`` is the only file that must exist. Responses, regions, RDMs, images
and labels are each optional.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from core import paths, store
from core.datasets import files
from core.datasets.catalogue import Recording, choose_subject, register
from core.datasets.dataset import Dataset, DatasetInfo, Note
from core.datasets.image_files import OTHER_SUFFIXES, SUFFIXES, ImageFolder, read_image
from core.datasets.own import links
from core.datasets.own.arrays import open_array
from core.datasets.own.image_index import index_of
from core.datasets.own.parts import DELIMITERS, ResponsePart, parts_of
from core.datasets.own.responses import read_responses
from core.datasets.regions import read_rois
from core.datasets.tables import complete_stimuli, complete_trials, read_stimuli
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.store.stamps import enter
from core.validation import (
    LARGEST_SINGLE,
    check_rdm,
    check_regular,
    check_responses,
    check_same_length,
    check_unique,
    enumerate_names,
    load_npy,
    narrowed,
    refuse_beyond_single,
    row_blocks,
)
from core.words import counted

NO_RESPONSES = "group"
TEXTS = ("title", "description", "citation", "licence", "units")

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
    assert info.where is not None
    folder, info = info.where, read_description(info)
    table = stimulus_table(folder)
    stimuli = read_stimuli(table)
    listed, gallery, notes = read_gallery(folder, stimuli)
    images = _image_files(stimuli, folder, "images", table.name)
    images |= _image_files(gallery, folder, "gallery", listed)
    index = index_of(images)
    responses = parts_of(folder / "responses")
    subjects = tuple(responses) or (NO_RESPONSES,)
    chosen, parts = _choose_subject(folder, responses, subject)
    betas, trials = _responses(parts, stimuli, f"{info.name}, {chosen}", subjects)
    rois_of = None if betas is None else roi_file(folder, chosen, parts)
    rois, empty = read_rois(rois_of, 0 if betas is None else betas.shape[1])
    ids = stimuli["id"].tolist()
    rdms, embeddings = _rdms(folder, ids), _embeddings(folder, ids)
    read = [*(path for part in parts for path in part.files), rois_of, table]
    precise = any(map(_is_double, (betas, *rdms.values(), *embeddings.values())))
    return Dataset(
        info=info,
        subject=chosen,
        subjects=subjects,
        stimuli=stimuli,
        fingerprint=_fingerprint(folder, _key(chosen, parts), read, index.fingerprint, precise),
        rois=rois,
        regions=_regions(folder, rois),
        treatment=str(_content(folder).get("treatment") or ""),
        betas=betas,
        trials=trials,
        images=functools.partial(_image, images) if images else None,
        without_image=tuple(name for name in ids if name not in images or name in index.absent),
        gallery=gallery,
        rdms=rdms,
        embeddings=embeddings,
        images_fingerprint=index.fingerprint,
        options=dict(options),
        notes=(*files.notes(folder, stems(responses), chosen, empty), *notes),
        unread_responses=tuple(_unread_responses(folder)) if betas is None else (),
    )


def own_folders() -> Iterator[DatasetInfo]:
    """List the folders directly below the data root that hold a ``stimuli.csv``."""
    for folder in paths.visible(paths.data_root()):
        if not folder.is_dir() or not _is_table_there(folder):
            continue
        info = replace(INFO, name=f"folder:{paths.composed(folder.name)}", where=folder)
        if links.is_open(folder):
            yield _described(info)


def stimulus_table(folder: Path) -> Path:
    """The list of stimuli of a folder; NotFoundError where there is none, InputError if no file."""
    table = paths.find(folder, "stimuli.csv")
    if table is not None:
        check_regular(table)
    if table is None or not table.is_file():
        others = [path.name for path in paths.visible(folder) if path.stem.lower() == "stimuli"]
        held = f"; it holds {enumerate_names(others)}" if others else ""
        raise NotFoundError(f"There is no stimuli.csv in {folder}{held}", "one row a stimulus")
    return table


def _is_table_there(folder: Path) -> bool:
    try:
        return stimulus_table(folder).is_file()
    except (NeurogalleryError, OSError):
        return False


def _choose_subject(
    folder: Path, responses: Mapping[str, Sequence[ResponsePart]], subject: str | None
) -> tuple[str, Sequence[ResponsePart]]:
    """As ``choose_subject``, with its files; one whose file is in another format is named."""
    subjects = tuple(responses) or (NO_RESPONSES,)
    aliases = {part.stem: name for name, parts in responses.items() for part in parts}
    is_known = subject in {*subjects, *aliases}
    for path in map(Path, () if is_known else _unread_responses(folder)):
        if subject and paths.composed(path.name).partition(".")[0] == paths.composed(subject):
            raise NotFoundError(
                f"The responses of {subject!r} are in {path}",
                "a .npy file",
                files.save_as_npy(path.name),
            )
    chosen = choose_subject(subjects, aliases.get(subject or "", subject))
    return chosen, responses.get(chosen, ())


def _unread_responses(folder: Path) -> list[str]:
    """Files of responses that are not read; a table is one that holds no responses of its own."""
    held = parts_of(folder / "responses").values()
    known = {part.stem for parts in held for part in parts}
    tables = [
        path.name
        for path in paths.visible(folder / "responses")
        if path.suffix.lower() in DELIMITERS and paths.composed(path.stem) not in known
    ]
    return [f"responses/{name}" for name in [*files.unread(folder, "responses"), *tables]]


def stems(responses: Mapping[str, Sequence[ResponsePart]]) -> set[str]:
    """Subjects, and their files without ending."""
    return {*responses, *(part.stem for parts in responses.values() for part in parts)}


def roi_file(folder: Path, subject: str, parts: Sequence[ResponsePart]) -> Path | None:
    """The ROIs of a subject, called as it is or as its single file."""
    names = [subject, *(part.stem for part in parts)]
    present = (paths.find(folder / "rois", f"{name}.json") for name in names)
    return next((path for path in present if path is not None), None)


def _key(subject: str, parts: Sequence[ResponsePart]) -> str:
    """What the fingerprint calls a subject; a single file by its name, as former versions did."""
    return parts[0].stem if len(parts) == 1 else subject


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
    content = _content(info.where)
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
        is_simulated=content.get("is_simulated") is True,
    )


def _content(folder: Path) -> dict[str, Any]:
    """What ``dataset.json`` says."""
    about = paths.find(folder, "dataset.json")
    if about is not None:
        enter(about)
    content = None if about is None else store.read_json(about)
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise InputError(f"dataset.json holds a {type(content).__name__}", "an object, {...}")
    return content


def _regions(folder: Path, rois: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """ROIs that ``dataset.json`` names for profiles of responses; none for every one."""
    names = _content(folder).get("regions") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"dataset.json has {names!r} as 'regions'", "a list of names of ROIs")
    return tuple(name for name in map(paths.composed, names) if name in rois)


def _described(info: DatasetInfo) -> DatasetInfo:
    """Describe a folder for the list, which must survive one broken ``dataset.json``."""
    assert info.where is not None
    try:
        return read_description(info)
    except NeurogalleryError as error:
        return replace(info, title=info.where.name, description=str(error))


def _responses(
    parts: Sequence[ResponsePart], stimuli: pd.DataFrame, name: str, subjects: tuple[str, ...]
) -> tuple[np.ndarray | None, pd.DataFrame]:
    if not parts:
        return None, complete_trials(pd.DataFrame({"id": []}, dtype=str))
    measured = read_responses(parts, stimuli, name, subjects)
    trials = measured.trials
    return check_betas(np.asanyarray(measured.betas), measured.name, trials["id"].tolist()), trials


def check_betas(stored: np.ndarray, name: str, ids: Sequence[str]) -> np.ndarray:
    """Give finite or NaN responses; what has the precision of its file is no copy."""
    # Values beyond the range of float32 are refused below, where they become infinite too.
    with np.errstate(over="ignore"):
        betas = narrowed(stored)
    for block in row_blocks(*betas.shape):
        beyond = np.abs(betas[block]) > LARGEST_SINGLE
        if beyond.any():
            row, unit = np.argwhere(beyond)[0]
            row += block.start
            shown = f" (stimulus {ids[row]!r})" if row < len(ids) else ""
            refuse_beyond_single(
                float(stored[row, unit]), name, f"at row {row}, unit {unit}{shown}"
            )
    return betas


def _rdms(folder: Path, ids: list[str]) -> dict[str, np.ndarray]:
    rdms = files.arrays(folder / "rdms")
    return {name: read_rdm(path, ids) for name, path in rdms.items()}


def read_rdm(path: Path, ids: list[str]) -> np.ndarray:
    """Read an RDM of the stimuli."""
    enter(path)
    stored = load_npy(path)
    if stored.ndim == 2:
        check_same_length(len(stored), len(ids), f"rdms/{path.name}", "stimuli.csv")
    return check_rdm(stored, f"rdms/{path.name}", ids)


def _embeddings(folder: Path, ids: list[str]) -> dict[str, np.ndarray]:
    embeddings = files.arrays(folder / "embeddings")
    return {name: read_embedding(path, ids) for name, path in embeddings.items()}


def read_embedding(path: Path, ids: list[str]) -> np.ndarray:
    """Read an embedding of the stimuli."""
    name = f"embeddings/{path.name}"
    stored = open_array(path, name)
    if stored.ndim == 2:
        check_same_length(len(stored), len(ids), name, "stimuli.csv")
    return narrowed(check_responses(stored, name, minimum_rows=1, ids=ids))


def read_gallery(folder: Path, stimuli: pd.DataFrame) -> tuple[str, pd.DataFrame, list[Note]]:
    """What lists the further images, their table, and what is passed over."""
    path = paths.find(folder / "gallery", "gallery.csv")
    notes: list[Note] = []
    if path is not None:
        name, gallery = path.name, read_stimuli(path)
    else:
        name, (gallery, notes) = "gallery/", _gallery_by_category(folder)
    known = set(stimuli["id"].tolist())
    shared = [stimulus for stimulus in gallery["id"].tolist() if stimulus in known]
    if shared:
        raise InputError(
            f"{name} repeats {counted(len(shared), 'id')} of stimuli.csv: "
            f"{enumerate_names(shared)}",
            "further images, with ids of their own",
        )
    return name, gallery, notes


def _gallery_by_category(folder: Path) -> tuple[pd.DataFrame, list[Note]]:
    """Images of ``gallery/<category>/``, the layout of ImageNet; no further folder below.

    Id and file are the path inside ``gallery``; hidden files and folders are left out.
    """
    gallery = folder / "gallery"
    present = [
        (category.name, f"{category.name}/{image.name}")
        for category in _visible(folder, gallery)
        if category.is_dir()
        for image in _visible(folder, category)
        if image.is_file()
    ]
    listed = [(category, file) for category, file in present if file.lower().endswith(SUFFIXES)]
    others = [file for _, file in present if file.lower().endswith(OTHER_SUFFIXES)]
    notes = [files.note_images(others, SUFFIXES)] if others else []
    garbled = [repr(path) for _, path in listed if path != path.encode(errors="ignore").decode()]
    if garbled:
        raise InputError(
            f"gallery/ holds {counted(len(garbled), 'name')} that are no text: "
            f"{enumerate_names(garbled)}",
            "names in UTF-8",
        )
    table = pd.DataFrame(listed, columns=["category", "file"])
    table["id"] = table["file"].map(paths.composed)
    table["category"] = table["category"].map(paths.composed)
    check_unique(table["id"].tolist(), "gallery/")
    return complete_stimuli(table), notes


def _visible(recording: Path, folder: Path) -> list[Path]:
    """What stands in a folder of a recording, sorted by name; nothing where there is none."""
    if folder.is_dir():
        paths.check_link(folder, recording)
    return paths.visible(folder)


def _image_files(table: pd.DataFrame, folder: Path, below: str, name: str) -> dict[str, str]:
    """Path of each image that the table names.

    None may lead outside the folder ``below``, and none that begins at the root of the file
    system outside the recording and the data root.
    """
    images, inside = {}, ImageFolder(folder / below, folder)
    rows = zip(table["id"].tolist(), table["file"].tolist(), strict=True)
    for line, (stimulus, file) in enumerate(rows, start=2):
        if not file:
            continue
        try:
            images[stimulus] = image_path(inside, file)
        except ValueError as error:
            raise InputError(
                f"{name} has the file {file!r} in line {line} for {stimulus!r}: {_problem(error)}",
                f"paths below {below}/",
                f"Put the image into {below}/ and write its path from there.",
            ) from error
    return images


def image_path(inside: ImageFolder, file: str) -> str:
    """Where an image is, or would be; ``inside`` is the folder that its path starts from.

    Raises
    ------
    ValueError
        If the path leads outside, or is none.
    """
    return inside.absolute(file) or inside.place(file)


def _problem(error: ValueError) -> str:
    return error.problem if isinstance(error, InputError) else "it is no file name"


def _image(images: Mapping[str, str], stimulus: str) -> Image.Image:
    path = Path(images[stimulus]) if stimulus in images else None
    if path is not None:
        check_regular(path)
    if path is None or not path.is_file():
        where = f" at {path}" if path else "; its row names no file"
        raise NotFoundError(f"There is no image of {stimulus!r}{where}")
    return read_image(path, stimulus)


def _is_double(array: np.ndarray | None) -> bool:
    return array is not None and array.dtype == np.float64


def _fingerprint(
    folder: Path, subject: str, read: Sequence[Path | None], images: str, precise: bool
) -> str:
    others = [
        path for below in ("rdms", "embeddings") for path in files.arrays(folder / below).values()
    ]
    listed = paths.find(folder / "gallery", "gallery.csv")
    everything = [path for path in (*read, listed, *others) if path is not None and path.is_file()]
    content = {str(path.relative_to(folder)): path for path in everything}
    # Former versions lost the digits that a large offset needs double precision for.
    regions = _content(folder).get("regions")
    further = [*(["float64"] * precise), *([regions] if regions else [])]
    return store.fingerprint("folder", subject, content, images, *further)


register(Recording(INFO, load, folders=own_folders))
