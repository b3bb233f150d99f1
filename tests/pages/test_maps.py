"""The page Maps: at once, by a job, side by side, and what it says where it cannot."""

from pathlib import Path

import numpy as np
import pytest

from core import decoders, jobs
from core.clusters import ClustersRequest
from core.clusters import job as clustering
from core.decoders import Config
from core.maps import METHODS
from tests.pages.app import computed, open_page, texts, write_folder


def opened(**address):
    return open_page("maps", **{"stimuli": "80", "subjects": "1", **address})


def test_pca_comes_at_once_with_its_quality():
    app = opened()
    assert not app.exception
    assert not jobs.all_jobs()
    assert "Trustworthiness" in texts(app)
    assert "of the variance" in texts(app)


def test_tsne_comes_by_a_job_and_is_found_again():
    app = computed(opened(method="tsne", space="responses:LOC"))
    assert not app.exception
    assert "neighbourhood preservation" in texts(app)
    again = opened(method="tsne", space="responses:LOC")
    assert "neighbourhood preservation" in texts(again)
    assert [job.operation for job in jobs.all_jobs()] in ([], ["map"])


def test_three_spaces_side_by_side_with_a_classifier_and_neighbours():
    app = opened(
        space=["responses", "responses:V1", "regions"], group_a=["animals", "people"],
        point="dog-01",
    )  # fmt: skip
    assert not app.exception
    assert not app.error
    assert texts(app).count("Trustworthiness 0.") == 3
    assert texts(app).count("chance 50 %") == 3
    assert texts(app).count("Nearest to dog") == 3


@pytest.mark.parametrize("colour", ["category", "mean of V1", "unit", "one colour"])
def test_every_kind_of_colour(colour):
    app = opened(colour=colour)
    assert not app.exception
    assert not app.error


def test_clusters_colour_the_map_once_they_are_known():
    wanted = "cluster of region means"
    assert wanted not in opened().selectbox(key="maps.colour").options
    request = {"dataset": "simulated", "subject": "S1", "options": {"stimuli": 80, "subjects": 1}}
    other = {**request, "resamples": 2, "references": 2}
    clustering.run(ClustersRequest.from_json(other), lambda *said: None, Path())
    assert wanted not in opened().selectbox(key="maps.colour").options  # other settings
    clustering.run(ClustersRequest.from_json(request), lambda *said: None, Path())
    app = opened(colour=wanted)
    assert not app.exception
    assert app.selectbox(key="maps.colour").value == wanted


def test_an_embedding_is_encoded_first():
    app = opened(space="embedding:pixels")
    assert not app.exception
    assert any("Encode 80 stimuli with pixels" in button.label for button in app.button)


def test_a_decoder_is_a_space_of_its_recording_alone():
    run = decoders.train(Config("simulated", ("S1",), {"stimuli": 80, "subjects": 1}))
    name = f"decoder:{decoders.short_name(run.key, run.config.head)}"
    app = opened(space=name, method="pca")
    assert not app.exception
    assert not app.error
    assert app.multiselect(key="maps.space").value == [name]
    assert "Trustworthiness" in texts(app)
    app = opened(space=name, method="pca", seed="3")
    assert name not in app.multiselect(key="maps.space").options
    assert "no space" in texts(app)


def test_study_c_puts_responses_decoder_and_embedding_side_by_side():
    run = decoders.train(Config("simulated", ("S1",), {"stimuli": 80, "subjects": 1}))
    app = opened()
    app = next(b for b in app.button if b.label == "Study C: maps").click().run()
    assert not app.exception
    name = f"decoder:{decoders.short_name(run.key, run.config.head)}"
    chosen = app.multiselect(key="maps.space").value
    assert chosen[:2] == ["responses", name]
    assert chosen[2].startswith("embedding:")
    assert app.selectbox(key="maps.method").value == "isomap"


def test_separation_of_categories():
    app = opened(apart_by="supercategory")
    assert not app.exception
    assert [box.label for box in app.expander if "Separation" in box.label]


@pytest.mark.parametrize("method", list(METHODS))
def test_rdms_alone_are_enough_except_for_pca(kriegeskorte_root, monkeypatch, method):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(kriegeskorte_root.parent))
    app = open_page("maps", recording="kriegeskorte92", method=method)
    assert not app.exception
    assert not app.error
    if method == "pca":
        assert "no method for this recording pca" in texts(app)
        method = app.selectbox(key="maps.method").value
        assert method == "mds"
    assert len(jobs.all_jobs()) == (METHODS[method].slow_above < 92)
    for job in jobs.all_jobs():
        job.cancel()


def test_few_stimuli_and_identical_rows_are_told(data_root):
    write_folder(data_root, n=12, responses__s1=np.ones((12, 5)))
    app = open_page("maps", recording="folder:mine")
    assert not app.exception
    write_folder(data_root, n=2, responses__s1=np.ones((2, 5)))
    app = open_page("maps", recording="folder:mine")
    assert not app.exception
    assert app.error
