"""Hidden files are passed over, other formats named, and names found in either form."""

from __future__ import annotations

import gzip
import json
import unicodedata

import numpy as np
import pytest

from core import datasets, paths
from core.datasets import Reference, files
from core.datasets.checks import check
from core.encoders import checkpoints
from core.errors import CorruptDataError, InputError, NotFoundError
from core.galleries.folder import FolderImages, folder_names
from tests.core.datasets.shared import load, paint, table, write

JUNK = b"\0\5\x16\7" + b"\0" * 90
HIDDEN = ("._S1.npy", ".DS_Store", "Thumbs.db", "desktop.ini", "._S1.json", "._S1.csv", "~$S1.npy")
NFC, NFD = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))


def _notes(ds):
    return {note.title: note.detail for note in check(ds)}


@pytest.mark.parametrize("below", ["responses", "rdms", "embeddings", "rois", "images", ""])
def test_hidden_files_are_passed_over(tmp_path, below):
    root = write(tmp_path / "r")
    before, said = load(root), _notes(load(root))
    for name in HIDDEN:
        (root / below / name).write_bytes(JUNK)
    for name in ("__MACOSX", ".ipynb_checkpoints"):
        (root / below / name).mkdir()
        (root / below / name / "S2.npy").write_bytes(JUNK)
    ds = load(root)
    assert ds.subjects == ("S1",)
    assert (list(ds.rdms), list(ds.embeddings), list(ds.rois)) == ([], [], ["A", "B"])
    assert ds.fingerprint == before.fingerprint
    assert _notes(ds) == said


def test_hidden_files_of_galleries_recordings_and_checkpoints(tmp_path):
    data = tmp_path / "recordings"
    root = write(data / "r")
    for junk in (".Trash/stimuli.csv", "__MACOSX/stimuli.csv", "models/.a/config.json"):
        (data / junk).parent.mkdir(parents=True)
        (data / junk).write_text("id\na\n")
    assert [info.name for info in datasets.available() if info.name.startswith("folder:")] == [
        "folder:r"
    ]
    for place in (root / "gallery", data / "galleries" / "g"):
        paint(place / "cat" / "a.png")
        for junk in ("cat/._a.png", "__MACOSX/cat.png", "._cat/b.png", "cat/.b.png"):
            (place / junk).parent.mkdir(exist_ok=True)
            (place / junk).write_bytes(JUNK)
    (data / "galleries" / "__MACOSX").mkdir()
    assert load(root).gallery["id"].tolist() == ["cat/a.png"]
    assert folder_names() == ["g"]
    assert list(FolderImages("g").ids) == ["cat/a.png"]
    model = data / "models" / "m"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    digest = checkpoints.digest(model)
    (model / "._config.json").write_bytes(JUNK)
    assert checkpoints.digest(model) == digest


