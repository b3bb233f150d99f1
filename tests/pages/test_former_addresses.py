"""Former addresses show the view that was meant, under an address of today."""

import pytest

from tests.pages.app import open_address, texts

RECORDING = {"dataset": "simulated", "stimuli": "80", "subjects": "2", "subject": "S2"}
PRESENT = {"recording.stimuli": "80", "recording.subjects": "2", "subject": "S2"}
VIEWS = {
    "overview": ({}, {}),
    "jobs": ({}, {}),
    "responses": ({"roi_shown": "LOC"}, {"roi": "LOC"}),
    "rdm": (
        {
            "roi": ["V2", "FFA"],
            "combine": "joined",
            "metric": "crossnobis",
            "noise": "diagonal",
            "order": "hierarchical",
            "colours": "gray",
            "scale": "percentile",
            "show": "Extreme pairs",
            "pairs": "3",
            "pick": ["man-01", "dog-01"],
        },
        {
            "roi": ["V2", "FFA"],
            "metric": "crossnobis",
            "rdm.noise": "diagonal",
            "rdm.order": "hierarchical",
            "rdm.colours": "gray",
            "rdm.scale": "percentile",
            "rdm.pairs": "3",
            "rdm.pick": ["man-01", "dog-01"],
        },
    ),
    "maps": (
        {
            "space": ["responses:LOC", "regions"],
            "map": "mds",
            "map_seed": "3",
            "mds.metric": "cosine",
            "colour": "unit",
            "unit": "2",
            "as_pictures": "true",
            "divide": "category",
            "side_a": "dog",
            "side_b": ["cat", "horse"],
            "point": "dog-01",
        },
        {
            "maps.space": ["responses:LOC", "regions"],
            "maps.method": "mds",
            "random_seed": "3",
            "maps.mds.metric": "cosine",
            "maps.colour": "unit",
            "maps.unit": "2",
            "maps.as_images": "true",
            "maps.groups_by": "category",
            "maps.group_a": "dog",
            "maps.group_b": ["cat", "horse"],
            "maps.point": "dog-01",
        },
    ),
    "clusters": (
        {"of": "voxels", "of_roi": "LOC", "distance": "cosine", "k": "3", "k_seed": "4"},
        {
            "clusters.source": "voxels",
            "roi": "LOC",
            "metric": "cosine",
            "clusters.k": "3",
            "random_seed": "4",
        },
    ),
    "encoders": (
        {
            "encoder": "pixels",
            "pixels.side": "16",
            "which": "stimuli",
            "query_by": "picture",
            "found": "24",
            "like": "dog-01",
        },
        {
            "encoders.encoder": "pixels",
            "encoders.pixels.side": "16",
            "encoders.which": "stimuli",
            # Pixels take no text: an image is the only way to search.
            "encoders.count": "24",
            "encoders.image": "dog-01",
        },
    ),
    "train": (
        {
            "train_rois": ["V1", "LOC"],
            "target": "pixels",
            "target.pixels.side": "16",
            "head": "mlp",
            "mlp.width": "64",
            "loss": ["infonce", "fuzzy"],
            "infonce.temperature": "0.2",
            "weight.fuzzy": "2",
            "split": "kfold",
            "kfold.k": "4",
            "fold": "2",
            "train_seed": "5",
            "train.epochs": "7",
            "decoder_filter": "mlp",
            "only_here": "false",
        },
        {
            "roi": ["V1", "LOC"],
            "train.embedding": "pixels",
            "train.embedding.pixels.side": "16",
            "train.head": "mlp",
            "train.mlp.width": "64",
            "train.loss": ["infonce", "fuzzy"],
            "train.infonce.temperature": "0.2",
            "train.weight.fuzzy": "2",
            "train.split": "kfold",
            "train.kfold.k": "4",
            "train.fold": "2",
            "random_seed": "5",
            "train.epochs": "7",
            "train.filter": "mlp",
            "train.only_here": "false",
        },
    ),
    "ground_truth": (
        {
            "truth_roi": "all units",
            "truth_metric": "cosine",
            "measure": "reliability",
            "target": "0.5",
            "region": "FFA-1",
        },
        {
            "roi": "",
            "metric": "cosine",
            "ground_truth.measure": "reliability",
            "ground_truth.target": "0.5",
            "ground_truth.region": "FFA-1",
        },
    ),
}


def widgets(app):
    """Value of every widget by its key, as an address says it."""
    kinds = (app.selectbox, app.multiselect, app.number_input, app.toggle, app.text_input)
    kinds += (app.segmented_control,)
    return {one.key: in_address(one.value) for kind in kinds for one in kind if one.key}


def in_address(value):
    if isinstance(value, list):
        return [str(part) for part in value] if len(value) > 1 else "".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(
        value, float
    ) else str(value)  # fmt: skip


@pytest.mark.parametrize("page", VIEWS)
def test_the_view_and_the_address(page):
    former, present = VIEWS[page]
    app = open_address(page, {**RECORDING, **former})
    assert not app.exception
    assert not app.error
    assert "There is no" not in texts(app)
    assert {k: v for k, v in app.query_params.items() if k != "job"} == {**PRESENT, **present}
    shown = widgets(app)
    unbound = {"rdm.pick", "maps.point", "job"}
    assert {key: shown[key] for key in present.keys() - unbound} == {
        key: value for key, value in present.items() if key not in unbound
    }


@pytest.mark.parametrize(
    ("page", "former", "said"),
    [
        ("rdm", {"roi": ["LOC", "V9"]}, "There is no ROI V9."),
        ("responses", {"roi_shown": "V9"}, "S2 has no ROI V9."),
        ("clusters", {"distance": "far"}, "There is no metric far here; correlation is taken."),
        ("train", {"train_seed": "-1"}, "random_seed is -1"),
        ("ground_truth", {"region": "V9"}, "S2 has no region V9."),
        ("overview", {"stimuli": "1"}, "stimuli is 1"),
    ],
)
def test_what_a_former_address_asks_in_vain_is_said(page, former, said):
    app = open_address(page, {**RECORDING, **former})
    assert not app.exception
    assert said in texts(app).replace("\\", "")
