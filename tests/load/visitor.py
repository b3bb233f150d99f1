"""A session that speaks to a server as a browser does, one rerun after the other."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

PATIENCE_S = 300.0


class Step(NamedTuple):
    """A page to open, or something to choose there: the end of a widget's id, and its value."""

    page: str
    widget: str = ""
    value: Any = None


class Rerun(NamedTuple):
    """What a step took: seconds to the end of the script, bytes received, and whether it failed."""

    step: Step
    at: float
    seconds: float
    bytes: int
    failed: str


@dataclass
class Visitor:
    """One browser tab.

    Attributes
    ----------
    connection : ClientConnection
    widgets : dict of str to (str, value)
        Field of a widget's state, and its value, by id: those that were chosen.
    known : dict of str to str
        Field of every widget's state, by id, of the page in view.
    kept : dict of str to (str, str), optional
        Messages that the server need not send again, with id and field of a widget in each.
    """

    connection: ClientConnection
    widgets: dict[str, tuple[str, Any]] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    kept: dict[str, tuple[str, str] | None] = field(default_factory=dict)

    async def go(self, step: Step) -> Rerun:
        """Ask for a rerun and read until it is over."""
        began = time.monotonic()
        if not self._choose(step):
            return Rerun(step, began, 0.0, 0, f"there is no {step.widget}")
        message = BackMsg()
        state = message.rerun_script
        state.page_name = step.page
        state.cached_message_hashes.extend(self.kept)
        for name, (kind, value) in self.widgets.items():
            widget = state.widget_states.widgets.add()
            widget.id = name
            if kind == "string_array_value":
                widget.string_array_value.data.extend(value)
            else:
                setattr(widget, kind, value)
        await self.connection.send(message.SerializeToString())
        received, failed = await self._read()
        return Rerun(step, began, time.monotonic() - began, received, failed)

    def _choose(self, step: Step) -> bool:
        """Whether the widget of a step is there; it gets its value."""
        if not step.widget:
            return True
        for name, kind in self.known.items():
            if name.endswith(f"-{step.widget}"):
                self.widgets[name] = (kind, step.value)
                return True
        return False

    async def _read(self) -> tuple[int, str]:
        """Bytes until the script is over, and the first exception that it shows."""
        received, failed = 0, ""
        while True:
            content = await self.connection.recv()
            assert isinstance(content, bytes)
            received += len(content)
            message = ForwardMsg.FromString(content)
            kind = message.WhichOneof("type")
            if kind == "script_finished" and message.script_finished not in AGAIN:
                return received, failed
            if kind == "new_session":
                self.known.clear()
            if kind == "ref_hash":
                self._see(self.kept[message.ref_hash])
            if kind == "delta":
                element = message.delta.new_element
                failed = failed or _failure_in(element)
                widget = _widget_in(element)
                self._see(widget)
                if message.metadata.cacheable:
                    self.kept[message.hash] = widget

    def _see(self, widget: tuple[str, str] | None) -> None:
        if widget is not None:
            self.known[widget[0]] = widget[1]


def _failure_in(element: Any) -> str:
    """What an element says went wrong, '' for any other."""
    kind = element.WhichOneof("type")
    if kind == "exception":
        return f"{element.exception.type}: {element.exception.message}"
    if kind == "alert" and element.alert.format == element.alert.ERROR:
        return str(element.alert.body)
    return ""


def _widget_in(element: Any) -> tuple[str, str] | None:
    """Id of a widget and the field of its state."""
    kind = element.WhichOneof("type")
    return (getattr(element, kind).id, KINDS[kind]) if kind in KINDS else None


# A run that makes way for another.
AGAIN = (ForwardMsg.FINISHED_EARLY_FOR_RERUN,)
KINDS = {
    "selectbox": "string_value",
    "multiselect": "string_array_value",
    "number_input": "int_value",
}


@asynccontextmanager
async def visiting(port: int) -> AsyncIterator[Visitor]:
    """Open a session on a server of this machine."""
    host = f"localhost:{port}"
    async with connect(
        f"ws://{host}/_stcore/stream",
        subprotocols=["streamlit"],  # type: ignore[list-item]
        origin=f"http://{host}",  # type: ignore[arg-type]
        max_size=None,
        compression=None,
        ping_interval=None,
        open_timeout=PATIENCE_S,
        close_timeout=0.1,
    ) as connection:
        yield Visitor(connection)
