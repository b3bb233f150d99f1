"""RDMs to rsatoolbox and back, read and written by rsatoolbox itself."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.datasets import Dataset, DatasetInfo
from core.rsa import RdmSet, RdmSource, export_hdf5, read_upload

rsatoolbox = pytest.importorskip("rsatoolbox", reason="rsatoolbox is not installed")

N = 9
IDS = [f"stimulus {i}" for i in range(N)]


@pytest.fixture
def ds():
    stimuli = pd.DataFrame({"id": IDS})
    return Dataset(DatasetInfo("mine", "Mine"), "s1", ("s1",), stimuli, "print")


@pytest.fixture
def gathered():
    rng = np.random.default_rng(0)
    sources = (RdmSource("roi", "V1", "S1", (), "V1"), RdmSource("model", "größe", label="größe"))
    vectors = rng.random((2, N * (N - 1) // 2)).astype(np.float32)
    return RdmSet(sources, tuple(IDS), vectors, N, {})


def test_rsatoolbox_opens_what_is_exported(gathered, tmp_path):
    path = tmp_path / "rdms.h5"
    path.write_bytes(
        export_hdf5(gathered, {"category": ["a"] * N}, {"recording": "mine"}, "crossnobis")
    )
    loaded = rsatoolbox.rdm.load_rdm(str(path))
    np.testing.assert_allclose(loaded.dissimilarities, gathered.vectors, rtol=1e-7)
    np.testing.assert_allclose(loaded.get_matrices()[1], gathered.matrix(1), rtol=1e-7)
    assert list(loaded.pattern_descriptors["id"]) == IDS
    assert list(loaded.pattern_descriptors["category"]) == ["a"] * N
    assert loaded.rdm_descriptors["name"][0] == "V1, S1"
    assert loaded.descriptors["recording"] == "mine"
    assert loaded.dissimilarity_measure == "crossnobis"
    again = loaded.subset("kind", "roi")
    assert again.n_rdm == 1


def test_what_rsatoolbox_saves_is_opened(ds, tmp_path):
    rng = np.random.default_rng(1)
    order = rng.permutation(N)
    rdms = rsatoolbox.rdm.RDMs(
        rng.random((3, N * (N - 1) // 2)),
        dissimilarity_measure="Euclidean",
        descriptors={"session": 1},
        rdm_descriptors={"roi": ["V1", "V2", "IT"]},
        pattern_descriptors={"stimulus": [IDS[i] for i in order]},
    )
    path = Path(tmp_path / "rdms.hdf5")
    rdms.save(str(path), file_type="hdf5")
    read = read_upload(ds, path.name, path.read_bytes())
    assert [each.name for each in read] == ["V1", "V2", "IT"]
    assert read[0].ids == tuple(IDS[i] for i in order)
    for each, matrix in zip(read, rdms.get_matrices(), strict=True):
        np.testing.assert_allclose(each.matrix, matrix, rtol=1e-6)


def test_there_and_back_by_both(ds, gathered, tmp_path):
    path = tmp_path / "there.h5"
    path.write_bytes(export_hdf5(gathered))
    loaded = rsatoolbox.rdm.load_rdm(str(path))
    loaded.save(str(tmp_path / "back.h5"))
    read = read_upload(ds, "back.h5", (tmp_path / "back.h5").read_bytes())
    assert read[0].ids == tuple(IDS)
    np.testing.assert_array_equal(read[0].matrix, gathered.matrix(0).astype(np.float32))
    assert read[1].name == "gr\\xf6\\xdfe"  # rsatoolbox reads ASCII alone
    assert io.BytesIO(export_hdf5(gathered)).read(4) == b"\x89HDF"
