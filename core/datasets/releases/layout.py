"""Which files a release consists of, and which of them a folder holds."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core import paths

# What an unfinished download leaves behind; it is no file of the release.
UNFINISHED = (".part", ".part.etag")


@dataclass(frozen=True)
class Expected:
    """Files that belong to a release.

    Attributes
    ----------
    path : str
        Below the folder of the recording, with '/'. '*' stands for any part of a name and
        '**' for any folders, none included: ``images/**/*.jpg``.
    what : str
        What they hold, for the reader.
    is_needed : bool
        False where the recording opens without them.
    """

    path: str
    what: str = ""
    is_needed: bool = True


class Presence(NamedTuple):
    """What a folder holds of a release.

    Attributes
    ----------
    present : tuple of str
        Files that belong to it, below the folder, sorted.
    missing : tuple of Expected
        What no file was there for.
    unexpected : tuple of str
        Files that do not belong to it, sorted; hidden ones and unfinished downloads are none.
    """

    present: tuple[str, ...]
    missing: tuple[Expected, ...]
    unexpected: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether everything is there that the recording needs."""
        return not any(each.is_needed for each in self.missing)


def compare(folder: Path, expected: Sequence[Expected]) -> Presence:
    """Compare the files of a folder with those that are expected; nothing is read.

    Parameters
    ----------
    folder : Path
        Need not exist. Links to folders are not followed.
    expected : sequence of Expected

    Returns
    -------
    Presence
    """
    exact = {each.path for each in expected if "*" not in each.path}
    patterns = {each.path: _compile(each.path) for each in expected if "*" in each.path}
    present: list[str] = []
    unexpected: list[str] = []
    matched: set[str] = set()
    for name in _files(folder):
        own = {name} & exact or {path for path, form in patterns.items() if form.fullmatch(name)}
        matched |= own
        (present if own else unexpected).append(name)
    missing = tuple(each for each in expected if each.path not in matched)
    return Presence(tuple(sorted(present)), missing, tuple(sorted(unexpected)))


def _files(folder: Path) -> list[str]:
    names = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not paths.is_hidden(name)]
        below = Path(parent).relative_to(folder)
        for name in files:
            is_left = name.endswith(UNFINISHED) or paths.is_hidden(name)
            if not is_left and (Path(parent) / name).is_file():
                names.append((below / name).as_posix())
    return names


def _compile(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    return re.compile(text.replace(r"\*", "[^/]*"), re.DOTALL)
