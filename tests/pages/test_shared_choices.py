"""What pages share is chosen once: ROIs, metric and seed follow from page to page.

That the address has them is seen in a browser only: tests/browser/test_shared_choices.py.
"""

from tests.pages.app import open_page, texts


def go(app, page):
    app = app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def rois(app):
    return app.multiselect(key="roi").value


def test_rois_that_are_chosen_follow():
    app = open_page("rdm", **{"clusters.source": "voxels"})
    app = app.multiselect(key="roi").set_value(["LOC", "FFA"]).run()
    for page in ("responses", "clusters", "train", "overview", "rdm"):
        app = go(app, page)
        if page != "overview":
            assert rois(app) == ["LOC", "FFA"]
    app = go(app, "ground_truth")
    assert rois(app) == ["LOC", "FFA"]
    assert "Of 2 ROIs the first is taken: LOC." in texts(app)


def test_a_default_that_nobody_chose_stays_at_home():
    app = open_page("rdm")
    assert rois(app) == ["LOC"]
    assert rois(go(app, "train")) == []
    assert rois(go(app, "ground_truth")) == ["V1"]


def test_every_unit_and_a_default_are_choices_too():
    app = open_page("rdm").multiselect(key="roi").set_value([]).run()
    assert rois(go(app, "responses")) == []
    assert rois(go(app, "rdm")) == []
    app = app.multiselect(key="roi").set_value(["V1"]).run()
    assert rois(go(app, "responses")) == ["V1"]


def test_a_roi_that_a_subject_lacks_is_said_and_not_forgotten():
    app = open_page("responses", stimuli="80", subjects="8", roi="RSC")
    assert rois(app) == ["RSC"]
    app = app.selectbox(key="subject").set_value("S8").run()
    assert rois(app) == []
    assert "S8 has no ROI RSC." in texts(app)
    app = app.selectbox(key="subject").set_value("S1").run()
    assert rois(app) == ["RSC"]
    assert "has no ROI" not in texts(app)


def test_a_metric_that_a_page_lacks_is_said_and_waits_for_the_next():
    app = open_page("rdm").selectbox(key="metric").set_value("crossnobis").run()
    app = go(app, "ground_truth")
    assert app.selectbox(key="metric").value == "correlation"
    assert "There is no metric crossnobis here; correlation is taken." in texts(app)
    assert "metric" not in app.query_params
    app = go(app, "rdm")
    assert app.selectbox(key="metric").value == "crossnobis"
    app = app.selectbox(key="metric").set_value("cosine").run()
    assert go(app, "clusters").selectbox(key="metric").value == "cosine"


def test_a_seed_follows():
    app = open_page("maps").number_input(key="random_seed").set_value(7).run()
    for page in ("clusters", "train"):
        app = go(app, page)
        assert app.number_input(key="random_seed").value == 7


def test_what_a_preset_sets_is_a_choice():
    app = open_page("train", roi=["V1", "V2"])
    study = next(button for button in app.button if button.label == "Study A: attention")
    app = study.click().run()
    assert rois(app) == ["PPA"]
    assert rois(go(app, "responses")) == ["PPA"]


def test_an_infinite_seed_of_the_address_is_left_out():
    app = open_page("maps", random_seed="1e999")
    assert not app.exception
    assert app.number_input(key="random_seed").value == 0
