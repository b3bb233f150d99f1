"""An app with nothing but a stage, for test_stage_component.py; what it tells goes into a file."""

from __future__ import annotations

import base64
import io
import json
import os
import time
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from pages.shared.components.stage.stage import Deck, Row, Slide, StageImage, stage

TOLD = Path(os.environ.get("STAGE_TOLD", os.devnull))
CATEGORIES = ("volcano", "goldfish", "electric guitar", "airliner", "owl", "teapot")
IMAGES, SLIDES, RETRIEVED = 4000, 50, 10


def tell(event: str, value: object) -> None:
    with TOLD.open("a") as file:
        file.write(json.dumps([event, value]) + "\n")


def category(place: int) -> str:
    return CATEGORIES[place % len(CATEGORIES)]


def image(place: int, side: int = 320) -> Image.Image:
    """A disc before a sky, in the colours of its number."""
    across, down = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
    ground, figure = np.random.default_rng(place).integers(40, 255, (2, 3))
    sky = ground * (0.6 + 0.4 * down[..., None])
    disc = (across**2 + down**2 < 0.3 + 0.1 * (place % 6))[..., None]
    return Image.fromarray(np.where(disc, figure, sky).clip(0, 255).astype(np.uint8))


@st.cache_data
def uri(id_: str) -> str:
    file = io.BytesIO()
    image(int(id_.split("-")[1])).save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def thumbnail(id_: str) -> str:
    tell("thumbnail", id_)
    is_broken = (
        "broken" in st.query_params and id_ == f"image-{slides(1, SLIDES)[0].rows[0].places[0]}"
    )
    return "" if is_broken else uri(id_)


@st.cache_resource
def slides(decoders: int, count: int) -> list[Slide]:
    """The seen image is among the retrieved ones where the rank of the decoder is good."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(count):
        seen = int(rng.integers(IMAGES))
        rows, notes = [], []
        for _ in range(decoders):
            rank = int(np.exp(rng.uniform(0, np.log(IMAGES / 2))))
            places = rng.choice(IMAGES, RETRIEVED, replace=False)
            places[places == seen] = (seen + 1) % IMAGES
            if rank <= RETRIEVED:
                places[rank - 1] = seen
            scores = np.sort(rng.uniform(0.2, 0.9, RETRIEVED))[::-1]
            rows.append(Row(places.tolist(), scores.tolist(), rank))
            same = sum(category(place) == category(seen) for place in places)
            notes.append(
                f"rank {rank:,} of {IMAGES:,}, chance 2,000; '{category(seen)}' {same} of 10"
            )
        made.append(Slide(f"response-{number}", seen, category(seen), rows, notes))
    return made


def main() -> None:
    st.set_page_config(layout="wide")
    query = st.query_params
    decoders, count = int(query.get("decoders", "1")), int(query.get("slides", SLIDES))
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    st.text_input("Words")
    if st.toggle("Away"):
        return
    st.selectbox("Response", [f"response-{n}" for n in range(count)], key="response")
    images = [StageImage(f"image-{n}", category(n), f"a {category(n)}") for n in range(IMAGES)]
    names = ["Ridge regression, ROI LOC", "InfoNCE with mixup, three ROIs"]

    def move(id_: str) -> None:
        tell("moved", id_)
        st.session_state["response"] = id_

    def present(on: bool) -> None:
        tell("present", on)
        query["present"] = "1" if on else "0"

    stage(
        Deck(
            slides(decoders, count),
            images,
            names[:decoders],
            "discs",
            thumbnail,
            chance=IMAGES / 2,
        ),
        key="stage",
        current=st.session_state["response"],
        on_move=move,
        on_present=present,
        hide_seen=query.get("hide") == "1",
        present=query.get("present") == "1",
    )
    time.sleep(float(query.get("slow", "0")))
    st.text(f"Runs: {st.session_state['runs']}")


if __name__ == "__main__":
    main()
