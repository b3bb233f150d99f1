"""Uploaded RDMs: what opens, how rows are matched, and what is refused in one line."""

import errno
import io
import pickle
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform

from core import store
from core.datasets import Dataset, DatasetInfo
from core.errors import NeurogalleryError
from core.rsa import uploads
from core.rsa.uploads import keep, read_upload, uploaded

N = 12
IDS = [f"p{i}" for i in range(N)]


@pytest.fixture
def ds():
    stimuli = pd.DataFrame({"id": IDS})
    return Dataset(DatasetInfo("mine", "Mine"), "s1", ("s1",), stimuli, "print")


@pytest.fixture
def rdm():
    return squareform(pdist(np.random.default_rng(0).standard_normal((N, 5)))).astype(np.float32)


def npy(array, **how):
    buffer = io.BytesIO()
    np.save(buffer, array, **how)
    return buffer.getvalue()


def csv(matrix, index=None, columns=None, **how):
    table = pd.DataFrame(matrix, index=index, columns=columns)
    text = table.to_csv(index=index is not None, header=columns is not None, **how)
    return text.encode()


def hdf5(**datasets):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, values in datasets.items():
            file[name.replace("__", "/")] = values
    return buffer.getvalue()


def said(ds, name, content):
    with pytest.raises(NeurogalleryError) as caught:
        read_upload(ds, name, content)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("shape", ["square", "condensed", "stack", "condensed stack"])
def test_a_npy_file_is_read_by_order(ds, rdm, shape):
    values = squareform(rdm, checks=False) if "condensed" in shape else rdm
    values = np.stack([values, 2 * values]) if "stack" in shape else values
    read = read_upload(ds, "mine.npy", npy(values))
    assert [each.name for each in read] == (["mine 1", "mine 2"] if "stack" in shape else ["mine"])
    np.testing.assert_array_equal(read[0].matrix, rdm)
    assert read[0].ids == tuple(IDS)
    assert read[0].matched.startswith("by order, 12 rows")


@pytest.mark.parametrize("sep", [",", ";", "\t"])
@pytest.mark.parametrize(("index", "columns"), [(1, 1), (0, 1), (1, 0), (0, 0)])
def test_a_csv_file_is_read_with_ids_or_without(ds, rdm, index, columns, sep):
    order = np.random.default_rng(1).permutation(N)
    names = [IDS[i] for i in order]
    content = csv(
        rdm[np.ix_(order, order)], names if index else None, names if columns else None, sep=sep
    )
    (read,) = read_upload(ds, "mine.csv", content)
    has_ids = index or columns
    assert read.ids == tuple(names if has_ids else IDS)
    assert ("by the ids in" in read.matched) == bool(has_ids)
    np.testing.assert_allclose(read.matrix, rdm[np.ix_(order, order)], rtol=1e-6)


def test_numeric_ids_are_no_cells(rdm):
    stimuli = pd.DataFrame({"id": [str(i) for i in range(N)]})
    ds = Dataset(DatasetInfo("mine", "Mine"), "s1", ("s1",), stimuli, "print")
    (read,) = read_upload(ds, "mine.csv", csv(rdm, range(N), range(N)))
    assert read.matched == "by the ids in 'column'"
    np.testing.assert_allclose(read.matrix, rdm, rtol=1e-6)


def test_an_empty_cell_is_a_missing_pair(ds, rdm):
    rdm[2, 5] = rdm[5, 2] = np.nan
    (read,) = read_upload(ds, "mine.csv", csv(rdm, IDS, IDS))
    assert np.argwhere(np.isnan(read.matrix)).tolist() == [[2, 5], [5, 2]]


