"""Figures of clusters: what they show, and that the same data give the same figure."""

import io
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from core import clusters
from core.errors import InputError
from core.figures import clusters as figures
from core.figures import wordclouds
from core.figures.wordclouds import colours_on, without_glyphs, wordcloud

WORDS = {"broccoli": 40.0, "dining table": 25.0, "<b>cake</b>": 9.0, "sky": 1.0}


@pytest.fixture
def rng():
    return np.random.default_rng(8)


@pytest.fixture
def rows(rng):
    return rng.standard_normal((60, 5))


def pixels(image):
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGBA"))


def test_a_wordcloud_is_a_transparent_image_drawn_the_same_again():
    first, again = (wordcloud(WORDS, 300, 200, dark=False, seed=4) for _ in range(2))
    assert first == again
    drawn = pixels(first)
    assert drawn.shape == (400, 600, 4)
    assert (drawn[..., 3] == 0).mean() > 0.3
    assert (drawn[..., 3] == 255).any()


@pytest.mark.parametrize("dark", [True, False])
def test_words_have_colours_that_stand_out(dark):
    drawn = pixels(wordcloud(WORDS, 300, 200, dark=dark))
    solid = drawn[drawn[..., 3] == 255][:, :3]
    found = {"#" + bytes(colour).hex() for colour in np.unique(solid, axis=0)}
    assert found & set(colours_on(dark))
    assert len(colours_on(dark)) >= 6


@pytest.mark.parametrize(
    "words", [{}, {"": 3.0}, {"sky": 0.0}, {"sky": -1.0}, {"sky": float("nan")}]
)
def test_no_words_give_no_wordcloud(words):
    assert wordcloud(words, 300, 200, dark=True) is None


@pytest.mark.parametrize(
    "words", [{"x" * 300: 1.0}, {f"word {i}": float(i + 1) for i in range(500)}, {"猫": 1.0}]
)
def test_long_and_many_words_are_drawn(words):
    assert pixels(wordcloud(words, 200, 120, dark=False))[..., 3].any()


@pytest.mark.parametrize("spaces", ["\n", "\r\n", "\r", "\t ", "\u2028", "\x85", "\v", " \n "])
def test_a_label_with_a_break_is_drawn_on_one_line(spaces):
    drawn = wordcloud({f"two{spaces}lines": 1.0, "ok": 2.0}, 300, 200, dark=False)
    assert drawn == wordcloud({"two lines": 1.0, "ok": 2.0}, 300, 200, dark=False)


SCRIPTS = {
    "Chinese": ("猫", "狗"),
    "Japanese": ("いぬ", "ねこ"),
    "Korean": ("개가", "곰이"),
    "Thai": ("กข", "คง"),
    "Hindi": ("कख", "गघ"),
    "Arabic": ("كلب", "بيت"),
    "Hebrew": ("כלב", "חתל"),
    "Cyrillic": ("кот", "пёс"),
    "emoji": ("🐈", "🐕"),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_words_of_any_script_look_different(script):
    first, second = (wordcloud({word: 1.0}, 200, 100, dark=False) for word in SCRIPTS[script])
    assert first != second


def test_words_that_no_font_can_write_are_named(monkeypatch):
    monkeypatch.setattr(wordclouds, "_installed", lambda: ())
    words = {"猫": 3.0, "cat": 2.0, "кот": 2.5, "いぬ": 1.0}
    assert without_glyphs(words) == ["猫", "いぬ"]
    assert without_glyphs({"cat": 1.0}) == without_glyphs({}) == []
    assert wordcloud(words, 200, 100, dark=False) is not None


def test_the_font_that_writes_most_is_taken(monkeypatch):
    """Hebrew is not in the font of the library, but in one that comes with matplotlib."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    monkeypatch.setattr(wordclouds, "_installed", lambda: (str(folder / "DejaVuSans.ttf"),))
    assert without_glyphs({"כלב": 1.0, "cat": 2.0}) == []
    assert wordclouds.font_of({"cat": 2.0}).endswith("DroidSansMono.ttf")
    assert wordclouds.characters("nowhere.ttf") == frozenset()


def test_a_wordcloud_needs_room():
    with pytest.raises(InputError, match="10 x 200 pixels"):
        wordcloud(WORDS, 10, 200, dark=False)


@pytest.mark.parametrize("rule", list(clusters.RULES))
def test_the_rules_are_drawn_with_their_choice(rows, rule):
    choice = clusters.choose_k(rows, [2, 3, 4], resampling=clusters.Resampling(2, 2))
    figure = figures.rule(choice, rule)
    traces = list(figure.select_traces({"type": "scatter"}))
    [curve] = [trace for trace in traces if trace.mode == "lines+markers"]
    assert list(curve.x) == [2, 3, 4]
    assert np.allclose(curve.y, choice.table[rule], equal_nan=True)
    [marked] = [trace for trace in traces if trace.mode == "markers"]
    chosen = choice.chosen[rule]
    assert tuple(marked.x) == ((chosen,) if chosen in (2, 3, 4) else ())
    assert figures.rule(choice, rule) == figure


def test_profiles_keep_their_colours(rows):
    found = clusters.fit(rows, 3)
    table = clusters.profile(found, rows, ["V1", "<i>", "V3", "V4", "V5"])
    every = figures.profiles(table, "z")
    one = figures.profiles(table, "z", [2])
    assert [trace.name for trace in every.data] == ["Cluster 1", "Cluster 2", "Cluster 3"]
    assert one.data[0].line.color == every.data[2].line.color
    assert every.data[0].x[1] == "&lt;i&gt;"
    assert np.allclose(every.data[0].error_y.array, table["sd"][:5], atol=1e-4)


def test_compositions_are_shares_with_a_legend(rows):
    found = clusters.fit(rows, 3)
    values = ["COCO", "Scene", ""] * 20
    figure = figures.composition(clusters.composition(found, values), "source")
    assert [trace.name for trace in figure.data][-1] == "unknown"
    assert np.allclose(np.sum([trace.x for trace in figure.data], axis=0), 1)
    assert figure.layout.showlegend
    many = figures.composition(clusters.composition(found, [f"c{i % 30}" for i in range(60)]), "c")
    assert len(many.data) == 12
    assert many.data[-1].name == "19 other values"
    assert np.allclose(np.sum([trace.x for trace in many.data], axis=0), 1)
    assert len({trace.marker.color for trace in many.data}) == 12


def test_consistency_is_a_matrix_with_numbers(rows):
    found = clusters.consistency([clusters.fit(rows, k) for k in (2, 3)], names=["a", "<b>"])
    figure = figures.consistency(found)
    assert np.allclose(figure.data[0].z, found.matrix, atol=1e-4)
    assert list(figure.data[0].y) == ["a", "&lt;b&gt;"]
