"""Requests: ids of jobs and keys of results as ever, old JSON, one line where it is wrong."""

from __future__ import annotations

import json

import pytest

import core.decoders.map_source  # noqa: F401  (registers the space of decoders)
from core import datasets, jobs, operations, store
from core.clusters import ClustersRequest, ConsistencyRequest
from core.datasets import Reference
from core.datasets.download.job import FetchRequest
from core.decoders import AuditRequest, Config, EvaluateRequest, TrainRequest
from core.decoders.folds_job import FoldsRequest
from core.encoders import EncodeRequest
from core.errors import InputError, NotFoundError
from core.maps import MapRequest
from core.rdm import RdmRequest
from core.recovery import RecoveryRequest

DESIGN = {"stimuli": 80, "subjects": 2}
RUN = "decoder-" + "0123456789abcdef" * 2

# Computed when pages built the requests as dicts: jobs and results of then are found today.
IDS_AND_KEYS = {
    "rdm": ("rdm-eff783c08e9a8cc0", "rdm-43944eb5cb46964aa72708337be477d6"),
    # Computed anew: folds were repeats, and noise came from the responses that it divides.
    "rdm of some": ("rdm-fa17a503c06875a8", "rdm-be1520c437eeb849945076ce77b7885f"),
    "map": ("map-c77d6e1cd4fc88cc", "map-afe8eb44ee240294b7b594260901b3e4"),
    "map of regions": ("map-90e0de0ac251c191", "map-e33ee5cc16b5f76ab81d38140a5d9fe5"),
    "map of embedding": ("map-cfa88c303327ac76", "map-88e15e1bd454a5ca60b98199f10b8a22"),
    "map of decoder": ("map-a0916a5e891fe4ed", "map-36eee3f9b1961f29034982bbc160d7d6"),
    "clusters": ("clusters-ef6791c6cd418de9", "clusters-588658fe14f6a3c64b5a64de003ec9b7"),
    "clusters of units": ("clusters-4d40bce7270cfb4d", "clusters-1f70e5d8829d6c30fcaca96316d23a9c"),
    "clusters of a map": ("clusters-6fe7b115d6f6fc74", "clusters-5245fd71ffb6316e4daa30a42f70a2f4"),
    "clusters, pooled": ("clusters-ec739a065e711d60", "clusters-dd9b58fd92d58ca082385737e74b2888"),
    "consistency": ("consistency-143fc5ee19e3cbd8", "consistency-a0e8b4a4da8099cb9bb8fe2288690b3f"),
    "consistency over k": (
        "consistency-5a6ecfe932e6f0df",
        "consistency-e3161b9a0814404f59ed35c7ae19fbcd",
    ),
    "encode": ("encode-8c25f29d938531ee", "encode-f24b4112e23ad9a78c180fb3cc9eb672"),
    "ground truth": (
        "ground_truth-268145790b2f02fd",
        "ground_truth-86de25b16c19e0ace64edc28e129dcbe",
    ),
    "train": ("train-e8d5bc45ee46442d", None),
    "train to precomputed": ("train-050ad9c33a3d7f1b", None),
    "evaluate": ("evaluate-099fc4fe27282b0d", "scores-a95b1fb2ddf32f0b5031f91ab53f1782"),
    "fetch": ("fetch-9291757c47607a5b", None),
}  # fmt: skip


@pytest.fixture(scope="module")
def opened():
    return [datasets.load("simulated", subject, **DESIGN) for subject in ("S1", "S2")]


