"""What stands in the data root and is no recording of any list, and why."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from core import paths
from core.datasets.catalogue import DATASETS
from core.datasets.own.links import is_open
from core.datasets.recordings.folder import stimulus_table
from core.errors import NeurogalleryError

# What other parts of the project keep beside the recordings.
NO_RECORDINGS = ("models", "galleries", "lessons")


class Unlisted(NamedTuple):
    """A file or folder of the data root that is not listed, why, and what to do."""

    name: str
    reason: str


def unlisted() -> list[Unlisted]:
    """What of the data root is not listed; links that are not followed have a list of their own."""
    entries = paths.visible(paths.data_root())
    reasons = ((path.name, _reason(path)) for path in entries if _is_looked_at(path))
    return [Unlisted(name, reason) for name, reason in reasons if reason]


def _is_looked_at(path: Path) -> bool:
    if path.name in NO_RECORDINGS or not path.exists():
        return False
    return is_open(path) or not path.is_symlink()


def _reason(path: Path) -> str:
    """Why a file or folder is not listed; '' where it is."""
    if not path.is_dir():
        return (
            "It is a file, and recordings are folders. Unpack it, or put it into the folder that "
            "it belongs to."
        )
    try:
        is_empty = not any(paths.visible(path))
        alike = _release_like(path.name)
        if path.name in DATASETS:
            way = "To be brought here, below, says how to get its files."
            return f"The folder of {path.name} is empty. {way}" if is_empty else ""
        if is_empty:
            return "It is empty. Put stimuli.csv into it."
        stimulus_table(path)
    except NeurogalleryError as error:
        if alike:
            return f"{error} Is it the recording {alike}? Then name the folder {alike}."
        return f"{error} A folder of your own needs one; see the data folder's README."
    except OSError as error:
        return f"It cannot be read ({error.strerror or error}). Allow this user to read it."
    return ""


def _release_like(name: str) -> str:
    """The recording that a folder is named almost like: NSD, algonauts_2023, kriegeskorte-92."""
    plain = _letters(name)
    known = {_letters(each): each for each in DATASETS if each not in ("folder", "simulated")}
    return next((known[each] for each in known if each == plain or plain.startswith(each)), "")


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
