"""Where recordings and results lie, and the check that a path stays inside its root."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import InputError

PROJECT = Path(__file__).resolve().parent.parent
ART = PROJECT / "data" / "art"
EMBEDDED = PROJECT / "data" / "simulated"


def data_root() -> Path:
    """Folder of the recordings: ``NEUROGALLERY_DATA``, else ``data/recordings``."""
    return _folder("NEUROGALLERY_DATA", PROJECT / "data" / "recordings")


def results_root() -> Path:
    """Folder of results and jobs: ``NEUROGALLERY_RESULTS``, else ``data/results``."""
    return _folder("NEUROGALLERY_RESULTS", PROJECT / "data" / "results")


def ready_root() -> Path:
    """Folder of results that come along: ``NEUROGALLERY_READY``, else ``data/ready``."""
    return _folder("NEUROGALLERY_READY", PROJECT / "data" / "ready")


def inside(root: Path, name: str | Path) -> Path:
    """Return the resolved path of ``name`` below ``root``.

    Raises
    ------
    InputError
        If the path, its links followed, leads outside ``root``.
    """
    root = root.resolve()
    impossible = "\0" in str(name) or any(len(part) > 200 for part in Path(name).parts)
    path = None if impossible else (root / name).resolve()
    if path is None or not path.is_relative_to(root):
        raise InputError(
            f"The path {str(name)[:200]!r} leads outside {root.name} or is no path",
            "a path inside that folder",
            "Move or copy the files there, or open the folder that holds them.",
        )
    return path


def _folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable) or default).expanduser().resolve()
