"""The average of this decoder's predictions and those of others, scored beside each of them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import ensembles
from core.decoders import Config, Run
from core.decoders.scoring.score_table import TWO_WAY, WITHIN, worded
from core.ensembles import AVERAGE, Ensemble, EnsembleRequest
from core.ensembles.members import MOST
from pages.shared.decoders.choose import name_of_config
from pages.shared.decoders.described import every
from pages.shared.frame import results
from pages.shared.frame.text import plain
from pages.shared.frame.widgets import warn_unknown

KEY = "train.ensemble"
MEASURES = (TWO_WAY, WITHIN, "top-1", "top-5", "image top-1", "image top-5")
ABOUT = (
    "Each decoder predicts a direction, and the cosines of all are averaged (Hansen & Salamon "
    "1990). The best member has the best two-way identification in its validation set, not in the "
    "test set; the difference is paired over the same test images. Members are taken as they are: "
    "other seeds would give others."
)


def show(run: Run) -> None:
    """Choice of the other members and their scores, or a button that starts the job."""
    st.header("Average of several decoders")
    others = _others(run)
    warn_unknown(KEY, others, "This decoder cannot be averaged with")
    if not others:
        st.caption(
            "A second decoder of this recording, encoder, split and fold, such as another seed or "
            "head, can be averaged with this one. None was trained yet."
        )
        return
    kept = [name for name in st.session_state.get(KEY, []) if name in others]
    if KEY in st.session_state and kept != st.session_state[KEY]:
        st.session_state[KEY] = kept  # of the decoder that was in view before
    chosen = st.multiselect(
        "This decoder together with",
        list(others),
        max_selections=MOST - 1,
        select_all=False,
        placeholder="Other seeds or heads",
        key=KEY,
        bind="query-params",
    )
    if not chosen:
        st.caption(
            "Whether an average of seeds or heads predicts better than the best of them is tested "
            "on the same images."
        )
        return
    keys = (run.key, *(others[name] for name in chosen))
    request = EnsembleRequest(keys, run.config.dataset)
    ensemble = results.get(request, ensembles.load, on_click=True, icon=":material/merge:")
    if ensemble is not None:
        _show_scores(ensemble)


def name_in_choice(key: str, config: Config) -> str:
    """Such as 'mlp-1a2b3c, infonce, seed 2'."""
    return f"{name_of_config(key, config)}, seed {config.seed}"


def _others(run: Run) -> dict[str, str]:
    """Keys of the decoders that this one can be averaged with, by name."""
    return {
        name_in_choice(row.key, row.config): row.key
        for row in every()
        if row.config is not None
        and row.key != run.key
        and not ensembles.differing(run.config, row.config)
    }


def _show_scores(ensemble: Ensemble) -> None:
    chosen = st.session_state.get("train.protocol")
    protocol = chosen if chosen in ensemble.protocols else ensemble.protocols[0]
    st.info(plain(ensemble.sentence(protocol)), icon=":material/merge:")
    st.dataframe(in_words(ensemble, protocol), hide_index=True, height="content")
    st.caption(f"{plain(protocol.capitalize())}, with 95 % intervals. {ABOUT}")


def in_words(ensemble: Ensemble, protocol: str) -> pd.DataFrame:
    """A row for the average, for each member and for chance; a column for each measure."""
    rows = ensemble.rows(protocol)
    lines = []
    for name, own in rows.groupby("head", sort=False):
        line = {"Decoder": str(name), "Validation": _validation(ensemble, str(name))}
        by_measure = own.set_index("measure").to_dict("index")
        for measure in MEASURES:
            if measure in by_measure:
                row = by_measure[measure]
                low, high = (worded(measure, row[bound]) for bound in ("low", "high"))
                line[measure] = f"{worded(measure, row['value'])} ({low} to {high})"
        lines.append(line)
    average = rows[rows["head"] == AVERAGE].set_index("measure")["chance"]
    known = [measure for measure in MEASURES if measure in average]
    lines.append(
        {"Decoder": "chance", "Validation": worded(TWO_WAY, average[TWO_WAY])}
        | {measure: worded(measure, average[measure]) for measure in known}
    )
    return pd.DataFrame(lines)


def _validation(ensemble: Ensemble, name: str) -> str:
    two_way = worded(TWO_WAY, ensemble.validation.get(name))
    return f"{two_way} (best)" if name == ensemble.best else two_way
