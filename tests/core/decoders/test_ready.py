"""The examples that come with the project: what this version makes, answered at once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import datasets, decoders, encoders, paths, store
from core.decoders import Config, EvaluateRequest, job, ready, runs
from core.decoders.scoring import audits
from core.decoders.scoring.evaluation import evaluate
from core.decoders.scoring.score_table import PROTOTYPES, load_table, stamps
from core.decoders.training.data import prepare
from core.errors import NotFoundError
from core.progress import silent

MOST_BYTES = 7e6
ROUNDING = 0.01  # three images of 300 may change places on another machine


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what comes along, to change."""
    folder = tmp_path / "ready"
    shutil.copytree(paths.ready_root(), folder)
    monkeypatch.setenv("NEUROGALLERY_READY", str(folder))
    return folder


def refuse(*arguments: object, **named: object) -> None:
    raise AssertionError("it was computed although it comes along")


def keys() -> list[str]:
    return [entry.key for entry in decoders.examples()]


def test_they_are_what_this_version_makes_and_small() -> None:
    assert keys() == [decoders.run_key(config, prepare(config)) for config in ready.configs()]
    entries = decoders.examples()
    heads = ["linear", "whitened_ridge", "ridge", "mlp"]
    assert [entry.facts["config"]["head"] for entry in entries] == heads
    assert sum(entry.bytes for entry in entries) <= MOST_BYTES
    assert not any(entry.facts["partial"] for entry in entries)
    ds = datasets.load("simulated", "S1")
    for which, count in (("stimuli", 1500), ("gallery", 4000)):
        encoded = encoders.load(encoders.result_key(ds, "clip-small", which))
        assert encoded is not None
        assert encoded.features.shape == (count, 128)
        assert not encoded.failures
        assert np.isfinite(encoded.features).all()
    assert store.entries() == []


def test_embeddings_are_those_of_the_encoder_that_comes_along() -> None:
    ds = datasets.load("simulated", "S1")
    for which, ids in (("stimuli", ds.stimuli["id"]), ("gallery", ds.gallery["id"])):
        features = encoders.encode_images(ds, "clip-small", which)
        own = encoders.encode_image(ds.image(ids.iloc[7]), "clip-small")
        # What comes along is float32; here it may be bfloat16.
        assert features[7] @ own / np.linalg.norm(features[7]) / np.linalg.norm(own) > 0.9999


def test_training_their_settings_gives_them_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.decoders.training.train.audit", refuse)
    monkeypatch.setattr("core.encoders.encode._compute", refuse)
    for key, config in zip(keys(), ready.configs(), strict=True):
        assert decoders.train(config).key == key
    assert decoders.entries() == []


@pytest.mark.parametrize("prototypes", PROTOTYPES)
def test_scores_are_those_of_the_decoders(prototypes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in keys():
        run = decoders.load(key)
        assert run is not None
        stored = load_table(key, prototypes)
        assert stored is not None
        computed = evaluate(run, None, prototypes, False, permutations=20, resamples=20)
        own = stored[stored["head"] == run.config.head].reset_index(drop=True)
        assert own["measure"].tolist() == computed["measure"].tolist()
        shares = ~own["measure"].str.contains("rank")
        values = (own["value"][shares], computed["value"][shares])
        np.testing.assert_allclose(*(each.astype(float) for each in values), atol=ROUNDING)
        assert (own["p"].astype(float) <= 0.001 + 1e-9).all()
    with monkeypatch.context() as patch:
        patch.setattr("core.decoders.scoring.evaluation.evaluate", refuse)
        request = EvaluateRequest(keys()[0], prototypes)
        assert job.run_evaluation(request, silent, Path())["key"] == request.key()


def test_the_audit_and_its_evidence_come_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.splits.audit", refuse)
    for entry, config in zip(decoders.examples(), ready.configs(), strict=True):
        findings = audits.brief(audits.evidence(config))
        # What they do to the score is known of a decoder alone.
        assert [{**each, "effect": None} for each in entry.facts["audit"]] == findings


def test_a_page_finds_them_by_settings_in_full() -> None:
    for entry in decoders.examples():
        config = Config.from_json(entry.facts["config"])
        assert decoders.example_of(config) == entry.key
        assert decoders.example_of(replace(config, seed=1)) is None
        assert decoders.example_of(replace(config, subjects=("S2",))) is None
        assert decoders.example_of(replace(config, options={**config.options, "snr": 1.0})) is None
    for entry in decoders.examples():
        name = decoders.short_name(entry.key, entry.facts["config"]["head"])
        assert decoders.key_of(name) == entry.key


def test_those_of_another_version_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    (key, *_) = keys()
    monkeypatch.setattr(runs, "VERSION", runs.VERSION + 1)
    ready._keys.cache_clear()
    assert decoders.examples() == []
    with pytest.raises(NotFoundError):
        decoders.key_of(decoders.short_name(key, "linear"))
    ready._keys.cache_clear()


def test_those_of_other_embeddings_are_never_shown(place: Path) -> None:
    assert len(keys()) == 4
    features = encoders.result_key(datasets.load("simulated", "S1"), "clip-small")
    result = store.load_ready(features)
    assert result is not None
    store.save(features, {"features": result.arrays["features"] + np.float32(0.1)}, result.facts)
    shutil.rmtree(place / features)
    (paths.results_root() / "store" / features).rename(place / features)
    ready._keys.cache_clear()
    assert keys() == []


@pytest.mark.parametrize("gone", ["encode", "decoder"])
def test_what_is_absent_is_left_out(place: Path, gone: str) -> None:
    for folder in place.glob(f"{gone}-*"):
        shutil.rmtree(folder)
    assert keys() == []


def test_a_damaged_one_is_left_out(place: Path) -> None:
    first, *others = keys()
    (place / first / "result.json").write_text("{")
    assert keys() == others


def test_a_decoder_of_the_user_goes_first_and_is_scored_anew() -> None:
    key, *others = keys()
    run = decoders.load(key)
    assert run is not None
    changed = replace(run, centre=run.centre + np.float32(0.01))
    runs.save(changed, "own")
    assert keys() == others
    loaded = decoders.load(key)
    assert loaded is not None
    np.testing.assert_array_equal(loaded.centre, changed.centre)
    assert load_table(key) is None
    assert set(stamps(others)) == {key, *others}
    store.remove(key)
    assert keys() == [key, *others]
    assert load_table(key) is not None


def test_own_embeddings_that_differ_do_not_hide_them() -> None:
    key = encoders.result_key(datasets.load("simulated", "S1"), "clip-small")
    result = store.load_ready(key)
    assert result is not None
    features = np.nextafter(result.arrays["features"], np.float32(np.inf))
    store.save(key, {"features": features}, result.facts)
    ready._keys.cache_clear()
    assert len(keys()) == 4
    run = decoders.load(keys()[0])
    assert run is not None
    assert len(evaluate(run, baselines=False, permutations=2, resamples=2))
