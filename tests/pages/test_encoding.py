"""The page Encoding: a button first, scores beside ceilings, units, new images, both directions."""

import numpy as np
import pytest

from core import encoding, jobs
from core.encoding import scores
from core.store import write_json
from tests.pages.app import open_page, texts, until_done, write_folder

N, D, V = 80, 5, 12
MODELS = ["precomputed:first", "precomputed:second"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(scores, "PERMUTATIONS", 99)


@pytest.fixture
def recording(data_root):
    """The first half of the units answers to one embedding, the second to another; no images."""
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, N, D))
    signal = np.hstack([x @ rng.standard_normal((D, V // 2)) for x in (first, second)])
    responses = signal + 0.3 * rng.standard_normal((N, V))
    folder = write_folder(data_root, n=N, responses__s1=responses)
    for part in ("embeddings", "rois"):
        (folder / part).mkdir(exist_ok=True)
    for name, rows in (("first", first), ("second", second)):
        np.save(folder / "embeddings" / f"{name}.npy", rows.astype(np.float32))
    halves = {"early": list(range(V // 2)), "late": list(range(V // 2, V))}
    write_json(folder / "rois" / "s1.json", halves)
    return folder


def opened(**settings):
    return open_page("encoding", recording="folder:mine", **{"models": MODELS, **settings})


def press(app, start="Fit"):
    next(b for b in app.button if b.label.startswith(start)).click()
    return until_done(app.run())


def test_nothing_starts_by_itself_and_the_button_says_how_long(recording):
    app = opened()
    assert not app.exception
    assert not jobs.all_jobs()
    assert [b.label for b in app.button if b.label.startswith("Fit")] == [
        "Fit 2 encoding models, about 10 seconds"
    ]


def test_it_says_who_predicts_whom_and_that_there_is_no_ceiling(recording):
    app = press(opened())
    assert not app.exception
    shown = texts(app)
    assert "first (precomputed, with the recording) predicts early best" in shown
    assert "second (precomputed, with the recording) predicts late best" in shown
    assert "two usable repeats" in shown
    app = opened(score="share of the ceiling")
    assert not app.exception
    assert "12 units with less than 5 % signal have no share" in texts(app)


def test_an_address_opens_a_unit_and_a_model(recording):
    press(opened())
    app = opened(unit="8", model=MODELS[1], x=MODELS[1], y=MODELS[0], roi=["late"])
    assert not app.exception
    assert "**Unit 8** (late)" in texts(app)
    assert app.selectbox(key="encoding.x").value == MODELS[1]
    assert "early" not in texts(app)
    app = opened(unit="99")
    assert "No model predicts unit 99" in texts(app)


def test_bands_show_what_each_adds(recording):
    app = press(opened(models=[" + ".join(MODELS)]))
    assert not app.exception
    assert "What each embedding adds" in "\n".join(h.value for h in app.header)
    assert "With a second model" in texts(app)


def test_both_directions_stand_side_by_side(recording):
    app = press(press(opened()), "Decode")
    assert not app.exception
    assert "chance 50 %" in texts(app)
    assert len(jobs.all_jobs()) == 2
    app = open_page("jobs", recording="folder:mine")
    assert "Encoding models" in texts(app)
    assert "Decoding by region" in texts(app)


def test_the_split_is_audited_where_that_is_asked_for(recording):
    press(opened())
    app = opened()
    app.session_state["encoding.audit"] = True
    app = app.run()
    assert len(jobs.all_jobs()) == 1
    app = press(app, "Audit")
    assert not app.exception
    assert "6 of 9 checks done" in texts(app)
    assert "**Near-duplicates in feature space.** 1 of 8 test images" in texts(app)


def test_without_a_model_or_anything_to_predict_from_it_says_so(recording, data_root):
    app = opened()
    app.multiselect(key="encoding.models").set_value([])
    assert "Choose a model" in texts(app.run())
    for path in (recording / "embeddings").iterdir():
        path.unlink()
    app = open_page("encoding", recording="folder:mine")
    assert not app.exception
    assert "neither images nor embeddings" in texts(app)


def test_a_new_image_and_a_text_on_the_experiment():
    """Of the recording that comes along, small: an image of its gallery, then a text."""
    app = press(open_page("encoding", models=["clip-small"], roi=["food"]))
    assert not app.exception
    assert "Predicted by Small CLIP" in texts(app)
    app = open_page("encoding", models=["clip-small"], roi=["food"], query="text", text="a pizza")
    assert not app.exception
    assert "Relative to the words of the recording" in texts(app)
    assert encoding.EncodingRequest.operation in {job.operation for job in jobs.all_jobs()}
