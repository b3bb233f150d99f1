"""One damaged decoder or result is one line that names it, can be deleted there, and no more."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import streamlit as st

from core import decoders, encoders, paths, store
from core.decoders import runs
from core.decoders.scoring.score_table import save_table
from pages.shared.decoders import described
from tests.core.decoders import planted
from tests.pages.app import open_page, texts

DELETE = "Delete the damaged result"


def folder_of(key):
    return paths.results_root() / "store" / key


def changed(change):
    """Damage that leaves the record as a former version wrote it: JSON without a checksum."""

    def damage(key):
        path = folder_of(key) / "result.json"
        record = json.loads(path.read_text())
        del record["sha256"]
        change(record["facts"])
        path.write_text(json.dumps(record))

    return damage


def cut(key):
    path = folder_of(key) / "result.json"
    path.write_bytes(path.read_bytes()[:-100])


def flip(key):
    path = folder_of(key) / "result.json"
    path.write_bytes(path.read_bytes().replace(b'"partial": false', b'"partial":  true'))


DAMAGES = {
    "cut": (cut, "is not valid JSON"),
    "flipped": (flip, "the checksum of result.json does not match"),
    "no record": (lambda key: (folder_of(key) / "result.json").unlink(), "absent or incomplete"),
    "an unknown level": (
        changed(lambda facts: facts["audit"][0].update(level="purple")),
        "The audit has the level 'purple'",
    ),
    "no config": (changed(lambda facts: facts.pop("config")), "has no 'config'"),
    "a seed that is text": (changed(lambda facts: facts["config"].update(seed=[])), "seed is []"),
    "an audit that is none": (changed(lambda facts: facts.update(audit=5)), "has the audit 5"),
    "a text": (changed(lambda facts: facts["about"].update(two_way="1")), "two_way '1'"),
    "partial of 0": (changed(lambda facts: facts.update(partial=0)), "has the partial 0"),
    "no weights": (lambda key: next(folder_of(key).glob("state.*")).unlink(), "there is no state."),
    "no scaling": (lambda key: (folder_of(key) / "mean.npy").unlink(), "there is no mean.npy"),
    "an unknown head": (
        changed(lambda facts: facts["config"].update(head="giant")),
        "There is no head 'giant'",
    ),
    "an unknown encoder": (
        changed(lambda facts: facts["config"].update(encoder="giant")),
        "There is no encoder 'giant'",
    ),
}  # fmt: skip


@pytest.fixture
def sound():
    planted.save()
    st.cache_resource.clear()
    st.cache_data.clear()
    return decoders.train(planted.config("ridge"))


@pytest.fixture
def damaged(sound):
    """A decoder for each damage, by the key, beside one that is sound."""
    keys = {}
    for name, (damage, _) in DAMAGES.items():
        key = store.key("decoder", name, {})
        runs.write(replace(sound, key=key), "Planted", "")
        damage(key)
        keys[key] = name
    return keys


def plainly(app):
    return texts(app).replace("\\", "")


def test_each_damage_is_one_row_that_says_what_is_wrong(sound, damaged):
    rows = {row.key: row for row in described.every() if not row.is_example}
    assert set(rows) == {sound.key, *damaged}
    assert (rows[sound.key].problem, rows[sound.key].config) == ("", sound.config)
    for key, name in damaged.items():
        assert DAMAGES[name][1] in rows[key].problem, name
        assert "\n" not in rows[key].problem
        assert DAMAGES[name][1] in rows[key].cells["State"]
    assert [entry.key for entry in decoders.entries()] == [sound.key]
    assert set(decoders.damaged()) == set(damaged)


@pytest.mark.parametrize("page", ["train", "maps", "retrieval", "zero_shot", "compare", "jobs"])
def test_a_page_with_damaged_decoders_works_and_names_them(page, sound, damaged):
    app = open_page(page, recording=planted.NAME)
    assert not app.exception
    assert not app.error
    name = decoders.short_name(sound.key, "ridge")
    if page == "train":
        listed = app.dataframe[-1].value
        assert name in set(listed["Decoder"])
        states = " ".join(listed["State"])
        assert all(DAMAGES[damage][1] in states for damage in damaged.values())
    elif page in ("maps", "retrieval", "zero_shot"):
        assert all(DAMAGES[damage][1] in plainly(app) for damage in damaged.values())
        options = [option for each in (*app.selectbox, *app.multiselect) for option in each.options]
        assert any(name in option for option in options)


@pytest.mark.parametrize("page", ["maps", "retrieval", "zero_shot"])
def test_a_damaged_decoder_is_deleted_where_it_is_named(page, sound, damaged):
    app = open_page(page, recording=planted.NAME)
    for key in list(damaged)[:2]:
        app = app.button(key=f"discard_{key}").click().run()
        assert not app.exception
        assert not folder_of(key).exists()
        assert f"decoder-{key[-6:]}" not in plainly(app)
    assert set(decoders.damaged()) == set(list(damaged)[2:])
    # Another session has deleted it in between.
    last = list(damaged)[-1]
    store.remove(last)
    assert not app.button(key=f"discard_{last}").click().run().exception


def test_damaged_scores_are_said_on_the_page_that_wants_them_and_computed_anew(sound):
    table = decoders.evaluate(sound, baselines=False, permutations=2, resamples=2)
    key = save_table(table, sound.key, "images")
    changed(lambda facts: facts["table"].update(p=["0.01"] * len(table)))(key)
    app = open_page("zero_shot", recording=planted.NAME)
    assert not app.exception
    assert "is damaged: A score is no number: p is '0.01'" in plainly(app)
    app = app.button(key=f"discard_{key}").click().run()
    assert not app.exception
    assert "is damaged" not in plainly(app)
    assert store.load(key) is None
    assert any("coring" in each.label for each in app.button), [each.label for each in app.button]


def test_a_stored_embedding_of_a_former_version_that_lacks_a_field_is_listed(sound):
    ds = decoders.prepare(sound.config).opened[0]
    key = encoders.result_key(ds, "pixels")
    store.save(key, {"features": sound.centre[None]}, {"encoder": "pixels"})
    app = open_page("encoders", recording=planted.NAME, tab="Stored")
    assert not app.exception
    assert "has no field 'parameters'" in plainly(app)
    app = next(each for each in app.button if each.label == "Delete").click().run()
    assert "No embedding is stored yet" in plainly(app)
