"""Selections on disk: those too long for an address, and those that someone has named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from core import paths, store
from core.errors import CorruptDataError, InputError, NotFoundError
from core.store import read_only
from core.store.files import not_written
from core.validation import one_line
from core.words import counted

KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
# Of a recording: names, and files of selections that have none.
MOST_NAMES, MOST_KEPT = 200, 500
LONGEST_NAME = 80
NAMES = "names"


def keep(recording: str, ids: Sequence[str]) -> str:
    """Write a selection down; gives the key that ``recall`` reads it by.

    Written in one step, and once: the key is that of recording and ids. Of more than 500 files
    those that were used longest ago and bear no name are removed.

    Raises
    ------
    NeurogalleryError
        If the results folder cannot be written.
    """
    key = _key(recording, ids)
    with store.locked(_root()):
        path = _file(key)
        if path.is_file():
            path.touch()
        else:
            store.write_json(path, {"recording": recording, "ids": list(ids)})
            _remove_oldest()
    return key


def recall(recording: str, key: str) -> tuple[str, ...]:
    """The ids of a selection that was kept.

    Raises
    ------
    NotFoundError
        If there is none of that key, or it is of another recording.
    CorruptDataError
        If its file does not hold what the key was made of.
    """
    record = store.read_json(_file(key)) if KEY.fullmatch(key) else None
    if record is None:
        raise NotFoundError(
            f"The selection {key[:40]!r} is not on this machine",
            remedy="It was made on another one, or removed: ask for its CSV, and import that.",
        )
    ids = record.get("ids") if isinstance(record, dict) else None
    if not isinstance(ids, list) or _key(str(record.get("recording")), ids) != key:
        raise CorruptDataError(
            f"The kept selection {key} is damaged", remedy=f"Remove the file {_file(key)}."
        )
    if record["recording"] != recording:
        raise NotFoundError(f"This selection is of {record['recording']}, not of {recording}")
    return tuple(ids)


def named(recording: str) -> dict[str, str]:
    """Keys of the selections of a recording that bear a name, by name, sorted.

    Raises
    ------
    CorruptDataError
        If the list of names is damaged.
    """
    try:
        return dict(sorted(_read_names(_list(recording)).items()))
    except CorruptDataError as error:
        raise CorruptDataError(
            f"The list of named selections of {recording} is damaged: {error.problem}",
            remedy=f"Remove the file {_list(recording)}.",
        ) from None


def name_as(recording: str, name: str, ids: Sequence[str]) -> None:
    """Keep a selection under a name; one that bore it keeps its key, and loses the name.

    Raises
    ------
    InputError
        If the name is empty or long, nothing is selected, or there are 200 names.
    NeurogalleryError
        If nothing is named here (``read_only``), as of the functions below.
    """
    read_only.check(read_only.why_kept())
    name = _checked(name)
    if not len(ids):
        raise InputError("Nothing is selected", "at least one stimulus")
    key = keep(recording, ids)
    with _names(recording) as names:
        if name not in names and len(names) >= MOST_NAMES:
            raise InputError(
                f"{recording} has {counted(len(names), 'named selection')}",
                f"at most {MOST_NAMES}",
                "Delete one first.",
            )
        names[name] = key


def rename(recording: str, former: str, name: str) -> None:
    """Give a named selection another name.

    Raises
    ------
    NotFoundError
        If there is none of the former name.
    InputError
        If the new name is empty, long or taken.
    """
    name = _checked(name)
    with _names(recording) as names:
        _check_there(recording, former, names)
        if name != former and name in names:
            raise InputError(f"There is a selection {name!r} already", "another name")
        names[name] = names.pop(former)


def delete(recording: str, name: str) -> None:
    """Take the name of a selection away; an address that holds its key goes on working.

    Raises
    ------
    NotFoundError
        If there is none of that name.
    """
    with _names(recording) as names:
        _check_there(recording, name, names)
        del names[name]


def _read_names(path: Path) -> dict[str, str]:
    stored = store.read_sealed(path) or {}
    names = stored.get(NAMES, stored) if isinstance(stored, dict) else None
    names = stored if isinstance(names, str) else names  # a former list, of a selection 'names'
    if not isinstance(names, dict) or (names is not stored and set(stored) != {NAMES}):
        raise CorruptDataError(f"{path.name} holds no names")
    odd = [name for name, key in names.items() if not KEY.fullmatch(str(key))]
    if odd:
        raise CorruptDataError(f"{path.name} has no key for {odd[0]!r}")
    return names


def forget_names(recording: str) -> None:
    """Remove the list of names of a recording, which is damaged; its selections stay.

    Raises
    ------
    NeurogalleryError
        If it cannot be removed.
    """
    read_only.check(read_only.why_kept())
    with store.locked(_root()):
        path = _list(recording)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise not_written(path, error) from error


@contextmanager
def _names(recording: str) -> Iterator[dict[str, str]]:
    """The names of a recording, to change; written where nothing is raised."""
    read_only.check(read_only.why_kept())
    with store.locked(_root()):
        names = named(recording)
        yield names
        store.write_sealed(_list(recording), {NAMES: names})


def _check_there(recording: str, name: str, names: dict[str, str]) -> None:
    if name not in names:
        raise NotFoundError(f"{recording} has no selection {name!r}", choices=names)


def _checked(name: str) -> str:
    name = one_line(name).strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise InputError(
            f"The name has {counted(len(name), 'character')}", f"1 to {LONGEST_NAME} of them"
        )
    return name


def _remove_oldest() -> None:
    files = [path for path in _root().glob("*.json") if KEY.fullmatch(path.stem)]
    if len(files) <= MOST_KEPT:
        return
    used: set[Any] = set()
    for path in _root().glob("names-*.json"):
        try:
            used.update(_read_names(path).values())
        except CorruptDataError:  # nobody knows which of them bear a name
            return
    free = [path for path in files if path.stem not in used]
    for path in sorted(free, key=lambda path: path.stat().st_mtime_ns)[: len(files) - MOST_KEPT]:
        path.unlink(missing_ok=True)


def _key(recording: str, ids: Sequence[str]) -> str:
    text = "\0".join((recording, *map(str, ids)))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _root() -> Path:
    return paths.results_root() / "selections"


def _file(key: str) -> Path:
    return _root() / f"{key}.json"


def _list(recording: str) -> Path:
    return _root() / f"names-{_key(recording, ())}.json"
