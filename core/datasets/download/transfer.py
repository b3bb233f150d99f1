"""One file from the network to the disk: continued where it stopped, never spliced."""

from __future__ import annotations

import hashlib
import http.client
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from core.datasets.download import web
from core.datasets.download.remote import RemoteFile
from core.errors import CorruptDataError

CHUNK_BYTES = 1 << 16
Report = Callable[[RemoteFile, int], None]
"""Called with a file and its bytes so far; may raise ``Cancelled``."""


def part_of(target: Path) -> Path:
    """Where a file is written until it is whole and checked."""
    return target.with_name(f"{target.name}.part")


def etag_of(part: Path) -> Path:
    """Where the ETag of an unfinished file is kept."""
    return part.with_name(f"{part.name}.etag")


def download(file: RemoteFile, part: Path, report: Report) -> None:
    """Bring a file to ``part``, which holds its beginning or does not exist.

    A beginning is continued only if the server says that the file is the same (If-Range), or if
    a checksum will tell. What a broken connection, a cancel or a full disk leaves is a beginning.

    Raises
    ------
    CorruptDataError
        If the file has another size than the published one; what was there is discarded.
    ConnectionError
        If the connection ends before the file does.
    """
    done = part.stat().st_size if part.exists() else 0
    if done == file.size and (file.md5 or file.sha256):
        return  # whole but never renamed; the checksum decides
    etag = _read(etag_of(part))
    if done >= file.size or not (etag or file.md5 or file.sha256):
        done = 0
    response = _continue(file, done, etag) if done else None
    if response is None:
        done, response = 0, web.request(file.address)
    if response is None:
        raise ConnectionError("the server has nothing of it")
    with response:
        _check_length(response, file, done, part)
        if not done:
            _remember(etag_of(part), response.headers.get("ETag") or "")
        try:
            with open(part, "ab" if done else "wb") as out:
                _receive(response, out, done, file, report)
        except CorruptDataError:
            discard(part)
            raise


def checksum_fault(path: Path, file: RemoteFile, report: Report) -> str:
    """What is wrong with a stored file: size or checksum; '' where nothing is."""
    if not path.is_file():
        return "it is not there"
    if path.stat().st_size != file.size:
        return f"{path.stat().st_size} bytes instead of {file.size}"
    for kind, published in (("sha256", file.sha256), ("md5", file.md5)):
        if published:
            digest = hashlib.new(kind, usedforsecurity=False)
            with open(path, "rb") as stored:
                while chunk := stored.read(CHUNK_BYTES):
                    digest.update(chunk)
                    report(file, file.size)
            if digest.hexdigest() != published:
                return f"another checksum than the published file, {kind} {published}"
    return ""


def check(part: Path, file: RemoteFile, report: Report) -> None:
    """Raise CorruptDataError, and discard the file, where size or checksum is wrong."""
    fault = checksum_fault(part, file, report)
    if fault:
        discard(part)
        raise CorruptDataError(
            f"{file.name} has {fault}",
            remedy="It was discarded. Fetch again; if it stays so, the source is not the original",
        )


def discard(part: Path) -> None:
    """Remove an unfinished file and its ETag."""
    part.unlink(missing_ok=True)
    etag_of(part).unlink(missing_ok=True)


def _continue(file: RemoteFile, done: int, etag: str) -> Any:
    """Ask for the rest; None where the answer is not the rest of the same file."""
    headers = {"Range": f"bytes={done}-"} | ({"If-Range": etag} if etag else {})
    response = web.request(file.address, headers)
    if response is None or response.status != http.client.PARTIAL_CONTENT:
        if response is not None:
            response.close()
        return None
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range") or "")
    is_rest = span is None or (int(span[1]) == done and span[2] in ("*", str(file.size)))
    # A server may ignore If-Range; its own ETag then tells.
    if not is_rest or (etag and (response.headers.get("ETag") or etag) != etag):
        response.close()
        return None
    return response


def _check_length(response: Any, file: RemoteFile, done: int, part: Path) -> None:
    length = response.headers.get("Content-Length") or ""
    if length.isdecimal() and done + int(length) != file.size:
        discard(part)
        size = done + int(length)
        raise _other_size(file, "more than" if size > file.size else f"only {size} of")


def _other_size(file: RemoteFile, size: str) -> CorruptDataError:
    return CorruptDataError(
        f"The server sends {size} the {file.size} bytes of {file.name}",
        "the published file",
        "What there was of it is discarded. Fetch again later, or name a folder with --from.",
    )


def _remember(path: Path, etag: str) -> None:
    # A weak ETag does not promise the same bytes.
    if etag.startswith('"'):
        path.write_text(etag, encoding="utf-8")
    else:
        path.unlink(missing_ok=True)


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    return text if re.fullmatch(r'"[\x21-\x7e]{0,200}"', text) else ""


def _receive(response: Any, out: BinaryIO, done: int, file: RemoteFile, report: Report) -> None:
    while chunk := response.read(CHUNK_BYTES):
        done += len(chunk)
        if done > file.size:
            raise _other_size(file, "more than")
        out.write(chunk)
        report(file, done)
    if done < file.size:
        raise ConnectionError(f"it ended after {done} of {file.size} bytes")
