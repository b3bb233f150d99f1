"""Kriegeskorte et al. 2008: 92 object photographs and the RDMs of human and monkey IT."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from core import store
from core.datasets.catalogue import Recording, choose_subject, register
from core.datasets.dataset import Dataset, DatasetInfo
from core.datasets.download.remote import RemoteFile
from core.datasets.releases.matlab import item, read_mat
from core.errors import CorruptDataError, InputError, NotFoundError
from core.validation import check_rdm

VERSION = 1
SUBJECTS = ("BE", "KO", "SN", "TI")
N_STIMULI = 92
FLAGS = ("human", "face", "animal", "natural")
BRAIN, MODELS, BEHAVIOUR, SUPPLEMENT = FILES = (
    "92_brainRDMs.mat",
    "92_modelRDMs.mat",
    "92_behavRDMs.mat",
    "Kriegeskorte_Neuron2008_supplementalData.mat",
)
ADDRESS = (
    "https://raw.githubusercontent.com/rsagroup/rsatoolbox/"
    "f1f83cadb7243492a1aae7460466e0f0140b20ac/demos/92imageData/"
)
CHECKSUMS = (
    ("1743f90a15e895798a94318649e80e1123a7e5943a1703fa1dd7c31ea5780b7c", 224_663),
    ("e1d2b58bb2f9508bc13da4c81b94d1ab07823b25ed30b9563bd9d6d730c2a00a", 333_004),
    ("7a8e118c144c3840adeeeef6ea0706a0be2b3e80df719af15fbb56fc62562f5f", 982_719),
    ("06f21214399a5d43dc264eed19a7f4b8daf11c8622a59eec3e106064ce5e3504", 3_603_779),
)
FETCH = "Run `python -m core fetch kriegeskorte92`."

INFO = DatasetInfo(
    name="kriegeskorte92",
    title="92 objects in human and monkey IT (Kriegeskorte et al. 2008)",
    description=(
        "92 photographs of objects, seen by 4 people in 2 sessions of fMRI each. The recording "
        "comes as published RDMs, not as responses. The RDMs of human and monkey inferior "
        "temporal cortex hold 1 - Pearson r of response patterns (0 to 2); those of models and "
        "of the judgements of 16 people have units of their own. 24 of the images are "
        "identifiable faces: keep them out of public screenshots."
    ),
    citation=(
        "Kriegeskorte N, et al. (2008) Matching categorical object representations in inferior "
        "temporal cortex of man and monkey. Neuron 60:1126-1141. "
        "doi:10.1016/j.neuron.2008.10.043. Files: rsagroup/rsatoolbox, demos/92imageData, commit "
        "f1f83cadb7243492a1aae7460466e0f0140b20ac."
    ),
    licence="MIT (rsatoolbox, which distributes the files)",
    fetchable=True,
    units="1 - Pearson r",
)


def load(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    """Open the published files; see ``datasets.load``."""
    chosen = choose_subject(SUBJECTS, subject)
    assert info.where is not None
    files = [_existing(info.where / name) for name in FILES]
    brain, models, behaviour, supplement = files
    photographs = _records(supplement, "stimuli_92objs", (*FLAGS, "category", "image"), N_STIMULI)
    images = {
        f"s{number:02d}": _image(record["image"], supplement)
        for number, record in enumerate(photographs, 1)
    }
    return Dataset(
        info=info,
        subject=chosen,
        subjects=SUBJECTS,
        stimuli=_stimuli(list(images), photographs, supplement),
        fingerprint=store.fingerprint(info.name, VERSION, chosen, *files),
        images=lambda stimulus_id: Image.fromarray(images[stimulus_id]),
        images_fingerprint=store.fingerprint(info.name, VERSION, supplement),
        rdms={
            **_human_rdms(brain, chosen),
            **_published_figure(supplement),
            **_model_rdms(models),
            **_behaviour_rdms(behaviour),
        },
        options=dict(options),
    )


def _stimuli(ids: list[str], photographs: list[dict[str, Any]], path: Path) -> pd.DataFrame:
    try:
        flags = {flag: [bool(item(p[flag])) for p in photographs] for flag in FLAGS}
        categories = [str(item(p["category"])) for p in photographs]
    except CorruptDataError as error:
        raise _corrupt(path, error.problem) from None
    table = pd.DataFrame({"id": ids, "category": categories, **flags})
    table["supercategory"] = np.where(table["animal"], "animate", "inanimate")
    table["labels"] = [
        (category, *(flag for flag in FLAGS if flags[flag][row]))
        for row, category in enumerate(categories)
    ]
    return table


def _human_rdms(path: Path, subject: str) -> dict[str, np.ndarray]:
    records = _records(path, "RDMs", ("RDM", "name"), 8)
    sessions = {_name(record): _rdm(record, path) for record in records}
    own = [matrix for name, matrix in sessions.items() if name.startswith(f"hIT | {subject} |")]
    if len(own) != 2:
        raise _corrupt(path, f"{len(own)} sessions of {subject}")
    return {
        "human IT of the subject": _mean(own),
        "human IT of the subject, session 1": own[0],
        "human IT of the subject, session 2": own[1],
        "human IT, mean of 4 subjects": _mean(list(sessions.values())),
    }


def _published_figure(path: Path) -> dict[str, np.ndarray]:
    monkey, human = _records(path, "RDMs_mIT_hIT_fig1", ("RDM", "name"), 2)
    return {
        "human IT (figure 1)": _rdm(human, path),
        "monkey IT (figure 1)": _rdm(monkey, path),
    }


def _model_rdms(path: Path) -> dict[str, np.ndarray]:
    records = _records(path, "Models", ("RDM", "name"), 8)
    return {f"model: {_name(record)}": _rdm(record, path) for record in records}


def _behaviour_rdms(path: Path) -> dict[str, np.ndarray]:
    people = [_rdm(record, path) for record in _records(path, "rdms_behav_92", ("RDM",), 16)]
    each = {f"behaviour, person {number}": rdm for number, rdm in enumerate(people, 1)}
    return {"behaviour, mean of 16 people": _mean(people), **each}


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise NotFoundError(f"There is no {path.name} in {path.parent}", remedy=FETCH)
    return path


def _records(
    path: Path, variable: str, fields: tuple[str, ...], count: int
) -> list[dict[str, Any]]:
    """Read a struct array as a list of records with the given fields."""
    try:
        records = read_mat(path, [variable]).get(variable)
    except CorruptDataError as error:
        raise _corrupt(path, error.problem) from None
    if isinstance(records, list) and len(records) == count:
        structs = [each for each in records if isinstance(each, dict) and set(fields) <= set(each)]
        if len(structs) == count:
            return structs
    raise _corrupt(path, f"{variable} is not a struct array of {count} with {fields}")


def _name(record: Mapping[str, Any]) -> str:
    return str(record["name"])


def _rdm(record: Mapping[str, Any], path: Path) -> np.ndarray:
    """Give the matrix of a record, stored whole or condensed, the same on both sides."""
    from scipy.spatial.distance import squareform

    try:
        stored = np.asarray(record["RDM"], dtype=np.float64)
        square = squareform(stored.ravel()) if 1 in stored.shape else stored
        rdm = check_rdm(square, _name(record))
    except (InputError, TypeError, ValueError) as error:
        raise _corrupt(path, error) from None
    if len(rdm) != N_STIMULI:
        raise _corrupt(path, f"{_name(record)} is {rdm.shape}")
    return np.asarray((rdm + rdm.T) / 2)


def _mean(rdms: list[np.ndarray]) -> np.ndarray:
    return np.asarray(np.mean(rdms, axis=0, dtype=np.float64), dtype=np.float32)


def _image(pixels: np.ndarray, path: Path) -> np.ndarray:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise _corrupt(path, f"an image is {pixels.dtype} {pixels.shape}")
    return pixels


def _corrupt(path: Path, reason: object) -> CorruptDataError:
    return CorruptDataError(
        f"{path.name} could not be read ({reason})", "the published file, whole", FETCH
    )


register(
    Recording(
        INFO,
        load,
        tuple(
            RemoteFile(ADDRESS + name, sha256, size)
            for name, (sha256, size) in zip(FILES, CHECKSUMS, strict=True)
        ),
    )
)
