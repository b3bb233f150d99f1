"""Counts and p are worded in one place, for pages, commands and reports."""

import re

import numpy as np
import pytest

from core import datasets, rdm
from core.__main__ import main
from core.clusters import kmeans
from core.paths import PROJECT
from core.validation import check_responses
from core.words import counted, lasting, p_number, p_words

# A count of one before a plural, but for 'of 1 images' where the text counts among others.
WRONG = re.compile(
    r"(?<![\d.,:/])1 (images|stimuli|trials|runs|folds|units|categories|sessions|repeats|rows|ids|"
    r"names|files|pairs|regions|RDMs|dimensions|parameters|responses|clusters|subjects|tokens)\b"
)
# An own format of a p, as f"{row['p']:.3f}" or "p = {p:.2g}".
OWN_FORMAT = re.compile(r"""(['"]p['"]\]|\bp(_\w+)?|_p['"]\]):\.\d[efg]\}""")


@pytest.mark.parametrize(
    ("count", "nouns", "text"),
    [
        (1, ("image",), "1 image"),
        (0, ("image",), "0 images"),
        (1200, ("image",), "1,200 images"),
        (1, ("stimulus", "stimuli"), "1 stimulus"),
        (2, ("row is", "rows are"), "2 rows are"),
    ],
)
def test_a_count_has_its_noun(count, nouns, text):
    assert counted(count, *nouns) == text


@pytest.mark.parametrize(
    ("p", "number", "words"),
    [
        (0.0421, "0.042", "p = 0.042"),
        (1.0, "1.000", "p = 1.000"),
        (0.001, "0.001", "p = 0.001"),
        (1 / 1001, "< 0.001", "p < 0.001"),
        (1e-300, "< 0.001", "p < 0.001"),
        (np.float64(0.0), "< 0.001", "p < 0.001"),
        (np.nan, "–", "no p"),
        (None, "–", "no p"),
    ],
)
def test_a_p_is_never_shown_as_zero(p, number, words):
    assert (p_number(p), p_words(p)) == (number, words)


def test_no_other_module_has_a_format_of_its_own_for_p():
    for folder in ("core", "pages"):
        for path in (PROJECT / folder).rglob("*.py"):
            if path.name != "words.py":
                assert not OWN_FORMAT.search(path.read_text()), path


@pytest.fixture
def smallest(tmp_path, monkeypatch):
    """A recording with one of everything but stimuli, of which there are two."""
    root = tmp_path / "one"
    for below in ("responses", "rois", "rdms"):
        (root / below).mkdir(parents=True)
    (root / "stimuli.csv").write_text("id,category\na,x\nb,\n")
    np.save(root / "responses" / "s.npy", np.array([[1.0, np.nan], [2.0, 5.0], [1.0, 4.0]], "f4"))
    (root / "responses" / "s.csv").write_text("id\na\nb\na\n")
    (root / "rois" / "s.json").write_text('{"V1": [0], "V2": [1], "none": []}')
    np.save(root / "rdms" / "model.npy", 1 - np.eye(2))
    monkeypatch.setenv("NEUROGALLERY_DATA", str(tmp_path))
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "results"))
    return root


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "folder:one"],
        ["rdm", "folder:one", "--roi", "V1", "--metric", "euclidean"],
        ["rdm", "folder:one", "--published", "model"],
        ["rdm", "folder:one"],
    ],
)
def test_commands_count_one_in_the_singular(smallest, arguments, capsys, tmp_path):
    main([*arguments, *(["--out", str(tmp_path / "x.npy")] if arguments[0] == "rdm" else [])])
    shown = "".join(capsys.readouterr())
    assert "1 " in shown
    assert not WRONG.search(shown), shown


def test_errors_count_one_in_the_singular(smallest):
    ds = datasets.load("folder", root=smallest)
    messages = []
    for call in (
        lambda: rdm.folds_of(ds, ["V2"]),
        lambda: rdm.of_dataset(ds, ["V2"], "crossnobis"),
        lambda: kmeans.fit(ds.region_means(), 3, "euclidean"),
        lambda: check_responses(np.array([[1.0, np.nan], [1.0, 2.0]])),
    ):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            call()
        messages.append(str(caught.value))
    messages.append(datasets.unit_table(ds).attrs["problem"])
    assert not [text for text in messages if WRONG.search(text)]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"),
        (7.9, "a few seconds"),
        (8, "about 10 seconds"),
        (24, "about 20 seconds"),
        (54, "about 50 seconds"),
        (55, "about a minute"),
        (89, "about a minute"),
        (91, "about 2 minutes"),
        (906, "about 15 minutes"),
        (5340, "about 89 minutes"),
        (5400, "about 2 hours"),
        (86400, "about 24 hours"),
        (200_000, "about 2 days"),
    ],
)
def test_times_are_in_the_unit_that_one_would_say(seconds, words):
    assert lasting(seconds) == words
