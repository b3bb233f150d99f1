"""Which galleries there are, and what an opened one gives."""

from __future__ import annotations

import numpy as np
import pytest

from core import datasets, encoders, paths
from core.errors import InputError, NotFoundError
from core.galleries import available, open_gallery
from tests.core.encoders.shared import save_images
from tests.core.galleries.shared import save_gallery, save_image


@pytest.fixture
def ds():
    """Own data with seven stimuli and a gallery of two, as ``folder:mine``."""
    save_images(paths.data_root() / "mine")
    return datasets.load("folder:mine")


def test_what_is_here_is_listed(ds):
    save_gallery("imagenet", each=1)
    (paths.data_root() / "rdms_only").mkdir()
    (paths.data_root() / "rdms_only" / "stimuli.csv").write_text("id\na\n")
    listed = {info.id: info for info in available(ds)}
    assert list(listed) == ["gallery", "stimuli", "recording:simulated", "folder:imagenet"]
    assert listed["gallery"].count == 2
    assert listed["gallery"].title == "Gallery of this recording"


def test_the_gallery_of_the_recording_in_view(ds):
    own = open_gallery("gallery", ds)
    assert list(own.ids) == ["g0", "g1"]
    assert own.categories.tolist() == ["", ""]
    assert not own.holds_stimuli
    assert own.features("pixels") is None
    expected = encoders.encode_images(ds, "pixels", "gallery")
    np.testing.assert_array_equal(own.features("pixels"), expected)
    assert own.request("pixels", {}).key() == encoders.result_key(ds, "pixels", "gallery")
    assert own.image("g0").size == ds.image("g0").size


def test_stimuli_are_searched_where_there_is_no_gallery():
    root = paths.data_root() / "mine"
    save_images(root)
    for path in (root / "gallery").iterdir():
        path.unlink()
    ds = datasets.load("folder:mine")
    own = open_gallery("gallery", ds)
    assert list(own.ids) == ds.stimuli["id"].tolist()
    assert own.holds_stimuli
    np.testing.assert_array_equal(own.features("precomputed:vgg16"), ds.embeddings["vgg16"])


def test_another_recording(ds):
    save_images(paths.data_root() / "other")
    other = open_gallery("recording:folder:other", ds)
    assert list(other.ids) == ["g0", "g1"]
    assert not other.holds_stimuli
    assert open_gallery("recording:folder:mine", ds).id == "gallery"
    with pytest.raises(NotFoundError, match="gallery"):
        other.features("precomputed:vgg16")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("imagenet", "There is no gallery 'imagenet'.*gallery, stimuli"),
        ("folder:imagenet", "There is no gallery 'imagenet'.*Choices: small"),
        ("recording:nothing", "The recording 'nothing' is not here"),
        ("recording:kriegeskorte92", "is not here"),
        ("recording:folder:../x", "is not here"),
    ],
)
def test_a_gallery_that_is_not_there_is_named(ds, name, message):
    save_gallery()
    with pytest.raises(NotFoundError, match=message):
        open_gallery(name, ds)


def test_a_recording_without_images_has_none():
    folder = paths.data_root() / "bare"
    folder.mkdir(parents=True)
    (folder / "stimuli.csv").write_text("id\na\nb\n")
    ds = datasets.load("folder:bare")
    assert "gallery" not in [info.id for info in available(ds)]
    with pytest.raises(NotFoundError, match="comes without images"):
        open_gallery("gallery", ds)


def test_a_folder_that_is_a_link_to_elsewhere_is_refused(ds, tmp_path):
    save_image(tmp_path / "outside" / "class" / "secret.png", 0)
    (paths.data_root() / "galleries").mkdir()
    (paths.data_root() / "galleries" / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(InputError, match="leads outside"):
        open_gallery("folder:link", ds)


@pytest.mark.parametrize(
    "name",
    [
        "../../mine/images/p0.png",
        "volcano/../../x.png",
        "volcano/words.txt",
        "volcano",
        "/etc/x.png",
    ],
)
def test_an_image_from_the_browser_is_one_of_the_folder(ds, name):
    folder = save_gallery()
    (folder / "volcano" / "words.txt").write_text("text")
    images = open_gallery("folder:small", ds)
    assert images.image(images.ids[3]).mode == "RGB"
    with pytest.raises(NotFoundError, match="There is no image"):
        images.image(name)


def test_places_mean_the_same_images_after_the_folder_has_changed(ds):
    folder = save_gallery(each=2)
    opened = open_gallery("folder:small", ds)
    before = list(opened.ids)
    save_image(folder / "a_first_class" / "new.png", 1)
    assert list(opened.ids) == before
    assert list(open_gallery("folder:small", ds).ids)[1:] == before
