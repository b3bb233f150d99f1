"""One file: resumed, never spliced, redirected within bounds, a disk that fills."""

from __future__ import annotations

import errno
from hashlib import md5
from io import FileIO

import pytest

from core import paths
from core.datasets.catalogue import DATASETS, Recording
from core.datasets.dataset import DatasetInfo
from core.datasets.download import fetch, transfer, web
from core.datasets.download.remote import RemoteFile
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from tests.core.datasets.download.server import FileServer, serving

OLD, NEW = b"old" * 50_000, b"new" * 50_000


@pytest.fixture
def server():
    with serving() as running:
        running.files["a.bin"] = OLD
        yield running


def fetch_one(server: FileServer, monkeypatch, **known):
    """Fetch a recording of one file without a checksum, or with those that are named."""
    size = known.pop("size", len(OLD))
    file = RemoteFile(f"{server.address}/files/a.bin", "", size, **known)
    entry = Recording(DatasetInfo("tiny", "Tiny"), load=None, files=(file,))
    monkeypatch.setitem(DATASETS._entries, "tiny", entry)
    return (fetch.fetch("tiny") / "a.bin").read_bytes()


def left():
    folder = paths.data_root() / "tiny"
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def interrupt(server, monkeypatch, **known):
    server.stop_after = 100_000
    with pytest.raises(NeurogalleryError, match="goes on where it stopped"):
        fetch_one(server, monkeypatch, **known)
    server.stop_after = None
    server.requests.clear()
    assert (paths.data_root() / "tiny" / "a.bin.part").read_bytes() == OLD[:100_000]


def test_the_same_file_is_continued_under_its_etag(server, monkeypatch):
    server.etags["a.bin"] = '"one"'
    interrupt(server, monkeypatch)
    assert left() == ["a.bin.part", "a.bin.part.etag"]
    assert fetch_one(server, monkeypatch) == OLD
    assert [request[1:] for request in server.requests] == [("bytes=100000-", '"one"')]
    assert left() == ["a.bin"]


@pytest.mark.parametrize("heeds", [True, False])
def test_a_changed_file_is_not_spliced(server, monkeypatch, heeds):
    server.etags["a.bin"] = '"one"'
    interrupt(server, monkeypatch)
    server.files["a.bin"], server.etags["a.bin"] = NEW, '"two"'
    server.heeds_if_range = heeds
    assert fetch_one(server, monkeypatch) == NEW


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_etag_and_checksum_it_starts_again(server, monkeypatch, etag):
    server.etags["a.bin"] = etag
    interrupt(server, monkeypatch)
    assert fetch_one(server, monkeypatch) == OLD
    assert [request[1] for request in server.requests] == [None]


def test_with_a_checksum_it_goes_on_and_the_checksum_tells(server, monkeypatch):
    known = {"md5": md5(OLD).hexdigest()}
    interrupt(server, monkeypatch, **known)
    assert fetch_one(server, monkeypatch, **known) == OLD
    assert server.requests[0][1] == "bytes=100000-"
    (paths.data_root() / "tiny" / "a.bin").unlink()
    interrupt(server, monkeypatch, **known)
    server.files["a.bin"] = NEW
    with pytest.raises(CorruptDataError, match=r"another checksum.*discarded"):
        fetch_one(server, monkeypatch, **known)
    assert left() == []


def test_a_part_longer_than_the_file_is_begun_again(server, monkeypatch):
    folder = paths.data_root() / "tiny"
    folder.mkdir(parents=True)
    (folder / "a.bin.part").write_bytes(OLD + b"more")
    assert fetch_one(server, monkeypatch) == OLD


@pytest.mark.parametrize("says_length", [True, False])
@pytest.mark.parametrize("by", [-1, 1])
def test_another_size_is_discarded_and_said(server, monkeypatch, says_length, by):
    server.says_length = says_length
    size = len(OLD) - by
    if by < 0 and not says_length:
        with pytest.raises(NeurogalleryError, match="ended after"):
            fetch_one(server, monkeypatch, size=size)
        return
    with pytest.raises(CorruptDataError, match=rf"the {size} bytes of a\.bin.*discarded"):
        fetch_one(server, monkeypatch, size=size)
    assert left() == []


