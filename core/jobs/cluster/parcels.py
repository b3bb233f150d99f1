"""A parcel: files of a job and results of the store, from one machine to another.

It is an archive without compression. Every name in it is checked, and its size is bounded; nothing
of it is unpickled, and each file and each result appears whole or not at all.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath

from core import store
from core.errors import CorruptDataError, InputError
from core.jobs.heartbeat import BEAT
from core.jobs.state import CANCEL, OVERTAKEN, PROGRESS, REQUEST, ROOM, SEEN, STATUS

JOB, STORE = "job", "store"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")
KEY_IN_TEXT = re.compile(r"[a-z0-9_]+-[0-9a-f]{32}(?![0-9a-f])")
MOST_BYTES, MOST_FILES, DEEPEST = 4 * 2**30, 10_000, 4
# Of the side that packs: the other has its own. (A request goes along, and never back.)
KEPT = {STATUS, CANCEL, OVERTAKEN, SEEN, ROOM, BEAT, PROGRESS}
FACTS = "result.json"


def pack(parcel: Path, folder: Path, keys: Iterable[str], results: Path) -> None:
    """Write the files of a job and some results to an archive.

    Parameters
    ----------
    parcel : Path
        It stands there once it is whole.
    folder : Path
        Of the job.
    keys : iterable of str
        Of results; those that are not there are left out.
    results : Path
        Folder of the store.

    Raises
    ------
    InputError
        If it would be too large.
    """
    files = [(f"{JOB}/{f.relative_to(folder).as_posix()}", f) for f in sorted(folder.rglob("*"))]
    files = [each for each in files if each[1].name not in KEPT and _is_ours(*each)]
    for key in keys:
        files += [(f"{STORE}/{key}/{f.name}", f) for f in sorted((results / key).glob("*"))]
    size = sum(file.stat().st_size for _, file in files)
    if size > MOST_BYTES or len(files) > MOST_FILES:
        raise InputError(
            f"The job and what it stored have {len(files)} files and {size / 2**30:.1f} GiB",
            f"{MOST_FILES} files and {MOST_BYTES / 2**30:.0f} GiB at most through an engine",
            "Share a results folder with the workers.",
        )
    parcel.parent.mkdir(parents=True, exist_ok=True)
    with store.replacing(parcel) as part, zipfile.ZipFile(part, "w") as archive:
        for name, file in files:
            archive.write(file, name)


def unpack(parcel: Path, folder: Path, results: Path, with_request: bool = False) -> None:
    """Put the results of a parcel into a store, and then its files into the folder of a job.

    Raises
    ------
    CorruptDataError
        If it is no parcel, holds a name that none has, or is too large.
    """
    try:
        with zipfile.ZipFile(parcel) as archive:
            listed = _checked(archive.infolist())
            for key in sorted({_key(each) for each in listed if each.filename.startswith(STORE)}):
                store.adopt(key, partial(_fill, archive, listed, key), results)
            for each in listed:
                path = PurePosixPath(each.filename)
                is_other = path.name in KEPT or (path.name == REQUEST and not with_request)
                if path.parts[0] == JOB and not is_other:
                    _extract(archive, each, folder.joinpath(*path.parts[1:]))
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise CorruptDataError(f"What came back of the job is no parcel ({error})") from None


def needed(text: str, results: Path) -> set[str]:
    """Keys of the results that a text names, of those that these name, and so on."""
    waiting, keys = [text], set[str]()
    while waiting:
        for key in set(KEY_IN_TEXT.findall(waiting.pop())) - keys:
            facts = results / key / FACTS
            if facts.is_file():
                keys.add(key)
                waiting.append(facts.read_text("utf-8", errors="replace"))
    return keys


def written_times(results: Path) -> dict[str, int]:
    """When each result of a store was written, by key."""
    files = [file for file in results.glob(f"*/{FACTS}") if store.KEY.fullmatch(file.parent.name)]
    return {file.parent.name: file.stat().st_mtime_ns for file in files}


def _is_ours(name: str, file: Path) -> bool:
    """Whether a file of a job goes along: a plain one, of a name that the other side takes."""
    parts = PurePosixPath(name).parts
    is_named = len(parts) <= DEEPEST and all(NAME.fullmatch(part) for part in parts)
    return is_named and file.is_file() and not file.is_symlink()


def _checked(listed: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    size = sum(each.file_size for each in listed)
    if size > MOST_BYTES or len(listed) > MOST_FILES:
        raise CorruptDataError(f"A parcel has {len(listed)} files and {size} bytes: too large")
    for each in listed:
        parts = PurePosixPath(each.filename).parts
        is_named = 2 <= len(parts) <= DEEPEST and all(NAME.fullmatch(part) for part in parts)
        is_result = parts[:1] == (STORE,) and len(parts) == 3 and store.KEY.fullmatch(parts[1])
        is_plain = each.compress_type == zipfile.ZIP_STORED and each.file_size == each.compress_size
        if not (is_named and is_plain and (is_result or parts[0] == JOB)):
            raise CorruptDataError(f"A parcel holds {each.filename[:80]!r}", "names of its files")
    return listed


def _key(each: zipfile.ZipInfo) -> str:
    return PurePosixPath(each.filename).parts[1]


def _fill(archive: zipfile.ZipFile, listed: list[zipfile.ZipInfo], key: str, part: Path) -> None:
    for each in listed:
        if each.filename.startswith(f"{STORE}/{key}/"):
            _extract(archive, each, part / PurePosixPath(each.filename).name)


def _extract(archive: zipfile.ZipFile, each: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with store.replacing(path) as part, archive.open(each) as source, open(part, "wb") as file:
        shutil.copyfileobj(source, file)
