"""What a folder holds of a release: present, missing, unexpected."""

from __future__ import annotations

import pytest

from core.datasets.releases.layout import Expected, compare


@pytest.fixture
def folder(tmp_path):
    names = ["a.h5", "images/n01/x.JPEG", "images/y.JPEG", "notes.txt", "b.h5.part"]
    for name in [*names, "b.h5.part.etag", ".lock", ".git/config", "images/.DS_Store"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    return tmp_path


def test_files_are_present_missing_or_unexpected(folder):
    expected = [
        Expected("a.h5", "responses"),
        Expected("b.h5"),
        Expected("images/**/*.JPEG", "images", is_needed=False),
        Expected("splits/*.json", is_needed=False),
    ]
    presence = compare(folder, expected)
    assert presence.present == ("a.h5", "images/n01/x.JPEG", "images/y.JPEG")
    assert presence.missing == (expected[1], expected[3])
    assert presence.unexpected == ("notes.txt",)
    assert not presence.is_complete
    assert compare(folder, [expected[0], *expected[2:]]).is_complete


@pytest.mark.parametrize(
    ("pattern", "present"),
    [
        ("*.h5", ["a.h5"]),
        ("images/*.JPEG", ["images/y.JPEG"]),
        ("**/*.JPEG", ["images/n01/x.JPEG", "images/y.JPEG"]),
        ("images/**", ["images/n01/x.JPEG", "images/y.JPEG"]),
        ("a?h5", []),
        ("[a].h5", []),
        ("a.H5", []),
    ],
)
def test_patterns(folder, pattern, present):
    assert compare(folder, [Expected(pattern)]).present == tuple(present)


def test_a_folder_that_is_not_there_and_links(tmp_path, folder):
    missing = compare(tmp_path / "absent", [Expected("a.h5")])
    assert (missing.present, len(missing.missing), missing.unexpected) == ((), 1, ())
    (folder / "round").symlink_to(folder, target_is_directory=True)
    (folder / "broken.h5").symlink_to(folder / "nothing")
    assert "round/a.h5" not in compare(folder, []).unexpected
    assert "broken.h5" not in compare(folder, []).unexpected
