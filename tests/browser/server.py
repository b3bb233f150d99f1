"""A Neurogallery server of its own for a test, on a free port."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def server(data: Path, results: Path) -> Iterator[str]:
    """Serve the app on the given folders; yields its address."""
    folders = {"NEUROGALLERY_DATA": str(data), "NEUROGALLERY_RESULTS": str(results)}
    with serving(PROJECT / "app.py", folders, results.parent) as address:
        yield address


@contextlib.contextmanager
def serving(
    script: Path, environment: Mapping[str, str], folder: Path, base: str = ""
) -> Iterator[str]:
    """Serve a script of Streamlit below a path; its log stands in a folder. Yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    log = folder / f"server-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *command,
                "--server.headless=true",
                "--server.fileWatcherType=none",
                f"--server.baseUrlPath={base}",
            ],
            cwd=PROJECT,
            env={**os.environ, **environment, "PYTHONPATH": str(PROJECT)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://localhost:{port}/{base}".rstrip("/")
            _wait(f"{address}/_stcore/health", log)
            yield address
        finally:
            process.terminate()
            process.wait(120)


def _wait(address: str, log: Path, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(address, timeout=2).close()
            return
        time.sleep(0.1)
    raise TimeoutError(f"The server did not answer: {log.read_text()[-2000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])
