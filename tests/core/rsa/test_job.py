"""The comparison of RDMs as a job, its result in the store, and letters by hand."""

import json

import numpy as np
import pytest

from core import datasets, jobs, operations, rsa, store
from core.errors import InputError, NotFoundError
from core.progress import silent
from core.rsa import RdmSource, job
from core.rsa.inference import ModelDifference
from core.rsa.job import CompareRequest
from core.rsa.results import letters
from core.rsa.sources import of_rois

N, V = 20, 6


@pytest.fixture
def ds(tmp_path):
    root = tmp_path / "recordings" / "mine"
    for name in ("responses", "rois", "embeddings"):
        (root / name).mkdir(parents=True)
    rng = np.random.default_rng(0)
    category = np.arange(N) % 4
    centres = 2 * rng.standard_normal((4, V))
    for name in ("a", "b", "c"):
        responses = centres[category] + rng.standard_normal((N, V))
        np.save(root / "responses" / f"{name}.npy", responses)
        (root / "rois" / f"{name}.json").write_text(json.dumps({"V1": [0, 1, 2], "IT": [3, 4, 5]}))
    rows = "".join(f"p{i},kind {c}\n" for i, c in enumerate(category))
    (root / "stimuli.csv").write_text("id,category\n" + rows)
    np.save(root / "embeddings" / "net.npy", rng.random((N, 5)).astype(np.float32))
    return datasets.load("folder:mine")


def request_of(ds, **settings):
    models = [source for source in rsa.available(ds) if source.kind != "roi"]
    settings = {"samples": 100, "permutations": 50, **settings}
    return CompareRequest.of(ds, [of_rois(["V1"], ""), of_rois(["IT"], "")], models, **settings)


def test_the_job_leaves_what_the_parts_say(ds):
    request = request_of(ds, flexible=("weighted",))
    submitted = jobs.submit(request.operation, request.to_json(), request.device())
    assert operations.get("compare").label == "Comparison of RDMs"
    key = operations.resolve("compare")(submitted.request, silent, submitted.folder)["key"]
    assert key == request.key()
    result = job.load(key)
    assert [part.brain.name for part in result.parts] == ["V1", "IT"]
    subjects = [result.gathered.matrix(place) for place in range(3)]
    models = job.models_of(result.gathered, request)
    own = rsa.evaluate(subjects, models, samples=100)
    stored = result.parts[0].evaluation
    assert [model.name for model in stored.models] == [model.name for model in models]
    for one_model, other in zip(own.models, stored.models, strict=True):
        np.testing.assert_allclose(
            [one_model.mean, one_model.low, one_model.p_zero_corrected],
            [other.mean, other.low, other.p_zero_corrected],
        )
        assert dict(one_model.weights) == pytest.approx(dict(other.weights))
    np.testing.assert_allclose(own.ceiling.lower_interval, stored.ceiling.lower_interval)
    assert result.names == ("V1", "IT", *(model.name for model in models[:-1]))
    np.testing.assert_allclose(np.diag(result.similarities), 1.0)
    assert result.arranged.coordinates.shape == (len(result.names), 2)
    mean = np.mean([result.gathered.vectors[place] for place in range(3)], axis=0)
    np.testing.assert_allclose(result.vector("V1"), mean, rtol=1e-6)


def test_another_measure_shares_the_rdms(ds, monkeypatch):
    first = request_of(ds)
    job.run(first, silent, None)
    monkeypatch.setattr(job, "gather", None)
    second = request_of(ds, method="pearson")
    assert second.set_key() == first.set_key()
    assert second.key() != first.key()
    job.run(second, silent, None)
    assert job.load(second.key()).parts[0].evaluation.method == "pearson"
    store.remove(first.set_key())
    assert job.load(first.key()) is None


def test_the_same_request_is_the_same_after_json(ds):
    request = request_of(ds, resample="stimuli", seed=3, most_stimuli=15, flexible=("layers",))
    again = CompareRequest.from_json(json.loads(json.dumps(request.to_json())))
    assert again.key() == request.key()
    assert again.to_json() == request.to_json()


def test_a_changed_file_of_another_subject_is_another_request(ds, tmp_path):
    before = request_of(ds).key()
    path = tmp_path / "recordings" / "mine" / "responses" / "b.npy"
    np.save(path, np.load(path) + 1)
    assert request_of(ds).key() != before


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"method": "nonsense"}, "nonsense"),
        ({"metric": "nonsense"}, "nonsense"),
        ({"resample": "trials"}, "resample is 'trials'"),
        ({"flexible": ("all",)}, "flexible is 'all'"),
        ({"samples": 1}, "samples is 1"),
    ],
)
def test_bad_settings_are_refused(ds, settings, words):
    with pytest.raises((InputError, NotFoundError), match=words):
        request_of(ds, **settings)


def test_an_unknown_kind_is_refused():
    with pytest.raises(NotFoundError, match="nonsense"):
        RdmSource.from_json({"kind": "nonsense", "name": "a"})


def differ(first, second, p):
    return ModelDifference(first, second, 0.0, 1.0, -1.0, 1.0, 10.0, p, p)


def test_letters_by_hand():
    """a > c only, so that b is like both: a, ab, b."""
    pairs = [differ("a", "b", 0.5), differ("a", "c", 0.01), differ("b", "c", 0.2)]
    assert letters(["a", "b", "c"], pairs) == {"a": "a", "b": "ab", "c": "b"}
    none = [differ("a", "b", 0.5), differ("a", "c", 0.5), differ("b", "c", np.nan)]
    assert set(letters(["a", "b", "c"], none).values()) == {"a"}
    every = [differ("a", "b", 0.0), differ("a", "c", 0.0), differ("b", "c", 0.0)]
    assert letters(["a", "b", "c"], every) == {"a": "a", "b": "b", "c": "c"}


def test_letters_say_exactly_which_models_differ():
    rng = np.random.default_rng(0)
    names = [f"m{k}" for k in range(7)]
    for _ in range(20):
        pairs = [
            differ(names[i], names[j], rng.choice([0.01, 0.5]))
            for i in range(7)
            for j in range(i + 1, 7)
        ]
        signs = letters(names, pairs)
        for each in pairs:
            share = bool(set(signs[each.first]) & set(signs[each.second]))
            assert share == (each.p_corrected >= 0.05)
