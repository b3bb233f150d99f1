"""The settings of a decoder as widgets, built from what heads, losses and splits declare."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import splits
from core.datasets import Dataset, Reference
from core.decoders import HEADS, LOSSES, SETTINGS, Config
from core.decoders.config import FOLD, WHATEVER_HEAD
from core.encoders import EncoderInfo
from core.registry import Parameter
from pages.shared.encoders import embeddings
from pages.shared.frame import widgets
from pages.shared.frame.text import plain

FIRST_LOSS = "infonce"
PREFERRED = ("clip-small", "clip-vit-b32")
PAGE, WEIGHT, EMBEDDING = "train.", "train.weight.", "train.embedding."
NOT_TAKEN = "settings_not_taken"
SEED_HELP = (
    "Of the split, the first weights and the order of the rows: another seed, another decoder"
)
ROIS_HELP = (
    "Whose units are decoded. Two or more become the tokens of heads that attend; with fewer, "
    "units are divided into tokens (Training settings)."
)
TARGET_HELP = "What is decoded: what this encoder makes of the viewed image."
LOSS_HELP = "Several are summed, each with a weight."
SUBJECTS_HELP = "One decoder for all of them, where they saw the same images."


def choose(ds: Dataset) -> Config:
    """Everything that decides what the decoder is; what was left out is said above it.

    Raises
    ------
    InputError
        If the settings do not fit together.
    """
    notes = st.container()
    _tell_not_taken(notes)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rois = widgets.choose_rois(
            list(ds.rois), "There is no ROI", notes=notes, width=180, help=ROIS_HELP
        )
        encoder = _encoder(notes, ds)
        head = _choose_one(notes, "Head", list(HEADS), "train.head", _notes(HEADS.values()), 150)
        losses = _losses(notes, head)
        split = _split(notes, ds)
        subjects = _subjects(notes, ds, head)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        encoder_parameters = _target_settings(notes, encoder)
        head_parameters = _popover(notes, "Head settings", HEADS[head], f"{PAGE}{head}.")
        split_parameters = _popover(notes, "Split settings", splits.KINDS[split], f"{PAGE}{split}.")
        terms = _terms(notes, losses)
        training, seed = _training(notes, head)
        fold = _fold(notes, split, split_parameters)
    _tell_size(head, head_parameters)
    return Config(
        ds.info.name,
        subjects=tuple(subjects),
        options=Reference.of(ds).options,
        rois=tuple(rois),
        encoder=encoder.id,
        encoder_parameters=encoder_parameters,
        head=head,
        head_parameters=head_parameters,
        loss=tuple(terms),
        split=split,
        split_parameters=split_parameters,
        fold=fold,
        training=training,
        seed=seed,
    )


def _tell_not_taken(notes: DeltaGenerator) -> None:
    reason = st.session_state.pop(NOT_TAKEN, None)
    if reason is not None:
        notes.warning(
            f"The settings of the decoder were not taken. {plain(reason)}",
            icon=":material/warning:",
        )


def _notes(declared: Iterable[Any]) -> str:
    return "\n".join(f"- **{d.id}**: {plain(d.label)}. {plain(d.note)}" for d in declared)


def _choose_one(
    notes: DeltaGenerator, label: str, options: list[str], key: str, help: str, width: int
) -> str:
    with notes:
        widgets.warn_unknown(key, options, f"There is no {label.lower()}")
    return st.selectbox(label, options, key=key, bind="query-params", width=width, help=help)


def _choose_several(
    notes: DeltaGenerator, noun: str, options: list[str], key: str, empty: str, help: str
) -> list[str]:
    with notes:
        widgets.warn_unknown(key, options, f"There is no {noun}")
    return st.multiselect(
        f"{noun}s",
        options,
        key=key,
        bind="query-params",
        placeholder=empty,
        width=230,
        help=help,
    )


def targets(ds: Dataset) -> dict[str, EncoderInfo]:
    """Embeddings that a decoder can be trained to, by id; the preferred ones first."""
    infos = {name: info for name, info in embeddings.listed(ds).items() if info.is_here}
    names = dict.fromkeys([*PREFERRED, *infos])
    return {name: infos[name] for name in names if name in infos}


def _encoder(notes: DeltaGenerator, ds: Dataset) -> EncoderInfo:
    infos = targets(ds)
    return infos[_choose_one(notes, "Embedding", list(infos), "train.embedding", TARGET_HELP, 150)]


def kinds_of(ds: Dataset) -> list[str]:
    """Splits that fit the recording, the most telling one first."""
    declared = ds.stimuli["split"].replace("", None).nunique() > 1
    known = ds.stimuli["category"].nunique() > 1
    first = "recorded" if declared else "category" if known else "image"
    kinds = [kind for kind in splits.KINDS if kind != "recorded" or declared]
    kinds = [kind for kind in kinds if kind != "category" or known]
    sources = ds.stimuli["source"].replace("", None).nunique()
    kinds = [kind for kind in kinds if kind != "ood" or sources > 1]
    return sorted(kinds, key=lambda kind: kind != first)


def _split(notes: DeltaGenerator, ds: Dataset) -> str:
    kinds = kinds_of(ds)
    return _choose_one(
        notes, "Split", kinds, "train.split", _notes(splits.KINDS[kind] for kind in kinds), 140
    )


def _subjects(notes: DeltaGenerator, ds: Dataset, head: str) -> list[str]:
    if HEADS[head].several_subjects and len(ds.subjects) > 1:
        chosen = _choose_several(
            notes, "Subject", list(ds.subjects), "train.subjects", ds.subject, SUBJECTS_HELP
        )
        return chosen or [ds.subject]
    subjects = st.query_params.get_all("train.subjects")
    if set(subjects) - {ds.subject} and "train.subjects" not in st.session_state:
        notes.warning(
            f"{plain(HEADS[head].label)} is trained on {plain(ds.subject)} alone, not on "
            f"{plain(', '.join(subjects))}.",
            icon=":material/warning:",
        )
    return [ds.subject]


def _losses(notes: DeltaGenerator, head: str) -> list[str]:
    if HEADS[head].trained_by != "gradient":
        return []
    with notes:
        widgets.warn_unknown("train.loss", LOSSES, "There is no loss")
    chosen = st.multiselect(
        "Loss",
        list(LOSSES),
        default=[FIRST_LOSS],
        key="train.loss",
        bind="query-params",
        placeholder=FIRST_LOSS,
        width=200,
        help=f"{LOSS_HELP}\n{_notes(LOSSES.values())}",
    )
    return chosen or [FIRST_LOSS]


def _popover(notes: DeltaGenerator, label: str, declared: Any, prefix: str) -> dict[str, Any]:
    """Settings of a head or a split, with what to know about it."""
    with st.popover(label, icon=":material/tune:"):
        _describe(declared)
        _presets(declared, prefix)
        return _widgets(notes, declared.parameters, prefix)


def _describe(declared: Any) -> None:
    st.markdown(f"**{plain(declared.label)}.** {plain(declared.note)}")
    st.caption(plain(declared.citation))


def _presets(declared: Any, prefix: str) -> None:
    presets = getattr(declared, "presets", {})
    with st.container(horizontal=True):
        for name, values in presets.items():
            settings = {prefix + key: value for key, value in values.items()}
            st.button(
                f"As {name}",
                key=f"preset {prefix}{name}",
                on_click=widgets.set_widgets,
                args=(settings,),
            )


def _widget(notes: DeltaGenerator, parameter: Parameter, prefix: str, **how: Any) -> Any:
    with notes:
        widgets.warn_of_option(parameter, prefix + parameter.name)
    return widgets.option_widget(parameter, prefix, **how)


def _widgets(notes: DeltaGenerator, parameters: Iterable[Parameter], prefix: str) -> dict[str, Any]:
    return {p.name: _widget(notes, p, prefix) for p in parameters}


def _target_settings(notes: DeltaGenerator, encoder: EncoderInfo) -> dict[str, Any]:
    if not encoder.parameters:
        return {}
    with st.popover("Embedding settings", icon=":material/tune:"):
        st.markdown(plain(encoder.description))
        return _widgets(notes, encoder.parameters, f"{EMBEDDING}{encoder.id}.")


def _terms(notes: DeltaGenerator, chosen: list[str]) -> Sequence[Any]:
    if not chosen:
        return Config.loss
    terms = []
    with st.popover("Loss settings", icon=":material/tune:"):
        for name in chosen:
            loss = LOSSES[name]
            _describe(loss)
            weight = _widget(notes, _weight_of(name), WEIGHT)
            terms.append((name, weight, _widgets(notes, loss.parameters, f"{PAGE}{name}.")))
    return terms


def _weight_of(loss: str) -> Parameter:
    return Parameter(
        loss,
        f"Weight of {loss}",
        1.0,
        "Beside the other losses, and beside what a head adds of its own",
        minimum=0.001,
        maximum=1000.0,
    )


def _training(notes: DeltaGenerator, head: str) -> tuple[dict[str, Any], int]:
    counting = list(SETTINGS)
    with st.popover("Training settings", icon=":material/tune:"):
        if HEADS[head].trained_by == "closed form":
            st.caption("Solved in closed form: there are no epochs.")
            counting = [setting for setting in SETTINGS if setting.name in WHATEVER_HEAD]
        settings = _widgets(notes, counting, PAGE)
        return settings, widgets.choose_seed(help=SEED_HELP)


def _fold(notes: DeltaGenerator, split: str, values: dict[str, Any]) -> int:
    folds = int(values["k"]) if split == "kfold" else 1
    fold = replace(FOLD, maximum=folds - 1, help="Which of the folds is the test set, from 0")
    if folds > 1:
        return int(_widget(notes, fold, PAGE, width=90))
    with notes:
        widgets.warn_of_option(fold, PAGE + fold.name)
    return FOLD.default


def _tell_size(head: str, values: dict[str, Any]) -> None:
    if values in HEADS[head].presets.values() and not _has_gpu():
        st.caption(
            ":material/hourglass_top: This published size wants a GPU, and this machine has none: "
            "training will take long."
        )


def _has_gpu() -> bool:
    """Whether there seems to be one; asking for certain would import torch."""
    return shutil.which("nvidia-smi") is not None or (
        platform.system() == "Darwin" and platform.machine() == "arm64"
    )


def augmentations(ds: Dataset) -> dict[str, bool]:
    """Whether a recording has what the augmentations of study C need.

    The semantic library: images of the gallery that show categories of the stimuli. Virtual
    responses: two stimuli of one category, so that there are responses to be mixed.
    """
    return _augmentations(ds.fingerprint, ds)


@st.cache_resource(max_entries=16, show_spinner=False)
def _augmentations(fingerprint: str, _ds: Dataset) -> dict[str, bool]:
    seen = _ds.stimuli["category"][_ds.repeats > 0]
    categories = seen[seen != ""]
    return {
        "library": bool(set(_ds.gallery["category"]) & set(categories)),
        "virtual": bool(categories.duplicated().any()),
    }
