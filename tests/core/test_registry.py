"""Declared options: a value keeps its meaning or is refused."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys

import numpy as np
import pytest

from core.errors import InputError, NotFoundError
from core.registry import Parameter, Registry, check_given, discover

WHOLE = Parameter("epochs", "Epochs", 100, minimum=1, maximum=2000)
NUMBER = Parameter("rate", "Rate", 0.5, minimum=0.0, maximum=10.0)
YES = Parameter("contiguous", "In order", False)
CHOICE = Parameter("by", "By", "image", choices=("image", "category"))
SEVERAL = Parameter("parts", "Parts", ("a", "b"), choices=("a", "b", "c"))


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        (WHOLE, 2, 2),
        (WHOLE, 2.0, 2),
        (WHOLE, "2", 2),
        (WHOLE, np.int64(2), 2),
        (WHOLE, np.float32(2), 2),
        (NUMBER, 2, 2.0),
        (NUMBER, 0.3, 0.3),
        (NUMBER, "1e-3", 1e-3),
        (NUMBER, np.float64(0.3), 0.3),
        (YES, True, True),
        (YES, "true", True),
        (YES, "False", False),
        (CHOICE, "category", "category"),
        (SEVERAL, "c, a", ("a", "c")),
        (SEVERAL, ["c"], ("c",)),
    ],
)
def test_a_value_is_given_in_the_type_of_the_parameter(parameter, value, expected):
    found = parameter.check(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        (WHOLE, 2.7, "epochs is 2.7. Expected a whole number"),
        (WHOLE, "2.7", "epochs is '2.7'. Expected a whole number"),
        (WHOLE, True, "epochs is True. Expected a whole number"),
        (WHOLE, np.True_, "Expected a whole number"),
        (WHOLE, None, "epochs is None"),
        (WHOLE, [2], r"epochs is \[2\]"),
        (WHOLE, b"2", "a whole number"),
        (WHOLE, float("inf"), "epochs is inf"),
        (WHOLE, float("nan"), "epochs is nan"),
        (WHOLE, 0, "epochs is 0. Expected a value from 1 to 2000"),
        (NUMBER, True, "rate is True. Expected a number"),
        (NUMBER, "half", "rate is 'half'. Expected a number"),
        pytest.param(NUMBER, 10**400, "Expected a number", id="beyond any float"),
        (NUMBER, float("nan"), "rate is nan"),
        (NUMBER, "nan", "rate is nan"),
        (NUMBER, {}, r"rate is \{\}"),
        (YES, "no", "contiguous is 'no'. Expected True or False"),
        (YES, 1, "contiguous is 1. Expected True or False"),
        (YES, None, "True or False"),
        (CHOICE, 5, "by is 5. Expected text. Choices: image, category"),
        (CHOICE, True, "by is True"),
        (CHOICE, ["image"], r"by is \['image'\]"),
        (CHOICE, "session", "by is 'session'. Choices: image, category"),
        (SEVERAL, 5, "names separated by commas"),
        (SEVERAL, "d", "parts is 'd'"),
        (SEVERAL, [], "parts is empty"),
    ],
)
def test_a_value_that_would_become_another_is_refused(parameter, value, message):
    with pytest.raises(InputError, match=message):
        parameter.check(value)


def test_the_owner_of_a_wrong_value_is_named():
    assert check_given("Training", (WHOLE, YES), {"epochs": "3"}) == {
        "epochs": 3,
        "contiguous": False,
    }
    with pytest.raises(InputError, match=r"Training has no setting 'speed'. Choices: epochs"):
        check_given("Training", (WHOLE,), {"speed": 1}, "setting")
    with pytest.raises(InputError, match="Choices: none"):
        check_given("Training", (), {"speed": 1})


def test_a_former_id_finds_its_entry_and_is_not_listed():
    registry = Registry("encoder")
    registry.register("precomputed", 1, former="brought")
    registry.register("gabor", 2)
    assert registry["brought"] == registry["precomputed"] == 1
    assert "brought" in registry
    assert list(registry) == ["precomputed", "gabor"]
    assert registry.canonical("brought") == "precomputed"
    assert [registry.canonical(name) for name in ("gabor", "none")] == ["gabor", "none"]
    for name in ("brought", "precomputed"):
        with pytest.raises(InputError, match=f"{name}' is registered twice"):
            registry.register(name, 3)
    with pytest.raises(NotFoundError, match="Choices: precomputed, gabor"):
        registry["none"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A package whose modules say in which order they are imported."""
    package = tmp_path / "plugged_in"
    package.mkdir()
    (package / "__init__.py").write_text("order = []\n")
    for name in ("delta", "alpha", "charlie", "bravo"):
        (package / f"{name}.py").write_text(
            f"import plugged_in\nplugged_in.order.append({name!r})\n"
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("plugged_in")
    for name in [name for name in sys.modules if name.partition(".")[0] == "plugged_in"]:
        del sys.modules[name]


def test_plugins_are_imported_once_by_name(folder):
    discover(folder.__name__, folder.__path__)
    discover(folder.__name__, folder.__path__)
    assert folder.order == ["alpha", "bravo", "charlie", "delta"]


def test_plugins_are_imported_in_a_stated_order(folder):
    discover(folder.__name__, folder.__path__, first=("charlie", "bravo"), last=("alpha",))
    assert folder.order == ["charlie", "bravo", "delta", "alpha"]


def test_a_stated_plugin_that_lacks_is_named(folder):
    with pytest.raises(ModuleNotFoundError, match=r"plugged_in\.echo"):
        discover(folder.__name__, folder.__path__, first=("echo",))


PLUGIN_FOLDERS = (
    "core.datasets.recordings",
    "core.decoders.heads",
    "core.decoders.losses",
    "core.encoders.families",
    "core.maps.methods",
    "core.splits.kinds",
)


@pytest.mark.parametrize("name", PLUGIN_FOLDERS)
def test_a_folder_of_plugins_holds_plugins_only(name):
    package = importlib.import_module(name)
    listed = pkgutil.walk_packages(package.__path__, f"{name}.")
    modules = [module.name for module in listed if not module.ispkg]
    assert modules
    for module in modules:
        source = inspect.getsource(importlib.import_module(module))
        assert re.search(r"^\s*register\w*\(", source, re.MULTILINE), module