def test_the_descriptor_that_names_most_stimuli_is_taken(ds, rdm):
    order = np.random.default_rng(2).permutation(N)
    content = hdf5(
        dissimilarities=squareform(rdm, checks=False)[None],
        pattern_descriptors__index=np.arange(N),
        pattern_descriptors__conds=np.array(["x"] * N, dtype="S"),
        pattern_descriptors__stimulus=np.array([IDS[i] for i in order], dtype="S"),
        rdm_descriptors__name=np.array(["model"], dtype="S"),
    )
    (read,) = read_upload(ds, "mine.h5", content)
    assert read.ids == tuple(IDS[i] for i in order)
    assert read.name == "model"
    assert "'stimulus'" in read.matched


def test_rows_of_other_stimuli_are_counted(ds, rdm):
    names = [*IDS[:8], "a", "b", "c", "d"]
    (read,) = read_upload(ds, "mine.csv", csv(rdm, names, names))
    assert "4 of 12 rows are of other stimuli" in read.matched


def test_what_was_uploaded_is_kept_and_listed(ds, rdm):
    (read,) = read_upload(ds, "mine.npy", npy(rdm))
    key = keep(ds, read)
    assert key == keep(ds, read)
    assert [(k, facts["name"]) for k, facts in uploaded(ds)] == [(key, "mine")]
    np.testing.assert_array_equal(store.load(key).arrays["rdm"], rdm)
    other = pd.DataFrame({"id": [f"q{i}" for i in range(N)]})
    assert not list(uploaded(Dataset(ds.info, "s1", ("s1",), other, "other")))
    uploads.remove(key)
    assert not list(uploaded(ds))


class Harmful:
    def __reduce__(self):
        return print, ("it ran",)


@pytest.mark.parametrize("name", ["rdms.pkl", "rdms.npy", "rdms.h5"])
def test_nothing_is_unpickled(ds, name, capsys):
    content = pickle.dumps(Harmful())
    if name == "rdms.npy":
        content = npy(np.array([Harmful()], dtype=object), allow_pickle=True)
    text = said(ds, name, content)
    assert ("pickle" in text) == (name != "rdms.h5")
    assert "it ran" not in capsys.readouterr().out


def changed(rdm, **cells):
    matrix = rdm.astype(np.float64)
    for place, value in cells.items():
        matrix[tuple(int(part) for part in place[1:].split("_"))] = value
    return matrix


