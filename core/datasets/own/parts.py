"""Which files hold the responses of which subject: arrays with trial lists, and tables.

``responses/<subject>.npy`` is an array, ``<subject>.csv`` or ``.tsv`` beside it its trial list. A
table without an array holds the responses themselves. Names as BIDS has them,
``sub-01_ses-02_run-3_betas.npy``, are of subject ``sub-01``; its files are joined by session and
run.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from core import paths
from core.datasets.files import arrays
from core.datasets.tables import TRIAL_COLUMNS
from core.errors import InputError
from core.store.stamps import enter
from core.validation import check_regular, one_line

DELIMITERS = {".csv": ",", ".tsv": "\t"}
BIDS = re.compile(r"(sub-[A-Za-z0-9]+)((?:_[A-Za-z]+-[A-Za-z0-9+]+)*)(?:_[A-Za-z0-9]+)?")
# Columns that say of a trial when and what it was; they are no units.
ABOUT_TRIALS = frozenset(
    {*TRIAL_COLUMNS, "trial", "onset", "duration", "trial_type", "response_time", "index"}
)


class ResponsePart(NamedTuple):
    """One array with its trial list, or one table; ``session`` and ``run`` are of its name."""

    stem: str
    array: Path | None
    table: Path | None
    session: str = ""
    run: str = ""

    @property
    def files(self) -> list[Path]:
        return [path for path in (self.array, self.table) if path is not None]


def parts_of(folder: Path) -> dict[str, tuple[ResponsePart, ...]]:
    """The files of each subject, in the order in which they are joined.

    Files that say the same session and run of a subject are no parts of it: each is a subject
    of its own, called as the file.

    Raises
    ------
    InputError
        If two files bear what reads as one name.
    """
    held, tables = arrays(folder), _tables(folder)
    stems = [*held, *(stem for stem, path in tables.items() if stem not in held and _is_own(path))]
    parts = [_part(stem, held.get(stem), tables.get(stem)) for stem in stems]
    groups: dict[str, list[ResponsePart]] = defaultdict(list)
    for stem, part in zip(stems, parts, strict=True):
        named = BIDS.fullmatch(stem)
        groups[named.group(1) if named else stem].append(part)
    subjects: dict[str, tuple[ResponsePart, ...]] = {}
    for subject, own in groups.items():
        if len({(part.session, part.run) for part in own}) < len(own):
            subjects |= {part.stem: (part,) for part in own}
        else:
            subjects[subject] = tuple(sorted(own, key=_order))
    return dict(sorted(subjects.items()))


def header(path: Path) -> list[str]:
    """Names of the columns of a table; none where its first line is no text."""
    enter(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            first = next(csv.reader(file, delimiter=DELIMITERS[path.suffix.lower()]), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
    return [one_line(name) for name in first]


def units_of(columns: Iterable[str]) -> list[str]:
    """Those columns of a table that are units."""
    return [name for name in columns if name not in ABOUT_TRIALS]


def _tables(folder: Path) -> dict[str, Path]:
    tables: dict[str, list[Path]] = defaultdict(list)
    for path in paths.visible(folder):
        if path.suffix.lower() not in DELIMITERS:
            continue
        check_regular(path)
        if path.is_file():
            tables[paths.composed(path.stem)].append(path)
    for same in tables.values():
        if len({path.suffix.lower() for path in same}) < len(same):
            paths.check_single(same, folder)
        elif len(same) > 1:
            names = " and ".join(path.name for path in same)
            raise InputError(f"responses/ holds {names}", "one table of a name", "Remove one.")
    return {stem: same[0] for stem, same in tables.items()}


def _is_own(path: Path) -> bool:
    """Whether a table holds responses, and is not a trial list that lacks its array."""
    names = header(path)
    return "id" in names and bool(units_of(names))


def _part(stem: str, array: Path | None, table: Path | None) -> ResponsePart:
    named = BIDS.fullmatch(stem)
    pairs = (pair.split("-", 1) for pair in named.group(2).split("_")[1:]) if named else ()
    entities = {name.lower(): value for name, value in pairs}
    return ResponsePart(stem, array, table, entities.get("ses", ""), entities.get("run", ""))


def _order(part: ResponsePart) -> tuple[tuple[bool, int, str], ...]:
    return (_natural(part.session), _natural(part.run), (False, 0, part.stem))


def _natural(text: str) -> tuple[bool, int, str]:
    return (False, int(text), "") if text.isdigit() else (True, 0, text)
