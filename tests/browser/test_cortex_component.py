"""The cortex in a real browser: drawn, turned, pointed at, and small to send."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.browser.server import serving

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1024, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    with serving(Path(__file__).with_name("cortex_app.py"), {}, tmp_path) as address:
        opened = context.new_page()
        opened.goto(address)
        below = opened.get_by_role("button", name="Below")
        expect(below).to_have_attribute("aria-pressed", "true")
        yield opened
    context.close()


def pixels(page: Page) -> np.ndarray:
    picture = page.locator(".cortex canvas").screenshot()
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


def coloured(page: Page) -> float:
    """Share of pixels with a colour that is no grey."""
    return float((np.ptp(pixels(page), axis=2) > 40).mean())


def test_it_is_drawn_turned_and_pointed_at(page: Page):
    canvas = page.locator(".cortex canvas")
    expect(canvas).to_have_attribute("aria-label", "A test, 10242 vertices")
    below = coloured(page)
    assert 0.02 < below < 0.6
    page.get_by_role("button", name="Behind").click()
    expect(page.get_by_role("button", name="Behind")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(200)
    assert coloured(page) > below
    canvas.focus()
    page.keyboard.press("1")
    expect(page.get_by_role("button", name="Side")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("3")
    page.wait_for_timeout(200)
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    expect(page.locator(".readout")).to_have_text("right back 0.5")
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    expect(page.get_by_text("side 1, behind True")).to_be_visible()


def test_flat_keeps_the_values_and_another_map_is_small(page: Page):
    sent: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.webSocketFrameReceived",
        lambda event: sent.append(len(event["response"]["payloadData"]) * 3 // 4),
    )
    page.get_by_text("flat", exact=True).click()
    expect(page.get_by_role("button", name="Behind")).to_be_disabled()
    page.wait_for_timeout(500)
    assert coloured(page) > 0.02
    sent.clear()
    before = pixels(page)
    page.get_by_label("Level").fill("0.9")
    page.get_by_label("Level").press("Enter")
    page.wait_for_function("() => true")
    page.wait_for_timeout(1500)
    assert np.abs(pixels(page) - before).max() > 40
    assert 0 < sum(sent) < 60_000
