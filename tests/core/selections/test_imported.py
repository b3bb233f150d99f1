"""Ids that are pasted or uploaded."""

import time

import pytest

from core.errors import InputError
from core.selections import imported, read_ids, summary

IDS = ["cat-01", "cat-02", "dog 1", "7", "08", "é"]


@pytest.mark.parametrize(
    "text",
    [
        "cat-02\ncat-01\n7",
        "cat-02, cat-01,7",
        "cat-02;cat-01;7",
        "cat-02\tcat-01\t7",
        " cat-02  cat-01\r\n\r\n 7 ",
        '"cat-02","cat-01",7',
        "\ufeffcat-02\ncat-01\n7\n",
        "category,ID\nx,cat-02\ny,cat-01\nz,7\nshort",
        "id;category\ncat-02;x\ncat-01;y\n7;z",
    ],
)
def test_the_same_ids_however_they_are_written(text):
    expected = (("cat-02", "cat-01", "7"), 0, {})
    assert read_ids(text, IDS) == expected
    assert read_ids(text.encode("utf-8"), IDS) == expected
    assert read_ids(text.encode("utf-16"), IDS) == expected


def test_ids_stay_what_they_are():
    assert read_ids("dog 1\n08, e\u0301", IDS).ids == ("dog 1", "08", "é")
    assert read_ids("8", IDS).unknown.keys() == {"8"}


def test_duplicates_are_counted_and_unknown_ids_get_their_nearest():
    result = read_ids("CAT-01, cat-01, cat-01, dog1, zebra, zebra", IDS)
    assert result.ids == ("cat-01",)
    assert result.duplicates == 2
    assert result.unknown == {"CAT-01": ("cat-01", "cat-02"), "dog1": ("dog 1",), "zebra": ()}
    assert summary(result) == "1 stimulus; 2 named again; 3 are no stimuli"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "empty"),
        (" \n,,\n", "empty"),
        ("id\n", "empty"),
        (b"PK\x03\x04\xff\xfe\x00", "no text"),
        ("a\0b", "no text"),
        (b"\xff\xfea", "no text"),
        ("x" * 3_000_000, "3.0 MB"),
        ("1\n" * 300_000, "too many"),
    ],
)
def test_what_is_no_list_is_refused(content, problem):
    with pytest.raises(InputError, match=problem):
        read_ids(content, IDS)


def test_a_formula_and_markup_are_text():
    result = read_ids("=cmd()\n<b>x</b>", IDS)
    assert list(result.unknown) == ["=cmd()", "<b>x</b>"]


def test_of_many_ids_the_nearest_is_there_in_time():
    ids = [f"n{row:05d}_{row % 997:03d}" for row in range(20_000)]
    start = time.process_time()
    result = read_ids("\n".join(f"n{row:05d}-{row % 997:03d}" for row in range(40)), ids)
    assert time.process_time() - start < 2.0
    assert len(result.unknown) == 40
    for name in list(result.unknown)[: imported.MOST_NEAREST]:
        assert name.replace("-", "_") in result.unknown[name]
