"""Pages of a server in read-only mode: what is off is disabled and says why, the rest goes on."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs, selections, store
from core.decoders.scoring.score_table import table_key
from core.errors import NeurogalleryError
from core.store import read_only
from pages.shared.decoders import table
from pages.shared.frame.job_parts.session import SESSION
from tests.pages.app import PAGES, open_page, press, texts, write_folder
from tests.pages.shared.frame.counting import end


@pytest.fixture(autouse=True)
def on(monkeypatch):
    monkeypatch.setenv(read_only.SWITCH, "1")


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)


def refused(app: AppTest, label: str) -> str:
    """Why a button is off."""
    pressed = button(app, label)
    assert pressed.disabled
    return pressed.help


@pytest.mark.parametrize("page", ["start", *PAGES])
def test_every_page_opens_and_says_so_in_one_line(page):
    app = open_page(page)
    assert not app.exception
    assert not app.error
    [line] = [each.value for each in app.sidebar.caption if "Read-only" in each.value]
    assert "jobs of about a minute at most, nothing is deleted" in line


def test_without_the_mode_no_page_speaks_of_it(monkeypatch):
    monkeypatch.setenv(read_only.SWITCH, "0")
    assert "Read-only" not in texts(open_page("overview"))


@pytest.mark.parametrize("variable", [read_only.SWITCH, read_only.BUDGET])
def test_a_bad_value_is_a_line(variable, monkeypatch):
    monkeypatch.setenv(variable, "perhaps")
    app = open_page("overview")
    assert not app.exception
    [error] = app.error
    assert error.value.replace("\\", "").startswith(f"{variable} is 'perhaps'")


def submit(session: str, number: int, **more: object) -> jobs.Job:
    return jobs.submit("rdm", {"rois": [str(number)]}, session=session, seconds=1.0, **more)


def test_one_cancels_ones_own_job_alone():
    own, other = submit("mine", 1), submit("another", 2)
    app = open_page("jobs")
    app.session_state[SESSION] = "mine"
    app.run()
    cancels = {each.key: each for each in app.main.button}
    assert cancels[f"cancel_{other.id}"].disabled
    assert cancels[f"cancel_{other.id}"].help == read_only.OF_OTHERS
    app = cancels[f"cancel_{own.id}"].click().run()
    assert not app.exception
    assert (own.status, other.status) == ("cancelled", "queued")
    assert refused(app, "Remove") == read_only.STORED
    app = press(app, "Resume")
    assert own.status == "queued"


def test_nothing_is_removed_from_the_list():
    job = submit("mine", 1)
    end(job)
    app = open_page("jobs")
    assert refused(app, "Remove finished (1)") == read_only.STORED
    assert refused(app, "Remove") == read_only.STORED


def test_names_of_selections_are_read_alone(monkeypatch):
    monkeypatch.setenv(read_only.SWITCH, "0")
    selections.name_as("simulated", "first two", ["s0001", "s0002"])
    monkeypatch.setenv(read_only.SWITCH, "1")
    app = open_page("selection", tab="Names")
    assert not app.exception
    for label in ("Save", "Delete"):
        assert refused(app, label) == read_only.STORED
    assert "**first two**" in texts(app)


def test_decoders_are_neither_imported_nor_deleted():
    key = store.key("decoder", "fingerprint", {})
    store.save(key, {}, {})
    store.save(table_key(key), {}, {})
    with pytest.raises(NeurogalleryError, match="Read-only mode"):
        table.delete([key])
    assert store.load(key) is not None
    assert store.load(table_key(key)) is not None
    app = open_page("train")
    assert not app.exception
    [popover] = [each for each in app.main.get("popover") if each.proto.popover.label == "Import"]
    assert (popover.proto.popover.disabled, popover.proto.popover.help) == (True, read_only.STORED)


def test_nothing_is_brought_or_exported(data_root):
    write_folder(data_root)
    app = open_page("data")
    assert not app.exception
    assert read_only.DATA in texts(app)
    offers = [each for each in app.main.button if each.help == read_only.DATA]
    assert offers
    assert all(each.disabled for each in offers)
