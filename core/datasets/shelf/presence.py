"""What of a recording is on disk: subjects by kinds of files, and how large it is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

import pandas as pd

from core import paths
from core.datasets.catalogue import DATASETS, Recording
from core.datasets.dataset import DatasetInfo
from core.datasets.download.local import expected_of, presence
from core.datasets.own.parts import parts_of
from core.datasets.releases.layout import Expected, Presence
from core.errors import NeurogalleryError

Level = Literal["present", "partly", "optional", "missing", "none"]
ALL, FILES = "all subjects", "files"
# How the releases write a subject, at the start of a folder's or file's name.
SUBJECT = re.compile(r"(?:^|/)(sub-[A-Za-z0-9]+|[Ss]ubj(?:ect)?_?-?\d+|CSI\d+|S\d+)(?=[/_.]|$)")
PADDING = re.compile(r"(?<=\D)0+(?=\d)")
SESSION = re.compile(r" of session \d+$")
# Where subjects of several studies have one number, what the files hold names the study too.
BELONGING = re.compile(r"(.+) of (sub-\w+)")
OWN_SHARED = ("images", "gallery", "rdms", "embeddings")
WORDS: dict[Level, str] = {
    "present": "present",
    "partly": "present in part",
    "optional": "not there; it opens without",
    "missing": "missing",
    "none": "does not exist",
}


class Square(NamedTuple):
    """Files of one kind of one subject: how many are there, and how many belong to it."""

    subject: str
    kind: str
    level: Level
    present: int
    expected: int

    @property
    def words(self) -> str:
        """For whoever does not see the square."""
        count = f" ({self.present} of {self.expected})" if self.level == "partly" else ""
        return f"{self.subject}, {self.kind}: {WORDS[self.level]}{count}"


class OnDisk(NamedTuple):
    """What of a recording is on disk.

    Attributes
    ----------
    squares : tuple of Square
        Subject by subject; what all subjects share stands last.
    bytes : int
    missing : tuple of Expected
        What no file is there for.
    unexpected : tuple of str
    """

    squares: tuple[Square, ...]
    bytes: int
    missing: tuple[Expected, ...]
    unexpected: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(square.kind for square in self.squares))

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(square.subject for square in self.squares))

    def square(self, subject: str, kind: str) -> Square:
        """One square; one that does not exist where the subject has no such files."""
        for square in self.squares:
            if (square.subject, square.kind) == (subject, kind):
                return square
        return Square(subject, kind, "none", 0, 0)

    def table(self) -> pd.DataFrame:
        """The squares in words: a row a subject, a column a kind."""
        rows = {
            subject: {kind: self._cell(subject, kind) for kind in self.kinds}
            for subject in self.subjects
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=list(self.kinds))

    def _cell(self, subject: str, kind: str) -> str:
        square = self.square(subject, kind)
        if square.level == "none":
            return "–"
        count = f" {square.present} of {square.expected}" if square.level == "partly" else ""
        return WORDS[square.level] + count


def on_disk(info: DatasetInfo) -> OnDisk:
    """Look at the folder of a recording; no file of it is read.

    Parameters
    ----------
    info : DatasetInfo
        From ``datasets.available()``.
    """
    recording = DATASETS[info.name.partition(":")[0]]
    folder = info.where or paths.data_root() / info.name
    if ":" in info.name:
        return OnDisk(tuple(_own(folder)), size_of(folder), (), ())
    return released(recording, folder)


def released(recording: Recording, folder: Path) -> OnDisk:
    """Compare a folder with what a release consists of."""
    whole = presence(recording, folder)
    squares = tuple(_squares(expected_of(recording, folder), whole))
    return OnDisk(squares, size_of(folder), whole.missing, whole.unexpected)


def _squares(expected: Iterable[Expected], whole: Presence) -> Iterable[Square]:
    groups: dict[tuple[str, str], list[Expected]] = {}
    written: dict[str, str] = {}
    for each in expected:
        subject, kind = _place(each)
        # Some files of a release pad the number of a subject: CSI01 is CSI1.
        subject = written.setdefault(PADDING.sub("", subject), subject)
        groups.setdefault((subject, kind), []).append(each)
    missing = {each.path for each in whole.missing}
    for (subject, kind), files in sorted(groups.items(), key=lambda item: item[0][0] == ALL):
        absent = [each for each in files if each.path in missing]
        yield Square(subject, kind, _level(files, absent), len(files) - len(absent), len(files))


def _place(each: Expected) -> tuple[str, str]:
    """Subject and kind of files; sessions are of one kind, and 'betas of SUBJECT' are betas."""
    kind = SESSION.sub("", each.what) or FILES
    if belonging := BELONGING.fullmatch(kind):
        return belonging.group(2), belonging.group(1)
    named = SUBJECT.search(each.path)
    return (named.group(1) if named else ALL), kind


def _level(files: list[Expected], absent: list[Expected]) -> Level:
    if not absent:
        return "present"
    if len(absent) < len(files):
        return "partly"
    return "missing" if any(each.is_needed for each in absent) else "optional"


def _own(folder: Path) -> Iterable[Square]:
    """Squares of a person's own folder, which needs nothing but its list of stimuli."""
    try:
        responses = parts_of(folder / "responses")
    except NeurogalleryError:  # the check of the folder says it
        responses = {}
    for subject, parts in responses.items():
        lists = sum(part.array is not None and part.table is not None for part in parts)
        named = {subject, *(part.stem for part in parts)}
        rois = [path for path in paths.visible(folder / "rois") if path.stem in named]
        yield _held(subject, "responses", len(parts))
        yield _held(subject, "trial list", lists)
        yield _held(subject, "ROIs", len(rois))
    yield _held(ALL, "stimuli.csv", int(paths.find(folder, "stimuli.csv") is not None))
    for below in OWN_SHARED:
        yield _held(ALL, below, len(paths.visible(folder / below)))


def _held(subject: str, kind: str, count: int) -> Square:
    return Square(subject, kind, "present" if count else "optional", count, max(1, count))


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; links are not followed."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except OSError:
                continue  # it has gone since it was listed
    return total
