"""Files written in one step, and the lock of a folder that several processes share."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from core.errors import CorruptDataError, NeurogalleryError

LOCK_TIMEOUT_S = 60.0


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
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        part.unlink(missing_ok=True)


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
        with open(path, "rb", opener=_open_file) as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CorruptDataError(f"{path.name} cannot be read ({error})") from None


def _open_file(path: str, flags: int) -> int:
    """Open a file; a pipe that stands in its place is not waited for."""
    file = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError("it is no file")
    return file


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


def not_written(path: Path, error: OSError) -> NeurogalleryError:
    """Give the error for a file or folder that cannot be written, e.g. on a full disk."""
    reason = error.strerror or str(error)
    return NeurogalleryError(
        f"{path} cannot be written ({reason})",
        remedy="Free space, or check that the folder exists and may be written to.",
    )


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
