"""The page Cortex: a schematic for simulated units, a surface for those on fsaverage."""

import numpy as np
import pytest

from core.cortex.fsaverage import VERTICES
from core.datasets.recordings import algonauts2023
from pages.shared.components.cortex import cortex as component
from tests.core.datasets.layouts.algonauts2023 import write
from tests.pages.app import open_page, texts


def test_simulated_units_stand_on_a_schematic_and_it_says_why():
    app = open_page("cortex", map="reliability", unit="12")
    assert not app.exception
    words = texts(app)
    assert "these units were simulated, and lie on sheets of their regions" in words
    assert "**Unit 12** (V1 + V1v)" in words


def test_a_map_of_what_is_not_there_says_what_to_do():
    assert "Fit an encoding model on page Encoding first" in texts(
        open_page("cortex", map="encoder")
    )
    assert "Cluster the region means" in texts(open_page("cortex", map="cluster"))
    app = open_page("cortex", repeats="1")
    assert not app.exception
    assert "There is no noise ceiling" in texts(app)


def test_a_unit_out_of_range_is_left_out_of_the_address():
    app = open_page("cortex", unit="1000000")
    assert not app.exception
    assert "**Unit" in texts(app)


def test_units_on_fsaverage_stand_on_the_surface(data_root, monkeypatch):
    write(data_root / "algonauts2023", ("subj01",))
    monkeypatch.setattr(algonauts2023, "FSAVERAGE", 90)
    app = open_page("cortex", recording="algonauts2023", map="response")
    assert not app.exception
    words = texts(app)
    assert "vertex" in words
    assert "of its 20,484 vertices have a value" in words
    flat = open_page(
        "cortex", recording="algonauts2023", map="response", view="flat", way="at the vertex"
    )
    assert not flat.exception
    assert "fsaverage5, at the vertex" in texts(flat)


def test_values_are_sent_in_steps_and_nothing_is_the_last():
    values = np.array([[0.0, 0.5, 2.0], [-1.0, np.nan, 1.0]])
    steps = component.steps(values, (0.0, 1.0))
    assert steps.tolist() == [[0, 32767, 65534], [0, 65535, 65534]]
    assert steps.dtype == np.dtype("<u2")


def test_geometry_and_maps_are_small_enough():
    rng = np.random.default_rng(0)
    assert len(component._geometry()) < 450_000
    full = component._packed(component.steps(rng.random((2, VERTICES)), (0, 1)))
    assert len(full) < 56_000


@pytest.mark.parametrize("missing", ["kriegeskorte92"])
def test_rdms_alone_have_no_cortex(missing, realdata, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(realdata))
    app = open_page("cortex", recording=missing)
    assert not app.exception
    assert "a map of the cortex needs responses" in texts(app)
