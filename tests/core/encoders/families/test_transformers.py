"""Encoders of checkpoints: the values of transformers itself, and the store."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    ConvNextConfig,
    ConvNextModel,
    ViTImageProcessor,
    ViTModel,
)

from core import encoders, paths
from core.encoders import encode, preparation
from core.encoders.families import clip
from core.errors import Cancelled, InputError, NotFoundError
from tests.core.encoders.shared import SIDE, TEXTS, kept, pixel_values, rows_kept, tokenizer

# --- values


@pytest.mark.parametrize("output", ["projected", "visual"])
def test_clip_images_agree_with_transformers(ds, tiny, output):
    features = encoders.encode_images(ds, f"clip:{tiny}", output=output)
    model = CLIPModel.from_pretrained(tiny).eval()
    pixels = pixel_values(tiny, [ds.image(name) for name in kept(ds)])
    with torch.no_grad():
        expected = model.vision_model(pixel_values=pixels).pooler_output
        if output == "projected":
            expected = model.get_image_features(pixel_values=pixels).pooler_output
    assert features.shape == (7, 24 if output == "projected" else 32)
    assert features.dtype == np.float32
    assert np.isnan(features[5]).all()
    np.testing.assert_allclose(features[rows_kept(ds)], expected.numpy(), atol=1e-5)
    query = encoders.encode_image(ds.image("p3"), f"clip:{tiny}", output=output)
    np.testing.assert_allclose(query, features[3], atol=1e-5)


def test_clip_texts_agree_with_transformers_one_by_one(tiny):
    found = encoders.encode_text(TEXTS, f"clip:{tiny}")
    model, words = CLIPModel.from_pretrained(tiny).eval(), tokenizer()
    for text, features in zip(TEXTS, found, strict=True):
        tokens = words([text], truncation=True, max_length=10, return_tensors="pt")
        with torch.no_grad():
            expected = model.get_text_features(
                input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
            ).pooler_output
        np.testing.assert_allclose(features, expected[0].numpy(), atol=1e-5)
    assert encoders.encode_text([], f"clip:{tiny}").shape == (0, 24)
    assert np.isfinite(encoders.encode_text(["", "snow " * 500], f"clip:{tiny}")).all()


def test_text_is_refused_where_there_is_none(tiny):
    with pytest.raises(InputError, match=r"pixels takes no text.*clip-vit-b32"):
        encoders.encode_text(["a"], "pixels")
    with pytest.raises(InputError, match="raw visual layer"):
        encoders.encode_text(["a"], f"clip:{tiny}", output="visual")
    with pytest.raises(InputError, match="list of str"):
        encoders.encode_text("a red car", f"clip:{tiny}")


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_batch_size_and_order_do_not_change_an_embedding(ds, tiny, monkeypatch, batch):
    expected = encoders.encode_images(ds, f"clip:{tiny}")
    encode.clear_loaded()
    monkeypatch.setattr("core.encoders.torch_models.batch_size", lambda device: batch)
    order = np.random.default_rng(batch).permutation(7)
    turned = ds.subset([ds.stimuli["id"][row] for row in order])
    found = encoders.encode_images(turned, f"clip:{tiny}")
    np.testing.assert_allclose(found, expected[order], atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"size": {"shortest_edge": 40}, "crop_size": {"height": 40, "width": 32}},
        {"size": {"shortest_edge": 48}, "crop_size": {"height": 40, "width": 40}, "resample": 2},
        {"size": {"height": 33, "width": 47}, "do_center_crop": False},
    ],
)
def test_the_fast_preparation_is_that_of_the_processor(ds, settings):
    processor = CLIPImageProcessor(**settings)
    fast = preparation.as_preparation(processor)
    assert fast is not None
    for name in kept(ds):
        expected = processor(images=ds.image(name), return_tensors="pt")["pixel_values"]
        found = fast.scaled(np.stack([fast.pixels(ds.image(name))]), "cpu")
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"size": {"shortest_edge": 20}, "crop_size": {"height": 40, "width": 40}},
        {"do_normalize": False},
        {"rescale_factor": 1 / 127.5},
        {"size": {"shortest_edge": 48}, "do_center_crop": False},
    ],
)
def test_other_processors_do_their_own_steps(ds, settings):
    processor = CLIPImageProcessor(**settings)
    preparer = preparation.Preparer(processor)
    assert preparation.as_preparation(processor) is None
    expected = processor(images=ds.image("p0"), return_tensors="np")["pixel_values"][0]
    np.testing.assert_array_equal(preparer.prepare([ds.image("p0")])[0], expected)


@pytest.mark.parametrize(
    ("layer", "pooling"), [(-1, "cls"), (1, "mean"), (0, "cls"), (-1, "pooler")]
)
def test_vision_layers_and_poolings(ds, vit, layer, pooling):
    folder = vit
    found = encoders.encode_images(ds, f"vision:{folder}", layer=layer, pooling=pooling)
    model = ViTModel.from_pretrained(folder).eval()
    with torch.no_grad():
        pixels = pixel_values(folder, [ds.image(name) for name in kept(ds)])
        outputs = model(pixel_values=pixels, output_hidden_states=True)
    hidden = outputs.hidden_states[layer]
    expected = {
        "cls": hidden[:, 0],
        "mean": hidden[:, 1:].mean(dim=1),
        "pooler": outputs.pooler_output,
    }[pooling]
    np.testing.assert_allclose(found[rows_kept(ds)], expected.numpy(), atol=1e-5)


def test_vision_of_a_convolutional_model_and_of_clip(ds, tiny, tmp_path):
    folder = tmp_path / "convnext"
    sizes = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}
    ConvNextModel(ConvNextConfig(image_size=SIDE, **sizes)).save_pretrained(folder)
    ViTImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    mean = encoders.encode_images(ds, f"vision:{folder}", pooling="mean")
    assert mean.shape == (7, 32)
    with pytest.raises(InputError, match="no class token"):
        encoders.encode_images(ds, f"vision:{folder}")
    both = encoders.encode_images(ds, f"vision:{tiny}", pooling="pooler")
    raw = encoders.encode_images(ds, f"clip:{tiny}", output="visual")
    np.testing.assert_allclose(both, raw, atol=1e-5)


def test_a_layer_beyond_the_last_names_the_choices(ds, vit):
    with pytest.raises(InputError, match="from -3 to 2"):
        encoders.encode_images(ds, f"vision:{vit}", layer=3)


# --- the store


def test_the_second_call_loads_nothing(ds, tiny, monkeypatch):
    name = f"clip:{tiny}"
    assert encoders.load(encoders.result_key(ds, name)) is None
    with pytest.raises(NotFoundError, match="not encoded"):
        encoders.load_failures(ds, name)
    first = encoders.encode_images(ds, name)
    encode.clear_loaded()

    def refuse(*given, **named):
        raise AssertionError("loaded again")

    monkeypatch.setattr(clip.Clip, "load", refuse)
    monkeypatch.setattr(type(ds), "image", refuse)
    second = encoders.encode_images(ds, name)
    np.testing.assert_array_equal(first, second)
    assert not second.flags.writeable
    assert isinstance(second, np.memmap) or isinstance(second.base, np.memmap)
    assert encoders.load_failures(ds, name).keys() == {"p5"}
    stored = encoders.load(encoders.result_key(ds, name))
    assert stored is not None
    assert stored.size == 7 * 24 * 4
    assert stored.facts["parameters"] == {"output": "projected"}
    assert stored.facts["device"].startswith("CPU")
    assert [entry.key for entry in encoders.entries()] == [encoders.result_key(ds, name)]


def test_the_key_follows_what_the_result_is_made_from(ds, tiny):
    name = f"clip:{tiny}"
    keys = {
        encoders.result_key(ds, name),
        encoders.result_key(ds, name, output="visual"),
        encoders.result_key(ds, name, "gallery"),
        encoders.result_key(ds.subset(["p1", "p0"]), name),
        encoders.result_key(ds, "pixels"),
    }
    config = json.loads((tiny / "preprocessor_config.json").read_text())
    (tiny / "preprocessor_config.json").write_text(json.dumps({**config, "resample": 2}))
    keys.add(encoders.result_key(ds, name))
    torch.manual_seed(5)
    CLIPModel(CLIPConfig.from_pretrained(tiny)).save_pretrained(tiny)
    keys.add(encoders.result_key(ds, name))
    assert len(keys) == 7


def test_cancel_keeps_nothing_and_the_next_call_computes(ds, tiny, monkeypatch):
    monkeypatch.setattr("core.encoders.torch_models.batch_size", lambda device: 2)
    seen = []

    def progress(fraction, message):
        seen.append(message)
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        encoders.encode_images(ds, f"clip:{tiny}", progress=progress)
    assert seen[-1].startswith("4 of 7 images, CPU")
    assert encoders.entries() == []
    assert list(paths.results_root().rglob("*.npy")) == []
    assert encoders.encode_images(ds, f"clip:{tiny}").shape == (7, 24)
