"""A person's own folder: what it may hold, and one clear message for each mistake."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from core import datasets
from core.datasets.own import arrays
from core.datasets.tables import STIMULUS_COLUMNS
from core.errors import CorruptDataError, InputError, NotFoundError
from tests.core.datasets.recordings.mistakes import MISTAKES, STIMULI, make_folder


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path)


def _open(folder, subject=None):
    return datasets.load("folder", subject, root=folder)


def test_everything_is_read(folder, monkeypatch):
    monkeypatch.setattr(arrays, "IN_MEMORY", 0)
    ds = _open(folder)
    assert (ds.info.title, ds.info.units, ds.info.where) == ("Mine", "z", folder)
    assert (ds.subject, ds.subjects) == ("p1", ("p1", "p2"))
    assert ds.stimuli["id"].tolist() == ["007", "NA", "c"]
    assert ds.stimuli["labels"].tolist() == [("cat", "furry"), (), ("dog",)]
    assert ds.stimuli["size"].tolist()[:2] == [1.5, 2.0]
    assert np.isnan(ds.stimuli["size"].iloc[2])
    assert ds.stimuli["note"].tolist() == ["x", "7", ""]
    assert ds.trials["repeat"].tolist() == [1, 1, 1, 2]
    assert ds.trials["run"].tolist() == [1, 1, 2, 2]
    assert ds.trials["session"].tolist() == [1, 1, 1, 1]
    assert isinstance(ds.betas, np.memmap)
    assert ds.responses("V1").shape == (3, 2)
    np.testing.assert_array_equal(ds.responses()[2], ds.betas[0])
    assert ds.rdms["model"].dtype == np.float32
    assert ds.image("NA").mode == "RGB"
    assert ds.image("g1").getpixel((0, 0)) == (1, 2, 3)
    assert ds.gallery["id"].tolist() == ["g1"]
    assert ds.missing_images() == ["c"]


def test_float64_without_trial_list_becomes_float32(folder):
    ds = _open(folder, "p2")
    assert ds.betas.dtype == np.float32
    assert ds.trials["id"].tolist() == ["007", "NA", "c"]
    assert ds.rois == {}


def test_stimuli_alone_and_rdms_alone_are_enough(tmp_path):
    (tmp_path / "stimuli.csv").write_text("id\na\nb\n")
    ds = _open(tmp_path)
    assert (ds.subject, ds.betas, ds.images, len(ds.gallery)) == ("group", None, None, 0)
    assert ds.info.units == "arbitrary units"
    assert ds.missing_images() == ["a", "b"]
    (tmp_path / "rdms").mkdir()
    np.save(tmp_path / "rdms" / "it.npy", np.array([[0, 1], [1, 0]]))
    ds = _open(tmp_path)
    assert list(ds.rdms) == ["it"]
    with pytest.raises(NotFoundError, match="RDMs only"):
        ds.responses()
    with pytest.raises(NotFoundError, match="without images"):
        ds.image("a")


@pytest.fixture
def imagenet(folder):
    """The recording with a gallery of one folder a category in place of gallery.csv."""
    gallery = folder / "gallery"
    (gallery / "gallery.csv").unlink()
    for name in (
        "dog/b.png",
        "dog/a.JPEG",
        "cat/x.webp",
        "cat/deep/d.png",
        "cat/.y.png",
        ".z/z.png",
    ):
        (gallery / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), (200, 0, 0)).save(gallery / name)
    (gallery / "dog" / "broken.jpg").write_bytes(b"no image")
    (gallery / "dog" / "notes.txt").write_text("no image")
    return folder


def test_a_gallery_may_hold_a_folder_for_each_category(imagenet):
    ds = _open(imagenet)
    names = ["cat/x.webp", "dog/a.JPEG", "dog/b.png", "dog/broken.jpg"]
    assert ds.gallery["id"].tolist() == ds.gallery["file"].tolist() == names
    assert ds.gallery["category"].tolist() == ["cat", "dog", "dog", "dog"]
    assert list(ds.gallery) == list(STIMULUS_COLUMNS)
    assert ds.image("dog/b.png").getpixel((0, 0)) == (200, 0, 0)
    with pytest.raises(CorruptDataError, match=r"dog/broken\.jpg"):
        ds.image("dog/broken.jpg")
    Image.new("RGB", (4, 4)).save(imagenet / "gallery" / "cat" / "a.jpg")
    more = _open(imagenet)
    assert more.gallery["id"].tolist() == ["cat/a.jpg", *names]
    assert more.images_fingerprint != ds.images_fingerprint
    (imagenet / "gallery" / "gallery.csv").write_text("id,file\ng1,g.png\n")
    assert _open(imagenet).gallery["id"].tolist() == ["g1"]


@pytest.mark.parametrize("link", ["gallery", "gallery/dog", "gallery/dog/b.png"])
def test_links_of_a_gallery_that_lead_outside_are_refused(link, imagenet, tmp_path):
    outside = (imagenet / link).rename(tmp_path / "outside")
    (imagenet / link).symlink_to(outside)
    with pytest.raises(InputError, match="outside"):
        _open(imagenet)


def test_links_that_lead_nowhere_or_round_are_no_gallery(imagenet):
    for name in ("round", "dog/round.png"):
        (imagenet / "gallery" / name).symlink_to(imagenet / "gallery" / name)
    (imagenet / "gallery" / "dog" / "nowhere.png").symlink_to("gone.png")
    assert len(_open(imagenet).gallery) == 4


def test_gallery_folders_with_ids_of_stimuli_or_names_that_are_no_text(imagenet):
    (imagenet / "stimuli.csv").write_text("id\n007\nNA\nc\ndog/b.png\n")
    with pytest.raises(InputError, match=r"gallery/ repeats 1 id of stimuli\.csv: dog/b\.png"):
        _open(imagenet)
    (imagenet / "stimuli.csv").write_text(STIMULI)
    try:
        os.mkdir(os.fsencode(imagenet / "gallery") + b"/\xff")
        os.link(imagenet / "gallery/dog/b.png", os.fsencode(imagenet / "gallery") + b"/\xff/b.png")
    except OSError:
        pytest.skip("this disk takes names in UTF-8 alone")
    with pytest.raises(InputError, match=r"gallery/ holds 1 name that are no text.*UTF-8"):
        _open(imagenet)


def test_fingerprint_follows_content_and_images_but_not_place(folder, tmp_path):
    first = _open(folder).fingerprint
    assert first == _open(folder).fingerprint
    moved = folder.rename(tmp_path / "moved")
    assert _open(moved).fingerprint == first
    assert _open(moved, "p2").fingerprint != first
    prints = {first}
    np.save(moved / "rdms" / "model.npy", 2 * (1 - np.eye(3)))
    prints.add(_open(moved).fingerprint)
    (moved / "images" / "a.png").unlink()
    prints.add(_open(moved).fingerprint)
    (moved / "responses" / "p1.csv").write_text("id\nc\n007\nNA\nc\n")
    prints.add(_open(moved).fingerprint)
    assert len(prints) == 4


def test_missing_responses_stay_missing(folder):
    betas = np.ones((4, 5), np.float32)
    betas[0] = np.nan
    betas[1, 2] = np.nan
    np.save(folder / "responses" / "p1.npy", betas)
    ds = _open(folder)
    assert ds.missing().tolist() == [False, False, True]


@pytest.mark.parametrize(("value", "dtype"), [(np.inf, np.float32), (1e300, np.float64)])
def test_infinite_values_name_file_row_and_unit(folder, value, dtype):
    betas = np.ones((4, 5), dtype)
    betas[2, 3] = value
    np.save(folder / "responses" / "p1.npy", betas)
    with pytest.raises(InputError, match=r"responses/p1\.npy .* row 2, unit 3"):
        _open(folder)


@pytest.mark.parametrize("place", ["responses/p1.npy", "rdms/model.npy"])
@pytest.mark.parametrize("value", [1e39, -1e300])
def test_finite_values_beyond_single_precision_are_not_called_infinite(folder, place, value):
    array = np.load(folder / place).astype(np.float64)
    array[2, 0] = array[0, 2] = value
    np.save(folder / place, array)
    with pytest.raises(
        InputError, match=r"holds -?1e\+\d+ .* infinite in single precision"
    ) as caught:
        _open(folder)
    assert "holds an infinite" not in str(caught.value)
    assert str(caught.value).endswith("at most 3.4e+38. Use a larger unit of measurement.")


def test_embeddings_beyond_what_is_computed_say_the_largest(folder):
    (folder / "embeddings").mkdir()
    np.save(folder / "embeddings" / "e.npy", np.full((3, 4), 1e308))
    with pytest.raises(InputError, match=r"e\.npy holds values up to 1e\+308.*larger unit"):
        _open(folder)


def test_an_absolute_path_inside_the_data_root_is_read(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(tmp_path / "data"))
    shared = tmp_path / "data" / "shared" / "red.png"
    shared.parent.mkdir(parents=True)
    Image.new("RGB", (4, 4), "red").save(shared)
    own = folder / "images" / "a.png"
    (folder / "stimuli.csv").write_text(f"id,file\n007,{own}\nNA,{shared}\nc,\n")
    ds = _open(folder)
    assert ds.image("007").getpixel((0, 0)) == (99, 99, 99)
    assert ds.image("NA").getpixel((0, 0)) == (255, 0, 0)
    (shared.parent / "link.png").symlink_to(folder.parent / "elsewhere.png")
    for outside in ("/etc/hostname", f"{shared.parent}/link.png", f"{shared.parent}/../../x.png"):
        (folder / "stimuli.csv").write_text(f"id,file\n007,\nNA,{outside}\nc,\n")
        with pytest.raises(InputError, match=r"in line 3 for 'NA'.*outside.*Put the image into"):
            _open(folder)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_has_one_clear_message(folder, mistake):
    make, error, message = MISTAKES[mistake]
    make(folder)
    with pytest.raises(error, match=message) as caught:
        _open(folder)
    assert "\n" not in str(caught.value)


def test_no_trial_list_of_another_length(folder):
    np.save(folder / "responses" / "p2.npy", np.ones((7, 5)))
    with pytest.raises(InputError, match=r"p2\.npy has 7 rows, stimuli\.csv has 3"):
        _open(folder, "p2")


def test_folder_without_stimuli_and_unknown_subject(folder, tmp_path):
    with pytest.raises(NotFoundError, match=r"no stimuli\.csv"):
        _open(tmp_path / "nowhere")
    with pytest.raises(NotFoundError, match="p1, p2"):
        _open(folder, "../p1")


def test_missing_image_is_named_when_it_is_asked_for(folder):
    (folder / "images" / "a.png").unlink()
    ds = _open(folder)
    assert ds.missing_images() == ["007", "c"]
    with pytest.raises(NotFoundError, match=r"'007'.*images/a\.png"):
        ds.image("007")
    with pytest.raises(NotFoundError, match="names no file"):
        ds.image("c")
    with pytest.raises(NotFoundError, match="no stimulus"):
        ds.image("zz")


def test_array_cut_short_and_file_name_with_nul(folder):
    path = folder / "responses" / "p1.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(CorruptDataError, match=r"p1\.npy"):
        _open(folder)
    (folder / "stimuli.csv").write_bytes(b"id,file\n007,a\0b.png\nNA,\nc,\n")
    with pytest.raises((InputError, CorruptDataError), match=r"stimuli\.csv"):
        _open(folder)


@pytest.mark.parametrize("kept", [0, 4, 20, 40, -6])
def test_truncated_image(folder, kept):
    path = folder / "images" / "a.png"
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (90, 90), dtype=np.uint8)).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if kept >= 0 else len(whole) // 2])
    with pytest.raises(CorruptDataError, match=r"a\.png.*'007'"):
        _open(folder).image("007")


def test_huge_image_is_refused_before_it_is_decoded(folder):
    Image.new("1", (8000, 7000)).save(folder / "images" / "a.png")
    with pytest.raises(InputError, match=r"a\.png.*8000 x 7000"):
        _open(folder).image("007")
