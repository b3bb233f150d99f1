"""The small releases, read by readers of others: scipy, h5py, numpy, nibabel."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.io import loadmat

from tests.core.datasets.layouts import algonauts2023, bold5000, damaged, god, nsd, volumes
from tests.core.datasets.layouts.shared import picture, same_image, same_units


def test_images_differ_from_each_other(tmp_path):
    painted = [picture(n) for n in range(216)]
    assert len({p.tobytes() for p in painted}) == 216
    image = Image.fromarray(painted[77])
    assert same_image(image, painted[77])
    assert not same_image(image, painted[78])
    assert not same_image(image.transpose(Image.Transpose.ROTATE_180), painted[77])


def test_units_compare_in_any_order():
    values = np.random.default_rng(0).normal(size=(4, 5))
    assert same_units(values[:, [3, 1, 4, 0, 2]], values)
    assert not same_units(values[[1, 0, 2, 3]], values)


def test_bold5000(tmp_path):
    truth = bold5000.write(tmp_path)
    subject = truth.subjects["CSI1"]
    lines = (tmp_path / "ROIs/stim_lists/CSI01_stim_lists.txt").read_text().splitlines()
    assert len(lines) == len(subject.ids) == 74
    assert len(truth.subjects["CSI4"].ids) == 37
    assert "rep_concert5.jpg" in lines
    assert "concert5.jpg" not in lines
    assert subject.repeats[subject.ids.index("dining_car.jpg")] == 1
    mat = loadmat(tmp_path / "ROIs/CSI1/mat/CSI1_ROIs_TR34.mat")
    with h5py.File(tmp_path / "ROIs/CSI1/h5/CSI1_ROIs_TR34.h5") as file:
        np.testing.assert_array_equal(file["RHPPA"][()], mat["RHPPA"])
    np.testing.assert_array_equal(subject.rois["PPA"], np.hstack([mat["LHPPA"], mat["RHPPA"]]))
    for name, pixels in truth.images.items():
        path = tmp_path / "BOLD5000_Stimuli/Scene_Stimuli/Presented_Stimuli"
        assert same_image(Image.open(path / truth.stimuli[name]["source"] / name), pixels)


def test_bold5000_2(tmp_path):
    truth = bold5000.write_2(tmp_path)
    path = tmp_path / "BOLD5000_GLMsingle_ROI_betas/py"
    file = "CSI4_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_allses_LHRSC.npy"
    np.testing.assert_array_equal(np.load(path / file), truth.subjects["CSI4"].rois["LHRSC"])
    names = tmp_path / "BOLD5000_Stimuli/Stimuli_Presentation_Lists/CSI4/CSI4_imgnames.txt"
    assert names.read_text().splitlines() == list(truth.subjects["CSI4"].ids)


@pytest.mark.parametrize("numpy_major", [1, 2])
def test_algonauts(tmp_path, numpy_major):
    truth = algonauts2023.write(tmp_path, with_test_responses=True, numpy_major=numpy_major)
    for subject, known in truth.subjects.items():
        masks = tmp_path / subject / "roi_masks"
        # The writer's own file: numpy opens what numpy would have written.
        names = np.load(masks / "mapping_prf-visualrois.npy", allow_pickle=True).item()
        assert names[0] == "Unknown"
        columns = []
        for side in ("lh", "rh"):
            split = tmp_path / subject / "training_split/training_fmri"
            fmri = np.load(split / f"{side}_training_fmri.npy")
            mask = np.load(masks / f"{side}.prf-visualrois_challenge_space.npy")
            whole = np.load(masks / f"{side}.all-vertices_fsaverage_space.npy")
            assert (whole != 0).sum() == len(mask) == fmri.shape[1]
            assert {0, 1, 2} == set(whole)
            columns.append(fmri[:, np.isin(mask, [k for k, n in names.items() if n[:2] == "V3"])])
        training = known.columns["split"].count("train")
        np.testing.assert_array_equal(np.hstack(columns), known.rois["V3"][:training])
        assert "mTL-bodies" in known.without_units
        assert known.ceilings["V3"].shape == known.rois["V3"].shape[1:]
    first, sixth = (truth.subjects[s].rois["V2"].shape for s in ("subj01", "subj06"))
    assert first != sixth


@pytest.mark.parametrize("outside", [np.nan, 0.0])
@pytest.mark.parametrize("kind", ["h5", "mat"])
def test_god(tmp_path, kind, outside):
    truth = god.write(tmp_path, kind=kind, outside=outside)
    known = truth.subjects["Subject3"]
    if kind == "h5":
        with h5py.File(tmp_path / "Subject3.h5") as file:
            keys = [k.decode() for k in file["metadata/key"][()]]
            rows, dataset = file["metadata/value"][()], file["dataset"][()]
    else:
        mat = loadmat(tmp_path / "Subject3.mat")
        keys = [str(k[0]) for k in mat["metaData"]["key"][0, 0][0]]
        rows, dataset = mat["metaData"]["value"][0, 0], mat["dataSet"]
    by_key = dict(zip(keys, rows, strict=True))
    key = "stimulus_id" if kind == "h5" else "Label"
    ids = dataset[:, by_key[key] == 1][:, 0]
    texts = [f"{i:.6f}".split(".") for i in ids]
    assert tuple(f"n{int(a):08d}_{int(b)}" for a, b in texts) == known.ids
    np.testing.assert_array_equal(dataset[:, by_key["ROI_FFA"] == 1], known.rois["FFA"])
    cut = [int((i - int(i)) * 1e6) == int(b) for i, (_, b) in zip(ids, texts, strict=True)]
    assert 0.3 < np.mean(cut) < 0.7
    assert (by_key["voxel_x"] == 1).sum() == 3
    assert known.columns["split"].count("imagery") == 8


def test_v73(tmp_path):
    values = np.arange(6.0).reshape(2, 3)
    path = tmp_path / "a.mat"
    damaged.to_v73(
        path,
        {"x": values, "mask": np.array([True, False]), "none": np.zeros((0, 3)), "c": ["ab", "c"]},
    )
    with pytest.raises(NotImplementedError, match="HDF"):
        loadmat(path)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["x"][()].T, values)
        assert file["mask"].dtype == np.uint8
        assert file["mask"].attrs["MATLAB_class"] == b"logical"
        assert file["none"].attrs["MATLAB_empty"] == 1
        assert "".join(map(chr, file[file["c"][0, 0]][:, 0])) == "ab"


def test_damage(tmp_path):
    bold5000.write(tmp_path, ("CSI1",), trs=("34",))
    h5 = tmp_path / "ROIs/CSI1/h5/CSI1_ROIs_TR34.h5"
    damaged.link_outside(h5, "LHPPA", tmp_path / "else/where.h5")
    damaged.link_through(h5, "RHPPA", tmp_path / "else/there.h5")
    damaged.raw_outside(h5, "LHLOC", tmp_path / "else/raw.bin")
    damaged.link_nowhere(h5, "RHLOC")
    with h5py.File(h5) as file:
        assert file["LHPPA"].shape == (*file["RHPPA"].shape[:1], 4)
        assert isinstance(file.get("RHPPA", getlink=True), h5py.SoftLink)
        assert file["LHLOC"].external
        with pytest.raises(KeyError):
            file["RHLOC"]
    damaged.truncate(h5)
    with pytest.raises(OSError, match="truncated"):
        h5py.File(h5)
    mat = tmp_path / "ROIs/CSI1/mat/CSI1_ROIs_TR34.mat"
    damaged.add_object(mat)
    assert type(loadmat(mat)["net"]).__name__ == "MatlabObject"
    image = next((tmp_path / "BOLD5000_Stimuli").rglob("n*.JPEG"))
    damaged.cut_image(image)
    with Image.open(image) as opened, pytest.raises(OSError, match="truncated"):
        opened.load()
    for data in (damaged.foreign_map(), damaged.foreign_map("Fraction"), damaged.calling_map()):
        (tmp_path / "map.npy").write_bytes(data)
        assert np.load(tmp_path / "map.npy", allow_pickle=True).shape == ()


def test_volumes(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    series = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    for byte in "<>":
        volumes.write_nifti(tmp_path / "a.nii.gz", series, byte=byte)
        image = nibabel.load(tmp_path / "a.nii.gz")
        np.testing.assert_array_equal(np.asanyarray(image.dataobj), series)
        assert (image.dataobj.slope, image.get_data_dtype().kind) == (1, "i")
    for dtype in (np.float32, np.int32):
        for ending in ("mgh", "mgz"):
            volumes.write_mgh(tmp_path / f"a.{ending}", series[0, 0].astype(dtype))
            image = nibabel.load(tmp_path / f"a.{ending}")
            assert image.shape == (4, 1, 1, 5)
            assert image.get_data_dtype() == np.dtype(dtype).newbyteorder(">")
            np.testing.assert_array_equal(np.squeeze(image.dataobj), series[0, 0])


def test_nsd(tmp_path):
    truth = nsd.write(tmp_path, formats=("nii.gz", "hdf5", "mgh"))
    known = truth.subjects["subj03"]
    table = pd.read_csv(tmp_path / nsd.TABLE, index_col=0)
    assert table["subject3_rep2"].max() == 36
    assert len(known.ids) == 24
    for repeat in range(3):
        for trial, image in zip(table[f"subject3_rep{repeat}"], table["nsdId"], strict=True):
            if 0 < trial <= 24:
                assert known.ids[trial - 1] == f"nsd-{image:05d}"
                assert known.repeats[trial - 1] == repeat + 1
    design = loadmat(tmp_path / nsd.DESIGN)
    images = design["subjectim"].astype(int)[2, design["masterordering"].astype(int)[0] - 1] - 1
    assert tuple(f"nsd-{i:05d}" for i in images[:24]) == known.ids
    path = tmp_path / "nsddata_betas/ppdata/subj03/func1pt8mm" / nsd.BETAS
    with h5py.File(path / "betas_session02.hdf5") as file:
        assert file["betas"].shape == (12, 7, 6, 5)
        betas = file["betas"][()].transpose(0, 3, 2, 1).reshape(12, -1) / 300
    read = known.rois["hV4"][12:]
    assert all((np.abs(betas - unit[:, None]).sum(axis=0) < 1e-9).any() for unit in read.T)
    assert len(known.leaving["V1v"]) == len(known.leaving["V2v"]) == 1
    assert set(truth.stimuli) == set(known.ids) | set(truth.subjects["subj01"].ids)
    assert np.isnan(known.variants["fsaverage"]["early"][:, :].mean(axis=0)).sum() == 4


def test_nsd_labels(tmp_path):
    truth = nsd.write(tmp_path, ("subj01",))
    rows = pd.read_csv(tmp_path / nsd.TABLE)
    for split in ("train2017", "val2017"):
        contents = json.loads((tmp_path / nsd.INSTANCES.format(split)).read_text())
        names = {c["id"]: c["name"] for c in contents["categories"]}
        sizes = {i["id"]: (i["height"], i["width"]) for i in contents["images"]}
        for row in rows[rows["cocoSplit"] == split].itertuples():
            top, bottom, left, right = json.loads(f"[{row.cropBox[1:-1]}]")
            height, width = sizes[row.cocoId]
            inside = set()
            for part in contents["annotations"]:
                x, y, w, h = part["bbox"]
                across = min(x + w, width * (1 - right)) - max(x, width * left)
                down = min(y + h, height * (1 - bottom)) - max(y, height * top)
                if part["image_id"] == row.cocoId and across > 0 < down and not part["iscrowd"]:
                    inside.add(names[part["category_id"]])
            known = truth.stimuli.get(f"nsd-{row.nsdId:05d}")
            assert known is None or set(known["labels"]) == inside
    crowd = [p for p in contents["annotations"] if p["iscrowd"]]
    assert all(
        sum(p["segmentation"]["counts"]) == np.prod(p["segmentation"]["size"]) for p in crowd
    )
    assert any(known["crowds"] for known in truth.stimuli.values())
