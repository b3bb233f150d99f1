"""Embeddings that come with a recording, e.g. VGG16 features in ``embeddings/vgg16.npy``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from core.datasets.dataset import Dataset
from core.encoders.encoder import Encoder, EncoderInfo, Family, Loaded, register
from core.errors import InputError, NotFoundError

FAMILY, FORMER = "precomputed", "brought"


class Precomputed(Encoder):
    """Read, never computed."""

    def __init__(self, info: EncoderInfo, name: str) -> None:
        super().__init__(info)
        self._name = name

    def load(self, parameters: Mapping[str, Any], device: str) -> Loaded:
        raise InputError(
            f"{self.info.id} holds finished embeddings of the stimuli",
            "an encoder that computes, for other images and for text",
        )

    @property
    def stored_id(self) -> str:
        """With the prefix of former versions, so that what they stored is found."""
        return f"{FORMER}:{self._name}"

    def precomputed(self, ds: Dataset, which: str) -> np.ndarray:
        if self._name not in ds.embeddings:
            raise NotFoundError(
                f"{ds.info.title} has no embeddings {self._name!r}",
                choices=ds.embeddings or ["none"],
            )
        if which != "stimuli":
            raise NotFoundError(f"{self.info.id} holds embeddings of the stimuli, not the {which}")
        return ds.embeddings[self._name]


def _named(name: str, ds: Dataset | None = None) -> Encoder:
    info = EncoderInfo(
        id=f"{FAMILY}:{name}",
        label=f"{name} (precomputed, with the recording)",
        kind=FAMILY,
        description="Embeddings of the stimuli that come with the recording.",
        citation=ds.info.citation if ds else "",
        licence=ds.info.licence if ds else "",
        where=ds.info.where if ds else None,
    )
    return Precomputed(info, name)


def _members(ds: Dataset | None) -> Iterator[EncoderInfo]:
    for name in ds.embeddings if ds else ():
        yield _named(name, ds).info


register(FAMILY, Family(_named, takes="<name>", members=_members), former=FORMER)
