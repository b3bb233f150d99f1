"""Folders in ImageNet layout: what is listed, how it is called, and when a change is noticed."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from core import paths, store
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.galleries import listing
from core.galleries.listing import current, scan, stamp_of
from core.galleries.names import PackedNames
from tests.core.galleries.shared import overwrite, save_gallery, save_image


@pytest.fixture(autouse=True)
def nothing_remembered():
    listing.forget()


def test_images_are_listed_by_class_then_name():
    folder = save_gallery(each=3)
    (folder / "volcano" / "notes.txt").write_text("no image")
    (folder / "volcano" / ".hidden.JPEG").write_text("")
    (folder / ".cache").mkdir()
    (folder / "empty").mkdir()
    (folder / "on_top.JPEG").write_text("in no class")
    listed = current(folder)
    expected = sorted(
        str(path.relative_to(folder))
        for path in folder.glob("[!.]*/[!.]*")
        if path.suffix == ".JPEG"
    )
    assert list(listed.ids) == expected
    assert listed.ids[-1] == expected[-1]
    assert listed.ids[2:5] == expected[2:5]
    assert listed.categories.tolist() == ["n01440764"] * 3 + ["red fox"] * 3 + ["volcano"] * 3


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("words.txt", "n01440764\ttench, Tinca tinca"),
        ("LOC_synset_mapping.txt", "n01440764 tench, Tinca tinca"),
    ],
)
def test_numbered_classes_get_their_first_word(name, line):
    folder = save_gallery(each=1)
    assert current(folder).categories[0] == "n01440764"
    (folder / name).write_text(f"n00000001{line[9]}elsewhere\n{line}\n")
    assert current(folder).categories.tolist() == ["tench", "red fox", "volcano"]


def test_names_are_those_of_a_list():
    texts = ["a/1.png", "ä/ß.png", "", "x" * 300]
    encoded = [text.encode() for text in texts]
    blob = np.frombuffer(b"".join(encoded), np.uint8)
    names = PackedNames(blob, np.cumsum([len(each) for each in encoded]))
    assert list(names) == texts
    assert [names[place] for place in (-1, 0, 1)] == [texts[-1], texts[0], texts[1]]
    assert names[1:] == texts[1:]
    with pytest.raises(IndexError):
        names[4]


@pytest.mark.parametrize("change", ["added", "removed", "renamed", "class", "words"])
def test_the_stamp_notices_names(change):
    folder = save_gallery(each=2)
    before, listed = stamp_of(folder), current(folder)
    time.sleep(0.02)  # the clock of the file system is coarse
    image = folder / "volcano" / "volcano_00.JPEG"
    {
        "added": lambda: save_image(image.with_name("more.png"), 1),
        "removed": image.unlink,
        "renamed": lambda: image.rename(image.with_name("other.JPEG")),
        "class": lambda: (folder / "volcano").rename(folder / "crater"),
        "words": lambda: (folder / "words.txt").write_text("n01440764\ttench\n"),
    }[change]()
    assert stamp_of(folder) != before
    assert (current(folder).fingerprint == listed.fingerprint) == (change == "words")


def test_an_image_overwritten_in_place_changes_its_shard_alone(monkeypatch):
    monkeypatch.setattr(listing, "SHARD", 4)
    folder = save_gallery(each=3)
    before, stamp = scan(folder), stamp_of(folder)
    overwrite(folder / "red_fox" / "red_fox_02.JPEG", 7)  # the sixth
    after = scan(folder)
    assert stamp_of(folder) == stamp
    assert [a == b for a, b in zip(before.shards, after.shards, strict=True)] == [True, False, True]
    assert before.fingerprint != after.fingerprint


def test_the_fingerprint_is_that_of_the_content_wherever_it_lies():
    folder = save_gallery(each=2)
    before = scan(folder).fingerprint
    moved = folder.rename(folder.with_name("elsewhere"))
    assert scan(moved).fingerprint == before


def test_a_large_folder_is_listed_by_its_job_and_then_at_once(monkeypatch):
    monkeypatch.setattr(listing, "QUICK", 8)
    folder = save_gallery(each=3)
    assert current(folder) is None
    scanned = scan(folder)
    listing.forget()  # as in another process
    monkeypatch.setattr(listing, "_scanned", None)  # what is kept is not listed again
    kept = current(folder)
    assert list(kept.ids) == list(scanned.ids)
    assert kept.categories.tolist() == scanned.categories.tolist()
    assert (kept.fingerprint, kept.shards) == (scanned.fingerprint, scanned.shards)


def test_a_kept_list_that_its_job_replaces_is_read_again(monkeypatch):
    monkeypatch.setattr(listing, "QUICK", 8)
    folder = save_gallery(each=3)
    scan(folder)
    before = current(folder)
    overwrite(folder / "volcano" / "volcano_00.JPEG", 7)
    assert current(folder) is before
    cached = listing._current
    monkeypatch.setattr(listing, "forget", lambda: None)  # the job runs in another process
    scan(folder)
    assert listing._current is cached
    assert current(folder).fingerprint != before.fingerprint


def test_a_kept_list_that_was_removed_is_no_error(monkeypatch):
    monkeypatch.setattr(listing, "QUICK", 8)
    folder = save_gallery(each=3)
    scan(folder)
    for key in store.written("listing"):
        store.remove(key)
    assert current(folder) is None


def test_links_within_the_data_folder_are_followed_and_others_refused(tmp_path):
    folder = save_gallery(each=2)
    chosen = paths.data_root() / "galleries" / "chosen"
    chosen.mkdir()
    (chosen / "fire").symlink_to(folder / "volcano")
    assert current(chosen).ids[0] == "fire/volcano_00.JPEG"
    save_image(tmp_path / "outside" / "secret.png", 0)
    (chosen / "out").symlink_to(tmp_path / "outside")
    with pytest.raises(InputError, match="leads outside"):
        current(chosen)


def test_a_folder_that_cannot_be_listed_is_one_line():
    folder = save_gallery(each=1)
    (folder / "round").symlink_to(folder / "round")
    for list_it in (current, scan, stamp_of):
        with pytest.raises(NeurogalleryError, match="The folder small could not be listed"):
            list_it(folder)


def test_a_folder_that_loses_an_image_while_it_is_listed_is_one_line(monkeypatch):
    folder = save_gallery(each=2)
    states = listing._states

    def lose(images):
        for image in images:
            os.unlink(image.path)
        return states(images)

    monkeypatch.setattr(listing, "_states", lose)
    with pytest.raises(NeurogalleryError, match="The folder small could not be listed"):
        scan(folder)


def test_a_folder_without_images_says_what_to_put_there():
    folder = paths.data_root() / "galleries" / "nothing"
    (folder / "class").mkdir(parents=True)
    with pytest.raises(NotFoundError, match=r"nothing holds no images.*<class>/<image>"):
        current(folder)
    (folder / "class").rmdir()
    with pytest.raises(NotFoundError, match="no images"):
        scan(folder)


def test_a_name_that_is_no_text_is_named():
    folder = save_gallery(each=1)
    os.close(os.open(os.fsencode(folder / "volcano") + b"/\xff.png", os.O_CREAT | os.O_WRONLY))
    with pytest.raises(InputError, match=r"no text.*udcff"):
        current(folder)
