"""Uploaded archives: every bound is checked in the list of members, before one is read."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile

import pytest

from core.errors import CorruptDataError, InputError
from core.store.uploads import check_bytes, read_members

MOST = {"weights.bin": 1000, "about.json": 200}
HELD = {"weights.bin": b"w" * 900, "about.json": b"{}"}


def zipped(members, compression=zipfile.ZIP_STORED):
    """A zip of (name or ZipInfo, content)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that stands twice
        for name, content in members:
            archive.writestr(name, content, compression)
    return packed.getvalue()


def linked():
    info = zipfile.ZipInfo("about.json")
    info.external_attr = 0o120777 << 16
    return info


def encrypted():
    content = bytearray(zipped(HELD.items()))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def claiming(size):
    """A list of members that says another size of the first, in both places."""
    content = bytearray(zipped(HELD.items()))
    place = content.index(b"PK\x01\x02")
    content[place + 20 : place + 28] = struct.pack("<II", size, size)
    return bytes(content)


def test_the_members_come_back():
    assert read_members(zipped(HELD.items()), MOST) == HELD


REFUSED = {
    "no zip": (b"PK", "is no zip file"),
    "one missing": (zipped([("about.json", b"{}")]), "It holds about.json"),
    "one more": (zipped([*HELD.items(), ("more", b"")]), "more"),
    "twice": (zipped([*HELD.items(), ("about.json", b"[]")]), "It holds"),
    "absolute": (zipped([("/about.json", b""), ("weights.bin", b"")]), "/about.json"),
    "upwards": (zipped([("../about.json", b""), ("weights.bin", b"")]), "about.json"),
    "a folder": (zipped([("about.json/", b""), ("weights.bin", b"")]), "about.json/"),
    "a link": (zipped([(linked(), b"/etc/passwd"), ("weights.bin", b"")]), "is a link"),
    "compressed": (zipped(HELD.items(), zipfile.ZIP_DEFLATED), "weights.bin is compressed"),
    "lzma": (zipped(HELD.items(), zipfile.ZIP_LZMA), "weights.bin is compressed"),
    "encrypted": (encrypted(), "is encrypted"),
    "one too large": (zipped([("about.json", b" " * 300), ("weights.bin", b"")]), "about.json has"),
    "claims more": (claiming(2**31), "weights.bin has 2147.5 MB"),
    "all too large": (zipped([("weights.bin", b" " * 5000), ("about.json", b"")]), "It has"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_out_of_bounds_is_never_read(case, monkeypatch):
    content, message = REFUSED[case]
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(InputError, match=message) as caught:
        read_members(content, MOST)
    assert "\n" not in str(caught.value)


def test_every_flipped_bit_and_cut_is_refused_or_harmless():
    content = zipped(HELD.items())
    for place in range(0, len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        for wrong in (bytes(flipped), content[:place]):
            try:
                assert read_members(wrong, MOST) == HELD
            except (InputError, CorruptDataError):
                continue


def test_bytes_are_bounded():
    check_bytes("It", 10, 10)
    with pytest.raises(InputError, match=r"mine has 3.0 MB. Expected at most 2 MB"):
        check_bytes("mine", 3_000_000, 2_000_000)
