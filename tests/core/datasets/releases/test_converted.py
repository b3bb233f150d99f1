import errno
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import zscore

from core import store
from core.datasets import Dataset, DatasetInfo, missing
from core.datasets.releases import converted
from core.datasets.releases.converted import NeedsConversion, Reading, reporting, responses
from core.datasets.releases.options import Standard, finished, standard, standard_of
from core.datasets.tables import complete_trials
from core.errors import CorruptDataError, InputError, NeurogalleryError

PER_SESSION, SESSIONS, UNITS = 12, 3, 7
PLAIN = Standard("none", 0.0)


@pytest.fixture
def reading(tmp_path):
    """Three sessions of two runs; a unit is 0 throughout the second, one is NaN in a trial."""
    rng = np.random.default_rng(0)
    betas = rng.normal(5.0, 3.0, (SESSIONS * PER_SESSION, UNITS))
    betas[PER_SESSION : 2 * PER_SESSION, 2] = 0.0
    betas[3, 4] = np.nan
    path = tmp_path / "release.npy"
    np.save(path, betas)
    trials = pd.DataFrame(
        {
            "id": np.tile([f"s{i}" for i in range(PER_SESSION)], SESSIONS),
            "session": np.repeat([1, 2, 3], PER_SESSION),
            "run": np.tile(np.repeat([1, 2], PER_SESSION // 2), SESSIONS),
        }
    )

    def blocks():
        rows = np.load(path)
        for start in range(0, len(rows), PER_SESSION):
            yield rows[start : start + PER_SESSION]

    return Reading([path], betas.shape, complete_trials(trials), blocks)


def released(reading):
    return np.load(reading.files[0])


def test_a_copy_holds_what_was_released(reading):
    copy = responses("r", 1, "S1", reading, PLAIN)
    expected = released(reading)
    expected[PER_SESSION : 2 * PER_SESSION, 2] = np.nan  # it measured nothing in that session
    np.testing.assert_array_equal(copy.betas, expected.astype(np.float32))
    assert isinstance(copy.betas, np.memmap)
    counted = missing.scan(copy.betas)
    np.testing.assert_array_equal(copy.scanned.trials, counted.trials)
    np.testing.assert_array_equal(copy.scanned.units, counted.units)


@pytest.mark.parametrize("within", ["session", "run"])
def test_z_scores_are_those_of_scipy(reading, within):
    betas = responses("r", 1, "S1", reading, Standard(within, 0.0)).betas
    rows = released(reading)
    length = PER_SESSION if within == "session" else PER_SESSION // 2
    rows[PER_SESSION : 2 * PER_SESSION, 2] = np.nan
    for start in range(0, len(rows), length):
        expected = zscore(rows[start : start + length], axis=0, nan_policy="omit")
        np.testing.assert_allclose(betas[start : start + length], expected, atol=1e-6)


def test_a_large_offset_keeps_its_digits(reading, tmp_path):
    far = replace(reading, blocks=lambda: (block + 1e7 for block in reading.blocks()))
    plain = responses("r", 1, "far", far, PLAIN).betas
    assert plain.dtype == np.float64
    zscored = responses("r", 1, "far", far, Standard("session", 0.0)).betas
    near = responses("r", 1, "near", reading, Standard("session", 0.0)).betas
    assert zscored.dtype == np.float32
    np.testing.assert_allclose(zscored[:, :2], near[:, :2], atol=1e-5)


@pytest.mark.parametrize("within", ["none", "session"])
@pytest.mark.parametrize("value", [1e39, -1e300])
def test_a_value_beyond_single_precision_is_named(reading, within, value):
    rows = released(reading)
    rows[PER_SESSION + 2, 5] = value  # not in the first block, which fits
    rows[0, 6] = np.inf  # that counts as missing, as before
    np.save(reading.files[0], rows)
    expected = f"{value:.3g} in trial {PER_SESSION + 2}, unit 5, which is infinite in single"
    if within == "session" and abs(value) < 1e150:
        zscored = responses("r", 1, "S1", reading, Standard(within, 0.0)).betas
        assert np.isnan(zscored[0, 6])
        assert zscored[PER_SESSION + 2, 5] == pytest.approx(np.sqrt(PER_SESSION - 1))
        return
    with pytest.raises(InputError, match=expected.replace("+", r"\+")):
        responses("r", 1, "S1", reading, Standard(within, 0.0))
    assert store.entries() == []


def test_the_second_opening_reads_nothing(reading):
    first = responses("r", 1, "S1", reading, PLAIN)

    def refuse():
        raise AssertionError("the release is read again")

    again = responses("r", 1, "S1", replace(reading, blocks=refuse), PLAIN)
    np.testing.assert_array_equal(again.betas, first.betas)
    assert again.fingerprint == first.fingerprint
    assert responses("r", 1, "S1", reading, Standard("run", 0.0)).fingerprint != first.fingerprint
    rows = released(reading)
    rows[0, 0] += 1.0
    np.save(reading.files[0], rows)
    changed = responses("r", 1, "S1", reading, PLAIN)
    assert changed.fingerprint != first.fingerprint
    assert changed.betas[0, 0] != first.betas[0, 0]


def test_sessions_that_have_no_name_are_not_z_scored_in(reading):
    unnamed = complete_trials(reading.trials[["id"]])
    with pytest.raises(InputError, match="does not say which session"):
        responses("r", 1, "S1", replace(reading, trials=unnamed), Standard("session", 0.0))


@pytest.mark.parametrize(
    "blocks",
    [
        lambda rows: [rows[:-1]],
        lambda rows: [rows, rows],
        lambda rows: [rows[:, :-1]],
        lambda rows: [rows.astype(str)],
        lambda rows: [],
    ],
)
def test_files_of_another_shape_leave_nothing_behind(reading, blocks):
    broken = replace(reading, blocks=lambda: iter(blocks(released(reading))))
    with pytest.raises((CorruptDataError, InputError)):
        responses("r", 1, "S1", broken, PLAIN)
    assert store.entries() == []


def test_a_full_disk_is_said_and_leaves_the_store_valid(reading, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", full)
    with pytest.raises(NeurogalleryError, match="No space left"):
        responses("r", 1, "S1", reading, PLAIN)
    monkeypatch.undo()
    assert responses("r", 1, "S1", reading, PLAIN).betas.shape == reading.shape


def test_a_copy_that_was_cut_short_is_refused(reading):
    copy = responses("r", 1, "S1", reading, PLAIN)
    path = copy.betas.filename
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptDataError, match="damaged"):
        responses("r", 1, "S1", reading, PLAIN)


def test_pages_announce_a_long_opening(reading, monkeypatch):
    monkeypatch.setattr(converted, "AT_ONCE", 100)
    with reporting(None), pytest.raises(NeedsConversion, match="S1: the first opening reads"):
        responses("r", 1, "S1", reading, PLAIN)
    seen = []
    with reporting(lambda fraction, message: seen.append(fraction)):
        responses("r", 1, "S1", reading, PLAIN)
    assert seen == [0.0, 1 / 3, 2 / 3]
    with reporting(None):
        responses("r", 1, "S1", reading, PLAIN)


def opened(reading, **options):
    options = {o.name: o.default for o in standard()} | options
    chosen = standard_of(options)
    copy = responses("r", 1, "S1", reading, chosen)
    ds = Dataset(
        DatasetInfo("r", "Release"),
        "S1",
        ("S1",),
        pd.DataFrame({"id": [f"s{i}" for i in range(PER_SESSION)]}),
        copy.fingerprint,
        {"V1": np.arange(4), "V4": np.arange(4, 7)},
        betas=copy.betas,
        trials=reading.trials,
        scanned=copy.scanned,
    )
    return finished(ds, chosen, options.get("ceiling"))


def test_units_are_selected_by_the_released_ceiling(reading):
    chosen = Standard("session", 20.0)
    ceiling = np.array([50, 10, 90, np.nan, 30, 5, 20.0])
    ds = finished(opened(reading, zscore="session"), chosen, ceiling)
    # Unit 2 has no value in a session.
    np.testing.assert_array_equal(ds.units(), [0, 4, 6])
    np.testing.assert_array_equal(ds.units("V1"), [0])
    np.testing.assert_array_equal(ds.units("V4"), [4, 6])
    assert ds.treatment == (
        "z-scored within each session; 3 of 6 units with a noise ceiling of 20 % or more "
        "(as released)"
    )
    assert ds.fingerprint != opened(reading, zscore="session").fingerprint
    assert list(ds.left_out) == [2]
    with pytest.raises(InputError, match="No unit of S1 has a noise ceiling of 95 %"):
        finished(opened(reading), Standard("none", 95.0), ceiling)


def test_means_are_of_the_usable_trials(reading):
    ds = opened(reading)
    rows = ds.betas.astype(np.float64)
    rows[:, 2] = np.nan
    each = rows.reshape(SESSIONS, PER_SESSION, UNITS)
    np.testing.assert_allclose(ds.responses("V1"), each[:, :, [0, 1, 3]].mean(axis=0), rtol=1e-6)
    usable = ~np.isnan(each[:, :, 4:5])
    mean = np.sum(each[:, :, 4:], axis=0, where=usable) / usable.sum(axis=0)
    np.testing.assert_allclose(ds.responses("V4"), mean, rtol=1e-6)
    assert ds.trial_counts("V4")[3] == 2
