"""The settings of a decoder as widgets, built from what heads, losses and splits declare."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import splits
from core.datasets import Dataset
from core.decoders import HEADS, LOSSES, SETTINGS, Config
from core.encoders import EncoderInfo
from core.registry import Parameter
from pages.shared import embeddings, jobs_panel, recording
from pages.shared.text import plain

FIRST_HEAD, FIRST_LOSS = "ridge", "infonce"
TRAINING = "train."
PREFERRED = ("clip-small", "clip-vit-b32")
WEIGHT = "weight."


def choose(ds: Dataset) -> Config:
    """Everything that decides what the decoder is.

    Raises
    ------
    InputError
        If the settings do not fit together.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rois = _several("ROIs", list(ds.rois), "train_rois", "every unit")
        encoder = _encoder(ds)
        head = _one("Head", list(HEADS), "head")
        loss = _losses(head)
        split = _split(ds)
        subjects = _subjects(ds, head)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        given = {
            "head_parameters": _popover("Head", HEADS[head], f"{head}."),
            "split_parameters": _popover("Split", splits.KINDS[split], f"{split}."),
        }
        terms = _terms(loss)
        training = _training(head)
        fold = _fold(split, given["split_parameters"])
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, key="train_seed", bind="query-params", width=110
        )
    return Config(
        ds.info.name,
        subjects=tuple(subjects),
        options=jobs_panel.options_of(ds),
        rois=tuple(rois),
        encoder=encoder.info.id,
        encoder_parameters=encoder.parameters,
        head=head,
        loss=tuple(terms),
        split=split,
        fold=fold,
        training=training,
        seed=int(seed),
        **given,
    )


def apply(config: Config) -> None:
    """Set the widgets to a config; a callback."""
    values: dict[str, Any] = {
        "train_rois": list(config.rois),
        "target": config.encoder,
        "head": config.head,
        "loss": [name for name, _, _ in config.loss],
        "split": config.split,
        "train_seed": config.seed,
        "fold": config.fold,
        "train_subjects": list(config.subjects),
    }
    values |= {f"{config.head}.{name}": v for name, v in config.head_parameters.items()}
    values |= {f"{config.split}.{name}": v for name, v in config.split_parameters.items()}
    values |= {f"{TRAINING}{name}": v for name, v in config.training.items()}
    for name, weight, given in config.loss:
        values |= {f"{WEIGHT}{name}": weight, **{f"{name}.{key}": v for key, v in given.items()}}
    recording.set_widgets(values)


def _one(label: str, options: list[str], key: str, width: int = 160) -> str:
    recording.warn_unknown(key, options, f"There is no {label.lower()}")
    return st.selectbox(label, options, key=key, bind="query-params", width=width)


def _several(label: str, options: list[str], key: str, empty: str) -> list[str]:
    recording.warn_unknown(key, options, f"There is no {label}")
    return st.multiselect(
        label, options, key=key, bind="query-params", placeholder=empty, width=230
    )


def targets(ds: Dataset) -> dict[str, EncoderInfo]:
    """Embeddings that a decoder can be trained to, by id; the preferred ones first."""
    infos = {name: info for name, info in embeddings.listed(ds).items() if info.is_here}
    names = dict.fromkeys([*PREFERRED, *infos])
    return {name: infos[name] for name in names if name in infos}


def _encoder(ds: Dataset) -> embeddings.Space:
    infos = targets(ds)
    return embeddings.Space(infos[_one("Embedding", list(infos), "target", 150)])


def _split(ds: Dataset) -> str:
    declared = ds.stimuli["split"].replace("", None).nunique() > 1
    known = ds.stimuli["category"].nunique() > 1
    first = "recorded" if declared else "category" if known else "image"
    kinds = [kind for kind in splits.KINDS if kind != "recorded" or declared]
    kinds = [kind for kind in kinds if kind != "category" or known]
    return _one("Split", sorted(kinds, key=lambda kind: kind != first), "split", 140)


def _subjects(ds: Dataset, head: str) -> list[str]:
    if not HEADS[head].several_subjects or len(ds.subjects) < 2:
        return [ds.subject]
    chosen = _several("Subjects", list(ds.subjects), "train_subjects", ds.subject)
    return chosen or [ds.subject]


def _losses(head: str) -> list[str]:
    if HEADS[head].trained_by == "closed form":
        return [FIRST_LOSS]
    recording.warn_unknown("loss", LOSSES, "There is no loss")
    chosen = st.multiselect(
        "Loss",
        list(LOSSES),
        default=[FIRST_LOSS],
        key="loss",
        bind="query-params",
        width=200,
        help="Several are summed, each with a weight.",
    )
    return chosen or [FIRST_LOSS]


def _popover(label: str, declared: Any, prefix: str) -> dict[str, Any]:
    """Settings of a head or a split, with what to know about it."""
    with st.popover(label, icon=":material/tune:"):
        st.markdown(f"**{plain(declared.label)}.** {plain(declared.note)}")
        st.caption(plain(declared.citation))
        _presets(declared, prefix)
        return {p.name: _widget(p, prefix) for p in declared.parameters}


def _presets(declared: Any, prefix: str) -> None:
    presets = getattr(declared, "presets", {})
    with st.container(horizontal=True):
        for name, values in presets.items():
            settings = {prefix + key: value for key, value in values.items()}
            st.button(
                f"As {name}",
                key=f"preset {prefix}{name}",
                on_click=recording.set_widgets,
                args=(settings,),
            )


def _widget(parameter: Parameter, prefix: str) -> Any:
    recording.warn_of_option(parameter, prefix + parameter.name)
    return recording.option_widget(parameter, prefix)


def _terms(chosen: list[str]) -> list[tuple[str, float, dict[str, Any]]]:
    if not any(LOSSES[name].parameters for name in chosen) and len(chosen) < 2:
        return [(name, 1.0, {}) for name in chosen]
    terms = []
    with st.popover("Loss", icon=":material/tune:"):
        for name in chosen:
            loss = LOSSES[name]
            st.markdown(f"**{plain(loss.label)}.** {plain(loss.note)}")
            st.caption(plain(loss.citation))
            weight = 1.0
            if len(chosen) > 1:
                weight = st.number_input(
                    f"Weight of {name}", 0.001, 1000.0, 1.0, key=WEIGHT + name, bind="query-params"
                )
            terms.append((name, weight, {p.name: _widget(p, f"{name}.") for p in loss.parameters}))
    return terms


def _training(head: str) -> dict[str, Any]:
    with st.popover("Training", icon=":material/tune:"):
        if HEADS[head].trained_by == "closed form":
            st.caption("Solved in closed form: there are no epochs.")
            return {"trials": _widget(SETTINGS[0], TRAINING)}
        return {p.name: _widget(p, TRAINING) for p in SETTINGS}


def _fold(split: str, values: dict[str, Any]) -> int:
    if split != "kfold":
        return 0
    most = int(values["k"]) - 1
    return int(st.number_input("Fold", 0, most, key="fold", bind="query-params", width=90))
