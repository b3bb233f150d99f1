"""Generic Object Decoding (BData), small: `.h5` of bdpy and `.mat` of BrainDecoderToolbox2.

Samples x columns, and over the columns rows of metadata: 1 where a column belongs to a key, NaN
(or 0) elsewhere. Ids are float64 that no truncation gives back; imagery has ids as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.io import savemat

from tests.core.datasets.layouts.shared import (
    Subject,
    Truth,
    generator,
    picture,
    responses,
    save_picture,
)

ROIS = ("V1", "V2", "V3", "V4", "LOC", "FFA", "PPA", "LVC", "HVC", "VC")
VOXELS = {"V1": 5, "V2": 4, "V3": 4, "V4": 3, "LOC": 4, "FFA": 3, "PPA": 3}
OTHER_VOXELS = 2  # of VC alone
UNIONS = {
    "LVC": ("V1", "V2", "V3"),
    "HVC": ("LOC", "FFA", "PPA"),
    "VC": tuple(VOXELS),
}
TRAINING = {
    "n01518878": (8432, 10042, 12028, 14075),
    "n02084071": (1365, 12920, 34000, 7),
    "n04554684": (53399, 10005, 123456, 999999),
}
TEST = {"n01443537": (22563,), "n01621127": (19020,), "n02128385": (20264,), "n03122295": (31279,)}
TEST_REPEATS, IMAGERY_REPEATS = 3, 2
KINDS = {1: "train", 2: "test", 3: "imagery"}
SUBJECTS = tuple(f"Subject{n}" for n in range(1, 6))
# Of each further training class, and the first number of a class that is none of ImageNet.
FURTHER, FIRST = 3, 90_000_000
LIBRARY = ("n01518878_1", "n01518878_20", "n02084071_3", "n07720875_44", "n07720875_45")


def float_id(name: str) -> float:
    """Give the float64 under which the release keeps an image: n01443537_22563, 1443537.022563."""
    wnid, number = name[1:].split("_")
    return float(f"{int(wnid)}.{int(number):06d}")


def images_of(more: int = 0) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """Give training and test images by class, with so many further classes in either set."""
    numbers = range(FIRST, FIRST + more)
    train = {f"n{n:08d}": tuple(range(n % 1000, n % 1000 + FURTHER)) for n in numbers}
    test = {f"n{n + more:08d}": (n % 1000,) for n in numbers}
    return {**TRAINING, **train}, {**TEST, **test}


def write(
    root: Path,
    subjects: Sequence[str] = ("Subject1", "Subject3"),
    kind: str = "h5",
    outside: float = np.nan,
    capitals: bool | None = None,
    single: bool = False,
    images: str | None = "wnid",
    more: int = 0,
) -> Truth:
    """Write the files of some subjects.

    Parameters
    ----------
    kind : str
        'h5' (key ``stimulus_id``, `Label` of three columns, responses first, vmap) or 'mat'
        (no ``stimulus_id``, labels first, `Label` with the id in its first column).
    outside : float
        What a metadata row holds at other columns: NaN or 0.
    capitals : bool or None
        ``metaData`` and ``dataSet``, or lower case; None: capitals in the `.mat` alone. Both
        occur in both.
    single : bool
        Ids as float32, which destroys them: to be refused.
    images : str or None
        'wnid' for `images/<wnid>/<name>.JPEG` with further images as a library, 'flat' for
        `images/{training,test}/<name>.JPEG`, None for none.
    more : int
        Further classes of training (3 images each) and of test (1 each): 3 and 4 are there.

    Returns
    -------
    Truth
        Every sample in the order of the file; ``columns['split']`` tells train, test and imagery
        apart. The averages of a test image are over its 'test' samples alone.
    """
    recorded = {}
    for subject in subjects:
        samples = _samples(subject, more)
        values, membership = _voxels(subject, len(samples["id"]), samples["DataType"])
        columns = _columns(samples, values, kind, single)
        metadata = _metadata(columns, membership, outside)
        dataset = np.hstack([array for _, array in columns])
        path = root / f"{subject}.{kind}"
        root.mkdir(parents=True, exist_ok=True)
        writer = _write_h5 if kind == "h5" else _write_mat
        writer(path, dataset, metadata, kind == "mat" if capitals is None else capitals)
        recorded[subject] = Subject(
            tuple(samples["id"]),
            {r: values[:, membership[r]] for r in ROIS},
            runs=tuple(int(r) for r in samples["Run"]),
            columns={
                "split": tuple(KINDS[k] for k in samples["DataType"]),
                "image_index": tuple(int(i) for i in samples["image_index"]),
            },
        )
    stimuli = {
        f"{wnid}_{number}": {"category": wnid, "split": split, "source": "ImageNet"}
        for split, names in zip(("train", "test"), images_of(more), strict=True)
        for wnid, numbers in names.items()
        for number in numbers
    }
    shown = {i: picture(n) for n, i in enumerate(stimuli)} if images else {}
    library = {i: picture(200 + n) for n, i in enumerate(LIBRARY)} if images == "wnid" else {}
    for name, pixels in {**shown, **library}.items():
        folder = name.split("_")[0]
        if images == "flat":
            folder = "training" if stimuli[name]["split"] == "train" else "test"
        save_picture(root / "images" / folder / f"{name}.JPEG", pixels)
    gallery = {f"{i}.JPEG": pixels for i, pixels in library.items()}
    lacking = () if images else tuple(stimuli)
    return Truth(root, recorded, stimuli, shown, lacking, gallery, "arbitrary units")


def _samples(subject: str, more: int) -> dict[str, np.ndarray]:
    """Order of presentation: training once, test and imagery repeated and mixed."""
    rng = generator("order", subject)
    sets = images_of(more)
    train, test = ([f"{w}_{n}" for w, numbers in own.items() for n in numbers] for own in sets)
    rows: list[tuple[str, int, int, int]] = []
    for data_type, names, repeats in (
        (1, train, 1),
        (2, test, TEST_REPEATS),
        (3, test, IMAGERY_REPEATS),
    ):
        for repeat in range(repeats):
            for position in rng.permutation(len(names)):
                run = repeat + 1 if data_type > 1 else len(rows) // 6 + 1
                # The index counts from 1 in training, and again in test.
                rows.append((names[position], data_type, run, int(position) + 1))
    wnids = [wnid for own in sets for wnid in own]
    return {
        "id": np.array([r[0] for r in rows]),
        "DataType": np.array([r[1] for r in rows]),
        "Run": np.array([r[2] for r in rows]),
        "image_index": np.array([r[3] for r in rows]),
        "class": np.array([wnids.index(r[0].split("_")[0]) + 1 for r in rows]),
    }


def _voxels(
    subject: str, trials: int, data_type: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Responses, and the voxels of each ROI; the third subject has one voxel more in each."""
    more = subject == "Subject3"
    counts = {r: n + more for r, n in VOXELS.items()}
    total = sum(counts.values()) + OTHER_VOXELS
    # Columns of one ROI do not lie side by side.
    order = generator("voxels", subject).permutation(total)
    membership, start = {}, 0
    for roi, count in counts.items():
        membership[roi] = np.sort(order[start : start + count])
        start += count
    for union, parts in UNIONS.items():
        membership[union] = np.sort(np.concatenate([membership[p] for p in parts]))
    membership["VC"] = np.arange(total)
    values = responses(trials, total, subject)
    # Imagery is far off: an average that takes it in is seen to be wrong.
    values[data_type == 3] += 50
    return values, membership


