"""Page Compare: what it asks for, a comparison from button to pair of images."""

from tests.pages.app import open_page, texts, until_done

SMALL = {"compare.most_stimuli": "40", "compare.samples": "100", "compare.permutations": "100"}


def test_nothing_long_starts_by_itself():
    app = open_page("compare")
    assert not app.exception
    assert any(button.label.startswith("Compare V1 and LOC") for button in app.button)


def test_a_comparison_shows_bars_ceiling_and_the_images_that_disagree():
    app = until_done(open_page("compare", **SMALL))
    assert not app.exception
    assert not app.error
    words = texts(app)
    assert "is most similar" in words
    assert "Noise ceiling" in words
    assert "Percentile in" in words


def test_whitened_measures_are_over_subjects():
    app = until_done(open_page("compare", **SMALL, **{"compare.measure": "whitened-pearson"}))
    assert not app.exception
    assert not app.error
    assert "over 8 subjects" in texts(app)
