"""The glossary: every term that a page marks has an entry, and every entry is shown by a page."""

from __future__ import annotations

import re

import pytest

from core.errors import CorruptDataError
from pages.shared.frame import presets
from pages.shared.glossary import glossary
from pages.shared.head import read
from tests.pages.app import PAGES, open_page, texts

# A year, or words of the project's own.
SOURCE = re.compile(r"\((19|20)\d\d\)|a word of this project")


def test_every_term_that_a_page_uses_has_an_entry_and_every_entry_a_page():
    used = {page: read.reading(page).terms for page in PAGES}
    lacking = {
        page: [t for t in terms if t not in glossary.terms()] for page, terms in used.items()
    }
    assert {page: terms for page, terms in lacking.items() if terms} == {}
    assert set(glossary.terms()) - {term for terms in used.values() for term in terms} == set()


def test_entries_stand_in_order_with_a_sentence_or_two_and_a_source():
    names = list(glossary.terms())
    assert names == sorted(names, key=str.casefold)
    for term in glossary.terms().values():
        assert 1 <= len(re.findall(r"[.?!](?= |$)", term.text)) <= 2, term.name
        assert SOURCE.search(term.source), term.name


def test_a_text_sets_its_terms_off():
    text = "Two [[RDM|RDMs]] of [[LOC]], and [[RDM]] again"
    assert glossary.terms_in(text) == ["RDM", "LOC"]
    assert glossary.shown(text) == "Two **RDMs** of **LOC**, and **RDM** again"
    assert glossary.explain(["no such word"]) == ""


def test_an_entry_without_a_source_is_named(tmp_path, monkeypatch):
    (tmp_path / "glossary.md").write_text("# Glossary\n\n## RDM\nA matrix.\n")
    monkeypatch.setattr(glossary, "FILE", tmp_path / "glossary.md")
    glossary.terms.cache_clear()
    try:
        with pytest.raises(CorruptDataError, match="'RDM' lacks"):
            glossary.terms()
    finally:
        glossary.terms.cache_clear()


def test_a_page_explains_its_words_where_they_are():
    app = open_page("rdm")
    assert glossary.terms()["crossnobis"].source in texts(app)
    assert glossary.terms()["LOC"].text in app.multiselect(key="roi").help


def test_presets_cite_their_study_where_they_are_offered():
    assert presets.PRESETS
    assert [p.label for p in presets.PRESETS.values() if not p.citation] == []
    for page in ("rdm", "clusters", "maps", "train", "ablations", "dissimilarity", "compare"):
        shown = texts(open_page(page)).replace("\\", "")
        for preset in presets.PRESETS.values():
            if preset.page == page:
                assert f"{preset.citation}." in shown, preset.label
