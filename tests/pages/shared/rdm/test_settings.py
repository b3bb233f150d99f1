"""The settings of the page RDM: what addresses of before say still holds."""

import numpy as np

from tests.pages.app import open_page, texts, write_folder


def test_several_rois_are_concatenated_and_an_old_address_says_joined():
    app = open_page("rdm", roi=["V1", "FFA"], combine="joined")
    assert not app.exception
    (control,) = [group for group in app.button_group if group.key == "rdm.combine"]
    assert control.value == "concatenated"
    assert control.options == ["concatenated", "side by side"]


def test_the_page_opens_on_objects_by_category():
    app = open_page("rdm")
    assert app.multiselect(key="roi").value == ["LOC"]
    assert app.selectbox(key="rdm.order").value == "category"
    # Nobody chose them, so they are not in the address.
    assert not {"roi", "rdm.order"} & set(app.query_params)


def test_an_address_of_another_view_still_opens_it():
    app = open_page("rdm", roi="V1", order="original")
    assert app.multiselect(key="roi").value == ["V1"]
    assert app.selectbox(key="rdm.order").value == "original"


def test_a_recording_without_that_roi_opens_on_its_first(data_root):
    folder = write_folder(data_root, responses__s1=np.random.default_rng(0).random((12, 7)))
    (folder / "rois").mkdir()
    (folder / "rois" / "s1.json").write_text('{"early": [0, 1, 2], "late": [3, 4, 5]}')
    app = open_page("rdm", recording="folder:mine")
    assert not app.exception
    assert app.multiselect(key="roi").value == ["early"]


def test_what_differs_behind_the_button_is_said():
    app = open_page("rdm")
    assert "Settings: " not in texts(app)
    app = open_page("rdm", roi=["V1", "FFA"], combine="side by side", scale="percentile")
    assert not app.exception
    said = "Settings: several ROIs side by side, colour by percentile."
    assert said in texts(app)
