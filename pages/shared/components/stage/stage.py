"""The seen image beside the retrieved ones, response by response, also as a presentation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import InputError

HERE = Path(__file__).parent
STAGE_SCRIPTS = ("shelf.js", "fit.js", "strip.js", "input.js", "draw.js", "stage.js")
LINK_SCRIPTS = ("shelf.js", "link.js")


def _script(names: Iterable[str]) -> str:
    return "\n".join((HERE / name).read_text("utf-8") for name in names)


_mount = st.components.v2.component(
    "neurogallery_stage",
    html=(HERE / "stage.html").read_text("utf-8"),
    css=(HERE / "stage.css").read_text("utf-8"),
    js=_script(STAGE_SCRIPTS),
)
_mount_link = st.components.v2.component("neurogallery_stage_link", js=_script(LINK_SCRIPTS))


@dataclass(frozen=True)
class StageImage:
    """An image of the gallery.

    Attributes
    ----------
    id : str
        Names the image within the scope of its deck.
    category : str
        Object category; '' where unknown.
    alt : str
        The image in words.
    """

    id: str
    category: str
    alt: str


@dataclass(frozen=True)
class Row:
    """What one decoder retrieves for one response.

    Attributes
    ----------
    places : sequence of int
        Into the images of the deck, best first.
    scores : sequence of float
        Their cosines with the prediction; shown to two decimals.
    rank : float
        Rank of the seen image in the gallery, 1 is best; NaN where it is not in it.
    """

    places: Sequence[int]
    scores: Sequence[float]
    rank: float


@dataclass(frozen=True)
class Slide:
    """One response of the test set.

    Attributes
    ----------
    id : str
    seen : int
        The seen image, a place in the images of the deck.
    caption : str
        The seen image in words, e.g. 'volcano'.
    rows : sequence of Row
        One a decoder.
    notes : sequence of str
        One line a decoder, e.g. "rank 3 of 4,301, chance 2,151; 'volcano' 2 of 10".
    """

    id: str
    seen: int
    caption: str
    rows: Sequence[Row]
    notes: Sequence[str]


@dataclass(frozen=True)
class Deck:
    """Everything that the browser gets at once; it moves among the slides by itself.

    Attributes
    ----------
    slides : sequence of Slide
        At least one.
    images : sequence of StageImage
        What the slides refer to; others are not sent.
    titles : sequence of str
        Names of the one or two decoders.
    scope : str
        Names the set of images: the browser keeps thumbnails by scope and id.
    thumbnail : callable
        The data URI of an id, '' where there is no image; called only for ids that the
        browser lacks.
    order : sequence of str
        Ids of the slides in the order of next and previous; that of ``slides`` by default.
    chance : float, optional
        Rank that a guess would give on average; marked on the strip.
    """

    slides: Sequence[Slide]
    images: Sequence[StageImage]
    titles: Sequence[str]
    scope: str
    thumbnail: Callable[[str], str]
    order: Sequence[str] = ()
    chance: float | None = None


def stage(
    deck: Deck,
    *,
    key: str,
    current: str,
    on_move: Callable[[str], None],
    on_present: Callable[[bool], None],
    hide_seen: bool = False,
    present: bool = False,
) -> None:
    """Show a response: the seen image, the retrieved ones, and where it stands among all.

    Next, previous, random, reveal and the strip of ranks are drawn by the browser at once.

    Parameters
    ----------
    deck : Deck
    key : str
        Key of the element.
    current : str
        Id of the slide to show; the first in order where there is no such slide. The
        browser follows when it changes.
    on_move : callable
        Told the id of the slide when the user has moved and stayed, before the run that
        follows.
    on_present : callable
        Told whether the presentation is on when the user has entered or left it.
    hide_seen : bool
        Hide the seen image, and what tells it, until it is revealed; in a presentation it
        always is.
    present : bool
        Cover the screen with the presentation.

    Raises
    ------
    InputError
        If slides, images and titles do not fit together.
    """
    _check(deck)
    ids = {slide.id for slide in deck.slides}
    state_key = f"{key}.state"
    before = st.session_state.get(state_key, {})
    state = {
        "current": current if current in ids else _ordered(deck)[0],
        "present": present,
        "hides": hide_seen,
        "serial": before.get("serial", 0),
    }
    st.session_state[state_key] = state

    def follow() -> None:
        moved = (st.session_state.get(key) or {}).get("moved")
        if not isinstance(moved, dict) or moved.get("id") not in ids:
            return
        _note(key, moved.get("needed"))
        # Not `state`: a run that was stopped may have heard of a later move.
        last = st.session_state[state_key]
        new = {"current": moved["id"], "present": moved["present"], "serial": moved["serial"]}
        st.session_state[state_key] = last | new
        if new["current"] != last["current"]:
            on_move(new["current"])
        if new["present"] != last["present"]:
            on_present(new["present"])

    with st.container(gap=None):
        _mount(key=key, data=_content(deck) | {"key": key}, on_moved_change=follow)
        _link(deck, key, state)


@st.fragment
def _link(deck: Deck, key: str, state: Mapping[str, Any]) -> None:
    """Steer the stage and answer its requests, without sending or running the rest again."""
    link_key, needed_key, answered_key = f"{key}.link", f"{key}.needed", f"{key}.answered"
    begun_key = f"{key}.begun"
    needed = st.session_state.get(needed_key, {})
    answered = needed.get("number", st.session_state.get(answered_key, 0))
    # A new session has none: those of the first slide come without a request, which a run that
    # follows at once would drop.
    is_new = begun_key not in st.session_state
    first = _images_of(deck, state["current"]) if is_new else []
    ids = dict.fromkeys([*first, *_needed(deck, needed)])
    _mount_link(
        key=link_key,
        data={
            **state,
            "key": key,
            "scope": deck.scope,
            "answered": answered,
            "thumbnails": {id_: deck.thumbnail(id_) for id_ in ids},
        },
        on_needed_change=lambda: _note(key, (st.session_state.get(link_key) or {}).get("needed")),
    )
    # Only now: where a run is stopped before, the one that follows answers.
    st.session_state.pop(needed_key, None)
    st.session_state[answered_key] = answered
    st.session_state[begun_key] = True


def _images_of(deck: Deck, id_: str) -> list[str]:
    """Ids of the images of one slide."""
    slide = next(slide for slide in deck.slides if slide.id == id_)
    places = [slide.seen, *(place for row in slide.rows for place in row.places)]
    return list(dict.fromkeys(deck.images[int(place)].id for place in places))


def _note(key: str, needed: Any) -> None:
    """Keep a request for thumbnails until it is answered."""
    if isinstance(needed, dict) and needed["number"] > st.session_state.get(f"{key}.answered", 0):
        st.session_state[f"{key}.needed"] = needed


def _needed(deck: Deck, needed: Mapping[str, Any]) -> list[str]:
    """The ids of a request; a late one may come from another deck."""
    if needed.get("scope") != deck.scope:
        return []
    known = {image.id for image in deck.images}
    return [id_ for id_ in needed.get("ids", ()) if id_ in known]


def _ordered(deck: Deck) -> list[str]:
    return list(deck.order) or [slide.id for slide in deck.slides]


def _check(deck: Deck) -> None:
    if not deck.slides:
        raise InputError("no response to show", "at least one")
    if not 1 <= len(deck.titles) <= 2:
        raise InputError(f"{len(deck.titles)} decoders", "one or two side by side")
    for slide in deck.slides:
        if not len(slide.rows) == len(slide.notes) == len(deck.titles):
            raise InputError(
                f"{len(slide.rows)} rows and {len(slide.notes)} notes of {slide.id!r}",
                f"{len(deck.titles)}, one a decoder",
            )
        places = [slide.seen, *(place for row in slide.rows for place in row.places)]
        if not all(0 <= place < len(deck.images) for place in places):
            raise InputError(
                f"places {min(places)} to {max(places)} of {slide.id!r}",
                f"0 to {len(deck.images) - 1}, places of the images",
            )
    unknown = set(deck.order) - {slide.id for slide in deck.slides}
    if unknown:
        raise InputError(f"{min(unknown)!r} in the order", "ids of the slides")


def _content(deck: Deck) -> dict[str, Any]:
    """What is sent once: only the images that a slide refers to, scores in thousandths.

    Streamlit sends an element again only where its content has changed, which is why what
    changes from move to move goes through the link.
    """
    places: dict[int, int] = {}
    for slide in deck.slides:
        for place in (slide.seen, *(place for row in slide.rows for place in row.places)):
            places.setdefault(int(place), len(places))
    index = {slide.id: number for number, slide in enumerate(deck.slides)}
    return {
        "scope": deck.scope,
        "titles": list(deck.titles),
        "chance": _number(deck.chance),
        "images": [vars(deck.images[place]) for place in places],
        "slides": [_slide(slide, places) for slide in deck.slides],
        "order": [index[id_] for id_ in _ordered(deck)],
    }


def _slide(slide: Slide, places: Mapping[int, int]) -> dict[str, Any]:
    return {
        "id": slide.id,
        "seen": places[int(slide.seen)],
        "caption": slide.caption,
        "rows": [
            {
                "places": [places[int(place)] for place in row.places],
                "scores": [_thousandths(score) for score in row.scores],
            }
            for row in slide.rows
        ],
        "ranks": [_number(row.rank) for row in slide.rows],
        "notes": list(slide.notes),
    }


def _number(value: float | None) -> float | None:
    """Without NaN, which JSON does not know."""
    return float(value) if value is not None and math.isfinite(value) else None


def _thousandths(score: float) -> int | None:
    return round(1000 * float(score)) if math.isfinite(score) else None
