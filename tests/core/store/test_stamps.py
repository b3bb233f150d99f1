"""Files are told by size, time and inode: whatever changes one is noticed, and nothing is kept."""

import os
import socket
from pathlib import Path

import numpy as np
import pytest

from core import store
from core.errors import CorruptDataError, InputError, NeurogalleryError
from core.store import stamps
from core.validation import check_regular, load_npy

KEY = store.key("rdm", "0" * 32, {})
TIME = 10**18


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine" / "responses" / "s1.npy"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"before")
    os.utime(path, ns=(TIME, TIME))
    return path


def noted(file):
    with stamps.noting(file.parent.parent) as files:
        stamps.enter(file)
    return files


def _overwrite(file, content=b"behind", time=TIME):
    file.write_bytes(content)
    os.utime(file, ns=(time, time))


def _replace(file):
    """Another file of the same size and time, as `cp -p` or an archive puts there."""
    _overwrite(file.with_name("other"))
    file.with_name("other").replace(file)


CHANGES = {
    "longer": lambda file: _overwrite(file, b"longer than before"),
    "older and shorter": lambda file: _overwrite(file, b"old", TIME - 10),
    "one nanosecond": lambda file: _overwrite(file, time=TIME + 1),
    "replaced": _replace,
    "removed": Path.unlink,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_noticed(file, change):
    files = noted(file)
    assert stamps.changed(files, with_folders=True) == ""
    CHANGES[change](file)
    assert stamps.changed(files) == str(file)
    assert stamps.differing(files, noted(file)) == "responses/s1.npy"


def test_what_is_added_changes_its_folder_and_no_file(file):
    files = noted(file)
    (file.parent / "s2.npy").touch()
    assert stamps.changed(files) == ""
    assert stamps.changed(files, with_folders=True) == str(file.parent)


def test_a_file_is_noted_as_it_was_read_first(file):
    with stamps.noting() as files:
        stamps.enter(file)
        _overwrite(file, b"meanwhile")
        stamps.note(file)
        assert stamps.changed(files) == str(file)


def test_nothing_is_stored_once_a_file_has_changed(file):
    with stamps.noting(), stamps.noting(file.parent):
        stamps.enter(file)
        store.save(KEY, {"rdm": np.zeros(3)}, {})
        store.remove(KEY)
        _overwrite(file, b"meanwhile")
        with pytest.raises(NeurogalleryError, match=r"^responses/s1\.npy has changed since it was"):
            store.save(KEY, {"rdm": np.ones(3)}, {})
    assert store.load(KEY) is None
    store.save(KEY, {"rdm": np.ones(3)}, {})  # what was read is over


def _pipe(path):
    os.mkfifo(path)


def _socket(path):
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.fspath(path))


SPECIAL = {
    "a pipe": _pipe,
    "a folder": Path.mkdir,
    "a socket": _socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_refused_by_name_and_not_waited_for(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    path = Path("x", "y.npy")
    path.parent.mkdir()
    SPECIAL[kind](path)
    for read in (stamps.enter, check_regular, load_npy):
        with pytest.raises(InputError, match=rf"^x/y\.npy is {kind}. Expected a file"):
            read(path)
    with pytest.raises(CorruptDataError, match=r"^y\.npy cannot be read"):
        store.read_json(path)
