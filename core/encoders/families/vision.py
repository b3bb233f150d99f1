"""Any vision backbone of `transformers`, with a choice of layer and pooling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core import paths, store
from core.datasets.dataset import Dataset
from core.encoders import checkpoints
from core.encoders.encoder import Encoder, EncoderInfo, Family, Loaded, register
from core.encoders.preparation import Preparer, load_processor
from core.encoders.torch_models import TorchLoaded
from core.errors import InputError, NeurogalleryError
from core.registry import Parameter

WHAT = "a vision model of transformers (AutoModel) that takes images alone"
CLASS_TOKENS = ("cls_token", "class_embedding")

PARAMETERS = (
    Parameter(
        "layer",
        "Layer",
        -1,
        "Which layer is read: 0 is the input of the first block, -1 the output of the last",
        minimum=-200,
        maximum=200,
    ),
    Parameter(
        "pooling",
        "Pooling",
        "cls",
        "'cls' takes the class token, 'mean' the mean over places, 'pooler' the model's own "
        "summary (after the last layer, whatever layer is chosen)",
        choices=("cls", "mean", "pooler"),
    ),
)


class Vision(Encoder):
    """A vision backbone, by folder or by name on the hub."""

    def __init__(self, info: EncoderInfo, name: str) -> None:
        super().__init__(info)
        self._name = name

    def digest(self) -> str:
        return checkpoints.digest(checkpoints.located(self._name))

    def load(self, parameters: Mapping[str, Any], device: str) -> Loaded:
        folder = checkpoints.located(self._name)
        with checkpoints.reading(folder, WHAT):
            from transformers import AutoModel
        pooling = parameters["pooling"]
        # A checkpoint for classification has no weights for the pooler, which is then random.
        optional = "\0" if pooling == "pooler" else "pooler"
        model = checkpoints.load_model(AutoModel, folder, WHAT, optional)
        backbone = _Backbone(model, folder, parameters["layer"], pooling, device)
        with checkpoints.reading(folder, WHAT):
            return TorchLoaded(Preparer(load_processor(folder)), backbone, device)


class _Backbone:
    """Reads one layer of a model and pools it."""

    def __init__(self, model: Any, folder: Path, layer: int, pooling: str, device: str) -> None:
        # Models of images and text hold the one of images under this name.
        self._model = getattr(model, "vision_model", model).to(device)
        self._folder = folder
        self._layer = layer
        self._pooling = pooling
        names = [name for name, _ in self._model.named_parameters()]
        self._has_class = any(name.endswith(CLASS_TOKENS) for name in names)
        registers = getattr(self._model.config, "num_register_tokens", 0) or 0
        self._first_place = int(self._has_class) + registers

    def __call__(self, pixels: Any) -> Any:
        outputs = self._model(pixel_values=pixels, output_hidden_states=True)
        if self._pooling == "pooler":
            pooled = getattr(outputs, "pooler_output", None)
            if pooled is None:
                raise self._error("has no pooler", "pooling 'cls' or 'mean'")
            return pooled.flatten(1)
        hidden = self._chosen(getattr(outputs, "hidden_states", None) or ())
        if self._pooling == "mean":
            return hidden.mean(dim=(2, 3)) if hidden.ndim == 4 else self._places(hidden)
        if hidden.ndim != 3 or not self._has_class:
            raise self._error("has no class token", "pooling 'mean' or 'pooler'")
        return hidden[:, 0]

    def _places(self, hidden: Any) -> Any:
        return hidden[:, self._first_place :].mean(dim=1)

    def _chosen(self, hidden: Any) -> Any:
        count = len(hidden)
        if not -count <= self._layer < count:
            raise self._error(
                f"gives {count} layers and was asked for layer {self._layer}",
                f"a layer from {-count} to {count - 1}",
            )
        return hidden[self._layer]

    def _error(self, problem: str, expected: str) -> InputError:
        return InputError(f"The model {self._folder.name} {problem}", expected)


def _named(name: str) -> Encoder:
    info = EncoderInfo(
        id=f"vision:{name}",
        label=f"Vision model {name}",
        kind="vision",
        description="A vision backbone of transformers: a second opinion beside CLIP.",
        parameters=PARAMETERS,
        where=checkpoints.find(name),
    )
    return Vision(info, name)


def _members(ds: Dataset | None) -> Iterator[EncoderInfo]:
    """Checkpoints with an image processor below ``<data root>/models`` that are no CLIP."""
    for folder in paths.visible(checkpoints.models_root()):
        config = folder / checkpoints.CONFIG
        try:
            content = store.read_json(config)
            is_clip = isinstance(content, dict) and content.get("model_type") == "clip"
            if not is_clip and not checkpoints.lacking(config.parent):
                yield _named(config.parent.name).info
        except NeurogalleryError:  # the list survives one broken folder; opening it says why
            continue


register("vision", Family(_named, takes="<hub name or folder>", members=_members))
