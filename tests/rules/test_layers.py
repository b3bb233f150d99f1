"""Imports: arrows point downward, nothing in core knows the screen, heavy ones are lazy."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def test_the_layers_hold():
    tool = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([tool], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    "module",
    [
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
    ],
)
def test_heavy_packages_are_imported_when_needed(module):
    heavy = "{'torch', 'transformers', 'umap', 'matplotlib', 'sklearn', 'streamlit'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.check_output([sys.executable, "-c", code], cwd=PROJECT, text=True)
    assert found.strip() == "[]"
