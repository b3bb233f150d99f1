"""The small releases, read by readers of others: scipy, h5py, numpy, nibabel."""

from __future__ import annotations

import io
import json
import pickle

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.io import loadmat

from tests.core.datasets.layouts import (
    algonauts2023,
    bold5000,
    bravl,
    damaged,
    god,
    laion_fmri,
    mosaic,
    nsd,
    things_fmri,
    volumes,
)
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


@pytest.mark.parametrize("attributes", [True, False])
def test_a_release_as_v73(tmp_path, attributes):
    truth = god.write(tmp_path, ("Subject1",), kind="mat")
    path = tmp_path / "Subject1.mat"
    row = loadmat(path)["metaData"]["key"][0, 0][0]
    damaged.as_v73(path, attributes)
    with h5py.File(path) as file:
        keys = [
            "".join(map(chr, file[reference][:, 0])) for reference in file["metaData/key"][:, 0]
        ]
        assert keys == [str(key[0]) for key in row]
        at = file["metaData/value"][:, keys.index("ROI_FFA")] == 1
        np.testing.assert_array_equal(file["dataSet"][at].T, truth.subjects["Subject1"].rois["FFA"])
        assert ("MATLAB_class" in file["dataSet"].attrs) == attributes


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
    damaged.add_function(mat)
    assert type(loadmat(mat)["f"]).__name__ == "MatlabFunction"
    lines = tmp_path / "ROIs/stim_lists/CSI01_stim_lists.txt"
    damaged.change_lines(lines, "shorter")
    damaged.change_lines(lines, "crlf")
    assert lines.read_bytes().count(b"\r\n") == 73
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


def test_mosaic(tmp_path):
    truth = mosaic.write(tmp_path, with_checksum=True)
    known = truth.subjects["sub-02_BOLD5000"]
    path = next((tmp_path / mosaic.BETAS / "BOLD5000").glob("sub-02_BOLD5000_crc32-????????.hdf5"))
    with h5py.File(path) as file:
        items = list(file["betas"].values())
        names = [i.attrs["presented_stimulus_filename"] for i in items]
        values = np.stack([i[()] for i in items])
        missing = np.isnan(values)
        for row, item in zip(missing, items, strict=True):
            assert set(np.flatnonzero(row)) == set(item.attrs["nan_indices"])
        assert set(file.attrs["nan_indices_all"]) == set(np.flatnonzero(missing.any(axis=0)))
        assert (np.diff(file.attrs["nan_indices_all"]) < 0).any()
    assert tuple(names) == known.ids
    np.testing.assert_array_equal(values, known.variants["all"]["grayordinates"])
    for name, (size, total) in mosaic.SIZE_AND_SUM.items():
        if name in mosaic.RUNS:
            assert (len(mosaic.parcel(name)), mosaic.parcel(name).sum()) == (size, total)
    assert known.columns["repetition"][:3] == (0, 1, 3)
    assert known.repeats[:3] == (1, 2, 3)
    table = pd.read_csv(tmp_path / "stimulus_info/b5000_stiminfo.tsv", sep="\t")
    assert set(known.ids) == set(table["filename"])


