"""Fingerprints and keys: a result is found by what it was made from."""

from __future__ import annotations

import functools
import hashlib
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError, NotFoundError
from core.store.stamps import note
from core.validation import row_blocks

OPERATION = re.compile(r"[a-z0-9_]+")
# Lists up to here are fed at once, which takes a third of the time of feeding each value.
SHORT = 16


def fingerprint(*parts: Any) -> str:
    """Fingerprint of a sequence of values.

    Parameters
    ----------
    *parts : str, int, float, bool, None, bytes, dict, list, tuple, np.ndarray or Path
        Every value enters with its type and length; an array with dtype, shape and
        content; a Path with the content of its file. The order of a dict does not
        matter, and a tuple equals a list (both are one thing in JSON).

    Returns
    -------
    str
        32 hexadecimal characters (blake2b).

    Raises
    ------
    InputError
        If a value has another type.
    NotFoundError
        If the file of a Path cannot be read.
    """
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        _feed(hasher, part)
    return hasher.hexdigest()


def key(
    operation: str, dataset: str, parameters: Mapping[str, Any], seed: int = 0, version: int = 1
) -> str:
    """Key of a result: what it was made from, and how.

    Parameters
    ----------
    operation : str
        Lower-case letters, digits and ``_``.
    dataset : str
        ``Dataset.fingerprint``.
    parameters : dict
        Values that ``fingerprint`` takes.
    seed, version : int
        Random seed; version of the method, raised when its numbers change.

    Returns
    -------
    str
        ``"<operation>-<32 hexadecimal characters>"``.
    """
    check_operation(operation)
    return f"{operation}-{fingerprint(operation, dataset, dict(parameters), seed, version)}"


def check_operation(operation: str) -> None:
    """Raise InputError unless the name can start a key or a job id."""
    if not OPERATION.fullmatch(operation):
        raise InputError(f"The operation is {operation!r}", "lower-case letters, digits and _")


def _feed(hasher: Any, part: Any) -> None:
    plain = _plain(part)
    if plain is not None:
        hasher.update(plain)
    elif isinstance(part, Path):
        hasher.update(_field("file", _digest_of(part)))
    elif isinstance(part, np.ndarray):
        check_dtype("The array", part)
        hasher.update(_field("array", f"{part.dtype.str}{part.shape}".encode()))
        feed_content(hasher, part)
    elif isinstance(part, Mapping):
        items = sorted((fingerprint(name), value) for name, value in part.items())
        _feed_all(hasher, "dict", [side for item in items for side in item])
    elif isinstance(part, (list, tuple)):
        _feed_all(hasher, "list", part)
    else:
        raise InputError(
            f"A {type(part).__name__} has no fingerprint",
            "text, numbers, bytes, None, arrays, paths, or lists and dicts of these",
        )


def _text(part: str) -> bytes:
    content = part.encode("utf-8", "surrogatepass")
    return b"str:%d:%b" % (len(content), content)


def _whole(part: int) -> bytes:
    content = b"%d" % part
    return b"int:%d:%b" % (len(content), content)


# What a value of each type feeds; a bool is an int too, so that it stands first.
_FEEDS: dict[type, Callable[[Any], bytes]] = {
    str: _text,
    bool: lambda part: b"bool:1:1" if part else b"bool:1:0",
    int: _whole,
    float: lambda part: b"float:8:" + struct.pack("<d", part),
    bytes: lambda part: _field("bytes", part),
    type(None): lambda part: b"none:0:",
}


def _plain(part: Any) -> bytes | None:
    """What a value, or a short list of such, feeds; None for what is fed in pieces."""
    # By its type first: a recording of many images has a million values.
    feed = _FEEDS.get(type(part))
    if feed is not None:
        return feed(part)
    if isinstance(part, np.generic):
        return _plain(part.item())
    for kind, feed in _FEEDS.items():
        if isinstance(part, kind):
            return feed(part)
    if isinstance(part, (list, tuple)) and len(part) <= SHORT:
        fields = [_plain(each) for each in part]
        count = _field("list", str(len(part)).encode())
        return None if None in fields else b"".join((count, *fields))  # type: ignore[arg-type]
    return None


def _feed_all(hasher: Any, tag: str, parts: Sequence[Any]) -> None:
    hasher.update(_field(tag, str(len(parts)).encode()))
    for part in parts:
        _feed(hasher, part)


def _field(tag: str, content: bytes) -> bytes:
    return b"%b:%d:%b" % (tag.encode(), len(content), content)


def feed_content(hasher: Any, array: np.ndarray) -> None:
    """Feed the values in C order, a block of rows at a time: no copy of a large array."""
    rows = np.atleast_1d(array)
    for block in row_blocks(len(rows), rows.size // max(1, len(rows))):
        hasher.update(np.ascontiguousarray(rows[block]).reshape(-1).view(np.uint8))


def check_dtype(what: str, array: np.ndarray) -> None:
    """Raise InputError for arrays of Python objects or records."""
    if array.dtype.kind in "OV":
        raise InputError(f"{what} has the dtype {array.dtype}", "numbers, booleans or text")


def stamp(path: Path) -> tuple[str, int, int]:
    """Path, size and time of change: they stand for the content while they stay the same."""
    try:
        status = path.stat()
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read ({error.strerror})") from None
    return str(path.resolve()), status.st_size, status.st_mtime_ns


def _digest_of(path: Path) -> bytes:
    note(path)
    known, status = stamp(path), path.stat()
    # Files that changed places keep their size and time, not these.
    return _file_digest(*known, status.st_ctime_ns, status.st_ino)


@functools.lru_cache(maxsize=4096)
def _file_digest(path: str, size: int, mtime_ns: int, status_ns: int, inode: int) -> bytes:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, hashlib.blake2b).digest()
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read ({error.strerror})", "a file") from None
