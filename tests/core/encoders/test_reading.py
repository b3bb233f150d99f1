"""What an encoder reads of a text, and the words that the small CLIP learned."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core import datasets, encoders
from core.clip_small import captions
from core.encoders import reading
from core.encoders.encode import load_encoder
from core.encoders.encoder import check_parameters
from core.encoders.families.clip import SMALL, WORDS
from core.errors import InputError
from core.simulation.scenes import object_categories

LABEL = "Small CLIP of this project"


def test_a_text_that_is_too_long_says_what_is_left_out():
    long = "a red car on the road in the evening the dog in a park by day at dusk in the sky "
    long += "by the sea"
    (note,) = encoders.check_text(["a red car", long], "clip-small")
    count, of_words, first = re.fullmatch(
        rf"{LABEL} reads (\d+) of (\d+) words: it leaves out '(\w+)' and what follows\.", note
    ).groups()
    words = long.split()
    assert int(of_words) == len(words)
    assert words[int(count)] == first
    read = " ".join(words[: int(count)])
    # What is left out changes nothing, and nothing of what is read can be left out.
    whole, part, less = encoders.encode_text([long, read, read.rsplit(" ", 1)[0]], "clip-small")
    np.testing.assert_allclose(whole, part, atol=1e-5)
    assert np.abs(part - less).max() > 1e-3


def test_unknown_words_get_a_note():
    assert encoders.check_text(["a picture of a dog", "Two SHEEP!", " "], "clip-small") == []
    assert encoders.check_text(["a violin", "a violin by day"], "clip-small") == [
        f"{LABEL} never learned 'violin': what it makes of it means nothing."
    ]
    (note,) = encoders.check_text(["a photo of a xylophone"], "clip-small")
    assert (
        note == f"{LABEL} never learned 'photo', 'xylophone': what it makes of them means nothing."
    )
    assert encoders.check_text([], "clip-small") == []


def test_a_text_without_a_word_gets_a_note():
    (note,) = encoders.check_text(["?!", "a dog"], "clip-small")
    assert note == f"{LABEL} finds no word in '?!': what it makes of it means nothing."


def test_what_is_left_out_is_shown_where_it_has_no_spaces():
    (note, _) = encoders.check_text(["x" * 300], "clip-small")
    assert note == f"{LABEL} reads only the beginning of '{'x' * 60}…'."


def test_a_word_that_the_limit_divides_is_left_out_whole(tiny):
    # The tokens of the tiny checkpoint are letters: its limit falls within a word.
    text = "snow xylophone " * 20
    (note,) = encoders.check_text([text], f"clip:{tiny}")
    count, first = re.fullmatch(
        r".* reads (\d+) of 40 words: it leaves out '(\w+)' .*", note
    ).groups()
    assert first == text.split()[int(count)]
    read = " ".join(text.split()[: int(count)])
    whole, part = encoders.encode_text([text, read], f"clip:{tiny}")
    np.testing.assert_allclose(whole, part, atol=1e-5)


def test_an_encoder_that_declares_no_words_says_what_is_cut_alone(tiny):
    notes = encoders.check_text(
        ["xylophone"] + ["snow " * n for n in range(50, 57)], f"clip:{tiny}"
    )
    assert len(notes) == 4
    assert all("leaves out 'snow' and what follows" in note for note in notes[:3])
    assert notes[3] == "4 more texts are too long for it."


def test_an_encoder_of_images_alone_is_refused():
    with pytest.raises(InputError, match="pixels takes no text"):
        encoders.check_text(["a dog"], "pixels")


def test_the_list_of_words_is_that_of_the_captions():
    """`make clip-small` writes it; here what captions say is drawn at random."""
    listed = (SMALL / WORDS).read_text("utf-8").split()
    assert listed == captions.words()
    rng = np.random.default_rng(0)
    said = set()
    for kind, category in object_categories().items():
        for number in range(40):
            facts = {
                "kind": kind,
                "colour": rng.choice(category.colours["main"]),
                "place": rng.choice(list(captions.PLACES)),
                "light": rng.choice(list(captions.LIGHTS)),
                "number": 1 + number % 3,
            }
            said |= set(re.findall(r"\w+", captions.caption(facts, rng).text.lower()))
    assert said <= set(listed)
    assert len(said) > 0.9 * len(listed)


def test_prompts_take_names_as_they_are():
    assert encoders.prompts(["{0}", "a dog"], "see {} and {}") == [
        "see {0} and {0}", "see a dog and a dog",
    ]  # fmt: skip


def test_texts_of_the_null_are_calibrated(monkeypatch):
    """Queries that are drawn as the null's texts are weak in 95 of 100 cases."""
    rng = np.random.default_rng(0)
    images, queries = rng.standard_normal((300, 16)), rng.standard_normal((2000, 16))
    drawn = rng.standard_normal((reading.NULL_TEXTS, 16))
    monkeypatch.setattr(reading, "encode_text", lambda texts, encoder: drawn)
    null = encoders.measure_null(images, "clip-small")
    cosines = cosine(drawn, images).max(axis=1)
    np.testing.assert_allclose(null.best, np.sort(cosines), atol=1e-6)
    best = cosine(queries, images).max(axis=1)
    p = [(1 + (cosines >= value).sum()) / (1 + len(cosines)) for value in best]
    np.testing.assert_allclose([null.p(value) for value in best], p, atol=0.01)
    weak = np.array([null.is_weak(value) for value in best])
    # 95 % within what 200 texts of the null can place the threshold.
    assert 0.90 < weak.mean() < 0.98
    np.testing.assert_array_equal(weak, best <= null.threshold)


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (a, b))
    return a @ b.T


def test_texts_of_the_null_are_the_same_each_time_and_of_known_words():
    words = ["a", "red", "car", "dog", "two"]
    texts = reading.random_texts(frozenset(words))
    assert texts == reading.random_texts(frozenset(reversed(words)))
    assert len(texts) == reading.NULL_TEXTS
    assert {len(text.split()) for text in texts} == {4, 5}
    assert {word for text in texts for word in text.split()} == set(words)


def test_a_search_is_weak_for_what_no_image_shows():
    """On scenes of known content: what is there, what is not, and what nobody can draw."""
    ds = datasets.load("simulated", stimuli=160, subjects=1)
    chosen = encoders.get("clip-small")
    loaded = load_encoder(chosen, check_parameters(chosen.info, {}))
    features = loaded.images(loaded.prepare([ds.image(name) for name in ds.stimuli["id"]]))
    rng = np.random.default_rng(0)
    shown = [captions.caption(facts, rng).text for facts in ds.stimuli.to_dict("records")]
    ideas = ["the history of justice", "why logic matters", "too much irony", "a promise", "luck"]
    null = encoders.measure_null(features, "clip-small")

    def share_weak(texts, among=features):
        best = cosine(encoders.encode_text(texts, "clip-small"), among).max(axis=1)
        return np.mean([null.is_weak(value) for value in best])

    assert share_weak(shown) <= 0.1
    assert share_weak(ideas) == 1
    names = ds.stimuli["category"]
    absent = [share_weak([f"a {name}"], features[names != name]) for name in names.unique()]
    assert np.mean(absent) >= 0.7
