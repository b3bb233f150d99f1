"""Every page, run without a browser: on each kind of recording, and on bad input."""

import json

import numpy as np
import pytest

from core.datasets.catalogue import DATASETS, Recording
from core.datasets.dataset import DatasetInfo
from core.datasets.download.indexes import Bucket
from core.datasets.download.remote import RemotePart
from core.errors import NotFoundError
from tests.pages.app import PAGES, open_page, texts, write_folder


@pytest.mark.parametrize("page", PAGES)
def test_the_default_recording(page):
    app = open_page(page)
    assert not app.exception
    assert not app.error
    assert "Simulated" in texts(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_recording_that_comes_as_rdms(page, kriegeskorte_root, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(kriegeskorte_root.parent))
    app = open_page(page, recording="kriegeskorte92")
    assert not app.exception
    assert not app.error
    assert page == "data" or "Simulated" not in texts(app)


def test_responses_of_an_rdm_recording_point_to_the_rdms(kriegeskorte_root, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(kriegeskorte_root.parent))
    assert "comes as RDMs only" in texts(open_page("responses", recording="kriegeskorte92"))


@pytest.mark.parametrize("page", PAGES)
def test_a_folder_without_images_labels_or_rois(page, data_root):
    write_folder(data_root, responses__s1=np.random.default_rng(0).standard_normal((12, 7)))
    app = open_page(page, recording="folder:mine")
    assert not app.exception
    assert not app.error


def test_overview_says_what_of_a_folder_was_passed_over(data_root):
    folder = write_folder(data_root, responses__s1=np.random.default_rng(0).random((12, 7)))
    (folder / "rois").mkdir()
    (folder / "rois" / "s1.json").write_text('{"V1": [0, 1], "FBA": []}')
    (folder / "responses" / "s2.mat").write_bytes(b"MATLAB 5.0")
    said = texts(open_page("overview", recording="folder:mine"))
    assert "1 ROI is empty" in said
    assert "FBA" in said
    assert "s2.mat" in said
    (folder / "responses" / "s1.npy").unlink()
    said = texts(open_page("responses", recording="folder:mine"))
    assert "format that is not read" in said
    assert "RDMs only" not in said


@pytest.mark.parametrize("page", PAGES)
def test_a_recording_that_was_not_fetched_offers_to(page):
    app = open_page(page, recording="kriegeskorte92")
    assert not app.exception
    if page not in ("jobs", "lessons"):
        assert "fetch kriegeskorte92" in texts(app)
        assert [button for button in app.button if "Download" in button.label]


def test_a_large_recording_that_was_not_fetched_names_the_command(monkeypatch):
    part = RemotePart("betas", "betas", Bucket("https://127.0.0.1:9"), "betas/*")
    info = DatasetInfo(
        "large", "Large", licence="CC0", fetchable=True, how_to_get="Fill in a form.", disk="3 TB."
    )

    def load(*arguments):
        raise NotFoundError("It is not here")

    monkeypatch.setitem(DATASETS._entries, "large", Recording(info, load, remote=(part,)))
    app = open_page("overview", recording="large")
    assert not app.exception
    assert "python -m core fetch large" in texts(app)
    assert "3 TB. Fill in a form." in texts(app)
    assert not [button for button in app.button if "Download" in button.label]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("responses", "message"),
    [
        (np.full((12, 3), np.inf), "infinite"),
        (np.zeros((11, 3)), "11"),
        (np.zeros(12), "shape"),
        (np.array([{"a": 1}] * 12, dtype=object), "pickle"),
    ],
)
def test_bad_responses_get_one_message(page, responses, message, data_root):
    folder = write_folder(data_root)
    np.save(folder / "responses" / "s1.npy", responses, allow_pickle=True)
    app = open_page(page, recording="folder:mine")
    assert not app.exception
    if page not in ("jobs", "lessons"):
        assert len(app.error) == 1
        assert message in app.error[0].value


def test_constant_rows_are_named_and_the_rest_shown(data_root):
    responses = np.random.default_rng(0).standard_normal((12, 7))
    responses[3] = 2.0
    responses[8] = np.nan
    write_folder(data_root, responses__s1=responses)
    app = open_page("rdm", recording="folder:mine")
    assert not app.error
    assert "2 stimuli are shown as missing" in texts(app)
    assert "p3, p8" in texts(app)


def test_an_address_outside_the_data_root_is_refused():
    app = open_page("overview", recording="folder:../../etc")
    assert not app.exception
    assert "leads outside" in app.error[0].value
    assert "Shown instead of" in app.warning[0].value
    assert app.selectbox(key="recording").value == "simulated"


def test_the_address_opens_the_same_view():
    app = open_page("rdm", roi=["V1", "FFA"], metric="euclidean", order="category")
    assert app.multiselect(key="roi").value == ["V1", "FFA"]
    assert app.selectbox(key="metric").value == "euclidean"
    assert app.selectbox(key="rdm.order").value == "category"
    assert "Euclidean distance" in [metric.label for metric in app.metric]


def test_a_cell_in_the_address_is_shown():
    app = open_page("rdm", pick=["man-01", "man-02"])
    labels = {metric.label: metric.value for metric in app.metric}
    assert labels.keys() == {"1 − Pearson r", "Rank", "Percentile"}
    assert "most similar pair" not in texts(app)


