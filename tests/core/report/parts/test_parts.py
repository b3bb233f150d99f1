"""The parts of the report: what each module has, and where its table and section go."""

from __future__ import annotations

import inspect
from pathlib import Path

import pandas as pd
import pytest

from core.report import markdown, parts

FOLDER = Path(parts.__file__).parent


def test_every_module_of_the_folder_is_a_part():
    assert {file.stem for file in FOLDER.glob("*.py")} - {"__init__"} == set(parts.NAMES)


@pytest.mark.parametrize("name", parts.NAMES)
def test_a_part_has_two_public_functions(name):
    module = parts.load(name)
    public = {
        key: inspect.signature(value)
        for key, value in inspect.getmembers(module, inspect.isfunction)
        if value.__module__ == module.__name__ and not key.startswith("_")
    }
    assert {key: list(value.parameters) for key, value in public.items()} == {
        "measure": ["scale", "progress"],
        "section": ["table"],
    }
    assert module.TITLE.startswith("## ")


def test_sections_stand_in_the_order_of_the_tables(monkeypatch):
    class Spoken:
        def __init__(self, name):
            self.name = name

        def section(self, table):
            return f"## {self.name}\n\n{len(table)} rows\n"

    monkeypatch.setattr(parts, "load", Spoken)
    text = markdown.sections({"second": pd.DataFrame({"a": [1]}), "first": pd.DataFrame()})
    assert text == "## second\n\n1 rows\n\n## first\n\n0 rows\n"
