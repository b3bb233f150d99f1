"""The page Predict dissimilarity: nothing starts by itself, the switch, the leak, the tables."""

import numpy as np
import pytest

from core import dissimilarity, jobs
from core.dissimilarity import scoring
from tests.pages.app import open_page, texts, until_done, write_folder

N, D, V = 60, 6, 20
MODELS = ["predicted_response", "metric,form=bilinear"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(scoring, "RESAMPLES", 200)
    monkeypatch.setattr(scoring, "PERMUTATIONS", 99)


@pytest.fixture
def recording(data_root):
    """Responses that follow from embeddings of their own; no images."""
    rng = np.random.default_rng(0)
    embedding = rng.standard_normal((N, D)).astype(np.float32)
    responses = embedding @ rng.standard_normal((D, V)) + 0.3 * rng.standard_normal((N, V))
    folder = write_folder(data_root, n=N, responses__s1=responses)
    (folder / "embeddings").mkdir()
    np.save(folder / "embeddings" / "mine.npy", embedding)
    return folder


def opened(**settings):
    return open_page("dissimilarity", recording="folder:mine", models=MODELS, **settings)


def press(app, start="Fit"):
    next(b for b in app.button if b.label.startswith(start)).click()
    return until_done(app.run())


def test_nothing_starts_by_itself_and_the_button_says_how_long(recording):
    app = opened()
    assert not app.exception
    assert not jobs.all_jobs()
    labels = [b.label for b in app.button if b.label.startswith("Fit")]
    assert labels == ["Fit 4 models, under a minute"]


def test_the_switch_changes_the_numbers(recording):
    app = press(opened(metric="euclidean"))
    assert not app.exception
    held = texts(app)
    assert "both baselines in R²" in held
    assert "None of the 12 test images is in a training pair" in held
    assert "60 of the 60 test images are in training pairs too" in held
    app.segmented_control(key="dissimilarity.split").set_value("Pairs leaked")
    leaked = texts(app.run())
    assert not app.exception
    assert "The split leaks, so this says nothing of new images" in leaked
    assert "The split leaks" not in held
    assert len(jobs.all_jobs()) == 1


def test_identity_alone_explains_the_surprise_when_it_is_pressed(recording):
    app = press(opened())
    assert "Euclidean against correlation" in texts(app)
    app = press(app, "Fit 2 models")
    assert "identity alone" in texts(app)
    assert not app.exception


def test_it_says_plainly_that_none_beats_the_baselines(recording):
    rng = np.random.default_rng(5)
    np.save(recording / "responses" / "s1.npy", rng.standard_normal((N, V)))
    app = press(opened())
    assert "No model beats both baselines in R²" in texts(app)


def test_page_jobs_says_what_was_fitted(recording):
    press(opened())
    app = open_page("jobs", recording="folder:mine")
    assert not app.exception
    assert "Dissimilarity of pairs" in texts(app)


def test_an_address_opens_model_measure_and_tab(recording):
    app = press(opened())
    app = opened(model="Embedding distance", measure="Spearman ρ", tab="All subjects")
    assert not app.exception
    assert app.selectbox(key="dissimilarity.model").value == "Embedding distance"
    assert "Spearman ρ" in texts(app)
    assert "The recording has one subject" in texts(app)


def test_the_report_of_study_b_waits_for_its_button(recording):
    app = opened(tab="Study B report")
    labels = [b.label for b in app.button if b.label.startswith("Fit")]
    assert len(labels) == 2
    assert f"{len(dissimilarity.STUDY_MODELS) + 2} models" in labels[1]
    assert not jobs.all_jobs()


def test_a_region_of_a_single_unit_is_told_of(data_root):
    write_folder(data_root, n=N, responses__s1=np.random.default_rng(0).standard_normal((N, 1)))
    folder = data_root / "mine" / "embeddings"
    folder.mkdir()
    np.save(folder / "mine.npy", np.random.default_rng(1).standard_normal((N, D)))
    app = press(opened())
    assert "undefined over one unit" in texts(app)
    assert not app.exception


def test_a_recording_without_anything_to_predict_from_says_so(data_root):
    write_folder(data_root, n=N, responses__s1=np.random.default_rng(0).standard_normal((N, V)))
    app = opened()
    assert not app.exception
    assert "neither images nor embeddings" in texts(app)
