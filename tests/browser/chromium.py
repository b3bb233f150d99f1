"""Find a Chromium for the browser tests; as a module, make sure there is one."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--use-gl=swiftshader",
    "--enable-webgl",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def installed() -> str | None:
    """Path of an installed Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium: the installed one, else Playwright's own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
        yield launched
        launched.close()


def main() -> int:
    with sync_playwright() as playwright:
        if installed() or Path(playwright.chromium.executable_path).exists():
            return 0
    download = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(download, check=False).returncode == 0:
        return 0
    print("The browser tests need Chromium: install it, e.g. apt install chromium", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