@pytest.fixture(scope="module")
def requests(opened):
    first, second = map(Reference.of, opened)
    some = Reference.of(opened[0].subset(opened[0].stimuli["id"].tolist()[:10]))
    config = Config("simulated", ("S1",), first.options, ("V1",), "pixels", head="ridge")
    return {
        "rdm": RdmRequest(first, ("V1", "FFA"), order="hierarchical"),
        "rdm of some": RdmRequest(some, (), "crossnobis", "diagonal"),
        "map": MapRequest(first, "responses", {"roi": "V1"}, "tsne", {"perplexity": 10.0}, 3),
        "map of regions": MapRequest(second, "regions", method="umap"),
        "map of embedding": MapRequest(first, "embedding", {"encoder": "pixels"}, "mds"),
        "map of decoder": MapRequest(first, "decoder", {"run": RUN}, "pca", space="my decoder"),
        "clusters": ClustersRequest((first,)),
        "clusters of units": ClustersRequest((first,), "voxels", metric="euclidean", seed=4),
        "clusters of a map": ClustersRequest((first,), "map", ("LOC",), "euclidean"),
        "clusters, pooled": ClustersRequest((first, second), "pooled"),
        "consistency": ConsistencyRequest.of(opened, across="subjects", k=3),
        "consistency over k": ConsistencyRequest(
            (first,), "voxels", ("V1",), "cosine", 1, across="k", ks=(2, 3, 4)
        ),
        "encode": EncodeRequest.of(opened[0], "pixels", "stimuli", {"side": 16}),
        "ground truth": RecoveryRequest(first.options),
        "train": TrainRequest(config),
        "train to precomputed": TrainRequest(
            Config("simulated", ("S1",), first.options, ("V1",), "precomputed:vgg", head="ridge")
        ),
        "evaluate": EvaluateRequest(RUN, head="ridge", dataset="simulated"),
        "fetch": FetchRequest("kriegeskorte92"),
    }


@pytest.mark.parametrize("name", IDS_AND_KEYS)
def test_jobs_and_results_of_earlier_versions_are_found(requests, name):
    request = requests[name]
    values = json.loads(json.dumps(request.to_json()))
    job_id = f"{request.operation}-{store.fingerprint(request.operation, values)[:16]}"
    assert (job_id, request.key()) == IDS_AND_KEYS[name]


@pytest.mark.parametrize("name", IDS_AND_KEYS)
def test_a_request_survives_its_json(requests, name):
    request = requests[name]
    again = type(request).from_json(json.loads(json.dumps(request.to_json())))
    assert again == request
    assert again.to_json() == request.to_json()
    assert again.key() == request.key()
    assert again.label.split(" of ")[0] == request.label.split(" of ")[0]


@pytest.mark.parametrize("name", IDS_AND_KEYS)
def test_every_operation_reads_its_requests(requests, name):
    operation = operations.get(requests[name].operation)
    assert operation.label
    assert operation.describe(requests[name].to_json())
    assert issubclass(type(requests[name]), jobs.Request)


def test_requests_of_a_config_keep_their_jobs():
    """Computed while each of the three wrote its values on its own."""
    precomputed = Config(
        "simulated", ("S1",), {}, ("V1",), "precomputed:vgg", head="linear", fold=2
    )
    for kind, content in {
        TrainRequest: "99525d235eb77d75",
        AuditRequest: "ac359696287c1d09",
        FoldsRequest: "0c797a4f26a3943d",
    }.items():
        request = kind(precomputed)
        values = json.loads(json.dumps(request.to_json()))
        assert store.fingerprint(request.operation, values)[:16] == content
        assert kind.from_json(values) == request
    assert FoldsRequest(precomputed).config.fold == 0


def test_prompts_enter_a_request_only_where_they_count():
    """Computed before there were prompts."""
    usual = EvaluateRequest(RUN, "names")
    assert usual.to_json() == {"run": RUN, "head": "", "dataset": "", "prototypes": "names"}
    assert usual.key() == "scores-c55ce1d468623062985d022afafb1262"
    assert EvaluateRequest(RUN, "images", prompts=("a {}",)) == EvaluateRequest(RUN)
    own = EvaluateRequest(RUN, "names", prompts=(" a {} ", "a {}"))
    assert own.prompts == ("a {}",)
    assert EvaluateRequest.from_json(json.loads(json.dumps(own.to_json()))) == own
    keys = {own.key(), EvaluateRequest(RUN, "both", prompts=("a {}",)).key(), usual.key()}
    assert len(keys) == 3
    with pytest.raises(InputError, match=r"The prompt 'a' has no \{\}"):
        EvaluateRequest(RUN, "both", prompts=("a",))


def test_labels_say_what_is_computed(requests):
    assert requests["rdm"].label == "RDM of V1 + FFA, correlation"
    assert requests["rdm of some"].label == "RDM of every unit, crossnobis"
    assert requests["map of decoder"].label == "PCA of my decoder"
    assert requests["clusters"].label == "Clustering regions with 2 to 20 clusters"
    assert requests["encode"].label == "Encode 80 stimuli with pixels"
    assert requests["fetch"].label == "Download kriegeskorte92"


