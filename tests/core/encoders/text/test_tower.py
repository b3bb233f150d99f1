"""The text model of the small CLIP in numpy: the values of transformers, without importing it."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, CLIPModel

from core import encoders
from core.encoders.families.clip import SMALL
from core.encoders.text.tower import TextTower
from core.errors import CorruptDataError, NotFoundError

TEXTS = ["a red car at night", "Two SHEEP!", "", "?!", "a café by the sea 猫", "snow " * 50]
APART = """
import sys
from core import encoders
encoders.encode_text(["a red car"], "clip-small")
encoders.check_text(["a red car"], "clip-small")
sys.exit(" ".join({"torch", "transformers"} & set(sys.modules)) or 0)
"""


def test_it_agrees_with_transformers_one_by_one_and_together() -> None:
    model = CLIPModel.from_pretrained(SMALL, dtype=torch.float64).eval()
    words = AutoTokenizer.from_pretrained(SMALL)
    together = encoders.encode_text(TEXTS, "clip-small")
    assert (together.dtype, together.shape) == (np.float32, (len(TEXTS), 128))
    for text, features in zip(TEXTS, together, strict=True):
        tokens = words([text], truncation=True, max_length=24, padding=False, return_tensors="pt")
        with torch.no_grad():
            expected = model.get_text_features(input_ids=tokens["input_ids"]).pooler_output
        np.testing.assert_allclose(features, expected[0].numpy(), atol=1e-5)
        (alone,) = encoders.encode_text([text], "clip-small")
        np.testing.assert_allclose(features, alone, atol=1e-5)


def test_a_device_that_is_named_takes_the_whole_encoder() -> None:
    whole = encoders.encode_text(TEXTS, "clip-small", device="cpu")
    np.testing.assert_allclose(whole, encoders.encode_text(TEXTS, "clip-small"), atol=1e-5)


def test_reading_a_text_imports_neither_torch_nor_transformers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", APART], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_checkpoint_that_lacks_something_says_so(tmp_path) -> None:
    folder = tmp_path / "clip"
    shutil.copytree(SMALL, folder)
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(CorruptDataError, match="could not be loaded"):
        TextTower(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(NotFoundError, match=r"has no model\.safetensors"):
        TextTower(folder)
