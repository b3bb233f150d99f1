"""HDF5 files are read whole or refused in one line, and nothing leads out of them."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings

from core.datasets.releases.hdf5 import (
    dataset,
    names_in,
    open_hdf5,
    read_text,
    read_whole,
    subgroup,
)
from core.errors import CorruptDataError, InputError, NotFoundError
from tests.core.datasets.releases.damage import check_only_own_errors, overwritten

VALUES = np.random.default_rng(0).normal(size=(60, 7))


@pytest.fixture
def path(tmp_path):
    """One file with every kind of thing that a path can lead to."""
    os.mkfifo(tmp_path / "pipe")  # whoever opens it waits for ever
    (tmp_path / "secret").write_bytes(bytes(80))
    path = tmp_path / "release.h5"
    with h5py.File(path, "w") as file:
        file["values"] = VALUES
        file.create_dataset("group/packed", data=VALUES, compression="gzip", chunks=(8, 7))
        file["texts"] = ["V1", "größer"]
        file["bytes"] = np.array([b"ROI_V1", b"Run"])
        file["latin"] = np.array([b"gr\xf6\xdfer"])
        file["soft"] = h5py.SoftLink("/group/packed")
        file["way"] = h5py.SoftLink("group")
        file["there"], file["back"] = h5py.SoftLink("/back"), h5py.SoftLink("/there")
        file["dangling"] = h5py.SoftLink("/nowhere")
        file["external"] = h5py.ExternalLink(str(tmp_path / "pipe"), "/values")
        file["through"] = h5py.SoftLink("/external/values")
        file["reference"] = file["values"].ref
        layout = h5py.VirtualLayout((80,), "u1")
        layout[:] = h5py.VirtualSource(str(tmp_path / "secret"), "x", (80,))
        file.create_virtual_dataset("virtual", layout)
        secret = [(str(tmp_path / "secret"), 0, 80)]
        file.create_dataset("raw", (10,), "f8", external=secret)
        file.create_dataset("claimed", (10**7, 10**7), "f8", chunks=(100, 100))
        file.create_dataset("claimed texts", (10**13,), h5py.string_dtype(), chunks=(100,))
        file.create_dataset("lists", (2,), h5py.vlen_dtype("u1"))[0] = np.arange(3, dtype="u1")
    return path


@pytest.mark.parametrize("name", ["values", "group/packed", "soft", "way/packed", "/soft"])
def test_numbers_are_those_of_h5py(path, name):
    with open_hdf5(path) as file:
        np.testing.assert_array_equal(read_whole(dataset(file, name)), VALUES)
        np.testing.assert_array_equal(dataset(file, name)[3:5, 2:], VALUES[3:5, 2:])


def test_the_first_name_that_is_there_is_taken(path):
    with open_hdf5(path) as file:
        assert dataset(file, "dataSet", "dangling", "values", "texts").name == "/values"
        assert dataset(subgroup(file, "Group", "group"), "packed").shape == VALUES.shape


def test_texts_of_either_length_are_text(path):
    with open_hdf5(path) as file:
        assert read_text(dataset(file, "texts")) == ["V1", "größer"]
        assert read_text(dataset(file, "bytes")) == ["ROI_V1", "Run"]
        np.testing.assert_array_equal(dataset(file, "lists")[0], [0, 1, 2])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("external", "the link 'external' leads out of the file"),
        ("external/values", "the link 'external' leads out of the file"),
        ("through", "the link 'external' leads out of the file"),
        ("there", "one of a ring"),
        ("virtual", "its values lie in others"),
        ("raw", "lie outside"),
        ("reference", "references or objects"),
        ("group", "is a group"),
        ("dangling", "has no dangling; / holds"),
        ("values/x", "has no values/x"),
        ("val\0ues", "has no"),
    ],
)
def test_what_leads_elsewhere_is_refused(path, name, said):
    with open_hdf5(path) as file, pytest.raises(CorruptDataError, match=said):
        dataset(file, name)


@pytest.mark.parametrize(("name", "read"), [("claimed", read_whole), ("claimed texts", read_text)])
def test_a_claim_of_terabytes_is_no_allocation(path, name, read):
    with open_hdf5(path) as file, pytest.raises(InputError, match="GiB are free"):
        read(dataset(file, name))


@pytest.mark.parametrize(("name", "said"), [("latin", "not UTF-8"), ("values", "float64")])
def test_what_is_no_text_is_refused(path, name, said):
    with open_hdf5(path) as file, pytest.raises(CorruptDataError, match=said):
        read_text(dataset(file, name))


@pytest.mark.parametrize("content", [b"", b"hello " * 99, b"\x89HDF\r\n\x1a\n", None])
def test_a_file_that_is_none_is_refused(path, content):
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half if content is None else content)
    with pytest.raises(CorruptDataError, match=r"release\.h5 could not be read"), open_hdf5(path):
        pass


def test_no_file_and_a_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("none.h5", "pipe", "."):
        with pytest.raises(NotFoundError), open_hdf5(tmp_path / name):
            pass


def test_errors_of_the_caller_stay_as_they_are(path):
    for error in (OSError(28, "No space left on device"), KeyError("x"), ValueError("x")):
        with pytest.raises(type(error)) as caught, open_hdf5(path):
            raise error
        assert caught.value is error


def _whole() -> bytes:
    """A file without texts of variable length: HDF5 2.0.0 can loop in C where theirs is damaged."""
    with h5py.File.in_memory() as file:
        file["values"], file["texts"] = VALUES, np.array([b"V1", b"V2"])
        file.create_dataset("group/packed", data=VALUES, compression="gzip", chunks=(8, 7))
        file.flush()
        return file.id.get_file_image()


def _read(path: Path) -> None:
    with open_hdf5(path) as file:
        read_whole(dataset(file, "values"))
        read_text(dataset(file, "texts"))
        read_whole(dataset(file, "group/packed"))


@settings(max_examples=30, deadline=5000, derandomize=True)
@given(content=overwritten(_whole()))
def test_overwritten_bytes_raise_only_the_project_s_errors(content):
    check_only_own_errors(_read, content, ".h5")


def test_a_heap_of_texts_that_ends_too_early_is_refused(path):
    whole = bytearray(path.read_bytes())
    place = whole.index(b"GCOL") + 16
    whole[place + 8 : place + 16] = (2**20).to_bytes(8, "little")
    path.write_bytes(whole)
    with open_hdf5(path) as file, pytest.raises(CorruptDataError, match="its texts are damaged"):
        read_text(dataset(file, "texts"))


def test_a_name_that_is_no_text_is_passed_over(tmp_path):
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        file["good"] = [1.0]
        file["wrongname"] = [2.0]
    path.write_bytes(path.read_bytes().replace(b"wrongname", b"wrong\xffame"))
    with open_hdf5(path) as file:
        assert names_in(file) == ["good"]
        with pytest.raises(CorruptDataError, match="has no other; / holds good"):
            dataset(file, "other")
