"""``fetch`` on the command line: licence and size first, a question, then what is there."""

from __future__ import annotations

import errno
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core import paths
from core.__main__ import main
from core.datasets import DATASETS
from core.datasets.catalogue import Recording
from core.datasets.dataset import DatasetInfo
from core.datasets.download import fetch as fetching
from core.datasets.download.indexes import Bucket
from core.datasets.download.job import FetchRequest, run
from core.datasets.download.remote import RemotePart
from core.datasets.releases.layout import Expected
from core.errors import InputError
from core.progress import silent
from tests.core.datasets.download.server import serving

KEYS = {"betas/sub-01.h5": b"1" * 2000, "betas/sub-02.h5": b"2" * 1000}
STEPS = "Images: fill in the form, then name their folder with --from."


def expected(folder: Path, subject: str | None) -> list[Expected]:
    return [
        Expected(f"betas/{subject or '*'}.h5", "betas"),
        Expected("images/*.jpg", "images", is_needed=False),
    ]


@pytest.fixture
def server(monkeypatch):
    with serving() as running:
        running.bucket = dict(KEYS)
        part = RemotePart("betas", "the betas", Bucket(running.address), "betas/{subject}.h5")
        register(monkeypatch, "large", remote=(part,), fetchable=True)
        yield running


def register(monkeypatch, name, remote=(), fetchable=False):
    info = DatasetInfo(
        name, name.title(), licence="CC0", fetchable=fetchable, how_to_get=STEPS, disk="3 kB"
    )
    entry = Recording(info, load=None, remote=remote, expected=expected)
    monkeypatch.setitem(DATASETS._entries, name, entry)


def answer(monkeypatch, text):
    stream = type("Terminal", (), {"isatty": lambda self: True, "readline": lambda self: text})
    monkeypatch.setattr("sys.stdin", stream())
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)


def downloads(server):
    return [path for path, *_ in server.requests if path.startswith("/betas")]


def test_nothing_is_downloaded_where_nobody_can_be_asked(server, capsys):
    assert main(["fetch", "large"]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert "Licence: CC0" in error
    assert "2 files, 3.0 kB; takes up to 3.0 kB more in" in error
    assert "betas: the betas" in error
    assert error.splitlines()[-1] == (
        "Nothing was downloaded: nobody can be asked here. Expected --yes."
    )
    assert downloads(server) == []


@pytest.mark.parametrize(("text", "status"), [("y\n", 0), ("\n", 2), ("n\n", 2), ("", 2)])
def test_a_person_is_asked(server, monkeypatch, capsys, text, status):
    answer(monkeypatch, text)
    assert main(["fetch", "large"]) == status
    assert "Download under this licence? [y/N]" in capsys.readouterr().err
    assert len(downloads(server)) == (0 if status else 2)


def test_what_is_there_is_said_after_a_download(server, capsys):
    assert main(["fetch", "large", "--yes", "--subject", "sub-02", "--part", "betas"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines() == [
        f"large is in {paths.data_root() / 'large'}",
        "present: 1 files",
        "missing: images/*.jpg (images); it opens without",
        STEPS,
    ]
    assert downloads(server) == ["/betas/sub-02.h5"]
    assert main(["fetch", "large", "--yes", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["present"] == sorted(KEYS)
    assert len(downloads(server)) == 2
    assert main(["fetch", "large"]) == 0  # nothing is left to ask about
    assert content["missing"] == [{"path": "images/*.jpg", "what": "images", "is_needed": False}]
    assert (content["unexpected"], content["is_complete"]) == ([], True)


def test_what_does_not_say_what_it_consists_of_misses_nothing(server, monkeypatch, capsys):
    silent_entry = replace(DATASETS["large"], expected=None)
    monkeypatch.setitem(DATASETS._entries, "large", silent_entry)
    assert main(["fetch", "large", "--yes", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert (content["missing"], content["unexpected"]) == ([], [])


def test_a_full_disk_ends_a_copy_in_one_line(monkeypatch, tmp_path, capsys):
    register(monkeypatch, "formal")
    (tmp_path / "disk" / "betas").mkdir(parents=True)
    (tmp_path / "disk" / "betas" / "sub-01.h5").write_bytes(b"x")

    def fill(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.datasets.download.local.os.replace", fill)
    assert main(["fetch", "formal", "--from", str(tmp_path / "disk")]) == 2
    error = capsys.readouterr().err
    assert "No space left on device" in error
    assert error.count("\n") == 1


def test_what_needs_a_form_says_the_steps_and_what_is_missing(monkeypatch, capsys):
    register(monkeypatch, "formal")
    assert main(["fetch", "formal", "--subject", "sub-01"]) == 1
    out, error = capsys.readouterr()
    assert "formal is not complete in" in out
    assert "missing: betas/sub-01.h5 (betas)\n" in out
    assert out.splitlines()[-1] == STEPS
    assert error == ""
    with pytest.raises(InputError, match=r"without a form.*fill in the form"):
        fetching.plan("formal")


def test_from_copies_what_belongs_and_says_the_rest(monkeypatch, tmp_path, capsys):
    register(monkeypatch, "formal")
    source = tmp_path / "disk"
    for name in ("betas/sub-01.h5", "betas/sub-02.h5", "images/a.jpg", "notes.txt"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(name.encode())
    assert main(["fetch", "formal", "--from", str(source), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    folder = paths.data_root() / "formal"
    assert content["present"] == ["betas/sub-01.h5", "betas/sub-02.h5", "images/a.jpg"]
    assert (folder / "images/a.jpg").read_bytes() == b"images/a.jpg"
    assert not (folder / "notes.txt").exists()
    (folder / "more.txt").write_text("x")
    assert main(["fetch", "formal", "--from", str(source), "--subject", "sub-01"]) == 0
    out = capsys.readouterr().out
    assert "present: 2 files" in out
    assert "unexpected: more.txt" in out
    assert "sub-02" not in out
    assert main(["fetch", "formal"]) == 0
    assert "unexpected: more.txt" in capsys.readouterr().out
    (folder / "betas/sub-01.h5").unlink()
    assert main(["fetch", "formal"]) == 0
    assert main(["fetch", "formal", "--subject", "sub-01"]) == 1


def test_from_another_folder_is_refused_in_one_line(monkeypatch, tmp_path, capsys):
    register(monkeypatch, "formal")
    assert main(["fetch", "formal", "--from", str(tmp_path / "absent")]) == 2
    error = capsys.readouterr().err
    assert "holds no file of formal. Expected files such as betas/*.h5, images/*.jpg" in error
    assert error.count("\n") == 1


def test_the_job_brings_subjects_and_parts(server, tmp_path):
    request = FetchRequest("large", subjects=("sub-01",), parts=("betas",))
    assert request.label == "Download large: sub-01, betas"
    assert FetchRequest.from_json(json.loads(json.dumps(request.to_json()))) == request
    assert FetchRequest("large").to_json() == {"name": "large", "source": None}
    run(request, silent, tmp_path)
    assert downloads(server) == ["/betas/sub-01.h5"]


def test_a_recording_without_files_says_which_have_some(capsys):
    assert main(["fetch", "simulated"]) == 2
    message = capsys.readouterr().err
    assert "simulated has no files to fetch. Choices: bold5000, bravl, god, kriegesk" in message
