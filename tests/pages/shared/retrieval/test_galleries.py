"""The chooser of galleries: which are offered, which case holds, and what is missing."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import datasets, encoders, jobs
from core.galleries import listing
from pages.shared.retrieval.galleries import ADD_TEST, GALLERY
from tests.core.encoders.shared import save_images
from tests.core.galleries.shared import overwrite, save_gallery
from tests.pages.app import RUN_S, texts, until_done


def page():
    import streamlit as st

    from core import datasets
    from pages.shared.frame import jobs as jobs_panel
    from pages.shared.retrieval import galleries

    jobs_panel.begin()
    ds = datasets.load("folder:mine")
    test = st.session_state["test"]
    encoder = st.session_state["encoder"]
    images = galleries.choose(ds, encoder, test)
    if images is not None:
        galleries.offer_test_images(ds, images)
    if images is None or not galleries.is_ready(images, encoder, {}):
        st.markdown("no gallery")
    else:
        galleries.describe(images, encoder, {})
        st.markdown(f"searched {', '.join(images.ids)}")
    jobs_panel.forget_former()


def opened(gallery=None, add_test=False, encoder="pixels"):
    app = AppTest.from_function(page, default_timeout=RUN_S)
    app.session_state["encoder"] = encoder
    app.session_state["test"] = np.array([0, 5])
    if gallery is not None:
        app.query_params[GALLERY] = gallery
    if add_test:
        app.query_params[ADD_TEST] = "true"
    return app.run()


def said(app):
    assert not app.exception
    return texts(app).replace("\\", "")


def press(app, label):
    (button,) = [button for button in app.button if button.label.startswith(label)]
    return button.click().run()


@pytest.fixture(autouse=True)
def folders(data_root):
    listing.forget()
    save_images(data_root / "mine")


@pytest.fixture
def ds():
    return datasets.load("folder:mine")


def test_the_gallery_of_the_recording_is_encoded_on_a_click():
    app = opened()
    assert app.selectbox(GALLERY).options == ["gallery", "stimuli", "recording:simulated"]
    assert "no gallery" in said(app)
    assert not jobs.all_jobs()
    app = until_done(press(app, "Encode 2 gallery images with pixels"))
    assert "searched g0, g1" in said(app)
    assert "2 images: gallery of mine. The seen image is not in the gallery" in said(app)
    assert not app.expander


def test_test_images_are_added_and_the_page_says_so(ds):
    encoders.encode_images(ds, "pixels", "gallery")
    app = opened(add_test=True)
    assert app.toggle(ADD_TEST).value
    app = until_done(press(app, "Encode 7 stimuli with pixels"))
    assert "searched g0, g1, seen:p0, seen:p5" in said(app)
    assert "and 2 test images. The seen image is in the gallery" in said(app)
    (failures,) = app.expander
    assert failures.label == "1 image could not be read and cannot be retrieved"
    assert failures.dataframe[0].value["Image"].tolist() == ["p5"]
    app = app.toggle(ADD_TEST).set_value(False).run()
    assert "searched g0, g1" in said(app)
    assert "seen:" not in said(app)


def test_stimuli_hold_the_seen_image_already(data_root, ds):
    for path in (data_root / "mine" / "gallery").iterdir():
        path.unlink()
    encoders.encode_images(datasets.load("folder:mine"), "pixels")
    app = opened()
    assert app.toggle(ADD_TEST).disabled
    assert "so can the images of the training set" in said(app)
    assert "searched p0, p1" in said(app)


def test_a_folder_is_encoded_on_a_click_and_tells_what_failed(monkeypatch):
    monkeypatch.setattr(listing, "QUICK", 4)  # only the job lists it
    folder = save_gallery(each=2)
    (folder / "volcano" / "volcano_01.JPEG").write_bytes(b"no image")
    app = opened("folder:small")
    app = until_done(press(app, "Encode the images of small with pixels"))
    assert "searched n01440764/n01440764_00.JPEG" in said(app)
    assert "6 images: small. The seen image is not" in said(app)
    (failures,) = app.expander
    assert failures.dataframe[0].value["Image"].tolist() == ["volcano/volcano_01.JPEG"]
    assert "could not be read" in failures.dataframe[0].value["Reason"][0]


@pytest.mark.parametrize("quick", [4, 1000])
def test_a_folder_that_has_changed_is_offered_again(quick, monkeypatch):
    monkeypatch.setattr(listing, "QUICK", quick)
    folder = save_gallery(each=2)
    until_done(press(opened("folder:small"), "Encode"))
    (folder / "volcano" / "volcano_01.JPEG").unlink()
    app = opened("folder:small")
    assert "no gallery" in said(app)
    app = until_done(press(app, "Encode"))
    assert "5 images: small" in said(app)


@pytest.mark.parametrize("quick", [4, 1000])
def test_an_image_that_is_overwritten_before_the_job_is_done_is_noticed(quick, monkeypatch):
    monkeypatch.setattr(listing, "QUICK", quick)
    folder = save_gallery(each=2)
    app = press(opened("folder:small"), "Encode")
    overwrite(folder / "volcano" / "volcano_01.JPEG", 7)
    # A job runs in a process of its own, and leaves what this one remembers.
    monkeypatch.setattr(listing, "forget", lambda: None)
    app = until_done(app)
    assert "6 images: small" in said(app)
    (entry,) = [entry for entry in encoders.entries() if entry.facts["title"] == "small"]
    assert entry.facts["images"] == listing.scan(folder).fingerprint


def test_a_gallery_that_another_encoder_encoded_says_so(ds):
    encoders.encode_images(ds, "pixels", "gallery")
    app = opened(encoder="gabor")
    assert "gallery of mine: encoded with pixels so far; this decoder predicts" in said(app)
    assert [button.label for button in app.button] == ["Encode 2 gallery images with gabor"]


@pytest.mark.parametrize(
    ("gallery", "encoder", "message"),
    [
        ("gallery", "precomputed:vgg16", "embeddings of the stimuli, not the gallery"),
        ("folder:small", "precomputed:vgg16", "not of the folder small"),
        ("gallery", "nothing", "There is no encoder 'nothing'"),
        ("folder:empty", "pixels", "The folder empty holds no images"),
        ("folder:gone", "pixels", "There is no gallery folder:gone"),
    ],
)
def test_what_cannot_be_searched_is_said_in_a_line(data_root, gallery, encoder, message):
    save_gallery(each=1)
    (data_root / "galleries" / "empty").mkdir()
    app = opened(gallery, encoder=encoder)
    assert message in said(app)


def test_without_any_gallery_the_page_says_how_to_add_one(monkeypatch):
    monkeypatch.setattr("core.galleries.available", lambda ds: [])
    app = opened()
    assert "There is no gallery to search yet" in said(app)
    assert "galleries" in said(app)
    assert "NAME/CLASS/" in said(app)


def test_a_folder_that_has_changed_or_gone_says_so():
    folder = save_gallery(each=1)
    app = opened("folder:small")
    app = until_done(press(app, "Encode 3 images of small"))
    assert "searched" in said(app)
    overwrite(folder / "volcano" / "volcano_00.JPEG", 9)
    (folder / "volcano" / "more.JPEG").write_bytes(
        (folder / "volcano" / "volcano_00.JPEG").read_bytes()
    )
    app = app.run()
    assert "small: encoded with pixels before, but other images than are there now" in said(app)
    shutil.rmtree(folder)
    app = app.run()
    assert "The gallery folder:small is gone." in said(app)
