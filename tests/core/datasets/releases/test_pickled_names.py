"""A genuine map of names opens; nothing else does, and nothing of it runs."""

from __future__ import annotations

import collections
import io
import os
import pickle
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.releases.pickled_names import MOST_BYTES, read_name_map
from core.errors import CorruptDataError, NotFoundError
from tests.core.datasets.releases.damage import check_only_own_errors, overwritten

TEXTS = st.text("aV1 ü\n\0𝕍", max_size=9)
NAMES = {0: "Unknown", 1: "V1v", 2: "V1d", 300: "größer", 70_000: "x" * 300}


def saved(content) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array(content, dtype=object), allow_pickle=True)
    return file.getvalue()


def with_pickle(pickled: bytes) -> bytes:
    """The header that numpy writes for one object, and any bytes after it."""
    header = saved({})
    return header[: header.index(b"\n") + 1] + pickled


def of_numpy_1(names) -> bytes:
    """As numpy 1.x saves: protocol 3, and its modules by their former name."""
    pickled = pickle.dumps(np.array(names, dtype=object), protocol=3)
    return with_pickle(pickled.replace(b"numpy._core", b"numpy.core"))


def read(tmp_path, content):
    (tmp_path / "map.npy").write_bytes(content)
    return read_name_map(tmp_path / "map.npy")


@pytest.mark.parametrize("save", [saved, of_numpy_1])
@pytest.mark.parametrize("names", [NAMES, {}, {0: "Unknown"}, dict.fromkeys(range(1000), "same")])
def test_a_genuine_map_opens(tmp_path, save, names):
    assert read(tmp_path, save(names)) == names


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_numbers_and_texts_of_numpy_are_plain(tmp_path, protocol):
    names = {np.int64(-3): np.str_("LOC "), np.uint8(200): "V1", np.dtype(">i4").type(5): "ü"}
    pickled = pickle.dumps(np.array(names, dtype=object), protocol=protocol)
    if protocol == 2:  # bytes as a call of _codecs.encode: no release is that old
        with pytest.raises(CorruptDataError, match=r"_codecs\.encode"):
            read(tmp_path, with_pickle(pickled))
        return
    read_names = read(tmp_path, with_pickle(pickled))
    assert read_names == {-3: "LOC", 200: "V1", 5: "ü"}
    assert {type(value) for pair in read_names.items() for value in pair} == {int, str}


@settings(max_examples=20, deadline=None, derandomize=True)
@given(names=st.dictionaries(st.integers(-(2**31), 2**40), TEXTS))
def test_any_map_comes_back(tmp_path_factory, names):
    stripped = {number: name.strip() for number, name in names.items()}
    folder = tmp_path_factory.getbasetemp()
    for save in (saved, of_numpy_1):
        assert read(folder, save(names)) == stripped


class Runs:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("place", ["whole", "value", "key", "state"])
def test_code_is_named_and_does_not_run(tmp_path, place):
    runs = Runs(tmp_path / "ran")
    content = {
        "whole": with_pickle(pickle.dumps(runs)),
        "value": saved({1: runs}),
        "key": saved({runs: "V1"}),
        "state": of_numpy_1({1: [runs]}),
    }[place]
    with pytest.raises(CorruptDataError, match=r"it names (posix|nt)\.mkdir, which was refused"):
        read(tmp_path, content)
    assert not (tmp_path / "ran").exists()


def _nested(opening: bytes, middle: bytes, times: int) -> bytes:
    return b"\x80\x04" + opening + middle * times


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (saved([1, 2]), r"shape \(2,\)"),
        (saved("V1"), "holds a str"),
        (saved({1: 2}), "a dict of int to int"),
        (saved({"a": "b"}), "a dict of str to str"),
        (saved({True: "b"}), "a key is a bool"),
        (saved({1.5: "b"}), "BINFLOAT"),
        (saved({1: None}), "int to NoneType"),
        (saved({(1, 2): "b"}), "a key is a tuple"),
        (saved({1: ["b"]}), "int to list"),
        (saved({np.float64(1): "b"}), "a scalar of the dtype f8"),
        (saved(collections.OrderedDict({1: "b"})), r"collections\.OrderedDict"),
        (saved({1: "x" * MOST_BYTES}), "more than 200,000 bytes"),
        (with_pickle(b""), "could not be read"),
        (with_pickle(b"\x80\x04N."), "the pickle is no array"),
        (with_pickle(b"\x80\x04}\x82\x01."), "EXT1"),
        (with_pickle(b"\x80\x04}K\x01K\x02\x86K\x00s."), "a key is a tuple"),
        (with_pickle(b"\x80\x04}P1\n."), "PERSID"),
        (with_pickle(b"cnumpy ndarray\n_\n."), "which was refused"),
        (with_pickle(b"cos\nsystem\n."), r"os\.system"),
        (with_pickle(b"\x80\x04K\x01)R."), "calls a int"),
        (with_pickle(b"\x80\x04}r\xff\xff\xff\x7fh\x00."), "could not be read"),
        (b"", "could not be read"),
        (b"\x80\x04}.", "magic"),
        (saved({1: "b"})[:-1], "could not be read"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path, content, said):
    with pytest.raises(CorruptDataError, match=said) as refused:
        read(tmp_path, content)
    assert "\n" not in str(refused.value)


def test_an_array_of_numbers_is_refused(tmp_path):
    np.save(tmp_path / "map.npy", np.arange(3))
    with pytest.raises(CorruptDataError, match=r"int64 of the shape \(3,\)"):
        read_name_map(tmp_path / "map.npy")
    with pytest.raises(NotFoundError):
        read_name_map(tmp_path / "none.npy")


LAUGHS = b"\x94h\x00h\x00\x86" + b"".join(
    b"\x94h" + bytes([level]) + b"h" + bytes([level]) + b"\x86" for level in range(1, 200)
)


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x04})" + LAUGHS + b"\x8c\x01xs.",  # as a key: its hash would take ages
        b"\x80\x04}K\x01)" + LAUGHS + b"s.",
        b"\x80\x04)" + LAUGHS + b"\x8c\x01x\x93.",  # as a module: so would its text
        b"\x80\x04" + b"(" * 30_000 + b"t" * 30_000 + b".",
        b"\x80\x04" + b"]" * 30_000 + b"a" * 29_999 + b".",
        b"\x80\x04" + b"K\x01" * 50_000 + b"(t" * 40_000 + b".",
    ],
)
def test_nests_and_echoes_take_no_time(tmp_path, pickled):
    start = time.process_time()
    with pytest.raises(CorruptDataError):
        read(tmp_path, with_pickle(pickled))
    assert time.process_time() - start < 3


@settings(max_examples=60, deadline=5000, derandomize=True)
@given(content=overwritten(saved(NAMES)) | overwritten(of_numpy_1(NAMES)))
def test_overwritten_bytes_raise_only_the_project_s_errors(content):
    check_only_own_errors(read_name_map, content, ".npy")


@settings(max_examples=60, deadline=5000, derandomize=True)
@given(pickled=st.binary(max_size=60))
def test_any_bytes_raise_only_the_project_s_errors(pickled):
    check_only_own_errors(read_name_map, with_pickle(b"\x80\x04" + pickled), ".npy")
