"""How much is done: all of it for a GPU, a moment's worth for the test of the check."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from core.decoders import HEADS, Config, prepare
from core.decoders.training.data import Data

BY_GRADIENT = tuple(head for head in HEADS if HEADS[head].trained_by != "closed form")
ROIS = ("V1", "V2", "V3", "V4", "LOC", "FFA", "PPA")


def _published() -> dict[str, dict[str, Any]]:
    """Layers and attention heads of the larger two of study C, with their widths."""
    presets = HEADS["roi_transformer"].presets
    return {name: dict(presets[name]) for name in ("12/8", "24/16")}


@dataclass(frozen=True)
class Settings:
    """Sizes of every step.

    Attributes
    ----------
    device : str
        Compared with the CPU.
    folder : Path
        Whatever is stored goes below it.
    dataset : mapping
        ``dataset``, ``encoder`` and the like of every decoder.
    """

    device: str
    folder: Path
    dataset: dict[str, Any] = field(default_factory=lambda: {"dataset": "simulated"})
    images: int = 300
    heads: tuple[str, ...] = BY_GRADIENT
    epochs: int = 3
    rois: tuple[str, ...] = ROIS
    presets: dict[str, dict[str, Any]] = field(default_factory=_published)
    steps: int = 2
    batch: int = 64
    seeds: int = 4
    sweep_epochs: int = 8
    pairs: int = 20_000
    pair_images: int = 300

    def config(self, head: str, **changes: Any) -> Config:
        """A decoder of the recording, without dropout, whose draws differ between devices."""
        known = {parameter.name for parameter in HEADS[head].parameters}
        still = {"dropout": 0.0} if "dropout" in known else {}
        chosen = {**still, **changes.pop("head_parameters", {})}
        return Config(**self.dataset, head=head, head_parameters=chosen, **changes)

    @cached_property
    def prepared(self) -> dict[Any, Data]:
        """Material by what it depends on, so that it is prepared once."""
        return {}

    def data(self, config: Config) -> Data:
        name = (config.rois, config.text_encoder, config.training["library"] > 0)
        if name not in self.prepared:
            self.prepared[name] = prepare(config)
        return self.prepared[name]

    @contextmanager
    def own_results(self) -> Iterator[Path]:
        """An empty results folder, so that nothing is taken from the store."""
        before = os.environ.get("NEUROGALLERY_RESULTS")
        root = Path(mkdtemp(dir=self.folder))
        os.environ["NEUROGALLERY_RESULTS"] = str(root)
        try:
            yield root
        finally:
            if before is None:
                del os.environ["NEUROGALLERY_RESULTS"]
            else:
                os.environ["NEUROGALLERY_RESULTS"] = before

    def of(self, device: str) -> Settings:
        """The same for another device."""
        return replace(self, device=device)
