"""The selection: in the address, filtered, named, imported, compared, shown; what is picked."""

import re

import pytest

from core import datasets, paths, selections
from pages.shared.frame import selection
from pages.shared.selections import filtering
from tests.pages.app import open_page, texts

OPTIONS = {"stimuli": 120, "subjects": 2}


@pytest.fixture(scope="module")
def ids():
    return datasets.load("simulated", **OPTIONS).stimuli["id"].tolist()


def address(ids, rows):
    return selections.encode(rows, ids)


def press(app, label, key=""):
    return next(b for b in app.button if b.label == label and key in str(b.key)).click().run()


def open_filter(page):
    app = open_page(page)
    app.session_state[filtering.OPEN] = True
    return app.run()


def selected(app):
    return list(app.session_state["selections"]["simulated"].ids)


def in_address(app):
    value = app.query_params.get("selected")
    return value[-1] if isinstance(value, list) else value


def test_an_address_selects_and_goes_on_to_other_pages(ids):
    text = address(ids, [3, 4, 5, 9])
    app = open_page("rdm", selected=text)
    assert selected(app) == [ids[row] for row in (3, 4, 5, 9)]
    assert "4 of 120 stimuli selected" in texts(app)
    app = app.switch_page("pages/maps.py").run()
    assert not app.exception
    assert in_address(app) == text
    assert "4 of 120 stimuli selected" in texts(app)


def test_what_is_selected_is_written_and_what_is_cleared_leaves(ids):
    app = open_page("selection", selected=address(ids, [0, 1, 2]))
    app = press(app, "Clear")
    assert selected(app) == []
    assert in_address(app) is None
    app = press(app, "Undo")
    assert in_address(app) == address(ids, [0, 1, 2])


def test_an_address_that_this_session_wrote_before_does_not_undo_what_followed(ids):
    """As with Back, or a click that comes before the browser has the last address."""
    first = address(ids, [0])
    app = open_page("selection", selected=first)
    app = press(app, "Clear")
    app.query_params["selected"] = first
    assert selected(app.run()) == []
    app.query_params["selected"] = address(ids, [7])
    assert selected(app.run()) == [ids[7]]


@pytest.mark.parametrize("text", ["r.AAAAAA.1-2", "nonsense", "s." + "0" * 32, "s.../../x"])
def test_an_address_that_cannot_be_followed_is_said_and_leaves(text):
    app = open_page("overview", selected=text)
    assert not app.exception
    assert not app.error
    assert len([w for w in app.sidebar.warning if "election" in w.value]) == 1
    assert "0 of 120 stimuli selected" in texts(app)
    assert in_address(app) is None


def test_what_is_too_long_is_kept_on_disk(ids, monkeypatch):
    monkeypatch.setattr(selections, "MOST_CHARACTERS", 12)
    text = address(ids, range(0, 100, 2))
    app = open_page("selection", selected=text)
    key = in_address(app).removeprefix("s.")
    assert selections.recall("simulated", key) == tuple(ids[:100:2])
    again = open_page("selection", selected=f"s.{key}")
    assert selected(again) == ids[:100:2]


def test_the_address_of_other_options_is_refused(ids):
    app = open_page("overview", stimuli="80", subjects="2", selected=address(ids, [1]))
    assert any("another list of stimuli" in w.value for w in app.sidebar.warning)


def test_a_filter_selects_adds_keeps_and_removes(ids):
    stimuli = datasets.load("simulated", **OPTIONS).stimuli
    app = open_filter("jobs")
    app = app.selectbox(key="filter_column").set_value("supercategory").run()
    app = app.multiselect(key="filter_values_supercategory").set_value(["animals"]).run()
    app = press(app, "Select", "filter")
    animals = stimuli["id"][stimuli["supercategory"] == "animals"].tolist()
    assert selected(app) == animals
    app = app.selectbox(key="filter_column").set_value("split").run()
    app = app.multiselect(key="filter_values_split").set_value(["test"]).run()
    app = press(app, "Keep only", "filter")
    test = set(stimuli["id"][stimuli["split"] == "test"])
    assert selected(app) == [name for name in animals if name in test]
    app = press(app, "Add", "filter")
    assert set(selected(app)) == test
    app = press(app, "Remove", "filter")
    assert selected(app) == []


def test_a_number_is_filtered_by_a_range():
    stimuli = datasets.load("simulated", **OPTIONS).stimuli
    app = open_filter("overview")
    app = app.selectbox(key="filter_column").set_value("number").run()
    slider = next(s for s in app.slider if "number" in str(s.key))
    app = press(slider.set_value((2.0, 3.0)).run(), "Select", "filter")
    assert selected(app) == stimuli["id"][stimuli["number"] >= 2].tolist()


def test_a_selection_is_named_chosen_renamed_and_deleted(ids):
    app = open_page("selection", tab="Names", selected=address(ids, [0, 1]))
    app.text_input(key="selection_new_name").set_value("first *two*")
    app = press(app, "Save")
    assert "first \\*two\\*" in texts(app)
    assert list(selections.named("simulated")) == ["first *two*"]
    app = press(press(app, "Clear"), "Choose")
    assert selected(app) == ids[:2]
    app = app.text_input(key="rename to first *two*").set_value("pair").run()
    app = press(app, "Rename")
    assert list(selections.named("simulated")) == ["pair"]
    app = press(app, "Delete")
    assert selections.named("simulated") == {}
    assert not app.exception


