"""Former addresses: every key that there was opens under the present one."""

from pathlib import Path

import pytest

from core import decoders, encoders, maps, splits
from core.datasets import DatasetInfo, catalogue
from core.registry import Parameter
from pages.shared.frame.address import SHARED, translate

FORMER = {
    "responses": {"roi_shown": "roi"},
    "rdm": {
        "roi": "roi",
        "metric": "metric",
        "published": "rdm.published",
        "combine": "rdm.combine",
        "noise": "rdm.noise",
        "order": "rdm.order",
        "colours": "rdm.colours",
        "scale": "rdm.scale",
        "show": "rdm.tab",
        "pairs": "rdm.pairs",
        "pick": "rdm.pick",
    },
    "maps": {
        "space": "maps.space",
        "map": "maps.method",
        "map_seed": "random_seed",
        "tsne.perplexity": "maps.tsne.perplexity",
        "umap.metric": "maps.umap.metric",
        "colour": "maps.colour",
        "unit": "maps.unit",
        "as_pictures": "maps.as_images",
        "as_images": "maps.as_images",
        "divide": "maps.groups_by",
        "side_a": "maps.group_a",
        "side_b": "maps.group_b",
        "point": "maps.point",
    },
    "clusters": {
        "of": "clusters.source",
        "of_roi": "roi",
        "distance": "metric",
        "k": "clusters.k",
        "k_seed": "random_seed",
        "show_clusters": "clusters.tab",
        "cluster": "clusters.cluster",
        "nearest": "clusters.nearest",
        "words": "clusters.words",
        "with": "clusters.column",
        "across": "clusters.across",
    },
    "encoders": {
        "encoder": "encoders.encoder",
        "clip-small.output": "encoders.clip-small.output",
        "which": "encoders.which",
        "query_by": "encoders.query",
        "found": "encoders.count",
        "q": "encoders.text",
        "like": "encoders.image",
        "beside": "roi",
        "show_encoders": "encoders.tab",
    },
    "train": {
        "train_rois": "roi",
        "target": "train.embedding",
        "target.pixels.side": "train.embedding.pixels.side",
        "head": "train.head",
        "mlp.width": "train.mlp.width",
        "loss": "train.loss",
        "infonce.temperature": "train.infonce.temperature",
        "weight.infonce": "train.weight.infonce",
        "split": "train.split",
        "category.test": "train.category.test",
        "train_seed": "random_seed",
        "fold": "train.fold",
        "train_subjects": "train.subjects",
        "train.epochs": "train.epochs",
        "protocol": "train.protocol",
        "decoder_filter": "train.filter",
        "only_here": "train.only_here",
    },
    "ground_truth": {
        "truth_roi": "roi",
        "truth_metric": "metric",
        "measure": "ground_truth.measure",
        "target": "ground_truth.target",
        "region": "ground_truth.region",
    },
}
EVERYWHERE = {
    "dataset": "recording",
    "subject": "subject",
    "job": "job",
    "stimuli": "recording.stimuli",
    "snr": "recording.snr",
    "seed": "recording.seed",
}
KEYS = [(page, *pair) for page, keys in FORMER.items() for pair in (keys | EVERYWHERE).items()]


@pytest.mark.parametrize(("page", "former", "present"), KEYS)
def test_a_former_key_opens_under_the_present_one(page, former, present):
    value = ["simulated"] if former == "dataset" else ["1", "2"]
    assert translate(page, {former: value}) == {present: value}
    assert translate(page, {present: value}) == {present: value}


@pytest.mark.parametrize(
    ("page", "key", "former", "present"),
    [
        ("responses", "roi_shown", "all units", ""),
        ("ground_truth", "truth_roi", "all units", ""),
        ("clusters", "of_roi", "every unit", ""),
        ("rdm", "combine", "joined", "concatenated"),
        ("encoders", "query_by", "picture", "image"),
        ("clusters", "show_clusters", "Contents", "Stimuli and labels"),
        ("clusters", "show_clusters", "How many", "Choosing k"),
        ("clusters", "show_clusters", "Composition", "Cross-tabulation"),
        ("clusters", "show_clusters", "Consistency", "Reproducibility"),
        ("encoders", "encoder", "brought:vgg16", "precomputed:vgg16"),
        ("encoders", "encoders.encoder", "brought:vgg16", "precomputed:vgg16"),
        ("encoders", "encoder", "clip:brought:x", "clip:brought:x"),
        ("train", "target", "brought:mine", "precomputed:mine"),
        ("maps", "space", "embedding:brought:a b", "embedding:precomputed:a b"),
    ],
)
def test_a_former_value_is_the_present_one(page, key, former, present):
    assert list(translate(page, {key: [former]}).values()) == [[present]]


def test_the_present_key_counts_where_both_are_there():
    address = {"metric": ["cosine"], "truth_metric": ["euclidean"]}
    assert translate("ground_truth", address) == {"metric": ["cosine"]}


def test_parameters_of_every_page_have_room():
    """A parameter of Train is below what it belongs to, whose names are never the same."""
    owners = [*decoders.HEADS, *decoders.LOSSES, *splits.KINDS, "weight", "embedding"]
    assert len(set(owners)) == len(owners)
    settings = {parameter.name for parameter in decoders.SETTINGS}
    assert not settings & {key.partition(".")[2] for key in FORMER["train"].values()} - {"epochs"}
    for ids in (maps.METHODS, encoders.ENCODERS, owners):
        assert not {"recording", *FORMER} & set(ids)


def test_options_are_those_of_the_recording_in_the_address(monkeypatch):
    names = (*SHARED, "order", "target", "side")
    options = tuple(Parameter(name, name, 1) for name in names)
    info = DatasetInfo("lab", "A lab", options=options, where=Path())
    registered = {**catalogue.DATASETS._entries, "lab": catalogue.Recording(info, lambda *_: None)}
    monkeypatch.setattr(catalogue.DATASETS, "_entries", registered)
    lab = {"recording": ["lab"]}
    assert translate("maps", {**lab, "order": ["2"]}) == {**lab, "recording.order": ["2"]}
    assert translate("rdm", {**lab, "order": ["2"]}) == {**lab, "rdm.order": ["2"]}
    assert translate("maps", {**lab, "roi": ["V1"]}) == {**lab, "roi": ["V1"]}
    assert translate("maps", {**lab, "stimuli": ["80"]}) == {**lab, "stimuli": ["80"]}
    assert translate("maps", {"order": ["2"]}) == {"order": ["2"]}
    assert translate("maps", {"dataset": ["lab"], "side": ["2"]}) == {
        **lab,
        "recording.side": ["2"],
    }


def test_what_is_no_former_address_stays():
    assert translate("overview", {"utm": ["x"], "order": ["category"]}) == {
        "utm": ["x"],
        "order": ["category"],
    }
    assert translate("maps", {"train.epochs": ["3"]}) == {"train.epochs": ["3"]}
