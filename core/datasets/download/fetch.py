"""Recordings brought to this machine: planned, checked for space, downloaded or copied."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from core import paths, store
from core.datasets.catalogue import DATASETS, Recording
from core.datasets.download import local, transfer
from core.datasets.download.remote import RemoteFile, RemotePart
from core.datasets.download.space import check_space, size_text
from core.datasets.download.unpack import unpack
from core.datasets.download.web import NETWORK_ERRORS, BusyServerError
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.progress import Progress, silent

# Pauses before a broken download is tried again.
PAUSES_S = (1.0, 5.0, 20.0)
# An archive and its files stand side by side for a while; how large these are tells only the
# archive itself, and there the space is checked again.
UNPACKED = 2


@dataclass(frozen=True)
class Download:
    """What is to be downloaded, with its sizes, before anything is.

    Attributes
    ----------
    recording : Recording
    folder : Path
        Where it goes.
    parts : tuple of RemotePart
        What was chosen of a recording of several parts.
    files : tuple of RemoteFile
    """

    recording: Recording
    folder: Path
    parts: tuple[RemotePart, ...]
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """Bytes of every file."""
        return sum(file.size for file in self.files)

    def space(self) -> int:
        """Bytes that are still to be written; sizes only are compared."""
        waiting = 0
        for file in self.files:
            target = self.folder / file.name
            part = transfer.part_of(target)
            is_there = target.is_file() and target.stat().st_size == file.size
            if not is_there and not _is_unpacked(file, target):
                done = part.stat().st_size if part.is_file() else 0
                waiting += max(file.size * (1 + UNPACKED * file.unpack) - done, 0)
        return waiting


def plan(
    name: str,
    subjects: Sequence[str] = (),
    parts: Sequence[str] = (),
    progress: Progress = silent,
    base_url: str | None = None,
) -> Download:
    """List the public files of a recording, with their sizes; nothing is downloaded.

    Parameters
    ----------
    name : str
        A recording with public files.
    subjects, parts : sequence of str
        Which; every subject, and the default parts, for none.
    progress : callable, optional
        Called with what is being listed; may raise ``Cancelled``.
    base_url : str, optional
        Address of the folder that holds the files, for a mirror of fixed files.

    Returns
    -------
    Download

    Raises
    ------
    NotFoundError
        If there is no such recording or subject.
    InputError
        If the recording has no public files or no such part, or comes whole.
    NeurogalleryError
        If what lists the files cannot be reached or read.
    """
    recording = DATASETS[name]
    folder = paths.data_root() / name
    if not recording.is_public:
        raise _not_public(recording)
    if subjects and not recording.remote:
        raise InputError(f"{name} comes whole, not by subject", "no subject")
    known = {part.name: part for part in recording.remote}
    for part in parts:
        if part not in known:
            raise InputError(f"{name} has no part {part!r}", choices=known or ["(none)"])
    chosen = [known[part] for part in dict.fromkeys(parts)]
    chosen = chosen or [part for part in recording.remote if part.is_default]
    files = [file for part in chosen for file in part.files(subjects, progress)]
    if base_url is not None:
        mirror = base_url.rstrip("/")
        files += [replace(f, address=f"{mirror}/{quote(f.name)}") for f in recording.files]
    else:
        files += recording.files
    unique = {file.name: file for file in files}
    return Download(recording, folder, tuple(chosen), tuple(unique.values()))


def bring(download: Download, progress: Progress = silent, keep_archives: bool = False) -> Path:
    """Download what a plan says; an interrupted download goes on where it stopped.

    Every file is written as ``<file>.part``, checked and renamed. Complete files are skipped.

    Parameters
    ----------
    download : Download
        From ``plan``.
    progress : callable, optional
        Called with the fraction of bytes and a message; may raise ``Cancelled``.
    keep_archives : bool
        Keep zip archives after they were unpacked.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CorruptDataError
        If a size or checksum is wrong, or an archive is not one of plain files.
    NotFoundError
        If a file is not where it should be.
    NeurogalleryError
        If the server cannot be reached, the disk not be written, or its space does not suffice.
    """
    report = _Report(progress, download)
    with store.locked(download.folder):
        check_space(download.folder, download.space(), download.recording.info.name)
        for file in download.files:
            target = paths.inside(download.folder, file.name)
            with _one_line(file, target):
                if not _is_complete(file, target, report):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    _download(file, transfer.part_of(target), report)
                    os.replace(transfer.part_of(target), target)
                    transfer.discard(transfer.part_of(target))
                if file.unpack and not _is_unpacked(file, target):
                    members = unpack(target, target.parent, report.unpacking(file))
                    store.write_json(_marker(target), _unpacked(file, members))
                if file.unpack and not keep_archives:
                    target.unlink(missing_ok=True)
            report.finish(file)
    return download.folder


def fetch(
    name: str,
    source: str | Path | None = None,
    progress: Progress = silent,
    base_url: str | None = None,
    subjects: Sequence[str] = (),
    parts: Sequence[str] = (),
) -> Path:
    """Bring the files of a recording into ``<data root>/<name>``.

    Parameters
    ----------
    name : str
        A recording.
    source : path, optional
        Folder to copy the files from, instead of downloading them.
    progress : callable, optional
        Called with the fraction of bytes and a message; may raise ``Cancelled``.
    base_url : str, optional
        Address of the folder that holds the files, for a mirror of fixed files.
    subjects, parts : sequence of str
        Which; every subject, and the default parts, for none.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If the recording has no files to fetch, or an address is not http(s).
    NotFoundError
        If there is no such recording, or a file is not where it should be.
    CorruptDataError
        If a size or checksum is wrong.
    NeurogalleryError
        If the server cannot be reached, or the disk cannot be written.
    """
    if source is None:
        return bring(plan(name, subjects, parts, progress, base_url), progress)
    recording = DATASETS[name]
    folder = paths.data_root() / name
    with store.locked(folder):
        if recording.expected is not None:
            with _one_line(None, folder):
                local.copy(recording, Path(source), folder, tuple(subjects), progress)
        elif recording.files:
            _copy_fixed(recording, Path(source), folder, progress)
        else:
            raise _not_public(recording)
    return folder


def _copy_fixed(recording: Recording, source: Path, folder: Path, progress: Progress) -> None:
    """Copy files whose checksums are known, and check them."""
    report = _Report(progress, Download(recording, folder, (), recording.files))
    for file in recording.files:
        target = paths.inside(folder, file.name)
        with _one_line(file, target):
            if transfer.checksum_fault(target, file, report.at):
                original = source / file.name
                if not original.is_file():
                    raise NotFoundError(f"There is no {file.name} in {source}")
                part = transfer.part_of(target)
                shutil.copyfile(original, part)
                transfer.check(part, file, report.at)
                os.replace(part, target)
        report.finish(file)


class _Report:
    """Turns the bytes of one file into the progress of all."""

    def __init__(self, progress: Progress, download: Download) -> None:
        self._progress = progress
        self._total = download.size
        self._before = 0

    def at(self, file: RemoteFile, n_bytes: int) -> None:
        done = self._before + n_bytes
        message = f"{file.name}: {done / 1e6:.1f} of {self._total / 1e6:.1f} MB"
        if self._total > 1e9:
            message = f"{file.name}: {size_text(done)} of {size_text(self._total)}"
        self._progress(done / max(self._total, 1), message)

    def finish(self, file: RemoteFile) -> None:
        self.at(file, file.size)
        self._before += file.size

    def unpacking(self, file: RemoteFile) -> Progress:
        done = (self._before + file.size) / max(self._total, 1)
        return lambda fraction, message: self._progress(done, f"{message} ({fraction:.0%})")


def _download(file: RemoteFile, part: Path, report: _Report) -> None:
    """Download and check a file; tried again while it gets on, or where the server is busy."""
    for pause in (*PAUSES_S, None):
        before = part.stat().st_size if part.exists() else 0
        try:
            transfer.download(file, part, report.at)
            break
        except NETWORK_ERRORS as error:
            got_on = part.exists() and part.stat().st_size > before
            if pause is None or not (got_on or isinstance(error, BusyServerError)):
                raise
            time.sleep(pause)
    transfer.check(part, file, report.at)


def _is_complete(file: RemoteFile, target: Path, report: _Report) -> bool:
    if _is_unpacked(file, target):
        return True
    return not transfer.checksum_fault(target, file, lambda file, n_bytes: report.at(file, 0))


def _marker(target: Path) -> Path:
    """Where it is written down what an archive was unpacked to."""
    return target.with_name(f".{target.name}.unpacked.json")


def _unpacked(file: RemoteFile, members: dict[str, int]) -> dict[str, object]:
    return {"size": file.size, "md5": file.md5, "sha256": file.sha256, "files": members}


def _is_unpacked(file: RemoteFile, target: Path) -> bool:
    """Whether this very archive was unpacked and each of its files is there, whole."""
    written = store.read_json(_marker(target)) if file.unpack else None
    if not isinstance(written, dict) or not isinstance(written.get("files"), dict):
        return False
    members = written["files"]
    if written != _unpacked(file, members):
        return False
    sizes = {target.parent / name: size for name, size in members.items()}
    return all(path.is_file() and path.stat().st_size == size for path, size in sizes.items())


def _not_public(recording: Recording) -> InputError:
    info = recording.info
    if info.how_to_get:
        return InputError(f"{info.name} cannot be downloaded without a form", "", info.how_to_get)
    public = [other for other in DATASETS if DATASETS[other].is_public]
    return InputError(f"{info.name} has no files to fetch", choices=public)


@contextmanager
def _one_line(file: RemoteFile | None, target: Path) -> Iterator[None]:
    """Say in one line what broke: the connection, or the disk."""
    try:
        yield
    except NETWORK_ERRORS as error:
        raise NeurogalleryError(
            f"The download of {file.name if file else target} failed ({error})",
            remedy="Check the connection and fetch again: it goes on where it stopped. Or "
            "fetch the files elsewhere and name their folder as the source.",
        ) from error
    except OSError as error:
        raise NeurogalleryError(
            f"{target} could not be written ({error.strerror or error})",
            remedy="Free space, or check that the folder may be written to; then fetch again: it "
            "goes on where it stopped.",
        ) from error
