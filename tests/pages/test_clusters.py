"""The page Clusters: its job, tabs and rules; and what has no clusters."""

import numpy as np
import pytest

from core import clusters, datasets
from core.figures import wordclouds
from pages.shared.clusters import contents
from tests.pages.app import computed, open_page, texts, until_done, write_folder


def opened(**address):
    return computed(open_page("clusters", **{"stimuli": "80", "subjects": "2", **address}))


def test_stimuli_labels_and_ratios():
    app = opened(k="3")
    assert not app.exception
    assert not app.error
    assert "Labels of its stimuli" in [found.value for found in app.header]
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


@pytest.mark.parametrize("tab", ["Stimuli and labels", "Profiles", "Reproducibility"])
def test_single_trials(tab):
    app = opened(source="single trials", k="3", tab=tab, across="k")
    if tab == "Reproducibility":
        next(b for b in app.button if "Match the clusters" in b.label).click().run()
        app = until_done(app)
        assert "Mean correlation of matched centroids" in texts(app)
    assert not app.exception
    assert not app.error
    trials = len(datasets.load("simulated", stimuli=80, subjects=2).trials)
    assert f"**3 clusters** of {trials:,} rows" in texts(app)


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
    app = computed(open_page("clusters", recording="folder:mine", tab="Choosing k"))
    assert not app.exception
    assert any("No number of clusters is" in info.value for info in app.info)
    assert "There are no clusters at all" in texts(app)
    assert "Recommended:" not in texts(app)
    assert "not set apart (p = " in texts(app)


def test_a_cluster_of_the_address_beyond_the_last_is_told():
    app = opened(k="3", cluster="9")
    assert not app.exception
    assert "There is no cluster 9" in texts(app)


def test_tiles_without_images_carry_the_id_not_the_row(data_root):
    rng = np.random.default_rng(0)
    folder = write_folder(data_root, n=30, responses__s1=rng.standard_normal((30, 7)))
    ids = [str(n + 1) for n in range(30)]
    (folder / "stimuli.csv").write_text("\n".join(["id", *ids]))
    ds = datasets.load("folder", root=folder)
    rows = clusters.rows_of([ds], "voxels")
    near = clusters.nearest(clusters.fit(rows.responses, 2), rows.responses, 0, 5)
    tiles = contents.tiles([ds], rows, near)
    assert [tile.name for tile in tiles] == [ids[row] for row in near.rows]
    assert not any(tile.image for tile in tiles)


def test_labels_with_breaks_are_read_on_one_line(data_root):
    folder = write_folder(data_root, n=3, responses__s1=np.ones((3, 7)))
    listed = 'id,category,labels\na,"x\ny",ok\nb,z,"two\r\nlines|one\u2028more"\nc,,"a\tb"\n'
    (folder / "stimuli.csv").write_bytes(listed.encode())
    stimuli = datasets.load("folder", root=folder).stimuli
    assert stimuli["category"].tolist() == ["x y", "z", ""]
    assert stimuli["labels"].tolist() == [("ok",), ("two lines", "one more"), ("a b",)]


def test_labels_that_no_font_writes_stand_as_text(data_root, monkeypatch):
    monkeypatch.setattr(wordclouds, "_installed", lambda: ())
    folder = write_folder(data_root, n=30, responses__s1=np.random.rand(30, 7))
    rows = [f"p{n},猫|cat" for n in range(30)]
    (folder / "stimuli.csv").write_text("\n".join(["id,labels", *rows]), encoding="utf-8")
    app = computed(open_page("clusters", recording="folder:mine", words="count"))
    assert not app.exception
    assert "猫" in [block.value for block in app.markdown]
    assert "These labels are written here" in texts(app)
    drawing = app.session_state["export.shown"]["clusters.cloud"].draw()
    assert drawing.title == "Labels of cluster 1 by count"
    assert set(drawing.weights) == {"cat"}


def test_no_labels_and_no_regions(data_root):
    rng = np.random.default_rng(0)
    write_folder(data_root, n=30, responses__s1=rng.standard_normal((30, 7)))
    app = computed(open_page("clusters", recording="folder:mine"))
    assert not app.exception
    assert "No stimulus has labels" in texts(app)
    app = computed(open_page("clusters", recording="folder:mine", tab="Profiles"))
    assert "names no regions" in texts(app)


def test_too_few_rows_are_told(data_root):
    write_folder(data_root, n=2, responses__s1=np.ones((2, 7)))
    app = computed(open_page("clusters", recording="folder:mine"))
    assert not app.exception
    assert app.error
