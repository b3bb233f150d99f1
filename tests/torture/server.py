"""A server that is to be killed, and a session that speaks to it as a browser does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from core.paths import PROJECT
from tests.browser.server import free_port

START_S = 60.0


@dataclass
class Served:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int

    def visit(self, page: str, query: str, seconds: float) -> str:
        """Open a page and read what comes for a while; the first exception that it shows."""
        with self._connected() as session:
            message = BackMsg()
            message.rerun_script.page_name = page
            message.rerun_script.query_string = query
            session.send(message.SerializeToString())
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                try:
                    shown = _exception_in(session.recv(timeout=left))
                except TimeoutError:
                    break
                if shown:
                    return shown
        return ""

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def wait(self) -> None:
        """Until it answers."""
        self._connected().close()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _connected(self) -> ClientConnection:
        end = time.monotonic() + START_S
        host = f"localhost:{self.port}"
        while True:
            try:
                return connect(
                    f"ws://{host}/_stcore/stream",
                    subprotocols=["streamlit"],  # type: ignore[list-item]
                    origin=f"http://{host}",  # type: ignore[arg-type]
                    max_size=None,
                    close_timeout=0.1,
                )
            except (OSError, WebSocketException):
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.05)


def _exception_in(content: str | bytes) -> str:
    assert isinstance(content, bytes)
    message = ForwardMsg.FromString(content)
    element = message.delta.new_element
    if element.WhichOneof("type") != "exception":
        return ""
    return f"{element.exception.type}: {element.exception.message}"


@contextmanager
def serving(folder: Path, project: Path = PROJECT) -> Iterator[Served]:
    """Serve the app of a source tree as a process of its own; its log stands in the folder."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    command += ["--server.headless=true", "--client.showErrorDetails=full"]
    with open(folder / "server.log", "ab") as log:
        process = subprocess.Popen(
            command,
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(project)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield Served(process, port)
    finally:
        process.kill()
        process.wait()
