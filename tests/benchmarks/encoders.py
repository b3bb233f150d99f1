"""Rates of encode_images beside the bare forward pass and beside decoding alone."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from PIL import Image

from core import datasets, encoders, store
from core.datasets import Dataset, DatasetInfo
from core.encoders import Loaded, encode
from core.encoders.pipeline import features

ROUNDS = 3
MANY = 10_000
SIDE = 425


@dataclass(frozen=True)
class Rates:
    """Ratios of rates, and seconds of a second call for 10,000 images."""

    large_of_forward: float
    small_of_decoding: float
    small_of_decoding_photographs: float
    again_s: float


def rates(images: int) -> Rates:
    """Measure on this machine's best device, fastest of three turns each."""
    with (
        tempfile.TemporaryDirectory() as temporary,
        mock.patch.dict(os.environ, {"NEUROGALLERY_RESULTS": temporary}),
    ):
        large = save_large(Path(temporary) / "large")
        photographs = noise_photographs(images)
        scenes = datasets.load("simulated", stimuli=80)
        return Rates(
            _of_forward(photographs, f"clip:{large}"),
            _of_decoding(scenes, "gallery", "clip-small"),
            _of_decoding(photographs, "stimuli", "clip-small"),
            _again(),
        )


def save_large(folder: Path) -> Path:
    """A CLIP with the vision tower of ViT-B/32 and random weights."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    text = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "vocab_size": 100}
    CLIPModel(CLIPConfig(text_config=text)).save_pretrained(folder)
    CLIPImageProcessor().save_pretrained(folder)
    return folder


def noise_photographs(count: int) -> Dataset:
    """Images of 425 x 425 pixels, as those of NSD, as JPEG in memory."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (16, 27, 27, 3), dtype=np.uint8)
    files = []
    for pixels in coarse:
        buffer = io.BytesIO()
        image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        image.save(buffer, "JPEG", quality=90)
        files.append(buffer.getvalue())

    def read(name: str) -> Image.Image:
        return Image.open(io.BytesIO(files[int(name) % len(files)]))

    return generated(count, read)


def generated(count: int, read: Callable[[str], Image.Image]) -> Dataset:
    return Dataset(
        DatasetInfo("generated", "Generated images"),
        "s1",
        ("s1",),
        pd.DataFrame({"id": [str(number) for number in range(count)]}),
        f"generated {count}",
        images=read,
    )


def _of_forward(ds: Dataset, encoder: str) -> float:
    loaded = _opened(encoder)
    batch = loaded.prepare([ds.image("0")]) * loaded.batch
    batches = -(-ds.n_stimuli // loaded.batch)

    def forward() -> None:
        for _ in range(batches):
            loaded.images(batch)

    whole = _fastest(lambda: _encode(ds, "stimuli", encoder))
    bare = _fastest(forward) * ds.n_stimuli / (batches * loaded.batch)
    return bare / whole


def _of_decoding(ds: Dataset, which: str, encoder: str) -> float:
    loaded = _opened(encoder)
    ids = (ds.stimuli if which == "stimuli" else ds.gallery)["id"].tolist()
    decoding = _DecodesOnly(loaded)

    def decode() -> None:
        for _ in features(ids, ds.image, decoding, {}):
            pass

    return _fastest(decode) / _fastest(lambda: _encode(ds, which, encoder))


class _DecodesOnly(Loaded):
    """Prepares images as an encoder does, and computes nothing."""

    def __init__(self, loaded: Loaded) -> None:
        self.prepare = loaded.prepare  # type: ignore[method-assign]
        self.dimensions, self.batch = loaded.dimensions, loaded.batch

    def images(self, prepared):  # type: ignore[no-untyped-def]
        return np.zeros((len(prepared), self.dimensions), np.float32)


def _again() -> float:
    grey = Image.new("RGB", (16, 16), "grey")
    ds = generated(MANY, lambda name: grey)
    encoders.encode_images(ds, "pixels", side=16)
    return _fastest(lambda: np.asarray(encoders.encode_images(ds, "pixels", side=16)[-1]))


def _opened(encoder: str) -> Loaded:
    chosen = encoders.get(encoder)
    encode.clear_loaded()
    parameters = encoders.check_parameters(chosen.info, {})
    return chosen.load(parameters, encoders.device())


def _encode(ds: Dataset, which: str, encoder: str) -> None:
    store.remove(encoders.result_key(ds, encoder, which))
    encoders.encode_images(ds, encoder, which)


def _fastest(action: Callable[[], object]) -> float:
    action()
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
