"""The check of a folder as a job: kept in the store until the folder changes."""

import pytest

from core import operations
from core.datasets.own.check_job import CheckRequest, load
from core.datasets.own.checking import check_folder
from core.errors import InputError
from core.progress import silent
from tests.core.datasets.shared import write


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(tmp_path))
    return write(tmp_path / "mine")


def run(request, tmp_path):
    return operations.resolve("check")(request.to_json(), silent, tmp_path)


def test_the_list_is_that_of_the_check(root, tmp_path):
    (root / "stimuli.csv").write_text("id\na\na\n")
    request = CheckRequest.of("mine")
    assert load(request.key()) is None
    assert run(request, tmp_path)["key"] == request.key()
    assert load(request.key()) == check_folder(root) != []


def test_a_changed_folder_is_another_request(root, tmp_path):
    before = CheckRequest.of("mine")
    assert CheckRequest.of("mine") == before
    (root / "rdms" / "new.npy").write_bytes(b"x")
    after = CheckRequest.of("mine")
    assert after.key() != before.key()
    # What changed while the job waited is checked as it is then.
    assert run(before, tmp_path)["key"] == after.key()
    assert load(before.key()) is None


@pytest.mark.parametrize("name", ["", "..", "a/b", 3])
def test_another_name_is_refused(name, root, tmp_path):
    with pytest.raises(InputError):
        run(CheckRequest(name, "x"), tmp_path)
