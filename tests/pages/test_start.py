"""The start page: what this is, three doors with images, and what is on this machine."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from core import datasets
from core.datasets import DatasetInfo
from pages.shared.start import doors, here
from tests.pages.app import open_address, texts, write_folder


def html(app) -> str:
    return "\n".join(str(element.proto.body) for element in app.main.get("html"))


def hrefs(app) -> list[str]:
    return [href.replace("&amp;", "&") for href in re.findall(r'href="([^"]*)"', html(app))]


@pytest.fixture(scope="module")
def ds():
    return datasets.load("simulated")


def test_three_doors_each_with_three_images():
    app = open_address("start", {})
    assert not app.exception
    assert [title.value for title in app.title] == ["Neurogallery"]
    shown = html(app)
    cards = re.findall(r'<a class="door".*?</a>', shown, re.DOTALL)
    assert len(cards) == 3
    for card in cards:
        images = re.findall(r'<img src="(data:image/[^"]*)" alt="([^"]+)">', card)
        assert len(images) == 3
        assert all(len(uri) > 500 for uri, _ in images)
    pages = [urlsplit(href).path for href in hrefs(app)[:3]]
    assert pages == ["/rdm", "/retrieval", "/lessons"]


def test_the_doors_open_on_what_they_show(ds):
    app = open_address("start", {})
    first, second, _ = hrefs(app)[:3]
    rdm = open_address("rdm", parse_qs(urlsplit(first).query))
    assert rdm.multiselect(key="roi").value == [doors.ROI]
    assert rdm.selectbox(key="rdm.order").value == doors.ORDER
    assert {metric.label: metric.value for metric in rdm.metric}["Rank"] == "1"
    assert parse_qs(urlsplit(second).query) == {"retrieval.response": [doors.SEEN]}
    assert all(name in ds.gallery["id"].to_numpy() for name in doors.RETRIEVED)


def test_what_is_here_is_listed_with_a_line(data_root):
    write_folder(data_root, responses__s1=np.random.default_rng(0).standard_normal((12, 7)))
    app = open_address("start", {})
    assert "/overview?recording=folder%3Amine" in hrefs(app)
    assert "/overview?recording=simulated" in hrefs(app)
    assert "1,500 drawn scenes" in html(app)
    assert "recordings can be brought here" in texts(app)
    assert "No brain was recorded" in texts(app)


def test_a_line_is_one_sentence():
    info = DatasetInfo("x", "X", "Eight subjects, 3.5 T. And more.")
    assert here.first_sentence(info) == "Eight subjects, 3.5 T."
    assert here.first_sentence(DatasetInfo("x", "X")) == ""


@pytest.mark.parametrize(
    "address",
    [{"dataset": "simulated", "stimuli": "80"}, {"recording.stimuli": "80"}, {"subject": "S2"}],
)
def test_a_former_address_of_the_root_opens_overview(address):
    app = open_address("start", address)
    assert not app.exception
    assert [title.value for title in app.title] == ["Overview"]
    assert app.query_params.keys() & {"recording.stimuli", "subject"}
