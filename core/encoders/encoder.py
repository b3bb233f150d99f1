"""What an encoder is, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.datasets.dataset import Dataset
from core.encoders.devices import device_label
from core.errors import InputError, NotFoundError
from core.registry import Parameter, Registry, check_given, renamed


@dataclass(frozen=True)
class EncoderInfo:
    """What an encoder is, known before it is loaded.

    Attributes
    ----------
    id : str
        Id for ``encoders.encode_images``.
    label, description, citation, licence : str
        Texts for the reader; empty where unknown. The description says how to place the
        files where they are not on this machine.
    kind : str
        ``"clip"``, ``"vision"``, ``"module"``, ``"low-level"`` or
        ``"precomputed"``.
    has_text : bool
        Whether it encodes text into the space of the images.
    parameters : tuple of Parameter
        Keywords of ``encoders.encode_images``.
    where : Path or None
        Folder of the checkpoint, None where there is none or it is not on this machine.
    """

    id: str
    label: str
    kind: str
    description: str = ""
    citation: str = ""
    licence: str = ""
    has_text: bool = False
    parameters: tuple[Parameter, ...] = ()
    where: Path | None = None

    @property
    def is_here(self) -> bool:
        """Whether it can be used without the hub."""
        return self.where is not None or self.kind in ("low-level", "precomputed")


class Loaded:
    """An encoder in memory, ready to compute.

    Attributes
    ----------
    dimensions : int
        Length d of an embedding.
    batch : int
        How many images ``images`` should be given at once.
    """

    dimensions: int
    batch: int = 32

    def prepare(self, images: Sequence[Image.Image]) -> list[np.ndarray]:
        """Size and crop RGB images as the encoder takes them; called from several threads."""
        raise NotImplementedError

    def images(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        """Embeddings of prepared images. (b, d) float32."""
        raise NotImplementedError

    def text(self, texts: Sequence[str]) -> np.ndarray:
        """Embeddings of texts. (b, d) float32."""
        raise NotImplementedError

    def read(self, texts: Sequence[str]) -> list[str]:
        """The part of each text that ``text`` takes: all of it, or its beginning."""
        return list(texts)


class Encoder:
    """A way to turn images into vectors; each family of encoders derives its own.

    Attributes
    ----------
    info : EncoderInfo
    needs_torch : bool
        False where it computes on the CPU without torch.
    """

    needs_torch = True

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "brought"):
            raise InputError(
                f"{cls.__name__} defines 'brought'", "its name of today, 'precomputed'"
            )

    def __init__(self, info: EncoderInfo) -> None:
        self.info = info

    @property
    def stored_id(self) -> str:
        """Id in the keys of stored results: the one under which the first was stored."""
        return self.info.id

    def digest(self) -> str:
        """What stands for the content of the checkpoint; computed without loading it.

        A checkpoint that is only on the hub is fetched first.
        """
        return ""

    def words(self) -> frozenset[str] | None:
        """Every word of the texts that it learned from, lower case; None where unknown."""
        return None

    def computed_on(self, device: str | None = None) -> str:
        """Device, and precision where that is not float32, for the reader."""
        return device_label(device) if self.needs_torch else "CPU"

    def load(self, parameters: Mapping[str, Any], device: str) -> Loaded:
        """Bring the encoder into memory."""
        raise NotImplementedError

    def load_reader(self, parameters: Mapping[str, Any]) -> Loaded | None:
        """What reads texts alone, sooner than the whole encoder; None where there is no such."""
        return None

    def precomputed(self, ds: Dataset, which: str) -> np.ndarray | None:
        """Embeddings that need no computing, None where they are to be computed."""
        return None


@renamed(found="members")
@dataclass(frozen=True)
class Family:
    """A registered encoder, or a family of which each member has a name.

    Attributes
    ----------
    open : callable
        Gives the encoder of the name after the colon of an id, "" where there is none.
    takes : str
        What must follow the colon, "" where nothing does.
    members : callable, optional
        Lists the members on this machine, or those that come with a recording.
    """

    open: Callable[[str], Encoder]
    takes: str = ""
    members: Callable[[Dataset | None], Iterable[EncoderInfo]] | None = None


ENCODERS: Registry[Family] = Registry("encoder")


def register(name: str, family: Family, former: str = "") -> None:
    """Add an encoder; each module of a family calls this when imported.

    Ids that begin with its ``former`` name still open it.
    """
    ENCODERS.register(name, family, former)


def available(ds: Dataset | None = None) -> list[EncoderInfo]:
    """List the encoders, with the precomputed embeddings of a recording.

    An encoder whose checkpoint is not on this machine is listed too: its ``where`` is
    None and its description says how to place the files.
    """
    listed: list[EncoderInfo] = []
    for family in ENCODERS.values():
        if not family.takes:
            listed.append(family.open("").info)
        elif family.members is not None:
            listed += family.members(ds)
    return listed


def get(encoder: str) -> Encoder:
    """Give the encoder of an id.

    Raises
    ------
    NotFoundError
        If there is no such encoder.
    InputError
        If the id lacks the name after its colon, or has one too many.
    """
    name, colon, below = encoder.partition(":")
    name = ENCODERS.canonical(name)
    if name not in ENCODERS:
        raise NotFoundError(f"There is no encoder {encoder!r}", choices=_choices())
    family = ENCODERS[name]
    if bool(family.takes) != bool(below.strip()) or (colon and not below.strip()):
        expected = f"{name}:{family.takes}" if family.takes else name
        raise InputError(f"The encoder is {encoder!r}", f"{expected!r}")
    return family.open(below.strip())


def canonical(encoder: str) -> str:
    """The id of today for one of an old address or a stored request; any other as it is."""
    name, colon, below = encoder.partition(":")
    return f"{ENCODERS.canonical(name)}{colon}{below}"


def check_parameters(info: EncoderInfo, values: Mapping[str, Any]) -> dict[str, Any]:
    """Give every declared parameter its checked value, the default where none was given."""
    return check_given(info.id, info.parameters, values)


def _choices() -> list[str]:
    return [f"{n}:{ENCODERS[n].takes}" if ENCODERS[n].takes else n for n in ENCODERS]
