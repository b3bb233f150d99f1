"""Presets of studies A to D, from the button to the result, on a release of each recording.

The releases are small, but large enough that every set of a split holds two images.
"""

import functools

import pytest

import pages.shared.clusters.presets
import pages.shared.decoders.presets
import pages.shared.dissimilarity.presets
import pages.shared.maps.presets
import pages.shared.rdm.presets  # noqa: F401  (registers its presets, as those above)
from core import decoders
from core.clusters import job as clustering
from pages.shared.frame.presets import PRESETS
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
from tests.pages.app import computed, open_page, texts, until_done

TRAINING = ("Study A: attention", "Study A: CLIP-MUSED", "Study C")
V1 = ("Study B: V1", "Study B: V1, Euclidean")
# Of the heads, so that they are trained in a second; and of the training.
SMALL = {"width": 16, "hidden": 16, "depth": 1, "layers": 1, "heads": 2}
QUICK_MODELS = ["identity", "embedding_distance"]
EPOCHS, FEW = 2, (1, 2, 3)
# What the page says of presets that do not apply.
PAIRS = [preset.label for preset in PRESETS.values() if preset.page == "dissimilarity"]
V1_PAIRS = [label for label in PAIRS if "V1" in label]
NO_V1 = dict.fromkeys(V1, "needs an ROI called V1") | dict.fromkeys(
    V1_PAIRS, "needs an ROI called V1, and images, or embeddings of them"
)
NO_REGIONS = {"Study D: clusters": "needs 3 or more regions that the recording names"}
NO_IMAGES = dict.fromkeys(TRAINING, "has no images and no precomputed embedding to decode to")
NO_IMAGES |= dict.fromkeys(PAIRS, "images, or embeddings of them")


@pytest.fixture(autouse=True)
def few_clusters(monkeypatch):
    """Of the numbers of clusters that are tried, the first ones."""
    choose = clustering.choose_k

    def chosen(*arguments, **settings):
        return choose(*arguments, **{**settings, "ks": FEW})

    monkeypatch.setattr(clustering, "choose_k", chosen)


def released(module, **arguments):
    return functools.partial(module.write, **arguments)


# What writes the release, which presets do not apply and why, shares of rows in study C.
RELEASES = {
    "bold5000": (bold5000.write_2, NO_V1, (0.5, 0.0)),
    "algonauts2023": (released(algonauts2023, training=22), {}, (0.0, 0.0)),
    "nsd": (released(nsd, trials=36), {}, (0.0, 0.0)),
    "god": (released(god, more=12), {}, (0.5, 0.5)),
    "mosaic": (released(mosaic, with_images=True, more=22), {}, (0.0, 0.0)),
    "mosaic without images": (mosaic.write, NO_IMAGES, None),
    "laion_fmri": (released(laion_fmri, more=16), {}, (0.0, 0.0)),
    "things_fmri": (released(things_fmri, more=12), {}, (0.5, 0.0)),
    "bravl": (released(bravl, more=12), NO_V1 | NO_REGIONS, (0.5, 0.0)),
}


def offered(app, label):
    return next((button for button in app.button if button.label == label), None)


def train(app):
    """Train the small version of what is set, then score it: two jobs."""
    app.number_input(key="train.epochs").set_value(EPOCHS)
    head = app.selectbox(key="train.head").value
    for widget in app.number_input:
        name = str(widget.key).removeprefix(f"train.{head}.")
        if name in SMALL and name != widget.key:
            widget.set_value(SMALL[name])
    app = app.run()
    button = next(button for button in app.button if button.label.startswith("Train "))
    return until_done(until_done(button.click().run()))


@pytest.mark.parametrize("name", RELEASES)
def test_presets_run_end_to_end(name, data_root):
    write, lacking, shares = RELEASES[name]
    recording = name.split()[0]
    write(data_root / recording)
    for preset in PRESETS.values():
        if preset.page == "ablations":
            continue
        app = open_page(preset.page, recording=recording)
        button = offered(app, preset.label)
        if button is not None:
            app = button.click().run()
        if preset.label in lacking:
            assert lacking[preset.label] in texts(app)
            continue
        if preset.page == "dissimilarity":  # its networks have tests of their own
            app = app.multiselect(key="dissimilarity.models").set_value(QUICK_MODELS).run()
        app = train(app) if preset.page == "train" else computed(app)
        assert not app.exception
        assert not app.error, (preset.label, [each.value for each in app.error])
        assert "two-way" in texts(app) or preset.page != "train"
        if preset.label == "Study D: clusters" and name in ("nsd", "god"):
            assert app.segmented_control(key="clusters.source").value == "single trials"
    if shares is not None:
        [config] = [
            entry.facts["config"]
            for entry in decoders.entries()
            if entry.facts["config"]["head"] == "roi_transformer"
        ]
        assert (config["training"]["virtual"], config["training"]["library"]) == shares
