"""Page Data: what is here, what is not, and what can be done about it."""

from types import SimpleNamespace

import numpy as np
import pytest

from core import datasets, paths, store
from core.datasets.releases.converted import OPERATION
from core.datasets.shelf.abilities import abilities
from pages.shared.data import bringing, rows
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
    pages = {path.stem for path in (paths.PROJECT / "pages").glob("*.py")}
    pages -= {"start", "lessons", "data", "jobs"}
    assert {each.page for each in abilities(datasets.load("simulated", stimuli=80))} == pages


def test_the_data_folder_and_what_it_does_not_list_are_named(data_root):
    (data_root / "scans").mkdir()
    (data_root / "scans" / "stimuli.tsv").write_text("id")
    said = texts(open_page("data"))
    assert str(data_root) in said.replace("\\", "")
    assert "no stimuli.csv" in said.replace("\\", "")


def test_a_folder_is_named_and_its_files_are_copied_by_a_job(data_root, tmp_path, monkeypatch):
    monkeypatch.setattr(bringing, "is_this_machine", lambda: True)
    source = tmp_path / "disk"
    algonauts2023.write(source)
    app = open_page("data")
    field = app.text_input(key="data.source_algonauts2023")
    app = field.set_value(str(source)).run()
    app = until_done(press(app, "Copy the files of algonauts2023"))
    assert not app.exception
    assert datasets.load("algonauts2023").n_stimuli > 0


def test_who_is_elsewhere_names_no_folder(data_root, monkeypatch):
    monkeypatch.setattr(bringing, "is_this_machine", lambda: False)
    app = open_page("data")
    assert not [f for f in app.text_input if str(f.key).startswith("data.source_")]
    assert "where the browser runs on the machine that serves this page" in texts(app)


@pytest.mark.parametrize(
    ("headers", "ip", "is_here"),
    [
        ({"Host": "localhost:8501"}, None, True),
        ({"Host": "127.0.0.1:8501"}, None, True),
        ({"Host": "[::1]:8501"}, None, True),
        ({"Host": "lab.example.org"}, None, False),
        ({"Host": "localhost.example.org:8501"}, None, False),
        ({"Host": "localhost:8501"}, "192.168.1.7", False),
        ({"Host": "localhost:8501", "X-Forwarded-For": "1.2.3.4"}, None, False),
    ],
)
def test_only_the_machine_itself_is_this_machine(monkeypatch, headers, ip, is_here):
    context = SimpleNamespace(headers=headers, ip_address=ip)
    monkeypatch.setattr(bringing, "st", SimpleNamespace(context=context))
    assert bringing.is_this_machine() == is_here
