"""Ids that someone pastes or uploads: which of them are stimuli, and what the others may mean."""

from __future__ import annotations

import csv
import difflib
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from core.errors import InputError
from core.paths import composed
from core.store.uploads import check_bytes
from core.words import counted

MOST_BYTES = 2_000_000
MOST_IDS = 200_000
MOST_NEAREST, NEAREST_OF, LEAST_ALIKE = 20, 3, 0.6
# Comparing letter by letter takes long: of more ids those that share most groups of three.
MOST_CANDIDATES, LONGEST = 500, 100
_DELIMITERS = ",;\t"


class ImportedIds(NamedTuple):
    """What a list of ids amounts to.

    Attributes
    ----------
    ids : tuple of str
        Stimuli, each once, in the order of the list.
    duplicates : int
        How often an id, known or not, was named again.
    unknown : dict of str to tuple of str
        Ids that are no stimuli, each with up to three that are written alike; of the first 20.
    """

    ids: tuple[str, ...]
    duplicates: int
    unknown: dict[str, tuple[str, ...]]


def read_ids(content: str | bytes, ids: Sequence[str]) -> ImportedIds:
    """Read ids that were pasted, or a CSV file.

    A table whose first line names a column 'id' (in any case) is read by that column. Anything
    else is ids, separated by lines, commas, semicolons, tabs or spaces; an id with spaces in it
    stands on a line of its own, or between quotes.

    Parameters
    ----------
    content : str or bytes
        Text; of a file UTF-8, or UTF-16 with its mark.
    ids : sequence of str
        Of the stimuli.

    Raises
    ------
    InputError
        If it is longer than 2 MB or 200,000 ids, no text, or empty.

    Source: likeness by Ratcliff and Metzener (1988), Dr. Dobb's Journal 13(7):46, as ``difflib``
    has it.
    """
    known = {name: name for name in ids} | {composed(name): name for name in ids}
    read: dict[str, None] = {}
    total = 0
    for name in _entries(_text(content), known):
        total += 1
        if total > MOST_IDS:
            raise InputError("The list has too many ids", f"at most {MOST_IDS:,}")
        read[known.get(name, name)] = None
    if not read:
        raise InputError("The list is empty", "ids of stimuli, one a line, or a CSV with 'id'")
    unknown = [name for name in read if name not in known]
    nearest = _nearest(unknown[:MOST_NEAREST], ids)
    return ImportedIds(
        tuple(name for name in read if name in known),
        total - len(read),
        {name: nearest.get(name, ()) for name in unknown},
    )


def _text(content: str | bytes) -> str:
    check_bytes("The list", len(content), MOST_BYTES)
    if isinstance(content, bytes):
        is_wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        try:
            content = content.decode("utf-16" if is_wide else "utf-8-sig")
        except UnicodeDecodeError:
            raise _no_text() from None
    if "\0" in content:
        raise _no_text()
    return content.removeprefix("\ufeff")


def _no_text() -> InputError:
    return InputError("The file is no text", "a CSV or text file in UTF-8", "Export it as CSV.")


def _entries(text: str, known: dict[str, str]) -> Iterator[str]:
    """The ids of a text, in composed form, one by one."""
    lines = [line for line in text.splitlines() if line.strip()]
    first = lines[0] if lines else ""
    for delimiter in _DELIMITERS:
        names = [name.strip().lower() for name in next(_rows(first, delimiter), [])]
        if "id" in names:
            column = names.index("id")
            yield from _column("\n".join(lines[1:]), delimiter, column)
            return
    for line in lines:
        whole = composed(line.strip())
        yield from (whole,) if whole in known else _parts(line, known)


def _parts(line: str, known: dict[str, str]) -> Iterator[str]:
    """What stands between delimiters; between spaces where a part of that is an id."""
    delimiter = next((mark for mark in _DELIMITERS if mark in line), ",")
    for cell in next(_rows(line, delimiter), []):
        whole = composed(cell.strip())
        words = whole.split()
        by_word = whole not in known and len(words) > 1 and any(word in known for word in words)
        yield from words if by_word else filter(None, (whole,))


def _column(text: str, delimiter: str, column: int) -> Iterator[str]:
    for row in _rows(text, delimiter):
        name = composed(row[column].strip()) if column < len(row) else ""
        if name:
            yield name


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    except csv.Error as error:
        raise InputError(f"The list is no CSV ({error})", "ids, one a line") from None


def _nearest(names: Sequence[str], ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Ids that are written like each name, whatever their case."""
    lowered: dict[str, list[str]] = {}
    for each in ids:
        lowered.setdefault(each.lower(), []).append(each)
    keys = list(lowered)
    places = _places(keys) if names and len(keys) > MOST_CANDIDATES else None
    nearest = {}
    for name in names:
        sought = name.lower()[:LONGEST]
        candidates = keys if places is None else [keys[row] for row in _sharing(sought, places)]
        close = difflib.get_close_matches(sought, candidates, NEAREST_OF, LEAST_ALIKE)
        nearest[name] = tuple(each for key in close for each in lowered[key])[:NEAREST_OF]
    return nearest


def _places(keys: Sequence[str]) -> dict[str, list[int]]:
    """Where each group of three characters occurs, but for those that many share."""
    places: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        for group in _groups(key[:LONGEST]):
            places.setdefault(group, []).append(row)
    return {group: rows for group, rows in places.items() if len(rows) < len(keys) / 4}


def _sharing(name: str, places: Mapping[str, Sequence[int]]) -> list[int]:
    """The rows that share most groups of characters with a name."""
    shared = Counter(row for group in _groups(name) for row in places.get(group, ()))
    return [row for row, _ in shared.most_common(MOST_CANDIDATES)]


def _groups(text: str) -> set[str]:
    return {text[place : place + 3] for place in range(max(1, len(text) - 2))}


def summary(imported: ImportedIds) -> str:
    """Such as '12 stimuli; 1 named again; 2 are no stimuli'."""
    parts = [counted(len(imported.ids), "stimulus", "stimuli")]
    if imported.duplicates:
        parts.append(f"{imported.duplicates:,} named again")
    if imported.unknown:
        unknown = len(imported.unknown)
        parts.append(f"{unknown:,} {'is no stimulus' if unknown == 1 else 'are no stimuli'}")
    return "; ".join(parts)
