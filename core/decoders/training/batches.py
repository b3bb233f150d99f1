"""Training rows on the device, drawn in batches and augmented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from core import encoders
from core.decoders.config import Config
from core.decoders.training import augment
from core.decoders.training.data import Data, ResponseRows
from core.errors import InputError
from core.splits.pool import texts
from core.validation import enumerate_names
from core.vectors import unit_rows

AT_ONCE = 4096


class Batch(NamedTuple):
    """Responses (b, V), subjects (b,), targets (b, d), categories (b,), -1 unknown, text (b, t)."""

    x: torch.Tensor
    subject: torch.Tensor
    target: torch.Tensor
    category: torch.Tensor
    text: torch.Tensor


class DeviceSet:
    """A set of the split, resident on a device.

    Parameters
    ----------
    rows : ResponseRows
    targets : np.ndarray of shape (n, d)
        Of every stimulus.
    category : np.ndarray of shape (n,)
    device : str
    text : np.ndarray of shape (n, t), optional
        Of every stimulus.
    """

    def __init__(
        self,
        rows: ResponseRows,
        targets: np.ndarray,
        category: np.ndarray,
        device: str,
        text: np.ndarray | None = None,
    ) -> None:
        self.x = torch.from_numpy(rows.x).to(device)
        self.subject = torch.from_numpy(rows.subject).to(device)
        self.stimulus = rows.stimulus
        self.target = torch.from_numpy(targets[rows.stimulus]).to(device)
        self.category = torch.from_numpy(category[rows.stimulus]).to(device)
        textual = np.empty((len(targets), 0), np.float32) if text is None else text
        self.text = torch.from_numpy(textual[rows.stimulus]).to(device)

    def __len__(self) -> int:
        return len(self.x)

    def batch(self, rows: torch.Tensor) -> Batch:
        arrays = (self.x, self.subject, self.target, self.category, self.text)
        return Batch(*(array[rows] for array in arrays))

    def in_order(self, size: int) -> Iterator[Batch]:
        for at in range(0, len(self), size):
            yield self.batch(torch.arange(at, min(at + size, len(self)), device=self.x.device))


class Augmented:
    """Batches of the training set, each a new draw.

    Parameters
    ----------
    source : DeviceSet
    config : Config
    library : augment.Library or None
    generator : torch.Generator
        On the device of the set.

    Raises
    ------
    InputError
        If virtual responses are to be drawn, and no subject has two responses of one category.
    """

    def __init__(
        self,
        source: DeviceSet,
        config: Config,
        library: augment.Library | None,
        generator: torch.Generator,
    ) -> None:
        self.source, self.settings, self.library = source, config.training, library
        self.generator = generator
        self.fellows = _fellows(source) if self.settings["virtual"] else None

    def epoch(self) -> Iterator[Batch]:
        """Every row once, in a new order; a last batch of one row is left out."""
        device = self.source.x.device
        order = torch.rand(len(self.source), generator=self.generator, device=device).argsort()
        parts = order.split(self.settings["batch"])
        for rows in parts:
            if len(rows) > 1 or len(parts) == 1:
                yield self._augmented(rows)

    def _augmented(self, rows: torch.Tensor) -> Batch:
        x, subject, target, category, text = self.source.batch(rows)
        chosen = self._some(self.settings["virtual"], category >= 0)
        if chosen is not None and self.fellows is not None:
            members = self.fellows[rows[chosen]]
            renormalise = self.settings["virtual_weights"] == "renormalised"
            virtual = augment.virtual_batch(self.source.x, members, self.generator, renormalise)
            x = x.index_copy(0, chosen, virtual)
        chosen = self._some(self.settings["library"], category >= 0)
        if chosen is not None and self.library is not None:
            drawn = self.library.draw(target[chosen], category[chosen], self.generator)
            target = target.index_copy(0, chosen, drawn)
        if self.settings["noise"]:
            x = augment.noise(x, self.settings["noise"], self.generator)
        if self.settings["mix"]:
            both = torch.cat([target, text], dim=1)
            x, both = augment.mixup(x, both, self.settings["mix"], self.generator, subject)
            target, text = both.tensor_split([target.shape[1]], dim=1)
            category = torch.full_like(category, -1)
        return Batch(x, subject, target, category, text)

    def _some(self, share: float, allowed: torch.Tensor) -> torch.Tensor | None:
        """A random share of the allowed places, None where there is none."""
        if not share:
            return None
        drawn = torch.rand(len(allowed), generator=self.generator, device=allowed.device)
        places = ((drawn < share) & allowed).nonzero()[:, 0]
        return places if len(places) else None


def _fellows(source: DeviceSet) -> torch.Tensor:
    """Rows of the subject and category of each row; see ``augment.fellows``."""
    subjects = int(source.subject.max()) + 1
    code = source.category * subjects + source.subject
    alone = (source.category < 0) | source.x.isnan().any(dim=1)
    fellows = augment.fellows(torch.where(alone, -1, code))
    if fellows.shape[1] > 1:
        return fellows
    known = bool((source.category >= 0).any())
    lacking = "subject has two training responses of one" if known else "training image has a"
    raise InputError(
        f"There is nothing to make virtual responses of: no {lacking} category",
        "two or more responses of a subject to one category",
        "Name the categories of the stimuli, or set 'virtual' to 0.",
    )


def targets_of(embeddings: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Unit embeddings seen from the mean of the training images. (n, d) float32"""
    targets = np.empty(embeddings.shape, dtype=np.float32)
    # Directions are in double precision: those of a large gallery would not fit at once.
    for start in range(0, len(embeddings), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        targets[part] = unit_rows(unit_rows(embeddings[part]) - centre)
    return targets


def library_of(config: Config, data: Data, centre: np.ndarray, device: str) -> augment.Library:
    """The gallery images of the training categories; test categories are forbidden.

    Raises
    ------
    InputError
        If a category is in both sets, or no training category has a usable gallery image.
    """
    forbidden = _categories(data, data.fold.test)
    shared = sorted(data.names[place] for place in forbidden & _categories(data, data.fold.train))
    if shared:
        raise InputError(
            f"The semantic library would show {len(shared)} test categories: "
            f"{enumerate_names(shared)}",
            "test categories that are not trained on",
            "Divide the images by category, or set 'library' to 0.",
        )
    ds = data.opened[0]
    names = texts(ds.gallery, "category")
    _check_common(data, names)
    features = encoders.encode_images(ds, config.encoder, "gallery", **config.encoder_parameters)
    names = np.where(np.isfinite(features[:, 0]), names, "")
    _check_common(data, names)
    number = {name: place for place, name in enumerate(data.names)}
    category = np.array([number.get(name, -1) for name in names], dtype=np.int64)
    return augment.Library(
        torch.from_numpy(np.nan_to_num(targets_of(features, centre))).to(device),
        torch.from_numpy(category).to(device),
        forbidden,
    )


def _check_common(data: Data, gallery: np.ndarray) -> None:
    """Refuse a gallery, by the category names of its images, with none of those trained on."""
    trained = {data.names[place] for place in _categories(data, data.fold.train)}
    offered = set(gallery) - {""}
    if trained & offered:
        return
    seen, shown = (enumerate_names(sorted(names)) or "none" for names in (trained, offered))
    raise InputError(
        "No usable gallery image is of a training category: categories of the training "
        f"images are {seen}, those of the gallery are {shown}",
        "the same names in both",
        "Name the categories of the gallery as those of the stimuli, or set 'library' to 0.",
    )


def _categories(data: Data, rows: np.ndarray) -> set[int]:
    return set(data.category[rows].tolist()) - {-1}
