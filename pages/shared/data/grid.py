"""What of a recording is on disk as squares: a column a subject, a row a kind of files."""

from __future__ import annotations

import html

import streamlit as st

from core.datasets.shelf.presence import ALL, WORDS, Level, OnDisk

# Told apart by their shape; the colour is the accent of the maps, or that of the text.
SHAPES: dict[Level, str] = {
    "present": "background:#0072B2;border:1px solid #0072B2",
    "partly": "background:linear-gradient(135deg,#0072B2 50%,transparent 50%);"
    "border:1px solid #0072B2",
    "missing": "border:2px solid currentColor",
    "optional": "border:1px dotted currentColor;opacity:.7",
    "none": "",
}
BOX = "display:inline-block;width:14px;height:14px;border-radius:3px;vertical-align:middle"
MOST_SUBJECTS = 24


def show(state: OnDisk, title: str) -> None:
    """The squares, each with its words, and below them what the shapes say."""
    if not state.squares:
        return
    subjects, more = state.subjects[:MOST_SUBJECTS], len(state.subjects) - MOST_SUBJECTS
    heads = "".join(f'<th scope="col">{html.escape(_head(name))}</th>' for name in subjects)
    rows = "".join(_row(state, kind, subjects) for kind in state.kinds)
    st.html(
        f'<div class="data-grid" tabindex="0" role="region" aria-label="Files of '
        f'{html.escape(title)}"><table><thead><tr><td></td>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    if more > 0:
        st.caption(f"and {more} more subjects")


def key() -> None:
    """What each shape says, once a page."""
    shown: tuple[Level, ...] = ("present", "partly", "missing", "optional")
    st.html(
        '<div class="data-key">'
        + "".join(f"<span>{_box(level)} {html.escape(WORDS[level])}</span>" for level in shown)
        + "</div>"
    )


def _head(subject: str) -> str:
    return "all" if subject == ALL else subject


def _row(state: OnDisk, kind: str, subjects: tuple[str, ...]) -> str:
    cells = []
    for subject in subjects:
        square = state.square(subject, kind)
        words = html.escape(square.words)
        box = "" if square.level == "none" else _box(square.level, words)
        cells.append(f'<td title="{words}">{box}</td>')
    return f'<tr><th scope="row">{html.escape(kind)}</th>{"".join(cells)}</tr>'


def _box(level: Level, words: str = "") -> str:
    label = f'role="img" aria-label="{words}"' if words else 'aria-hidden="true"'
    return f'<span {label} style="{BOX};{SHAPES[level]}"></span>'
