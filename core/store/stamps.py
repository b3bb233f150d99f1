"""What files are told by: noted when a recording is read, looked at before a result is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from stat import S_ISDIR
from typing import NamedTuple

from core import paths
from core.errors import NeurogalleryError
from core.validation import check_regular, enumerate_names

# Folders of a recording that are looked at, each level of so many at most.
FOLDERS_DEEP, MOST_FOLDERS = 5, 200
OF_FOLDER = -1


class FileStamp(NamedTuple):
    """Size in bytes (``OF_FOLDER`` of a folder), time of change in nanoseconds, and inode."""

    size: int
    changed: int
    inode: int


Stamps = Mapping[str, FileStamp | None]

_noted: ContextVar[tuple[dict[str, FileStamp | None], ...]] = ContextVar("noted", default=())
_opened: ContextVar[tuple[Path, ...]] = ContextVar("opened", default=())


@contextmanager
def noting(folder: Path | None = None) -> Iterator[dict[str, FileStamp | None]]:
    """Within, ``note`` collects what files are told by; None for those that are not there.

    The folders of ``folder`` are noted first: whatever is added to one, removed or renamed
    changes its time. Within another ``noting`` both collect.
    """
    files: dict[str, FileStamp | None] = {}
    for path in [] if folder is None else _folders(folder):
        files[path] = stamp_of(path)
    token = _noted.set((*_noted.get(), files))
    opened = _opened.set(() if folder is None else (folder,))
    try:
        yield files
    finally:
        _noted.reset(token)
        _opened.reset(opened)


@contextmanager
def without_check() -> Iterator[None]:
    """Within, a result is kept unlooked at: one whose key holds what its files are told by."""
    token = _noted.set(())
    try:
        yield
    finally:
        _noted.reset(token)


def enter(path: Path) -> None:
    """A file of a recording is about to be read: note it, if it may be read at all.

    Raises
    ------
    InputError
        If it is a folder, a pipe, a socket or a device, or a link that is not followed
        (``paths.check_link``).
    """
    for folder in _opened.get():
        if path.is_relative_to(folder):
            paths.check_link(path, folder)
    check_regular(path)
    note(path)


def note(path: str | Path, status: os.stat_result | None = None) -> None:
    """Note a file before it is read; as it was when it was noted first."""
    for files in _noted.get():
        if str(path) not in files:
            files[str(path)] = stamp_of(path, status)
            parent = os.path.dirname(path)
            if parent not in files:
                files[parent] = stamp_of(parent)


def note_all(statuses: Mapping[str, os.stat_result | None]) -> None:
    """Note many files that were looked at just now, each folder of theirs once."""
    for files in _noted.get():
        for path, status in statuses.items():
            if path not in files:
                files[path] = stamp_of(path, status) if status is not None else None
        for parent in {path.rpartition("/")[0] for path in statuses} - files.keys():
            files[parent] = stamp_of(parent)


def stamp_of(path: str | Path, status: os.stat_result | None = None) -> FileStamp | None:
    """What a file or folder is told by now; None where there is none."""
    try:
        status = os.stat(path) if status is None else status
    except (OSError, ValueError):
        return None
    size = OF_FOLDER if S_ISDIR(status.st_mode) else status.st_size
    return FileStamp(size, status.st_mtime_ns, status.st_ino)


def changed(files: Stamps, with_folders: bool = False) -> str:
    """The first file that is not as it was noted, '' where each is; folders only if wanted."""
    for path, known in files.items():
        if known is None or known.size == OF_FOLDER:
            if (with_folders or known is None) and stamp_of(path) != known:
                return path
            continue
        try:  # not by ``stamp_of``: of many thousand files this is the time of opening them
            status = os.stat(path)
        except (OSError, ValueError):
            return path
        if (status.st_size, status.st_mtime_ns, status.st_ino) != known or S_ISDIR(status.st_mode):
            return path
    return ""


def differing(before: Stamps, after: Stamps) -> str:
    """Names of the files that are told by something else than before, for a sentence."""
    paths = [
        path
        for path in dict.fromkeys((*before, *after))
        if before.get(path) != after.get(path)
        and OF_FOLDER not in {each.size for each in (before.get(path), after.get(path)) if each}
    ]
    return enumerate_names([called(path) for path in paths], 3)


def check_unchanged() -> None:
    """Raise NeurogalleryError where a file that was noted, and is read, is not as it was."""
    for files in _noted.get()[:1]:  # the outermost holds what the others hold
        path = changed(files)
        if path:
            raise NeurogalleryError(
                f"{called(path)} has changed since it was read",
                "files that stay as they are while they are computed with",
                "Nothing was stored; start it again.",
            )


def called(path: str) -> str:
    """A file as a sentence names it, with its folder."""
    return "/".join(Path(path).parts[-2:])


def _folders(folder: Path) -> list[str]:
    """A folder and those below it, without links, hidden ones and that of the results."""
    below, level = [str(folder)], [str(folder)]
    for _ in range(FOLDERS_DEEP):
        level = [path for each in level for path in _folders_in(each)][:MOST_FOLDERS]
        below += level
    return below


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            listed = [each for each in entries if each.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    results = str(paths.results_root())
    return [e.path for e in listed if not paths.is_hidden(e.name) and e.path != results]
