"""One version, in the package: everything else that names it says the same."""

from __future__ import annotations

import re

import pytest
import yaml

from core import __version__, paths
from core.__main__ import main
from tests.pages.app import open_page

PROJECT = paths.PROJECT


def test_the_command_line_says_it(capsys):
    with pytest.raises(SystemExit) as end:  # argparse leaves this way
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"Neurogallery {__version__}\n"


def test_the_foot_of_the_sidebar_says_it():
    app = open_page("overview")
    assert app.sidebar.caption[-1].value == f"Neurogallery {__version__}"


def test_the_change_log_begins_with_it():
    text = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", text, flags=re.MULTILINE)
    assert versions[0] == __version__
    assert versions == sorted(versions, reverse=True)


def test_the_citation_is_of_it():
    cited = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(cited)
    assert cited["version"] == __version__
    assert cited["license"] == "BSD-3-Clause"
    assert cited["authors"] == [{"name": "The Neurogallery developers"}]
    licence = (PROJECT / "LICENSE").read_text(encoding="utf-8")
    assert licence.startswith("BSD 3-Clause License")
    assert "the Neurogallery developers" in licence
