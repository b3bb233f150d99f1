"""Copies of what someone has already, and what of a recording is there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from core import paths
from core.datasets.catalogue import Recording
from core.datasets.download.space import check_space, size_text
from core.datasets.download.transfer import part_of
from core.datasets.releases.layout import Expected, Presence, compare
from core.errors import InputError, NotFoundError
from core.progress import Progress

CHUNK_BYTES = 1 << 22
MOST_ENTRIES = 1_000_000


def expected_of(recording: Recording, folder: Path, subject: str | None = None) -> list[Expected]:
    """What a recording consists of; nothing where it does not say."""
    if recording.expected is not None:
        return [*recording.expected(folder, subject)]
    return [Expected(file.name) for file in recording.files]


def presence(recording: Recording, folder: Path, subjects: tuple[str, ...] = ()) -> Presence:
    """Compare a folder with what a recording consists of, for some subjects or all.

    Files of other subjects are neither present nor unexpected then. Of a recording that does not
    say what it consists of, nothing is.
    """
    if recording.expected is None and not recording.files:
        return Presence((), (), ())
    whole = compare(folder, expected_of(recording, folder))
    if not subjects:
        return whole
    expected: dict[str, Expected] = {}
    for subject in subjects:
        expected |= {each.path: each for each in expected_of(recording, folder, subject)}
    own = compare(folder, [*expected.values()])
    known = {*whole.present}
    return own._replace(unexpected=tuple(name for name in own.unexpected if name not in known))


def copy(
    recording: Recording,
    source: Path,
    folder: Path,
    subjects: tuple[str, ...],
    progress: Progress,
) -> None:
    """Copy the files of a recording from another folder; those that are there are skipped.

    Raises
    ------
    NotFoundError
        If the folder holds none of them.
    NeurogalleryError
        If the space does not suffice.
    """
    source = source.expanduser().resolve()
    names = presence(recording, source, subjects).present
    if not names:
        first = [each.path for each in expected_of(recording, source)[:3]]
        raise NotFoundError(
            f"{source} holds no file of {recording.info.name}",
            f"files such as {', '.join(first)}",
            "Name the folder that these paths start from.",
        )
    targets = {name: paths.inside(folder, name) for name in names}
    waiting = [name for name, target in targets.items() if not _is_same(source / name, target)]
    total = sum((source / name).stat().st_size for name in waiting)
    check_space(folder, total, f"the files in {source}")
    done = 0
    for name in waiting:
        part = part_of(targets[name])
        part.parent.mkdir(parents=True, exist_ok=True)
        with open(source / name, "rb") as original, open(part, "wb") as out:
            while chunk := original.read(CHUNK_BYTES):
                out.write(chunk)
                done += len(chunk)
                text = f"{name}: {size_text(done)} of {size_text(total)}"
                progress(done / max(total, done), text)
        shutil.copystat(source / name, part)
        os.replace(part, targets[name])


def check_source(recording: Recording, source: Path, subjects: tuple[str, ...] = ()) -> None:
    """Refuse a folder whose files, where they are links, lead out of it.

    For a folder that someone names on a page: what is copied may be seen by everyone who opens
    the recording.

    Raises
    ------
    NotFoundError
        If there is no such folder.
    InputError
        If the path is relative, the folder is too large to be that of a recording, or a file to
        be copied is a link that leads out of it.
    """
    path = source.expanduser()
    if not path.is_absolute():
        raise InputError(f"{str(path)!r} is no absolute path", "one from the root of the disk")
    if not path.is_dir():
        raise NotFoundError(f"There is no folder {path}", "a folder that this user may read")
    path = path.resolve()
    _check_size(path)
    for name in presence(recording, path, subjects).present:
        if not (path / name).resolve().is_relative_to(path) and not paths.links_are_followed():
            raise InputError(
                f"{name} is a link out of {path}",
                "files that lie in the folder",
                f"Copy the files there, or set {paths.LINKS}=1 to follow such links.",
            )


def _check_size(folder: Path) -> None:
    """Such as the root of the disk, which it would take minutes to look through."""
    count = 0
    for _, folders, names in os.walk(folder):
        count += len(folders) + len(names)
        if count > MOST_ENTRIES:
            raise InputError(
                f"{folder} holds more than {MOST_ENTRIES:,} files and folders",
                "the folder that the files of the recording start from",
            )


def _is_same(original: Path, target: Path) -> bool:
    if not target.is_file():
        return False
    first, second = original.stat(), target.stat()
    return (first.st_size, first.st_mtime_ns) == (second.st_size, second.st_mtime_ns)
