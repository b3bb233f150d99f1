"""Read-only mode: its variables, and that nothing which is stored goes, changes or is added."""

from types import SimpleNamespace

import numpy as np
import pytest

from core import rsa, selections, store
from core.decoders import exchange
from core.errors import InputError, NeurogalleryError
from core.rsa.uploads import UploadedRdm
from core.selections import kept
from core.store import read_only

KEY = store.key("counts", "fingerprint", {})


@pytest.fixture
def on(monkeypatch):
    """Switches the mode on when it is called."""
    return lambda: monkeypatch.setenv(read_only.SWITCH, "1")


@pytest.mark.parametrize(
    ("value", "is_on"), [(None, False), ("", False), ("0", False), (" 1 ", True)]
)
def test_the_switch(value, is_on, monkeypatch):
    monkeypatch.delenv(read_only.SWITCH, raising=False)
    if value is not None:
        monkeypatch.setenv(read_only.SWITCH, value)
    assert read_only.is_on() is is_on
    assert bool(read_only.why_kept()) is is_on
    assert read_only.limit_s() == (120.0 if is_on else float("inf"))


@pytest.mark.parametrize("value", ["yes", "true", "2", "-"])
def test_another_switch_is_one_line_and_nothing_is_deleted(value, monkeypatch):
    store.save(KEY, {}, {})
    monkeypatch.setenv(read_only.SWITCH, value)
    with pytest.raises(InputError) as error:
        store.remove(KEY)
    assert str(error.value) == (
        f"NEUROGALLERY_READONLY is {value!r}. Expected 1 (on), or 0 or nothing (off)."
    )
    assert store.load(KEY) is not None


@pytest.mark.parametrize("value", ["0", "-5", "nan", "inf", "a minute"])
def test_another_budget_is_one_line(value, monkeypatch, on):
    on()
    monkeypatch.setenv(read_only.BUDGET, value)
    with pytest.raises(InputError, match=r"^NEUROGALLERY_READONLY_BUDGET_S is '.*such as 60\.$"):
        read_only.limit_s()


@pytest.mark.parametrize(
    ("seconds", "starts"), [(None, True), (0.5, True), (30.0, True), (30.1, False), (1e9, False)]
)
def test_a_job_fits_the_budget_or_is_not_started(seconds, starts, monkeypatch, on):
    monkeypatch.setenv(read_only.BUDGET, "30")
    assert read_only.why_not_started("rdm", seconds) == ""
    on()
    assert (read_only.why_not_started("rdm", seconds) == "") is starts
    assert read_only.why_not_started("fetch", 0.5) == read_only.DATA


def test_the_reason_says_both_times(on):
    on()
    assert read_only.why_not_started("map", 600.0) == (
        "Read-only mode: this takes about 10 minutes, a job may take about a minute"
    )


@pytest.mark.parametrize("delete", [store.remove, store.discard])
def test_results_stay(delete, on):
    store.save(KEY, {}, {"count": 1})
    on()
    with pytest.raises(NeurogalleryError, match=r"nothing is added, renamed or deleted\. Ask"):
        delete(KEY)
    assert store.load(KEY).facts == {"count": 1}


def test_results_are_saved_and_superseded_all_the_same(on):
    on()
    store.save(KEY, {}, {"count": 1})
    store.save(KEY, {}, {"count": 2})
    assert store.load(KEY).facts == {"count": 2}
    store.supersede(KEY)
    assert store.load(KEY) is None


def test_named_selections_stay_and_addresses_go_on(on):
    selections.name_as("simulated", "faces", ["a", "b"])
    on()
    for change in (
        lambda: selections.name_as("simulated", "mine", ["a"]),
        lambda: selections.name_as("simulated", "faces", ["a"]),
        lambda: selections.rename("simulated", "faces", "mine"),
        lambda: selections.delete("simulated", "faces"),
        lambda: selections.forget_names("simulated"),
    ):
        with pytest.raises(NeurogalleryError, match="Read-only mode"):
            change()
    named = selections.named("simulated")
    assert list(named) == ["faces"]
    assert selections.recall("simulated", named["faces"]) == ("a", "b")
    assert selections.recall("simulated", kept.keep("simulated", ["c"])) == ("c",)


def test_uploads_are_not_kept(on):
    ds = SimpleNamespace(info=SimpleNamespace(title="Simulated"))
    upload = UploadedRdm("mine", ("a", "b"), np.zeros((2, 2), np.float32), "by order")
    former = rsa.keep(ds, upload)
    on()
    for change in (
        lambda: rsa.keep(ds, upload),
        lambda: rsa.remove(former),
        lambda: exchange._import({exchange.WEIGHTS: b"", exchange.DESCRIPTION: b"{}"}, "mine"),
    ):
        with pytest.raises(NeurogalleryError, match="Read-only mode"):
            change()
    assert store.load(former) is not None
