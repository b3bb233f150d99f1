"""The page Train in a real browser: train, find again after a reload, cancel, go on."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Open = Callable[[str], Page]
ADDRESS = "train?recording.stimuli=240&recording.subjects=1&roi=LOC&train.embedding=pixels"
JOB_MS = 300_000


def start(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Train ")).click()
    page.wait_for_url(re.compile("job=train-"))


def test_a_head_is_trained_and_found_again_after_a_reload(open_page: Open):
    page = open_page(
        f"{ADDRESS}&train.head=mlp&train.mlp.width=512&train.epochs=12&train.patience=12"
    )
    start(page)
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile("epoch .* of 12 kept"))).to_be_visible(timeout=JOB_MS)
    expect(page.get_by_role("button", name="Scores (CSV)")).to_be_visible(timeout=JOB_MS)
    expect(page.get_by_text("Two-way identification (validation)").first).to_be_visible()


def test_a_cancelled_training_keeps_its_curve_and_goes_on(open_page: Open):
    page = open_page(f"{ADDRESS}&train.head=linear&train.epochs=2000&train.patience=2000")
    start(page)
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    resume = page.get_by_role("button", name="Resume")
    losses = page.locator(".legendtext", has_text="validation").first
    expect(losses).to_be_visible()
    cancel.click()
    expect(resume).to_be_visible()
    expect(losses).to_be_visible()
    resume.click()
    expect(cancel).to_be_visible()
    cancel.click()
    expect(resume).to_be_visible()
