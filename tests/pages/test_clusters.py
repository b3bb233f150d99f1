"""The page Clusters: its job, tabs and rules; and what has no clusters."""

import numpy as np
import pytest

from tests.pages.app import open_page, texts, until_done, write_folder


def opened(**address):
    return until_done(open_page("clusters", **{"stimuli": "80", "subjects": "2", **address}))


def test_stimuli_labels_and_ratios():
    app = opened(k="3")
    assert not app.exception
    assert not app.error
    assert "Labels of its stimuli" in [found.value for found in app.subheader]
    table = app.dataframe[0].value
    assert list(table.columns) == ["Label", "Here", "Elsewhere", "Ratio", "95 % interval"]
    button = next(button for button in app.button if button.label.startswith("Select its"))
    app = button.click().run()
    assert "0 of 80 stimuli selected" not in texts(app)


@pytest.mark.parametrize("tab", ["Choosing k", "Profiles", "Cross-tabulation"])
def test_every_tab(tab):
    app = opened(tab=tab)
    assert not app.exception
    assert not app.error
    if tab == "Choosing k":
        assert "Gap statistic" in texts(app)
    if tab == "Cross-tabulation":
        assert "Adjusted Rand index" in texts(app)


@pytest.mark.parametrize("source", ["voxels", "pooled"])
def test_voxels_and_pooled_subjects(source):
    app = opened(source=source, roi="LOC", metric="euclidean")
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("across", [pytest.param("subjects", marks=pytest.mark.processes), "k"])
def test_reproducibility_is_told_with_its_null(across):
    app = opened(k="3", tab="Reproducibility", across=across)
    next(button for button in app.button if "Match the clusters" in button.label).click().run()
    app = until_done(app)
    assert not app.exception
    assert not app.error
    assert "Mean correlation of matched centroids" in texts(app)
    assert "in 99 simulations" in texts(app)
    assert "come back, p = " in texts(app)


def test_gradual_responses_recommend_no_number_and_show_clusters_all_the_same(data_root):
    rng = np.random.default_rng(0)
    write_folder(data_root, n=80, responses__s1=rng.standard_normal((80, 7)))
    app = until_done(open_page("clusters", recording="folder:mine", tab="Choosing k"))
    assert not app.exception
    assert "No number of clusters is recommended" in texts(app)
    assert "There are no clusters at all" in texts(app)
    assert "Recommended:" not in texts(app)
    assert "not set apart (p = " in texts(app)


def test_a_cluster_of_the_address_beyond_the_last_is_told():
    app = opened(k="3", cluster="9")
    assert not app.exception
    assert "There is no cluster 9" in texts(app)


def test_no_labels_and_no_regions(data_root):
    rng = np.random.default_rng(0)
    write_folder(data_root, n=30, responses__s1=rng.standard_normal((30, 7)))
    app = until_done(open_page("clusters", recording="folder:mine"))
    assert not app.exception
    assert "No stimulus has labels" in texts(app)
    app = until_done(open_page("clusters", recording="folder:mine", tab="Profiles"))
    assert "names no regions" in texts(app)


def test_too_few_rows_are_told(data_root):
    write_folder(data_root, n=2, responses__s1=np.ones((2, 7)))
    app = until_done(open_page("clusters", recording="folder:mine"))
    assert not app.exception
    assert app.error
