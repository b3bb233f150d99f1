"""The job that encodes the images of a recording into the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.datasets import Dataset, Reference
from core.datasets.reference import FIELDS
from core.encoders.devices import job_device
from core.encoders.encode import WHICH, encode_images, result_key
from core.encoders.encoder import check_parameters, get
from core.errors import InputError
from core.jobs.request import Request, check_fields, check_mapping
from core.progress import Progress

NAMES = {"stimuli": "stimuli", "gallery": "gallery images"}


@dataclass(frozen=True)
class EncodeRequest(Request):
    """The embeddings of the images of a recording.

    Attributes
    ----------
    recording : Reference
        Its fingerprint is that of the images.
    encoder, which, parameters : str, str, mapping
        As in ``encode_images``.
    """

    operation = "encode"

    recording: Reference
    encoder: str
    which: str = "stimuli"
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        check_mapping("parameters", self.parameters)
        if self.which not in WHICH:
            raise InputError(f"which is {self.which!r}", choices=WHICH)

    @classmethod
    def of(
        cls, ds: Dataset, encoder: str, which: str, parameters: Mapping[str, Any]
    ) -> EncodeRequest:
        """The request of the images of an open recording."""
        recording = replace(Reference.of(ds), fingerprint=ds.images_fingerprint)
        return cls(recording, encoder, which, parameters)

    @property
    def label(self) -> str:
        ds = self.recording.open()
        count = len(ds.stimuli if self.which == "stimuli" else ds.gallery)
        return f"Encode {count:,} {NAMES[self.which]} with {self.encoder}"

    def key(self) -> str | None:
        """None for an encoder that is not on this machine: the job fetches it."""
        if not get(self.encoder).info.is_here:
            return None
        return result_key(self.recording.open(), self.encoder, self.which, **self.parameters)

    def device(self) -> str:
        return job_device(get(self.encoder).needs_torch)

    def to_json(self) -> dict[str, Any]:
        return {
            **self.recording.to_json(),
            "encoder": self.encoder,
            "which": self.which,
            "parameters": dict(self.parameters),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> EncodeRequest:
        own = ("encoder", "which", "parameters")
        check_fields(cls.operation, values, (*FIELDS, *own), ("dataset", "encoder"))
        settings = {name: values[name] for name in own if values.get(name) is not None}
        return cls(Reference.from_json(values), **settings)


def run(request: EncodeRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: encode images.

    Returns
    -------
    dict
        ``key`` of the embeddings in the store; None for those that come with a recording.
    """
    progress(0.0, "Opening the recording")
    ds, which = request.recording.open(), request.which
    encoder = get(request.encoder)
    parameters = check_parameters(encoder.info, request.parameters)
    encode_images(ds, request.encoder, which, progress, **parameters)
    if encoder.precomputed(ds, which) is not None:
        return {"key": None}
    return {"key": result_key(ds, request.encoder, which, **parameters)}
