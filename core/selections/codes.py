"""A selection as a short text for an address: ranges of rows, or a compressed set of bits."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from core.errors import InputError

# An address of a few thousand characters survives every browser, chat and e-mail; the settings of
# a page need some of them.
MOST_CHARACTERS = 1500
_RANGES, _BITS = "r", "b"
_FORM = re.compile(r"([rb])\.([\w-]{6})\.([\w-]*)", re.ASCII)
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?", re.ASCII)


def encode(rows: Iterable[int], ids: Sequence[str]) -> str:
    """A selection as a text of letters, digits, '.', '-' and '_'.

    Parameters
    ----------
    rows : iterable of int
        Of the selected stimuli, in any order.
    ids : sequence of str
        Of every stimulus: the text tells when it is read with those of another list.

    Returns
    -------
    str
        The shorter of two forms: 'r', a checksum of ``ids`` and ranges of rows, '3-7_12'; or 'b',
        the checksum and a set of bits, compressed, in base64url (RFC 4648, section 5).
    """
    chosen = np.unique(np.fromiter(rows, dtype=np.intp))
    mask = np.zeros(len(ids), dtype=bool)
    mask[chosen] = True
    packed = zlib.compress(np.packbits(mask, bitorder="little").tobytes(), 9)
    bits = base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")
    ranges = _ranges(chosen)
    form, body = (_RANGES, ranges) if len(ranges) <= len(bits) else (_BITS, bits)
    return f"{form}.{checksum(tuple(ids))}.{body}"


def decode(text: str, ids: Sequence[str]) -> np.ndarray:
    """The rows of a text of ``encode``. (k,) int, sorted

    Raises
    ------
    InputError
        If it is no such text, or was made of other stimuli.
    """
    form = _FORM.fullmatch(text) if len(text) <= MOST_CHARACTERS else None
    if form is None:
        raise _unreadable(text)
    kind, sum_of_ids, body = form.groups()
    if sum_of_ids != checksum(tuple(ids)):
        raise InputError(
            "The selection of this address is of another list of stimuli",
            "the recording and the options that it was made with",
            "Open the address whole, or select again.",
        )
    rows = _rows_of_ranges(body) if kind == _RANGES else _rows_of_bits(body, len(ids))
    if rows is None or (len(rows) and rows[-1] >= len(ids)):
        raise _unreadable(text)
    return rows


@lru_cache(maxsize=8)
def checksum(ids: tuple[str, ...]) -> str:
    """Six characters that tell one list of stimuli from another."""
    digest = blake2b("\0".join(ids).encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def _ranges(rows: np.ndarray) -> str:
    if len(rows) == 0:
        return ""
    breaks = np.flatnonzero(np.diff(rows) > 1) + 1
    parts = ((run[0], run[-1]) for run in np.split(rows, breaks))
    return "_".join(f"{low}" if low == high else f"{low}-{high}" for low, high in parts)


def _rows_of_ranges(body: str) -> np.ndarray | None:
    """None where a range is malformed, or they do not ascend."""
    ends: list[tuple[int, int]] = []
    for part in body.split("_") if body else ():
        match = _RANGE.fullmatch(part)
        if match is None:
            return None
        low, high = int(match[1]), int(match[2] or match[1])
        if high < low or (ends and low <= ends[-1][1]):
            return None
        ends.append((low, high))
    # Checked before they are written out: a short text may name a long range.
    if not ends or ends[-1][1] > 10**7:
        return None if ends else np.empty(0, dtype=np.intp)
    return np.concatenate([np.arange(low, high + 1, dtype=np.intp) for low, high in ends])


def _rows_of_bits(body: str, n: int) -> np.ndarray | None:
    """None where the text is damaged, or of more than n bits."""
    most = -(-n // 8)
    try:
        packed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        opened = zlib.decompressobj()
        raw = opened.decompress(packed, most + 1)
    except (ValueError, binascii.Error, zlib.error):
        return None
    if len(raw) != most or not opened.eof:
        return None
    return np.flatnonzero(np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little"))


def _unreadable(text: str) -> InputError:
    return InputError(
        f"The selection of this address, {text[:40]!r}, cannot be read",
        "one that this page wrote",
        "Copy the address again, whole.",
    )
