"""All responses of the test set: good and bad cases, what they depend on, and the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.decoders.retrieving.repeats import FEWEST
from core.decoders.scoring.score_table import load_table, over
from core.errors import NeurogalleryError
from core.figures import retrieval as figures
from core.words import p_words
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import counted, plain
from pages.shared.retrieval import answers
from pages.shared.retrieval.answers import Answer, rank_in_words

SCATTER = "retrieval_scatter"


def sentence(answer: Answer) -> str:
    """How good the decoder is, in plain words, each number beside its chance."""
    retrieved = answer.retrieved
    ranks = retrieved.rank[np.isfinite(retrieved.rank)]
    words = [f"**{plain(answer.name)}**: no seen image has a rank"]
    if len(ranks):
        words = [
            f"**{plain(answer.name)}**: half of the {counted(len(ranks), 'response')} rank the "
            f"seen image among the {int(np.median(ranks)):,} best of "
            f"{retrieved.candidates:,} (chance {rank_in_words(retrieved.chance)})"
        ]
    return "; ".join([*words, *_two_way(answer)]) + "."


def _two_way(answer: Answer) -> Iterator[str]:
    try:
        table = load_table(answer.decoded.run.key)
    except NeurogalleryError as error:
        show_error(error)
        return
    if table is not None:
        own = table[
            (table["head"] == answer.decoded.run.config.head)
            & (table["measure"] == "two-way")
            & (table["protocol"] == "averaged repeats")
        ].iloc[0]
        yield (
            f"of two test images it picks the right one in {own['value']:.0%} (chance 50%, 95 % "
            f"interval {own['low']:.0%} to {own['high']:.0%} over {over(own, 'resampled')}, "
            f"{p_words(own['p'])} over {over(own, 'permuted')})"
        )


def show(answer: Answer, current: str) -> str | None:
    """What the rank depends on; gives the id of a response that was clicked."""
    decoded = answer.decoded
    with st.container(key="halves"):
        left, right = st.columns(2, gap="large")
    with left:
        clicked = _similarity(answer, current)
    with right:
        st.markdown("**Does averaging repeats help?**")
        _, curve = answers.repeats_of(decoded)
        if not curve:
            st.caption(f"Fewer than {FEWEST} images of the test set were repeated often enough.")
        else:
            show_chart(
                drawn(figures.repeats, curve),
                key="retrieval_repeats",
                alt="Two-way identification against the number of repeats averaged",
            )
            st.caption(
                f"Among the images of the test set; {counted(curve[0].images, 'image')}, 95 % "
                "intervals "
                f"over {curve[0].over}."
            )
    return clicked


def _similarity(answer: Answer, current: str) -> str | None:
    decoded = answer.decoded
    st.markdown("**Is an image found better if one like it was trained on?**")
    nearest = answers.nearest_training_of(decoded)
    chart = drawn(
        figures.similarity_to_training,
        nearest.similarity[:, 0],
        answer.retrieved.rank,
        decoded.ids,
        answer.hits > 0,
        answer.retrieved.chance,
        current,
    )
    event: Any = show_chart(
        chart,
        key=SCATTER,
        on_select="rerun",
        selection_mode="points",
        alt="Rank of the seen image against its similarity to the nearest training image",
    )
    relation = answers.relation_of(answer)
    if np.isfinite(relation.rho):
        st.caption(
            f"Spearman's rho {relation.rho:.2f} over {counted(relation.images, 'image')} "
            f"({p_words(relation.p)}, {relation.permuted} permuted); below 0: images that resemble "
            "the training set rank better. A click on a point shows its response."
        )
    else:
        st.caption("No correlation: it needs three images that differ in rank and similarity.")
    points = event.selection.points if event else []
    return str(points[0]["customdata"]) if points and "customdata" in points[0] else None


def table(answer: Answer) -> pd.DataFrame:
    """A row for each response: rank, cosine, hits, and the ids of the images retrieved."""
    decoded, retrieved = answer.decoded, answer.retrieved
    names = answer.images.ids
    best = [[names[place] for place in row if place >= 0] for row in retrieved.places.tolist()]
    return pd.DataFrame(
        {
            "id": decoded.ids,
            "category": answer.own_categories,
            "rank": retrieved.rank,
            "candidates": retrieved.candidates,
            "cosine": retrieved.own,
            "category_hits_of_10": answer.hits,
            "category_hits_by_chance": answer.expected,
            "retrieved": [" ".join(row) for row in best],
        }
    )
