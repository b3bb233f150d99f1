"""What pixels alone reach: planted where the target is of pixels, nothing where it is not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from core import decoders, paths
from core.decoders import Config, ready
from core.decoders.scoring import low_level
from core.decoders.scoring.score_table import (
    PIXELS_ALONE,
    PIXELS_DECODED,
    beyond_pixels,
    verdicts,
)
from tests.core.decoders import planted

N, EACH, SIDE = 96, 8, 4
FEW = {"permutations": 99, "resamples": 99}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def quiet(fraction, message):
    """No progress."""


def write(of_pixels, missing=()):
    """Images of colour blocks; responses, and a target that is of pixels or of its own."""
    rng = np.random.default_rng(1)
    folder = paths.data_root() / "coloured"
    for part in ("images", "responses", "embeddings"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    pixels = rng.integers(0, 256, size=(N, SIDE, SIDE, 3), dtype=np.uint8)
    for number, image in enumerate(pixels):
        if number not in missing:
            large = np.kron(image, np.ones((8, 8, 1), dtype=np.uint8))
            Image.fromarray(large).save(folder / "images" / f"p{number:02}.png")
    flat = pixels.reshape(N, -1).astype(float) - 127
    target = flat @ rng.normal(size=(flat.shape[1], 6)) if of_pixels else rng.normal(size=(N, 6))
    target = target / target.std()
    responses = target @ rng.normal(size=(6, 20)) + 0.3 * rng.normal(size=(N, 20))
    np.save(folder / "responses" / "s1.npy", responses.astype(np.float32))
    np.save(folder / "embeddings" / "mine.npy", target.astype(np.float32))
    rows = [f"p{i:02},p{i:02}.png,c{i // EACH:02}" for i in range(N)]
    (folder / "stimuli.csv").write_text("id,file,category\n" + "\n".join(rows) + "\n")
    return Config(
        "folder:coloured",
        encoder="precomputed:mine",
        head="ridge",
        split="category",
        split_parameters={"test": 0.34},
    )


def by_head(table):
    return table[table["measure"] == "two-way"].set_index("head")


def test_pixels_reach_a_target_that_is_of_pixels_and_no_other():
    run = decoders.train(write(of_pixels=True))
    table = decoders.evaluate(run, **FEW)
    scores = by_head(table)
    assert {PIXELS_ALONE, PIXELS_DECODED} <= set(scores.index)
    assert scores.loc[PIXELS_ALONE, "value"] > 0.85
    assert scores.loc[PIXELS_ALONE, "p"] < 0.05
    assert scores.loc[PIXELS_ALONE, "n"] == scores.loc["ridge", "n"]
    # Those that never enter the target are noise to the responses.
    assert 0.6 < scores.loc[PIXELS_DECODED, "value"] < 0.95
    words = beyond_pixels(table, "ridge")
    assert f"reach two-way {scores.loc[PIXELS_ALONE, 'value']:.1%} (" in words
    assert f"the decoder {scores.loc['ridge', 'value']:.1%} (" in words
    assert "Among images of the own category" in words
    # A control is no baseline to be better than.
    compared = verdicts(table, "ridge", "averaged repeats")
    assert {each.baseline for v in compared for each in v.baselines} == {"linear"}

    run = decoders.train(write(of_pixels=False))
    scores = by_head(decoders.evaluate(run, **FEW))
    assert scores.loc["ridge", "value"] > 0.9
    assert scores.loc[PIXELS_ALONE, "low"] < 0.5 < scores.loc[PIXELS_ALONE, "high"]


def test_images_that_are_missing_are_left_out_of_the_control():
    run = decoders.train(write(of_pixels=True, missing=(3, 40, 90)))
    data = decoders.prepare(run.config)
    named = dict(low_level.controls(run.config, data, "test", quiet))
    gone = np.isin(data.fold.test, (3, 40, 90)).sum()
    for queries in named.values():
        assert len(queries.images) == len(data.fold.test) - gone
        assert np.isfinite(queries.images).all()


def test_several_subjects_share_the_pixels_of_the_images():
    config = write(of_pixels=True)
    own = low_level.controls(config, decoders.prepare(config), "test", quiet)
    folder = paths.data_root() / "coloured" / "responses"
    (folder / "s2.npy").write_bytes((folder / "s1.npy").read_bytes())
    both = replace(config, subjects=("s1", "s2"), head="aligned_linear", head_parameters={})
    [(name, queries)] = low_level.controls(both, decoders.prepare(both), "test", quiet)
    assert name == PIXELS_ALONE
    np.testing.assert_allclose(queries.predicted, own[0][1].predicted)


def test_a_recording_without_images_and_a_low_level_target_have_no_control():
    config = write(of_pixels=True)
    pixels = Config("folder:coloured", encoder="pixels", split="category")
    assert low_level.controls(pixels, decoders.prepare(pixels), "test", quiet) == []
    planted.save()
    config = planted.config("ridge")
    assert low_level.controls(config, decoders.prepare(config), "test", quiet) == []
    table = decoders.evaluate(decoders.train(config), **FEW)
    assert beyond_pixels(table, "ridge") == ""


def test_a_table_of_before_says_nothing():
    table = pd.DataFrame(
        {"head": ["ridge"], "protocol": ["averaged repeats"], "measure": ["top-1"]}
    )
    assert beyond_pixels(table.assign(value=0.5, low=0.4, high=0.6), "ridge") == ""


def test_the_best_example_says_it_too(monkeypatch):
    entry = SimpleNamespace(key="decoder-x", facts={"config": {"head": "linear"}})
    monkeypatch.setattr(ready, "examples", lambda: [entry])
    rows = [("linear", 0.98), (PIXELS_ALONE, 0.94)]
    table = pd.DataFrame(
        {"head": name, "protocol": "averaged repeats", "measure": "two-way", "value": value}
        for name, value in rows
    ).assign(low=0.9, high=0.99)
    monkeypatch.setattr(ready, "load_table", lambda key: table)
    assert "reach two-way 94.0% (90.0% to 99.0%)" in decoders.what_pixels_reach()
    monkeypatch.setattr(ready, "load_table", lambda key: None)
    assert decoders.what_pixels_reach() == ""
    monkeypatch.setattr(ready, "examples", list)
    assert decoders.what_pixels_reach() == ""
