"""Page Predict dissimilarity in a real Chromium, on macaque V4: the switch shows the leak."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.real]
# Nothing learned and identity only are always among the models.
ADDRESS = (
    "dissimilarity?recording=folder:v4_210325&metric=euclidean&dissimilarity.images=100"
    "&dissimilarity.models=ridge&dissimilarity.embedding=pixels&dissimilarity.model=Identity+only"
)
JOB_MS = 300_000


def test_leaked_pairs_are_predicted_without_images(open_page: Open):
    page = open_page(ADDRESS)
    page.get_by_role("button", name=re.compile("^Fit 3 models")).first.click()
    expect(page.get_by_text(re.compile("test images is in a training pair"))).to_be_visible(
        timeout=JOB_MS
    )
    score = page.get_by_text(re.compile("^Unseen pairs: "))
    expect(score).to_contain_text(re.compile(r"R² [-−]"))
    page.get_by_role("radio", name="Pairs leaked").click()
    expect(page.get_by_text(re.compile("The split leaks"))).to_be_visible()
    expect(score).to_contain_text(re.compile(r"R² 0?\.[2-9]"))
    expect(page.locator(".st-key-dissimilarity_worst img").first).to_be_visible()
