"""The other way round: from a text or an image to the responses nearest to it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from core import decoders, encoders
from core.datasets import Dataset
from core.decoders import Run
from core.decoders.retrieving.decoded import Decoded
from core.decoders.retrieving.queries import (
    WAYS,
    ResponseModel,
    image_query,
    nearest_by_decoding,
    nearest_by_encoding,
    text_query,
)
from core.errors import NeurogalleryError
from core.figures import retrieval as figures
from pages.shared.components.gallery.gallery import gallery
from pages.shared.components.stage.film import FilmRow, film
from pages.shared.encoders import embeddings
from pages.shared.encoders.embeddings import Space
from pages.shared.encoders.search import offered
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import images
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import counted, plain
from pages.shared.retrieval import answers
from pages.shared.retrieval.slides import seen_image, seen_thumbnail

KINDS = ("text", "image", "upload")
KIND, TEXT, IMAGE = "retrieval.query", "retrieval.text", "retrieval.image"
COUNT, MOST_TEXT, EXAMPLES, QUERY_WIDTH = 12, 300, 3, 150
EXPLAINED = {
    "decoding": "Each measured response of the test set is decoded into the space of the encoder; "
    "shown are those that come nearest to the query (cosine).",
    "encoding": "A response to the query is predicted by ridge regression, fitted on the training "
    "set; shown are the measured responses of the test set most correlated with it (r over units).",
}
WANTED = (
    "What comes: the responses of the test set nearest to it, by the images that were seen, and "
    "the response that is predicted for it in each region."
)


@dataclass(frozen=True)
class Query:
    """A direction in the space of the decoder, and what it is in words."""

    direction: np.ndarray
    words: str


def show(ds: Dataset, runs: Sequence[Run]) -> None:
    """Choose a query; show the predicted profile and the responses nearest to it.

    Of several decoders the first answers.
    """
    run = runs[0]
    decoded, config = answers.decoded_of(ds, run), run.config
    if len(runs) > 1:
        st.caption(f"Only {decoders.short_name(run.key, config.head)} answers here.")
    space = Space(encoders.get(config.encoder).info, dict(config.encoder_parameters))
    kinds = offered(KIND, KINDS, space.reads_text)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Search by", kinds, default=kinds[0], required=True, key=KIND, bind="query-params"
        )
        way = st.segmented_control(
            "Responses by",
            WAYS,
            default=WAYS[0],
            required=True,
            key="retrieval.way",
            bind="query-params",
            help=" ".join(EXPLAINED.values()),
        )
    if not space.reads_text:
        st.caption(f"{plain(space.label)} reads no text.")
    try:
        query = _query(ds, decoded, space, kind or kinds[0])  # None: the address names none
        if query is not None:
            _show(ds, decoded, query, way or WAYS[0])
    except NeurogalleryError as error:
        show_error(error)


def _query(ds: Dataset, decoded: Decoded, space: Space, kind: str) -> Query | None:
    if kind == "text":
        return _text(decoded, space)
    if kind == "image":
        return _image(ds, decoded, space)
    return _upload(decoded, space)


def _text(decoded: Decoded, space: Space) -> Query | None:
    text = st.text_input(
        "Describe what was seen",
        key=TEXT,
        bind="query-params",
        max_chars=MOST_TEXT,
        placeholder="such as: a red boat on a lake",
    ).strip()
    if not text:
        with st.container(horizontal=True):
            for example in _examples(decoded):
                st.button(example, key=f"retrieval_{example}", on_click=_set, args=(TEXT, example))
        st.caption(WANTED)
        return None
    vector = embeddings.query(space, f"{_name(decoded)} text {text}", text)
    if vector is None:
        return None
    embeddings.tell_notes(space, text)
    return Query(text_query(decoded, vector), f"‘{text}’")


def _examples(decoded: Decoded) -> list[str]:
    """Texts about categories of the test set."""
    names = np.unique(answers.category_of(decoded))
    names = names[names != ""]
    chosen = np.linspace(0, len(names) - 1, min(EXAMPLES, len(names))).astype(int)
    return encoders.prompts(names[chosen])


def _image(ds: Dataset, decoded: Decoded, space: Space) -> Query | None:
    name = st.text_input(
        "Id of a stimulus or gallery image",
        key=IMAGE,
        bind="query-params",
        placeholder="or click an image below",
        width=360,
    ).strip()
    if not name:
        _browse(ds, decoded)
        return None
    st.button("Another image", icon=":material/grid_view:", on_click=_set, args=(IMAGE, ""))
    if not (ds.has_stimulus(name) or name in set(ds.gallery["id"])):
        example = ds.stimuli["id"].iloc[0]
        st.warning(
            f"There is no image {plain(name)}; ids look like {plain(example)}.",
            icon=":material/warning:",
        )
        return None
    if ds.has_stimulus(name):
        vector = decoded.data.embeddings[ds.row(name)]
    else:
        image = partial(ds.image, name)
        vector = embeddings.query(space, f"{_name(decoded)} like {name}", image)
    if vector is None:
        return None
    uri = images.uri(ds, name, images.PREVIEW)
    if uri:
        st.image(uri, width=QUERY_WIDTH, caption=plain(name), alt=f"The query, {name}")
    return Query(image_query(decoded, vector), name)


def _upload(decoded: Decoded, space: Space) -> Query | None:
    file = st.file_uploader(
        "An image of your own (at most 20 MB and 50 million pixels; it is not kept)",
        type=[name.lower() for name in (*encoders.UPLOAD_FORMATS, "JPG", "TIF")],
        key="retrieval.upload",
    )
    if file is None:
        st.caption(WANTED)
        return None
    content = file.getvalue()
    picture = encoders.check_upload(content, file.name)
    st.image(picture, width=QUERY_WIDTH, caption=plain(file.name), alt="The query, uploaded")
    digest = hashlib.blake2b(content).hexdigest()
    reread = partial(encoders.check_upload, content)
    vector = embeddings.query(space, f"{_name(decoded)} upload {digest}", reread)
    return None if vector is None else Query(image_query(decoded, vector), file.name)


def _name(decoded: Decoded) -> str:
    config = decoded.run.config
    return f"{config.encoder} {sorted(config.encoder_parameters.items())}"


def _set(key: str, value: str) -> None:
    st.session_state[key] = value


def _browse(ds: Dataset, decoded: Decoded) -> None:
    """Images of the test set to click."""
    shown = ds.stimuli.iloc[decoded.stimulus[:: max(1, len(decoded.stimulus) // 60)]]

    def pick(ids: list[str]) -> None:
        if ids:
            _set(IMAGE, ids[0])

    gallery(
        images.tiles(ds, shown),
        key="retrieval_browse",
        selected=(),
        on_change=pick,
        size=images.TILE,
    )


def _show(ds: Dataset, decoded: Decoded, query: Query, way: str) -> None:
    model = answers.response_model(decoded)
    if way == "decoding":
        places, scores = nearest_by_decoding(decoded, query.direction, COUNT)
    else:
        places, scores = nearest_by_encoding(model, query.direction, COUNT)
    with st.container(key="halves"):
        left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**Responses nearest to {plain(query.words)}**, by the image that was seen")
        pairs = zip(decoded.stimulus[places].tolist(), scores.tolist(), strict=True)
        film(
            [FilmRow("", [seen_image(ds, row, score) for row, score in pairs])],
            key=f"retrieval_reverse_{way}",
            scope=ds.images_fingerprint,
            thumbnail=partial(seen_thumbnail, ds),
            size=images.THUMBNAIL,
        )
        _count_category(decoded, places, query.words)
        count = len(decoded.stimulus)
        compared = f"{counted(count, 'response')} {'is' if count == 1 else 'are'} compared."
        st.caption(f"{EXPLAINED[way]} {compared}")
    with right:
        _profile(model, query)


def _count_category(decoded: Decoded, places: np.ndarray, words: str) -> None:
    """How many responses are to a category that the query names, beside chance."""
    categories = answers.category_of(decoded)
    for name in np.unique(categories):
        if name and name.lower() in words.lower():
            same = int((categories[places] == name).sum())
            expected = len(places) * (categories == name).mean()
            st.caption(
                f"{same} of {len(places)} are responses to ‘{plain(name)}’ (chance {expected:.1f})."
            )


def _profile(model: ResponseModel, query: Query) -> None:
    st.markdown(f"**Predicted response to {plain(query.words)}**")
    if not model.regions:
        st.caption("The decoder has no named regions.")
        return
    profile = model.profile(query.direction)
    chart = drawn(figures.profile, profile.names, profile.predicted, None, profile.r)
    show_chart(chart, key="retrieval_predicted", alt="Predicted mean response of each region")
    words = "Mean over the units of a region, in standard deviations over the training set."
    r = profile.r[np.isfinite(profile.r)]
    if len(r):
        words += (
            " Over the test images, predicted and measured means correlate with r "
            f"{r.min():.2f} to {r.max():.2f}, by region (pointing at it shows its own)."
        )
    st.caption(words)