def _columns(
    samples: Mapping[str, np.ndarray], voxels: np.ndarray, kind: str, single: bool
) -> list[tuple[tuple[str, ...], np.ndarray]]:
    """Give the columns in the order of the file, each with the keys that it belongs to."""
    ids = np.array([float_id(i) for i in samples["id"]])
    if single:
        ids = ids.astype(np.float32).astype(np.float64)
    design = [(("DataType",), samples["DataType"]), (("Run",), samples["Run"])]
    identity: list[tuple[tuple[str, ...], np.ndarray]]
    if kind == "h5":
        identity = [
            (("Label", "stimulus_id"), ids),
            (("Label", "category_index"), samples["class"]),
            (("Label", "image_index"), samples["image_index"]),
        ]
    else:
        identity = [(("Label",), ids), (("Label",), samples["class"])]
    labels = [(keys, v[:, None].astype(float)) for keys, v in (*design, *identity)]
    data = [(("VoxelData",), voxels)]
    return [*data, *labels] if kind == "h5" else [*labels, *data]


def _metadata(
    columns: Sequence[tuple[tuple[str, ...], np.ndarray]],
    membership: Mapping[str, np.ndarray],
    outside: float,
) -> dict[str, np.ndarray]:
    total = sum(array.shape[1] for _, array in columns)
    rows: dict[str, np.ndarray] = {}
    start, first_voxel, voxels = 0, 0, 0
    for keys, array in columns:
        for key in keys:
            row = rows.setdefault(key, np.full(total, outside))
            row[start : start + array.shape[1]] = 1
        if "VoxelData" in keys:
            first_voxel, voxels = start, array.shape[1]
        start += array.shape[1]
    for roi in ROIS:
        rows[f"ROI_{roi}"] = np.full(total, outside)
        rows[f"ROI_{roi}"][first_voxel + membership[roi]] = 1
    for axis, name in enumerate(("voxel_x", "voxel_y", "voxel_z")):
        rows[name] = np.full(total, np.nan)
        # Coordinates, three of which are exactly 1.
        at = np.arange(voxels) * 3.0 - 20.5 - axis
        at[axis : axis + 3] = 1
        rows[name][first_voxel : first_voxel + voxels] = at
    rows["VolInds"] = np.full(total, np.nan)
    rows["VolInds"][first_voxel : first_voxel + voxels] = np.arange(1, voxels + 1)
    return rows


