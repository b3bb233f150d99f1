"""Decoders, own and examples, each as a row: what it is, how good, and what was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from core import datasets, decoders, splits, store
from core.datasets import Dataset, Reference
from core.decoders import Config, Run
from core.decoders.description import Description
from core.decoders.runs import AS_BASELINE, OPERATION, described
from core.decoders.scoring.score_table import load_table, stamps
from core.errors import NeurogalleryError
from pages.shared.frame import results
from pages.shared.frame.damage import shown

MOST_ROWS = 5000
BASELINE = "baseline"
ONLY_HERE = "Of this recording and subject only"


@dataclass(frozen=True)
class Row:
    """A decoder of the user's own, or one that comes with the project.

    Attributes
    ----------
    key, name : str
    created : float
        Seconds since 1970.
    config : Config, optional
        None where the decoder cannot be read.
    cells : mapping of str to Any
        Cells of the table by column, in their order.
    is_example : bool
        True for one that comes with the project.
    session : str
        That trained it; '' for the command line.
    is_baseline : bool
        True for one that nobody trained but the scoring of another.
    problem : str
        Why the decoder cannot be read; '' where it can.
    """

    key: str
    name: str
    created: float
    config: Config | None = None
    cells: Mapping[str, Any] = field(default_factory=dict)
    is_example: bool = False
    session: str = ""
    is_baseline: bool = False
    problem: str = ""

    @property
    def trained(self) -> str:
        return datetime.fromtimestamp(self.created).strftime("%Y-%m-%d %H:%M")


def loaded(key: str) -> Run | None:
    """A decoder from the store, read again once it was trained on; None where there is none."""
    written = store.written(OPERATION).get(key), store.written_ready(OPERATION).get(key)
    run: Run | None = results.recall(_loaded, key, written)
    return run


@st.cache_resource(max_entries=32, show_spinner=False)
def _loaded(key: str, written: tuple[int | None, int | None]) -> Run | None:
    return decoders.load(key)


def every() -> list[Row]:
    """Own decoders, the newest first, then the examples; only what changed is read again."""
    examples = [entry.key for entry in decoders.examples()]
    rows = {key: row_of(key, at, key in examples) for key, at in stamps(examples).items()}
    shown_last = [rows.pop(key) for key in examples]
    return sorted(rows.values(), key=lambda row: row.created, reverse=True) + shown_last


@lru_cache(maxsize=MOST_ROWS)
def row_of(key: str, written: tuple[int, int], is_example: bool = False) -> Row:
    """The row of a decoder; ``written``, of ``stamps``, changes with its files."""
    try:
        entry = store.entry(key)
        description = described(entry)
    except NeurogalleryError as error:
        name, problem = decoders.short_name(key, "decoder"), shown.in_short(str(error))
        cells = {"Decoder": name, "State": f"cannot be read: {shown.reason_of(problem)}"}
        return Row(key, name, written[0] / 1e9, cells=cells, problem=problem)
    config = description.config
    try:
        scored = load_table(key) if written[1] else None
    except NeurogalleryError:  # whoever shows the scores says so
        scored = None
    name = decoders.short_name(key, config.head)
    row = Row(
        key,
        name,
        entry.created,
        config,
        is_example=is_example,
        is_baseline=bool(description.facts.get(AS_BASELINE)),
        session=description.session,
    )
    return replace(row, cells=_cells(row, description, scored))


def _cells(row: Row, description: Description, scored: pd.DataFrame | None) -> dict[str, Any]:
    config, about = description.config, description.facts
    return {
        "Decoder": row.name,
        "Test two-way": _tested(scored, config.head, "two-way"),
        "Validation two-way": _per_cent(about.get("two_way")),
        "Audit": _badge(description.audit),
        "Test top-1": _tested(scored, config.head, "top-1"),
        "State": _state(description, scored is not None, row.is_example),
        "Settings": in_words(changed(config)),
        "Trained": row.trained,
        "Head": config.head,
        "Loss": None if not config.has_loss else " + ".join(name for name, *_ in config.loss),
        "ROIs": " + ".join(config.rois) or "every unit",
        "Embedding": config.encoder,
        "Split": config.split,
        "Fold": config.fold if config.split == "kfold" else None,
        "Seed": config.seed,
        "Epochs": about.get("epochs"),
        "Recording": config.dataset,
        "Subject": " + ".join(config.subjects),
        "Options": in_words(_changed_options(config)),
    }


def _badge(listed: Sequence[Mapping[str, Any]]) -> str:
    """The level of a split as the table says it."""
    level = splits.worst(finding["level"] for finding in listed)
    return "not checked" if level == "unchecked" else level


def _tested(scored: pd.DataFrame | None, head: str, measure: str) -> float | None:
    if scored is None:
        return None
    values = scored[(scored["head"] == head) & (scored["measure"] == measure)]["value"]
    return None if values.empty else _per_cent(values.iloc[0])


def _per_cent(share: float | None) -> float | None:
    return None if share is None else round(100 * float(share), 1)


def has_diverged(about: Mapping[str, Any]) -> bool:
    """Whether a training ended because its loss was not a number."""
    return "not a number" in str(about.get("stopped"))


def _state(description: Description, is_scored: bool, is_example: bool) -> str:
    states = ["example"] if is_example else []
    states += ["imported"] if description.imported else []
    states += ["baseline"] if description.facts.get(AS_BASELINE) else []
    states += ["cancelled"] if description.partial else []
    states += ["diverged"] if has_diverged(description.facts) else []
    states += [] if is_scored else ["not scored"]
    return ", ".join(states) or "scored"


def parameters(config: Config) -> dict[str, Any]:
    """Every declared parameter that counts, by name, such as 'epochs' and 'mlp.width'."""
    settings = config.settings_that_count()
    values = dict(settings["training"])
    for kind in ("head", "split", "encoder"):
        own = settings[f"{kind}_parameters"]
        values |= {f"{settings[kind]}.{name}": value for name, value in own.items()}
    if config.divided:
        values["divided"] = config.divided
    for loss, weight, own in settings["loss"]:
        values |= {f"weight.{loss}": weight, **{f"{loss}.{name}": v for name, v in own.items()}}
    return values


def changed(config: Config) -> dict[str, Any]:
    """Parameters that differ from their defaults."""
    default = Config(
        config.dataset,
        encoder=config.encoder,
        head=config.head,
        loss=tuple((name, 1.0, {}) for name, *_ in config.loss),
        split=config.split,
    )
    usual = parameters(default)
    return {name: value for name, value in parameters(config).items() if usual.get(name) != value}


def _changed_options(config: Config) -> dict[str, Any]:
    infos = {info.name: info for info in datasets.available()}
    declared = infos[config.dataset].options if config.dataset in infos else ()
    usual = {option.name: in_word(option.default) for option in declared}
    return {name: v for name, v in config.options.items() if usual.get(name) != in_word(v)}


def in_words(values: Mapping[str, Any]) -> str:
    """Such as 'learning_rate 0.01, mlp.width 64'."""
    return ", ".join(f"{name} {in_word(value)}" for name, value in values.items())


def in_word(value: Any) -> str:
    """The value of a setting for the reader."""
    if isinstance(value, float):
        return f"{value:g}"
    return " + ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def is_here(row: Row, ds: Dataset) -> bool:
    """Whether a decoder is of the recording, the options and the subject in view."""
    config = row.config
    return (
        config is not None
        and config.dataset == ds.info.name
        and ds.subject in config.subjects
        and config.options == Reference.of(ds).options
    )


def matching(rows: Sequence[Row], text: str) -> list[Row]:
    """Rows that hold every word of a text, each in any cell.

    Baselines are among them where the text asks for some.
    """
    words = text.lower().split()
    listed = [row for row in rows if not row.is_baseline or BASELINE in words]
    return [row for row in listed if all(_holds(row, word) for word in words)]


def _holds(row: Row, word: str) -> bool:
    return any(word in str(cell).lower() for cell in row.cells.values() if cell is not None)
