"""The example of CONTRIBUTING, one of each: imported as a lab's plug-in, and used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import torch

from core import datasets, decoders, encoders, maps, operations, paths, rdm, splits

NAME = "example_plugin"
REGISTRIES = (
    datasets.DATASETS,
    encoders.ENCODERS,
    rdm.METRICS,
    maps.METHODS,
    decoders.HEADS,
    decoders.LOSSES,
    splits.KINDS,
    operations.OPERATIONS,
)


@pytest.fixture(autouse=True)
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loaded as NEUROGALLERY_PLUGINS would, and forgotten after the test."""
    for registry in REGISTRIES:
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    monkeypatch.setenv("NEUROGALLERY_PLUGINS", NAME)
    monkeypatch.syspath_prepend(paths.PROJECT / "docs")
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    before = [len(list(registry)) for registry in REGISTRIES]
    operations.load_plugins()
    assert [len(list(registry)) for registry in REGISTRIES] == [count + 1 for count in before]
    yield
    sys.modules.pop(NAME, None)


def test_its_recording_encoder_metric_and_map_method():
    ds = datasets.load("example", noise=0.2)
    assert ds.fingerprint != datasets.load("example").fingerprint
    assert (ds.repeats == 2).all()
    colours = encoders.encode_images(ds, "mean-colour")
    assert colours[3].tolist() == [30, 90, 90]
    responses = ds.responses()
    matrix = rdm.compute(responses, metric="spearman")
    expected = 1 - scipy.stats.spearmanr(responses, axis=1).statistic
    np.testing.assert_allclose(matrix, expected, atol=1e-6)
    pairs = rdm.extreme_pairs(responses, "spearman", 3)
    assert pairs.smallest[0][2] == pytest.approx(expected[np.triu_indices(24, 1)].min())
    drawn = maps.embed(responses, method="enlarged", factor=3.0)
    assert drawn.coordinates.shape == (24, 2)
    assert drawn.notes


def test_its_head_loss_and_split():
    torch.set_num_threads(1)
    config = decoders.Config(
        "example",
        encoder="mean-colour",
        head="bounded",
        loss="l1",
        split="digit",
        training={"epochs": 3},
    )
    run = decoders.train(config)
    ds = datasets.load("example")
    (fold,) = splits.make(ds, "digit")
    digits = ds.stimuli["id"].str[-1]
    assert not set(digits.iloc[fold.test]) & set(digits.iloc[fold.train])
    assert set(decoders.evaluate(run, baselines=False, permutations=9, resamples=9)["head"]) == {
        "bounded"
    }


def test_its_operation(tmp_path: Path):
    heard = []
    count = operations.resolve("count_letters")
    result = count({"word": "gallery"}, lambda part, message: heard.append(message), tmp_path)
    assert result == {"letters": 7}
    assert heard == ["Counting"]
