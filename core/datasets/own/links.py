"""Folders that are linked into the data root: opened where their owner says so, else named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core import paths
from core.errors import InputError


class SkippedLink(NamedTuple):
    """A link in the data root that is not followed, and why."""

    name: str
    target: str
    reason: str

    @property
    def sentence(self) -> str:
        """For a list of notes."""
        return f"{self.name} is a link to {self.target}: {self.reason}"


def linked(name: str) -> Path | None:
    """Where a link of the data root leads outside of it, if it is followed; else None.

    Only a link that stands directly in the data root is: one inside a recording stays bound to
    the recording.
    """
    link = paths.data_root() / name
    if not paths.links_are_followed() or Path(name).name != name or not link.is_symlink():
        return None
    return link.resolve() if link.is_dir() else None


def is_open(folder: Path) -> bool:
    """Whether a folder of the data root lies in it, or links out of it are followed."""
    return paths.links_are_followed() or folder.resolve().is_relative_to(paths.data_root())


def check_followed(name: str) -> None:
    """Raise InputError where a folder of the data root is a link that is not followed."""
    if not is_open(paths.data_root() / name):
        raise InputError(
            f"{name} is a link out of the data folder",
            "a folder in it",
            f"Set {paths.LINKS}=1 to follow such links.",
        )


def check_inside(folder: Path) -> None:
    """Raise InputError where a link in a recording is not followed, see ``paths.check_link``."""
    if not paths.links_are_followed():
        for link in _links(folder):
            paths.check_link(link, folder)


def skipped_links() -> list[SkippedLink]:
    """Links in the data root that are not followed: those that lead out, nowhere or round."""
    skipped = []
    for path in paths.visible(paths.data_root()):
        if not path.is_symlink():
            continue
        target = os.readlink(path)
        if not path.exists():
            reason = "it leads nowhere. Remove it, or put the folder back."
        elif path.is_dir() and not is_open(path):
            reason = (
                f"links that lead out of the data folder are followed where {paths.LINKS}=1 is set."
            )
        else:
            continue
        skipped.append(SkippedLink(path.name, target, f"skipped, {reason}"))
    return skipped


def _links(folder: Path) -> Iterator[Path]:
    """Links in a folder and in those in it; a folder that cannot be listed has none."""
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_symlink():
            yield Path(entry.path)
        elif entry.is_dir(follow_symlinks=False):
            yield from _links(Path(entry.path))
