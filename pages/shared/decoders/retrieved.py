"""The images that a decoder retrieves for each viewed one, which its scores are of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.datasets import Dataset
from core.decoders import Run
from pages.shared.components.gallery.gallery import Tile, gallery
from pages.shared.decoders import choose
from pages.shared.decoders.outcome import cases
from pages.shared.frame import address, images

ORDERS = ("worst first", "best first")
SHOWN = 6


def show(ds: Dataset, run: Run) -> None:
    """Test images by rank, each beside the five that the decoder puts nearest."""
    with st.expander("Retrieved images", key="train.retrieved", on_change="rerun") as opened:
        if not opened.open:
            return
        table = cases.table(ds, run)
        first = int((table["rank"] == 1).sum())
        st.markdown(
            f"{first:,} of {len(table):,} responses retrieve the viewed image first among "
            f"{table['candidates'].iloc[0]:,}. Repeats are averaged."
        )
        _link_to_retrieval(ds, run)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            order = st.segmented_control(
                "Rank", ORDERS, default=ORDERS[0], required=True, key="train.retrieved_order"
            )
            pages = -(-len(table) // SHOWN)
            page = 1
            if pages > 1:
                page = st.number_input(
                    f"Page (of {pages:,})", 1, pages, key="train.retrieved_page", width=160
                )
        table = table.sort_values("rank", ascending=order == ORDERS[1], kind="stable")
        several = table["subject"].nunique() > 1
        shown = table.iloc[(page - 1) * SHOWN : page * SHOWN]
        gallery(
            [tile for row in shown.to_dict("records") for tile in _tiles(ds, row, several)],
            key=f"retrieved_{page}",
            selected=(),
            on_change=lambda ids: None,
            selectable=False,
            show_captions=True,
        )
        st.download_button(
            "Ranks (CSV)",
            lambda: table.assign(retrieved=table["retrieved"].str.join(" ")).to_csv(index=False),
            f"{run.key}-ranks.csv",
            "text/csv",
            icon=":material/download:",
        )


def _link_to_retrieval(ds: Dataset, run: Run) -> None:
    """To the decoder on page Retrieval, with the recording in view."""
    values, defaults = address.widgets_of(ds)
    changed = {
        key: list(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in values.items()
        if value != defaults[key]
    }
    st.page_link(
        "pages/retrieval.py",
        label="One after another, in a gallery",
        icon=":material/manage_search:",
        query_params={**changed, "retrieval.decoder": choose.name_of_run(run)},
    )


def _tiles(ds: Dataset, row: Mapping[Any, Any], several: bool) -> list[Tile]:
    who = f"{row['subject']}: " if several else ""
    heading = f"{who}{row['id']}, rank {row['rank']:g} of {row['candidates']:,}"
    tiles = [_tile(ds, row["id"], "viewed", heading)]
    nearest = zip(row["retrieved"], row["similarity"], strict=True)
    for place, (image, cosine) in enumerate(nearest, 1):
        right = ", the viewed one" if image == row["id"] else ""
        tiles.append(_tile(ds, image, f"{place}: {cosine:.2f}{right}", heading))
    return tiles


def _tile(ds: Dataset, stimulus: str, caption: str, heading: str) -> Tile:
    words = f"{images.describe(ds.stimuli.iloc[ds.row(stimulus)])}, {caption}"
    uri = images.uri(ds, stimulus)
    return Tile(f"{heading} {caption}", uri, caption, heading, words, stimulus)
