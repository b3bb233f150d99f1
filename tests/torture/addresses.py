"""Mutated addresses on every page: the page opens, and what it says is its own.

Several settings of an address are changed at once; where the page fails, each is tried alone, so
that what is counted is settings.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock

from streamlit.testing.v1 import AppTest

from core.jobs import queue
from pages.shared.frame.address import FORMER, SHARED
from tests.pages.app import PAGES, leave_waiting, open_address
from tests.torture.outcome import Outcome
from tests.torture.settings import Settings, folders
from tests.torture.shown import check_page

SETTINGS_TRIED, AT_ONCE = 2000, 8
PAGE_S = 60.0
Address = dict[str, str]
VIEWS = 3
SMALL = {"recording.stimuli": "80", "recording.subjects": "2"}
WIDGETS = (
    "number_input", "selectbox", "multiselect", "text_input", "text_area", "toggle", "checkbox",
    "button_group", "slider", "radio", "select_slider",
)  # fmt: skip
ODD = (
    "inf", "-inf", "Infinity", "nan", "1e400", "-1", "0", "1e18", "9" * 25, "-" + "9" * 25, "2.7",
    "", " ", "\0", "x", "é" * 3000, "../..", "/etc/passwd", "folder:../..", "folder:mine",
    "true", "None", "[]", "{}", "0x10", "１２", "1_000", "<b>x</b>", "$x$", "\u202ex", "💥", "-0.0",
    "1e-320", "[1, 2]", "decoder-" + "0" * 32, "rdm-" + "0" * 16, "precomputed:",
    "clip:/", "module:..",
)  # fmt: skip


def run(settings: Settings) -> Iterator[Outcome]:
    outcome, rng = Outcome("reader: addresses"), settings.rng
    with folders(settings.folder), mock.patch.object(queue, "_start", leave_waiting):
        views = {page: _views(page, rng, 0 if settings.is_over(0.2) else VIEWS) for page in PAGES}
        openings = 0
        while outcome.tried < settings.count(SETTINGS_TRIED):
            if settings.is_over(0.95):
                outcome.note = "out of time; "
                break
            page = PAGES[openings % len(PAGES)]
            begun, keys = rng.choice(views[page])
            _open(outcome, page, begun, _changed(rng, keys))
            openings += 1
        outcome.note += f"settings, in {openings} openings"
    yield outcome


def _views(page: str, rng: random.Random, most: int) -> list[tuple[Address, dict[str, str]]]:
    """Addresses of a page, with one of its choices changed, and what each may hold besides."""
    app = open_address(page, SMALL)
    check_page(app)
    choices = [
        {str(widget.key): str(option)}
        for kind in ("selectbox", "button_group")
        for widget in app.get(kind)
        if widget.key and "." in widget.key
        for option in widget.options
    ]
    chosen = [{}, *rng.sample(choices, min(most, len(choices)))]
    return [(SMALL | each, _keys(page, open_address(page, SMALL | each))) for each in chosen]


def _keys(page: str, app: AppTest) -> dict[str, str]:
    """What an address may hold, with a right value; former keys too."""
    widgets = [widget for kind in WIDGETS for widget in app.get(kind) if widget.key]
    keys = {str(widget.key): _written(widget.value) for widget in widgets}
    known = {key: value for key, value in keys.items() if "." in key or key in SHARED}
    return {**dict.fromkeys((*SHARED, *FORMER.get(page, ())), "x"), **known}


def _written(value: Any) -> str:
    if isinstance(value, list | tuple):
        return str(value[0]) if value else ""
    return str(value)


def _changed(rng: random.Random, keys: Mapping[str, str]) -> dict[str, list[str]]:
    """So many settings, each of a value that is odd, of another setting, or changed a little."""
    chosen = rng.sample(sorted(keys), min(AT_ONCE, len(keys)))
    return {key: _values(rng, keys[key], list(keys.values())) for key in chosen}


def _values(rng: random.Random, value: str, others: list[str]) -> list[str]:
    kind = rng.choice(("odd", "odd", "odd", "other", "letter", "twice"))
    if kind == "odd":
        return [rng.choice(ODD)]
    if kind == "other":
        return [rng.choice(others)]
    if kind == "twice":
        return [value, rng.choice(ODD)]
    at = rng.randrange(len(value) + 1)
    return [value[:at] + chr(rng.randrange(1, 0xD7FF)) + value[at + 1 :]]


def _open(outcome: Outcome, page: str, begun: Address, changed: Mapping[str, list[str]]) -> None:
    """One opening for all settings; one for each where it fails."""
    together = Outcome("")
    with together.trying(f"{page} {changed}", PAGE_S):
        check_page(open_address(page, {**begun, **changed}))
    if together.is_clean:
        for _ in changed:
            outcome.count("survived")
        return
    alone = Outcome("")
    for key, values in changed.items():
        with alone.trying(f"{page} {key}={[value[:60] for value in values]}", PAGE_S):
            check_page(open_address(page, {**begun, key: values}))
    if alone.is_clean:  # it takes several
        alone.survived -= 1
        for verdict in ("lost", "exceptions", "foreign"):
            getattr(alone, verdict).extend(getattr(together, verdict))
    outcome.add(alone)