def _write_h5(
    path: Path, dataset: np.ndarray, metadata: Mapping[str, np.ndarray], capitals: bool
) -> None:
    text = h5py.string_dtype("utf-8")
    group = "metaData" if capitals else "metadata"
    with h5py.File(path, "w") as file:
        file["dataSet" if capitals else "dataset"] = dataset
        file.create_dataset(f"{group}/key", data=list(metadata), dtype=text)
        descriptions = [f"1 = {key}" for key in metadata]
        file.create_dataset(f"{group}/description", data=descriptions, dtype=text)
        file[f"{group}/value"] = np.array(list(metadata.values()))
        file.create_dataset("header/ctime", data="2019-06-21 00:00:00", dtype=text)
        # Keys of a vmap sort as text: '1.0', '10.0', '2.0'.
        for number in range(1, 12):
            file.create_dataset(f"vmap/category_index/{float(number)}", data=f"c{number}")


def _write_mat(
    path: Path, dataset: np.ndarray, metadata: Mapping[str, np.ndarray], capitals: bool
) -> None:
    fields = {
        "key": _cells(list(metadata)),
        "description": _cells([f"1 = {key}" for key in metadata]),
        "value": np.array(list(metadata.values())),
    }
    contents: dict[str, Any] = {
        "dataSet" if capitals else "dataset": dataset,
        "metaData" if capitals else "metadata": fields,
        "subject": path.stem,
        "rawData": "",
        "createScript": "convertdata_BrainData",
    }
    savemat(path, contents, do_compression=True)


def _cells(texts: Sequence[str]) -> np.ndarray:
    """Give a 1 x N cell of texts."""
    cells = np.empty((1, len(texts)), dtype=object)
    cells[0] = texts
    return cells
