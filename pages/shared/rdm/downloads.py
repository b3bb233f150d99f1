"""What a reader takes along: matrix, order, figure, settings."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pandas as pd
import streamlit as st

from core.datasets import Dataset
from core.datasets.tables import stimuli_csv
from pages.shared.frame.text import plain
from pages.shared.rdm.matrices import Arrangement, Shown, View

MOST_CSV = 2000


def offer(ds: Dataset, shown: list[Shown], arranged: Arrangement, view: View) -> None:
    """Download buttons for every RDM in view; a file is made when its button is pressed."""
    st.caption(
        "Rows and columns of the .npy and CSV files are in the order of the stimulus list; "
        "the order file gives the order on the screen. The figure is under *Export figure* above."
    )
    for matrix in shown:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(matrix.source.label)}**")
            _buttons(ds, matrix, arranged, view)


def settings(ds: Dataset, shown: Shown, view: View) -> dict[str, object]:
    """Everything that is needed to compute this RDM again."""
    return {
        "dataset": ds.info.name,
        "title": ds.info.title,
        "simulated": ds.info.is_simulated,
        "fingerprint": ds.fingerprint,
        "subject": ds.subject,
        "options": dict(ds.options),
        "source": asdict(shown.source),
        "notes": shown.notes,
        **asdict(view),
    }


def _buttons(ds: Dataset, shown: Shown, arranged: Arrangement, view: View) -> None:
    name = "_".join(f"{ds.info.name} {ds.subject} {shown.source.label}".replace(":", " ").split())
    ids = ds.stimuli["id"].tolist()
    files: dict[str, tuple[Callable[[], str | bytes], str]] = {
        f"RDM_{name}.npy": (lambda: _npy(shown.matrix), "application/octet-stream"),
        f"RDM_{name}.csv": (lambda: _csv(shown.matrix, ids), "text/csv"),
        f"order_{name}.csv": (
            lambda: stimuli_csv(ds.stimuli.iloc[arranged.rows]),
            "text/csv",
        ),
        f"settings_{name}.json": (
            lambda: json.dumps(settings(ds, shown, view), indent=1, default=str),
            "application/json",
        ),
    }
    labels = ("Matrix .npy", "Matrix CSV", "Order CSV", "Settings JSON")
    for label, (file_name, (content, mime)) in zip(labels, files.items(), strict=True):
        remedy = _too_large(label, ds, shown)
        st.download_button(
            label,
            content,
            file_name,
            mime,
            key=f"download_{label}_{shown.source.label}",
            on_click="ignore",
            disabled=bool(remedy),
            help=remedy or None,
        )


def _too_large(label: str, ds: Dataset, shown: Shown) -> str:
    """What to do instead, where a file is too large for a browser; else ''."""
    if label.startswith("Matrix") and shown.summary is not None:
        return "`python -m core rdm` with `--out FILE.npy` writes it to the disk"
    if label == "Matrix CSV" and ds.n_stimuli > MOST_CSV:
        return f"Above {MOST_CSV} stimuli take the .npy file"
    return ""


def _npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def _csv(values: np.ndarray, ids: list[str]) -> str:
    return pd.DataFrame(values, index=ids, columns=ids).to_csv(index_label="id")
