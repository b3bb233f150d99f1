"""Every page that applies, on a small release of each recording, as downloaded."""

import pytest

from tests.core.datasets.layouts import (
    algonauts2023,
    bold5000,
    bravl,
    god,
    laion_fmri,
    mosaic,
    nsd,
    things_fmri,
)
from tests.pages.app import PAGES, computed, open_page, texts

# Recording, what writes a small release of it, and the address that opens it.
RECORDINGS = [
    pytest.param("bold5000", bold5000.write, {"tr": "TR1"}, id="bold5000-1.0"),
    pytest.param("bold5000", bold5000.write_2, {}, id="bold5000-2.0"),
    pytest.param("algonauts2023", algonauts2023.write, {}, id="algonauts2023"),
    pytest.param("laion_fmri", laion_fmri.write, {}, id="laion_fmri"),
    pytest.param("mosaic", mosaic.write, {}, id="mosaic"),
    pytest.param("nsd", nsd.write, {}, id="nsd"),
    pytest.param("nsd", nsd.write_surfaces, {"space": "fsaverage"}, id="nsd-fsaverage"),
    pytest.param("god", god.write, {}, id="god"),
    pytest.param("god", god.write, {"trials": "imagery"}, id="god-imagery"),
    pytest.param("things_fmri", things_fmri.write, {}, id="things_fmri"),
    pytest.param("bravl", bravl.write, {}, id="bravl"),
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("name", "write", "options"), RECORDINGS)
def test_every_page_opens_on_a_release(page, name, write, options, data_root):
    write(data_root / name)
    app = open_page(page, recording=name, **{f"recording.{o}": v for o, v in options.items()})
    assert not app.exception
    assert not app.error
    assert page == "data" or "Simulated" not in texts(app)
    for option, value in options.items():
        assert app.selectbox(key=f"recording.{option}").value == value


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def test_study_a_maps_lhppa_at_tr_1_beside_tr_34(data_root):
    bold5000.write(data_root / "bold5000")
    app = press(open_page("maps", recording="bold5000"), "Study A: map")
    spaces = ["responses:LHPPA@TR1", "responses:LHPPA"]
    assert app.multiselect(key="maps.space").value == spaces
    assert app.selectbox(key="maps.colour").value == "source"
    app = computed(app)
    assert not app.exception
    assert not app.error
    assert texts(app).count("Trustworthiness 0.") == 2


def test_study_a_clusters_at_tr_1_by_source(data_root):
    bold5000.write(data_root / "bold5000")
    settings = {"recording": "bold5000", "recording.tr": "TR1"}
    app = press(open_page("clusters", **settings), "Study A: clusters")
    assert app.multiselect(key="roi").value == ["LHPPA"]
    app = computed(app)
    assert not app.exception
    assert not app.error
    assert "Trustworthiness" in texts(app)


def test_study_b_shows_extreme_pairs_of_v1_of_both_hemispheres(data_root):
    algonauts2023.write(data_root / "algonauts2023")
    app = press(open_page("rdm", recording="algonauts2023"), "Study B: V1")
    assert app.multiselect(key="roi").value == ["V1"]
    app = computed(app)
    assert not app.exception
    assert not app.error
    assert "Most similar" in texts(app)
    app = press(app, "Study B: every unit")
    assert app.multiselect(key="roi").value == []
    assert not computed(app).error


def test_study_d_clusters_region_means(data_root):
    nsd.write(data_root / "nsd")
    app = press(open_page("clusters", recording="nsd"), "Study D: clusters")
    app = computed(app)
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="clusters.k").value == "R² gain"
    assert "of 36 rows" in texts(app)
