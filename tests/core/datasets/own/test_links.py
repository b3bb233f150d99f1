"""Folders that are linked into the data root: named as skipped, or opened by choice."""

from __future__ import annotations

import pytest

from core import datasets
from core.__main__ import main
from core.datasets.image_files import ImageFolder
from core.datasets.own.links import skipped_links
from core.errors import InputError, NeurogalleryError
from tests.core.datasets.shared import write


@pytest.fixture
def root(tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("NEUROGALLERY_DATA", str(data))
    monkeypatch.delenv("NEUROGALLERY_DATA_LINKS", raising=False)
    write(tmp_path / "outside")
    (data / "lab").symlink_to(tmp_path / "outside")
    (data / "gone").symlink_to(tmp_path / "nowhere")
    (data / "round").symlink_to(data / "round")
    write(data / "own")
    (data / "again").symlink_to(data / "own")
    return data


def _names():
    return {info.name for info in datasets.available() if ":" in info.name}


def test_links_are_named_and_not_followed(root, capsys):
    assert _names() == {"folder:own", "folder:again"}
    skipped = {link.name: link.reason for link in skipped_links()}
    assert set(skipped) == {"lab", "gone", "round"}
    assert "NEUROGALLERY_DATA_LINKS=1" in skipped["lab"]
    assert "leads nowhere" in skipped["gone"]
    with pytest.raises(InputError, match="leads outside"):
        datasets.load("folder:lab")
    assert main(["datasets"]) == 0
    assert "lab is a link to" in capsys.readouterr().out


def test_links_are_followed_where_their_owner_says_so(root, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA_LINKS", "1")
    assert _names() == {"folder:own", "folder:again", "folder:lab"}
    assert {link.name for link in skipped_links()} == {"gone", "round"}
    ds = datasets.load("folder:lab")
    assert ds.fingerprint == datasets.load("folder:own").fingerprint
    for name in ("folder:lab/../../x", "folder:own/../lab"):
        with pytest.raises(InputError, match="leads outside"):
            datasets.load(name)


def test_a_release_behind_a_link_is_not_followed_either(root, monkeypatch):
    (root / "bold5000").symlink_to(root.parent / "outside")
    assert next(i for i in datasets.available() if i.name == "bold5000").where is None
    with pytest.raises(InputError, match=r"bold5000 is a link.*NEUROGALLERY_DATA_LINKS=1"):
        datasets.load("bold5000")
    monkeypatch.setenv("NEUROGALLERY_DATA_LINKS", "1")
    assert next(i for i in datasets.available() if i.name == "bold5000").where is not None


def test_a_link_in_a_release_is_named_unless_it_is_followed(root, monkeypatch):
    stimuli = root.parent / "stimuli"
    (root / "bold5000").mkdir()
    stimuli.mkdir()
    (root / "bold5000" / "BOLD5000_Stimuli").symlink_to(stimuli)
    pattern = r"^bold5000/BOLD5000_Stimuli is a link out of the data folder.*DATA_LINKS=1"
    with pytest.raises(InputError, match=pattern):
        datasets.load("bold5000")
    monkeypatch.setenv("NEUROGALLERY_DATA_LINKS", "1")
    with pytest.raises(NeurogalleryError) as error:  # nothing else is there yet
        datasets.load("bold5000")
    assert "is a link" not in str(error.value)


def test_images_behind_links_are_found_where_links_are_followed(root, monkeypatch):
    (root / "own" / "images").mkdir(exist_ok=True)
    image = root.parent / "a.png"
    image.touch()
    (root / "own" / "images" / "a.png").symlink_to(image)
    folder = root / "own" / "images"
    with pytest.raises(InputError, match="leads outside"):
        ImageFolder(folder).find("a.png")
    monkeypatch.setenv("NEUROGALLERY_DATA_LINKS", "1")
    assert ImageFolder(folder).find("a.png") == folder / "a.png"
