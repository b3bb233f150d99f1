"""Search by a text or an image: nearest images in the spaces of up to three encoders."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core import encoders
from core.datasets import Dataset
from core.encoders import Encoded
from core.errors import NeurogalleryError
from pages.shared.components.gallery.gallery import Tile, gallery
from pages.shared.encoders import embeddings
from pages.shared.encoders.embeddings import Space
from pages.shared.frame import images, selection
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain

QUERIES = ("text", "image", "upload")
QUERY_BY, TEXT, IMAGE = "encoders.query", "encoders.text", "encoders.image"
COUNTS = (12, 24, 48, 96)
PAGE_SIZE = 60
WIDE, NARROW, QUERY_WIDTH = 128, 84, 150
MOST_NAMES = 5
EXAMPLES = ("a red car at night", "two sheep in a meadow", "a dog in the snow")


@dataclass(frozen=True)
class Query:
    """A text, the id of an image of the recording, or an uploaded image."""

    text: str = ""
    like: str = ""
    upload: bytes = b""


def search(ds: Dataset, spaces: Sequence[Space], which: str) -> None:
    """Choose a query, and show the images that each encoder retrieves."""
    query, count = _choose_query(ds, spaces, which)
    kind, is_encoded = st.session_state[QUERY_BY], False
    for column, space in zip(_columns(len(spaces)), spaces, strict=True):
        with column:
            if len(spaces) > 1:
                st.markdown(f"**{plain(space.label)}**")
            encoded = embeddings.get(ds, space, which)
            if encoded is not None:
                is_encoded = True
                if query is not None:
                    side = WIDE if len(spaces) == 1 else NARROW
                    _show_retrieved(ds, space, which, encoded, query, count, side)
                st.caption(plain(embeddings.describe(encoded)))
                embeddings.tell_failures(encoded)
    if query is None and (kind == "image" or (kind == "text" and is_encoded)):
        _browse(ds, which)


def pick(image: str) -> None:
    """Make an image of the recording the query; a callback."""
    if st.session_state[QUERY_BY] != "image":
        # The text input is not there yet, so its value would not enter the address.
        st.query_params[IMAGE] = image
    st.session_state[QUERY_BY] = "image"
    st.session_state[IMAGE] = image


def _columns(count: int) -> Any:
    with st.container(key="spaces"):
        return st.columns(count, gap="medium")


def _choose_query(ds: Dataset, spaces: Sequence[Space], which: str) -> tuple[Query | None, int]:
    kinds = offered(QUERY_BY, QUERIES, any(space.reads_text for space in spaces))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Search by",
            kinds,
            default=kinds[0],
            required=True,
            key=QUERY_BY,
            bind="query-params",
        )
        count = st.selectbox("Images", COUNTS, key="encoders.count", bind="query-params", width=110)
    if len(kinds) < len(QUERIES):
        st.caption("None of the chosen encoders reads text: a CLIP does.")
    if kind == "text":
        return _write_query(ds, spaces), count
    if kind == "image":
        return _choose_image(ds, which), count
    return _upload_query(), count


def _write_query(ds: Dataset, spaces: Sequence[Space]) -> Query | None:
    text = st.text_input(
        "Describe an image",
        key=TEXT,
        bind="query-params",
        max_chars=300,
        placeholder=f"such as: {EXAMPLES[0]}",
    )
    if not text.strip() and ds.info.is_simulated:
        with st.container(horizontal=True):
            for example in EXAMPLES:
                st.button(example, key=f"try_{example}", on_click=_set_text, args=(example,))
    known = [space.info for space in spaces if encoders.get(space.info.id).words() is not None]
    for info in known:
        st.caption(f"{plain(info.label)}: {plain(info.description)}")
    return Query(text=text.strip()) if text.strip() else None


def offered(key: str, kinds: tuple[str, ...], reads_text: bool) -> tuple[str, ...]:
    """The kinds of queries that the encoders in view take; a choice of another is forgotten."""
    kinds = kinds if reads_text else tuple(kind for kind in kinds if kind != "text")
    if st.session_state.get(key, kinds[0]) not in kinds:
        st.session_state[key] = kinds[0]
    return kinds


def _set_text(text: str) -> None:
    st.session_state[TEXT] = text


def _choose_image(ds: Dataset, which: str) -> Query | None:
    row = _row(ds, st.session_state.get(IMAGE, st.query_params.get(IMAGE, "")).strip())
    with st.container(horizontal=True, vertical_alignment="center"):
        uri = "" if row is None else images.uri(ds, row["id"], images.PREVIEW)
        if uri:
            st.image(uri, width=QUERY_WIDTH, alt=f"The query, {images.describe(row)}")
        with st.container(width=360):
            image = st.text_input(
                "Id of a stimulus or gallery image",
                key=IMAGE,
                bind="query-params",
                placeholder="or click an image below",
            ).strip()
            if row is not None:
                st.caption(plain(images.describe(row)))
                st.button("Choose another", key="encoders.other_query", on_click=pick, args=("",))
    if image and row is None:
        first = embeddings.table(ds, which)["id"].iloc[0]
        st.warning(
            f"There is no image {plain(image)}; ids look like {plain(first)}.",
            icon=":material/warning:",
        )
    return None if row is None else Query(like=image)


def _upload_query() -> Query | None:
    file = st.file_uploader(
        "An image of your own (at most 20 MB and 50 million pixels; it is not kept)",
        type=[name.lower() for name in (*encoders.UPLOAD_FORMATS, "JPG", "TIF")],
        key="encoders.upload",
    )
    if file is None:
        return None
    try:
        image = encoders.check_upload(file.getvalue(), file.name)
    except NeurogalleryError as error:
        show_error(error)
        return None
    st.image(image, caption=plain(file.name), width=QUERY_WIDTH, alt="The query, uploaded")
    return Query(upload=file.getvalue())


def _row(ds: Dataset, image: str) -> Any:
    for table in (ds.stimuli, ds.gallery):
        rows = table[table["id"] == image]
        if len(rows):
            return rows.iloc[0]
    return None


def _show_retrieved(
    ds: Dataset,
    space: Space,
    which: str,
    encoded: Encoded,
    query: Query,
    count: int,
    side: int,
) -> None:
    table = embeddings.table(ds, which)
    vector = _vector(ds, space, which, encoded, query)
    if vector is None:
        return
    rows, similarities = encoders.nearest(encoded.features, vector, count + 1)
    others = table["id"].iloc[rows].to_numpy() != query.like
    rows, similarities = rows[others][:count], similarities[others][:count]
    tiles = [
        Tile(
            id=str(entry["id"]),
            image=images.uri(ds, entry["id"], images.PREVIEW),
            caption=f"{similarity:.2f} {entry['category']}".strip(),
            group="",
            alt=f"{images.describe(entry)}, cosine similarity {similarity:.3f}",
        )
        for (_, entry), similarity in zip(table.iloc[rows].iterrows(), similarities, strict=True)
    ]
    if query.text and len(similarities):
        embeddings.tell_strength(ds, space, which, encoded, float(similarities[0]))
    _same_category(ds, query, table, rows, np.isfinite(encoded.features[:, 0]))
    gallery(
        tiles,
        key=f"retrieved_{space.label}_{which}",
        selected=(),
        on_change=_first(pick),
        size=side,
        show_captions=True,
    )
    _name_categories(ds, space, which, query, vector)
    if which == "stimuli" and len(rows):
        st.button(
            f"Select these {len(rows)} stimuli",
            key=f"select_{space.label}",
            on_click=selection.select,
            args=(ds, table["id"].iloc[rows].tolist()),
            icon=":material/check_box:",
        )


def _vector(
    ds: Dataset, space: Space, which: str, encoded: Encoded, query: Query
) -> np.ndarray | None:
    """Where the query lies in a space; where it has no place there, say why and give None."""
    name = embeddings.name(ds, space, which)
    if query.text:
        if not space.reads_text:
            st.info(f"{plain(space.label)} reads no text.")
            return None
        vector = embeddings.query(space, f"{name} text {query.text}", query.text)
        if vector is not None:
            embeddings.tell_notes(space, query.text)
        return vector
    if query.upload:
        digest = hashlib.blake2b(query.upload).hexdigest()
        image = functools.partial(encoders.check_upload, query.upload)
        return embeddings.query(space, f"{name} upload {digest}", image)
    rows = np.flatnonzero(embeddings.table(ds, which)["id"].to_numpy() == query.like)
    if len(rows) == 0:
        image = functools.partial(ds.image, query.like)
        return embeddings.query(space, f"{name} like {query.like}", image)
    vector = encoded.features[rows[0]]
    if not np.isfinite(vector).all():
        st.info(f"{plain(query.like)} has no embedding here.")
        return None
    return np.asarray(vector)


def _same_category(
    ds: Dataset, query: Query, table: Any, rows: np.ndarray, embedded: np.ndarray
) -> None:
    own = _row(ds, query.like)["category"] if query.like else ""
    if own and len(rows):
        same = int((table["category"].iloc[rows] == own).sum())
        others = table["category"][embedded & (table["id"] != query.like).to_numpy()]
        chance = (others == own).mean()
        st.caption(f"{same} of {len(rows)} are of category {plain(own)} (chance {chance:.1%}).")


def _name_categories(
    ds: Dataset, space: Space, which: str, query: Query, vector: np.ndarray
) -> None:
    """Zero-shot: the names of categories that lie nearest to the query image."""
    names = tuple(sorted(set(ds.stimuli["category"]) - {""}))
    if query.text or not space.reads_text or len(names) < 2:
        return
    try:
        named = _named(embeddings.name(ds, space, which), names, space)
    except NeurogalleryError as error:
        st.caption(plain(error))
        return
    rows, similarities = encoders.nearest(named, vector, MOST_NAMES)
    words = [f"{names[row]} {value:.2f}" for row, value in zip(rows, similarities, strict=True)]
    st.caption(f"Nearest of {len(names):,} category names: {plain(', '.join(words))}.")


@st.cache_data(max_entries=8, show_spinner="Reading the names of the categories …")
def _named(embedding: str, names: tuple[str, ...], _space: Space) -> np.ndarray:
    return encoders.encode_text(encoders.prompts(names), _space.info.id, **_space.parameters)


def _browse(ds: Dataset, which: str) -> None:
    """Images to click, a page at a time."""
    table = embeddings.table(ds, which)
    st.caption(f"{len(table):,} images; click one for those nearest to it.")
    pages = -(-len(table) // PAGE_SIZE)
    page = 1
    if pages > 1:
        page = st.number_input(f"Page (of {pages})", 1, pages, key="encoders.page", width=160)
    # Every page holds images from all over the list, which is often sorted by category.
    shown = table.iloc[page - 1 :: pages]
    gallery(
        images.tiles(ds, shown),
        key=f"query_{which}_{page}",
        selected=(),
        on_change=_first(pick),
        size=images.TILE,
    )


def _first(action: Callable[[str], None]) -> Callable[[list[str]], None]:
    return lambda ids: action(ids[0]) if ids else None
