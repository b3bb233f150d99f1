"""RDMs in bands: the numbers of the matrix in memory, bounded memory, a whole file or none."""

from __future__ import annotations

import shutil
import tracemalloc

import numpy as np
import pytest

from core import rdm
from core.errors import InputError, NeurogalleryError
from core.rdm import METRICS
from core.rdm.large import bands

N = 200


@pytest.fixture(autouse=True)
def low_bands(monkeypatch):
    """Bands of 64 rows, so that a small matrix has several and a last one that is lower."""
    monkeypatch.setattr(bands, "BAND_BYTES", 1)


def responses_of(v, undefined=(), kind=np.float32):
    responses = np.random.default_rng(v).standard_normal((N, v)).astype(kind)
    responses[7] = responses[150]  # equal rows, which products in single precision tell apart
    responses[list(undefined)] = np.nan
    return responses


@pytest.mark.parametrize("metric", [m for m in METRICS if not METRICS[m].needs_folds])
@pytest.mark.parametrize(("v", "undefined"), [(30, ()), (30, (0, 99, 199)), (2500, (3,))])
def test_the_file_holds_the_matrix_in_memory(tmp_path, metric, v, undefined):
    responses = responses_of(v, undefined)
    facts = bands.write_rdm(responses, tmp_path / "x.npy", metric)
    written, held = np.load(tmp_path / "x.npy"), rdm.compute(responses, metric)
    assert written.dtype == np.float32
    np.testing.assert_allclose(written, held, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(written, written.T)
    assert written[7, 150] < 1e-12
    upper = written[np.triu_indices(N, 1)]
    defined = upper[np.isfinite(upper)]
    assert (facts.n, facts.pairs, facts.missing.tolist()) == (N, len(defined), list(undefined))
    assert (facts.minimum, facts.maximum) == (defined.min(), defined.max())
    assert facts.mean == pytest.approx(defined.mean(dtype=np.float64), rel=1e-12)
    assert bands.write_rdm(responses, None, metric)[:5] == facts[:5]


def test_float16_has_half_the_size_and_says_what_it_cannot_hold(tmp_path):
    responses = responses_of(40)
    bands.write_rdm(responses, tmp_path / "x.npy", dtype="float16")
    written = np.load(tmp_path / "x.npy")
    assert written.dtype == np.float16
    assert np.abs(written - rdm.compute(responses)).max() <= 0.0005
    with pytest.raises(InputError, match=r"at most 65,504 for float16"):
        bands.write_rdm(1e5 * responses, tmp_path / "y.npy", "euclidean", "float16")
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


def test_what_ends_early_leaves_the_former_file(tmp_path):
    responses, out = responses_of(10), tmp_path / "x.npy"
    bands.write_rdm(responses, out)
    before = out.read_bytes()

    def cancel(fraction, message):
        if fraction > 0.5:
            raise InterruptedError

    with pytest.raises((InterruptedError, NeurogalleryError)):
        bands.write_rdm(2 * responses, out, "euclidean", progress=cancel)
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]
    assert out.read_bytes() == before


def test_the_disk_is_asked_first(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=bands.MARGIN_BYTES + 4 * N * N - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr(bands, "row_bands", lambda *_: pytest.fail("it was computed"))
    with pytest.raises(NeurogalleryError, match=r"160\.0 kB for an RDM of 200 x 200 float32"):
        bands.write_rdm(responses_of(10), tmp_path / "x.npy")


def test_no_more_is_held_than_a_band(tmp_path, monkeypatch):
    monkeypatch.setattr(bands, "BAND_BYTES", 2**21)
    responses = np.random.default_rng(0).standard_normal((3000, 20)).astype(np.float32)
    tracemalloc.start()
    bands.write_rdm(responses, tmp_path / "x.npy")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "x.npy").stat().st_size > 36e6
    assert peak < 10e6


def test_metrics_with_folds_are_refused(tmp_path):
    with pytest.raises(InputError, match="crossnobis needs the whole matrix"):
        bands.write_rdm(responses_of(10), tmp_path / "x.npy", "crossnobis")
