"""A recording that declares an option of every key that pages use: nothing collides."""

import sys
from pathlib import Path

import pytest

from core import operations
from core.datasets import catalogue
from pages.shared.frame.recording import IN_VIEW
from tests.pages.app import PAGES, computed, open_address, texts

SMALL = {"recording.stimuli": "80", "recording.subjects": "2"}
VALUE = 5
PLUGIN = """
from dataclasses import replace

from core import datasets
from core.datasets.catalogue import Recording, register
from core.registry import Parameter

SIMULATED = datasets.DATASETS["simulated"]
OPTIONS = tuple(Parameter(name, "Option " + name, 1, minimum=0, maximum=9) for name in {names!r})


def load(info, subject, options):
    return replace(SIMULATED.load(info, subject, options), options=options)


INFO = replace(SIMULATED.info, name="colliding", options=(*SIMULATED.info.options, *OPTIONS))
register(Recording(INFO, load))
"""


def opened(page, **address):
    app = open_address(page, {**SMALL, **address})
    app = computed(app) if page == "clusters" else app
    assert not app.exception
    assert not app.error
    return app


def keys_of(app):
    """Keys of widgets, of what else the session holds, and of the address."""
    return {*app.session_state._state.filtered_state, *app.query_params}


def values_of(app):
    """Value of every widget outside the sidebar, by key; a key of the store differs."""
    kinds = ("selectbox", "multiselect", "number_input", "toggle", "text_input", "button_group")
    widgets = [widget for kind in kinds for widget in app.main.get(kind) if widget.key]
    shown = {w.key.partition("rdm-")[0]: w.value for w in widgets}
    shown.pop("encoders.page", None)  # comes with the embeddings that come along
    return shown


def register(names: set[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording with an option of each name, in a plug-in."""
    monkeypatch.setattr(catalogue.DATASETS, "_entries", dict(catalogue.DATASETS._entries))
    (folder / "colliding_plugin.py").write_text(PLUGIN.format(names=sorted(names)))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("NEUROGALLERY_PLUGINS", "colliding_plugin")
    monkeypatch.delitem(sys.modules, "colliding_plugin", raising=False)
    operations.load_plugins()


def test_an_option_of_every_key_breaks_no_page(tmp_path, monkeypatch):
    plain = {page: opened(page) for page in PAGES}
    keys = set().union(*map(keys_of, plain.values()))
    assert {"recording", "subject", "roi", "metric", "rdm.order", "train.head", "maps.space"} < keys
    names = keys | {key.rpartition(".")[2] for key in keys}
    names -= {option.name for option in catalogue.DATASETS["simulated"].info.options}
    register(names, tmp_path, monkeypatch)
    options = {f"recording.{name}": str(VALUE) for name in names}
    for page in PAGES:
        app = opened(page, recording="colliding", **options)
        values = app.session_state[IN_VIEW].options
        assert {name: values[name] for name in names} == dict.fromkeys(names, VALUE)
        assert values_of(app) == values_of(plain[page])


def test_an_option_and_a_setting_of_one_name_are_two_things(tmp_path, monkeypatch):
    register({"roi", "order", "metric", "rdm.order", "target"}, tmp_path, monkeypatch)
    settings = {"roi": "FFA", "metric": "cosine", "rdm.order": "hierarchical"}
    options = {f"recording.{name}": "5" for name in (*settings, "order")}
    app = opened("rdm", recording="colliding", **settings, **options)
    assert app.multiselect(key="roi").value == ["FFA"]
    assert app.selectbox(key="metric").value == "cosine"
    assert app.selectbox(key="rdm.order").value == "hierarchical"
    assert {key: app.number_input(key=key).value for key in options} == dict.fromkeys(options, 5)
    assert settings.items() | options.items() <= app.query_params.items()


def test_a_former_address_means_the_setting_where_a_page_had_one(tmp_path, monkeypatch):
    register({"order", "target"}, tmp_path, monkeypatch)
    app = opened("rdm", recording="colliding", order="hierarchical", target="3")
    assert app.selectbox(key="rdm.order").value == "hierarchical"
    assert app.number_input(key="recording.order").value == 1
    assert app.number_input(key="recording.target").value == 3
    assert "There is no" not in texts(app)
