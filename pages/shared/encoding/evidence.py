"""Scores of encoding models: by region, one against another, and shared between bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core import encoding
from core.encoding import EncodingFit
from core.encoding.ceilings import LEAST
from core.figures import encoding as figures
from pages.shared.encoding.settings import EncodingView
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame.text import counted, plain

UNIT, X, Y = "encoding.unit", "encoding.x", "encoding.y"
MOST_NAMED = 3


def show_scores(fits: Sequence[EncodingFit], view: EncodingView) -> None:
    """Where each model is ahead, then the distribution over units of each region."""
    named = view.regions if view.is_chosen else encoding.leads(fits, view.regions)
    for region in named[:MOST_NAMED]:
        st.markdown(f"**{plain(region)}.** {plain(encoding.verdict(fits, region))}")
    with st.container(key="encoding_scores"):
        left, right = st.columns([3, 2], gap="medium")
    with left:
        _show_regions(fits, view)
    with right:
        _show_against(fits, view)


def _show_regions(fits: Sequence[EncodingFit], view: EncodingView) -> None:
    table = encoding.by_region(fits[0])
    values = {
        encoding.model_label(fit.model): [
            (fit.normalised if view.normalised else fit.unit_scores.r)[fit.regions[name]]
            for name in view.regions
        ]
        for fit in fits
    }
    show_chart(
        drawn(figures.regions, view.regions, values, table, view.normalised),
        key="encoding_regions",
        alt=f"Scores of {counted(len(fits), 'encoding model')} over the units of each region",
    )
    fit = fits[0]
    known = f"ceilings: {fit.ceilings.source}"
    low = int((~fit.ceilings.usable).sum())
    if view.normalised:
        known += f"; {counted(low, 'unit')} with less than {100 * LEAST:.0f} % signal have no share"
    st.caption(
        plain(
            f"Boxes: quartiles over units, whiskers 5 to 95 %. Grey below: 95 % of medians where "
            f"responses are permuted ({fit.region_scores.unit}). "
            f"{counted(len(fit.test), 'test image')}; {known}."
        )
    )


def _show_against(fits: Sequence[EncodingFit], view: EncodingView) -> None:
    """Each unit by the r of two models; a click or a lasso chooses units."""
    names = [fit.model for fit in fits]
    if len(names) < 2:
        st.info("With a second model each unit is compared here.", icon=":material/info:")
        return
    with st.container(horizontal=True):
        first = _choose_model("Across", names, 0, X)
        second = _choose_model("Up", names, 1, Y)
    points = _points(fits[names.index(first)], fits[names.index(second)], view.regions)
    figure = drawn(
        figures.against, points, encoding.model_label(first), encoding.model_label(second)
    )

    def take() -> None:
        chosen = st.session_state["encoding_against"]["selection"]["points"]
        if chosen:
            st.session_state[UNIT] = int(chosen[0]["customdata"])

    shown = show_chart(
        figure,
        key="encoding_against",
        alt=f"r of each unit: {first} against {second}",
        on_select=take,
        selection_mode=("points", "lasso"),
    )
    units = [int(point["customdata"]) for point in shown["selection"]["points"]]
    if len(units) > 1:
        own = points[points["unit"].isin(units)]
        st.caption(
            f"{len(own):,} of {counted(len(points), 'unit')} chosen: median r "
            f"{own['x'].median():.2f} by {plain(first)}, {own['y'].median():.2f} by "
            f"{plain(second)}."
        )
    else:
        st.caption("A click shows what drives a unit, below; a lasso compares many.")


def _choose_model(label: str, names: list[str], place: int, key: str) -> str:
    if st.session_state.get(key, names[place]) not in names:
        del st.session_state[key]
    return st.selectbox(label, names, index=place, key=key, bind="query-params")


def _points(first: EncodingFit, second: EncodingFit, regions: Sequence[str]) -> pd.DataFrame:
    parts = []
    for name in regions:
        columns = first.regions[name]
        parts.append(
            pd.DataFrame(
                {
                    "x": first.unit_scores.r[columns],
                    "y": second.unit_scores.r[columns],
                    "unit": first.units[columns],
                    "roi": name,
                }
            )
        )
    return pd.concat(parts).dropna().drop_duplicates("unit")


def show_shares(fits: Sequence[EncodingFit], view: EncodingView) -> None:
    """Unique and common parts of R² of models of several bands."""
    for fit in (fit for fit in fits if fit.parts):
        st.header("What each embedding adds")
        table = pd.DataFrame(
            {
                _part_label(part): [np.nanmean(share[fit.regions[n]]) for n in view.regions]
                for part, share in fit.parts.items()
            },
            index=list(view.regions),
        )
        show_chart(
            drawn(figures.shares, table),
            key=f"encoding_shares_{fit.model}",
            alt=f"Unique and common parts of R² of {fit.model} by region",
        )
        st.caption(
            "Commonality analysis: what only one embedding explains, and what several explain "
            "alike; the parts add to R² of all together. A part below 0 is a suppressor, or noise."
        )


def _part_label(part: frozenset[str]) -> str:
    names = sorted(part)
    return f"only {names[0]}" if len(names) == 1 else f"common to {' and '.join(names)}"


def show_tables(fits: Sequence[EncodingFit]) -> None:
    """Scores of every region and unit, to read and to take along."""
    by_region = pd.concat([encoding.by_region(fit) for fit in fits], ignore_index=True)
    st.dataframe(by_region, hide_index=True, key="encoding_table")
    with st.container(horizontal=True):
        st.download_button(
            "Regions (CSV)",
            lambda: by_region.to_csv(index=False),
            "encoding-regions.csv",
            "text/csv",
            on_click="ignore",
        )
        st.download_button(
            "Units (CSV)",
            lambda: _units(fits).to_csv(index=False),
            "encoding-units.csv",
            "text/csv",
            on_click="ignore",
        )
    control = by_region["control"]
    st.caption(
        f"Control: the same models fitted to permuted responses have a median r of "
        f"{control.mean():.2f} over regions ({control.min():.2f} to {control.max():.2f})."
    )


def _units(fits: Sequence[EncodingFit]) -> pd.DataFrame:
    parts = []
    for fit in fits:
        table = encoding.by_unit(fit)
        table.insert(0, "model", fit.model)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)
