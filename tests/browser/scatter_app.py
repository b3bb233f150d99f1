"""An app with nothing but maps, for test_scatter_component.py; what they tell goes into a file."""

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

from pages.shared.components.scatter.scatter import (
    Callbacks,
    Colours,
    Line,
    Marks,
    Points,
    Sprites,
    Tip,
    scatter,
    sprites,
)

TOLD = Path(os.environ.get("SCATTER_TOLD", os.devnull))
THEMES = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377")


@st.cache_data
def points(n: int) -> np.ndarray:
    """Six clouds; every eleventh point lies anywhere."""
    rng = np.random.default_rng(0)
    middles = rng.uniform(-60, 60, (6, 2))
    places = middles[np.arange(n) % 6] + rng.normal(0, 9, (n, 2))
    places[::11] = rng.uniform(-90, 90, (len(places[::11]), 2)) * [1, 0.7]
    return places.astype(np.float32)


def image(row: int, side: int = 96) -> Image.Image:
    return Image.new("RGB", (side, side), (row % 256, row // 256, 128))


def uri(drawn: Image.Image) -> str:
    file = io.BytesIO()
    drawn.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@st.cache_resource
def scenes(count: int, step: int) -> Sprites:
    """Images with something to see: a disc on a ground."""
    rng = np.random.default_rng(1)
    across, down = np.meshgrid(np.arange(48), np.arange(48))
    disc = (across - 24) ** 2 + (down - 24) ** 2 < 14**2
    made = []
    for ground, figure in rng.integers(30, 255, (count, 2, 3)):
        made.append(Image.fromarray(np.where(disc[..., None], figure, ground).astype(np.uint8)))
    return sprites(made, side=48, rows=range(0, count * step, step))


class Everything(dict[str, None]):
    """Says of every content that the browser has it."""

    def __contains__(self, version: object) -> bool:
        return True


def tell(event: str, value: object) -> None:
    with TOLD.open("a") as file:
        file.write(json.dumps([event, value]) + "\n")
    if event == "hover":
        row = int(str(value))
        st.session_state["hovered"] = Tip(row, uri(image(row)), f"image {row}")
    else:
        st.session_state[event] = value


def shown(n: int, by: str) -> Colours:
    places = points(n)
    if by == "theme":
        return Colours(np.arange(n) % 6, THEMES)
    steps = [f"#{step:02x}{80 + step // 4:02x}{255 - step:02x}" for step in range(256)]
    return Colours(np.interp(places[:, 0], (-90, 90), (0, 255)).astype(int), steps)


ODD = {
    "none": np.zeros((0, 2)),
    "one": np.ones((1, 2)),
    "same": np.full((50, 2), 3.0),
    "gaps": np.array([[0, 0], [np.nan, 1], [1, np.inf], [2, 1e6]]),
    "missing": np.full((3, 2), np.nan),
}


def odd(name: str) -> None:
    scatter(
        Points(
            ODD[name],
            colours=Colours([-1] * len(ODD[name]), []),
            labels=[f"label {row}" for row in range(len(ODD[name]))],
            thumbnails={0: uri(image(0))},
        ),
        key=name,
        description=name,
        marks=Marks(selected=range(100)),
        callbacks=Callbacks(on_select=lambda rows: tell("selected", rows)),
    )


def main() -> None:
    st.set_page_config(layout="wide")
    asked = st.query_params
    if "odd" in asked:
        return odd(asked["odd"])
    if "lost" in asked and "was_lost" not in st.session_state:
        st.session_state["map_0__sent"] = Everything()
        st.session_state["was_lost"] = True
    n = int(asked.get("n", "30000"))
    by = st.radio("Colour by", ["theme", "value"], horizontal=True)
    as_images = asked.get("images") == "1"
    clicked = st.session_state.get("clicked")
    distances = np.linalg.norm(points(n) - points(n)[clicked or 0], axis=1)
    places = st.columns(int(asked.get("maps", "1")))
    for index, place in enumerate(places):
        with place:
            scatter(
                Points(
                    points(n) if index == 0 else points(n)[:, ::-1] * [-1, 1],
                    colours=shown(n, by),
                    atlas=scenes(min(1000, n), max(1, n // 1000)) if as_images else None,
                ),
                key=f"map_{index}",
                description=f"{n:,} random points in six clouds",
                marks=Marks(
                    selected=st.session_state.get("selected", ()),
                    numbered=np.argsort(distances)[1:6].tolist() if clicked is not None else (),
                    star=clicked,
                    line=Line((-80, -70), (75, 72), "living | not living, 91 %"),
                    hovered=st.session_state.get("hovered"),
                ),
                callbacks=Callbacks(
                    on_select=lambda rows: tell("selected", rows),
                    on_click=lambda row: tell("clicked", row),
                    on_hover=lambda row: tell("hover", row),
                ),
            )
    st.button("Clear", on_click=lambda: st.session_state.pop("selected", None))
    time.sleep(float(asked.get("slow", "0")))
    if st.toggle("Away"):
        st.text("A widget below the map")


if __name__ == "__main__":
    main()
