"""The comparison in view and what is drawn of it: from the store, or made once and cached."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core import rdm
from core.datasets import Dataset
from core.figures.comparison import multiples
from core.figures.strips import Strips, category_strips
from core.rdm.disagreement import Disagreements, disagreements
from core.rsa import job
from core.rsa.job import CompareRequest
from core.rsa.results import RsaResult
from pages.shared.compare.settings import Look
from pages.shared.frame import results


def get(request: CompareRequest) -> RsaResult | None:
    """The stored comparison; None while its job or its button is shown."""
    return results.get(
        request,
        partial(results.recall, _stored),
        one_at_a_time=True,
        icon=":material/balance:",
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _stored(key: str) -> RsaResult | None:
    return job.load(key)


@st.cache_resource(max_entries=8, show_spinner=False)
def stimuli_of(fingerprint: str, ids: tuple[str, ...], _ds: Dataset) -> Dataset:
    """The recording with the stimuli that are compared."""
    return _ds.subset(ids)


@st.cache_resource(max_entries=32, show_spinner=False)
def arranged(key: str, order: str, _sub: Dataset, _vector: np.ndarray) -> np.ndarray:
    """Stimulus at each position, in the order of an RDM where the order follows one."""
    return rdm.arrange(_sub, multiples.in_percentiles(_vector), order, key)


@st.cache_resource(max_entries=512, show_spinner=False)
def small(
    key: str, name: str, look: Look, side: int, _vector: np.ndarray, _rows: np.ndarray
) -> str:
    """An RDM as a small image; ``key`` names the comparison."""
    return multiples.small(_vector, _rows, look.colours, side)


@st.cache_resource(max_entries=64, show_spinner=False)
def apart(key: str, first: str, second: str, count: int, _result: RsaResult) -> Disagreements:
    """The pairs on which two of the RDMs disagree most."""
    return disagreements(_result.vector(first), _result.vector(second), count)


def strips_of(sub: Dataset, rows: np.ndarray) -> Strips:
    """Strips of the stimuli in the order of the matrices."""
    return category_strips(sub.stimuli, rows, rdm.blocks(sub.stimuli, rows))
