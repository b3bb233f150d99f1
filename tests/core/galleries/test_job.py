"""The job of a gallery: what is asked, and what is known before it is done."""

from __future__ import annotations

import pytest

from core import encoders
from core.errors import InputError, NotFoundError
from core.galleries import GalleryRequest, listing
from core.galleries.job import run
from core.progress import silent
from tests.core.galleries.shared import save_gallery

REQUEST = GalleryRequest("folder:small", "pixels", {"side": 4})


def test_the_job_gives_the_key_that_the_request_knows(tmp_path):
    save_gallery()
    assert encoders.load(REQUEST.key()) is None
    values = REQUEST.to_json()
    result = run(GalleryRequest.from_json(values), silent, tmp_path / "job")
    assert result == {"key": REQUEST.key()}
    assert encoders.load(result["key"]).features.shape == (27, 48)
    assert GalleryRequest.from_json(values).to_json() == values


def test_a_request_of_a_folder_that_nobody_listed_has_no_key_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "QUICK", 8)
    save_gallery()
    assert REQUEST.key() is None
    assert REQUEST.label == "Encode the images of small with pixels"
    result = run(REQUEST, silent, tmp_path / "job")
    assert REQUEST.key() == result["key"]
    assert REQUEST.label == "Encode 27 images of small with pixels"


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"gallery": "gallery", "encoder": "pixels"}, InputError, "The gallery is 'gallery'"),
        ({"gallery": "folder:small"}, InputError, "has no 'encoder'"),
        ({"gallery": "folder:small", "encoder": "pixels", "x": 1}, InputError, "a field 'x'"),
        ({"gallery": "folder:no", "encoder": "pixels"}, NotFoundError, "no gallery 'no'"),
        ({"gallery": "folder:../..", "encoder": "pixels"}, InputError, "leads outside"),
        ({"gallery": "folder:..", "encoder": "pixels"}, NotFoundError, "no gallery '..'"),
        ({"gallery": "folder:", "encoder": "pixels"}, NotFoundError, "no gallery ''"),
        ({"gallery": "folder:small/volcano", "encoder": "pixels"}, NotFoundError, "no gallery"),
        ({"gallery": "folder:small", "encoder": "nothing"}, NotFoundError, "no encoder 'nothing'"),
        (
            {"gallery": "folder:small", "encoder": "pixels", "parameters": {"side": 0}},
            InputError,
            "side is 0",
        ),
    ],
)
def test_a_wrong_request_says_what_is_wrong(tmp_path, values, error, message):
    save_gallery()
    with pytest.raises(error, match=message):
        run(GalleryRequest.from_json(values), silent, tmp_path / "job")
