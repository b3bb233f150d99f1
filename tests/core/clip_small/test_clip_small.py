"""The small CLIP: its training, and what the shipped one knows of things that it never saw."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoImageProcessor, AutoTokenizer, CLIPModel

from core import datasets, encoders
from core.clip_small import __main__ as command
from core.clip_small import evaluation, training
from core.clip_small.augment import augmented
from core.clip_small.captions import CLAIMS, caption, facts_claimed, phrase, plural
from core.clip_small.corpus import HELD_OUT_EXEMPLAR, corpus, is_held_out
from core.clip_small.training import TrainingSettings, train
from core.encoders.encode import clear_loaded
from core.encoders.families.clip import SMALL, load_clip
from core.simulation.scenes import object_categories
from core.vectors import unit_rows

FACTS_OF_A_CAR = {
    "kind": "car", "exemplar": 2, "colour": "red", "place": "street", "light": "night",
    "number": 5,
}  # fmt: skip


# --- captions


def test_captions_claim_what_is_true_and_say_it():
    rng = np.random.default_rng(0)
    true = facts_claimed(pd.DataFrame([FACTS_OF_A_CAR])).iloc[0]
    seen = set()
    for _ in range(200):
        said = caption(FACTS_OF_A_CAR, rng)
        claims = dict(zip(CLAIMS, said.claims, strict=True))
        seen |= {name for name, value in claims.items() if value is not None}
        assert all(value in (None, true[name]) for name, value in claims.items())
        assert (claims["kind"] is None) == ("car" not in said.text)
        assert (claims["colour"] is None) == ("red" not in said.text)
        words = re.search("night|dark", said.text)
        assert (claims["light"] is None) == (words is None)
        assert (claims["number"] is None) == (not re.search("three|several", said.text))
    assert seen == set(CLAIMS)
    assert true["number"] == 3


def test_phrases_and_plurals():
    rng = np.random.default_rng(0)
    assert phrase("apple", rng) == "an apple"
    assert phrase("car", rng, colour="orange", light="day")[:9] == "an orange"
    assert plural("teddy bear") == "teddy bears"
    assert [plural(word) for word in ("butterfly", "bus", "sheep", "donkey", "bench")] == [
        "butterflies", "buses", "sheep", "donkeys", "benches"]  # fmt: skip


# --- scenes


@pytest.fixture(scope="module")
def scenes():
    return corpus(160, seed=3)


def test_no_scene_shows_what_is_held_out(scenes):
    facts = scenes.facts
    assert set(facts["kind"]) == set(object_categories())
    assert HELD_OUT_EXEMPLAR not in set(facts["exemplar"])
    assert not any(
        is_held_out(*row) for row in facts[["kind", "colour", "light"]].itertuples(index=False)
    )
    assert scenes.images.shape == (160, 72, 72, 3)


def test_the_same_seed_gives_the_same_scenes(scenes):
    again = corpus(20, seed=3)
    np.testing.assert_array_equal(again.images, scenes.images[:20])
    pd.testing.assert_frame_equal(again.facts, scenes.facts[:20])
    assert not np.array_equal(corpus(20, seed=4).images, again.images)


def test_augmented_images_keep_their_range_and_differ(scenes):
    images = torch.from_numpy(scenes.images[:8])
    generator = torch.Generator().manual_seed(0)
    first, second = augmented(images, generator), augmented(images, generator)
    assert first.shape == (8, 3, 60, 60)
    assert not torch.equal(first, second)
    black, white = (0 - 0.48) / 0.25, (1 - 0.48) / 0.25
    assert first.min() >= black - 1e-5
    assert first.max() <= white + 1e-5


# --- training


def test_a_caption_fits_every_image_of_which_it_is_true():
    claims = torch.tensor([[1, -1, 0], [-1, -1, -1], [2, 5, -1]])
    facts = torch.tensor([[1, 5, 0], [2, 5, 0], [1, 5, 1]])
    expected = torch.tensor([[1.0, 1, 0], [0, 1, 1], [0, 1, 0]])
    assert torch.equal(training._fits(claims, facts), expected)


def test_the_rate_rises_then_falls():
    settings = TrainingSettings(steps=1000, warm_up=100)
    shares = [training._share_of_peak(step, settings) for step in range(1000)]
    assert shares[0] == 0.01
    assert max(shares) == shares[99] == 1
    assert shares[-1] == 0.01
    assert shares[550] == pytest.approx(0.5)


def weights(model):
    return torch.cat([values.detach().flatten() for values in model.vision_model.parameters()])


def test_training_lowers_the_loss_and_repeats(scenes):
    losses = []
    settings = TrainingSettings(steps=31, batch=32, warm_up=5)

    def note(fraction, message):
        losses.append(float(message.split("loss ")[1]))

    model, tokenizer = train(scenes, settings, note)
    assert losses[-1] < losses[0] - 0.5
    short = TrainingSettings(steps=2, batch=16)
    other = TrainingSettings(steps=2, batch=16, seed=1)
    first, second, third = (weights(train(scenes, one)[0]) for one in (short, short, other))
    torch.testing.assert_close(first, second, atol=1e-4, rtol=0)
    assert (first - third).abs().max() > 0.01
    assert tokenizer("a red car at night")["input_ids"][-1] == model.config.text_config.eos_token_id


def test_the_command_writes_a_checkpoint_and_its_card(scenes, tmp_path, monkeypatch):
    half = evaluation.Estimate(0.5, 0.4, 0.6, 80)
    measured = evaluation.Measured(half, half, half, 800, half, 4600, 0.01)
    monkeypatch.setattr(command, "measure", lambda clip: measured)
    folder = tmp_path / "clip"
    command.make(scenes, TrainingSettings(scenes=160, steps=2, batch=16), folder)
    clip = load_clip(folder, "projected", "cpu")
    assert clip.text(["a red car"]).shape == (1, 128)
    card = (folder / "README.md").read_text()
    assert "Trained on 160 scenes" in card
    assert "| 50.0% (95 % interval 40.0% to 60.0%) |" in card
    assert [path.name for path in tmp_path.iterdir() if path.name != "results"] == ["clip"]


# --- measuring


def test_the_interval_resamples_whole_groups():
    values = np.repeat([1.0, 0.0], 50)
    whole = evaluation.estimate(values, np.repeat(["a", "b"], 50))
    single = evaluation.estimate(values, [str(number) for number in range(100)])
    assert (whole.value, whole.low, whole.high, whole.groups) == (0.5, 0.0, 1.0, 2)
    assert 0.38 < single.low < 0.45
    assert 0.55 < single.high < 0.62


def test_held_out_phrases_are_what_training_never_met():
    phrases = evaluation.held_out_phrases()
    assert len({one.text for one in phrases}) == 60
    assert {one.light for one in phrases} == {"day", "dusk", "night"}
    for one in phrases:
        assert is_held_out(one.kind, one.colour, one.light)
        assert one.colour in one.text
    images = evaluation.drawn(phrases[:2])
    assert len(images) == 20
    assert images[0].size == (96, 96)


# --- the shipped one


def test_the_shipped_clip_is_small_and_opens_with_transformers(monkeypatch):
    monkeypatch.setattr("core.encoders.families.clip.has_bfloat16", lambda device: False)
    clear_loaded()
    assert sum(path.stat().st_size for path in SMALL.iterdir()) <= 12e6
    assert json.loads((SMALL / "config.json").read_text())["model_type"] == "clip"
    ds = datasets.load("simulated", stimuli=80)
    ids = ds.stimuli["id"].tolist()[:20]
    model = CLIPModel.from_pretrained(SMALL, dtype=torch.float32).eval()
    processor = AutoImageProcessor.from_pretrained(SMALL, backend="pil")
    tokens = AutoTokenizer.from_pretrained(SMALL)(["a red car at night"], return_tensors="pt")
    pixels = processor([ds.image(name) for name in ids], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        images = model.get_image_features(pixel_values=pixels).pooler_output
        text = model.get_text_features(
            input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
        ).pooler_output
    found = encoders.encode_images(ds.subset(ids), "clip-small")
    np.testing.assert_allclose(found, images.numpy(), atol=1e-5)
    found = encoders.encode_text(["a red car at night"], "clip-small")
    np.testing.assert_allclose(found, text.numpy(), atol=1e-5)


def test_in_bfloat16_it_gives_nearly_the_same_embeddings_and_says_so(monkeypatch):
    ds = datasets.load("simulated", stimuli=80)
    encoder = encoders.get("clip-small")
    embeddings, keys = [], set()
    for reduced in (False, True):
        monkeypatch.setattr(
            "core.encoders.families.clip.has_bfloat16", lambda device, own=reduced: own
        )
        assert encoder.computed_on("cpu").endswith("bfloat16") == reduced
        keys.add(encoders.result_key(ds, "clip-small"))
        loaded = encoder.load({"output": "projected"}, "cpu")
        prepared = loaded.prepare([ds.image(name) for name in ds.stimuli["id"]])
        embeddings.append(unit_rows(loaded.images(prepared)))
    exact, reduced = embeddings
    assert np.sum(exact * reduced, axis=1).min() >= 0.9999
    assert np.abs(exact - reduced).max() > 0
    # One key: what came along from another processor is found on this one.
    assert len(keys) == 1


def test_the_shipped_clip_names_unseen_drawings_and_finds_unseen_combinations():
    measured = evaluation.measure(load_clip(SMALL, "projected", "cpu"))
    assert measured.images >= 800
    assert measured.top1.groups == 80
    assert measured.top1.value >= 0.80
    assert measured.top5.value >= 0.95
    assert measured.precision.groups >= 50
    assert measured.precision.low >= 0.8
    assert measured.chance < 0.01
    assert measured.other_words.low >= 0.3
    told = re.findall(r"\| ([\d.]+)% \(95", (SMALL / "README.md").read_text())
    found = [one.value for one in (
        measured.top1, measured.top5, measured.other_words, measured.precision)]  # fmt: skip
    assert [float(value) / 100 for value in told] == pytest.approx(found, abs=0.01)
