"""Arrays of a folder: read or copied when it is opened, so that no file can end the process."""

import subprocess
import sys

import numpy as np
import pytest

from core import datasets, paths, store
from core.datasets.own import arrays
from core.datasets.own.arrays import open_array
from core.errors import CorruptDataError, NeurogalleryError
from core.validation import StoredRows

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(40, 7)).astype(">f4")
# What a page does: it has the recording open, a file becomes shorter, it goes on.
SHORTER = """
import sys
import numpy as np
from core import datasets
from core.datasets.own import arrays
arrays.IN_MEMORY = int(sys.argv[1])
ds = datasets.load("folder:mine")
responses, embeddings = np.array(ds.responses()), np.array(ds.embeddings["e"])
for name in ("responses/s.npy", "embeddings/e.npy"):
    with open(ds.info.where / name, "r+b") as file:
        file.truncate(4096)
np.testing.assert_array_equal(ds.responses(), responses)
np.testing.assert_array_equal(ds.embeddings["e"], embeddings)
"""


@pytest.fixture
def folder():
    folder = paths.data_root() / "mine"
    for below in ("responses", "embeddings"):
        (folder / below).mkdir(parents=True)
    (folder / "stimuli.csv").write_text("id\n" + "".join(f"p{i}\n" for i in range(40)))
    for name in ("responses/s.npy", "embeddings/e.npy"):
        np.save(folder / name, RNG.normal(size=(40, 2000)).astype(np.float32))
    return folder


@pytest.mark.parametrize("in_memory", [2**25, 0])
def test_a_file_that_becomes_shorter_does_not_end_the_process(folder, in_memory):
    command = [sys.executable, "-c", SHORTER, str(in_memory)]
    ended = subprocess.run(command, cwd=paths.PROJECT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]
    with pytest.raises(CorruptDataError, match=r"^s\.npy could not be read as a \.npy file"):
        datasets.load("folder:mine")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("in_memory", [2**25, 0])
def test_an_array_is_as_it_was_saved(order, in_memory, tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "IN_MEMORY", in_memory)
    path = tmp_path / "a.npy"
    np.save(path, np.asarray(ROWS, order=order))
    for _ in range(2):
        array = open_array(path, "a")
        np.testing.assert_array_equal(array, ROWS)
        assert array.dtype == ROWS.dtype
        assert array.flags.f_contiguous == (order == "F")
    assert len(store.entries()) == (in_memory == 0)  # the copy serves again


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("rows", [slice(0, 40), slice(3, 9), slice(None, None, 7), slice(9, 3)])
def test_stored_rows_are_those_of_the_array(order, rows, tmp_path):
    np.save(tmp_path / "a.npy", np.asarray(ROWS, order=order))
    stored = StoredRows(tmp_path / "a.npy")
    np.testing.assert_array_equal(stored[rows], ROWS[rows])
    assert (stored.shape, stored.dtype, len(stored)) == (ROWS.shape, ROWS.dtype, 40)


@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_beyond_the_end_of_a_file_that_became_shorter(order, tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.asarray(ROWS, order=order))
    stored = StoredRows(path)
    with open(path, "r+b") as file:
        file.truncate(500)
    with pytest.raises(CorruptDataError, match=r"^a\.npy has become shorter while it was read"):
        stored[20:40]


def test_no_copy_is_kept_of_a_file_that_changes_while_it_is_copied(folder, monkeypatch):
    monkeypatch.setattr(arrays, "IN_MEMORY", 0)
    blocks, path = arrays._blocks, folder / "responses" / "s.npy"

    def and_meanwhile(*of):
        yield from blocks(*of)
        with open(path, "r+b") as file:
            file.seek(1000)
            file.write(b"new")

    monkeypatch.setattr(arrays, "_blocks", and_meanwhile)
    with pytest.raises(NeurogalleryError, match=r"^responses/s\.npy has changed since it was read"):
        datasets.load("folder:mine")
    assert not store.entries()


@pytest.mark.parametrize("size", [20, 100, 500])
@pytest.mark.parametrize("in_memory", [2**25, 0])
def test_a_file_that_is_cut_is_said_in_own_words(size, in_memory, tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "IN_MEMORY", in_memory)
    np.save(tmp_path / "a.npy", ROWS)
    with open(tmp_path / "a.npy", "r+b") as file:
        file.truncate(size)
    with pytest.raises(CorruptDataError, match=r"^a\.npy .*\(it ends before its array does\)"):
        open_array(tmp_path / "a.npy", "a")
