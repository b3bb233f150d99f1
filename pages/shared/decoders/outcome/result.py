"""The result of a training at a glance: images, one sentence, a chart of the scores."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.datasets import Dataset
from core.decoders import EvaluateRequest, Run, TrainRequest
from core.decoders.scoring.cases import sentence
from core.decoders.scoring.score_table import PROTOCOLS, load_table
from core.figures import decoding
from pages.shared.decoders.outcome import cases
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import results
from pages.shared.frame.text import plain

LEAK = "These scores measure the leak, not the decoder:"


def show(ds: Dataset, run: Run) -> str | None:
    """Images, sentence and chart; gives the protocol in view, None while a job scores it."""
    warn_of_leak(run)
    above = st.container()
    # Whoever pressed the training asked for its scores.
    table = results.get(
        EvaluateRequest.of(run),
        lambda key: load_table(run.key),
        on_click=not results.is_begun_here(TrainRequest(run.config)),
        icon=":material/scoreboard:",
    )
    protocol = None if table is None else _scores(table, run)
    if ds.images is not None and table is not None:
        with above:
            cases.show(ds, run)
    return protocol


def _scores(table: pd.DataFrame, run: Run) -> str:
    said = sentence(table, run.config.head)
    if said:
        first, _, rest = said.partition(". ")
        st.header(plain(first), anchor=False)
        st.markdown(plain(rest))
    protocols = [name for name in PROTOCOLS if name in set(table["protocol"])]
    protocol = protocols[0]
    if len(protocols) > 1:
        protocol = st.segmented_control(
            "Protocol",
            protocols,
            default=protocols[0],
            required=True,
            key="train.protocol",
            bind="query-params",
        )
    show_chart(
        drawn(decoding.scores, table[table["protocol"] == protocol], run.config.head),
        key="train_scores",
        alt=f"Scores of the decoder beside baselines and chance, {protocol}: {said}",
        title=f"Scores in the test set, {protocol}",
    )
    return protocol


def warn_of_leak(run: Run) -> None:
    """Say that scores mean nothing where the split leaks."""
    red = [finding["message"] for finding in run.audit if finding["level"] == "red"]
    if red:
        st.error(f"{LEAK} {plain(' '.join(red))}", icon=":material/dangerous:")
