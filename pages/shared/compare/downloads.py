"""What a reader takes along: RDMs for rsatoolbox, tables, figures, settings."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from core import rsa
from core.datasets import Dataset
from core.rsa.job import CompareRequest
from core.rsa.results import RsaResult
from pages.shared.compare import bars
from pages.shared.frame.text import plain


def offer(ds: Dataset, request: CompareRequest, result: RsaResult) -> None:
    """Download buttons; a file is made when its button is pressed."""
    stem = f"compare_{ds.info.name}".replace(":", "_")
    files: dict[str, tuple[str, Callable[[], str | bytes], str]] = {
        "RDMs for rsatoolbox (HDF5)": (
            f"{stem}.h5",
            lambda: hdf5(ds, request, result),
            "application/x-hdf5",
        ),
        "RDMs (.npy)": (f"{stem}.npy", lambda: _npy(result), "application/octet-stream"),
        "Models (CSV)": (f"{stem}_models.csv", lambda: _csv(result, bars.table), "text/csv"),
        "Differences (CSV)": (
            f"{stem}_differences.csv",
            lambda: _csv(result, bars.differences),
            "text/csv",
        ),
        "Settings (JSON)": (
            f"{stem}.json",
            lambda: json.dumps(request.to_json(), indent=1),
            "application/json",
        ),
    }
    with st.container(horizontal=True):
        for label, (name, content, mime) in files.items():
            st.download_button(
                label, content, name, mime, on_click="ignore", icon=":material/download:"
            )
    st.caption(
        "`rsatoolbox.rdm.load_rdm` opens the HDF5 file, with the ids and categories of the stimuli "
        "and the name and subject of each RDM; the .npy file holds the upper triangles, an RDM a "
        f"row, in the same order. {plain(result.gathered.sentence)}"
    )


def hdf5(ds: Dataset, request: CompareRequest, result: RsaResult) -> bytes:
    """Every RDM that was gathered, with descriptors."""
    stimuli = ds.stimuli.set_index("id").loc[list(result.gathered.ids)]
    columns = {name: stimuli[name].tolist() for name in ("category", "supercategory")}
    about = {"recording": ds.info.name, "title": ds.info.title, "metric": request.metric}
    return rsa.export_hdf5(result.gathered, columns, about, request.metric)


def _npy(result: RsaResult) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, result.gathered.vectors)
    return buffer.getvalue()


def _csv(result: RsaResult, tabulate: Callable[..., pd.DataFrame]) -> str:
    tables = [tabulate(part).assign(Brain=part.brain.name_shown) for part in result.parts]
    return str(pd.concat(tables).to_csv(index=False))
