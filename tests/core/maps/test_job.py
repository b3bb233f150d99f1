"""Sources, the store, the job, and the live map in its folder."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from core import datasets, encoders, maps, store
from core.errors import Cancelled, CorruptDataError, InputError, NotFoundError
from core.maps import MapRequest, job

OPTIONS = {"stimuli": 80, "subjects": 1}


@pytest.fixture(scope="module")
def ds():
    return datasets.load("simulated", **OPTIONS)


def request(**changes):
    return MapRequest.from_json(values(**changes))


def values(**changes):
    return {
        "dataset": "simulated",
        "subject": "S1",
        "options": OPTIONS,
        "source": "responses",
        "roi": ["FFA"],
        "method": "tsne",
        "parameters": {"iterations": 50},
        "seed": 0,
        **changes,
    }


def quiet(fraction, message):
    pass


@pytest.mark.parametrize(
    ("asked", "shape", "label"),
    [
        ({"source": "responses", "roi": "V1"}, None, "V1"),
        ({"source": "responses", "roi": ["V1", "FFA"]}, None, "V1, FFA"),
        ({"source": "responses"}, None, "every unit"),
        ({"source": "regions"}, (80, 25), "means of 25 regions"),
        ({"source": "embedding", "encoder": "pixels", "parameters": {"side": 4}}, (80, 48), None),
    ],
)
def test_sources_give_rows_of_the_stimuli(ds, asked, shape, label):
    found = maps.features_of(ds, **asked)
    if asked["source"] == "responses":
        assert np.array_equal(found.array, ds.responses(asked.get("roi")))
    else:
        assert found.array.shape == shape
    assert not found.is_distances
    assert label in (None, found.label)


def test_an_rdm_is_a_source(ds):
    rdm = 1 - np.corrcoef(ds.responses("V1"))
    np.fill_diagonal(rdm, 0)
    with_rdm = dataclasses.replace(ds, rdms={"model": rdm.astype(np.float32)})
    found = maps.features_of(with_rdm, "rdm", rdm="model")
    assert found.is_distances
    assert found.label == "model"
    with pytest.raises(NotFoundError, match="Choices: model"):
        maps.features_of(with_rdm, "rdm", rdm="other")
    with pytest.raises(InputError, match="An RDM was not named"):
        maps.features_of(with_rdm, "rdm")
    with pytest.raises(InputError, match="An encoder was not named"):
        maps.features_of(ds, "embedding")
    with pytest.raises(NotFoundError, match="responses, regions, embedding, rdm"):
        maps.features_of(ds, "further")


def test_a_further_source_joins_by_the_same_door(ds, tmp_path, monkeypatch):
    monkeypatch.setattr(maps.SOURCES, "_entries", dict(maps.SOURCES._entries))
    maps.SOURCES.register(
        "further",
        maps.Source(
            "further",
            "Something further",
            "",
            lambda ds, asked, progress: maps.Features(
                ds.responses("V1") * asked["gain"], False, "output"
            ),
            lambda ds, asked: {"gain": asked["gain"]},
        ),
    )
    assert maps.features_of(ds, "further", gain=2).label == "output"
    asked = request(source="further", gain=2, roi=None, method="pca", parameters={})
    found = job.run(asked, quiet, tmp_path)
    assert found["key"] == maps.result_key(ds, "further", "pca", gain=2)
    assert found["key"] != maps.result_key(ds, "further", "pca", gain=3)


def test_the_job_keeps_the_map_of_the_request(ds, tmp_path):
    told = []
    found = job.run(request(), lambda f, message: told.append((f, message)), tmp_path)
    key = maps.result_key(ds, "responses", "tsne", 0, {"iterations": 50}, roi=["FFA"])
    assert found == {"key": key}
    kept = maps.load(key)
    drawn = maps.embed(ds.responses("FFA"), "tsne", iterations=50)
    assert np.array_equal(kept.coordinates, drawn.coordinates)
    for field in dataclasses.fields(drawn):
        if field.name != "coordinates":
            assert getattr(kept, field.name) == getattr(drawn, field.name), field.name
    facts = store.load(key).facts
    assert (facts["label"], facts["title"]) == ("FFA", ds.info.title)
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert not (tmp_path / job.LIVE).exists()
    assert maps.live(tmp_path) is None
    told.clear()
    assert job.run(request(), lambda f, message: told.append(message), tmp_path) == {"key": key}
    assert told == ["Opening the recording"]


def test_an_embedding_is_drawn_from_the_job(ds, tmp_path):
    asked = {"source": "embedding", "encoder": "pixels", "encoder_parameters": {"side": 4}}
    plain = request(roi=None, method="pca", parameters={}, **asked)
    found = maps.load(job.run(plain, quiet, tmp_path)["key"])
    rows = encoders.encode_images(ds, "pixels", side=4)
    assert np.array_equal(found.coordinates, maps.embed(rows, "pca").coordinates)


def test_some_stimuli_only(ds, tmp_path):
    ids = ds.stimuli["id"].tolist()[:30]
    key = job.run(request(stimuli=ids, method="pca", parameters={}), quiet, tmp_path)["key"]
    assert maps.load(key).coordinates.shape == (30, 2)
    assert key == maps.result_key(ds.subset(ids), "responses", "pca", roi=["FFA"])


def test_keys_tell_requests_apart_and_know_the_defaults(ds):
    def key(method="tsne", seed=0, parameters=None, source="responses", **asked):
        return maps.result_key(ds, source, method, seed, parameters, **asked)

    different = {
        key(),
        key(seed=1),
        key("umap"),
        key(parameters={"perplexity": 10}),
        key(roi="V1"),
        key(roi=["V1", "V2"]),
        key(source="regions"),
        key(source="embedding", encoder="pixels"),
        key(source="embedding", encoder="gabor"),
    }
    assert len(different) == 9
    assert key() == key(parameters={"perplexity": 30}) == key(roi=None)
    assert key(roi="V1") == key(roi=["V1"])
    with pytest.raises(InputError, match="no parameter 'k'"):
        key(parameters={"k": 3})


def test_a_cancel_keeps_the_partial_map_until_a_whole_one_replaces_it(ds, tmp_path):
    def cancel(fraction, message):
        if message == "iteration 100 of 300":
            raise Cancelled

    with pytest.raises(Cancelled):
        job.run(request(), cancel, tmp_path)
    key = maps.result_key(ds, "responses", "tsne", 0, {"iterations": 50}, roi=["FFA"])
    assert (maps.load(key).partial, maps.load(key).iterations) == (True, 100)
    job.run(request(), quiet, tmp_path)
    assert (maps.load(key).partial, maps.load(key).iterations) == (False, 300)


def test_the_live_map_lies_in_the_folder_while_it_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "LIVE_EVERY_S", 0.0)
    frames = []

    def look(fraction, message):
        if message.startswith("iteration"):
            frames.append(maps.live(tmp_path))

    job.run(request(), look, tmp_path)
    assert frames[0] is None
    assert all(frame.shape == (80, 2) for frame in frames[1:])
    assert not np.array_equal(frames[1], frames[-1])
    assert list(tmp_path.glob("*.part")) == []
    (tmp_path / job.LIVE).write_bytes(b"no array")
    with pytest.raises(CorruptDataError):
        maps.live(tmp_path)


def test_the_live_map_is_not_written_at_every_step(tmp_path):
    frames = job._Live(tmp_path)
    frames(np.zeros((3, 2)))
    frames(np.ones((3, 2)))
    assert not maps.live(tmp_path).any()


def test_nothing_is_kept_for_a_key_without_a_map(ds):
    assert maps.load(maps.result_key(ds, "regions")) is None


def test_a_map_of_precomputed_embeddings_has_the_key_of_former_versions():
    mine = datasets.Dataset(
        datasets.DatasetInfo("mine", "Mine"),
        "s1",
        ("s1",),
        pd.DataFrame({"id": list("abc")}),
        "f" * 32,
        embeddings={"vgg16": np.eye(3, dtype=np.float32)},
    )
    for name in ("brought:vgg16", "precomputed:vgg16"):
        key = maps.result_key(mine, "embedding", "pca", 0, {}, encoder=name)
        assert key == "map-2b4c9013d55b2976f6bd44bca7b8574f"
