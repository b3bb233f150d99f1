"""``python -m core fetch``: download or copy a recording, and say what is there of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.decoder_arguments import add_repeated
from core.commands.shared import show
from core.errors import InputError

if TYPE_CHECKING:
    from core.datasets.catalogue import Recording
    from core.datasets.download.fetch import Download
    from core.datasets.releases.layout import Presence

INCOMPLETE = 1
MOST_NAMED = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``fetch`` takes."""
    parser.add_argument("name", metavar="NAME", help="id of the dataset")
    parser.add_argument(
        "--from", dest="source", metavar="FOLDER", type=Path, help="folder that holds it already"
    )
    add_repeated(parser, "--subject", "NAME", "as its files are called; default: every one")
    add_repeated(parser, "--part", "NAME", "part of a large dataset; default: what it needs")
    parser.add_argument("--yes", action="store_true", help="download without being asked")
    parser.add_argument(
        "--keep-zip", action="store_true", help="keep zip archives that were unpacked"
    )


def fetch(chosen: argparse.Namespace, bar: Any) -> int:
    """Download what is public or copy what is there, then compare with what is expected."""
    from core import paths
    from core.datasets.catalogue import DATASETS
    from core.datasets.download import fetch as fetching
    from core.datasets.download import local

    recording = DATASETS[chosen.name]
    if chosen.source is not None:
        fetching.fetch(chosen.name, chosen.source, bar, subjects=chosen.subject)
    elif recording.is_public or recording.expected is None:
        download = fetching.plan(chosen.name, chosen.subject, chosen.part, bar)
        bar.clear()
        _agree(download, chosen)
        fetching.bring(download, bar, chosen.keep_zip)
    bar.clear()
    folder = paths.data_root() / chosen.name
    presence = local.presence(recording, folder, tuple(chosen.subject))
    show(chosen, _content(recording, folder, presence), _lines(recording, folder, presence))
    return 0 if presence.is_complete else INCOMPLETE


def _agree(download: Download, chosen: argparse.Namespace) -> None:
    """Say licence and size of a large download, and ask whether it shall start."""
    from core.datasets.download.space import size_text

    if not download.recording.remote or not download.space():
        return
    info = download.recording.info
    lines = [
        info.title,
        *(f"  {part.name}: {part.note}" for part in download.parts),
        f"Licence: {info.licence or 'see the site of the release'}",
        f"{len(download.files):,} files, {size_text(download.size)}; "
        f"takes up to {size_text(download.space())} more in {download.folder}",
    ]
    print("\n".join(lines), file=sys.stderr)
    if chosen.yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError("Nothing was downloaded: nobody can be asked here", "--yes")
    print("Download under this licence? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InputError("Nothing was downloaded", "y, or --yes")


def _content(recording: Recording, folder: Path, presence: Presence) -> dict[str, Any]:
    return {
        "name": recording.info.name,
        "where": str(folder),
        "is_complete": presence.is_complete,
        "present": [*presence.present],
        "missing": [
            {"path": each.path, "what": each.what, "is_needed": each.is_needed}
            for each in presence.missing
        ],
        "unexpected": [*presence.unexpected],
        "how_to_get": recording.info.how_to_get,
    }


def _lines(recording: Recording, folder: Path, presence: Presence) -> list[str]:
    name, steps = recording.info.name, recording.info.how_to_get
    whole = "is in" if presence.is_complete else "is not complete in"
    lines = [f"{name} {whole} {folder}"]
    if recording.expected is None:
        return lines
    lines.append(f"present: {len(presence.present):,} files")
    missing = [
        f"missing: {each.path}" + (f" ({each.what})" if each.what else "") + optional
        for each in presence.missing
        for optional in ["" if each.is_needed else "; it opens without"]
    ]
    lines += _first(missing) + _first([f"unexpected: {each}" for each in presence.unexpected])
    return lines + ([steps] if steps and presence.missing else [])


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_NAMED
    return lines[:MOST_NAMED] + ([f"... and {more:,} more; see --json"] if more > 0 else [])