def test_a_broken_connection_is_tried_again_while_it_gets_on(server, monkeypatch):
    monkeypatch.setattr(fetch, "PAUSES_S", (0.0, 0.0))
    server.etags["a.bin"], server.stop_after = '"one"', 60_000
    assert fetch_one(server, monkeypatch) == OLD
    assert [request[1] for request in server.requests] == [None, "bytes=60000-", "bytes=120000-"]


@pytest.mark.parametrize(("busy", "is_brought"), [(2, True), (3, False)])
def test_a_busy_server_is_tried_again(server, monkeypatch, busy, is_brought):
    monkeypatch.setattr(fetch, "PAUSES_S", (0.0, 0.0))
    server.busy = busy
    if is_brought:
        assert fetch_one(server, monkeypatch) == OLD
        return
    with pytest.raises(NeurogalleryError, match=r"failed \(the server answers 503.*goes on"):
        fetch_one(server, monkeypatch)


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x", "/files/round"]
)
def test_redirects_lead_nowhere_else_and_end(server, monkeypatch, target):
    server.redirects = {"/files/a.bin": target, "/files/round": "/files/round?again"}
    with pytest.raises(InputError, match=r"a\.bin leads to .*redirects.*--from") as caught:
        fetch_one(server, monkeypatch)
    assert "\n" not in str(caught.value)
    assert len(server.requests) <= web.MOST_REDIRECTS + 2


def test_a_redirect_is_followed_and_keeps_the_range(server, monkeypatch):
    server.redirects["/files/a.bin"] = f"{server.address}/elsewhere/a.bin"
    server.etags["a.bin"] = '"one"'
    interrupt(server, monkeypatch)
    assert fetch_one(server, monkeypatch) == OLD
    assert server.requests[-1] == ("/elsewhere/a.bin", "bytes=100000-", '"one"')


@pytest.mark.parametrize(
    ("before", "after", "is_followed"),
    [
        ("https://a/x", "http://b/x", False),
        ("https://a/x", "https://b/x", True),
        ("http://a/x", "https://b/x", True),
        ("http://a/x", "http://b/x", True),
    ],
)
def test_no_redirect_leads_from_https_down(before, after, is_followed):
    arguments = web.HttpRequest(before), None, 302, "", {}, after
    if is_followed:
        assert web._Redirects().redirect_request(*arguments).full_url == after
        return
    with pytest.raises(web.HTTPError) as caught:
        web._Redirects().redirect_request(*arguments)
    assert caught.value.url == after


def test_a_check_for_browsers_is_no_file(server, monkeypatch):
    server.status, server.files["a.bin"] = 202, b""
    with pytest.raises(NotFoundError, match=r"answers 202 instead.*browser.*--from"):
        fetch_one(server, monkeypatch)
    assert left() == []


class _FullDisk(FileIO):
    """A disk on which 100,000 bytes have room."""

    def write(self, content):
        room = 100_000 - self.tell()
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(bytes(content)[:room])


def test_a_disk_that_fills_is_said_and_the_part_stays_valid(server, monkeypatch):
    server.etags["a.bin"] = '"one"'

    def opened(path, mode):
        from io import BufferedWriter

        return BufferedWriter(_FullDisk(path, mode)) if mode != "rb" else open(path, mode)

    with monkeypatch.context() as patched:
        patched.setattr(transfer, "open", opened, raising=False)
        with pytest.raises(NeurogalleryError, match=r"No space left.*Free space") as caught:
            fetch_one(server, patched)
    assert "\n" not in str(caught.value)
    part = (paths.data_root() / "tiny" / "a.bin.part").read_bytes()
    assert 0 < len(part) <= 100_000
    assert part == OLD[: len(part)]
    server.requests.clear()
    assert fetch_one(server, monkeypatch) == OLD
    assert server.requests[0][1] == f"bytes={len(part)}-"


def test_space_is_checked_before_anything_is_asked(server, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10**6}))
    with pytest.raises(NeurogalleryError, match=r"1\.0 MB are free.*Expected 150\.0 kB for tiny"):
        fetch_one(server, monkeypatch)
    assert server.requests == []


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/x", "a//b", "", ".lock", "a/.x", "a\\b", "C:x", "a\nb"]
)
def test_published_paths_stay_in_the_folder(path):
    with pytest.raises(CorruptDataError, match=r"leads outside|hidden"):
        RemoteFile("http://127.0.0.1/", "", 1, path=path)
