"""Page Data: what is here, what is not, and what can be done about it."""

import numpy as np
import pytest

from core import datasets, paths, store
from core.datasets.releases.converted import OPERATION
from core.datasets.shelf.abilities import abilities
from pages.shared.data import rows
from tests.core.datasets.layouts import algonauts2023
from tests.core.datasets.shared import write
from tests.pages.app import open_page, texts, until_done


@pytest.fixture(autouse=True)
def any_time(monkeypatch):
    """A machine that does much else opens slowly, and the page would ask before it goes on."""
    monkeypatch.setattr(rows, "BUDGET_S", 60.0)


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def test_a_release_with_its_files_pages_and_command(data_root):
    algonauts2023.write(data_root / "algonauts2023")
    app = open_page("data")
    assert not app.exception
    assert not app.error
    said = texts(app)
    assert "Algonauts 2023" in said
    assert "no reliability, no noise ceiling" in said
    assert "python -m core fetch algonauts2023 --from FOLDER" in [c.value for c in app.code]


def test_stored_copies_are_counted_and_deleted(data_root):
    algonauts2023.write(data_root / "algonauts2023")
    app = open_page("data", recording="algonauts2023")
    app.run()
    assert "1 stored copy of its responses" in texts(app)
    app = press(app, "Delete copies")
    assert not app.exception
    keys = store.written(OPERATION)
    assert len(keys) <= 1  # the sidebar opens the recording in view again


def test_open_makes_it_the_recording_in_view(data_root):
    write(data_root / "mine")
    app = open_page("data")
    open_button = next(b for b in app.button if b.key == "data.open_folder:mine")
    app = open_button.click().run()
    assert app.selectbox(key="recording").value == "folder:mine"


def test_links_and_broken_folders_are_named(data_root):
    (data_root / "gone").symlink_to(data_root.parent / "nowhere")
    folder = write(data_root / "mine")
    np.save(folder / "responses" / "S1.npy", np.ones((7, 3)))
    app = open_page("data")
    assert "leads nowhere" in texts(app)
    assert len(app.error) == 1
    assert "7 rows" in app.error[0].value


def test_a_slow_opening_is_left_to_the_reader(data_root, monkeypatch):
    monkeypatch.setattr(rows, "BUDGET_S", -1.0)
    write(data_root / "mine")
    app = open_page("data")
    assert "4 stimuli, 1 subject" not in texts(app)
    app = press(app, "Look inside")
    assert "4 stimuli, 1 subject, 2 ROIs" in texts(app)


def test_a_folder_is_checked_from_the_page(data_root):
    folder = write(data_root / "mine")
    np.save(folder / "responses" / "S1.npy", np.ones((7, 3)))
    np.save(folder / "rdms" / "m.npy", np.ones((4, 3)))
    app = until_done(press(open_page("data"), "Check mine"))
    assert not app.exception
    said = texts(app)
    assert "2 problems keep it from opening" in said
    assert "7 rows, stimuli.csv has 4" in str(app.table[0].value["What was found"].tolist())


def test_the_recording_in_view_is_exported(data_root):
    write(data_root / "mine")
    app = press(open_page("data", recording="folder:mine"), "Export to folder-mine-S1")
    app = until_done(app)
    assert not app.exception
    assert (data_root / "folder-mine-S1" / "stimuli.csv").is_file()
    app = press(app, "Open it")
    assert app.selectbox(key="recording").value == "folder:folder-mine-S1"


def test_a_check_is_found_again_until_the_folder_changes(data_root):
    folder = write(data_root / "mine")
    until_done(press(open_page("data"), "Check mine"))
    [success] = open_page("data").success
    assert "every subject opens." in success.value
    (folder / "stimuli.csv").write_text("id\na\na\n")
    app = open_page("data")
    assert not app.success
    [table] = until_done(press(app, "Check mine")).table
    assert "stands in line 2 already" in table.value["What was found"].iloc[0]


def test_links_that_were_passed_over_are_named_on_this_page_alone(data_root):
    write(data_root / "mine")
    (data_root / "gone").symlink_to(data_root.parent / "nowhere")
    assert "gone is a link to" in texts(open_page("data", recording="folder:mine"))
    assert "gone" not in texts(open_page("overview", recording="folder:mine"))


def test_overview_points_to_what_is_missing_on_it(data_root):
    betas = np.ones((4, 10), dtype=np.float32)
    betas[1] = np.nan
    write(data_root / "mine", betas)
    assert "See Overview." in texts(open_page("responses", recording="folder:mine"))
    said = texts(open_page("overview", recording="folder:mine"))
    assert "Responses are missing." in said
    assert "See below." in said
    assert "See Overview" not in said


def test_every_page_of_a_recording_is_said_to_be_possible_or_not():
    pages = {path.stem for path in (paths.PROJECT / "pages").glob("*.py")} - {"data", "jobs"}
    assert {each.page for each in abilities(datasets.load("simulated", stimuli=80))} == pages
