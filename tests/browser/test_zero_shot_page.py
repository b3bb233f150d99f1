"""The page Zero-shot in a real browser: a click on a cell of the confusions opens its images."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Open = Callable[[str], Page]
DESIGN = "recording.stimuli=240&recording.subjects=1&roi=LOC"
TRAIN = f"train?{DESIGN}&train.embedding=pixels&train.head=ridge"
JOB_MS = 300_000


def test_a_click_on_a_cell_opens_its_images(open_page: Open):
    page = open_page(TRAIN)
    page.get_by_role("button", name=re.compile("^Train ")).click()
    expect(page.get_by_role("button", name="Scores (CSV)")).to_be_visible(timeout=JOB_MS)
    page.get_by_role("link", name="Zero-shot").click()
    page.get_by_role("button", name=re.compile("^Classify ")).first.click()
    answer = page.get_by_text(re.compile("Picks the right one of two images in"))
    expect(answer).to_be_visible(timeout=JOB_MS)
    labels = page.locator(".st-key-zero_shot_confusion g.ytick text")
    expect(labels.first).to_be_visible()
    before = page.get_by_text(re.compile("^Seen .*, nearest to .*: ")).inner_text()
    last = labels.last.text_content()
    # The diagonal's last cell: where the last row and the last column meet.
    box = page.locator(".st-key-zero_shot_confusion .nsewdrag").bounding_box()
    count = labels.count()
    side = (box["width"] / count, box["height"] / count)
    page.mouse.click(box["x"] + box["width"] - side[0] / 2, box["y"] + box["height"] - side[1] / 2)
    expect(page.get_by_text(f"Seen {last}, nearest to {last}")).to_be_visible()
    assert f"Seen {last}, nearest to {last}" not in before
    page.wait_for_url(re.compile(r"zero_shot\.\w+_(seen|nearest)="))
