"""The control 'Export figure': any figure of the page as a file, in the size of a journal."""

from __future__ import annotations

import re
from dataclasses import replace

import streamlit as st

from core.errors import NeurogalleryError
from core.figures.export import FORMATS, MIME, WIDTHS, ExportSettings, PrintWidth, font_used, write
from pages.shared.export import figures

OWN = "Own size"
PREVIEW_DPI = 110
SIZE, WIDTH, HEIGHT = "export.size", "export.width", "export.height"
FONT, DPI = "export.font_size", "export.dpi"
BY_LABEL = {width.label: width for width in WIDTHS}


@st.fragment
def offer() -> None:
    """The popover; a fragment that runs when it is opened, when all figures are shown."""
    popover = st.popover(
        "Export figure",
        type="tertiary",
        on_change="rerun",
        key="export.open",
    )
    with popover:
        if popover.open:
            _offer(figures.shown())


def _offer(shown: dict[str, figures.ShownFigure]) -> None:
    if not shown:
        st.caption("This page shows no figure now.")
        return
    key = st.selectbox(
        "Figure", list(shown), format_func=lambda key: shown[key].name, key="export.figure"
    )
    settings = _settings()
    if settings is None:
        return
    try:
        drawing = figures.titled(shown[key].draw())
        preview = write(drawing, replace(settings, file_format="png", dpi=PREVIEW_DPI))
    except NeurogalleryError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.image(preview, width="stretch", alt=f"Preview of {shown[key].name}")
    st.download_button(
        f"Download {settings.file_format.upper()}",
        lambda: write(drawing, settings),
        f"{file_stem(shown[key].name)}.{settings.file_format}",
        MIME[settings.file_format],
        key="export.download",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )
    size = st.session_state[SIZE]
    st.caption(f"{_said(settings)} {BY_LABEL[size].source if size in BY_LABEL else ''}")


def _settings() -> ExportSettings | None:
    """What the widgets say; None where it cannot be, which is then said."""
    for key, value in _values(WIDTHS[0]).items():
        st.session_state.setdefault(key, value)
    st.selectbox("Size", [*BY_LABEL, OWN], key=SIZE, on_change=_apply)
    # Two in a row: in four the buttons of a number would cover the next.
    columns = [column for _ in range(2) for column in st.columns(2, gap="small")]
    width = columns[0].number_input("Width, mm", 20.0, 500.0, key=WIDTH, on_change=_own, step=1.0)
    height = columns[1].number_input(
        "Height, mm", 15.0, 500.0, value=None, key=HEIGHT, placeholder="auto", step=1.0
    )
    letters = columns[2].number_input("Font, pt", 4.0, 24.0, key=FONT, on_change=_own, step=0.5)
    dpi = columns[3].number_input("dpi", 72, 1200, key=DPI, on_change=_own, step=50)
    with st.container(horizontal=True):
        legend = st.toggle("Legend", value=True, key="export.legend")
        title = st.toggle("Title", value=True, key="export.title")
    file_format = st.segmented_control(
        "Format", FORMATS, default="svg", required=True, key="export.format", format_func=str.upper
    )
    try:
        return ExportSettings(width, height or 0.0, letters, dpi, legend, title, file_format)
    except NeurogalleryError as error:
        st.error(str(error), icon=":material/error:")
        return None


def _values(width: PrintWidth) -> dict[str, float]:
    return {WIDTH: float(width.width), FONT: float(width.font_size), DPI: width.dpi}


def _apply() -> None:
    """Set the numbers to those of the chosen size; a callback."""
    chosen = st.session_state[SIZE]
    if chosen in BY_LABEL:
        st.session_state.update(_values(BY_LABEL[chosen]))


def _own() -> None:
    """Numbers that someone types are their own; a callback."""
    st.session_state[SIZE] = OWN


def _said(settings: ExportSettings) -> str:
    if settings.file_format == "png":
        pixels = round(settings.width / 25.4 * settings.dpi)
        return f"{pixels:,} pixels wide: {settings.width:g} mm at {settings.dpi} dpi."
    kept = "stays text" if settings.file_format == "svg" else "is embedded"
    return f"{settings.width:g} mm wide. Text {kept}, in {font_used()}."


def file_stem(name: str) -> str:
    """A file name of what a figure is called."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "figure"
