"""Operations: registered with label and fields, or as a bare string by an old plug-in."""

from __future__ import annotations

import json
import sys

import pytest

from core import jobs, operations
from core.errors import InputError
from core.operations import OPERATIONS, Operation
from core.registry import Registry


@pytest.fixture
def registry(monkeypatch):
    """What is registered in a test is forgotten after it."""
    monkeypatch.setattr(OPERATIONS, "_entries", dict(OPERATIONS._entries))
    return OPERATIONS


@pytest.fixture
def plugin(registry, tmp_path, monkeypatch):
    code = "def bake(request, progress, folder):\n    return {'baked': request['cake']}\n"
    (tmp_path / "old_plugin.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    return registry


def test_a_bare_string_of_an_old_plugin_still_works(plugin, tmp_path):
    plugin.register("bake", "old_plugin:bake")
    assert operations.get("bake").label == "bake"
    result = operations.resolve("bake")({"cake": "lemon"}, lambda f, said: None, tmp_path)
    assert result == {"baked": "lemon"}
    assert operations.get("bake").describe({"cake": "lemon", "sugar": 0}) == {"cake": "lemon"}


@pytest.mark.parametrize("entry", ["old_plugin", 3, lambda request, progress, folder: {}])
def test_what_is_no_operation_says_what_to_change(registry, entry):
    registry.register("bake", entry)
    with pytest.raises(InputError, match=r"'bake'.*Operation\('module:function', label\)"):
        operations.resolve("bake")


def test_a_request_class_reads_the_values(plugin, tmp_path, monkeypatch):
    code = (
        "from core.errors import InputError\n"
        "class Cake:\n"
        "    @classmethod\n"
        "    def from_json(cls, values):\n"
        "        if 'cake' not in values:\n"
        "            raise InputError('There is no cake', 'one')\n"
        "        cake = cls(); cake.name = values['cake']; return cake\n"
        "def bake(request, progress, folder):\n"
        "    return {'baked': request.name}\n"
    )
    (tmp_path / "new_plugin.py").write_text(code)
    plugin.register("bake_well", Operation("new_plugin:bake", "Baking", "Cake", ("cake",)))
    run = operations.resolve("bake_well")
    assert run({"cake": "plum"}, lambda f, said: None, tmp_path) == {"baked": "plum"}
    with pytest.raises(InputError, match="There is no cake"):
        run({}, lambda f, said: None, tmp_path)


def test_requests_are_told_by_what_differs():
    values = {
        "dataset": "simulated", "subject": "S1", "options": {"stimuli": 80, "snr": 0.4},
        "stimuli": ["a"], "fingerprint": "f", "rois": ["V1", "V2"], "metric": "correlation",
        "noise": "none", "order": "category",
    }  # fmt: skip
    assert operations.get("rdm").describe(values) == {
        "dataset": "simulated", "subject": "S1", "rois": ["V1", "V2"], "metric": "correlation",
        "order": "category", "stimuli": 80,
    }  # fmt: skip
    values = {"dataset": "simulated", "source": "responses", "roi": "V1", "method": "tsne"}
    values |= {"seed": 0, "parameters": {"perplexity": 10}}
    assert operations.get("map").describe(values) == {
        "dataset": "simulated", "source": "responses", "roi": "V1", "method": "tsne",
        "perplexity": 10,
    }  # fmt: skip
    assert operations.get("map").describe({}) == {}
    foreign = {"options": ["fast"], "parameters": [1, 2]}
    assert operations.get("map").describe(foreign) == {"parameters": [1, 2]}


def test_a_job_of_an_earlier_version_runs_as_it_is(tmp_path, monkeypatch):
    values = {"dataset": "simulated", "subject": "S1", "options": {"stimuli": 80, "subjects": 1}}
    values |= {"stimuli": [], "fingerprint": "f", "rois": ["V1"], "metric": "correlation"}
    values |= {"noise": "none", "order": "original"}
    monkeypatch.setattr(jobs.queue, "_start_waiting", lambda root: None)
    job = jobs.submit("rdm", values)
    assert json.loads((job.folder / "request.json").read_text())["request"] == values
    result = operations.resolve(job.operation)(job.request, lambda f, said: None, job.folder)
    assert result["key"].startswith("rdm-")


def test_names_are_registered_once():
    assert isinstance(OPERATIONS, Registry)
    with pytest.raises(InputError, match="twice"):
        OPERATIONS.register("rdm", "core.rdm.job:run")


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (None, "Add their folder to PYTHONPATH"),
        ("from core.decoders.heads.shared.head import register", "CHANGELOG"),
        ("from core.splits.kind import share\nshare(side='test', of='images')", "CHANGELOG"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_told_why(code, remedy, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("NEUROGALLERY_PLUGINS", "plugin_of_yesterday")
    monkeypatch.delitem(sys.modules, "plugin_of_yesterday", raising=False)
    if code is not None:
        (tmp_path / "plugin_of_yesterday.py").write_text(code)
    with pytest.raises(InputError, match=f"'plugin_of_yesterday'.*{remedy}"):
        operations.load_plugins()
