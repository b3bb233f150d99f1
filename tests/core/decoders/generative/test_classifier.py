"""The latent classifier, and rivals from a recording to their rows in the table of scores."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import datasets, decoders, encoders, paths
from core.decoders.generative import classifier
from core.decoders.runs import arrays_of, describe, restore
from core.decoders.scoring.evaluation import evaluate
from core.decoders.training.train import fit
from core.errors import Cancelled, InputError, NeurogalleryError
from tests.core.datasets.layouts import bravl
from tests.core.decoders import planted

SMALL = {"latent": 6, "width": 24}
LONGER = {"epochs": 25, "learning_rate": 1e-2}


def config(head="mvae", changes=None, training=LONGER, **values):
    """A rival on the planted recording, whose second embedding is its text."""
    own = {**SMALL, "text": "precomputed:text", **values}
    return planted.config(head, head_parameters=own, training=training, **changes or {})


def saved(missing=None, **changes):
    """The planted recording with textual features: of the category, and a little of the image."""
    folder = planted.save(**changes)
    embeddings = np.load(folder / "embeddings" / "truth.npy")
    rng = np.random.default_rng(2)
    text = embeddings @ rng.normal(size=(planted.DIMENSIONS, 5)) + rng.normal(size=(216, 5))
    if missing is not None:
        text[missing] = np.nan
    np.save(folder / "embeddings" / "text.npy", text.astype(np.float32))
    return folder


def trained(**settings):
    own = config(**settings)
    data = decoders.prepare(own)
    return fit(own, data, lambda fraction, message: None), data


def test_it_is_scored_by_retrieval_and_by_its_classifier():
    saved(repeats=2)
    run, data = trained()
    table = evaluate(run, baselines=False, permutations=50, resamples=1)
    latent = table[table["head"] == f"mvae{classifier.LATENT}"]
    assert [*zip(latent["protocol"], latent["measure"], strict=True)] == [
        (protocol, measure)
        for protocol in ("averaged repeats", "single trials")
        for measure in ("top-1", "top-5")
    ]
    top = latent[latent["measure"] == "top-1"]
    assert (top["chance"].round(3) == 0.167).all()
    assert (top["p"] < 0.05).all()
    assert (top["value"] > 0.3).all()
    retrieved = table[(table["head"] == "mvae") & (table["measure"] == "two-way")]
    assert (retrieved["value"] > 0.7).all()
    assert classifier.NOTE in table.attrs["note"]
    assert classifier.TRANSDUCTIVE not in table.attrs["note"]
    stored = restore("k", json.loads(json.dumps(describe(run))), arrays_of(run))
    assert stored.shape == run.shape
    assert stored.shape.texts > 0
    again = classifier.rows(stored, data, "test", 1, 1)
    np.testing.assert_array_equal(pd.concat(again)["value"], latent["value"])


def test_permuted_responses_are_at_chance():
    def shuffle(responses, embeddings, tested):
        np.random.default_rng(3).shuffle(responses)

    saved(change=shuffle)
    run, data = trained()
    [table] = classifier.rows(run, data, "test", 1, 1)
    assert table["value"].iloc[0] == pytest.approx(1 / 6, abs=0.12)


def test_each_image_is_classified_by_latents_of_others():
    part = classifier._parts(np.array([3, 3, 5, 3, -1, 7, 7]))
    assert part.tolist() == [0, 1, -1, 2, -1, 0, 1]


def test_one_category_has_no_classifier():
    saved()
    run, data = trained()
    kept = data.fold.test[data.category[data.fold.test] == 17]
    alone = replace(data, fold=replace(data.fold, test=kept))
    assert classifier.rows(run, alone, "test", 1, 1) == []


def test_images_without_text_take_part():
    saved(missing=slice(0, None, 3))
    run, data = trained(features="V&T")
    [table] = classifier.rows(run, data, "test", 1, 1)
    assert table["value"].iloc[0] > 0.3
    run, data = trained(features="T")
    assert len(classifier.rows(run, data, "test", 1, 1)) == 1


@pytest.mark.parametrize(
    ("missing", "values", "message"),
    [
        (slice(None), {}, "No image has textual features of precomputed:text.*features=V"),
        (None, {"text": ""}, "precomputed:truth reads no text.*features=V.*precomputed:text"),
        (None, {"text": "precomputed:other"}, "no embeddings 'other'.*text"),
        (None, {"text": "pixels"}, "pixels reads no text"),
        (None, {"text": "unheard-of"}, "no encoder 'unheard-of'"),
    ],
)
def test_a_text_that_is_not_there_is_said_in_one_line(missing, values, message):
    saved(missing=missing)
    with pytest.raises(NeurogalleryError, match=message) as refused:
        decoders.prepare(config(**values))
    assert "\n" not in str(refused.value)
    decoders.prepare(config(features="V", **values))


def test_text_of_one_category_tells_no_images_apart():
    folder = saved()
    table = pd.read_csv(folder / "stimuli.csv").assign(category="cat")
    table.to_csv(folder / "stimuli.csv", index=False)
    with pytest.raises(InputError, match="clip-small are the same for all images"):
        decoders.prepare(config(text="clip-small"))
    table.drop(columns="category").to_csv(folder / "stimuli.csv", index=False)
    with pytest.raises(InputError, match="No image has a caption or a category to read"):
        decoders.prepare(config(text="clip-small"))


def test_a_caption_is_read_before_the_category():
    folder = saved()
    table = pd.read_csv(folder / "stimuli.csv")
    table["caption"] = ["a red bird", *[""] * (len(table) - 1)]
    table.to_csv(folder / "stimuli.csv", index=False)
    data = decoders.prepare(config(text="clip-small"))
    expected = encoders.encode_text(["a red bird", "a picture of a c00"], "clip-small")
    np.testing.assert_allclose(data.text[:2], expected, atol=1e-5)
    assert data.shape.texts == expected.shape[1]


def test_the_text_enters_the_key_and_only_where_it_is_read():
    saved()
    both, visual = (decoders.prepare(config(features=kind)) for kind in ("V&T", "V"))
    plain = decoders.prepare(planted.config("linear"))
    assert both.fingerprint != visual.fingerprint == plain.fingerprint
    saved(missing=0)
    assert decoders.prepare(config()).fingerprint != both.fingerprint


def test_features_of_test_images_are_trained_on_only_where_asked():
    saved()
    few = {"training": {"epochs": 2}}
    inductive, data = trained(head="bravl", **few)
    transductive, _ = trained(head="bravl", transductive=True, **few)
    assert not planted.same(inductive, transductive)
    for name in ("visual_mean", "textual_mean", "visual_deviation"):  # of the training set alone
        np.testing.assert_array_equal(inductive.state[name], transductive.state[name])
    assert inductive.facts["compared"] == transductive.facts["compared"]
    assert classifier.notes(transductive)[-1] == classifier.TRANSDUCTIVE
    changed = data.embeddings.copy()
    changed[data.fold.test] = changed[data.fold.test][::-1]
    again = fit(inductive.config, replace(data, embeddings=changed), lambda *_: None)
    assert planted.same(again, inductive)


def test_a_loss_that_is_not_a_number_names_its_modality():
    saved()
    own = config(training={"epochs": 2})
    data = decoders.prepare(own)
    text = data.text.copy()
    text[data.fold.train[0]] = np.inf
    data = replace(data, text=text)
    with pytest.raises(NeurogalleryError, match=r"not a number in epoch 1, step 1 \(textual\)"):
        fit(own, data, lambda fraction, message: None)


def test_mixup_mixes_the_text_too():
    saved()
    run, _ = trained(training={"epochs": 2, "mix": 0.5})
    assert all(np.isfinite(array).all() for array in run.state.values())


def test_a_training_that_goes_on_takes_the_same_steps(tmp_path):
    saved()
    own = config(training={"epochs": 4})
    whole, _ = trained(training={"epochs": 4})
    with pytest.raises(Cancelled):
        decoders.train(own, planted.cancel_after(2), tmp_path)
    assert planted.same(decoders.train(own, folder=tmp_path), whole)


@pytest.mark.parametrize("text", ["GPTNeo", "ALBERT"])
def test_the_text_of_bravl_is_that_of_its_release(text):
    bravl.write(paths.data_root() / "bravl", ("sub-01",), more=4)
    ds = datasets.load("bravl", "sub-01", root=paths.data_root() / "bravl")
    own = decoders.Config(
        "bravl",
        ("sub-01",),
        encoder="precomputed:repvgg_b3g4",
        head="bravl",
        head_parameters={**SMALL, "text": f"precomputed:{text}"},
        training={"epochs": 2, "batch": 8},
    )
    data = decoders.prepare(own)
    np.testing.assert_array_equal(data.text, ds.embeddings[text])
    run = fit(own, data, lambda fraction, message: None)
    assert run.shape.texts == bravl.DIMENSIONS[text]
    assert len(classifier.rows(run, data, "test", 1, 1)) == 2  # trials are repeated
