"""Studies A and D as buttons: they set the page, its address and what is computed."""

import importlib
from dataclasses import replace

import numpy as np
import pytest

from core import datasets
from core.datasets import catalogue
from core.registry import Parameter
from pages.shared.frame.presets import PRESETS
from tests.pages.app import computed, open_page, texts


@pytest.fixture
def two_times(monkeypatch):
    """A recording with responses at TR 1 and at TR 3 and 4."""
    simulated = datasets.load("simulated", stimuli=80, subjects=1)
    times = Parameter("tr", "Time of the response", "TR1", "volumes", choices=("TR1", "TR34"))
    info = replace(simulated.info, name="timed", title="Timed", options=(times,))
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(simulated.betas.shape).astype(np.float32)

    def load(info, subject, options):
        at_tr1 = options["tr"] == "TR1"
        return replace(
            simulated,
            info=info,
            betas=noise.copy() if at_tr1 else np.array(simulated.betas),
            options=options,
            fingerprint=f"timed {options['tr']}",
        )

    with monkeypatch.context() as patch:
        patch.setitem(catalogue.DATASETS._entries, "timed", catalogue.Recording(info, load))
        yield


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def test_study_a_draws_both_times_side_by_side(two_times):
    app = press(open_page("maps", recording="timed"), "Study A: map")
    assert not app.exception
    assert app.multiselect(key="maps.space").value == ["responses:PPA", "responses:PPA@TR34"]
    assert app.selectbox(key="maps.method").value == "tsne"
    app = computed(app)
    assert not app.exception
    assert not app.error
    quality = [line for line in texts(app).splitlines() if line.startswith("Trustworthiness")]
    assert len(quality) == 2
    assert quality[0] != quality[1]


def test_study_a_clusters_the_points_of_its_map():
    app = press(open_page("clusters", stimuli="80", subjects="2"), "Study A: clusters")
    assert app.segmented_control(key="clusters.source").value == "map"
    assert app.multiselect(key="roi").value == ["PPA"]
    assert app.selectbox(key="metric").options == ["euclidean"]
    app = computed(app)
    assert not app.exception
    assert not app.error
    assert "Trustworthiness" in texts(app)
    assert "map" in app.query_params["clusters.source"]


def test_study_d_takes_the_r2_rule_and_leaves_every_setting_changeable():
    app = computed(open_page("clusters", stimuli="80", subjects="2", metric="cosine"))
    app = computed(press(app, "Study D: clusters"))
    assert not app.exception
    assert app.selectbox(key="metric").value == "correlation"
    assert app.selectbox(key="clusters.k").value == "R² gain"
    app = app.selectbox(key="clusters.k").set_value("5").run()
    assert "**5 clusters**" in texts(app)


def test_rdms_alone_offer_no_study(data_root):
    app = open_page("clusters", recording="kriegeskorte92")
    assert not [button for button in app.button if button.label.startswith("Study")]


def test_each_room_declares_the_presets_of_its_page():
    for room in ("maps", "clusters", "decoders", "ablations", "rdm", "compare", "dissimilarity"):
        importlib.import_module(f"pages.shared.{room}.presets")
    assert {preset.page for preset in PRESETS.values()} == {
        "maps",
        "clusters",
        "train",
        "ablations",
        "rdm",
        "compare",
        "dissimilarity",
    }
    recording = datasets.load("simulated", stimuli=80, subjects=1)
    for preset in PRESETS.values():
        values = preset.settings(recording)
        assert values, preset.label
        if preset.page == "train":
            assert set(values) - {"roi", "train.head"} <= set(preset.defaults(values))
