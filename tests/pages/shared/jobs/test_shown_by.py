"""A finished job opens the page that shows its result, set so that it asks for the same."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import parse_qs

import pytest

from core import datasets, decoders, jobs, operations, rsa
from core.clusters import ClustersRequest, ConsistencyRequest
from core.datasets import Reference
from core.decoders import Config, EvaluateRequest, TrainRequest
from core.dissimilarity import DissimilarityRequest
from core.encoders.job import EncodeRequest
from core.ensembles import EnsembleRequest
from core.maps import MapRequest
from core.rdm import RdmRequest
from core.recovery import RecoveryRequest
from core.rsa.job import CompareRequest
from core.rsa.sources import of_rois
from core.zero_shot import ZeroShotRequest
from pages.shared.jobs.opening import result_address
from pages.shared.jobs.shown_by import VIEWS, result_view
from tests.pages.app import open_address, open_page
from tests.pages.shared.frame.counting import end

OPTIONS = {"stimuli": 80, "subjects": 2, "snr": 0.4}
# Until some page turns it into an address.
NOWHERE = {"ablation"}


@pytest.fixture(scope="module")
def ds():
    return datasets.load("simulated", "S2", **OPTIONS)


@pytest.fixture
def asked_for(monkeypatch):
    """The jobs that pages look for, by operation and request."""
    every, find = [], jobs.find

    def note(operation, request):
        every.append((operation, json.loads(json.dumps(request))))
        return find(operation, request)

    monkeypatch.setattr(jobs, "find", note)
    return every


def submitted(request):
    job = jobs.submit(request.operation, request.to_json(), request.device())
    end(job, key=None)
    return job


def show_result(job):
    """Follow the link of page Jobs."""
    links = [html.unescape(each.value) for each in open_page("jobs", recording="simulated").html]
    [href] = re.findall('href="(.*?)">Show result', "".join(links))
    page, _, query = href.strip("/").partition("?")
    assert f"{page}?{query}" == result_address(job)
    app = open_address(page, parse_qs(query, keep_blank_values=True))
    assert not app.exception
    return app


def requests(ds):
    own = Reference.of(ds)
    yield ClustersRequest.of([ds], source="voxels", roi=("LOC",), metric="euclidean", seed=3)
    across = {"across": "k", "ks": (2, 3, 4)}
    yield ConsistencyRequest.of([ds], metric="euclidean", seed=1, **across)
    yield EncodeRequest.of(ds, "pixels", "stimuli", {"side": 16})
    yield RecoveryRequest({**own.options}, "V4", "euclidean")
    models = [each for each in rsa.available(ds) if each.kind != "roi"][1:3]
    compared = {"metric": "euclidean", "method": "kendall", "samples": 200, "seed": 4}
    yield CompareRequest.of(ds, [of_rois(["LOC"], "")], models, ("S2",), **compared)
    pairs = {"rois": (("LOC", "FFA"),), "metrics": ("euclidean",), "embeddings": ("pixels",)}
    yield DissimilarityRequest(own, models=("mlp", "ridge"), images=60, seed=2, **pairs)


@pytest.mark.parametrize("number", range(6))
def test_the_page_asks_for_the_same(ds, asked_for, number):
    request = list(requests(ds))[number]
    job = submitted(request)
    own = job.request
    show_result(job)
    asked = [values for operation, values in asked_for if operation == request.operation]
    if request.operation == "consistency":  # behind the clusters, which are not there yet
        shown = ("source", "metric", "seed", "subject", "options")
        [values] = [values for operation, values in asked_for if operation == "clusters"][-1:]
        assert {n: values[n] for n in shown} == {n: own[n] for n in shown}
    else:
        assert own in asked, [
            {n: (v.get(n), own.get(n)) for n in v.keys() | own.keys() if v.get(n) != own.get(n)}
            for v in asked
        ]


def test_an_rdm_and_a_map_which_pages_compute_at_once(ds):
    job = submitted(RdmRequest(Reference.of(ds), ("LOC", "V1"), "euclidean", order="category"))
    app = show_result(job)
    job.remove()
    assert app.title[0].value == "RDM"
    assert app.multiselect(key="roi").value == ["LOC", "V1"]
    assert app.selectbox(key="metric").value == "euclidean"
    assert app.selectbox(key="rdm.order").value == "category"
    assert app.selectbox(key="subject").value == "S2"
    assert app.number_input(key="recording.stimuli").value == 80
    parameters = {"perplexity": 7.0}
    job = submitted(
        MapRequest(Reference.of(ds), "responses", {"roi": "LOC"}, "tsne", parameters, seed=5)
    )
    app = show_result(job)
    assert app.title[0].value == "Maps"
    assert app.multiselect(key="maps.space").value == ["responses:LOC"]
    assert app.number_input(key="maps.tsne.perplexity").value == 7.0
    assert app.number_input(key="random_seed").value == 5


def test_a_decoder(ds, asked_for):
    options = Reference.of(ds).options
    config = Config("simulated", ("S2",), options, ("LOC",), "pixels", head="linear", seed=6)
    job = submitted(TrainRequest(config))
    own = job.request
    app = show_result(job)
    assert app.title[0].value == "Train"
    assert own in [values for operation, values in asked_for if operation == "train"]
    assert app.number_input(key="random_seed").value == 6


def test_scores_and_analyses_of_the_examples():
    example = decoders.load(decoders.examples()[0].key)
    job = submitted(EvaluateRequest.of(example))
    app = show_result(job)
    assert app.title[0].value == "Train"
    assert app.selectbox(key="train.head").value == "linear"
    job.remove()
    app = show_result(submitted(EvaluateRequest.of(example, "names")))
    assert app.title[0].value == "Zero-shot"
    assert app.selectbox(key="zero_shot.prototypes").value == "text prompts"
    view = result_view(submitted(ZeroShotRequest.of(example, "both")))
    assert view.settings["zero_shot.prototypes"] == "both"
    [name] = view.settings["zero_shot.decoder"]
    assert name == f"{decoders.short_name(example.key, 'linear')}, infonce"


def test_an_average_opens_its_first_member_with_the_others_chosen():
    keys = [entry.key for entry in decoders.examples()[:2]]
    request = EnsembleRequest(tuple(keys), "simulated")
    app = show_result(submitted(request))
    first, other = map(decoders.load, request.runs)
    assert app.title[0].value == "Train"
    assert app.selectbox(key="train.head").value == first.config.head
    name = f"{decoders.short_name(other.key, other.config.head)}, "
    [chosen] = result_view(submitted(request)).settings["train.ensemble"]
    assert chosen.startswith(name)


def test_what_no_page_shows_has_no_button(ds):
    subset = ds.subset(ds.stimuli["id"].to_list()[:20])
    few = ClustersRequest.of([ds], ks=(2, 3))
    several = DissimilarityRequest(Reference.of(ds), metrics=("cosine", "euclidean"))
    for request in (RdmRequest(Reference.of(subset), ("LOC",)), few, several):
        assert result_view(submitted(request)) is None
    gone = jobs.submit("evaluate", {"run": "decoder-" + "0" * 32})
    former = jobs.submit("clusters", {"nothing": "of this version"})
    unknown = jobs.submit("baking", {"cake": "lemon"})
    for job in (gone, former, unknown):
        end(job)
        assert result_view(job) is None
    app = open_page("jobs", recording="simulated")
    assert not app.exception
    assert not [each for each in app.html if "Show result" in each.value]


def test_what_is_gone_is_said_by_the_page_or_has_no_link():
    app = show_result(submitted(RdmRequest(Reference("folder:gone", None), ("LOC",))))
    assert "There is no stimuli.csv" in "".join(error.value for error in app.error)
    config = Config("simulated", ("S1",), encoder="clip-small")
    values = TrainRequest(config).to_json()
    values["config"]["encoder"] = "clip:gone"
    job = jobs.submit("train", values)
    end(job)
    assert result_address(job) == ""


def test_every_operation_is_shown_or_named():
    builtin = {name for name in operations.OPERATIONS if not name.startswith("test")}
    assert set(VIEWS) | NOWHERE == builtin
