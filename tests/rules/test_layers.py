"""Imports: arrows point downward, nothing in core knows the screen, heavy ones are lazy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def test_the_layers_hold():
    tool = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([tool], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


LIGHT = (
    "core.datasets",
    "core.rdm",
    "core.jobs",
    "core.figures",
    "core.encoders",
    "core.maps",
    "core.clusters",
    "core.splits",
    "core.decoders.heads",
    "core.decoders.losses",
)
IMPORT_ONE_BY_ONE = """
import importlib, json, sys
heavy = {"torch", "transformers", "umap", "matplotlib", "sklearn", "scipy", "streamlit"}
brought = {}
for module in sys.argv[1:]:
    before = set(sys.modules)
    importlib.import_module(module)
    brought[module] = sorted(heavy & (set(sys.modules) - before))
print(json.dumps(brought))
"""


@pytest.fixture(scope="module")
def brought():
    """Heavy packages that came with each module, in a new interpreter that imports them all."""
    command = [sys.executable, "-c", IMPORT_ONE_BY_ONE, *LIGHT]
    return json.loads(subprocess.check_output(command, cwd=PROJECT, text=True))


@pytest.mark.parametrize("module", LIGHT)
def test_heavy_packages_are_imported_when_needed(module, brought):
    assert brought[module] == []