@pytest.mark.parametrize(
    "metric", ["correlation", "euclidean", "sqeuclidean_per_channel", "cosine", "crossnobis"]
)
@pytest.mark.parametrize("order", ["original", "category", "hierarchical"])
def test_every_metric_and_order(metric, order):
    app = open_page("rdm", metric=metric, order=order)
    assert not app.exception
    assert not app.error
    assert len(app.metric) == 3


def test_the_page_says_what_serves_as_folds():
    app = open_page("rdm", metric="crossnobis", roi=["V1", "FFA"], combine="side by side")
    assert [text for text in texts(app).split("\n") if "V1: Folds are 5 runs." in text]
    assert [text for text in texts(app).split("\n") if "FFA: Folds are 5 runs." in text]
    assert "Folds are" not in texts(open_page("rdm"))


def test_a_single_unit_is_named_as_the_reason(data_root):
    folder = write_folder(data_root, responses__s1=np.arange(24.0).reshape(12, 2) % 7)
    (folder / "rois").mkdir()
    (folder / "rois" / "s1.json").write_text('{"one": [0], "two": [0, 1]}')
    app = open_page("rdm", recording="folder:mine", roi="one")
    assert "1 − r is undefined over one unit" in app.error[0].value
    assert "Choose 'euclidean'" in app.error[0].value
    assert "Over two units r is +1 or −1 only" in texts(
        open_page("rdm", recording="folder:mine", roi="two")
    )


@pytest.mark.parametrize("tab", ["Extreme pairs", "Distribution", "Download"])
def test_every_tab_of_the_rdm_page(tab):
    app = open_page("rdm", tab=tab)
    assert not app.exception
    assert not app.error


def test_selection_counts_clears_and_undoes():
    app = open_page("rdm", pick=["man-01", "man-02"])
    app.button(key="rdm.select_pair").click().run()
    assert "2 of 120 stimuli selected" in texts(app)
    app.button(key="selection_clear").click().run()
    assert "0 of 120 stimuli selected" in texts(app)
    app.button(key="selection_undo").click().run()
    assert "2 of 120 stimuli selected" in texts(app)


def test_only_the_selected_stimuli():
    app = open_page("rdm", stimuli="300", pick="tree", order="category")
    app.button(key="rdm.select_block").click().run()
    app.toggle(key="rdm.only_selected").set_value(True).run()
    assert not app.exception
    assert "of 6 pairs" in app.metric[1].help
    assert "4 of 300 stimuli selected" in texts(app)


def test_an_unknown_recording_is_never_replaced_in_silence():
    app = open_page("overview", recording="folder:nowhere")
    assert "nowhere" in app.error[0].value
    assert "Shown instead of" in app.warning[0].value


def test_another_subject_keeps_the_chosen_rdm(kriegeskorte_root, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(kriegeskorte_root.parent))
    app = open_page("rdm", recording="kriegeskorte92")
    before = app.metric[0].value
    app.selectbox(key="subject").set_value("KO").run()
    assert app.multiselect(key="rdm.published").value == ["human IT of the subject"]
    assert app.metric[0].value != before


def test_rois_of_another_recording_fall_back_to_its_first(data_root):
    responses = np.random.default_rng(0).standard_normal((12, 7))
    folder = write_folder(data_root, responses__s1=responses)
    (folder / "rois").mkdir()
    (folder / "rois" / "s1.json").write_text('{"IT": [0, 1, 2], "MT": [3, 4, 5, 6]}')
    app = open_page("rdm", roi=["V1", "FFA"])
    app.selectbox(key="recording").set_value("folder:mine").run()
    assert app.multiselect(key="roi").value == ["IT"]


def test_one_impossible_roi_leaves_the_others(data_root):
    responses = np.random.default_rng(0).standard_normal((12, 7))
    folder = write_folder(data_root, responses__s1=responses)
    (folder / "rois").mkdir()
    (folder / "rois" / "s1.json").write_text('{"IT": [0, 1, 2], "solo": [3]}')
    app = open_page("rdm", recording="folder:mine", roi=["solo", "IT"], combine="side by side")
    assert "solo" in app.error[0].value
    assert "1 − Pearson r" in [metric.label for metric in app.metric]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_goes_on_without_what_is_missing(page, data_root):
    rng = np.random.default_rng(0)
    betas = rng.normal(size=(30, 10)).astype(np.float32)
    betas[:, 9], betas[4, 1] = np.nan, np.nan
    folder = write_folder(data_root, 30, responses__s1=betas)
    (folder / "rois").mkdir()
    rois = {"A": [0, 1, 2], "B": [3, 4, 5], "C": [6, 7, 8]}
    (folder / "rois" / "s1.json").write_text(json.dumps(rois))
    app = open_page(page, recording="folder:mine")
    assert not app.exception
    assert not app.error
    if page in ("ground_truth", "jobs", "lessons"):
        return
    text = texts(app)
    assert "1 unit left out (9)" in text
    if page == "overview":
        assert "Unit 9 (in no ROI) has no value in any trial" in text
        assert "Unit 1 (A) has no value in 1 of 30 trials" in text
        rois, units = (frame.value for frame in app.dataframe[:2])
        assert rois["Trials left out"].tolist() == [1, 0, 0, 1]
        assert units["Unit"].tolist() == [9, 1]
