"""What was written before the field's words came in: plug-ins and stored maps."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest

from core import datasets, maps, store

OLD_PLUGIN = """
from collections.abc import Mapping
from typing import Any

from core import maps
from core.maps.method import METRIC, Layout, Method, register
from core.maps.monitor import Monitor, Progress
from core.maps.space import Rows, Space


def place(space: Space, values: dict[str, Any], monitor: Monitor, seed: int) -> Layout:
    assert isinstance(space, Rows)
    return Layout(space.rows[:, :2], 3)


def first_units(ds: Any, asked: maps.Asked, progress: Progress | None) -> maps.Features:
    return maps.Features(ds.responses(None)[:, : asked["units"]], False, "first units")


register(Method("first", "First columns", "", "", place, (METRIC,), takes_distances=False))
maps.register(
    maps.Source(
        "first", "First units", "", first_units, lambda ds, asked: {"units": asked["units"]}
    )
)
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A map method and a source as they were registered before the names changed."""
    for registry in (maps.METHODS, maps.SOURCES):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    file = tmp_path / "old_plugin.py"
    file.write_text(OLD_PLUGIN, "utf-8")
    spec = importlib.util.spec_from_file_location("old_plugin", file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "old_plugin", module)
    spec.loader.exec_module(module)


def test_an_old_method_draws(plugin):
    rows = np.random.default_rng(0).standard_normal((12, 4))
    drawn = maps.embed(rows, "first")
    expected = (rows - rows.mean(axis=0))[:, :2]
    np.testing.assert_allclose(drawn.coordinates, expected, atol=1e-6)
    assert drawn.iterations == 3


def test_an_old_source_opens(plugin):
    ds = datasets.load("simulated", stimuli=80, subjects=1)
    features = maps.features_of(ds, "first", units=5)
    assert features.array.shape == (ds.n_stimuli, 5)
    assert maps.result_key(ds, "first", units=5) != maps.result_key(ds, "first", units=6)


def test_a_map_stored_with_the_old_word_opens():
    rows = np.random.default_rng(0).standard_normal((30, 5))
    drawn = maps.embed(rows, "pca")
    facts = {name: value for name, value in vars(drawn).items() if name != "coordinates"}
    facts["kept_neighbours"] = facts.pop("neighbourhood_preservation")
    key = f"map-{0:032}"
    store.save(key, {"coordinates": drawn.coordinates}, {"map": facts})
    loaded = maps.load(key)
    assert loaded.neighbourhood_preservation == drawn.neighbourhood_preservation
    maps.save(key, loaded, {})
    assert "kept_neighbours" not in store.load(key).facts["map"]
    assert maps.load(key).neighbourhood_preservation == drawn.neighbourhood_preservation


def test_the_contract_still_calls_it_kept_neighbours():
    drawn = maps.embed(np.random.default_rng(0).standard_normal((30, 5)), "pca")
    assert drawn.kept_neighbours == drawn.neighbourhood_preservation
