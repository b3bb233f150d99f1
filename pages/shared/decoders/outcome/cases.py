"""What was seen and what was retrieved: the median, the best and the worst response."""

from __future__ import annotations

import html
from functools import partial

import pandas as pd
import streamlit as st

from core import decoders
from core.datasets import Dataset
from core.decoders import Run
from core.decoders.scoring.cases import RetrievedCase, cases, load_retrieved
from core.figures.export import ImageRow, ImageRowsDrawing
from pages.shared.export import figures
from pages.shared.frame import images, recording
from pages.shared.frame.text import Markup

NAMES = {"median": "Median response", "best": "Best", "worst": "Worst"}


def show(ds: Dataset, run: Run) -> None:
    """A row of images for each of the three cases, the right image framed."""
    shown = cases(table(ds, run))
    if not shown:
        return
    several = len(run.config.subjects) > 1
    boxes = "".join(_case(ds, case, several) for case in shown)
    st.html(Markup(f'<div class="cases">{boxes}</div>'))
    figures.add("cases", "Seen and retrieved images", partial(drawing_of, ds, shown, several))


def table(ds: Dataset, run: Run) -> pd.DataFrame:
    """The images retrieved for every response of the test set, see ``decoders.retrieved``."""
    return _retrieved(f"{run.key} {run.digest}", ds.fingerprint, run, ds)


def drawing_of(ds: Dataset, shown: tuple[RetrievedCase, ...], several: bool) -> ImageRowsDrawing:
    """The rows as they are printed."""
    rows = [
        ImageRow(
            heading(case, several),
            ds.image(case.image),
            [ds.image(name) for name in case.retrieved],
            case.retrieved.index(case.image) if case.is_retrieved else None,
        )
        for case in shown
    ]
    return ImageRowsDrawing(rows, "Seen (left) and retrieved images; the right one is framed")


def heading(case: RetrievedCase, several: bool) -> str:
    """Such as 'Median response: the right image is 2nd of 300'."""
    who = f", {case.subject}" if several else ""
    return f"{NAMES[case.name]}{who}: the right image comes {_place(case)}"


def _place(case: RetrievedCase) -> str:
    if case.rank == 1:
        return f"first of {case.candidates:,}"
    return f"at rank {case.rank:g} of {case.candidates:,}"


def _case(ds: Dataset, case: RetrievedCase, several: bool) -> str:
    retrieved = "".join(
        _tile(ds, name, f"retrieved, place {place}", name == case.image)
        for place, name in enumerate(case.retrieved, 1)
    )
    return (
        f'<section><p class="name">{html.escape(heading(case, several))}</p>'
        f'<div class="row"><div class="seen">{_tile(ds, case.image, "seen", False)}'
        f'<span>seen</span></div><div class="retrieved">{retrieved}</div></div></section>'
    )


def _tile(ds: Dataset, name: str, role: str, is_right: bool) -> str:
    words = html.escape(f"{role}: {images.describe(ds.stimuli.iloc[ds.row(name)])}")
    right = ", the right image" if is_right else ""
    uri = images.uri(ds, name, images.PREVIEW)
    style = ' class="right"' if is_right else ""
    return f'<img{style} src="{uri}" alt="{words}{right}" title="{words}{right}">'


@st.cache_resource(max_entries=8, show_spinner="Retrieving the images …")
def _retrieved(key: str, fingerprint: str, _run: Run, _ds: Dataset) -> pd.DataFrame:
    stored = load_retrieved(_run.key)
    if stored is not None:
        return stored
    opened = [recording.other_subject(_ds, name) for name in _run.config.subjects]
    return decoders.retrieved(_run, opened=opened)
