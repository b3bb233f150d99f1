"""Files and parts of a recording as published: where, how large, with which checksum."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Protocol
from urllib.parse import unquote, urlsplit

from core import paths
from core.errors import CorruptDataError, InputError, NotFoundError
from core.progress import Progress, silent

LONGEST_NAME = 200
SUBJECT = "{subject}"


@dataclass(frozen=True)
class RemoteFile:
    """One file of a recording, as published.

    Attributes
    ----------
    address : str
        Public URL.
    sha256 : str
        Checksum, hexadecimal; '' where none is published.
    size : int
        Bytes.
    md5 : str
        Checksum, hexadecimal; '' where none is published.
    path : str
        Where it goes below the folder of the recording, with '/'; the last part of the address
        for ''.
    unpack : bool
        True where it is a zip archive whose files are meant.

    Raises
    ------
    CorruptDataError
        If the path leads outside the folder of the recording or is hidden there.
    """

    address: str
    sha256: str
    size: int
    md5: str = ""
    path: str = ""
    unpack: bool = False

    def __post_init__(self) -> None:
        check_path(self.name)

    @property
    def name(self) -> str:
        """The path below the folder of the recording."""
        return self.path or unquote(urlsplit(self.address).path).rsplit("/", 1)[-1]


class Index(Protocol):
    """A place on the network that lists its files."""

    def listing(self, prefix: str, progress: Progress = silent) -> Sequence[RemoteFile]:
        """The files whose name in the index begins so; their path is that name."""


@dataclass(frozen=True)
class RemotePart:
    """A part of a recording that can be brought alone.

    Attributes
    ----------
    name : str
        Id for ``--part``.
    note : str
        What it holds.
    index : Index
        Lists its files.
    pattern : str
        Names in the index, '*' for any text, ``{subject}`` where the subject stands.
    folder : str
        Where its files go below the folder of the recording, with '/'; the subject as above.
    unpack : bool
        True where the files are zip archives to be unpacked there.
    is_default : bool
        Whether it is brought where no part is named.
    """

    name: str
    note: str
    index: Index
    pattern: str = "*"
    folder: str = ""
    unpack: bool = False
    is_default: bool = True

    def files(self, subjects: Sequence[str] = (), progress: Progress = silent) -> list[RemoteFile]:
        """List the files of some subjects, of every subject for none.

        Raises
        ------
        InputError
            If a subject is no plain name.
        NotFoundError
            If there are no files of a subject.
        CorruptDataError
            If two files have one name.
        """
        chosen: dict[str, RemoteFile] = {}
        for subject in subjects or ("*",):
            if subjects and not re.fullmatch(r"\w[\w.+-]*", subject):
                raise InputError(f"The subject is {subject!r}", "a name such as sub-01")
            pattern = self.pattern.replace(SUBJECT, subject)
            listed = self.index.listing(pattern.partition("*")[0], progress)
            own = {file.name: file for file in listed if fnmatchcase(file.name, pattern)}
            names = [file.name for file in listed if file.name in own]
            if len(names) > len(own):
                double = next(name for name in own if names.count(name) > 1)
                raise CorruptDataError(f"The part {self.name!r} has two files {double!r}", "one")
            if not own:
                raise NotFoundError(
                    f"The part {self.name!r} has no file {pattern!r}",
                    remedy="Check the subject; the published names may have changed.",
                )
            chosen |= {name: self._placed(file, subject) for name, file in own.items()}
        return list(chosen.values())

    def _placed(self, file: RemoteFile, subject: str) -> RemoteFile:
        """A file where it goes on disk; without a subject its name says which."""
        folder = self.folder
        if SUBJECT in folder and subject == "*":
            form = re.escape(self.pattern).replace(r"\{subject\}", "([^/]+?)").replace(r"\*", ".*")
            same = re.fullmatch(form, file.name)
            subject = same.group(1) if same else ""
        path = "/".join(filter(None, (folder.replace(SUBJECT, subject), file.name)))
        return replace(file, path=path, unpack=self.unpack)


def is_left_behind(path: str) -> bool:
    """Whether a published path is that of something hidden, such as ``.DS_Store``."""
    return any(paths.is_hidden(part) for part in path.split("/") if part.strip("."))


def check_path(path: str) -> str:
    """Give a path below a folder, or raise CorruptDataError where it is none.

    Published names are not trusted: nothing leads outside, is hidden, or breaks a line.
    """
    parts = path.split("/")
    odd = not path.isprintable() or "\\" in path or re.match(r"[A-Za-z]:", path)
    if odd or any(not 0 < len(part) <= LONGEST_NAME or part.startswith(".") for part in parts):
        raise CorruptDataError(
            f"The published name {path[:LONGEST_NAME]!r} leads outside its folder or is hidden",
            "a path of plain names",
        )
    return path
