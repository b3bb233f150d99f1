"""The page Ground truth: curves once their job is done, answers, and what has no truth."""

from core.recovery import MEASURES
from tests.pages.app import computed, open_page, texts, write_folder

SMALL = {"stimuli": "80", "subjects": "2", "roi": "food"}


def open_when_done(**address):
    return computed(open_page("ground_truth", **{**SMALL, **address}))


def test_the_job_shows_progress_then_answers():
    app = open_page("ground_truth", **SMALL)
    assert not app.exception
    (button,) = (b for b in app.button if b.label.startswith("Simulating recordings of other"))
    assert button.label.endswith(", about 30 seconds")
    app = button.click().run()
    assert "Simulating recordings of other designs" in texts(app)
    app = open_when_done()
    assert not app.exception
    assert not app.error
    answers = {metric.label: metric.value for metric in app.metric}
    assert set(answers) == {f"{name} needed" for name in (
        "Repeats", "Stimuli", "Units", "SNR")}  # fmt: skip
    strict = {
        metric.label: metric.value
        for metric in app.number_input(key="ground_truth.target").set_value(0.99).run().metric
    }
    assert strict["Repeats needed"] == "> 10"
    easy = {
        metric.label: metric.value
        for metric in app.number_input(key="ground_truth.target").set_value(0.05).run().metric
    }
    assert easy["Repeats needed"] == "1"


def test_every_measure():
    app = open_when_done()
    for measure in ("reliability", "clusters"):
        app = open_page("ground_truth", **SMALL, measure=measure)
        assert not app.exception
        assert not app.error
        assert len(app.metric) == 4
        assert f"{MEASURES[measure].label}: {MEASURES[measure].help}" in texts(app)


def test_a_region_that_the_subject_lacks_falls_back():
    address = {"stimuli": "80", "subjects": "8"}
    app = open_page("ground_truth", **address, subject="S8", region="RSC")
    assert not app.exception
    assert app.selectbox(key="ground_truth.region").value != "RSC"
    app = open_page("ground_truth", **address, region="RSC")
    assert app.selectbox(key="ground_truth.region").value == "RSC"
    app.selectbox(key="subject").set_value("S8").run()
    assert not app.exception
    assert app.selectbox(key="ground_truth.region").value != "RSC"


def test_parts_that_do_not_reach_the_region():
    app = open_when_done(subjects="1", parts="semantics", roi="V2v")
    assert not app.exception
    assert not app.error


def test_a_recorded_brain_has_no_known_truth(data_root):
    import numpy as np

    write_folder(data_root, responses__s1=np.random.default_rng(0).standard_normal((12, 7)))
    app = open_page("ground_truth", recording="folder:mine")
    assert not app.exception
    assert "its noise-free responses are not known" in texts(app)
