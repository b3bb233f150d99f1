"""Opening a page on an empty results folder: no long work starts, and what it shows is there."""

import pytest

from core import jobs
from tests.pages.app import PAGES, open_address, texts

# What only the job of a page could show, and comes with the project.
READY = {
    "clusters": ({}, "clusters** of 1,500 rows"),
    "compare": ({}, "noise ceiling"),
    "dissimilarity": ({}, "test images of the image split"),
    "ground_truth": ({}, "The smallest value on each curve"),
    "maps": ({"maps.method": "tsne"}, "Trustworthiness"),
    "train": ({}, "Intervals are over"),
    "zero_shot": ({}, "Picks the right one of two images"),
}
# Of other settings nothing comes along: it is offered.
OFFERS = {
    "clusters": "Clustering regions with 2 to 20 clusters, about ",
    "dissimilarity": "Fit 10 models, ",
    "ground_truth": "Simulating recordings of other designs, about ",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_at_first_starts_no_job(page):
    app = open_address(page, {})
    assert not app.exception
    assert jobs.all_jobs() == []


@pytest.mark.parametrize("page", READY)
def test_what_a_page_shows_at_first_comes_along(page):
    address, shown = READY[page]
    app = open_address(page, address)
    assert not app.exception
    assert shown in texts(app)


@pytest.mark.parametrize("page", OFFERS)
def test_long_work_of_other_settings_is_a_button_with_its_time(page):
    app = open_address(page, {"recording.seed": "1"})
    assert not app.exception
    assert jobs.all_jobs() == []
    assert [button.label for button in app.button if button.label.startswith(OFFERS[page])]