@pytest.mark.parametrize("ending", ["mat", "h5", "npz", "npy.gz", "csv", "nii.gz", "pkl", "zarr"])
def test_responses_of_another_format_are_named(tmp_path, ending):
    root = write(tmp_path / "r")
    path = root / "responses" / "S1.npy"
    if ending == "npy.gz":
        (root / "responses" / "S1.npy.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    elif ending == "zarr":
        path.unlink()
        (root / "responses" / "S1.zarr").mkdir()
    else:
        path.rename(root / "responses" / f"S1.{ending}")
    ds = load(root)
    said = _notes(ds)
    assert f"responses/S1.{ending}" in said["No responses"]
    assert any(f"S1.{ending}" in text and "responses/" in title for title, text in said.items())
    assert "RDMs" not in said["No responses"]
    with pytest.raises(NotFoundError, match=rf"format that is not read.*S1\.{ending}.*\.npy is"):
        ds.responses()
    with pytest.raises(NotFoundError, match=rf"'S1' are in responses/S1\.{ending}.*S1\.npy"):
        load(root, "S1")
    assert "no responses/S1.npy" in said["Not used in rois/: 1 file"]


@pytest.mark.parametrize(
    ("below", "name", "read"),
    [
        ("responses", "S2.mat", ".npy and .csv"),
        ("rdms", "it.mat", ".npy files"),
        ("rdms", "it.csv", ".npy files"),
        ("embeddings", "vgg.pt", ".npy files"),
        ("embeddings", "vgg.safetensors", ".npy files"),
        ("rois", "S1.npy", ".json files"),
        ("rois", "V1.nii.gz", ".json files"),
    ],
)
def test_what_is_not_read_is_noted_beside_what_is(tmp_path, below, name, read):
    root = write(tmp_path / "r")
    (root / below / name).write_bytes(JUNK)
    (root / below / "README.txt").write_text("about")
    said = _notes(load(root))[f"Not read in {below}/: 1 file of another format"]
    assert said.startswith(f"{below}/{name}: ")
    assert read in said
    assert "README" not in said


def test_lonely_tables_tif_galleries_and_a_list_that_is_no_csv(tmp_path):
    root = write(tmp_path / "r")
    (root / "rois" / "s1.json").write_text('{"V1": [0]}')
    table(root / "responses" / "sub-2.csv", [{"id": "a"}])
    paint(root / "gallery" / "cat" / "a.png")
    (root / "gallery" / "cat" / "b.tif").write_bytes(JUNK)
    said = _notes(load(root))
    assert "s1.json" in said["Not used in rois/: 1 file"]
    assert "sub-2.csv" in said["Not used in responses/: 1 file"]
    assert "cat/b.tif" in said["Not read in gallery/: 1 file of another format"]
    (root / "stimuli.csv").rename(root / "stimuli.tsv")
    with pytest.raises(NotFoundError, match=r"no stimuli\.csv in .*it holds stimuli\.tsv"):
        load(root)
    data = tmp_path / "recordings" / "galleries" / "g" / "cat"
    data.mkdir(parents=True)
    (data / "a.tif").write_bytes(JUNK)
    with pytest.raises(NotFoundError, match=r"holds no images; it holds cat/a\.tif"):
        len(FolderImages("g").ids)


def test_endings_in_upper_case_are_read(tmp_path):
    root = write(tmp_path / "r", trials=[{"id": name, "run": 3} for name in "abcd"])
    expected = load(root)
    np.save(root / "rdms" / "m.npy", 1 - np.eye(4))
    for path in (
        root / "responses" / "S1.npy",
        root / "responses" / "S1.csv",
        root / "rois" / "S1.json",
        root / "rdms" / "m.npy",
        root / "stimuli.csv",
    ):
        path.rename(path.with_suffix(path.suffix.upper()))
    ds = load(root)
    np.testing.assert_array_equal(ds.betas, expected.betas)
    assert (ds.subjects, list(ds.rois), list(ds.rdms)) == (("S1",), ["A", "B"], ["m"])
    assert ds.trials["run"].tolist() == [3] * 4
    assert "responses/S1.NPY" in " ".join(note.detail for note in ds.notes)
    np.save(root / "responses" / "S1.npy", ds.betas)
    with pytest.raises(InputError, match=r"responses holds 'S1\.NPY' and 'S1\.npy'.*one name"):
        load(root)


def test_names_in_the_other_unicode_form_are_found(tmp_path):
    data = tmp_path / "recordings"
    trials = [{"id": f"{NFD}{number}"} for number in (1, 2, 2)]
    root = write(
        data / NFD, ids=[f"{NFC}1", f"{NFC}2"], trials=trials, subject=NFD, rois={NFD: [1]}
    )
    np.save(root / "rdms" / f"{NFD}.npy", 1 - np.eye(2))
    np.save(root / "embeddings" / f"{NFD}.npy", np.eye(2))
    for name in (NFC, NFD):
        ds = datasets.load(f"folder:{name}", name)
        assert ds.trials["id"].tolist() == [f"{NFC}1", f"{NFC}2", f"{NFC}2"]
        assert (ds.subject, list(ds.rdms), list(ds.embeddings)) == (NFC, [NFC], [NFC])
        assert ds.responses(name).shape == ds.responses([name]).shape == (2, 1)
        assert ds.row(f"{name}2") == 1
        assert ds.has_stimulus(f"{name}1")
        part = ds.subset([f"{name}2"])
        assert part.stimuli["id"].tolist() == [f"{NFC}2"]
        assert part.trials["id"].tolist() == [f"{NFC}2"] * 2
        seen = Reference(f"folder:{name}", name, stimuli=(f"{NFD}2",)).open_seen()
        assert seen.stimuli["id"].tolist() == [f"{NFC}2"]
    names = [info.name for info in datasets.available()]
    assert f"folder:{NFC}" in names
    paint(data / "galleries" / NFD / NFD / "a.png")
    assert folder_names() == [NFC]
    for name in (NFC, NFD):
        images = FolderImages(name)
        assert images.categories.tolist() == [NFC]
        assert images.image(images.ids[0]).size == (12, 8)


def test_names_that_differ_in_their_form_alone_are_an_ambiguity(tmp_path):
    with pytest.raises(InputError, match="1 id in two Unicode forms"):
        load(write(tmp_path / "a", ids=[NFC, NFD]))
    root = write(tmp_path / "b", subject=NFC)
    np.save(root / "responses" / f"{NFD}.npy", np.ones((4, 10)))
    with pytest.raises(InputError, match=r"'e\\u0301\.npy' and '\\xe9\.npy'.*one name"):
        load(root)
    root = write(tmp_path / "c", subject=NFC)
    for name in (NFC, NFD):
        (root / "rois" / f"{name}.json").write_text(json.dumps({name: [0]}))
    assert list(load(root).rois) == [NFC]  # as the subject is written


def test_categories_and_labels_are_one_in_either_form(tmp_path):
    root = write(tmp_path / "r", ids=["a", "b"])
    rows = [
        {"id": "a", "category": NFC, "labels": NFC},
        {"id": "b", "category": NFD, "labels": NFD},
    ]
    table(root / "stimuli.csv", rows)
    ds = load(root)
    assert ds.stimuli["category"].tolist() == [NFC, NFC]
    assert ds.stimuli["labels"].tolist() == [(NFC,), (NFC,)]


def test_messages_name_stimuli_where_they_named_rows(tmp_path):
    root = write(tmp_path / "r", ids=["ant", "bee", "cat", "dog"])
    bad = np.ones((4, 3), np.float32)
    bad[2, 1] = np.nan
    np.save(root / "embeddings" / "e.npy", bad)
    with pytest.raises(InputError, match=r"e\.npy holds NaN in part of 1 row: cat"):
        load(root)
    bad[2, 1] = np.inf
    np.save(root / "embeddings" / "e.npy", bad)
    with pytest.raises(InputError, match=r"row 2 \('cat'\), unit 1"):
        load(root)
    (root / "embeddings" / "e.npy").unlink()
    matrix = np.ones((4, 4)) - np.eye(4)
    matrix[1, 3] = 5
    np.save(root / "rdms" / "m.npy", matrix)
    with pytest.raises(InputError, match=r"\[bee, dog\] is 5, \[dog, bee\] 1"):
        load(root)
    np.save(root / "rdms" / "m.npy", np.ones((4, 4)))
    with pytest.raises(InputError, match=r"1 at \[ant, ant\]"):
        load(root)
    (root / "rdms" / "m.npy").unlink()
    betas = np.ones((4, 3))
    betas[3, 2] = -np.inf
    np.save(root / "responses" / "S1.npy", betas)
    with pytest.raises(InputError, match=r"row 3, unit 2 \(stimulus 'dog'\)"):
        load(root)


def test_finding_a_name(tmp_path):
    assert paths.find(tmp_path / "none", "a.npy") is None
    (tmp_path / "a.NPY").touch()
    assert paths.find(tmp_path, "a.npy") == tmp_path / "a.NPY"
    assert paths.find(tmp_path, "A.npy") is None
    assert paths.plain_name("x.Tar.GZ") == "x.Tar.gz"
    assert paths.plain_name(".NPY") == ".NPY"
    assert not paths.is_hidden("a.npy")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file"),
        (b"MATLAB 5.0 MAT-file", "is a MATLAB file"),
        (b"\x1f\x8b\x08", "is a gzip archive"),
        (b"0.1 0.2\n", "is a file of another format"),
        (b"\x80\x04\x95", "Python objects"),
        (b"", "could not be read"),
    ],
)
def test_a_file_that_is_called_npy_and_is_not(tmp_path, content, message):
    root = write(tmp_path / "r")
    (root / "responses" / "S1.npy").write_bytes(content + (b" " * 99 if content else b""))
    with pytest.raises(CorruptDataError, match=rf"S1\.npy.*{message}"):
        load(root)


def test_folders_in_other_letters_and_arrays_in_the_wrong_place_are_noted(tmp_path):
    root = write(tmp_path / "r")
    (root / "responses").rename(root / "Responses")
    (root / "sub-1.mat").write_bytes(JUNK)
    (root / "notes.txt").write_text("mine")
    said = _notes(load(root))
    assert said["Not read: 1 file beside stimuli.csv"].startswith("sub-1.mat: ")
    assert said["Not read: a folder in other letters"] == "Responses: rename it to responses."


@pytest.mark.parametrize(
    ("name", "reader"),
    [("S.nii.gz", "nibabel"), ("S.NII", "nibabel"), ("S.npy.gz", "gunzip, then numpy.load")],
)
def test_the_whole_ending_says_what_reads_a_file(name, reader):
    assert files.save_as_npy(name) == (
        f"Read {name} with {reader}, and save it as S.npy with numpy.save."
    )
