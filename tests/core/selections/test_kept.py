"""Selections on disk: by key, by name, bounded, and checked when they are read."""

import json
import os

import pytest

from core import paths, selections
from core.errors import CorruptDataError, InputError, NotFoundError
from core.selections import kept

IDS = ("a 1", "b", "ü")


def files():
    folder = paths.results_root() / "selections"
    return {path.name: path for path in folder.glob("*.json") if not path.name.startswith("names")}


def test_what_is_kept_comes_back_and_is_written_once():
    key = selections.keep("mine", IDS)
    assert selections.recall("mine", key) == IDS
    assert selections.keep("mine", IDS) == key
    assert list(files()) == [f"{key}.json"]
    assert selections.keep("other", IDS) != key


def test_an_unknown_key_and_another_recording_are_named():
    key = selections.keep("mine", IDS)
    with pytest.raises(NotFoundError, match="not on this machine"):
        selections.recall("mine", "0" * 32)
    with pytest.raises(NotFoundError, match="not on this machine"):
        selections.recall("mine", "../../secret")
    with pytest.raises(NotFoundError, match="is of mine, not of other"):
        selections.recall("other", key)


@pytest.mark.parametrize("text", ['{"recording": "mine", "ids": ["b"]}', "[]", '{"ids": 3}', "{"])
def test_a_changed_file_is_refused(text):
    key = selections.keep("mine", IDS)
    files()[f"{key}.json"].write_text(text)
    with pytest.raises(CorruptDataError):
        selections.recall("mine", key)


def test_names_are_given_changed_and_taken():
    selections.name_as("mine", " animals\n", IDS)
    selections.name_as("mine", "All", IDS[:1])
    assert list(selections.named("mine")) == ["All", "animals"]
    assert selections.named("other") == {}
    selections.rename("mine", "animals", "beasts")
    key = selections.named("mine")["beasts"]
    assert selections.recall("mine", key) == IDS
    selections.delete("mine", "beasts")
    assert list(selections.named("mine")) == ["All"]
    assert selections.recall("mine", key) == IDS  # an address may hold it


def test_what_cannot_be_named_is_said():
    selections.name_as("mine", "x", IDS)
    selections.name_as("mine", "y", IDS[:2])
    with pytest.raises(InputError, match="already"):
        selections.rename("mine", "x", "y")
    with pytest.raises(NotFoundError, match="Choices: x, y"):
        selections.rename("mine", "z", "w")
    with pytest.raises(NotFoundError):
        selections.delete("mine", "z")
    for name in ("", " \n", "n" * 81):
        with pytest.raises(InputError, match="name"):
            selections.name_as("mine", name, IDS)
    with pytest.raises(InputError, match="Nothing is selected"):
        selections.name_as("mine", "none", ())


def test_a_damaged_list_of_names_is_said():
    selections.name_as("mine", "x", IDS)
    names = next((paths.results_root() / "selections").glob("names-*.json"))
    names.write_text(json.dumps({"x": "../secret"}))
    with pytest.raises(CorruptDataError, match="named selections"):
        selections.named("mine")


def test_those_without_a_name_leave_first(monkeypatch):
    monkeypatch.setattr(kept, "MOST_KEPT", 3)
    selections.name_as("mine", "old", ("first",))
    named = selections.named("mine")["old"]
    keys = []
    for number in range(4):
        keys.append(selections.keep("mine", (f"s{number}",)))
        os.utime(files()[f"{keys[-1]}.json"], (number, number))
    assert set(files()) == {f"{key}.json" for key in (named, *keys[2:])}


def test_names_are_bounded(monkeypatch):
    monkeypatch.setattr(kept, "MOST_NAMES", 1)
    selections.name_as("mine", "x", IDS)
    selections.name_as("mine", "x", IDS[:1])
    with pytest.raises(InputError, match="at most 1"):
        selections.name_as("mine", "y", IDS)


def test_no_flipped_bit_of_the_names_reads_as_another_name():
    selections.name_as("mine", "animals", IDS)
    path = next((paths.results_root() / "selections").glob("names-*.json"))
    whole, before = path.read_bytes(), selections.named("mine")
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(CorruptDataError, match="named selections of mine is damaged"):
            selections.named("mine")
    path.write_text(json.dumps(before))  # as former versions wrote it
    assert selections.named("mine") == before
    path.write_text(json.dumps({"names": before["animals"]}))
    assert list(selections.named("mine")) == ["names"]


def test_damaged_names_keep_nobody_from_keeping_a_selection(monkeypatch):
    selections.name_as("mine", "animals", IDS)
    next((paths.results_root() / "selections").glob("names-*.json")).write_text("{")
    monkeypatch.setattr(kept, "MOST_KEPT", 1)
    assert selections.recall("mine", selections.keep("mine", IDS[:1])) == IDS[:1]
    assert selections.recall("mine", selections.keep("mine", IDS)) == IDS