def test_a_name_that_is_taken_is_an_error_and_no_traceback(ids):
    for name, row in (("x", 0), ("y", 1)):
        selections.name_as("simulated", name, [ids[row]])
    app = open_page("selection", tab="Names")
    app = app.text_input(key="rename to x").set_value("y").run()
    app = press(app, "Rename", "rename x")
    assert not app.exception
    assert "already" in app.error[0].value


def test_pasted_ids_are_imported(ids):
    app = open_page("selection", tab="Import")
    pasted = f"id\n{ids[5]}\n{ids[2]}\n{ids[5]}\n{ids[7]}x\n"
    app = app.text_area(key="selection_pasted").set_value(pasted).run()
    assert "2 stimuli; 1 named again; 1 is no stimulus" in texts(app)
    table = app.dataframe[0].value
    assert table["Id"].tolist() == [f"{ids[7]}x"]
    assert ids[7] in table["Written alike"][0]
    app = press(app, "Select", "import")
    assert selected(app) == [ids[2], ids[5]]


def test_a_file_that_is_no_text_is_said():
    app = open_page("selection", tab="Import")
    app = app.file_uploader(key="selection_file").upload("ids.csv", b"PK\x03\x04\xff\0").run()
    assert not app.exception
    assert "no text" in app.error[0].value


def test_two_selections_are_compared(ids):
    selections.name_as("simulated", "later", ids[60:90])
    app = open_page("selection", tab="Compare", selected=address(ids, range(70)))
    assert not app.exception
    assert "70 stimuli" in texts(app)
    assert "50 stimuli" in texts(app)
    app = app.selectbox(key="selection.second").set_value("later").run()
    assert "30 stimuli" in texts(app)
    assert "10 stimuli are in both" in texts(app)
    assert [table.value.columns[0] for table in app.dataframe] == ["Label", "Region"]


def test_nothing_selected_says_what_to_do():
    for tab in ("Images", "Compare"):
        app = open_page("selection", tab=tab)
        assert not app.exception
        assert not app.error
        assert len(app.info) == 1


def test_every_selected_image_is_shown_a_page_at_a_time(ids, monkeypatch):
    from pages.shared.frame import images

    monkeypatch.setattr(images, "PAGE_SIZE", 40)
    app = open_page("selection", selected=address(ids, range(100)))
    assert app.number_input(key="selection.page").label == "Page (of 3)"


def test_what_is_picked_survives_a_change_of_page(ids):
    app = open_page("rdm", pick=[ids[3], ids[8]])
    app = app.switch_page("pages/responses.py").run()
    app.query_params.pop("rdm.pick", None)  # as the browser does
    app = app.switch_page("pages/rdm.py").run()
    assert app.query_params["rdm.pick"] == [ids[3], ids[8]]
    assert ids[3] in "".join(str(h.value) for h in app.get("html"))


def test_what_was_picked_in_another_recording_does_not_come(data_root):
    from tests.core.datasets.shared import write

    write(data_root / "mine")
    app = open_page("rdm", pick=["cat-01", "dog-01"])
    app = app.selectbox(key="recording").set_value("folder:mine").run()
    assert not app.exception
    assert app.query_params.get("rdm.pick") in (None, [])


def test_the_search_picks_on_matrix_and_map(ids):
    name = next(each for each in ids if each.startswith("dog"))
    app = open_page("rdm")
    app = app.text_input(key="rdm.find").set_value("dog").run()
    assert app.query_params["rdm.pick"][0] == name
    assert re.search(r"stimuli\*\* with 'dog'", texts(app))
    app = open_page("maps", space=["responses:LOC"])
    app = app.text_input(key="maps.find").set_value("dog").run()
    assert name in app.query_params["maps.point"]
    app = press(app, "Select them")
    assert set(selected(app)) >= {name}
    app = app.text_input(key="maps.find").set_value("no such thing").run()
    assert "No id, category or label holds 'no such thing'" in texts(app)


def test_keys_of_the_selection_are_not_taken_for_options():
    from pages.shared.frame import address as addresses

    assert selection.ADDRESS in addresses.SHARED


def test_the_last_page_of_images_goes_with_its_last_image(ids, monkeypatch):
    from pages.shared.frame import images

    monkeypatch.setattr(images, "PAGE_SIZE", 40)
    app = open_page("selection", selected=address(ids, range(81)))
    app = app.number_input(key="selection.page").set_value(3).run()
    app.session_state["selections"]["simulated"].replace(ids[:80], ids)
    app = app.run()
    assert not app.exception
    assert app.number_input(key="selection.page").label == "Page (of 2)"


@pytest.mark.parametrize("tab", ["Names", "Compare"])
def test_a_damaged_list_of_names_is_said_and_deleted_there(ids, tab):
    selections.name_as("simulated", "mine", ids[:3])
    path = next((paths.results_root() / "selections").glob("names-*.json"))
    path.write_bytes(path.read_bytes().replace(b"mine", b"nine"))
    app = open_page("selection", selected=address(ids, [0, 1]), tab=tab)
    assert not app.exception
    assert "checksum of names-" in app.error[0].value.replace("\\", "")
    app = press(app, "Delete the list of names")
    assert not app.exception
    assert not app.error
    assert not path.exists()
    assert selections.named("simulated") == {}
