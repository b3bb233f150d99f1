"""Whatever an address holds: no page fails, and what is left out is said in one line."""

from __future__ import annotations

import ast
from itertools import cycle

import pytest

from core.datasets import DATASETS
from core.maps import METHODS
from core.paths import PROJECT
from pages.shared.frame import address
from pages.shared.frame.address_parts import known, left_out
from tests.pages.app import PAGES, open_address, open_page

HOSTILE = (
    "inf",
    "-1",
    "nan",
    "1e400",
    "x" * 5000,
    "99999999999",
    "\u00e9\u4e2d",
    "a&b",
    "-inf",
    "",
)
START = "Left out of the address"
SMALL = {"recording.stimuli": "120", "recording.subjects": "2"}


def bound_keys():
    """Every key that stands in a call of a widget that is bound to the address."""
    for file in (PROJECT / "pages").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            named = {each.arg: each.value for each in getattr(call, "keywords", ())}
            if isinstance(call, ast.Call) and "bind" in named:
                yield file, named.get("key")


def test_every_option_is_known():
    keys = [key.value for _, key in bound_keys() if isinstance(key, ast.Constant)]
    assert len(keys) > 40
    own = [key.split(".", 1) for key in keys if "." in key]
    assert [key for key in own if not known.is_known(*key)] == []
    assert {key for key in keys if "." not in key} <= set(address.SHARED)
    assert set(known.OPTIONS) <= set(PAGES) & set(address.PREFIXES)
    formers = [(page, key) for page in address.FORMER for key in address.FORMER[page].values()]
    assert [
        key
        for page, key in formers
        if "." in key and not known.is_known(page, key.split(".", 1)[1])
    ] == []


def options_of(page):
    """Every option of a page by its key, with those that all pages have."""
    own = [f"{page}.{name}" for name in known.OPTIONS.get(page, ())]
    if page == "maps":
        own += [
            f"maps.{method.id}.{p.name}" for method in METHODS.values() for p in method.parameters
        ]
    of_recording = [f"recording.{p.name}" for p in DATASETS["simulated"].info.options]
    return [*own, *of_recording, *(key for key in address.SHARED if key != "recording")]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_fails_on_hostile_values(page):
    values = cycle(HOSTILE[PAGES.index(page) % len(HOSTILE) :] + HOSTILE)
    hostile = {key: next(values) for key in options_of(page)}
    app = open_address(page, {**hostile, f"{page}.nothing": "1", "utm_source": "2"})
    assert not app.exception
    words = [each.value.replace("\\", "") for each in app.warning if START in each.value]
    assert len(words) == 1
    assert "nothing (no such setting)" in words[0] or "more" in words[0]
    assert "\n" not in words[0]
    assert f"{page}.nothing" not in app.query_params
    assert all(len(value) < 5000 for value in dict(app.query_params).values())
    assert not [each for each in app.run().warning if START in each.value]


NUMBERS = {
    "maps": {"maps.method": "tsne", "maps.tsne.perplexity": "inf"},
    "rdm": {"rdm.pairs": "inf"},
    "train": {"train.head": "mlp", "train.mlp.width": "-inf", "train.epochs": "1e999"},
    "ground_truth": {"ground_truth.target": "inf"},
    "compare": {"compare.samples": "inf", "compare.measure": "none"},
    "overview": {"recording.stimuli": "inf", "recording.subjects": "1e400"},
}


@pytest.mark.parametrize("page", NUMBERS)
def test_what_is_dropped_is_said_with_its_value_and_the_default_counts(page):
    app = open_address(page, {**SMALL, **NUMBERS[page]})
    assert not app.exception
    said = " ".join(each.value.replace("\\", "") for each in app.warning)
    for key, value in NUMBERS[page].items():
        if value not in ("tsne", "mlp"):
            assert f"{key} ({value})" in said, said
            assert key not in app.query_params


@pytest.mark.parametrize("value", ["inf", "nan", "2147483648", "1.5"])
def test_a_seed_that_is_none_is_said_and_0_counts(value):
    app = open_page("maps", random_seed=value)
    assert not app.exception
    assert app.number_input(key="random_seed").value == 0
    (said,) = [each.value.replace("\\", "") for each in app.warning]
    assert said.startswith("random_seed is ")
    assert value in said
    assert "The default is used." in said


def test_of_a_repeated_option_the_last_counts():
    app = open_page("maps", random_seed=["1", "2"])
    assert "random_seed (1)" in app.warning[0].value.replace("\\", "")
    assert app.number_input(key="random_seed").value == 2


def test_options_of_another_page_and_sound_ones_are_left_alone():
    sound = {"rdm.order": "hierarchical", "maps.method": "umap", "roi": ["LOC", "PPA"]}
    app = open_page("rdm", **sound)
    assert not [each for each in app.warning if START in each.value]
    assert app.selectbox(key="rdm.order").value == "hierarchical"
    assert "maps.method" in app.query_params


@pytest.mark.parametrize(
    ("text", "value", "same"),
    [("0.50", 0.5, True), ("TRUE", True, True), ("1", True, False), ("x", None, False),
     ("5", 5, True), ("1e3", 1000, True), ("nan", 0.0, False)],
)  # fmt: skip
def test_an_address_may_write_a_value_in_other_ways(text, value, same):
    assert left_out._is_same(text, value) is same
