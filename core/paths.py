"""Where recordings and results lie, and the check that a path stays inside its root."""

from __future__ import annotations

import functools
import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from core.errors import InputError

LINKS = "NEUROGALLERY_DATA_LINKS"
PROJECT = Path(__file__).resolve().parent.parent
ART = PROJECT / "data" / "art"
EMBEDDED = PROJECT / "data" / "simulated"
# What systems and their tools leave beside people's files, in lower case.
LEFT_BEHIND = frozenset({"thumbs.db", "desktop.ini", "__macosx", "icon\r", "@eadir"})


def data_root() -> Path:
    """Folder of the recordings: ``NEUROGALLERY_DATA``, else ``data/recordings``."""
    return _folder("NEUROGALLERY_DATA", PROJECT / "data" / "recordings")


def results_root() -> Path:
    """Folder of results and jobs: ``NEUROGALLERY_RESULTS``, else ``data/results``."""
    return _folder("NEUROGALLERY_RESULTS", PROJECT / "data" / "results")


def ready_root() -> Path:
    """Folder of results that come along: ``NEUROGALLERY_READY``, else ``data/ready``."""
    return _folder("NEUROGALLERY_READY", PROJECT / "data" / "ready")


def links_are_followed() -> bool:
    """Whether ``NEUROGALLERY_DATA_LINKS`` is 1: links may lead out of the data root."""
    return os.environ.get(LINKS, "").strip() == "1"


def inside(root: Path, name: str | Path) -> Path:
    """Return the resolved path of ``name`` below ``root``.

    Raises
    ------
    InputError
        If the path, its links followed, leads outside ``root``.
    """
    root = root.resolve()
    path = (root / name).resolve() if is_possible(name) else None
    if path is None or not path.is_relative_to(root):
        raise InputError(
            f"The path {str(name)[:200]!r} leads outside {root.name} or is no path",
            "a path inside that folder",
            "Move or copy the files there, or open the folder that holds them.",
        )
    return path


def is_possible(name: str | Path) -> bool:
    """Whether a system can have a file of this name or path."""
    return "\0" not in str(name) and all(len(part) <= 200 for part in Path(name).parts)


def check_link(path: Path, recording: Path) -> None:
    """The one rule for links inside a recording, for whatever reads a file or folder of it.

    One is followed where it leads to something in the recording or elsewhere in the data root,
    and anywhere where ``NEUROGALLERY_DATA_LINKS`` is 1.

    Raises
    ------
    InputError
        If ``path``, its links followed, leads outside.
    """
    roots = (recording.resolve(), data_root())
    real = Path(os.path.realpath(path))
    if any(real.is_relative_to(root) for root in roots) or links_are_followed():
        return
    is_named = path.is_relative_to(data_root())
    name = path.relative_to(data_root()) if is_named else Path(path.parent.name, path.name)
    raise InputError(
        f"{name.as_posix()} is a link out of the data folder: it leads outside",
        "a file or folder in it",
        f"Set {LINKS}=1 to follow such links.",
    )


def is_hidden(name: str) -> bool:
    """Whether a name is that of something left behind: ``._NAME``, ``.DS_Store``, ``Thumbs.db``."""
    return name.startswith((".", "~$")) or name.lower() in LEFT_BEHIND


def visible(folder: Path) -> list[Path]:
    """What stands in a folder, sorted by name, hidden things left out; nothing where it is none."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not is_hidden(path.name))


def composed(text: str) -> str:
    """A text in Unicode's composed form: some systems write an accent as a letter of its own."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def plain_name(name: str) -> str:
    """A name in composed form with its ending in lower case: equal for what readers call equal."""
    stem, dot, ending = composed(name).rpartition(".")
    return f"{stem}{dot}{ending.lower()}" if stem else composed(name)


def find(folder: Path, name: str) -> Path | None:
    """The file or folder of a name, in whatever Unicode form and case of its ending it is written.

    Raises
    ------
    InputError
        If there are several, none of which is written as ``name``.
    """
    if (folder / name).exists():
        return folder / name
    same = [path for path in visible(folder) if plain_name(path.name) == plain_name(name)]
    check_single(same, folder)
    return same[0] if same else None


def check_single(same: Sequence[Path], folder: Path) -> None:
    """Raise InputError where several files or folders bear what reads as one name."""
    if len(same) > 1:
        raise InputError(
            f"{folder.name} holds {' and '.join(ascii(path.name) for path in same)}, which read "
            "as one name",
            "names that differ in more than their Unicode form or the case of their ending",
            "Rename or remove all but one.",
        )


def _folder(variable: str, default: Path) -> Path:
    return _resolved(os.path.abspath(os.path.expanduser(os.environ.get(variable) or default)))


@functools.lru_cache(maxsize=64)
def _resolved(path: str) -> Path:
    """A path without links, found out once: pages ask for the same few again and again."""
    return Path(path).resolve()
