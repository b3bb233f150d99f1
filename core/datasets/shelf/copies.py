"""Copies of responses that the first opening of a recording has put into the store."""

from __future__ import annotations

from typing import NamedTuple

from core import store
from core.datasets.releases.converted import OPERATION
from core.errors import CorruptDataError


class StoredCopy(NamedTuple):
    """Responses of one subject in the store; ``subject`` is '' where the record is damaged."""

    key: str
    recording: str
    subject: str
    bytes: int
    created: float


def stored_copies() -> list[StoredCopy]:
    """Every copy, the newest first; it is read again when the recording is next opened."""
    copies = []
    for key in store.written(OPERATION):
        try:
            entry = store.entry(key)
        except CorruptDataError:
            copies.append(StoredCopy(key, "", "", 0, 0.0))
            continue
        recording, _, subject = str(entry.facts.get("title", "")).partition(", ")
        copies.append(StoredCopy(key, recording, subject, entry.bytes, entry.created))
    return sorted(copies, key=lambda copy: copy.created, reverse=True)


def remove_copies(keys: list[str]) -> None:
    """Delete copies; the files of the recording stay."""
    for key in keys:
        store.remove(key)
