"""The space of responses, of an encoder or of an RDM, drawn in two dimensions."""

from __future__ import annotations

import pages.shared.maps.presets  # noqa: F401  (registers the presets of the page)
from core.datasets import Dataset
from pages.shared.frame import recording
from pages.shared.head import head
from pages.shared.maps.explorer import explore


def page(ds: Dataset) -> None:
    head.show(ds)
    explore(ds)


page(recording.require())
