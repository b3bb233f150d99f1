"""The space of responses, of an encoder or of an RDM, drawn in two dimensions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import clusters, maps
from core.clusters import Clustering
from core.datasets import Dataset
from core.errors import NeurogalleryError
from core.figures import maps as figures
from core.figures.clusters import membership
from core.maps import Map
from pages.shared.frame import presets, recording
from pages.shared.frame.text import plain
from pages.shared.maps import spaces as map_spaces
from pages.shared.maps import view as map_view
from pages.shared.maps.spaces import Wanted

MOST_SIDE_BY_SIDE = 3
MOST_VALUES = 100
MOST_DIVIDED = 3000
PLAIN, CLUSTER = "one colour", "cluster of region means"
COLUMNS_FIRST = ("supercategory", "category", "theme", "source", "split")
NOT_COLOURS = ("id", "file", "labels", "shares")


def choose_maps(ds: Dataset) -> list[Wanted]:
    """Up to three spaces, one method for all of them."""
    spaces = map_spaces.listed(ds)
    recording.warn_unknown("space", spaces, "There is no space")
    _forget_others("space", spaces)
    recording.warn_unknown("map", methods(ds), "There is no method for this recording")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.multiselect(
            "Maps of",
            spaces,
            default=spaces[:1],
            key="space",
            bind="query-params",
            max_selections=MOST_SIDE_BY_SIDE,
            placeholder="Choose one, or up to three side by side",
            width=480,
        )
        method = st.selectbox(
            "Method",
            methods(ds),
            key="map",
            bind="query-params",
            width=140,
            help="\n".join(f"- **{m.id}**: {m.label}. {m.note}" for m in maps.METHODS.values()),
        )
        with st.popover("Settings", icon=":material/tune:"):
            values, seed = settings(maps.METHODS[method])
    return [Wanted(space, method, _for_space(space, method, values), seed) for space in chosen]


def methods(ds: Dataset) -> list[str]:
    """Ids of the methods; without responses only those for which distances are enough."""
    if ds.betas is not None:
        return list(maps.METHODS)
    fit = [method for method in maps.METHODS.values() if method.takes_distances]
    return [method.id for method in sorted(fit, key=lambda method: -method.slow_above)]


def settings(method: maps.Method) -> tuple[dict[str, object], int]:
    st.markdown(f"**{plain(method.label)}.** {plain(method.note)}")
    st.caption(plain(method.citation))
    prefix = f"{method.id}."
    for parameter in method.parameters:
        recording.warn_of_option(parameter, prefix + parameter.name)
    values = {p.name: recording.option_widget(p, prefix) for p in method.parameters}
    seed = st.number_input("Seed", 0, 2**31 - 1, key="map_seed", bind="query-params")
    return values, int(seed)


def _for_space(space: str, method: str, values: dict[str, object]) -> dict[str, object]:
    is_distances = maps.SOURCES[space.partition(":")[0]].is_distances
    known = {p.name for p in maps.METHODS[method].parameters_for(is_distances)}
    return {name: value for name, value in values.items() if name in known}


def _forget_others(key: str, options: list[str]) -> None:
    """Forget a choice of which nothing is left in this recording."""
    chosen = st.session_state.get(key)
    names = {chosen} if isinstance(chosen, str) else set(chosen or ())
    if names and not names & set(options):
        del st.session_state[key]


def choose_colours(ds: Dataset) -> tuple[str, figures.Colouring]:
    """Colour by a column, by the mean of a ROI, or by one unit."""
    columns = [name for name in map(str, ds.stimuli) if _colours_well(ds.stimuli[name], name)]
    columns.sort(key=lambda n: COLUMNS_FIRST.index(n) if n in COLUMNS_FIRST else len(COLUMNS_FIRST))
    means = [f"mean of {roi}" for roi in ds.rois]
    found = _clusters(ds)
    columns += [] if found is None else [CLUSTER]
    options = [*columns, PLAIN, *means, *(["unit"] if ds.n_units else [])]
    recording.warn_unknown("colour", options, "There is no column")
    _forget_others("colour", options)
    name = st.selectbox("Colour by", options, key="colour", bind="query-params", width=200)
    if name == CLUSTER and found is not None:
        return name, membership(found)
    if name == PLAIN:
        return name, figures.colouring(["stimuli"] * ds.n_stimuli)
    if name == "unit":
        most = ds.n_units - 1
        unit = st.number_input("Unit", 0, most, key="unit", bind="query-params", width=120)
        return f"unit {unit} ({ds.info.units})", _values(ds.fingerprint, "", int(unit), ds)
    if name in means:
        roi = name.removeprefix("mean of ")
        return f"{name} ({ds.info.units})", _values(ds.fingerprint, roi, -1, ds)
    return name, figures.colouring(ds.stimuli[name])


def _clusters(ds: Dataset) -> Clustering | None:
    """The recommended clusters of region means, where the page Clusters has computed them."""
    if ds.betas is None or len(ds.regions) < 3:
        return None
    choice = clusters.load(clusters.result_key([ds], {"source": "regions"}))
    return None if choice is None else choice.clusterings[choice.k]


def _colours_well(column: pd.Series, name: str) -> bool:
    if name in NOT_COLOURS:
        return False
    known = column.replace("", None).dropna()
    return 1 < known.nunique() <= MOST_VALUES


@st.cache_resource(max_entries=32, show_spinner=False)
def _values(fingerprint: str, roi: str, unit: int, _ds: Dataset) -> figures.Colouring:
    responses = _ds.responses(roi or None)
    return figures.colouring(responses.mean(axis=1) if roi else responses[:, unit])


def choose_line(ds: Dataset) -> tuple[np.ndarray, np.ndarray] | None:
    """Two groups of stimuli that a line is to separate."""
    columns = grouping(ds, "supercategory", "category")
    if not columns:
        return None
    with st.popover("Dividing line", icon=":material/call_split:"):
        column = st.selectbox("Groups by", columns, key="divide", bind="query-params")
        values = sorted(set(ds.stimuli[column]) - {""})
        first = st.multiselect("One side", values, key="side_a", bind="query-params")
        second = st.multiselect(
            "Other side",
            values,
            key="side_b",
            bind="query-params",
            placeholder="all others" if first else "choose one side first",
        )
    if not first:
        return None
    one = ds.stimuli[column].isin(first).to_numpy()
    other = ds.stimuli[column].isin(second).to_numpy() if second else ~one
    return one, other & ~one & (ds.stimuli[column] != "").to_numpy()


@st.cache_resource(max_entries=32, show_spinner="Looking for the line …")
def dividing_line(
    key: tuple[object, ...], _drawn: Map, _groups: tuple[np.ndarray, np.ndarray]
) -> maps.Line | str:
    permutations = 200 if len(_drawn.coordinates) <= MOST_DIVIDED else 20
    try:
        return maps.dividing_line(_drawn.coordinates, *_groups, permutations=permutations)
    except NeurogalleryError as error:
        return str(error)


def line_of(
    ds: Dataset, wanted: Wanted, drawn: Map, groups: tuple[np.ndarray, np.ndarray] | None
) -> maps.Line | None:
    if groups is None:
        return None
    stamp = tuple(np.packbits(group).tobytes() for group in groups)
    key = (ds.fingerprint, wanted.space, wanted.method, str(wanted.parameters), wanted.seed, stamp)
    found = dividing_line(key, drawn, groups)
    if isinstance(found, str):
        st.info(plain(found), icon=":material/info:")
        return None
    return found


@st.fragment
def explore(ds: Dataset, wanted: list[Wanted]) -> None:
    """Maps side by side, with one colouring and one selection."""
    before = st.session_state.get("map_selection")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name, colours = choose_colours(ds)
        groups = choose_line(ds)
        has_images = ds.images is not None
        as_images = st.toggle(
            "Images as points", key="as_images", bind="query-params", disabled=not has_images
        )
    map_view.legend(name, colours)
    with st.container(key="spaces"):
        columns = st.columns(len(wanted), gap="medium")
    for column, one in zip(columns, wanted, strict=True):
        with column:
            st.markdown(f"**{plain(one.space)}**")
            drawn = map_spaces.get(ds, one)
            if drawn is not None:
                line = line_of(ds, one, drawn, groups)
                map_view.show(ds, one, drawn, colours, as_images and has_images, line)
    map_view.selected(ds)
    after = map_view.selection.current(ds).ids
    st.session_state["map_selection"] = after
    if before is not None and before != after:
        st.rerun()


def grouping(ds: Dataset, *columns: str) -> list[str]:
    """Columns that tell the stimuli apart."""
    return [name for name in columns if ds.stimuli[name].nunique() > 1]


def separation(ds: Dataset, wanted: list[Wanted]) -> None:
    """How far each category stands apart, on the map and in the space."""
    columns = grouping(ds, "supercategory", "category", "source")
    if not columns:
        return
    with st.expander(
        "How far do categories stand apart?", key="apart", on_change="rerun"
    ) as opened:
        if not opened.open:
            return
        column = st.selectbox("Of", columns, key="apart_by", width=200)
        for place, one in zip(st.columns(len(wanted)), wanted, strict=True):
            drawn = map_spaces.stored(ds, one)
            if drawn is None:
                continue
            table = _separation(ds.fingerprint, one, column, drawn, ds)
            with place:
                st.markdown(f"**{plain(one.space)}**")
                alt = f"Mean silhouette of each {column}"
                st.plotly_chart(figures.separation_strip(table), key=f"strip_{one.space}", alt=alt)


@st.cache_resource(max_entries=16, show_spinner="Measuring the separation …")
def _separation(
    fingerprint: str, wanted: Wanted, column: str, _drawn: Map, _ds: Dataset
) -> pd.DataFrame:
    of = map_spaces.features(_ds.fingerprint, wanted.space, _ds, wanted)
    return maps.separation(
        _drawn.coordinates, _ds.stimuli[column].tolist(), of.array, wanted.metric, of.is_distances
    )


def page(ds: Dataset) -> None:
    recording.title(ds, "Maps")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Which images lie close together? Lasso them, click one for its neighbours.")
        presets.offer(ds, "maps")
    wanted = choose_maps(ds)
    if not wanted:
        st.info("Choose at least one space.", icon=":material/info:")
        return
    explore(ds, wanted)
    separation(ds, wanted)


page(recording.require())
