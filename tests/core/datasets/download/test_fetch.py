"""Downloads from a small server on this machine: whole, resumed, wrong, missing."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core import datasets, paths
from core.datasets.catalogue import DATASETS, Recording
from core.datasets.dataset import DatasetInfo
from core.datasets.download import fetch as fetching
from core.datasets.download.job import FetchRequest, run
from core.datasets.download.remote import RemoteFile
from core.errors import Cancelled, CorruptDataError, InputError, NeurogalleryError, NotFoundError

CONTENT = {"one.bin": bytes(range(256)) * 1200, "two.bin": b"two" * 1000}


class _Server(ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = dict(CONTENT)
        self.ranges = True
        self.stop_after = None
        self.asked = []
        self.address = f"http://127.0.0.1:{self.server_port}/folder"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, name = self.server, self.path.rsplit("/", 1)[-1]
        asked = self.headers.get("Range")
        server.asked.append((name, asked))
        if name not in server.files:
            self.send_error(404)
            return
        content = server.files[name]
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        start = start if server.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : server.stop_after])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with _Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def recording(monkeypatch):
    files = tuple(
        RemoteFile(f"http://127.0.0.1:9/{name}", hashlib.sha256(content).hexdigest(), len(content))
        for name, content in CONTENT.items()
    )
    entry = Recording(DatasetInfo("tiny", "Tiny", fetchable=True), load=None, files=files)
    monkeypatch.setitem(DATASETS._entries, "tiny", entry)


def _stored():
    return {path.name: path.read_bytes() for path in (paths.data_root() / "tiny").glob("*.*in")}


def test_whole_download_reports_bytes_and_is_not_repeated(server):
    seen = []
    folder = fetching.fetch(
        "tiny", progress=lambda *step: seen.append(step), base_url=server.address
    )
    assert folder == paths.data_root() / "tiny"
    assert _stored() == CONTENT
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert "MB" in seen[0][1]
    assert not list(folder.glob("*.part"))
    asked = list(server.asked)
    fetching.fetch("tiny", base_url=server.address + "/")
    assert server.asked == asked
    where = {info.name: info.where for info in datasets.available()}["tiny"]
    assert where == folder


@pytest.mark.parametrize("ranges", [True, False])
def test_interrupted_download_resumes(server, ranges):
    server.stop_after = 100_000
    with pytest.raises(NeurogalleryError, match="goes on where it stopped"):
        fetching.fetch("tiny", base_url=server.address)
    part = paths.data_root() / "tiny" / "one.bin.part"
    assert part.stat().st_size == 100_000
    server.stop_after, server.ranges = None, ranges
    fetching.fetch("tiny", base_url=server.address)
    assert _stored() == CONTENT
    assert server.asked[1] == ("one.bin", "bytes=100000-")


def test_cancelled_download_leaves_its_part(server):
    def cancel(fraction, message):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetching.fetch("tiny", progress=cancel, base_url=server.address)
    part = paths.data_root() / "tiny" / "one.bin.part"
    assert 0 < part.stat().st_size < len(CONTENT["one.bin"])
    fetching.fetch("tiny", base_url=server.address)
    assert server.asked[1][1] is not None
    assert _stored() == CONTENT


def test_wrong_checksum_is_refused_and_discarded(server):
    server.files["two.bin"] = b"xwo" * 1000
    with pytest.raises(CorruptDataError, match=r"two\.bin .*checksum"):
        fetching.fetch("tiny", base_url=server.address)
    assert list(_stored()) == ["one.bin"]
    assert not list((paths.data_root() / "tiny").glob("*.part"))


def test_too_long_answer_stops(server):
    server.files["two.bin"] = b"two" * 100_000
    with pytest.raises(CorruptDataError, match="more than the 3000 bytes"):
        fetching.fetch("tiny", base_url=server.address)
    assert "two.bin" not in _stored()


def test_damaged_file_is_fetched_again(server):
    folder = fetching.fetch("tiny", base_url=server.address)
    (folder / "two.bin").write_bytes(b"two" * 999 + b"xxx")
    fetching.fetch("tiny", base_url=server.address)
    assert _stored() == CONTENT


def test_missing_file_and_no_server(server):
    del server.files["one.bin"]
    with pytest.raises(NotFoundError, match=r"404.*one\.bin"):
        fetching.fetch("tiny", base_url=server.address)
    server.server_close()
    with pytest.raises(NeurogalleryError, match="Check the connection"):
        fetching.fetch("tiny", base_url="http://127.0.0.1:9")


def test_copy_from_a_folder_and_as_a_job(tmp_path):
    source = tmp_path / "disk"
    source.mkdir()
    with pytest.raises(NotFoundError, match=r"one\.bin"):
        fetching.fetch("tiny", source)
    for name, content in CONTENT.items():
        (source / name).write_bytes(content)
    request = FetchRequest("tiny", str(source))
    result = run(request, lambda fraction, message: None, tmp_path)
    assert result == {"where": str(paths.data_root() / "tiny")}
    assert _stored() == CONTENT


def test_names_and_addresses_are_checked():
    with pytest.raises(NotFoundError, match="simulated"):
        fetching.fetch("../tiny")
    with pytest.raises(InputError, match="no files to fetch"):
        fetching.fetch("simulated")
    with pytest.raises(InputError, match="http"):
        fetching.fetch("tiny", base_url="file:///etc")
    known = DATASETS["kriegeskorte92"].files
    assert [file.address.startswith("https://") for file in known] == [True] * 4


def test_what_comes_whole_has_no_subjects_or_parts(server):
    with pytest.raises(InputError, match="tiny comes whole"):
        fetching.fetch("tiny", subjects=["a"])
    with pytest.raises(InputError, match="tiny has no part 'betas'"):
        fetching.fetch("tiny", parts=["betas"])
    assert server.asked == []
