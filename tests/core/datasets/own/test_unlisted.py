"""What of the data root is not listed, and why."""

import os

import pytest

from core import datasets, paths
from core.datasets.own.unlisted import unlisted
from tests.core.datasets.shared import write


@pytest.fixture
def root():
    folder = paths.data_root()
    folder.mkdir(parents=True)
    return folder


def reasons():
    return {each.name: each.reason for each in unlisted()}


def test_what_is_listed_has_no_reason(root):
    write(root / "mine")
    for name in ("models", "galleries", "lessons", ".hidden"):
        (root / name).mkdir()
    assert reasons() == {}


def test_each_entry_has_its_reason(root):
    (root / "empty").mkdir()
    (root / "nsd").mkdir()
    (root / "release.zip").write_bytes(b"PK")
    for name in ("scans", "Algonauts_2023"):
        (root / name).mkdir()
        (root / name / "Stimuli.xlsx").write_bytes(b"")
    said = reasons()
    assert set(said) == {"empty", "nsd", "release.zip", "scans", "Algonauts_2023"}
    assert "It is empty" in said["empty"]
    assert "folder of nsd is empty" in said["nsd"]
    assert "Unpack it" in said["release.zip"]
    assert "no stimuli.csv" in said["scans"]
    assert "Stimuli.xlsx" in said["scans"]
    assert "name the folder algonauts2023" in said["Algonauts_2023"]
    listed = {info.name.removeprefix("folder:") for info in datasets.available() if info.where}
    assert not listed & set(said)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_read_is_said(root):
    (root / "closed").mkdir(mode=0o000)
    assert "cannot be read" in reasons()["closed"]


def test_links_out_have_a_list_of_their_own(root, tmp_path, monkeypatch):
    monkeypatch.delenv("NEUROGALLERY_DATA_LINKS", raising=False)
    (tmp_path / "outside").mkdir()
    (root / "lab").symlink_to(tmp_path / "outside")
    (root / "gone").symlink_to(tmp_path / "nowhere")
    assert reasons() == {}
