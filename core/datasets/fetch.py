"""Download of the recordings whose files are public; an interrupted one resumes."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

from core import paths, store
from core.datasets.catalogue import DATASETS, RemoteFile
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from core.jobs.request import Request, check_fields
from core.progress import Progress, silent

CHUNK_BYTES = 1 << 16
TIMEOUT_S = 30.0
NETWORK_ERRORS = (URLError, TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException)


def fetch(
    name: str,
    source: str | Path | None = None,
    progress: Progress = silent,
    base_url: str | None = None,
) -> Path:
    """Bring the files of a recording into ``<data root>/<name>``.

    Every file is written as ``<file>.part``, checked and renamed. Complete files are
    skipped, and what a broken or cancelled download left is continued.

    Parameters
    ----------
    name : str
        A recording with public files.
    source : path, optional
        Folder to copy the files from, instead of downloading them.
    progress : callable, optional
        Called with the fraction of bytes and a message; may raise ``Cancelled``.
    base_url : str, optional
        Address of the folder that holds the files, for a mirror.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If the recording has no public files, or the address is not http(s).
    NotFoundError
        If there is no such recording, or a file is not where it should be.
    CorruptDataError
        If a checksum is wrong.
    NeurogalleryError
        If the server cannot be reached, or the disk cannot be written.
    """
    files = DATASETS[name].files
    if not files:
        public = [other for other in DATASETS if DATASETS[other].files]
        raise InputError(f"{name} has no files to fetch", choices=public)
    report = _Report(progress, files)
    folder = paths.data_root() / name
    with store.locked(folder):
        for file in files:
            target = folder / file.name
            if not _complete(target, file):
                _bring(file, target, source, base_url, report)
            report.finish(file)
    return folder


@dataclass(frozen=True)
class FetchRequest(Request):
    """The public files of a recording.

    Attributes
    ----------
    name : str
    source : str or None
        Folder to copy the files from, instead of downloading them.
    """

    operation = "fetch"

    name: str
    source: str | None = None

    @property
    def label(self) -> str:
        return f"Download {self.name}"

    def key(self) -> None:
        """None: the files go to the data root, not into the store."""

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "source": self.source}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FetchRequest:
        check_fields(cls.operation, values, ("name", "source"), ("name",))
        return cls(**values)


def run(request: FetchRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: fetch a recording.

    Returns
    -------
    dict
        ``where`` its files are.
    """
    return {"where": str(fetch(request.name, request.source, progress))}


class _Report:
    """Turns the bytes of one file into the progress of all."""

    def __init__(self, progress: Progress, files: Sequence[RemoteFile]) -> None:
        self._progress = progress
        self._total = sum(file.size for file in files)
        self._before = 0

    def at(self, file: RemoteFile, n_bytes: int) -> None:
        done = self._before + n_bytes
        message = f"{file.name}: {done / 1e6:.1f} of {self._total / 1e6:.1f} MB"
        self._progress(done / self._total, message)

    def finish(self, file: RemoteFile) -> None:
        self.at(file, file.size)
        self._before += file.size


def _bring(
    file: RemoteFile,
    target: Path,
    source: str | Path | None,
    base_url: str | None,
    report: _Report,
) -> None:
    part = target.with_name(f"{file.name}.part")
    try:
        if source is not None:
            _copy(Path(source) / file.name, part)
        else:
            _download(file, part, base_url, report)
        _check(part, file)
        os.replace(part, target)
    except NETWORK_ERRORS as error:
        raise NeurogalleryError(
            f"The download of {file.name} failed ({error})",
            remedy="Check the connection and fetch again: it goes on where it stopped. Or "
            "fetch the files elsewhere and name their folder as the source.",
        ) from error
    except OSError as error:
        raise NeurogalleryError(
            f"{target} could not be written ({error.strerror or error})",
            remedy="Free space, or check that the folder may be written to.",
        ) from error


def _copy(original: Path, part: Path) -> None:
    if not original.is_file():
        raise NotFoundError(f"There is no {original.name} in {original.parent}")
    shutil.copyfile(original, part)


def _download(file: RemoteFile, part: Path, base_url: str | None, report: _Report) -> None:
    address = file.address if base_url is None else f"{base_url.rstrip('/')}/{file.name}"
    if urlsplit(address).scheme not in ("http", "https"):
        raise InputError(f"The address is {address!r}", "an address with http or https")
    done = part.stat().st_size if part.exists() else 0
    if done >= file.size:
        # Whole but never renamed, or more than whole: the checksum decides, not the server.
        return
    headers = {"Range": f"bytes={done}-"} if done else {}
    try:
        with urlopen(HttpRequest(address, headers=headers), timeout=TIMEOUT_S) as response:
            done = done if response.status == http.client.PARTIAL_CONTENT else 0
            with open(part, "ab" if done else "wb") as out:
                _receive(response, out, done, file, report)
    except HTTPError as error:
        raise NotFoundError(
            f"The server answers {error.code} ({error.reason}) for {address}",
            remedy="Fetch again later, or name a folder that holds the files as the source.",
        ) from None


def _receive(response: Any, out: BinaryIO, done: int, file: RemoteFile, report: _Report) -> None:
    """Write what arrives; ``Cancelled`` and broken connections leave it for the next time."""
    for chunk in _chunks(response):
        done += len(chunk)
        if done > file.size:
            raise CorruptDataError(
                f"The server sends more than the {file.size} bytes of {file.name}",
                "the published file",
            )
        out.write(chunk)
        report.at(file, done)
    if done < file.size:
        raise ConnectionError(f"it ended after {done} of {file.size} bytes")


def _chunks(response: Any) -> Iterator[bytes]:
    while chunk := response.read(CHUNK_BYTES):
        yield chunk


def _check(part: Path, file: RemoteFile) -> None:
    if not _complete(part, file):
        part.unlink()
        raise CorruptDataError(
            f"{file.name} has another checksum than the published file",
            f"sha256 {file.sha256}",
            "It was discarded. Fetch again; if it stays so, the source is not the original.",
        )


def _complete(path: Path, file: RemoteFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with open(path, "rb") as stored:
        return hashlib.file_digest(stored, "sha256").hexdigest() == file.sha256
