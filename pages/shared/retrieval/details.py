"""One response in detail: its profile, the nearest training images, its single trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from core.datasets import Dataset
from core.decoders.retrieving.decoded import retrieve
from core.decoders.retrieving.queries import image_query
from core.errors import NeurogalleryError
from core.figures import retrieval as figures
from pages.shared.components.stage.film import FilmImage, FilmRow, film
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import images
from pages.shared.frame.text import plain
from pages.shared.retrieval import answers
from pages.shared.retrieval.answers import KEPT, Answer, rank_in_words
from pages.shared.retrieval.slides import name_of, scope_of, seen_image, thumbnail

MIDDLE, SMALL = 76, 52
TRIAL_IMAGES, MOST_TRIALS = 5, 3


def show(ds: Dataset, answer: Answer, number: int) -> None:
    """Profile, training images and trials of the response at a place of the test set."""
    with st.container(key="retrieval_details"):
        left, middle, right = st.columns([1.25, 0.9, 1.15], gap="medium")
    with left:
        _profile(answer, number)
    with middle:
        _training_images(ds, answer, number)
    with right:
        _trials(ds, answer, number)
    with st.expander(f"The {KEPT} nearest images", key="retrieval.more", on_change="rerun") as more:
        if more.open:
            places, scores = answer.retrieved.places[number], answer.retrieved.scores[number]
            row = FilmRow("", _retrieved(ds, answer, places, scores))
            _film(ds, answer, [row], "nearest", images.THUMBNAIL)


def _profile(answer: Answer, number: int) -> None:
    st.markdown("**Response of the regions**")
    decoded = answer.decoded
    stimulus = int(decoded.stimulus[number])
    try:
        model = answers.response_model(decoded)
        query = image_query(decoded, decoded.data.embeddings[stimulus])
    except NeurogalleryError as error:
        st.info(plain(error), icon=":material/info:")
        return
    if not model.regions:
        st.caption("The decoder has no named regions.")
        return
    profile = model.profile(query)
    chart = drawn(
        figures.profile, profile.names, profile.predicted, model.measured(number), profile.r
    )
    show_chart(chart, key="retrieval_profile", alt="Measured and predicted mean response")
    st.caption(
        "Mean over the units of a region, in standard deviations over the training set. "
        "Predicted by ridge regression from the embedding, fitted on the training set."
    )


def _training_images(ds: Dataset, answer: Answer, number: int) -> None:
    st.markdown("**Nearest training images**")
    decoded = answer.decoded
    nearest = answers.nearest_training_of(decoded)
    pairs = zip(nearest.stimulus[number].tolist(), nearest.similarity[number], strict=True)
    row = FilmRow("", [seen_image(ds, int(row), cosine) for row, cosine in pairs if row >= 0])
    if not row.images:
        st.caption("The seen image has no embedding.")
        return
    _film(ds, answer, [row], "training", MIDDLE)
    st.caption(
        "Cosine to the seen image in the encoder's space: what the decoder has been trained on "
        "that is most like it."
    )


def _trials(ds: Dataset, answer: Answer, number: int) -> None:
    st.markdown("**Single trials and their average**")
    decoded = answer.decoded
    stimulus = int(decoded.stimulus[number])
    repeats, _ = answers.repeats_of(decoded)
    trials = repeats.of_image(stimulus)
    if len(trials) < 2:
        st.caption("The image was seen once.")
        return
    seen = decoded.data.embeddings[stimulus]
    shown = []
    for kind, predicted in (("trial", repeats.single), ("mean of", repeats.averaged)):
        rows = trials[:MOST_TRIALS] if kind == "trial" else trials[_doubling(len(trials))]
        own = np.broadcast_to(seen, (len(rows), len(seen)))
        holds_seen = answer.images.holds_stimuli
        alone = retrieve(predicted[rows], own, answer.parts, TRIAL_IMAGES, holds_seen)
        for place, row in enumerate(rows):
            label = f"{kind} {repeats.number[row]}: rank {rank_in_words(alone.rank[place])}"
            retrieved_images = _retrieved(ds, answer, alone.places[place], alone.scores[place])
            shown.append(FilmRow(label, [replace(image, caption="") for image in retrieved_images]))
    _film(ds, answer, shown, "trials", SMALL)


def _doubling(count: int) -> list[int]:
    """Places of the averages of 2, 4, 8, ... trials, and of all."""
    return [number - 1 for number in range(2, count + 1) if number & (number - 1) == 0] + (
        [count - 1] if count & (count - 1) else []
    )


def _retrieved(
    ds: Dataset, answer: Answer, places: np.ndarray, scores: np.ndarray
) -> list[FilmImage]:
    """Images of the gallery, the most similar first."""
    shown = []
    for place, score in zip(places.tolist(), scores.tolist(), strict=True):
        if place >= 0:
            caption = f"{score:.2f} {answer.images.categories[place]}".strip()
            words = f"{answer.images.ids[place]}: {caption}"
            shown.append(FilmImage(name_of(ds, answer.images, place), caption, words))
    return shown


def _film(ds: Dataset, answer: Answer, rows: Sequence[FilmRow], name: str, size: int) -> None:
    film(
        rows,
        key=f"retrieval_{name}",
        scope=scope_of(ds, answer.images),
        thumbnail=partial(thumbnail, ds, answer.images),
        size=size,
    )
