"""What training could get wrong without a word: who is mixed with whom, what is aimed at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from core import decoders, encoders
from core.decoders import heads
from core.decoders.training.batches import Augmented, DeviceSet
from core.decoders.training.data import ResponseRows
from core.decoders.training.gradient import Training
from core.errors import InputError
from tests.core.decoders import planted
from tests.core.decoders.planted import same


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def steps(monkeypatch):
    """Every step of the trainings to come: the training, and the batch it was given."""
    taken, step = [], Training._step

    def noted(self, batch):
        taken.append((self, batch))
        return step(self, batch)

    monkeypatch.setattr(Training, "_step", noted)
    return taken


# --- batches: row i of `side_of` has the response and the target e_i, so each shows who is in it


def side_of(subject, category):
    everyone = np.arange(len(subject))
    eye = np.eye(len(subject), dtype=np.float32)
    return DeviceSet(ResponseRows(eye, np.array(subject), everyone), eye, np.array(category), "cpu")


def epoch_of(side, seed=0, **training):
    config = planted.config(training={"batch": len(side)} | training)
    return list(Augmented(side, config, None, torch.Generator().manual_seed(seed)).epoch())


SUBJECT = np.tile([0, 1], 12)
CATEGORY = np.tile([0, 0, 1, 1, 2, -1], 4)


@pytest.mark.parametrize("weights", ["published", "renormalised"])
def test_virtual_responses_are_made_of_one_subject_and_category(weights):
    side = side_of(SUBJECT, CATEGORY)
    seen = {row: set() for row in range(len(side))}
    for seed in range(40):
        (batch,) = epoch_of(side, seed, virtual=1.0, virtual_weights=weights)
        own = batch.target.argmax(dim=1)
        assert sorted(own.tolist()) == list(range(len(side)))
        assert torch.equal(batch.target, side.target[own])
        assert torch.equal(batch.category, side.category[own])
        sums = batch.x.sum(dim=1)
        assert sums.max() < 1 + 1e-5
        assert (sums.min() < 0.9) == (weights == "published")
        for row, x in zip(own.tolist(), batch.x, strict=True):
            members = set(x.nonzero()[:, 0].tolist())
            assert row in members
            seen[row] |= members
    for row, members in seen.items():
        fellows = (SUBJECT[row] == SUBJECT) & (CATEGORY[row] == CATEGORY)
        known = CATEGORY[row] >= 0
        assert members == (set(np.flatnonzero(fellows)) if known else {row})


def test_rows_are_mixed_within_a_subject():
    side = side_of(SUBJECT, CATEGORY)
    (batch,) = epoch_of(side, mix=1.0)
    torch.testing.assert_close(batch.x, batch.target)
    rows, members = (batch.x > 0).nonzero().T
    assert torch.equal(batch.subject[rows], side.subject[members])
    assert len(rows) > 1.5 * len(side)
    assert (batch.category == -1).all()


@pytest.mark.parametrize(("rows", "sizes"), [(9, [4, 4]), (10, [4, 4, 2]), (8, [4, 4]), (1, [1])])
def test_a_last_batch_of_one_row_is_left_out(rows, sizes):
    side = side_of([0] * rows, [0] * rows)
    batches = epoch_of(side, batch=4)
    assert [len(batch.x) for batch in batches] == sizes
    shown = torch.cat([batch.target.argmax(dim=1) for batch in batches]).tolist()
    assert len(set(shown)) == sum(sizes)


def _categories(folder, names):
    table = folder / "stimuli.csv"
    pd.read_csv(table).assign(category=names).to_csv(table, index=False)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("", "no training image has a category"),
        ([f"c{row}" for row in range(planted.PICTURES)], "no subject has two .* of one category"),
    ],
)
def test_virtual_responses_of_nothing_are_refused(names, message):
    _categories(planted.save(), names)
    with pytest.raises(InputError, match=f"{message}.*set 'virtual' to 0"):
        decoders.train(planted.config(training={"virtual": 0.5}))


def test_one_response_of_each_of_two_subjects_makes_no_virtual_one():
    side = side_of([0, 1, 0, 1], [0, 0, 1, 1])
    with pytest.raises(InputError, match="no subject has two training responses of one category"):
        epoch_of(side, virtual=0.5)


# --- the semantic library


TAUGHT = [f"c{number:02}" for number in range(planted.CATEGORIES - planted.TESTED)]
GIVEN = [f"c{number:02}" for number in range(planted.CATEGORIES)]


@pytest.fixture
def gallery(monkeypatch):
    """Gives the planted recording a gallery of folders, and the gallery's embeddings.

    The first image of each folder cannot be read.
    """

    def fill(names):
        folder = planted.save()
        for name in names:
            (folder / "gallery" / name).mkdir(parents=True)
            for number in range(3):
                Image.new("L", (2, 2)).save(folder / "gallery" / name / f"{number}.png")
        return rows[: 3 * len(names)]

    rows = np.random.default_rng(4).normal(size=(3 * planted.CATEGORIES, planted.DIMENSIONS))
    rows[::3] = np.nan
    encode = encoders.encode_images

    def fake(ds, encoder, which="stimuli", progress=None, device=None, **parameters):
        if which == "gallery":
            return rows[: len(ds.gallery)]
        return encode(ds, encoder, which, progress, device)

    monkeypatch.setattr(encoders, "encode_images", fake)
    return fill


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_library_targets_are_gallery_images_seen_from_the_training_centre(share, gallery, steps):
    rows = gallery(GIVEN)
    config = planted.config(training={"library": share, "epochs": 12})
    data = decoders.prepare(config)
    decoders.train(config)
    centre = _unit(data.embeddings[data.fold.train].astype(np.float64)).mean(axis=0)
    images = _unit(_unit(rows) - centre)
    own = _unit(_unit(data.embeddings[data.fold.train].astype(np.float64)) - centre)
    targets = torch.cat([batch.target for _, batch in steps]).numpy()
    category = torch.cat([batch.category for _, batch in steps]).numpy()

    def nearest(candidates):
        distance = np.linalg.norm(targets[:, None] - candidates, axis=2)
        distance[np.isnan(distance)] = np.inf
        return distance.argmin(axis=1), distance.min(axis=1) < 1e-5

    image, replaced = nearest(images)
    viewed, kept = nearest(own)
    assert (replaced ^ kept).all()
    assert replaced.mean() == pytest.approx(share, abs=0.06)
    assert np.array_equal(image[replaced] // 3, category[replaced])
    assert np.array_equal(data.category[data.fold.train][viewed[kept]], category[kept])
    trained = np.unique(data.category[data.fold.train])
    assert {data.names[place] for place in trained} <= set(TAUGHT)
    assert set(image[replaced]) == {3 * place + number for place in trained for number in (1, 2)}


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["n02084071", "n02121620"], "n02084071, n02121620"),
        (sorted(set(GIVEN) - set(TAUGHT)), "c12, c13, c14, c15, c16, c17"),
        ([], "none"),
    ],
)
def test_a_library_without_training_categories_is_refused(
    names, shown, gallery, steps, monkeypatch
):
    gallery(names)
    encode = encoders.encode_images

    def of_stimuli(ds, encoder, which="stimuli", **given):
        if which == "gallery":
            pytest.fail("the gallery is encoded in vain")
        return encode(ds, encoder, **given)

    monkeypatch.setattr(encoders, "encode_images", of_stimuli)
    trained = r"training images are c\d\d, c\d\d.* and \d more"
    message = rf"{trained}, those of the gallery are {shown}\..*Name the categories.*'library' to 0"
    with pytest.raises(InputError, match=message):
        decoders.train(planted.config(training={"library": 0.5}))
    assert not steps


def test_a_library_whose_common_images_cannot_be_read_is_refused(gallery, steps):
    rows = gallery(["c00", "n02084071"])
    rows[:3] = np.nan
    with pytest.raises(InputError, match=r"those of the gallery are n02084071\."):
        decoders.train(planted.config(training={"library": 0.5}))
    assert not steps


# --- steps


def test_the_penalty_of_the_head_is_part_of_the_step(steps):
    planted.save()
    narrow = {"width": 16, "heads": 2, "hidden": 32, "depth": 1, "dropout": 0.0}
    silent = {"orthogonality": 0.0, "rsa_high": 0.0, "rsa_low": 0.0}

    def overlap_and_first_loss(weight):
        given = narrow | silent | {"orthogonality": weight}
        run = decoders.train(planted.config("clip_mused", head_parameters=given))
        module, side = steps[-1][0].module.eval(), steps[-1][0].validation
        with torch.inference_mode():
            low, high = module.gather(side.x, side.subject)
        return (high @ low.T).square().mean().item(), run.curve[0]["training"]

    plain, held_apart = (overlap_and_first_loss(weight) for weight in (0.0, 100.0))
    assert held_apart[0] < 0.1 * plain[0]
    assert held_apart[1] > 2 * plain[1]


def test_a_seed_decides_the_first_weights(monkeypatch, tmp_path):
    planted.save()
    build, built = heads.build, []

    def noted(*arguments, **named):
        module = build(*arguments, **named)
        built.append(torch.nn.utils.parameters_to_vector(module.parameters()).detach().clone())
        return module

    monkeypatch.setattr(heads, "build", noted)
    for number, (seed, before) in enumerate([(0, 5), (0, 6), (1, 5)]):
        monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / str(number)))
        torch.manual_seed(before)
        decoders.train(planted.config("mlp", seed=seed, training={"epochs": 1}))
    # Each decoder is built once more, from its state, to score it.
    first, again, other = built[::2]
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_weight_decay_leaves_the_learned_temperature_alone(steps):
    """After one step from the same weights only what decays can differ."""
    planted.save()
    settings = {"epochs": 1, "batch": 1000, "schedule": "constant", "optimiser": "adamw"}
    runs = [
        decoders.train(planted.config(training=settings | {"weight_decay": decay}))
        for decay in (0.0, 10.0)
    ]
    (free,), (decayed,) = ([*training.loss.parameters()] for training, _ in steps)
    assert free.item() != pytest.approx(-np.log(0.07), abs=1e-5)
    assert free.item() == decayed.item()
    assert not same(*runs)
