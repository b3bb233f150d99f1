"""The page Components: a button first, what comes back, one component, its twins."""

import numpy as np
import pandas as pd
import pytest

from core import jobs
from core.components import reliability, subjects, texts
from tests.pages.app import open_page, until_done, write_folder
from tests.pages.app import texts as shown


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for module in (reliability, subjects, texts):
        monkeypatch.setattr(module, "PERMUTATIONS", 99)


def opened(**settings):
    app = open_page("components", stimuli="240", **settings)
    for button in [b for b in app.button if b.label.startswith("Components by")]:
        app = button.click().run()
    return until_done(app)


def test_it_says_how_many_come_back_and_what_was_shifted():
    app = opened()
    assert not app.exception
    words = shown(app)
    assert "components come back** in other stimuli" in words
    assert "25 columns had some and were raised" in words
    assert "Scores over up to 240 shared images" in words
    assert len(jobs.all_jobs()) == 1
    assert "Components" in shown(open_page("jobs", stimuli="240"))


def test_an_address_opens_a_component_of_units():
    app = opened(
        source="units of ROIs", roi=["LOC"], method="pca", k="3", component="2", order="variance"
    )
    assert not app.exception
    assert app.segmented_control(key="components.component").value == "2"
    assert "**Component 2**" in shown(app)
    assert app.number_input(key="components.k").value == 3


def test_texts_can_be_changed():
    app = opened(texts="pizza, lighthouse, a face", k="3")
    assert not app.exception
    assert "corrected for 3 texts" in shown(app)


def test_too_many_are_refused_in_words():
    app = opened(k="60")
    assert not app.exception
    assert "60 components of 240 stimuli and 25 units" in shown(app)


def test_on_noise_it_says_that_none_is_reliable(data_root):
    rng = np.random.default_rng(0)
    folder = write_folder(data_root, n=80, responses__s1=rng.standard_normal((240, 15)))
    names = pd.read_csv(folder / "stimuli.csv")["id"]
    trials = pd.DataFrame({"id": np.tile(names, 3)})
    trials.to_csv(folder / "responses" / "s1.csv", index=False)
    app = open_page("components", recording="folder:mine", source="units of ROIs")
    for button in [b for b in app.button if b.label.startswith("Components by")]:
        app = button.click().run()
    app = until_done(app)
    assert not app.exception
    assert "**None reliable.**" in shown(app)
