"""Which spaces are drawn, and by which method."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import decoders, maps
from core.datasets import Dataset
from pages.shared.frame import widgets
from pages.shared.frame.damage.shown import show_damaged
from pages.shared.frame.text import in_words, plain
from pages.shared.maps import spaces
from pages.shared.maps.spaces import MapView

MOST_SIDE_BY_SIDE = 3


def choose_spaces(ds: Dataset) -> tuple[list[str], maps.Method]:
    """Up to three spaces, one method for all of them."""
    names = spaces.listed(ds)
    chosen = st.multiselect(
        "Maps of",
        names,
        default=names[:1],
        key="maps.space",
        bind="query-params",
        max_selections=MOST_SIDE_BY_SIDE,
        placeholder="Choose one, or up to three side by side",
    )
    method = st.selectbox(
        "Method",
        methods(ds),
        key="maps.method",
        bind="query-params",
        width=120,
        help="\n".join(f"- **{m.id}**: {m.label}. {m.note}" for m in maps.METHODS.values()),
    )
    return chosen, maps.METHODS[method]


def warn_unknown(ds: Dataset) -> None:
    """Say which spaces and methods of the address this recording does not have."""
    if ds.betas is not None:
        show_damaged(decoders.damaged(), "decoder")
    names = spaces.listed(ds)
    widgets.warn_unknown("maps.space", names, "There is no space")
    forget_others("maps.space", names)
    widgets.warn_unknown("maps.method", methods(ds), "There is no method for this recording")


def choose_views(chosen: list[str], method: maps.Method) -> tuple[list[MapView], str]:
    """The maps of spaces by a method with chosen parameters; and which of these are unusual."""
    values, seed = choose_parameters(method)
    usual: dict[str, Any] = {p.name: p.default for p in method.parameters}
    differing = in_words({**values, "seed": seed}, {**usual, "seed": widgets.SEED.default})
    views = [MapView(name, method.id, _for_space(name, method.id, values), seed) for name in chosen]
    return views, differing


def methods(ds: Dataset) -> list[str]:
    """Ids of the methods; without responses only those for which distances are enough."""
    if ds.betas is not None:
        return list(maps.METHODS)
    fit = [method for method in maps.METHODS.values() if method.takes_distances]
    return [method.id for method in sorted(fit, key=lambda method: -method.slow_above)]


def choose_parameters(method: maps.Method) -> tuple[dict[str, object], int]:
    """Values of the parameters that a method declares, and the seed."""
    st.markdown(f"**{plain(method.label)}.** {plain(method.note)}")
    st.caption(plain(method.citation))
    prefix = f"maps.{method.id}."
    for parameter in method.parameters:
        widgets.warn_of_option(parameter, prefix + parameter.name)
    values = {p.name: widgets.option_widget(p, prefix) for p in method.parameters}
    return values, widgets.choose_seed()


def _for_space(space: str, method: str, values: dict[str, object]) -> dict[str, object]:
    is_distances = maps.SOURCES[space.partition(":")[0]].is_distances
    known = {p.name for p in maps.METHODS[method].parameters_for(is_distances)}
    return {name: value for name, value in values.items() if name in known}


def forget_others(key: str, options: list[str]) -> None:
    """Forget a choice of which nothing is left in this recording."""
    chosen = st.session_state.get(key)
    names = {chosen} if isinstance(chosen, str) else set(chosen or ())
    if names and not names & set(options):
        del st.session_state[key]


def grouping(ds: Dataset, *columns: str) -> list[str]:
    """Columns that tell the stimuli apart."""
    return [name for name in columns if ds.stimuli[name].nunique() > 1]
