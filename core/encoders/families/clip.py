"""CLIP: images and text in one space; any checkpoint of `transformers`."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import paths, store
from core.datasets.dataset import Dataset
from core.encoders import checkpoints
from core.encoders.devices import device as choose_device
from core.encoders.devices import has_bfloat16
from core.encoders.encoder import Encoder, EncoderInfo, Family, Loaded, register
from core.encoders.preparation import Preparer, load_processor
from core.encoders.text.tower import TextTower, read_words
from core.encoders.torch_models import TorchLoaded, inference
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from core.registry import Parameter

SMALL = paths.PROJECT / "data" / "clip-small"
# Without an ending: files of the endings that ``checkpoints.digest`` reads enter the keys of
# stored embeddings, which this list does not change.
WORDS = "words"
WHAT = "a CLIP checkpoint of transformers (CLIPModel)"
RADFORD = (
    "Radford A, et al. (2021) Learning transferable visual models from natural language "
    "supervision. ICML. arXiv:2103.00020."
)
# Before transformers 4.31 configurations said 2 and meant the token of the highest id.
LEGACY_END = 2
# Short products do not fill the units that multiply bfloat16.
BFLOAT16_BATCH = 64

OUTPUT = Parameter(
    "output",
    "Embedding",
    "projected",
    "'projected' is the final embedding, which text shares; 'visual' is the raw visual layer "
    "before the projection",
    choices=("projected", "visual"),
)
PUBLISHED = {
    "clip-vit-b32": ("CLIP ViT-B/32", "openai/clip-vit-base-patch32"),
    "clip-vit-b16": ("CLIP ViT-B/16", "openai/clip-vit-base-patch16"),
    "clip-vit-l14": ("CLIP ViT-L/14", "openai/clip-vit-large-patch14"),
}


class Clip(Encoder):
    """A CLIP checkpoint, by folder or by name on the hub."""

    def __init__(self, info: EncoderInfo, name: str) -> None:
        super().__init__(info)
        self._name = name

    def folder(self) -> Path:
        return checkpoints.located(self._name)

    def digest(self) -> str:
        return checkpoints.digest(self.folder())

    def load(self, parameters: Mapping[str, Any], device: str) -> Loaded:
        return load_clip(self.folder(), parameters["output"], device)


class SmallClip(Clip):
    """The CLIP that the project ships.

    Images go through it in bfloat16 where the processor has that: a cosine of at least .9999 to
    the embedding in float32, from which the key of a result therefore does not tell it.
    """

    def computed_on(self, device: str | None = None) -> str:
        reduced = has_bfloat16(choose_device(device))
        return super().computed_on(device) + (", bfloat16" if reduced else "")

    def load(self, parameters: Mapping[str, Any], device: str) -> Loaded:
        loaded = load_clip(self.folder(), parameters["output"], device)
        if has_bfloat16(device):
            loaded.reduce()
        return loaded

    def folder(self) -> Path:
        if not SMALL.is_dir():
            raise NotFoundError(f"There is no folder {SMALL}", remedy=HOW_TO_MAKE)
        return SMALL

    def words(self) -> frozenset[str] | None:
        file = self.folder() / WORDS
        return frozenset(file.read_text("utf-8").split()) if file.is_file() else None

    def load_reader(self, parameters: Mapping[str, Any]) -> Loaded | None:
        is_shared = parameters["output"] == OUTPUT.default
        return TextTower(self.folder()) if is_shared else None


class LoadedClip(TorchLoaded):
    """A CLIP in memory."""

    def __init__(self, folder: Path, model: Any, preparer: Preparer, output: str, device: str):
        self._folder = folder
        self._model = model
        self._output = output
        self._tokenizer: Any = None
        super().__init__(preparer, self._image_features, device)

    def reduce(self) -> None:
        """Compute the products of the image layers in bfloat16: patches and embedding are not."""
        import torch

        layers = self._model.vision_model.encoder
        layers.forward = torch.autocast("cpu", torch.bfloat16)(layers.forward)
        self.batch = BFLOAT16_BATCH

    def text(self, texts: Sequence[str]) -> np.ndarray:
        if self._output != OUTPUT.default:
            raise InputError(
                "Text was asked for in the raw visual layer",
                "the projected embedding, which text shares",
                f"Set output to {OUTPUT.default!r}.",
            )
        tokens = self._tokens(self.read(texts), padding=True, return_tensors="pt")
        with inference(self.device):
            outputs = self._model.get_text_features(
                input_ids=tokens["input_ids"].to(self.device),
                attention_mask=tokens["attention_mask"].to(self.device),
            )
            return np.asarray(outputs.pooler_output.float().cpu().numpy())

    def read(self, texts: Sequence[str]) -> list[str]:
        return read_words(texts, self._tokens(texts, return_offsets_mapping=True)["offset_mapping"])

    def _tokens(self, texts: Sequence[str], **how: Any) -> Any:
        if self._tokenizer is None:
            self._tokenizer = load_tokenizer(self._folder, self._model)
        return self._tokenizer(list(texts), truncation=True, **how)

    def _image_features(self, pixels: Any) -> Any:
        if self._output == "visual":
            return self._model.vision_model(pixel_values=pixels).pooler_output
        return self._model.get_image_features(pixel_values=pixels).pooler_output


def load_clip(folder: Path, output: str, device: str) -> LoadedClip:
    """Load a CLIP checkpoint.

    Raises
    ------
    NotFoundError
        If files are missing.
    InputError
        If the checkpoint is of another kind.
    CorruptDataError
        If a file does not hold what its layout promises.
    """
    checkpoints.check_complete(folder)
    kind = checkpoints.read_config(folder).get("model_type")
    if kind != "clip":
        raise InputError(
            f"The checkpoint {folder} is no CLIP: its model_type is {kind!r}",
            WHAT,
            f"For images alone, 'vision:{folder}' may open it.",
        )
    with checkpoints.reading(folder, WHAT):
        from transformers import CLIPModel
    model = checkpoints.load_model(CLIPModel, folder, WHAT).to(device)
    with checkpoints.reading(folder, WHAT):
        return LoadedClip(folder, model, Preparer(load_processor(folder)), output, device)


def load_tokenizer(folder: Path, model: Any) -> Any:
    """Load the tokenizer of a CLIP checkpoint and check that it fits the text model."""
    has_words = (folder / checkpoints.TOKENIZER).is_file() or all(
        (folder / name).is_file() for name in ("vocab.json", "merges.txt")
    )
    if not has_words:
        raise NotFoundError(
            f"The checkpoint {folder} has no tokenizer",
            f"{checkpoints.TOKENIZER}, or vocab.json and merges.txt",
        )
    with checkpoints.reading(folder, "a tokenizer of transformers"):
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    config = model.config.text_config
    _check_fit(folder, tokenizer, config)
    longest = min(tokenizer.model_max_length, config.max_position_embeddings)
    tokenizer.model_max_length = int(longest)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _check_fit(folder: Path, tokenizer: Any, config: Any) -> None:
    highest = max(tokenizer.get_vocab().values(), default=-1)
    if highest >= config.vocab_size:
        raise CorruptDataError(
            f"The tokenizer of {folder} has tokens up to {highest}, its text model "
            f"{config.vocab_size} embeddings",
            "the tokenizer with which the model was trained",
        )
    if config.eos_token_id not in (LEGACY_END, tokenizer.eos_token_id):
        raise CorruptDataError(
            f"The tokenizer of {folder} ends a text with token {tokenizer.eos_token_id}, its text "
            f"model looks for {config.eos_token_id}",
            "the tokenizer with which the model was trained",
        )


HOW_TO_MAKE = (
    "It is part of the repository: restore data/clip-small from there, or train it again as "
    "data/README.md says."
)


def _small(name: str) -> Encoder:
    here = SMALL.is_dir()
    description = (
        "Trained from scratch on drawn scenes and captions: for the simulated experiment only, "
        "not for photographs. It knows the 80 object categories drawn there, their colours, "
        "places and numbers, and the time of day, in about 250 words. Where the processor "
        "multiplies bfloat16, images are encoded in that (cosine to float32 at least .9999), and "
        "their result says so."
    )
    info = EncoderInfo(
        id="clip-small",
        label="Small CLIP of this project",
        kind="clip",
        description=description if here else f"{description} Not on this machine. {HOW_TO_MAKE}",
        citation=f"Trained by Neurogallery, after {RADFORD}",
        licence="That of the project.",
        has_text=True,
        parameters=(OUTPUT,),
        where=SMALL if here else None,
    )
    return SmallClip(info, str(SMALL))


def _published(id_: str, name: str) -> Encoder:
    label, hub = PUBLISHED[id_]
    where = checkpoints.find(hub)
    place = checkpoints.place_of(hub)
    info = EncoderInfo(
        id=id_,
        label=label,
        kind="clip",
        description=f"{hub}, trained on 400 million images and captions. "
        + ("" if where else f"Fetched from huggingface.co at first use, or placed in {place}."),
        citation=RADFORD,
        licence="MIT (openai/CLIP)",
        has_text=True,
        parameters=(OUTPUT,),
        where=where,
    )
    return Clip(info, hub)


def _named(name: str) -> Encoder:
    info = EncoderInfo(
        id=f"clip:{name}",
        label=f"CLIP {name}",
        kind="clip",
        description="A CLIP checkpoint of transformers.",
        has_text=True,
        parameters=(OUTPUT,),
        where=checkpoints.find(name),
    )
    return Clip(info, name)


def _members(ds: Dataset | None) -> Iterator[EncoderInfo]:
    """Checkpoints below ``<data root>/models`` that no id of their own names."""
    known = {hub.replace("/", "--") for _, hub in PUBLISHED.values()}
    for folder in paths.visible(checkpoints.models_root()):
        config = folder / checkpoints.CONFIG
        try:
            content = store.read_json(config)
            is_clip = isinstance(content, dict) and content.get("model_type") == "clip"
            if is_clip and config.parent.name not in known:
                yield _named(config.parent.name).info
        except NeurogalleryError:  # the list survives one broken folder; opening it says why
            continue


register("clip-small", Family(_small))
for _id in PUBLISHED:
    register(_id, Family(functools.partial(_published, _id)))
register("clip", Family(_named, takes="<hub name or folder>", members=_members))
