"""Zip archives: what leads outside, links, grows or is damaged never reaches the folder."""

from __future__ import annotations

import io
import stat
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from core import paths
from core.datasets.catalogue import DATASETS, Recording
from core.datasets.dataset import DatasetInfo
from core.datasets.download import fetch
from core.datasets.download.indexes import FigshareArticle
from core.datasets.download.remote import RemotePart
from core.datasets.download.unpack import unpack
from core.errors import Cancelled, CorruptDataError, InputError, NeurogalleryError
from tests.core.datasets.download.server import serving

FILES = {"ROIs/CSI1/a.h5": b"a" * 5000, "ROIs/b c.txt": b"b"}


def zipped(files, extra=()):
    content = io.BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        for info, text in extra:
            archive.writestr(info, text)
    return content.getvalue()


def write(folder, content):
    folder.mkdir(exist_ok=True)
    (folder / "a.zip").write_bytes(content)
    return folder / "a.zip"


def below(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("a.zip", ".lock")
    }


def test_an_archive_is_unpacked_and_what_systems_left_is_not(tmp_path):
    left = {"__MACOSX/ROIs/._b": b"x", "ROIs/.DS_Store": b"x"}
    archive = write(tmp_path / "to", zipped(FILES | left))
    sizes = unpack(archive, tmp_path / "to")
    assert sizes == {name: len(text) for name, text in FILES.items()}
    assert below(tmp_path / "to") == FILES


def link():
    info = ZipInfo("ROIs/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, "/etc/passwd"


def encrypted():
    content = bytearray(zipped({"a": b"x"}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        content[content.index(mark) + (6 if mark[2] == 3 else 8)] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (zipped({"../x": b"harm"}), "leads outside"),
        (zipped({"a/../../x": b"harm"}), "leads outside"),
        (zipped({"/tmp/x": b"harm"}), "leads outside"),
        (zipped({"C:/x": b"harm"}), "leads outside"),
        (zipped(FILES, [link()]), "is a link"),
        (zipped({"a": b"\0" * 40_000_000}), r"grow to 40,000,000"),
        (encrypted(), "encrypted"),
        (b"PK no zip", "cannot be unpacked"),
        (zipped(FILES)[:-30], "cannot be unpacked"),
        (zipped(FILES).replace(b"\x05", b"\x06", 1), "cannot be unpacked|leads outside"),
    ],
    ids=["up", "up2", "root", "drive", "link", "bomb", "encrypted", "none", "cut", "flipped"],
)
def test_what_would_harm_leaves_the_folder_as_it_was(tmp_path, content, says):
    archive = write(tmp_path / "to", content)
    with pytest.raises(CorruptDataError, match=says) as caught:
        unpack(archive, tmp_path / "to")
    assert "\n" not in str(caught.value)
    assert below(tmp_path / "to") == {}
    assert [path.name for path in tmp_path.iterdir()] == ["to"]


def test_a_damaged_file_of_an_archive_brings_nothing(tmp_path):
    content = bytearray(zipped(FILES | {"z": bytes(range(256)) * 20}))
    content[content.rindex(b"PK\x01\x02") - 40] ^= 0xFF
    with pytest.raises(CorruptDataError):
        unpack(write(tmp_path / "to", bytes(content)), tmp_path / "to")
    assert below(tmp_path / "to") == {}


def test_a_name_twice_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        content = zipped({"a": b"1"}, [(ZipInfo("a"), "2")])
    with pytest.raises(CorruptDataError, match="twice"):
        unpack(write(tmp_path / "to", content), tmp_path / "to")


def test_a_link_in_the_folder_is_not_followed_out_of_it(tmp_path):
    (tmp_path / "else").mkdir()
    archive = write(tmp_path / "to", zipped(FILES))
    (tmp_path / "to" / "ROIs").symlink_to(tmp_path / "else", target_is_directory=True)
    with pytest.raises(InputError, match="leads outside"):
        unpack(archive, tmp_path / "to")
    assert [*(tmp_path / "else").iterdir()] == []


def test_space_and_cancel(tmp_path, monkeypatch):
    archive = write(tmp_path / "to", zipped(FILES))

    def cancel(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        unpack(archive, tmp_path / "to", cancel)
    assert below(tmp_path / "to") == {}
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10**6}))
    with pytest.raises(NeurogalleryError, match=r"5\.0 kB for the files of a\.zip"):
        unpack(archive, tmp_path / "to")


@pytest.fixture
def archived(monkeypatch):
    with serving() as server:
        server.add_to_article("a.zip", zipped(FILES))
        part = RemotePart("rois", "ROIs", FigshareArticle(7, server.address), "*.zip", unpack=True)
        entry = Recording(DatasetInfo("tiny", "Tiny"), load=None, remote=(part,))
        monkeypatch.setitem(DATASETS._entries, "tiny", entry)
        yield server


def downloads(server):
    return sum(path.startswith("/file/download") for path, *_ in server.requests)


def test_an_archive_goes_after_it_was_unpacked_and_is_not_brought_again(archived):
    folder = fetch.fetch("tiny")
    assert not (folder / "a.zip").exists()
    marker = folder / ".a.zip.unpacked.json"
    assert below(folder) == FILES | {marker.name: marker.read_bytes()}
    fetch.fetch("tiny")
    assert downloads(archived) == 1
    assert fetch.plan("tiny").space() == 0
    (folder / "ROIs/b c.txt").unlink()
    fetch.fetch("tiny")
    assert downloads(archived) == 2
    assert (folder / "ROIs/b c.txt").read_bytes() == b"b"


def test_an_archive_is_kept_where_that_is_wanted(archived):
    folder = fetch.bring(fetch.plan("tiny"), keep_archives=True)
    assert (folder / "a.zip").is_file()
    fetch.fetch("tiny")
    assert downloads(archived) == 1


def test_a_new_archive_is_brought_in_place_of_the_old(archived):
    folder = fetch.fetch("tiny")
    archived.article.clear()
    archived.add_to_article("a.zip", zipped(FILES | {"ROIs/b c.txt": b"new"}))
    fetch.fetch("tiny")
    assert (folder / "ROIs/b c.txt").read_bytes() == b"new"
    assert (paths.data_root() / "tiny") == folder
