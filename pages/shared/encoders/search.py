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
from pages.shared.frame.text import plain

QUERIES = ("text", "image", "upload")
QUERY_BY, TEXT, IMAGE = "encoders.query", "encoders.text", "encoders.image"
COUNTS = (12, 24, 48, 96)
SHEET = 60
WIDE, NARROW, QUERY = 128, 84, 150
CALLED = 5
EXAMPLES = ("a red car at night", "two sheep in a meadow", "a dog in the snow")


@dataclass(frozen=True)
class Query:
    """What is sought: a text, the id of an image of the recording, or an uploaded image."""

    text: str = ""
    like: str = ""
    upload: bytes = b""


def search(ds: Dataset, spaces: Sequence[Space], which: str) -> None:
    """Ask, then show what each encoder finds."""
    asked, count = _ask(ds, spaces, which)
    for column, space in zip(_columns(len(spaces)), spaces, strict=True):
        with column:
            if len(spaces) > 1:
                st.markdown(f"**{plain(space.label)}**")
            found = embeddings.get(ds, space, which)
            if found is not None:
                if asked is not None:
                    side = WIDE if len(spaces) == 1 else NARROW
                    _results(ds, space, which, found, asked, count, side)
                st.caption(plain(embeddings.describe(found)))
                embeddings.tell_failures(found)
    if asked is None and st.session_state[QUERY_BY] == "image":
        _sheet(ds, which)


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


def _ask(ds: Dataset, spaces: Sequence[Space], which: str) -> tuple[Query | None, int]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Search by",
            QUERIES,
            default="text",
            required=True,
            key=QUERY_BY,
            bind="query-params",
        )
        count = st.selectbox("Images", COUNTS, key="encoders.count", bind="query-params", width=110)
    if kind == "text":
        return _ask_text(ds, spaces), count
    if kind == "image":
        return _ask_image(ds, which), count
    return _ask_upload(), count


def _ask_text(ds: Dataset, spaces: Sequence[Space]) -> Query | None:
    if not any(space.reads_text for space in spaces):
        st.info("None of the chosen encoders reads text. Choose a CLIP, or search by image.")
        return None
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
                st.button(example, key=f"try_{example}", on_click=_write, args=(example,))
    return Query(text=text.strip()) if text.strip() else None


def _write(text: str) -> None:
    st.session_state[TEXT] = text


def _ask_image(ds: Dataset, which: str) -> Query | None:
    row = _row(ds, st.session_state.get(IMAGE, st.query_params.get(IMAGE, "")).strip())
    with st.container(horizontal=True, vertical_alignment="center"):
        uri = "" if row is None else images.uri(ds, row["id"], images.PREVIEW)
        if uri:
            st.image(uri, width=QUERY)
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


def _ask_upload() -> Query | None:
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
        st.error(plain(error), icon=":material/error:")
        return None
    st.image(image, caption=plain(file.name), width=QUERY)
    return Query(upload=file.getvalue())


def _row(ds: Dataset, image: str) -> Any:
    for table in (ds.stimuli, ds.gallery):
        found = table[table["id"] == image]
        if len(found):
            return found.iloc[0]
    return None


def _results(
    ds: Dataset,
    space: Space,
    which: str,
    found: Encoded,
    asked: Query,
    count: int,
    side: int,
) -> None:
    table = embeddings.table(ds, which)
    vector = _vector(ds, space, which, found, asked)
    if vector is None:
        return
    rows, similarities = encoders.nearest(found.features, vector, count + 1)
    others = table["id"].iloc[rows].to_numpy() != asked.like
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
    _same_category(ds, asked, table, rows, np.isfinite(found.features[:, 0]))
    gallery(
        tiles,
        key=f"found_{space.label}_{which}",
        selected=(),
        on_change=_first(pick),
        size=side,
        show_captions=True,
    )
    _called(ds, space, which, asked, vector)
    if which == "stimuli" and len(rows):
        st.button(
            f"Select these {len(rows)} stimuli",
            key=f"select_{space.label}",
            on_click=selection.select,
            args=(ds, table["id"].iloc[rows].tolist()),
            icon=":material/check_box:",
        )


def _vector(
    ds: Dataset, space: Space, which: str, found: Encoded, asked: Query
) -> np.ndarray | None:
    """Where the query lies in a space; None, told why, where it has no place there."""
    name = embeddings.name(ds, space, which)
    if asked.text:
        if not space.reads_text:
            st.info(f"{plain(space.label)} reads no text.")
            return None
        return embeddings.query(space, f"{name} text {asked.text}", asked.text)
    if asked.upload:
        digest = hashlib.blake2b(asked.upload).hexdigest()
        image = functools.partial(encoders.check_upload, asked.upload)
        return embeddings.query(space, f"{name} upload {digest}", image)
    rows = np.flatnonzero(embeddings.table(ds, which)["id"].to_numpy() == asked.like)
    if len(rows) == 0:
        image = functools.partial(ds.image, asked.like)
        return embeddings.query(space, f"{name} like {asked.like}", image)
    vector = found.features[rows[0]]
    if not np.isfinite(vector).all():
        st.info(f"{plain(asked.like)} has no embedding here.")
        return None
    return np.asarray(vector)


def _same_category(
    ds: Dataset, asked: Query, table: Any, rows: np.ndarray, embedded: np.ndarray
) -> None:
    own = _row(ds, asked.like)["category"] if asked.like else ""
    if own and len(rows):
        same = int((table["category"].iloc[rows] == own).sum())
        others = table["category"][embedded & (table["id"] != asked.like).to_numpy()]
        chance = (others == own).mean()
        st.caption(f"{same} of {len(rows)} are of category {plain(own)} (chance {chance:.1%}).")


def _called(ds: Dataset, space: Space, which: str, asked: Query, vector: np.ndarray) -> None:
    """Zero-shot: the names of categories that lie nearest to the query image."""
    names = tuple(sorted(set(ds.stimuli["category"]) - {""}))
    if asked.text or not space.reads_text or len(names) < 2:
        return
    try:
        named = _named(embeddings.name(ds, space, which), names, space)
    except NeurogalleryError as error:
        st.caption(plain(error))
        return
    rows, similarities = encoders.nearest(named, vector, CALLED)
    words = [f"{names[row]} {value:.2f}" for row, value in zip(rows, similarities, strict=True)]
    st.caption(f"Nearest of {len(names):,} category names: {plain(', '.join(words))}.")


@st.cache_data(max_entries=8, show_spinner="Reading the names of the categories …")
def _named(embedding: str, names: tuple[str, ...], _space: Space) -> np.ndarray:
    return encoders.encode_text(encoders.prompts(names), _space.info.id, **_space.parameters)


def _sheet(ds: Dataset, which: str) -> None:
    """Images to click, a sheet at a time."""
    table = embeddings.table(ds, which)
    sheets = -(-len(table) // SHEET)
    sheet = 1
    if sheets > 1:
        sheet = st.number_input(f"Sheet (of {sheets})", 1, sheets, key="encoders.sheet", width=160)
    # Every sheet holds images from all over the list, which is often sorted by category.
    shown = table.iloc[sheet - 1 :: sheets]
    gallery(
        images.tiles(ds, shown),
        key=f"query_{which}_{sheet}",
        selected=(),
        on_change=_first(pick),
        size=images.TILE,
    )


def _first(action: Callable[[str], None]) -> Callable[[list[str]], None]:
    return lambda ids: action(ids[0]) if ids else None
