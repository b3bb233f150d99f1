"""The job that encodes a folder of images into the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import encoders
from core.errors import InputError
from core.galleries.encoding import encode_folder
from core.galleries.folder import FOLDER, FolderImages
from core.galleries.listing import current
from core.jobs.request import Request, check_fields, check_mapping
from core.progress import Progress
from core.words import counted


@dataclass(frozen=True)
class GalleryRequest(Request):
    """The embeddings of a folder of images.

    The content of the folder is no part of it: asked for again after a change, it is the
    same job, which keeps what has not changed.

    Attributes
    ----------
    gallery : str
        ``folder:<name>``.
    encoder, parameters : str, mapping
        As in ``encode_folder``.
    """

    operation = "gallery"

    gallery: str
    encoder: str
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        check_mapping("parameters", self.parameters)
        if not self.gallery.startswith(FOLDER):
            raise InputError(f"The gallery is {self.gallery!r}", f"{FOLDER}<name>")

    @property
    def images(self) -> FolderImages:
        return FolderImages(self.gallery.removeprefix(FOLDER))

    @property
    def label(self) -> str:
        images = self.images
        listing = current(images.folder)
        count = "the images" if listing is None else counted(len(listing.ids), "image")
        return f"Encode {count} of {images.title} with {self.encoder}"

    def key(self) -> str | None:
        """None where the job lists the images first, or fetches the encoder."""
        return self.images.key(self.encoder, **self.parameters)

    def device(self) -> str:
        return encoders.job_device(encoders.get(self.encoder).needs_torch)

    def to_json(self) -> dict[str, Any]:
        return {
            "gallery": self.gallery,
            "encoder": self.encoder,
            "parameters": dict(self.parameters),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> GalleryRequest:
        known = ("gallery", "encoder", "parameters")
        check_fields(cls.operation, values, known, known[:2])
        settings = {name: values[name] for name in known if values.get(name) is not None}
        return cls(**settings)


def run(request: GalleryRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: encode a folder of images.

    Returns
    -------
    dict
        ``key`` of the embeddings in the store.
    """
    parameters = request.parameters
    return {"key": encode_folder(request.images, request.encoder, folder, progress, **parameters)}
