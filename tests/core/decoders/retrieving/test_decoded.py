"""Which images are retrieved for one response, and at which rank the seen one stands."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core import datasets, decoders, retrieval
from core.decoders.retrieving.decoded import Retrieved, category_hits, decode, retrieve
from core.decoders.training.batches import targets_of
from core.errors import InputError
from core.vectors import unit_rows
from tests.core.decoders import planted


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def gallery(count: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, planted.DIMENSIONS)).astype(np.float32)


def cosines(decoded, features):
    unit = unit_rows(features.astype(np.float64))
    unit[~unit.any(axis=1)] = np.nan
    targets = unit_rows(unit - decoded.run.centre)
    return (unit_rows(decoded.predicted.astype(np.float64)) @ targets.T).astype(np.float32)


def test_predictions_are_those_of_the_test_set_in_the_order_of_the_stimuli():
    planted.save(repeats=2)
    run = decoders.train(planted.config("ridge"))
    decoded = decode(run)
    data = decoders.prepare(run.config)
    rows = data.rows(data.fold.test, "mean", run.scaling)
    assert decoded.ids == sorted(decoded.ids)
    for stimulus, predicted in zip(decoded.stimulus, decoded.predicted, strict=True):
        own = rows.x[rows.stimulus == stimulus]
        assert predicted == pytest.approx(run.predict(own, np.zeros(1, np.int64))[0], abs=1e-5)


def test_the_open_recording_is_taken_and_another_one_is_not(monkeypatch):
    planted.save()
    run = decoders.train(planted.config("ridge"))
    ds = datasets.load(planted.NAME)
    assert decode(run, [ds]).ds is ds
    some = ds.subset(ds.stimuli["id"].tolist()[:50])
    assert decode(run, [some]).ds is not some


@pytest.mark.parametrize("holds_seen", [False, True])
def test_places_and_ranks_are_those_of_brute_force(holds_seen):
    planted.save(noise=2.0)
    decoded = decode(decoders.train(planted.config("ridge")))
    seen = decoded.data.embeddings[decoded.stimulus]
    first, second = gallery(40), gallery(25, seed=6)
    first[3], first[7] = np.nan, 0.0
    second[4] = first[11]
    arrays = [first, second, *([seen] if holds_seen else [])]
    parts = [retrieval.Gallery(rows, centre=decoded.run.centre) for rows in arrays]
    result = retrieve(decoded.predicted, decoded.seen, parts, 12, holds_seen)
    features = np.concatenate(arrays)
    similarity = cosines(decoded, features)
    own = cosines(decoded, seen).diagonal()
    for q, row in enumerate(similarity):
        usable = np.flatnonzero(np.isfinite(row))
        order = sorted(usable, key=lambda place: (-row[place], place))
        assert result.places[q].tolist() == order[:12]
        assert result.scores[q] == pytest.approx(row[order[:12]], abs=1e-6)
        better, equal = (row[usable] > own[q]).sum(), (row[usable] == own[q]).sum()
        assert result.rank[q] == 1 + better + (equal - holds_seen) / 2
    assert result.own == pytest.approx(own, abs=1e-6)
    assert result.candidates == np.isfinite(similarity[0]).sum() + (not holds_seen)
    assert result.chance == (result.candidates + 1) / 2


def test_more_images_than_there_are_fill_up():
    planted.save()
    decoded = decode(decoders.train(planted.config("ridge")))
    parts = [retrieval.Gallery(gallery(4), centre=decoded.run.centre)]
    result = retrieve(decoded.predicted, decoded.seen, parts, 6)
    assert (result.places[:, 4:] == -1).all()
    assert np.isnan(result.scores[:, 4:]).all()


def test_an_image_without_an_embedding_is_not_of_the_test_set_and_has_no_rank():
    planted.save(change=lambda responses, embeddings, tested: embeddings.__setitem__(-1, np.nan))
    decoded = decode(decoders.train(planted.config("ridge")))
    assert len(decoded.ids) == planted.TESTED * planted.EACH - 1
    parts = [retrieval.Gallery(gallery(9), centre=decoded.run.centre)]
    seen = decoded.seen.copy()
    seen[0] = np.nan
    rank = retrieve(decoded.predicted, seen, parts, 3).rank
    assert np.isnan(rank[0])
    assert np.isfinite(rank[1:]).all()


def test_a_prediction_without_a_direction_has_no_rank():
    planted.save()
    decoded = decode(decoders.train(planted.config("ridge")))
    parts = [retrieval.Gallery(gallery(9), centre=decoded.run.centre)]
    predicted = decoded.predicted.copy()
    predicted[0], predicted[1] = 0.0, np.nan
    result = retrieve(predicted, decoded.seen, parts, 3)
    assert np.isnan(result.rank[:2]).all()
    assert np.isnan(result.own[:2]).all()
    assert (result.rank[2:] >= 1).all()


def test_each_subject_has_predictions_of_its_own():
    planted.save(subjects=("s1", "s2"))
    head = {"width": 16, "heads": 2, "depth": 1, "hidden": 16}
    both = planted.config("clip_mused", head_parameters=head, subjects=("s1", "s2"))
    run = decoders.train(both)
    first, second = decode(run, subject="s1"), decode(run, subject="s2")
    assert second.ds.subject == "s2"
    assert not np.allclose(first.predicted, second.predicted)
    with pytest.raises(InputError, match="not trained on s3"):
        decode(run, subject="s3")


def test_a_subject_without_a_usable_response_of_the_test_set_is_named():
    subjects = iter(("s1", "s2"))

    def lose(responses, embeddings, tested):
        if next(subjects) == "s2":
            responses[tested] = np.nan

    planted.save(subjects=("s1", "s2"), change=lose)
    head = {"width": 16, "heads": 2, "depth": 1, "hidden": 16}
    both = planted.config("clip_mused", head_parameters=head, subjects=("s1", "s2"))
    run = decoders.train(both)
    assert len(decode(run, subject="s1").predicted) == planted.TESTED * planted.EACH
    with pytest.raises(InputError, match="No image of the test set has a usable response of s2"):
        decode(run, subject="s2")


def test_targets_are_those_of_training():
    planted.save()
    decoded = decode(decoders.train(planted.config("ridge")))
    assert np.array_equal(
        decoded.targets(), targets_of(decoded.data.embeddings, decoded.run.centre)
    )


def test_hits_of_a_category_are_counted_beside_chance():
    places = np.array([[0, 1, 2], [3, -1, -1], [4, 0, 1]])
    none = np.zeros((3, 3), np.float32)
    result = Retrieved(places, none, none[0], np.ones(3), 6)
    categories = np.array(["cat", "dog", "cat", "dog", ""])
    hits, expected = category_hits(result, categories, np.array(["cat", "dog", ""]), k=3)
    assert hits.tolist() == [2, 1, 0]
    assert expected[:2] == pytest.approx([3 * 2 / 5, 1 * 2 / 5])
    assert np.isnan(expected[2])
