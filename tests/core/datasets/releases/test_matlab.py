"""MATLAB files of every version hold the same values; what runs or hides code is refused."""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings

from core.datasets.releases.matlab import item, read_mat, row
from core.errors import CorruptDataError, InputError, NotFoundError
from tests.core.datasets.releases.damage import check_only_own_errors, overwritten

MATRIX = np.random.default_rng(0).normal(size=(3, 5))
MASK = np.array([[True, False, True, True]])
KEYS = ["ROI_V1", "größer", ""]
# The files of MATLAB itself that scipy's wheel brings.
SCIPY = Path(scipy.io.__file__).parent / "matlab" / "tests" / "data"
needs_scipy_files = pytest.mark.skipif(not SCIPY.is_dir(), reason="scipy came without its tests")


def cell(values):
    cells = np.empty((1, len(values)), dtype=object)
    cells[0] = values
    return cells


def save_v5(path, compressed=True):
    records = np.zeros((1, 2), dtype=[("name", object), ("size", object)])
    records[0, 0], records[0, 1] = ("cat", 1.0), ("dog", 2.0)
    variables = {
        "matrix": MATRIX,
        "cube": np.arange(24, dtype=np.int16).reshape(2, 3, 4),
        "mask": MASK,
        "text": "größer",
        "rows": np.array(["one  ", "three"]),
        "keys": cell(KEYS),
        "empty": np.zeros((0, 3)),
        "struct": {"inner": {"count": 3.0}, "keys": cell(KEYS)},
        "records": records,
        "nested": cell([1.0, cell([2.0, "x"])]),
        "numbers": np.array([[1, 2, 65_535]], dtype=np.uint16),
    }
    scipy.io.savemat(path, variables, do_compression=compressed)
    return path


class Writer:
    """Writes variables as MATLAB's v7.3 does: axes reversed, cells as references."""

    def __init__(self, file):
        self.file, self.count = file, 0

    def put(self, group, name, value):
        if isinstance(value, dict):
            held = group.create_group(name)
            held.attrs["MATLAB_class"] = np.bytes_("struct")
            for field, inner in value.items():
                self.put(held, field, inner)
            return
        kind = {float: "double", str: "char", list: "cell"}.get(type(value))
        if kind == "cell":
            content = self.references(value)
        elif kind == "char":
            content = np.frombuffer(value.encode("utf-16-le"), "<u2").reshape(-1, 1)
        else:
            content = np.atleast_2d(value).T
            names = {"bool": "logical", "float64": "double", "float32": "single"}
            kind = names.get(str(content.dtype), str(content.dtype))
        if content.size == 0:
            empty = (0, 0) if isinstance(value, (str, list)) else value.shape
            held = group.create_dataset(name, data=np.array(empty, dtype=np.uint64))
            held.attrs["MATLAB_empty"] = np.uint8(1)
        else:
            stored = content.astype("u1") if content.dtype == bool else content
            held = group.create_dataset(name, data=stored)
        held.attrs["MATLAB_class"] = np.bytes_(kind)

    def references(self, values):
        references = np.empty((len(values), 1), dtype=h5py.ref_dtype)
        for place, value in enumerate(values):
            self.count += 1
            name = f"r{self.count}"
            self.put(self.file.require_group("#refs#"), name, value)
            references[place, 0] = self.file[f"#refs#/{name}"].ref
        return references


def save_v73(path):
    with h5py.File(path, "w", userblock_size=512) as file:
        writer = Writer(file)
        writer.put(file, "matrix", MATRIX)
        writer.put(file, "cube", np.arange(24, dtype=np.int16).reshape(2, 3, 4))
        writer.put(file, "mask", MASK)
        writer.put(file, "text", "größer")
        rows = file.create_dataset("rows", data=np.array([[*b"one  "], [*b"three"]], "u2").T)
        rows.attrs["MATLAB_class"] = np.bytes_("char")
        writer.put(file, "keys", KEYS)
        writer.put(file, "empty", np.zeros((0, 3)))
        writer.put(file, "struct", {"inner": {"count": 3.0}, "keys": KEYS})
        records = file.create_group("records")
        records["name"] = writer.references(["cat", "dog"])
        records["size"] = writer.references([1.0, 2.0])
        records.attrs["MATLAB_class"] = np.bytes_("struct")
        writer.put(file, "nested", [1.0, [2.0, "x"]])
        writer.put(file, "numbers", np.array([[1, 2, 65_535]], dtype=np.uint16))
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM")
    return path


