"""Fixtures of the browser tests: one Chromium, one server on the real recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import browser
from tests.browser.server import server

Open = Callable[[str], Page]
# A machine that builds or trains at the same time answers late.
PATIENCE_MS = 120_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with browser() as launched:
        yield launched


@pytest.fixture(scope="session")
def address(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose data root holds the real recordings."""
    results = tmp_path_factory.mktemp("server") / "results"
    with server(realdata, results) as running:
        yield running


@pytest.fixture
def open_page(chromium: Browser, address: str) -> Iterator[Open]:
    """Open an address below the server's in a fresh session, which asks no other host."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    hosts = {}
    context.on(
        "request", lambda request: hosts.setdefault(urlsplit(request.url).netloc, request.url)
    )

    def opened(path: str) -> Page:
        page = context.new_page()
        page.goto(f"{address}/{path}")
        page.get_by_test_id("stApp").wait_for()
        return page

    yield opened
    context.close()
    # What the browser holds itself, such as data: and blob:, has none.
    own = {urlsplit(address).netloc, ""}
    assert {host: url for host, url in hosts.items() if host not in own} == {}
