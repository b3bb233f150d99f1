"""Wrong checkpoints have one clear line each; the hub, and the folder of models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    CLIPImageProcessor,
    CLIPModel,
)

from core import encoders, paths
from core.encoders import checkpoints
from core.errors import CorruptDataError, InputError, NotFoundError
from tests.core.encoders.shared import SPECIAL, TEXTS, tokenizer, tower

# --- wrong checkpoints


def damage_config(folder):
    (folder / "config.json").write_text("{")


def another_model(folder):
    config = BertConfig(vocab_size=20, **tower())
    BertModel(config).save_pretrained(folder)


def lose(name):
    return lambda folder: (folder / name).unlink()


def cut_weights(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def other_weights(folder):
    config = json.loads((folder / "config.json").read_text())
    config["vision_config"]["num_hidden_layers"] = 3
    (folder / "config.json").write_text(json.dumps(config))


def other_size(folder):
    CLIPImageProcessor(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(folder)


def only_pickled(folder):
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def infinite_weights(folder):
    model = CLIPModel.from_pretrained(folder)
    model.visual_projection.weight.data[:] = torch.nan
    model.save_pretrained(folder)


WRONG = {
    "broken config": (damage_config, CorruptDataError, r"config\.json"),
    "another model": (another_model, InputError, r"no CLIP: its model_type is 'bert'"),
    "no config": (lose("config.json"), NotFoundError, r"has no config\.json"),
    "no weights": (lose("model.safetensors"), NotFoundError, r"has no model\.safetensors"),
    "no processor": (lose("preprocessor_config.json"), NotFoundError, r"preprocessor_config"),
    "pickled weights": (only_pickled, NotFoundError, r"\.bin\) are not opened"),
    "truncated weights": (cut_weights, CorruptDataError, r"could not be loaded"),
    "absent weights": (other_weights, CorruptDataError, r"lacks 16 weights"),
    "another size": (other_size, CorruptDataError, r"could not be loaded.*48"),
    "not finite": (infinite_weights, CorruptDataError, r"not finite"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_checkpoint_has_one_clear_line(ds, tiny, mistake):
    make, error, message = WRONG[mistake]
    for path in tiny.glob("processor_config.json"):
        path.rename(tiny / "preprocessor_config.json")
    make(tiny)
    with pytest.raises(error, match=message) as caught:
        encoders.encode_images(ds, f"clip:{tiny}")
    assert "\n" not in str(caught.value)
    assert encoders.entries() == []


def test_a_tokenizer_that_does_not_fit(tiny):
    tokenizer(first_word=15).save_pretrained(tiny)
    with pytest.raises(CorruptDataError, match=r"tokens up to 24.*20 embeddings"):
        encoders.encode_text(TEXTS, f"clip:{tiny}")
    other = tokenizer()
    other.eos_token = SPECIAL[1]
    other.save_pretrained(tiny)
    with pytest.raises(CorruptDataError, match=r"ends a text with token 1.*looks for 3"):
        encoders.encode_text(TEXTS, f"clip:{tiny}")
    for path in tiny.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(NotFoundError, match="no tokenizer"):
        encoders.encode_text(TEXTS, f"clip:{tiny}")


def test_ids_and_parameters_are_checked(ds, tiny):
    for wrong, message in (
        ("resnet", r"no encoder 'resnet'.*clip:<hub name or folder>"),
        ("clip", "clip:<hub name"),
        ("pixels:x", "'pixels'"),
        ("clip:/nowhere", "no folder /nowhere"),
        ("clip:nowhere", "hub"),
        ("precomputed:alexnet", "vgg16"),
        ("module:nowhere", "no folder"),
    ):
        with pytest.raises((InputError, NotFoundError), match=message):
            encoders.encode_images(ds, wrong)
    with pytest.raises(InputError, match="no parameter 'layer'"):
        encoders.encode_images(ds, f"clip:{tiny}", layer=2)
    with pytest.raises(InputError, match="projected, visual"):
        encoders.encode_images(ds, f"clip:{tiny}", output="raw")
    with pytest.raises(InputError, match="stimuli, gallery"):
        encoders.encode_images(ds, f"clip:{tiny}", which="test")
    with pytest.raises(InputError, match="device is 'tpu'"):
        encoders.encode_images(ds, f"clip:{tiny}", device="tpu")


def test_config_that_names_code_of_its_own_is_not_run(ds, tmp_path, vit):
    folder = Path(shutil.copytree(vit, tmp_path / "code"))
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "mine", "auto_map": {"AutoModel": "mine.Model"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "mine.py").write_text("raise SystemExit('run')")
    with pytest.raises(CorruptDataError, match="could not be loaded"):
        encoders.encode_images(ds, f"vision:{folder}")


# --- the hub and the folder of models


def test_an_unreachable_hub_says_where_to_place_the_files(ds, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    place = paths.data_root() / "models" / "openai--clip-vit-base-patch32"
    for name in ("clip-vit-b32", "clip:openai/clip-vit-base-patch32"):
        with pytest.raises(NotFoundError, match=str(place)) as caught:
            encoders.encode_images(ds, name)
        assert "model.safetensors" in str(caught.value)
        assert "preprocessor_config.json" in str(caught.value)


def test_a_gated_hub_says_where_to_place_the_files(monkeypatch):
    import huggingface_hub

    def refuse(*given, **named):
        raise OSError("403 Client Error. Access to this model is restricted\nmore")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(NotFoundError, match=r"restricted\).*org--model"):
        checkpoints.located("org/model")


def test_placed_files_are_found_and_listed(ds, tiny, vit):
    root = paths.data_root() / "models"
    shutil.copytree(tiny, root / "openai--clip-vit-base-patch16")
    shutil.copytree(tiny, root / "own")
    shutil.copytree(vit, root / "org--vit")
    (root / "broken").mkdir()
    (root / "broken" / "config.json").write_text("{")
    listed = {info.id: info for info in encoders.available(ds)}
    assert {"clip:own", "vision:org--vit", "precomputed:vgg16", "clip-vit-b32", "gabor"} <= set(
        listed
    )
    assert not any("broken" in name for name in listed)
    assert listed["clip-vit-b16"].where == root / "openai--clip-vit-base-patch16"
    assert listed["clip-vit-b32"].where is None
    expected = encoders.encode_images(ds, f"clip:{tiny}")
    for name in ("clip-vit-b16", "clip:own", "clip:openai/clip-vit-base-patch16"):
        np.testing.assert_array_equal(encoders.encode_images(ds, name), expected)
    assert encoders.encode_images(ds, "vision:org/vit").shape == (7, 32)
