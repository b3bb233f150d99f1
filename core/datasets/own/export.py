"""Write an open recording as a folder of CSV, NumPy and image files, which opens as it did."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import paths
from core.datasets.dataset import Dataset
from core.datasets.download.space import check_space
from core.datasets.recordings import folder as opening
from core.datasets.tables import names_column, stimuli_csv
from core.errors import CorruptDataError, InputError, NeurogalleryError
from core.progress import Progress, silent
from core.store.files import not_written
from core.validation import row_blocks

RESPONSES_DONE = 0.4


def export(
    ds: Dataset, folder: Path, with_images: bool = True, progress: Progress = silent
) -> Path:
    """Write one subject of a recording as a folder that ``folder:NAME`` opens.

    Responses, RDMs and embeddings are the same numbers in the same precision, NaN where there is
    no value. Written are the units that are recorded; where an option has selected some, those,
    numbered anew. Responses go over block by block, and images one by one, as PNG, with those
    of the gallery. A folder has no place for released noise ceilings (they are estimated from
    repeats), and other subjects are exports of their own.

    Parameters
    ----------
    ds : Dataset
        As it was opened: z-scoring and the like are in the numbers, and ``dataset.json`` says so.
    folder : Path
        Does not exist yet, and stands under its name only when it is whole.
    with_images : bool
    progress : Progress

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If the folder exists, the recording is a subset, or a name cannot be that of a file.
    NeurogalleryError
        If the disk is full; nothing of the folder remains then.
    """
    folder = folder.expanduser().absolute()
    _check(ds, folder)
    images = with_images and ds.images is not None
    check_space(folder.parent, _bytes(ds, images), f"the export of {ds.info.title}")
    part = folder.with_name(f".{folder.name[:100]}.{uuid.uuid4().hex[:8]}.part")
    try:
        part.mkdir(parents=True)
        _write(ds, part, images, progress)
        _check_opens(ds, part)
        part.rename(folder)
    except OSError as error:
        raise not_written(folder.parent, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _check(ds: Dataset, folder: Path) -> None:
    if folder.exists():
        raise InputError(f"{folder} is there already", "a folder that does not exist")
    if paths.is_hidden(folder.name):
        raise InputError(f"The folder is called {folder.name!r}", "a name that is not hidden")
    if ds.is_subset:
        raise InputError("Some stimuli of the recording are left out", "the whole recording")
    if ds.betas is not None and _file_name(ds.subject) != ds.subject:
        raise InputError(f"The subject is called {ds.subject!r}", "a name that a file can have")


def _write(ds: Dataset, part: Path, images: bool, progress: Progress) -> None:
    units = _units(ds)
    if ds.betas is not None:
        (part / "responses").mkdir()
        path = part / "responses" / f"{ds.subject}.npy"
        _write_betas(path, ds.betas, units, progress)
        _trials(ds).to_csv(path.with_suffix(".csv"), index=False)
        rois = _rois(ds, units)
        if rois:
            _write_json(part / "rois" / f"{ds.subject}.json", rois)
    for below, arrays in (("rdms", ds.rdms), ("embeddings", ds.embeddings)):
        _write_arrays(part / below, arrays)
    names = _write_images(ds, ds.stimuli, part / "images", progress) if images else {}
    _write_table(ds.stimuli, names, part / "stimuli.csv")
    if images and len(ds.gallery):
        names = _write_images(ds, ds.gallery, part / "gallery", progress)
        _write_table(ds.gallery, names, part / "gallery" / "gallery.csv")
    _write_json(part / "dataset.json", _about(ds))


def _units(ds: Dataset) -> np.ndarray:
    """Recorded units that are written: all of them, or those that an option selects."""
    return np.arange(ds.n_units) if ds.selected is None else np.sort(ds.units())


def _write_betas(path: Path, betas: np.ndarray, units: np.ndarray, progress: Progress) -> None:
    """Write rows block by block. A map of the file would end the process on a full disk."""
    whole = len(units) == betas.shape[1]
    header = {
        "descr": betas.dtype.str,
        "fortran_order": False,
        "shape": (len(betas), len(units)),
    }
    with open(path, "xb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in row_blocks(*betas.shape):
            progress(RESPONSES_DONE * block.start / len(betas), "Writing responses")
            rows = betas[block] if whole else betas[block][:, units]
            file.write(np.ascontiguousarray(rows).data)


def _trials(ds: Dataset) -> Any:
    """The trial list, without the columns that were filled in."""
    filled = [name for name in ("run", "session") if not names_column(ds.trials, name)]
    return ds.trials.drop(columns=filled, errors="ignore")


def _rois(ds: Dataset, units: np.ndarray) -> dict[str, list[int]]:
    """Units of each ROI, as numbers of the written columns, with those that are left out."""
    place = {int(unit): number for number, unit in enumerate(units)}
    rois = {name: [place[int(unit)] for unit in held] for name, held in ds.rois.items()}
    for unit, names in (ds.left_out or {}).items():
        for name in names if unit in place else ():
            rois.setdefault(name, []).append(place[unit])
    return rois


def _write_arrays(folder: Path, arrays: Mapping[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        folder.mkdir(exist_ok=True)
        if _file_name(name) != name or (folder / f"{name}.npy").exists():
            raise InputError(
                f"{folder.name}/ would hold a file called {name!r}", "a name that a file can have"
            )
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def _write_table(stimuli: pd.DataFrame, names: Mapping[str, str], path: Path) -> None:
    listed = stimuli.assign(file=[names.get(name, "") for name in stimuli["id"]])
    path.write_text(stimuli_csv(listed), encoding="utf-8")


def _write_images(
    ds: Dataset, stimuli: pd.DataFrame, folder: Path, progress: Progress
) -> dict[str, str]:
    """Write the images that can be read, by number; gives their file names by id."""
    folder.mkdir()
    lacking, names = set(ds.missing_images()), {}
    done = ds.n_stimuli if stimuli is ds.gallery else 0
    for number, stimulus in enumerate(stimuli["id"]):
        share = (done + number) / (ds.n_stimuli + len(ds.gallery))
        progress(RESPONSES_DONE + (1 - RESPONSES_DONE) * share, "Writing images")
        if stimulus in lacking:
            continue
        try:
            image = ds.image(stimulus)
        except NeurogalleryError:  # it is shown by its id, there as here
            continue
        names[stimulus] = f"{number + 1:06d}.png"
        image.save(folder / names[stimulus], format="PNG", compress_level=1)
    return names


def _about(ds: Dataset) -> dict[str, Any]:
    info = ds.info
    return {
        "title": info.title,
        "description": info.description,
        "citation": info.citation,
        "licence": info.licence,
        "units": info.units,
        "is_simulated": info.is_simulated,
        "treatment": ds.treatment,
        "regions": list(ds.regions),
        "exported": {
            "recording": info.name,
            "subject": ds.subject,
            "options": {name: _plain(value) for name, value in ds.options.items()},
            "fingerprint": ds.fingerprint,
        },
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(content, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _bytes(ds: Dataset, images: bool) -> int:
    """About how much is written."""
    arrays = [*ds.rdms.values(), *ds.embeddings.values()]
    total = sum(array.nbytes for array in arrays)
    total += 0 if ds.betas is None else ds.betas.nbytes
    lacking = set(ds.missing_images())
    first = next((name for name in ds.stimuli["id"] if name not in lacking), None)
    if images and first is not None:
        image = ds.image(first)
        count = ds.n_stimuli - len(lacking) + len(ds.gallery)
        total += 3 * image.width * image.height * count
    return total


def _check_opens(ds: Dataset, part: Path) -> None:
    """Raise CorruptDataError where what was written would not open as what it was written of."""
    subject = None if ds.betas is None else ds.subject
    opened = opening.load(replace(opening.INFO, where=part), subject, {})
    same = {
        "ids of stimuli": (opened.stimuli["id"].tolist(), ds.stimuli["id"].tolist()),
        "ids of trials": (opened.trials["id"].tolist(), ds.trials["id"].tolist()),
        "ROIs": (list(opened.rois), list(ds.rois)),
        "RDMs": (sorted(opened.rdms), sorted(ds.rdms)),
        "precision": (_dtype(opened), _dtype(ds)),
    }
    for what, (read, expected) in same.items():
        if read != expected:
            raise CorruptDataError(
                f"The {what} of the export differ from those of {ds.info.title}",
                "the same",
                "Names that begin or end with a blank cannot stand in a CSV file.",
            )


def _dtype(ds: Dataset) -> np.dtype | None:
    return None if ds.betas is None else ds.betas.dtype


def _file_name(name: str) -> str:
    """A name without what no file can be called."""
    cleaned = "".join("_" if c in '/\\:*?"<>|' or not c.isprintable() else c for c in name)
    return f"_{cleaned}" if paths.is_hidden(cleaned) else cleaned.strip()
