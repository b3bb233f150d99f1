"""Files that someone has elsewhere on the machine, copied by a job."""

from pathlib import Path

import pytest

from core import paths
from core.datasets import DATASETS
from core.datasets.catalogue import Recording
from core.datasets.dataset import DatasetInfo
from core.datasets.download import local
from core.datasets.download.job import FetchRequest, run
from core.datasets.releases.layout import Expected
from core.errors import InputError, NotFoundError
from core.progress import silent


@pytest.fixture(autouse=True)
def recording(monkeypatch):
    monkeypatch.delenv("NEUROGALLERY_DATA_LINKS", raising=False)
    entry = Recording(
        DatasetInfo("tiny", "Tiny"),
        load=None,
        expected=lambda folder, subject: [Expected("**/*.bin")],
    )
    monkeypatch.setitem(DATASETS._entries, "tiny", entry)


@pytest.fixture
def disk(tmp_path) -> Path:
    (tmp_path / "disk" / "sub").mkdir(parents=True)
    (tmp_path / "disk" / "a.bin").write_bytes(b"a")
    (tmp_path / "disk" / "sub" / "b.bin").write_bytes(b"b")
    (tmp_path / "disk" / "notes.txt").write_text("not of the recording")
    (tmp_path / "secret.bin").write_bytes(b"secret")
    return tmp_path / "disk"


def copied() -> dict[str, bytes]:
    root = paths.data_root() / "tiny"
    files = [path for path in root.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def bring(source: object) -> None:
    run(FetchRequest("tiny", str(source)), silent, Path())


def test_a_job_copies_what_belongs_to_the_recording_and_leaves_the_source(disk):
    before = {path: path.stat().st_mtime_ns for path in disk.rglob("*")}
    bring(disk)
    assert copied() == {"a.bin": b"a", "sub/b.bin": b"b"}
    assert {path: path.stat().st_mtime_ns for path in disk.rglob("*")} == before
    assert FetchRequest("tiny", "/x").label == "Copy the files of tiny"


def test_a_link_out_is_refused_before_anything_is_copied(disk):
    (disk / "c.bin").symlink_to(disk.parent / "secret.bin")
    with pytest.raises(InputError, match=r"c\.bin is a link out"):
        bring(disk)
    assert copied() == {}


def test_a_linked_folder_is_not_entered_and_a_link_inside_is_followed(disk):
    (disk.parent / "other").mkdir()
    (disk.parent / "other" / "d.bin").write_bytes(b"secret")
    (disk / "linked").symlink_to(disk.parent / "other")
    (disk / "e.bin").symlink_to(disk / "a.bin")
    bring(disk)
    assert copied() == {"a.bin": b"a", "sub/b.bin": b"b", "e.bin": b"a"}


def test_links_are_followed_where_their_owner_says_so(disk, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA_LINKS", "1")
    (disk / "c.bin").symlink_to(disk.parent / "secret.bin")
    bring(disk)
    assert copied()["c.bin"] == b"secret"


def test_what_is_no_folder_is_said(disk, monkeypatch):
    with pytest.raises(InputError, match="no absolute path"):
        bring("disk")
    with pytest.raises(NotFoundError, match="no folder"):
        bring(disk / "a.bin")
    monkeypatch.setattr(local, "MOST_ENTRIES", 3)
    with pytest.raises(InputError, match="more than 3"):
        bring(disk)
