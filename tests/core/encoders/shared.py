"""What the tests of encoders share: tiny checkpoints, and a folder of images. No tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoImageProcessor,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    PreTrainedTokenizerFast,
    ViTConfig,
    ViTImageProcessor,
    ViTModel,
)

from core import datasets
from core.datasets import Dataset

WORDS = ["a", "red", "blue", "car", "dog", "at", "night", "in", "the", "snow"]
SPECIAL = ("[pad]", "[start]", "[end]", "[unknown]")
TEXTS = ["a red car at night", "the dog", "a blue car in the snow snow snow"]
SIDE = 48


def tokenizer(first_word: int = 4) -> PreTrainedTokenizerFast:
    """One token a word; ids of words start at ``first_word``."""
    words = {word: first_word + number for number, word in enumerate(WORDS)}
    # The end of a text is token 3: 2 would select the old rule of transformers.
    vocabulary = {SPECIAL[0]: 0, SPECIAL[1]: 1, SPECIAL[3]: 2, SPECIAL[2]: 3, **words}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=SPECIAL[3]))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[start] $A [end]", special_tokens=[("[start]", 1), ("[end]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token=SPECIAL[0],
        bos_token=SPECIAL[1],
        eos_token=SPECIAL[2],
        unk_token=SPECIAL[3],
        model_max_length=10,
    )


def tower(**further: int) -> dict[str, int]:
    size = {"hidden_size": 32, "intermediate_size": 64}
    return {**size, "num_hidden_layers": 2, "num_attention_heads": 4, **further}


def save_clip(folder: Path) -> Path:
    torch.manual_seed(0)
    ends = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 3}
    text = tower(vocab_size=20, max_position_embeddings=10, **ends)
    vision = tower(image_size=SIDE, patch_size=16)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=24))
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    square = {"height": SIDE, "width": SIDE}
    CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=square).save_pretrained(folder)
    return folder


def save_vit(folder: Path) -> Path:
    torch.manual_seed(1)
    ViTModel(ViTConfig(image_size=SIDE, patch_size=16, **tower())).save_pretrained(folder)
    ViTImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


def save_images(root: Path) -> Dataset:
    """A folder of 7 images of different shapes, the sixth missing, and a gallery of 2."""
    rng = np.random.default_rng(0)
    for below in ("images", "gallery", "embeddings"):
        (root / below).mkdir(parents=True)
    sizes = [(60, 90), (90, 60), (48, 48), (20, 31), (200, 77), (64, 64)]
    names = [f"p{number}" for number in range(7)]
    lines = ["id,file,category"]
    for number, name in enumerate(names):
        if number != 5:
            size = sizes[number % len(sizes)]
            pixels = rng.integers(0, 255, (*size, 3), dtype=np.uint8)
            Image.fromarray(pixels).resize(size, 3).save(root / "images" / f"{name}.png")
        lines.append(f"{name},{name}.png,c{number % 2}")
    (root / "stimuli.csv").write_text("\n".join(lines) + "\n")
    for name in ("g0", "g1"):
        Image.new("RGB", (50, 40), (9, 120, 200)).save(root / "gallery" / f"{name}.png")
    (root / "gallery" / "gallery.csv").write_text("id,file\ng0,g0.png\ng1,g1.png\n")
    embeddings = rng.normal(size=(7, 5)).astype(np.float32)
    embeddings[2] = np.nan
    np.save(root / "embeddings" / "vgg16.npy", embeddings)
    return datasets.load("folder", root=root)


def kept(ds):
    return [name for name in ds.stimuli["id"] if name != "p5"]


def rows_kept(ds):
    return ds.stimuli["id"].ne("p5").to_numpy()


def pixel_values(folder, images):
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    return processor(images=images, return_tensors="pt")["pixel_values"]
