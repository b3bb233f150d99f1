"""Every page that applies, on a small release of each recording, as downloaded."""

import pytest

from tests.core.datasets.layouts import algonauts2023, bold5000
from tests.pages.app import PAGES, open_page, texts

# Recording, what writes a small release of it, and the address that opens it.
RECORDINGS = [
    pytest.param("bold5000", bold5000.write, {}, id="bold5000-1.0"),
    pytest.param("bold5000", bold5000.write_2, {"release": "2.0"}, id="bold5000-2.0"),
    pytest.param("algonauts2023", algonauts2023.write, {}, id="algonauts2023"),
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("name", "write", "options"), RECORDINGS)
def test_every_page_opens_on_a_release(page, name, write, options, data_root):
    write(data_root / name)
    app = open_page(page, recording=name, **{f"recording.{o}": v for o, v in options.items()})
    assert not app.exception
    assert not app.error
    assert "Simulated" not in texts(app)
    for option, value in options.items():
        assert app.selectbox(key=f"recording.{option}").value == value
