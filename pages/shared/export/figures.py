"""The figures that a page shows, each of which can be written to a file."""

from __future__ import annotations

import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core.figures.export import ChartDrawing, Drawing

SHOWN, BEFORE, SOURCE = "export.shown", "export.before", "export.source"
# Charts that are kept, and the bytes of the content of one: a larger one takes longer to compare.
MOST_KEPT, MOST_BYTES = 128, 256 * 1024

_kept: OrderedDict[tuple[str, bytes], go.Figure] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class ShownFigure:
    """A figure on the page: its name, and what draws it once someone asks for a file."""

    name: str
    draw: Callable[[], Drawing]


def begin(source: str = "") -> None:
    """Begin a run of a page, which adds its figures as it shows them.

    Parameters
    ----------
    source : str
        What its data are, for the line above a figure.
    """
    # Those of the run before stand until this one is done: the control may be asked meanwhile.
    st.session_state[BEFORE] = st.session_state.get(SHOWN, {})
    st.session_state[SHOWN] = {}
    st.session_state[SOURCE] = source


def end() -> None:
    """Forget the figures of the run before."""
    st.session_state[BEFORE] = {}


def add(key: str, name: str, draw: Callable[[], Drawing]) -> None:
    """Offer a figure; one of the same key takes its place, such as that of a fragment."""
    st.session_state.setdefault(SHOWN, {})[key] = ShownFigure(name, draw)


def shown() -> dict[str, ShownFigure]:
    """The figures of the page by key, in their order."""
    return {**st.session_state.get(BEFORE, {}), **st.session_state.get(SHOWN, {})}


def source() -> str:
    """What the data of the page are."""
    return str(st.session_state.get(SOURCE, ""))


def drawn(draw: Callable[..., go.Figure], *content: Any, **more: Any) -> go.Figure:
    """What ``draw`` gives, drawn once for the same content, whichever session shows it.

    Plotly checks every property of a chart: to draw one takes longer than all else of its page.
    The chart is shared: it stays as it is.
    """
    # Pickled to be compared, never to be read.
    key = f"{draw.__module__}.{draw.__qualname__}", pickle.dumps((content, more), protocol=5)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    figure = draw(*content, **more)
    # Streamlit asks for it at every run, and Plotly copies all of it.
    content_sent = figure.to_dict()
    figure.to_dict = lambda: content_sent
    if len(key[1]) <= MOST_BYTES:
        with _lock:
            _kept[key] = figure
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
    return figure


def show_chart(
    figure: go.Figure, *, key: str, alt: str, place: Any = st, title: str = "", **options: Any
) -> Any:
    """Show a chart of Plotly, which the reader can export.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    key : str
        Of the element.
    alt : str
        What it shows, for screen readers.
    place : DeltaGenerator, optional
        Where; on the page where none is given.
    title : str, optional
        Its name in the list of figures and above the exported one, where that is not ``alt``.
    **options
        Of ``st.plotly_chart``.

    Returns
    -------
    Any
        What ``st.plotly_chart`` gives.
    """
    name = title or alt
    add(key, name, lambda: ChartDrawing(figure, name))
    return place.plotly_chart(figure, key=key, alt=alt, **options)


def titled(drawing: Drawing) -> Drawing:
    """A drawing whose title says what its data are."""
    if not source():
        return drawing
    described = "\n".join(filter(None, [drawing.title, source()]))
    return replace(drawing, title=described)  # type: ignore[type-var]
