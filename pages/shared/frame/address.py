"""The recording that an address names, and the address of a recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import datasets
from core.datasets import Dataset, DatasetInfo
from core.errors import NeurogalleryError
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain

DEFAULT = "simulated"


def refuse_unknown(infos: dict[str, DatasetInfo]) -> None:
    """Say why the recording of the address cannot be opened, before another is shown."""
    asked = st.query_params.get("dataset")
    if asked is None or asked in infos:
        return
    try:
        datasets.load(asked)
    except NeurogalleryError as error:
        show_error(error)
    st.warning(f"Shown instead of {plain(asked)}: {DEFAULT}.", icon=":material/warning:")


def widgets_of(ds: Dataset) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the sidebar's widgets that bring a recording into view, and their defaults."""
    values = {"dataset": ds.info.name, **_as_widgets(ds.options)}
    declared = {option.name: option.default for option in ds.info.options}
    defaults = {"dataset": DEFAULT, **_as_widgets(declared)}
    if len(ds.subjects) > 1:
        values["subject"], defaults["subject"] = ds.subject, ds.subjects[0]
    return values, defaults


def _as_widgets(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
