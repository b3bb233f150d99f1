"""Zip archives: nothing leads outside, sizes are bounded, each file appears whole."""

from __future__ import annotations

import os
import shutil
import stat
import zlib
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from core import paths
from core.datasets.download.remote import check_path, is_left_behind
from core.datasets.download.space import check_space
from core.errors import CorruptDataError, NeurogalleryError
from core.progress import Progress, silent

CHUNK_BYTES = 1 << 20
# Numbers shrink to a third, text to a twentieth; what grows more than this is made to harm.
MOST_EXPANSION = 200
ALWAYS_ALLOWED = 10 * 2**20
ZIP_ERRORS = (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def unpack(archive: Path, folder: Path, progress: Progress = silent) -> dict[str, int]:
    """Unpack an archive into a folder; existing files are replaced one by one.

    Parameters
    ----------
    archive : Path
        Zip archive.
    folder : Path
        Where its files go.
    progress : callable, optional
        Called with the fraction of bytes and a message; may raise ``Cancelled``.

    Returns
    -------
    dict of str to int
        Size in bytes of each file, by its path below ``folder``.

    Raises
    ------
    CorruptDataError
        If the archive is damaged, or a file of it leads outside, is a link, is encrypted or
        grows out of proportion. Nothing of it is then in the folder.
    NeurogalleryError
        If the space does not suffice.
    """
    scratch = folder / f".{archive.name}.unpacking"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        with ZipFile(archive) as opened:
            members = _members(opened, archive)
            total = sum(members[name].file_size for name in members)
            check_space(folder, total, f"the files of {archive.name}")
            done = 0
            for name, member in members.items():
                target = scratch / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(member) as packed, open(target, "wb") as out:
                    while chunk := packed.read(CHUNK_BYTES):
                        out.write(chunk)
                        done += len(chunk)
                        progress(done / max(total, done), f"Unpacking {name}")
        targets = {name: paths.inside(folder, name) for name in members}
        for name, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(scratch / name, target)
    except ZIP_ERRORS as error:
        if isinstance(error, NeurogalleryError):
            raise
        raise _refused(archive, f"it cannot be unpacked: {error}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return {name: member.file_size for name, member in members.items()}


def _members(opened: ZipFile, archive: Path) -> dict[str, ZipInfo]:
    """The files of an archive by their path; what systems leave behind is passed over."""
    members: dict[str, ZipInfo] = {}
    for member in opened.infolist():
        if ".." in member.filename.split("/") or member.filename.startswith("/"):
            raise _refused(archive, f"{member.filename!r} leads outside")
        if member.is_dir() or is_left_behind(member.filename):
            continue
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise _refused(archive, f"{member.filename!r} is a link or no file")
        if member.flag_bits & 1:
            raise _refused(archive, f"{member.filename!r} is encrypted")
        if member.filename in members:
            raise _refused(archive, f"{member.filename!r} is in it twice")
        members[check_path(member.filename)] = member
    total = sum(member.file_size for member in members.values())
    if total > ALWAYS_ALLOWED + MOST_EXPANSION * archive.stat().st_size:
        raise _refused(archive, f"it would grow to {total:,} bytes")
    return members


def _refused(archive: Path, reason: str) -> CorruptDataError:
    return CorruptDataError(
        f"{archive.name} was not unpacked: {reason}",
        "a zip archive of plain files",
        "Nothing of it was kept in the folder. Fetch again, or bring its files with --from.",
    )
