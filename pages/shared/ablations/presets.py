"""Published tables of the page Ablations."""

from __future__ import annotations

from collections.abc import Callable

from core.datasets import Dataset
from pages.shared.ablations.settings import MOST_AXES, VALUES
from pages.shared.decoders.presets import rois_of_study_c
from pages.shared.decoders.settings import augmentations, targets
from pages.shared.frame import presets
from pages.shared.frame.presets import Preset, Settings

SHARES = "0, 0.5"


def _as_in(base: str, seeds: int, **values: str | list[str]) -> Settings:
    """Widgets of the page: a setting and its values for each keyword."""
    settings: Settings = {"ablations.base": base, "ablations.seeds": seeds}
    for number, (name, chosen) in enumerate(values.items(), start=1):
        settings |= {f"ablations.setting_{number}": name, VALUES + name: chosen}
    return settings


def _table_3(base: str, seeds: int) -> Callable[[Dataset], Settings]:
    def settings(ds: Dataset) -> Settings:
        values = {"size": "6/4, 12/8, 24/16", "batch": "100, 200"}
        values |= {name: SHARES for name, is_there in augmentations(ds).items() if is_there}
        return {"roi": rois_of_study_c(ds), **_as_in(base, seeds, **values)}

    return settings


def _table_2(base: str, seeds: int) -> Callable[[Dataset], Settings]:
    def settings(ds: Dataset) -> Settings:
        encoders = list(targets(ds))
        return {"roi": rois_of_study_c(ds), **_as_in(base, seeds, encoder=encoders)}

    return settings


def _no_further_axes(values: Settings) -> Settings:
    return {f"ablations.setting_{number}": None for number in range(1, MOST_AXES + 1)}


def _preset(label: str, note: str, settings: Callable[[Dataset], Settings]) -> Preset:
    return Preset(
        label,
        note,
        "ablations",
        settings,
        defaults=_no_further_axes,
        citation=presets.STUDY_C,
    )


TABLE_3 = (
    "Study C, Table 3: size of the ROI transformer (layers/attention heads), batch, semantic "
    "library and virtual responses, each for none or half of the rows, where the recording has "
    "categories for them."
)
TABLE_2 = "Study C, Table 2: the image encoder, of those that are on this machine."
PUBLISHED = "Width 512, 100 epochs at most: wants a GPU, and about 4 GB of disk for each seed."
SMALL = "Width 32, 10 epochs, 3 seeds."
presets.register(
    _preset("Table 3, small", f"{TABLE_3} {SMALL}", _table_3("study C, small", 3)),
    _preset("Table 3, published size", f"The same. {PUBLISHED}", _table_3("study C, published", 1)),
    _preset("Table 2, small", f"{TABLE_2} {SMALL}", _table_2("study C, small", 3)),
    _preset("Table 2, published size", f"The same. {PUBLISHED}", _table_2("study C, published", 1)),
)