BAD = {
    "asymmetric": (lambda m: npy(changed(m, c1_2=9.0)), "not symmetric: [p1, p2]", "D.T"),
    "diagonal": (lambda m: npy(1 - m), "at [p0, p0]", "1 minus them"),
    "infinite": (lambda m: npy(changed(m, c1_2=np.inf, c2_1=np.inf)), "[p1, p2]", "by NaN"),
    "oblong": (lambda m: npy(m[:, :7]), "shape (12, 7)", "(n, n)"),
    "few": (lambda m: npy(m[:3, :3]), "3 stimuli", "4 to 5,000"),
    "other number": (lambda m: npy(m[:9, :9]), "9 stimuli and has no ids", "12 rows"),
    "text": (lambda m: npy(np.full((N, N), "a")), "dtype <U1", "real numbers"),
    "complex": (lambda m: npy(m + 1j), "complex", "real numbers"),
    "garbled": (lambda m: npy(m)[:50], "could not be read", ".npy"),
    "other format": (lambda m: b"\x89HDF\r\n" + bytes(80), "an HDF5 file", ".npy"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_npy_file_is_refused(ds, rdm, case):
    content, *words = BAD[case]
    text = said(ds, "mine.npy", content(rdm))
    for word in words:
        assert word in text


BAD_CSV = {
    "text": ("p0,p1,p2,p3\n0,1,2,3\n1,0,cat,2\n2,3,0,1\n3,2,1,0\n", "'cat' in column 3"),
    "decimal comma": ("0;0,5;1;1\n0,5;0;1;1\n1;1;0;1\n1;1;1;0\n", "Decimals need a point"),
    "ragged": ("0,1,2,3\n1,0,2\n2,2,0,1\n3,1,1,0\n", "Row 2 of mine.csv has 3 cells"),
    "one row": ("0,1,2\n", "1 row"),
    "two orders": (
        "id,p0,p1,p2,p3\np1,0,1,1,1\np0,1,0,1,1\np2,1,1,0,1\np3,1,1,1,0\n",
        "header and of the first column of mine.csv differ",
    ),
    "other ids": (
        "id,a,b,c,d\na,0,1,1,1\nb,1,0,1,1\nc,1,1,0,1\nd,1,1,1,0\n",
        "(a, b, c and 1 more) are none of the recording. Expected ids such as p0, p1, p2",
    ),
    "not UTF-8": ("\udcff", "UTF-8"),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_a_bad_csv_file_is_refused(ds, case):
    content, words = BAD_CSV[case]
    assert words in said(ds, "mine.csv", content.encode("utf-8", "surrogateescape"))


def test_a_double_id_is_refused(ds, rdm):
    names = ["p0", *IDS[:11]]
    assert "1 duplicate id: p0" in said(ds, "mine.csv", csv(rdm, names, names))


def test_hdf5_of_another_layout_is_refused(ds, rdm):
    assert "no 'dissimilarities'; it holds other" in said(ds, "mine.h5", hdf5(other=rdm))


def test_links_out_of_the_file_are_not_followed(ds, rdm, tmp_path):
    (tmp_path / "secret.h5").write_bytes(hdf5(dissimilarities=rdm[None]))
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["dissimilarities"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "dissimilarities")
    assert "leads out of the file" in said(ds, "mine.h5", buffer.getvalue())


def test_size_is_bounded(ds, rdm, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_BYTES", 100)
    assert "at most 0 MB" in said(ds, "mine.npy", npy(rdm))


def test_an_upload_to_a_full_disk_is_a_message(ds, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(NeurogalleryError, match=r"a\.npy cannot be written: the disk is full"):
        read_upload(ds, "a.npy", b"x" * 100)


def test_only_known_endings_open(ds):
    assert "Choices: .csv, .h5, .hdf5, .npy, .tsv" in said(ds, "mine.mat", b"MATLAB")


def test_a_name_is_no_path(ds, rdm):
    (read,) = read_upload(ds, "../../etc/mine.npy", npy(rdm))
    assert read.name == "mine"


def packed(**how):
    """An HDF5 file of one dataset that takes less room than its values."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("dissimilarities", **how)
    return buffer.getvalue()


PACKED = {
    "compressed": {"data": np.zeros((1, N, N)), "compression": "gzip"},
    "never written": {"shape": (64, 5000, 5000), "dtype": "f8", "chunks": (1, 100, 100)},
}


@pytest.mark.parametrize("case", PACKED)
def test_values_larger_than_their_file_are_refused_before_they_are_read(ds, case, monkeypatch):
    content = packed(**PACKED[case])
    monkeypatch.setattr(h5py.Dataset, "__getitem__", lambda *_: pytest.fail("it was read"))
    assert "mine.h5 are compressed" in said(ds, "mine.h5", content)


def test_a_header_that_claims_more_than_the_file_has_is_refused(ds, rdm):
    content = npy(rdm).replace(b"(12, 12), }      ", b"(90000, 90000), }")
    assert "could not be read as a .npy file" in said(ds, "mine.npy", content)


def test_lines_are_bounded(ds):
    assert "has 20,001 lines" in said(ds, "mine.csv", b"1,2\n" * 20_001)


def test_what_is_damaged_in_the_store_is_not_offered(ds, rdm):
    (read,) = read_upload(ds, "mine.npy", npy(rdm))
    key = keep(ds, read)
    assert [each for each, _ in uploaded(ds)] == [key]
    store.save(key, {"rdm": rdm}, {"ids": IDS, "matched": "by order"})
    assert list(uploaded(ds)) == []
    assert "its ids or its name" in uploads.damaged()[key]
    store.save(key, {"rdm": rdm[:5]}, {"ids": IDS, "matched": "by order", "name": "mine"})
    assert "its matrix" in uploads.damaged()[key]
