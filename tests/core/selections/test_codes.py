"""A selection as a short text: round trips, the forms, and what is refused."""

import base64
import random
import re
import zlib

import numpy as np
import pytest

from core.errors import InputError
from core.selections import MOST_CHARACTERS, decode, encode
from core.selections.codes import checksum

IDS = [f"s{row}" for row in range(1000)]


def test_ranges_are_written_as_a_reader_would():
    text = encode([12, 3, 4, 5, 6, 7], IDS)
    assert text == f"r.{checksum(tuple(IDS))}.3-7_12"
    assert decode(text, IDS).tolist() == [3, 4, 5, 6, 7, 12]


def test_the_empty_selection_and_the_whole_one():
    for rows in ([], range(1000)):
        assert decode(encode(rows, IDS), IDS).tolist() == list(rows)


def test_bits_are_those_of_the_rows():
    rows = sorted(random.Random(0).sample(range(1000), 400))
    kind, _, body = encode(rows, IDS).split(".")
    assert kind == "b"
    raw = zlib.decompress(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert [row for row in range(1000) if raw[row // 8] >> (row % 8) & 1] == rows


@pytest.mark.parametrize("seed", range(40))
def test_any_selection_comes_back(seed):
    draw = random.Random(seed)
    n = draw.choice([1, 7, 8, 9, 92, 1000, 10_000])
    ids = [f"{seed}/{row}" for row in range(n)]
    rows = sorted(draw.sample(range(n), draw.randrange(n + 1)))
    text = encode(rows, ids)
    assert re.fullmatch(r"[\w.-]+", text, re.ASCII)
    if len(text) <= MOST_CHARACTERS:
        assert decode(text, ids).tolist() == rows


def test_a_thousand_rows_of_any_form_fit_the_address():
    draw = np.random.default_rng(0)
    for share in (0.01, 0.1, 0.5, 0.9):
        rows = np.flatnonzero(draw.random(8000) < share)
        assert len(encode(rows, [str(row) for row in range(8000)])) <= MOST_CHARACTERS


def test_the_text_of_another_list_is_refused():
    with pytest.raises(InputError, match="another list of stimuli"):
        decode(encode([1, 2], IDS), IDS[:-1])


def bits(raw: bytes) -> str:
    packed = base64.urlsafe_b64encode(zlib.compress(raw)).decode().rstrip("=")
    return f"b.{checksum(tuple(IDS))}.{packed}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "r.abc.1",
        "s." + "0" * 32,
        *(
            f"r.{checksum(tuple(IDS))}.{body}"
            for body in ("5-3", "3_3", "7_2", "1-", "_", "1000", "0-999999999", "1__2", "١")
        ),
        f"b.{checksum(tuple(IDS))}.!!!",
        f"b.{checksum(tuple(IDS))}.AAAA",
        f"b.{checksum(tuple(IDS))}.",
        "r." + "1" * 5000,
    ],
)
def test_damaged_texts_are_refused(text):
    with pytest.raises(InputError, match="cannot be read"):
        decode(text, IDS)


@pytest.mark.parametrize("raw", [b"\1" * 124, b"\1" * 126, b"\0" * 10**7])
def test_bits_of_another_length_are_refused(raw):
    with pytest.raises(InputError, match="cannot be read"):
        decode(bits(raw), IDS)


def test_bits_beyond_the_last_stimulus_are_refused():
    ids = IDS[:990]
    packed = base64.urlsafe_b64encode(zlib.compress(b"\xff" * 124)).decode().rstrip("=")
    with pytest.raises(InputError, match="cannot be read"):
        decode(f"b.{checksum(tuple(ids))}.{packed}", ids)
