"""What the reader is told of arrays that cannot be read."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import CorruptDataError
from core.validation import load_npy


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize(
    ("begin", "end", "reason"),
    [
        (0, 0, "it is empty"),
        (0, 7, "it ends before its array does"),
        (0, 60, "it ends before its array does"),
        (0, 300, "it ends before its array does"),
        (100, 600, "it is damaged"),
        (None, None, "No such file or directory"),
    ],
)
def test_the_reason_is_in_words_of_our_own(tmp_path, mmap, begin, end, reason):
    path = tmp_path / "a.npy"
    if end is not None:
        np.save(path, np.arange(60.0))
        content = path.read_bytes()
        head = b"\x93NUMPY\x01\x00v\x00" if begin else b""
        path.write_bytes(head + content[begin:end])
    with pytest.raises(CorruptDataError, match=rf"could not be read as a .npy file \({reason}\)"):
        load_npy(path, mmap=mmap)