def test_requests_of_less_mean_the_defaults(opened):
    recording = {"dataset": "simulated", "subject": "S1", "options": DESIGN}
    assert RdmRequest.from_json({**recording, "rois": "V1"}).rois == ("V1",)
    assert MapRequest.from_json({**recording, "source": "regions", "roi": None}).seed == 0
    assert ClustersRequest.from_json(recording).ks == tuple(range(2, 21))
    assert EncodeRequest.from_json({**recording, "encoder": "pixels"}).which == "stimuli"
    assert EvaluateRequest.from_json({"run": RUN, "prototypes": "pictures"}).prototypes == "images"
    pooled = {**recording, "subjects": ["S1", "S2"], "source": "pooled", "roi": ["V1"]}
    assert [ds.subject for ds in ClustersRequest.from_json(pooled).open()] == ["S1", "S2"]


RECORDING = {"dataset": "simulated"}


@pytest.mark.parametrize(
    ("request_type", "values", "says"),
    [
        (RdmRequest, {}, "dataset"),
        (RdmRequest, {**RECORDING, "rois": [3]}, "list of names"),
        (RdmRequest, {**RECORDING, "metric": "likeness"}, "Choices: .*correlation"),
        (RdmRequest, {**RECORDING, "region": "V1"}, "'region'.*Choices: .*rois"),
        (RdmRequest, {**RECORDING, "options": ["snr"]}, "options is.*values by name"),
        (RdmRequest, [], "values by name"),
        (MapRequest, RECORDING, "no 'source'"),
        (MapRequest, {**RECORDING, "source": "regions", "method": "som"}, "'som'.*tsne"),
        (MapRequest, {**RECORDING, "source": "regions", "seed": -1}, "seed is -1"),
        (ClustersRequest, {**RECORDING, "ks": 3}, "ks is 3.*list"),
        (ClustersRequest, {**RECORDING, "ks": [0]}, "k is 0"),
        (ClustersRequest, {**RECORDING, "most": "many"}, "most is 'many'"),
        (ConsistencyRequest, RECORDING, "no 'across'"),
        (ConsistencyRequest, {**RECORDING, "across": "regions"}, "subjects, k"),
        (ConsistencyRequest, {**RECORDING, "across": "subjects"}, "k is 0"),
        (EncodeRequest, RECORDING, "no 'encoder'"),
        (EncodeRequest, {**RECORDING, "encoder": "pixels", "which": "all"}, "stimuli, gallery"),
        (RecoveryRequest, {"metric": "correlation"}, "no 'options'"),
        (RecoveryRequest, {"options": {}, "roi": ["V1"], "metric": "correlation"}, "a name"),
        (TrainRequest, {}, "no 'config'"),
        (TrainRequest, {"config": {"dataset": "simulated", "mood": 1}}, "'mood'"),
        (EvaluateRequest, {"run": RUN, "prototypes": "words"}, "images, names"),
        (FetchRequest, {"name": None}, "no 'name'"),
    ],
)
def test_a_wrong_request_says_so_in_one_line(request_type, values, says):
    with pytest.raises((InputError, NotFoundError), match=says) as caught:
        request_type.from_json(values)
    assert "\n" not in str(caught.value)


def test_a_recording_is_named_by_its_reference(opened):
    ds = opened[0]
    reference = Reference.of(ds)
    assert reference.open() is ds
    again = Reference.from_json(json.loads(json.dumps(reference.to_json())))
    assert again == reference
    assert again.open() is again.open()
    assert again.open().fingerprint == ds.fingerprint


def test_some_stimuli_are_opened_in_the_order_that_is_asked_for(opened):
    ids = opened[0].stimuli["id"].tolist()[:5][::-1]
    reference = Reference("simulated", "S1", DESIGN, tuple(ids))
    assert reference.open().stimuli["id"].tolist() == ids
    seen = Reference("simulated", "S1", DESIGN, (*ids, "unicorn"))
    assert seen.open_seen().stimuli["id"].tolist() == ids[::-1]
    with pytest.raises(NotFoundError, match="unicorn"):
        Reference("simulated", "S1", DESIGN, (*ids, "unicorn")).open()
