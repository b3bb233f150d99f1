"""What somebody uploads: bounded in bytes and in members before anything of it is unpacked."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Collection, Mapping
from typing import Any

from core.errors import CorruptDataError, InputError
from core.validation import enumerate_names

MB = 10**6
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)
# Bytes of a member's header and its entry in the list, beside its name: more is hidden content.
MOST_OVERHEAD = 1024


def check_bytes(name: str, size: int, most: int) -> None:
    """Raise InputError where an upload has more bytes than it may have."""
    if size > most:
        raise InputError(f"{name} has {size / MB:.1f} MB", f"at most {most / MB:.0f} MB")


def read_members(content: bytes, most: Mapping[str, int], name: str = "It") -> dict[str, bytes]:
    """The files of an uploaded zip archive, which holds exactly these and no compression.

    Sizes and names are checked in the list of the archive, before anything is read.

    Parameters
    ----------
    content : bytes
    most : mapping of str to int
        The names that it must hold, each with the most bytes that it may have.
    name : str
        How messages call the archive.

    Raises
    ------
    InputError
        If it is too large, no zip archive, or holds other members, one twice, a link, a folder,
        or one that is compressed or encrypted.
    CorruptDataError
        If a member is not what its checksum says.
    """
    check_bytes(name, len(content), sum(most.values()) + MOST_OVERHEAD * len(most))
    expected = f"a zip of {' and '.join(most)}"
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except ZIP_ERRORS as error:
        raise InputError(f"{name} is no zip file ({error})", expected) from None
    members = archive.infolist()
    _check_names(name, [each.filename for each in members], most)
    for member in members:
        _check_plain(member, expected)
        check_bytes(member.filename, member.file_size, most[member.filename])
    check_bytes(name, sum(member.file_size for member in members), sum(most.values()))
    try:
        return {member.filename: archive.read(member) for member in members}
    except ZIP_ERRORS as error:
        raise CorruptDataError(f"The zip file is damaged ({error})") from None


def _check_names(name: str, names: list[str], expected: Collection[str]) -> None:
    if sorted(names) != sorted(expected):
        raise InputError(f"{name} holds {enumerate_names(names)}", " and ".join(expected))


def _check_plain(member: Any, expected: str) -> None:
    """Raise InputError unless a member is a file that stands in the archive as it is."""
    is_compressed = member.compress_type != zipfile.ZIP_STORED
    if is_compressed or member.compress_size != member.file_size:
        raise InputError(f"{member.filename} is compressed", f"{expected}, stored as they are")
    if member.flag_bits & 1:
        raise InputError(f"{member.filename} is encrypted", expected)
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        raise InputError(f"{member.filename} is a link or no file", expected)
