"""The control 'Export figure' in a real Chromium: a file of the size of a journal."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.real]


def test_a_matrix_is_downloaded_at_the_width_of_a_column(open_page: Open, tmp_path: Path) -> None:
    page = open_page("rdm?roi=LOC&recording.stimuli=120&recording.subjects=2")
    page.locator("canvas").first.wait_for()
    page.get_by_role("button", name="Export figure").click()
    popover = page.get_by_test_id("stPopoverBody")
    popover.get_by_label("Size").click()
    page.get_by_role("option", name="Cell Press, single column").click()
    expect(popover.get_by_label("Width, mm")).to_have_value(re.compile(r"^85"))
    expect(popover.get_by_text("85 mm wide.")).to_be_visible()
    with page.expect_download() as download:
        popover.get_by_role("button", name="Download SVG").click()
    file = tmp_path / "figure.svg"
    download.value.save_as(file)
    assert download.value.suggested_filename == "rdm-of-loc.svg"
    root = ET.parse(file).getroot()
    width = float(str(root.get("width")).removesuffix("pt")) * 25.4 / 72
    assert width == pytest.approx(85, abs=0.01)
    texts = {"".join(element.itertext()).strip() for element in root.iter() if element.text}
    assert "RDM of LOC" in texts
    assert any("(simulated)" in text for text in texts)