@pytest.mark.parametrize("save", [save_v5, lambda path: save_v5(path, False), save_v73])
def test_each_version_gives_the_same_values(tmp_path, save):
    read = read_mat(save(tmp_path / "file.mat"))
    np.testing.assert_array_equal(read["matrix"], MATRIX)
    np.testing.assert_array_equal(read["cube"], np.arange(24).reshape(2, 3, 4))
    np.testing.assert_array_equal(read["mask"], MASK)
    assert [read[name].dtype for name in ("matrix", "cube", "mask")] == ["f8", "i2", "?"]
    assert (read["text"], read["rows"], read["keys"]) == ("größer", ["one  ", "three"], KEYS)
    assert read["empty"].shape == (0, 3)
    assert read["empty"].dtype == "f8"
    assert (item(read["struct"]["inner"]["count"]), read["struct"]["keys"]) == (3.0, KEYS)
    assert [(record["name"], item(record["size"])) for record in read["records"]] == [
        ("cat", 1.0),
        ("dog", 2.0),
    ]
    assert item(read["nested"][0]) == 1.0
    assert (item(read["nested"][1][0]), read["nested"][1][1]) == (2.0, "x")
    assert row(read["numbers"]).tolist() == [1, 2, 65_535]
    assert len(read) == 11


@pytest.mark.parametrize("compressed", [True, False])
def test_numbers_are_those_of_scipy(tmp_path, compressed):
    """Integers stored for doubles, either class of real numbers, any number of axes."""
    rng = np.random.default_rng(0)
    variables = {
        "double": rng.normal(size=(7, 11)),
        "whole": np.arange(300.0).reshape(3, 100),
        "single": rng.normal(size=(4, 3, 2)).astype(np.float32),
        "number": 3.5,
        "big": np.array([[2**60]], dtype=np.int64),
        "words": "text",
        "flags": MASK,
    }
    path = tmp_path / "file.mat"
    scipy.io.savemat(path, variables, do_compression=compressed)
    known, read = scipy.io.loadmat(path, mat_dtype=True), read_mat(path)
    assert read.pop("words") == "text"
    for name, array in read.items():
        np.testing.assert_array_equal(array, known[name], strict=True)
    assert len(read) == 6


def test_a_packed_array_that_is_shorter_than_its_shape_is_refused(tmp_path):
    path = tmp_path / "file.mat"
    scipy.io.savemat(path, {"matrix": MATRIX})
    plain = bytearray(path.read_bytes())
    place = plain.index(np.array([3, 5], dtype="<i4").tobytes(), 128)
    plain[place : place + 4] = (2).to_bytes(4, "little")
    packed = zlib.compress(bytes(plain[128:]))
    tag = (15).to_bytes(4, "little") + len(packed).to_bytes(4, "little")
    path.write_bytes(bytes(plain[:128]) + tag + packed)
    with pytest.raises(CorruptDataError, match="as its shape"):
        read_mat(path)


@pytest.mark.parametrize("save", [save_v5, save_v73])
def test_only_the_names_that_are_wanted_are_read(tmp_path, save):
    path = save(tmp_path / "file.mat")
    assert sorted(read_mat(path, ["text", "matrix", "dataSet"])) == ["matrix", "text"]
    assert read_mat(path, ["dataSet"]) == {}


@needs_scipy_files
@pytest.mark.parametrize(
    ("name", "variable", "said"),
    [
        ("testobject_7.4_GLNX86", "testobject", "of the class object"),
        ("testfunc_7.4_GLNX86", "testfunc", "of the class function"),
        ("parabola", "parabola", "of the class function"),
        ("testsparse_7.4_GLNX86", "testsparse", "of the class sparse"),
        ("testcomplex_7.4_GLNX86", "testcomplex", "of the class complex"),
        ("corrupted_zlib_data", None, "could not be read"),
        ("corrupted_zlib_checksum", None, "could not be read"),
    ],
)
def test_files_of_matlab_that_hold_other_things_are_refused(name, variable, said):
    with pytest.raises(CorruptDataError, match=said):
        read_mat(SCIPY / f"{name}.mat", variable and [variable])


@needs_scipy_files
def test_files_of_matlab_itself_are_read():
    for version in ("testdouble_4.2c_SOL2", "testdouble_7.4_GLNX86", "testhdf5_7.4_GLNX86"):
        values = read_mat(SCIPY / f"{version}.mat")["testdouble"]
        np.testing.assert_allclose(values, np.arange(9)[None] * np.pi / 4)
    assert sorted(read_mat(SCIPY / "some_functions.mat", "abc")) == ["a", "b", "c"]


@pytest.mark.parametrize("length", [255, 2**20])
def test_a_tag_of_more_than_the_file_holds_never_reaches_scipy(tmp_path, length):
    before = b"\x10\0\0\0\6\0\0\0ROI_V1"
    content = _small_v5(False)
    assert before in content
    longer = before[:4] + length.to_bytes(4, "little") + before[8:]
    (tmp_path / "file.mat").write_bytes(content.replace(before, longer))
    with pytest.raises(CorruptDataError, match=f"{length} bytes from .* are not there"):
        read_mat(tmp_path / "file.mat", ["keys"])
    np.testing.assert_array_equal(read_mat(tmp_path / "file.mat", ["mask"])["mask"], MASK)


