"""A folder of images in ImageNet layout as a gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core import encoders, paths, store
from core.datasets.image_files import SUFFIXES, read_image
from core.encoders import Encoded, Encoder
from core.errors import NotFoundError
from core.galleries.image_set import ImageSet
from core.galleries.listing import Listing, current, forget

if TYPE_CHECKING:
    from core.galleries.job import GalleryRequest

FOLDER = "folder:"
VERSION = 1


class FolderImages(ImageSet):
    """Images of ``<data root>/galleries/<name>/<class>/``.

    Raises
    ------
    NotFoundError
        If there is no such folder.
    InputError
        If it is a link that leads outside the data folder.
    """

    def __init__(self, name: str) -> None:
        root, name = paths.data_root(), paths.composed(name)
        self.id, self.title = f"{FOLDER}{name}", name
        self.source = (f"galleries/{name}", "gallery")
        folder, names = paths.inside(root, Path("galleries", name)), folder_names()
        if name not in names:
            raise NotFoundError(f"There is no gallery {name!r}", choices=names or ["none"])
        self.folder = paths.inside(root, paths.find(root / "galleries", name) or folder)

    @cached_property
    def listing(self) -> Listing:
        """What the folder holds when it is first asked for: places go on meaning the same images.

        Raises
        ------
        NotFoundError
            If it holds no images, or too many to list at once and no job has listed them.
        """
        listing = current(self.folder)
        if listing is None:
            raise NotFoundError(f"The images of {self.title} were not listed yet", "its job first")
        return listing

    @property
    def ids(self) -> Sequence[str]:
        return self.listing.ids

    @property
    def categories(self) -> np.ndarray:
        return self.listing.categories

    @property
    def fingerprint(self) -> str:
        return self.listing.fingerprint

    def image(self, name: str) -> Image.Image:
        # The name may come from a browser.
        parts = name.split("/")
        is_listed = len(parts) == 2 and not any(paths.is_hidden(part) for part in parts)
        if not is_listed or not paths.is_possible(name) or not name.lower().endswith(SUFFIXES):
            raise NotFoundError(f"There is no image {name!r} in {self.title}", "<class>/<image>")
        path = self.folder / name
        paths.check_link(path, self.folder)
        if not path.is_file():
            raise NotFoundError(f"There is no image {name!r} in {self.title} any more")
        return read_image(path, name)

    def encoded(self, encoder: str, **parameters: Any) -> Encoded | None:
        key = self.key(encoder, **parameters)
        return None if key is None else encoders.load(key)

    def load(self, key: str) -> Encoded | None:
        """Embeddings of a key; None where they are of other images than are there now."""
        encoded = encoders.load(key)
        if encoded is None or self._holds(encoded):
            return encoded
        forget()  # images may have been overwritten in place
        return encoded if self._holds(encoded) else None

    def _holds(self, encoded: Encoded) -> bool:
        listing = current(self.folder)
        return listing is not None and encoded.facts["images"] == listing.fingerprint

    def request(self, encoder: str, parameters: Mapping[str, Any]) -> GalleryRequest:
        from core.galleries.job import GalleryRequest

        return GalleryRequest(self.id, encoder, parameters)

    def key(self, encoder: str, **parameters: Any) -> str | None:
        """Key of the embeddings; None where a job has to list the images or fetch the encoder.

        Raises
        ------
        NotFoundError
            If the encoder holds embeddings of stimuli only.
        """
        chosen = encoders.get(encoder)
        if chosen.info.kind == "precomputed":
            raise NotFoundError(
                f"{encoder} holds embeddings of the stimuli, not of the folder {self.title}",
                "an encoder that computes",
            )
        listing = current(self.folder)
        if listing is None or not chosen.info.is_here:
            return None
        return key_of(listing, chosen, encoders.check_parameters(chosen.info, parameters))


def folder_names() -> list[str]:
    """Folders of galleries in the data folder, those of links that lead outside included."""
    root = paths.data_root() / "galleries"
    if not root.is_dir():
        return []
    return sorted(paths.composed(path.name) for path in paths.visible(root) if path.is_dir())


def key_of(listing: Listing, encoder: Encoder, values: Mapping[str, Any]) -> str:
    """Key of the embeddings of the images of a listing.

    It begins as those of recordings, among which page Encoders lists it.
    """
    settings = {
        "encoder": encoder.stored_id,
        "checkpoint": encoder.digest(),
        "parameters": dict(values),
    }
    return store.key("encode", listing.fingerprint, settings, version=VERSION)
