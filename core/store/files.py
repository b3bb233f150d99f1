"""Files written in one step, and the lock of a folder that several processes share."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from core.errors import CorruptDataError, NeurogalleryError

LOCK_TIMEOUT_S = 60.0
FULL = (errno.ENOSPC, errno.EDQUOT)
# Of errors without a number: numpy's, and those of libraries that hand on the text alone.
FULL_WORDS = re.compile(
    r"\d+ requested and \d+ written|no space left on device|disk quota exceeded", re.IGNORECASE
)
FREE_SPACE = "Free space, or name a folder on another disk as NEUROGALLERY_RESULTS."
# A disk with less has no room for the next small file.
ALMOST_FULL_BYTES = 64 * 1024
# What ``replacing`` writes to: hidden, and named after process and thread.
PARTS = re.compile(r"\..+\.\d+-\d+\.part")
# Last in a sealed file: the checksum of all that stands before it.
SEAL = re.compile(rb',\n "sha256": "([0-9a-f]{64})"\n}\Z')
SEAL_NAME, SEAL_LETTERS = "sha256", 64
# Without waiting for a pipe, and on Windows without changing ends of lines.
HOW_TO_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder against other threads and processes; not reentrant.

    Raises
    ------
    NeurogalleryError
        If the lock is not free within a minute, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / ".lock", timeout=LOCK_TIMEOUT_S)
        lock.acquire()
    except filelock.Timeout:
        raise NeurogalleryError(
            f"The folder {folder} has been locked by another process for {LOCK_TIMEOUT_S:.0f} s",
            remedy="Try again, or stop the process that uses it.",
        ) from None
    except OSError as error:
        raise not_written(folder, error) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; at the end it replaces ``path`` in one step.

    Raises
    ------
    NeurogalleryError
        If writing fails; ``path`` is then as it was.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    with writing(path):
        try:
            yield part
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say which file or folder cannot be written, where something of it fails.

    Raises
    ------
    NeurogalleryError
    """
    try:
        yield
    except OSError as error:
        raise not_written(path, error) from error


def sweep_parts(folder: Path) -> None:
    """Delete what ``replacing`` left in a folder, and below, when its process was killed.

    Only for a folder in which nobody writes now.
    """
    for above, _, names in os.walk(folder):
        for name in names:
            if PARTS.fullmatch(name):
                with suppress(OSError):  # it goes with the folder, or next time
                    (Path(above) / name).unlink()


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON in one step; numpy numbers and paths are converted."""
    text = to_json(value)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def read_json(path: Path, unique: bool = False) -> Any:
    """Read a JSON file; None where there is none.

    With ``unique``, an object that names something twice is refused; else its last value counts.

    Raises
    ------
    CorruptDataError
        If the file is not JSON.
    """
    stored = read_bytes(path)
    return None if stored is None else parse_json(stored, path.name, unique)


def read_bytes(path: Path) -> bytes | None:
    """Read a file; None where there is none.

    Raises
    ------
    CorruptDataError
        If it cannot be read, or is no file.
    """
    try:
        file = os.open(path, HOW_TO_READ)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("it is no file")
        parts = []
        while part := os.read(file, status.st_size + 1):
            parts.append(part)
        return b"".join(parts)
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(file)


def _unreadable(path: Path, error: OSError) -> CorruptDataError:
    return CorruptDataError(f"{path.name} cannot be read ({error})")


def parse_json(stored: bytes, name: str, unique: bool = False) -> Any:
    """The value of the JSON in a file of some name; see ``read_json``."""
    try:
        hook = _check_unique if unique else None
        return json.loads(stored.decode("utf-8-sig"), object_pairs_hook=hook)
    except (ValueError, RecursionError) as error:
        raise CorruptDataError(f"{name} is not valid JSON ({error})") from None


def _check_unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    double = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if double:
        raise ValueError(f"it names {double[0]!r} twice")
    return dict(pairs)


def to_json(value: Any) -> str:
    """JSON text of a value; numpy numbers and paths are converted."""
    return json.dumps(value, indent=1, default=_plain)


def sealed(text: str) -> bytes:
    """The JSON of an object that is not empty, with the checksum of all of it as last field."""
    body = text.removesuffix("\n}").encode()
    return body + f',\n "{SEAL_NAME}": "{hashlib.sha256(body).hexdigest()}"\n}}'.encode()


def unsealed(stored: bytes, name: str) -> Any:
    """The value of a sealed file, without its checksum; those of former versions have none.

    Raises
    ------
    CorruptDataError
        If it is not JSON, or not what the checksum is of.
    """
    value, seal = parse_json(stored, name), SEAL.search(stored)
    has_name = isinstance(value, dict) and len(str(value.get(SEAL_NAME, ""))) == SEAL_LETTERS
    if has_name:
        del value[SEAL_NAME]
    is_whole = seal is not None and (
        hashlib.sha256(stored[: seal.start()]).hexdigest() == seal[1].decode()
    )
    if has_name and not is_whole:
        raise CorruptDataError(f"the checksum of {name} does not match")
    return value


def write_sealed(path: Path, value: dict[str, Any]) -> None:
    """Write an object as ``write_json`` does, with its checksum as last field."""
    content = sealed(to_json(value)) if value else b"{}"
    with replacing(path) as part:
        part.write_bytes(content)


def read_sealed(path: Path) -> Any:
    """Read what ``write_sealed`` wrote, or a file of a former version; None where there is none.

    Raises
    ------
    CorruptDataError
        If it cannot be read, or is not what was written.
    """
    stored = read_bytes(path)
    return None if stored is None else unsealed(stored, path.name)


def not_written(path: Path, error: OSError) -> NeurogalleryError:
    """Give the error for a file or folder that cannot be written, e.g. on a full disk."""
    if is_disk_full(error):
        return NeurogalleryError(f"{path} cannot be written: {full_disk(error)}", remedy=FREE_SPACE)
    reason = error.strerror or str(error)
    return NeurogalleryError(
        f"{path} cannot be written ({reason})",
        remedy="Free space, or check that the folder exists and may be written to.",
    )


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, says that a disk or a quota is used up."""
    while error is not None:
        if getattr(error, "errno", None) in FULL or FULL_WORDS.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def full_disk(error: BaseException) -> str:
    """What is full, in words that are the same whichever library met it."""
    is_quota = "quota" in str(error).lower()
    what, number = ("quota", errno.EDQUOT) if is_quota else ("disk", errno.ENOSPC)
    return f"the {what} is full ({os.strerror(number)})"


def has_room(folder: Path) -> bool:
    """Whether the disk of a folder takes another small file; True where nobody knows."""
    try:
        return shutil.disk_usage(folder).free >= ALMOST_FULL_BYTES
    except OSError:
        return True


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