def _with(path, change):
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def _ring(file):
    cells = file.create_dataset("bad", (1, 1), h5py.ref_dtype)
    cells[0, 0] = cells.ref
    cells.attrs["MATLAB_class"] = np.bytes_("cell")


def _fan(file):
    reference = file["matrix"].ref
    for level in range(8):
        cells = file.create_dataset(f"#refs#/fan{level}", (100, 1), h5py.ref_dtype)
        cells[:, 0] = [reference] * 100
        cells.attrs["MATLAB_class"] = np.bytes_("cell")
        reference = cells.ref
    file["bad"] = cells


def _of_class(kind):
    def change(file):
        held = file.create_dataset("bad", data=np.zeros((2, 2)))
        held.attrs["MATLAB_class"] = np.bytes_(kind)
        held.attrs["MATLAB_object_decode"] = np.int32(3)

    return change


def _complex(file):
    file["bad"] = np.ones((2, 2), dtype=complex)


def _null(file):
    file.create_dataset("bad", (2, 1), h5py.ref_dtype)


def _external(file):
    file["bad"] = h5py.ExternalLink("other.h5", "/x")


def _not_empty(file):
    file.create_dataset("bad", data=np.array([3, 4], "u8")).attrs["MATLAB_empty"] = 1
    file["bad"].attrs["MATLAB_class"] = np.bytes_("double")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_ring, "more than 20 levels"),
        (_of_class("string"), "bad is of the class string"),
        (_of_class("function_handle"), "bad is of the class function_handle"),
        (_complex, "bad is of the class complex"),
        (_null, "of the class nothing"),
        (_external, "leads out of the file"),
        (_not_empty, "bad is empty, of"),
    ],
)
def test_what_of_v73_is_no_data_is_refused(tmp_path, change, said):
    path = _with(save_v73(tmp_path / "file.mat"), change)
    with pytest.raises(CorruptDataError, match=said):
        read_mat(path)
    assert read_mat(path, ["text"]) == {"text": "größer"}


def test_cells_that_fan_out_end(tmp_path, monkeypatch):
    monkeypatch.setattr("core.datasets.releases.matlab.version73.MOST_CELLS", 250)
    path = _with(save_v73(tmp_path / "file.mat"), _fan)
    with pytest.raises(CorruptDataError, match="250 cells"):
        read_mat(path, ["bad"])


def test_a_claim_of_terabytes_is_no_allocation(tmp_path):
    header = np.array([0, 2**20, 2**20, 0, 2], dtype="<i4").tobytes()  # v4: rows, columns
    (tmp_path / "file.mat").write_bytes(header + b"x\0" + bytes(800))
    with pytest.raises(InputError, match="GiB are free"):
        read_mat(tmp_path / "file.mat")


@pytest.mark.parametrize("content", [b"", b"hello " * 99, b"\x89HDF\r\n\x1a\n" * 20])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "file.mat").write_bytes(content)
    with pytest.raises(CorruptDataError, match="could not be read"):
        read_mat(tmp_path / "file.mat")


def test_no_file_and_a_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("none.mat", "pipe"):
        with pytest.raises(NotFoundError):
            read_mat(tmp_path / name)


def test_rows_and_items_are_what_they_say():
    assert row(np.arange(3)[:, None]).tolist() == row(np.arange(3)[None]).tolist() == [0, 1, 2]
    assert row(np.zeros((0, 0))).size == 0
    assert row(np.array(3.0)).shape == (1,)
    with pytest.raises(CorruptDataError, match=r"\(2, 3\)"):
        row(np.zeros((2, 3)))
    assert (item(np.array([[7]])), item(["x"]), item("text"), item({})) == (7, "x", "text", {})
    for several in (np.zeros((1, 2)), np.zeros((0, 0)), [], ["a", "b"]):
        with pytest.raises(CorruptDataError, match="a single value"):
            item(several)


def _small_v5(compressed):
    file = io.BytesIO()
    variables = {"matrix": MATRIX, "keys": cell(KEYS), "struct": {"a": 1.0}, "mask": MASK}
    scipy.io.savemat(file, variables, do_compression=compressed)
    return file.getvalue()


@settings(max_examples=40, deadline=5000, derandomize=True)
@given(content=overwritten(_small_v5(False)) | overwritten(_small_v5(True)))
def test_overwritten_bytes_raise_only_the_project_s_errors(content):
    check_only_own_errors(read_mat, content, ".mat")


def _small_v73():
    with h5py.File.in_memory() as file:
        Writer(file).put(file, "keys", [1.0, "x", [2.0]])
        Writer(file).put(file, "struct", {"a": 1.0, "mask": MASK})
        file.flush()
        return file.id.get_file_image()


@settings(max_examples=30, deadline=5000, derandomize=True)
@given(content=overwritten(_small_v73()))
def test_overwritten_bytes_of_v73_raise_only_the_project_s_errors(content):
    check_only_own_errors(read_mat, content, ".mat")
