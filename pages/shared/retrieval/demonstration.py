"""From a response to images: the stage, the response in detail, and all of the test set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets import Dataset
from core.decoders import Run
from core.errors import NeurogalleryError
from core.galleries import ImageSet
from core.words import counted
from pages.shared.components.stage.stage import Deck, stage
from pages.shared.decoders.run import tell_units
from pages.shared.frame import guard
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain
from pages.shared.retrieval import answers, details, galleries, overall, phone, slides
from pages.shared.retrieval.answers import Answer

RESPONSE, PRESENT = "retrieval.response", "retrieval.present"
# Opening a page starts no work that takes longer.
LONG_S = 2.0


def show(ds: Dataset, runs: Sequence[Run], controls: DeltaGenerator) -> None:
    """Choose a gallery and an order, then one response after another."""
    runs = [run for run in runs if _decodes(ds, run)]
    if not runs:
        return
    config = runs[0].config
    with controls:
        test = np.asarray(answers.decoded_of(ds, runs[0]).data.fold.test)
        gallery = galleries.choose(ds, config.encoder, test)
        with st.popover("Settings", icon=":material/tune:"):
            order, guess = _settings(ds, gallery)
        phone.offer()
    if gallery is None or not galleries.is_ready(
        gallery, config.encoder, config.encoder_parameters
    ):
        return
    if not _search_is_wanted(ds, runs, gallery):
        return
    shown = _answers(ds, runs, gallery)
    if shown:
        _live(ds, shown, order, guess)


def _decodes(ds: Dataset, run: Run) -> bool:
    """Whether a decoder can be applied to the recording; says why it cannot."""
    try:
        answers.decoded_of(ds, run)
    except NeurogalleryError as error:
        show_error(error)
        return False
    return True


def _search_is_wanted(ds: Dataset, runs: Sequence[Run], gallery: ImageSet) -> bool:
    """Whether a search that takes long was asked for: a page starts none by itself."""
    seconds = sum(answers.seconds_of(answers.decoded_of(ds, run), gallery) for run in runs)
    clicked = st.session_state.setdefault("retrieval_long_searches", set())
    if seconds < LONG_S or gallery.fingerprint in clicked:
        return True
    st.button(
        f"Search {counted(len(gallery.ids), 'image')} (about {seconds:.0f} s)",
        type="primary",
        icon=":material/search:",
        on_click=clicked.add,
        args=(gallery.fingerprint,),
    )
    return False


def _settings(ds: Dataset, gallery: ImageSet | None) -> tuple[str, bool]:
    order = st.selectbox("Order", slides.ORDERS, key="retrieval.order", bind="query-params")
    guess = st.toggle(
        "Guess first",
        key="retrieval.guess",
        bind="query-params",
        help="Hides what was seen until it is revealed (R).",
    )
    if gallery is not None:
        galleries.offer_test_images(ds, gallery)
    return order, guess


def _answers(ds: Dataset, runs: Sequence[Run], gallery: ImageSet) -> list[Answer]:
    """Of each decoder; one that cannot be shown says why, and the other is shown alone."""
    shown: list[Answer] = []
    for run in runs:
        try:
            answer = answers.answer(ds, run, gallery)
        except NeurogalleryError as error:
            show_error(error)
            continue
        if answer is None:
            st.info(
                f"The gallery is not encoded with {plain(run.config.encoder)} yet; choose that "
                "decoder first to encode it.",
                icon=":material/info:",
            )
        elif shown and shown[0].decoded.ids != answer.decoded.ids:
            st.warning(
                f"{plain(answer.name)} was tested on other images, so that the two have no "
                "response in common order.",
                icon=":material/warning:",
            )
        else:
            shown.append(answer)
    return shown


@guard.fragment()
def _live(ds: Dataset, shown: Sequence[Answer], order: str, guess: bool) -> None:
    """What changes from response to response; the rest of the page is left alone."""
    try:
        _draw(ds, shown, order, guess)
    except NeurogalleryError as error:  # files may have gone since the page was drawn
        show_error(error)


def _draw(ds: Dataset, shown: Sequence[Answer], order: str, guess: bool) -> None:
    deck = _deck(" ".join(answer.key for answer in shown), order, ds, shown)
    ids = shown[0].decoded.ids
    current = st.query_params.get(RESPONSE, "")
    if current not in ids:
        if current:
            st.warning(
                f"The test set has no response to {plain(current)}; the first one is shown.",
                icon=":material/warning:",
            )
        current = deck.order[0]
    stage(
        deck,
        key="retrieval_stage",
        current=current,
        on_move=_move,
        on_present=_present,
        hide_seen=guess,
        present=st.query_params.get(PRESENT) == "true",
    )
    st.markdown("  \n".join(overall.sentence(answer) for answer in shown))
    for answer in shown:
        tell_units(ds, answer.decoded.run, answer.name if len(shown) > 1 else "")
    config = shown[0].decoded.run.config
    galleries.describe(shown[0].images, config.encoder, config.encoder_parameters)
    if len(shown) > 1:
        st.caption(f"What follows is of {plain(shown[0].name)}.")
    number = ids.index(current)
    details.show(ds, shown[0], number)
    clicked = overall.show(shown[0], current)
    if clicked is not None and clicked != st.session_state.get("retrieval_clicked"):
        st.session_state["retrieval_clicked"] = clicked
        _move(clicked)
        st.rerun(scope="fragment")
    st.download_button(
        "Ranks (CSV)",
        lambda: overall.table(shown[0]).to_csv(index=False),
        f"{shown[0].decoded.run.key}-retrieval.csv",
        "text/csv",
        icon=":material/download:",
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _deck(key: str, order: str, _ds: Dataset, _shown: Sequence[Answer]) -> Deck:
    return slides.deck(_ds, _shown, order)


def _move(response: str) -> None:
    st.query_params[RESPONSE] = response


def _present(on: bool) -> None:
    if on:
        st.query_params[PRESENT] = "true"
    else:
        st.query_params.pop(PRESENT, None)
