"""What an ablation compares: the decoder that it begins with, the settings varied, replicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import ablations
from core.ablations import Ablation, AblationRequest, Axis, Setting
from core.datasets import Dataset, Reference
from core.decoders import HEADS, Config
from core.registry import Parameter
from pages.shared.decoders import described
from pages.shared.decoders.settings import augmentations, kinds_of, targets
from pages.shared.frame import widgets
from pages.shared.frame.text import plain

MOST_AXES = 4
STUDIES = {"study C, small": "small", "study C, published": "published"}
VALUES = "ablations.values."
SEEDS = Parameter(
    "seeds",
    "Seeds",
    3,
    "Trainings of each row, with the seeds 0, 1, …; each is a replicate.",
    minimum=1,
    maximum=20,
)
BASE_HELP = (
    "What no setting below varies: the decoder of study C, a head with its defaults, or a decoder "
    "that was trained on page Train."
)


def choose(ds: Dataset) -> AblationRequest | None:
    """The ablation of the widgets; None while nothing is varied.

    Raises
    ------
    InputError
        If a value does not fit its setting, or settings do not fit one another.
    """
    widgets.warn_of_option(SEEDS, "ablations.seeds")
    base = _base(ds)
    axes = _axes(ds, base)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seeds = widgets.option_widget(SEEDS, "ablations.", width=130)
        subjects = _subjects(ds)
    return _request(ds, base, axes, seeds, subjects) if axes else None


def preset_request(ds: Dataset, values: Mapping[str, Any]) -> AblationRequest:
    """What a preset compares, by the values that it gives widgets; else their defaults."""
    base = _config(ds, values["ablations.base"], values["roi"], next(iter(targets(ds))))
    settings = _settings(ds, base)
    names = [values.get(f"ablations.setting_{number}") for number in range(1, MOST_AXES + 1)]
    axes = [
        Axis.of(settings[name], settings[name].read(values[VALUES + name]))
        for name in filter(None, names)
    ]
    return _request(ds, base, axes, values["ablations.seeds"], [ds.subject])


def _request(
    ds: Dataset, base: Config, axes: Sequence[Axis], seeds: int, subjects: Sequence[str]
) -> AblationRequest:
    ablation = Ablation(base, tuple(axes), tuple(range(seeds)), tuple(subjects))
    return AblationRequest(ablation, ablations.estimate(ablation, len(ds.stimuli)))


def _base(ds: Dataset) -> Config:
    """The decoder to begin with, of the recording and subject in view."""
    trained = {row.name: row.config for row in described.every() if described.is_here(row, ds)}
    options = [*STUDIES, *HEADS, *trained]
    notes = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = _one(notes, "Begin with", options, "ablations.base", BASE_HELP)
        config = trained.get(chosen)
        if config is not None:
            words = described.in_words(described.changed(config))
            st.caption(f"{plain(config.encoder)}, {plain(words)}")
            return replace(config, subjects=(ds.subject,))
        rois = widgets.choose_rois(list(ds.rois), "There is no ROI", notes=notes, width=280)
        encoder = _one(notes, "Embedding", list(targets(ds)), "ablations.embedding", "")
    return _config(ds, chosen, rois, encoder)


def _config(ds: Dataset, chosen: str, rois: Sequence[str], encoder: str) -> Config:
    """The decoder of study C, or a head with its defaults."""
    plain_config = Config(
        ds.info.name,
        subjects=(ds.subject,),
        options=Reference.of(ds).options,
        rois=tuple(rois),
        encoder=encoder,
        head=chosen if chosen in HEADS else Config.head,
        split=kinds_of(ds)[0],
    )
    if chosen not in STUDIES:
        return plain_config
    config = ablations.study_c(STUDIES[chosen], plain_config)
    lacking = [name for name, is_there in augmentations(ds).items() if not is_there]
    return ablations.changed(config, {f"training.{name}": 0.0 for name in lacking})


def _one(notes: DeltaGenerator, label: str, options: Sequence[str], key: str, help: str) -> str:
    with notes:
        widgets.warn_unknown(key, options, f"{label} has no")
    return st.selectbox(label, options, key=key, bind="query-params", width=220, help=help or None)


def _axes(ds: Dataset, base: Config) -> list[Axis]:
    """The settings varied, a row of widgets each; the next one is offered below."""
    settings = _settings(ds, base)
    axes: list[Axis] = []
    chosen: list[str] = []
    for number in range(1, MOST_AXES + 1):
        offered = [name for name in settings if name not in chosen]
        name = _axis(number, offered, settings, axes)
        if name is None:
            break
        chosen.append(name)
    return axes


def _settings(ds: Dataset, base: Config) -> dict[str, Setting]:
    return ablations.settings_of(base, list(targets(ds)), kinds_of(ds), ", ".join(ds.rois))


def _axis(
    number: int, offered: Sequence[str], settings: dict[str, Setting], axes: list[Axis]
) -> str | None:
    """The name of a setting, whose axis is added to the others; None where none is chosen."""
    key = f"ablations.setting_{number}"
    widgets.warn_unknown(key, offered, "There is no setting")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            f"Setting {number}",
            offered,
            index=None,
            key=key,
            bind="query-params",
            placeholder="none",
            width=220,
        )
        if name is None:
            return None
        values = _values(name, settings[name])
    if values:
        axes.append(Axis.of(settings[name], settings[name].read(values)))
    return name


def _values(name: str, setting: Setting) -> str | list[str]:
    """Values as the setting declares them: chosen among few, or typed."""
    label, key = f"Values of {setting.label.lower()}", VALUES + name
    helps = [parameter.help for parameter in setting.parameters.values() if parameter.help]
    if setting.choices:
        widgets.warn_unknown(key, setting.choices, f"{setting.label} has no value")
        return st.multiselect(
            label,
            setting.choices,
            key=key,
            bind="query-params",
            width=340,
            help=plain(helps[0]) if helps else None,
        )
    defaults = [f"{parameter.default}" for parameter in setting.parameters.values()]
    usual = "/".join(defaults)
    typed = st.text_input(
        label,
        key=key,
        bind="query-params",
        placeholder="values separated by commas",
        width=340,
        help=plain(" ".join([*helps, f"Default: {usual or 'every unit'}."])),
    )
    return typed or ""


def _subjects(ds: Dataset) -> list[str]:
    if len(ds.subjects) < 2:
        return [ds.subject]
    widgets.warn_unknown("ablations.subjects", ds.subjects, "There is no subject")
    chosen = st.multiselect(
        "Subjects",
        list(ds.subjects),
        key="ablations.subjects",
        bind="query-params",
        placeholder=ds.subject,
        width=280,
        help="Each has a decoder of its own. Several make the noise that of subjects, not of "
        "training.",
    )
    return chosen or [ds.subject]
