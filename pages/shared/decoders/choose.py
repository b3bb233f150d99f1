"""Choosing among the decoders of the recording in view, for pages that apply them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import decoders, encoders
from core.datasets import Dataset
from core.decoders import Config, Run
from core.errors import NeurogalleryError, NotFoundError
from pages.shared.decoders.described import Row, every, is_here, loaded
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain
from pages.shared.frame.widgets import warn_unknown

CLOSED_FORM, OWN_OBJECTIVE = "closed form", "own objective"
WIDTH, WIDE = 210, 240


def choose_decoders(ds: Dataset, key: str, most: int = 1) -> list[Run]:
    """Decoders of the recording, options and subject in view; the best two-way is the default.

    Where there is none it says so. One that cannot be opened, or whose encoder is gone, is
    left out with one line.

    Parameters
    ----------
    ds : Dataset
    key : str
        Of the widget, bound to the address.
    most : int
        How many may be chosen.
    """
    rows = {name_of(row): row for row in fitting(ds)}
    warn_unknown(key, rows, "There is no decoder here named")
    if not rows:
        st.info(
            f"No decoder of {plain(ds.info.title)}, {plain(ds.subject)}, with these options was "
            "trained yet: train one on page Train.",
            icon=":material/model_training:",
        )
        return []
    if most == 1:
        names = [st.selectbox("Decoder", list(rows), key=key, bind="query-params", width=WIDTH)]
    else:
        names = st.multiselect(
            "Decoders",
            list(rows),
            default=list(rows)[:1],
            max_selections=most,
            select_all=False,
            key=key,
            bind="query-params",
            width=WIDE,
        )
    if not names:
        st.info("Choose a decoder.", icon=":material/model_training:")
    return _opened(ds, [rows[name] for name in names])


def fitting(ds: Dataset) -> list[Row]:
    """Rows of the decoders that can be applied here, the best in the test set first.

    Baselines of decoders of several subjects are left out: they are tested as those were.
    """
    rows = [row for row in every() if is_here(row, ds) and row.config and not row.config.divided]
    return sorted(rows, key=_two_way, reverse=True)


def _two_way(row: Row) -> tuple[float, float]:
    scores = (row.cells["Test two-way"], row.cells["Validation two-way"])
    tested, validated = (-1.0 if score is None else score for score in scores)
    return tested, validated


def name_of(row: Row) -> str:
    """Such as 'mlp-1a2b3c, fuzzy'; the head stands in the short name."""
    return row.name if row.config is None else name_of_config(row.key, row.config)


def name_of_run(run: Run) -> str:
    """What ``name_of`` calls the row of a decoder."""
    return name_of_config(run.key, run.config)


def name_of_config(key: str, config: Config) -> str:
    """What ``name_of`` calls the row of a decoder with this key and these settings."""
    trained = CLOSED_FORM if config.is_closed_form else OWN_OBJECTIVE
    if config.has_loss:
        trained = " + ".join(name for name, *_ in config.loss)
    return f"{decoders.short_name(key, config.head)}, {trained}"


def _opened(ds: Dataset, rows: Sequence[Row]) -> list[Run]:
    runs = []
    for row in rows:
        try:
            run = loaded(row.key)
            if run is None:
                raise NotFoundError(f"The decoder {row.name} is not in the store any more")
            _check_encoder(ds, run)
        except NeurogalleryError as error:
            show_error(error)
        else:
            runs.append(run)
    return runs


def _check_encoder(ds: Dataset, run: Run) -> None:
    encoder = run.config.encoder
    info = encoders.get(encoder).info
    if info.kind == "precomputed" and encoder not in {each.id for each in encoders.available(ds)}:
        raise NotFoundError(
            f"The embedding {encoder} that the decoder was trained on is gone",
            "its file beside the responses",
        )
