"""Volumes and surfaces give what nibabel gives, scaled once; damaged ones are refused."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.releases.volumes import (
    columns_of_volume,
    label_volume,
    read_labels,
    read_surface,
    read_volume,
    volume_shape,
)
from core.errors import CorruptDataError, InputError, NotFoundError
from tests.core.datasets.releases.damage import check_only_own_errors, overwritten

RNG = np.random.default_rng(0)
SHAPE = (5, 4, 3, 6)
INTEGERS = RNG.integers(-30_000, 30_000, SHAPE, dtype=np.int16)
FLOATS = RNG.normal(size=SHAPE)
FLOATS[0, 0, 0] = np.nan
MASK = RNG.random(SHAPE[:3]) < 0.4
ENDINGS = (".nii", ".nii.gz")


def save(path, values, dtype=None, slope=None, kind=nibabel.Nifti1Image, order="<"):
    header = kind.header_class(endianness=order)
    header.set_data_shape(values.shape)
    header.set_data_dtype(dtype or values.dtype)
    image = kind(values, np.eye(4), header)
    if slope:
        image.header.set_slope_inter(*slope)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("values", [INTEGERS, FLOATS, FLOATS.astype("f4"), INTEGERS[..., 0]])
def test_values_are_those_of_nibabel(tmp_path, ending, order, kind, values):
    path = save(tmp_path / f"x{ending}", values, kind=kind, order=order)
    read = read_volume(path)
    np.testing.assert_array_equal(read, nibabel.load(path).get_fdata(dtype=np.float32))
    assert read.dtype == np.dtype("f4")
    assert read.dtype.isnative
    assert volume_shape(path) == values.shape
    columns = columns_of_volume(path, np.flatnonzero(MASK))
    np.testing.assert_array_equal(columns, np.atleast_2d(read[MASK].T))
    assert columns.dtype == np.dtype("f4")


@pytest.mark.parametrize("ending", ENDINGS)
def test_integers_are_divided_once_and_only_where_the_header_does_not_scale(tmp_path, ending):
    units = np.flatnonzero(MASK)
    plain = save(tmp_path / f"plain{ending}", INTEGERS)
    np.testing.assert_allclose(read_volume(plain, 300), INTEGERS / 300, rtol=1e-6)
    np.testing.assert_allclose(columns_of_volume(plain, units, 300).T, INTEGERS[MASK] / 300, 1e-6)
    scaled = save(tmp_path / f"scaled{ending}", INTEGERS, slope=(0.5, 2.0))
    assert nibabel.load(scaled).dataobj.slope == 0.5
    expected = nibabel.load(scaled).get_fdata()
    np.testing.assert_allclose(read_volume(scaled, 300), expected, rtol=1e-6)
    floats = save(tmp_path / f"floats{ending}", FLOATS)
    np.testing.assert_array_equal(read_volume(floats, 300), FLOATS.astype("f4"))


@pytest.mark.parametrize("ending", [".mgh", ".mgz"])
@pytest.mark.parametrize("frames", [None, 7])
def test_surfaces_are_rows_of_vertices_in_native_order(tmp_path, ending, frames):
    values = RNG.normal(size=(20, 1, 1, *([] if frames is None else [frames]))).astype("f4")
    values[3] = np.nan
    path = tmp_path / f"lh.betas{ending}"
    nibabel.save(nibabel.MGHImage(values, np.eye(4)), path)
    read = read_surface(path)
    columns = columns_of_volume(path, np.array([4, 1]))
    np.testing.assert_array_equal(columns, np.atleast_2d(read)[:, [4, 1]])
    assert volume_shape(path)[0] == read.shape[-1]
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, values[:, 0, 0].T if frames == 7 else values.ravel())


def test_labels_are_whole_and_missing_ones_are_none(tmp_path):
    labels = RNG.integers(-1, 9, SHAPE[:3]).astype("f4")
    with_nan = labels.copy()
    with_nan[labels == 8] = np.nan
    expected = np.where(labels == 8, 0, labels)
    np.testing.assert_array_equal(label_volume(save(tmp_path / "a.nii.gz", with_nan)), expected)
    one = save(tmp_path / "b.nii", with_nan[..., None])
    np.testing.assert_array_equal(label_volume(one), expected)
    vertices = np.array([0, 3, 3, -1, 12_175], dtype="i4").reshape(5, 1, 1)
    nibabel.save(nibabel.MGHImage(vertices, np.eye(4)), tmp_path / "lh.a.mgz")
    surface = label_volume(tmp_path / "lh.a.mgz")
    assert (surface.tolist(), surface.dtype) == ([0, 3, 3, -1, 12_175], np.dtype("i4"))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (FLOATS[..., 1], "no whole numbers"),
        (INTEGERS, "several maps"),
        (np.full((2, 2, 2), 1e9), "no whole numbers"),
    ],
)
def test_what_are_no_labels_is_refused(tmp_path, values, said):
    with pytest.raises(CorruptDataError, match=said):
        label_volume(save(tmp_path / "x.nii", values))


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("0 Unknown\n1 V1v\n2 V1d\n", {0: "Unknown", 1: "V1v", 2: "V1d"}),
        ("1 V1v\tsomething else\n2  LO 1 \n", {1: "V1v", 2: "LO 1"}),
        ("# a comment\n\n  0  Unknown   0 0 0 0\n 1\tFFA-1\t255\t0\t10\t0\r\n",
         {0: "Unknown", 1: "FFA-1"}),
        ("\ufeff1 V1 255 0 0\n1 V1\n-1 outside", {1: "V1", -1: "outside"}),
        ("", {}),
    ],
)  # fmt: skip
def test_a_colour_table_gives_its_names(tmp_path, text, labels):
    (tmp_path / "x.ctab").write_text(text, "utf-8", newline="")
    assert read_labels(tmp_path / "x.ctab") == labels


@pytest.mark.parametrize(
    "content",
    [
        *(b"1\n", b"V1v 1\n", b"1 V1\n1 V2\n", b"1 \xff\xfe\n", b"\xb2 V1\n", b"1.5 V1\n"),
        *(b"1" * 20 + b" V1", b"1 " + b" " * 900_000 + b"V1", b"1 a\n" * 300_000),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "x.ctab").write_bytes(content)
    with pytest.raises(CorruptDataError):
        read_labels(tmp_path / "x.ctab")


READERS = {
    ".nii": read_volume,
    ".nii.gz": lambda path: columns_of_volume(path, np.arange(3)),
    ".mgh": read_surface,
    ".mgz": label_volume,
}


def stored(ending) -> bytes:
    if ending.startswith(".nii"):
        content = nibabel.Nifti1Image(INTEGERS, np.eye(4)).to_bytes()
    else:
        values = np.arange(60, dtype="i4").reshape(60, 1, 1)
        content = nibabel.MGHImage(values, np.eye(4)).to_bytes()
    return gzip.compress(content, mtime=0) if ending.endswith("z") else content


@pytest.mark.parametrize("ending", READERS)
def test_truncated_and_missing_files_are_refused(tmp_path, ending):
    path = tmp_path / f"x{ending}"
    with pytest.raises(NotFoundError):
        READERS[ending](path)
    whole = stored(ending)
    # The last bytes of .mgh are notes, which may be missing.
    for length in (0, 3, 100, len(whole) // 2, len(whole) - (60 if ending == ".mgh" else 1)):
        path.write_bytes(whole[:length])
        with pytest.raises(CorruptDataError, match="could not be read"):
            READERS[ending](path)


def test_a_changed_byte_is_seen_by_the_checksum(tmp_path):
    content = bytearray(gzip.compress(gzip.decompress(stored(".nii.gz")), 0, mtime=0))
    content[600] ^= 1  # stored uncompressed, so that nothing else can tell
    (tmp_path / "x.nii.gz").write_bytes(content)
    with pytest.raises(CorruptDataError, match="CRC"):
        read_volume(tmp_path / "x.nii.gz")


@pytest.mark.parametrize("read", [read_volume, lambda path: columns_of_volume(path, np.arange(2))])
def test_a_claim_of_terabytes_is_no_allocation(tmp_path, read):
    header = nibabel.Nifti1Header()
    header.set_data_shape((32_767, 32_767, 32_767))
    header["vox_offset"], header["magic"] = 352, b"n+1"
    (tmp_path / "x.nii").write_bytes(header.binaryblock + bytes(100))
    with pytest.raises(InputError, match="GiB are free"):
        read(tmp_path / "x.nii")


def test_a_surface_without_vertices_is_refused(tmp_path):
    content = bytearray(stored(".mgh"))
    content[4:8] = bytes(4)
    (tmp_path / "x.mgh").write_bytes(content)
    with pytest.raises(CorruptDataError, match="could not be read"):
        read_surface(tmp_path / "x.mgh")


def test_other_numbers_and_formats_are_refused(tmp_path):
    path = save(tmp_path / "x.nii", FLOATS + 1j)
    with pytest.raises(CorruptDataError, match="complex128"):
        read_volume(path)
    with pytest.raises(CorruptDataError, match="holds"):
        read_volume(save(tmp_path / "flat.nii", FLOATS[0, 0]))
    nibabel.save(nibabel.MGHImage(FLOATS.astype("f4"), np.eye(4)), tmp_path / "x.mgh")
    with pytest.raises(CorruptDataError, match="holds a volume"):
        read_surface(tmp_path / "x.mgh")
    with pytest.raises(CorruptDataError, match="another format"):
        read_volume(tmp_path / "x.mgh")
    for indices in ([-1], [60]):
        with pytest.raises(InputError, match="a mask of the same shape"):
            columns_of_volume(save(tmp_path / "i.nii", INTEGERS), np.array(indices))


@settings(max_examples=60, deadline=5000, derandomize=True)
@given(
    damaged=st.sampled_from(sorted(READERS)).flatmap(
        lambda ending: st.tuples(st.just(ending), overwritten(stored(ending)))
    )
)
def test_overwritten_bytes_raise_only_the_project_s_errors(damaged):
    ending, content = damaged
    check_only_own_errors(READERS[ending], content, ending)


@settings(max_examples=60, deadline=5000, derandomize=True)
@given(content=st.binary(max_size=40))
def test_any_table_raises_only_the_project_s_errors(content):
    check_only_own_errors(read_labels, content, ".ctab")
