"""Embeddings that a recording brings along, e.g. VGG16 features in ``embeddings/vgg16.npy``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from core.datasets.dataset import Dataset
from core.encoders.encoder import Encoder, EncoderInfo, Family, Loaded, register
from core.errors import InputError, NotFoundError


class Brought(Encoder):
    """Read, never computed."""

    def __init__(self, info: EncoderInfo, name: str) -> None:
        super().__init__(info)
        self._name = name

    def load(self, parameters: Mapping[str, Any], device: str) -> Loaded:
        raise InputError(
            f"{self.info.id} holds finished embeddings of the stimuli",
            "an encoder that computes, for other images and for text",
        )

    def brought(self, ds: Dataset, which: str) -> np.ndarray:
        if self._name not in ds.embeddings:
            raise NotFoundError(
                f"{ds.info.title} brings no embeddings {self._name!r}",
                choices=ds.embeddings or ["none"],
            )
        if which != "stimuli":
            raise NotFoundError(f"{self.info.id} holds embeddings of the stimuli, not the {which}")
        return ds.embeddings[self._name]


def _named(name: str, ds: Dataset | None = None) -> Encoder:
    info = EncoderInfo(
        id=f"brought:{name}",
        label=f"{name} (brought by the recording)",
        kind="brought",
        description="Embeddings of the stimuli that come with the recording.",
        citation=ds.info.citation if ds else "",
        licence=ds.info.licence if ds else "",
        where=ds.info.where if ds else None,
    )
    return Brought(info, name)


def _found(ds: Dataset | None) -> Iterator[EncoderInfo]:
    for name in ds.embeddings if ds else ():
        yield _named(name, ds).info


register("brought", Family(_named, takes="<name>", found=_found))
