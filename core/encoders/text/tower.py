"""The text model of a CLIP checkpoint in numpy: the first search of a server waits for it.

To import torch and transformers takes 3.5 s of a processor; a text of the small CLIP a millisecond.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.encoders import checkpoints
from core.encoders.encoder import Loaded
from core.errors import CorruptDataError

WORD = re.compile(r"\w+")
PREFIXES = ("text_model.", "text_projection.")
UNSEEN = -1e30


class TextTower(Loaded):
    """The text model of a CLIP whose activation is 'gelu': tokens to the projected embedding.

    Radford et al. 2021, section 2.4: a transformer with causal attention, whose normalised
    output at the end token is projected. Float32, as the same checkpoint in transformers.

    Parameters
    ----------
    folder : Path
        A checkpoint with config.json, tokenizer.json and model.safetensors.

    Raises
    ------
    NotFoundError
        If files are missing.
    CorruptDataError
        If one cannot be read, or lacks a weight.
    """

    def __init__(self, folder: Path) -> None:
        from safetensors import safe_open
        from tokenizers import Tokenizer

        checkpoints.check_complete(folder)
        config = checkpoints.read_config(folder)
        try:
            self._config = config["text_config"]
            self._tokenizer = Tokenizer.from_file(str(folder / checkpoints.TOKENIZER))
            with safe_open(folder / checkpoints.WEIGHTS, "numpy") as file:
                self._weights = {
                    name: file.get_tensor(name).astype(np.float32)
                    for name in file.keys()  # noqa: SIM118  (the file is no mapping)
                    if name.startswith(PREFIXES)
                }
            self.dimensions = len(self._weights["text_projection.weight"])
            longest = int(self._config["max_position_embeddings"])
        except Exception as error:  # both readers raise classes of their own
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            what = "a CLIP checkpoint of transformers"
            raise CorruptDataError(f"{folder} could not be loaded ({reason})", what) from error
        self._tokenizer.enable_truncation(longest)
        self._tokenizer.enable_padding(pad_id=int(self._config["pad_token_id"]))

    def text(self, texts: Sequence[str]) -> np.ndarray:
        encodings = self._tokenizer.encode_batch(self.read(texts))
        tokens = np.array([encoding.ids for encoding in encodings])
        width = self._config["hidden_size"]
        states = self._weights["text_model.embeddings.token_embedding.weight"][tokens]
        states += self._weights["text_model.embeddings.position_embedding.weight"][
            : states.shape[1]
        ]
        for layer in range(self._config["num_hidden_layers"]):
            name = f"text_model.encoder.layers.{layer}"
            states += self._attended(
                f"{name}.self_attn", self._normed(f"{name}.layer_norm1", states)
            )
            hidden = self._linear(f"{name}.mlp.fc1", self._normed(f"{name}.layer_norm2", states))
            states += self._linear(f"{name}.mlp.fc2", _gelu(hidden))
        # What follows the end token is padding, which causal attention keeps from it.
        ends = (tokens == self._config["eos_token_id"]).argmax(axis=1)
        last = states[np.arange(len(states)), ends].reshape(-1, width)
        normed = self._normed("text_model.final_layer_norm", last)
        return np.asarray(normed @ self._weights["text_projection.weight"].T)

    def read(self, texts: Sequence[str]) -> list[str]:
        encodings = self._tokenizer.encode_batch(texts)
        return read_words(texts, (encoding.offsets for encoding in encodings))

    def _linear(self, name: str, states: np.ndarray) -> np.ndarray:
        return states @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normed(self, name: str, states: np.ndarray) -> np.ndarray:
        centred = states - states.mean(axis=-1, keepdims=True)
        variance = (centred**2).mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt(variance + self._config["layer_norm_eps"])
        return scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]

    def _attended(self, name: str, states: np.ndarray) -> np.ndarray:
        """Each token's mixture of itself and those before it. (b, n, width)."""
        texts, length, width = states.shape
        heads = self._config["num_attention_heads"]
        query, key, value = (
            self._linear(f"{name}.{part}", states)
            .reshape(texts, length, heads, width // heads)
            .transpose(0, 2, 1, 3)
            for part in ("q_proj", "k_proj", "v_proj")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // heads))
        scores[..., np.triu(np.ones((length, length), dtype=bool), 1)] = UNSEEN
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        mixed = (shares @ value).transpose(0, 2, 1, 3).reshape(texts, length, width)
        return self._linear(f"{name}.out_proj", mixed)


def read_words(texts: Sequence[str], offsets: Iterable[Any]) -> list[str]:
    """The whole words of each text up to where its last token stops.

    Parameters
    ----------
    texts : sequence of str
    offsets : iterable of sequence of (int, int)
        Where each token of a text starts and stops; (0, 0) where it stands for no part of it.
    """
    stops = [max(stop for _, stop in of_text) for of_text in offsets]
    return [_whole_words(text, stop) for text, stop in zip(texts, stops, strict=True)]


def _whole_words(text: str, stop: int) -> str:
    """The text up to a place, without a word that it divides: a part of one means another."""
    divided = [word for word in WORD.finditer(text) if word.start() < stop < word.end()]
    return text[: divided[0].start()].rstrip() or text[:stop] if divided else text[:stop]


def _gelu(values: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return values * (1 + erf(values / np.float32(np.sqrt(2)))) / 2