def test_laion_fmri(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    truth = laion_fmri.write(tmp_path)
    known = truth.subjects["sub-03"]
    folder = tmp_path / "derivatives/glmsingle-tedana/sub-03"
    trials = [pd.read_csv(p, sep="\t") for p in sorted(folder.glob("*/func/*trials.tsv"))]
    assert tuple(pd.concat(trials)["label"]) == known.ids
    files = sorted(folder.glob("*/func/*SingletrialBetas*nii*"))
    betas = [nibabel.load(p).get_fdata() for p in files]
    mask = tmp_path / "derivatives/rois/sub-03"
    inside = nibabel.load(next(folder.glob("*meanR2gt15mask*"))).get_fdata() > 0
    roi = nibabel.load(next(mask.glob("*/*label-hV4_mask.nii.gz"))).get_fdata() > 0
    assert (roi & ~inside).any()
    assert same_units(np.concatenate([b[roi & inside].T for b in betas]), known.rois["hV4"])
    assert known.without_units == ("EBA",)
    assert (len(known.leaving["V1v"]), len(known.leaving["V1d"])) == (1, 1)
    names = pd.read_csv(tmp_path / "stimuli/task-images_metadata.csv")["image_name"]
    with h5py.File(tmp_path / "stimuli/task-images_stimuli.h5") as file:
        for row, name in enumerate(names):
            image = Image.open(io.BytesIO(file["images"][row].tobytes()))
            assert same_image(image, truth.images[name])
            assert image.format == "JPEG"


@pytest.mark.parametrize("naming", ["figshare", "openneuro"])
def test_things_fmri(tmp_path, naming):
    truth = things_fmri.write(tmp_path, naming=naming, is_shuffled=True)
    known = truth.subjects["sub-02"]
    separator = "," if naming == "figshare" else "\t"
    voxels = pd.read_csv(next(tmp_path.rglob("sub-02*oxel*eta*.?sv")), sep=separator)
    trials = pd.read_csv(next(tmp_path.rglob("sub-02*timulus*eta*.?sv")), sep=separator)
    with h5py.File(next(tmp_path.rglob("sub-02*.h5"))) as file:
        ids = file["ResponseData/block1_values"][:, 0]
        values = file["ResponseData/block0_values"][()]
    assert tuple(trials["stimulus"]) == known.ids
    at = voxels["glasser-p9-\n46v"] == 1
    rows = [list(ids).index(v) for v in voxels["voxel_id"][at]]
    np.testing.assert_array_equal(values[rows].T, known.rois["glasser-p9-46v"])
    np.testing.assert_allclose(voxels["nc_singletrial"][at], known.ceilings["glasser-p9-46v"])
    assert known.without_units == ("rOFA",)
    with pytest.raises(ValueError, match="nobody"):
        pickle.loads(things_fmri.NEVER)  # noqa: S301


@pytest.mark.parametrize("recording", ["GOD-Wiki", "DIR-Wiki"])
def test_bravl(tmp_path, recording):
    truth = bravl.write(tmp_path, recording=recording)
    known = truth.subjects["sub-02"]
    place = tmp_path / recording
    brain = place / "brain_feature/VC/sub-02"
    train, test, unique = (
        loadmat(brain / f"fmri_{n}.mat") for n in ("train_data", "test_data", "test_data_unique")
    )
    np.testing.assert_array_equal(np.vstack([train["data"], test["data"]]), known.rois[bravl.ROI])
    assert test["class_idx"].shape == test["WordNetID"].shape == (1, 12)
    names = known.ids[-12:]
    if recording == "GOD-Wiki":
        texts = [f"{i:.6f}".split(".") for i in test["WordNetID"][0]]
        assert tuple(f"n{int(a):08d}_{int(b)}" for a, b in texts) == names
    visual = place / "visual_feature/ImageNetTest" / bravl.VISUAL / "sub-02"
    features = loadmat(visual / "feat_pca_test.mat")
    for name, row in zip(names, features["data"], strict=True):
        np.testing.assert_array_equal(row, truth.stimuli[name]["sub-02"]["repvgg_b3g4"])
    wrong = loadmat(visual / "feat_pca_test_unique.mat")
    first = [list(test["image_idx"][0]).index(i) for i in unique["image_idx"][0]]
    assert not np.array_equal(wrong["data"], features["data"][first])
    folder = place / "textual_feature/ImageNetTest/text/ALBERT/sub-02"
    text = loadmat(folder / "text_feat_test_unique.mat")
    for row, position in zip(text["data"], first, strict=True):
        np.testing.assert_array_equal(row, truth.stimuli[names[position]]["sub-02"]["ALBERT"])
