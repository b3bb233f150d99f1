"""The table of the decoders in the store: filter, choose, open, import, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from core import datasets, decoders, jobs, splits, store
from core.datasets import Dataset
from core.decoders import HEADS, Config, Run
from core.decoders.config import SEED
from core.decoders.scoring.score_table import forget_tables, load_table, stamps
from core.errors import NeurogalleryError
from pages.shared.decoders import settings as decoder_settings
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame.text import counted, plain

MOST_UPLOADED = 500
MOST_ROWS = 5000
ABSENT = "–"
ONLY_HERE = "Of this recording and subject only"
PER_CENT = "%.1f%%"


@dataclass(frozen=True)
class Row:
    """A decoder in the store.

    Attributes
    ----------
    key, name : str
    created : float
        Seconds since 1970.
    config : Config, optional
        None where the decoder cannot be read.
    cells : mapping of str to Any
        What the table tells, by column in their order.
    """

    key: str
    name: str
    created: float
    config: Config | None = None
    cells: Mapping[str, Any] = field(default_factory=dict)

    @property
    def trained(self) -> str:
        return datetime.fromtimestamp(self.created).strftime("%Y-%m-%d %H:%M")


@st.cache_resource(max_entries=32, show_spinner=False)
def loaded(key: str) -> Run | None:
    """A decoder from the store, None where there is none."""
    return decoders.load(key)


def choose(ds: Dataset) -> list[Row]:
    """Show the table, filtered, and what can be done with the rows chosen; give those."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text, only = _filters()
        _import(ds)
    rows = every()
    shown = matching([row for row in rows if not only or is_here(row, ds)], text)
    if not shown:
        st.info(_nothing(rows, text, only), icon=":material/info:")
        return []
    picked = [shown[place] for place in _selected(shown) if place < len(shown)]
    if picked:
        _actions(picked)
    else:
        st.caption(
            "Select one decoder to open or delete it, several to compare their curves, scores "
            "and settings."
        )
    return picked


def _filters() -> tuple[str, bool]:
    text = st.text_input(
        "Filter",
        key="decoder_filter",
        bind="query-params",
        icon=":material/search:",
        help="Rows that hold every word, such as: mlp red",
        width=260,
    )
    only = st.toggle(
        ONLY_HERE,
        value=True,
        key="only_here",
        bind="query-params",
        help="With its options in view; a decoder of several subjects counts where one is in view.",
    )
    return text or "", only


def _nothing(rows: Sequence[Row], text: str, only: bool) -> str:
    if not rows:
        return "No decoder was trained yet."
    hiding = [f"'{ONLY_HERE}' is on"] if only else []
    hiding += [f"the filter is '{plain(text)}'"] if text else []
    return f"Of {counted(len(rows), 'decoder')} none is shown: {' and '.join(hiding)}."


def every() -> list[Row]:
    """Every decoder in the store, the newest first; only what changed is read again."""
    rows = [row_of(key, written) for key, written in stamps().items()]
    return sorted(rows, key=lambda row: row.created, reverse=True)


@lru_cache(maxsize=MOST_ROWS)
def row_of(key: str, written: tuple[int, int]) -> Row:
    """The row of a decoder; ``written``, of ``stamps``, tells changed files."""
    try:
        entry = store.entry(key)
        config = Config.from_json(entry.facts["config"])
        scored = load_table(key) if written[1] else None
    except (NeurogalleryError, KeyError) as error:
        name = decoders.short_name(key, "decoder")
        cells = {"Decoder": name, "State": f"cannot be read: {error}"}
        return Row(key, name, written[0] / 1e9, cells=cells)
    row = Row(key, decoders.short_name(key, config.head), entry.created, config)
    return replace(row, cells=_cells(row, config, entry.facts, scored))


def _cells(
    row: Row, config: Config, told: Mapping[str, Any], scored: pd.DataFrame | None
) -> dict[str, Any]:
    about = told["about"]
    return {
        "Decoder": row.name,
        "Test two-way": _tested(scored, config.head, "two-way"),
        "Validation two-way": _per_cent(about.get("two_way")),
        "Audit": splits.worst(finding["level"] for finding in told["audit"]),
        "Test top-1": _tested(scored, config.head, "top-1"),
        "State": _state(told, scored is not None),
        "Settings": in_words(changed(config)),
        "Trained": row.trained,
        "Head": config.head,
        "Loss": None if config.is_closed_form else " + ".join(name for name, *_ in config.loss),
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


def _state(told: Mapping[str, Any], is_scored: bool) -> str:
    states = ["cancelled"] if told["partial"] else []
    states += ["diverged"] if has_diverged(told["about"]) else []
    states += [] if is_scored else ["not scored"]
    return ", ".join(states) or "scored"


def parameters(config: Config) -> dict[str, Any]:
    """Every declared parameter that counts, by name, such as 'epochs' and 'mlp.width'."""
    told = config.settings_that_count()
    values = dict(told["training"])
    for kind in ("head", "split", "encoder"):
        given = told[f"{kind}_parameters"]
        values |= {f"{told[kind]}.{name}": value for name, value in given.items()}
    if config.divided:
        values["divided"] = config.divided
    for loss, weight, given in told["loss"]:
        values |= {f"weight.{loss}": weight, **{f"{loss}.{name}": v for name, v in given.items()}}
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
        and config.options == jobs_panel.options_of(ds)
    )


def matching(rows: Sequence[Row], text: str) -> list[Row]:
    """Rows that hold every word of a text, each in any cell."""
    words = text.lower().split()
    return [row for row in rows if all(_holds(row, word) for word in words)]


def _holds(row: Row, word: str) -> bool:
    return any(word in str(cell).lower() for cell in row.cells.values() if cell is not None)


def _selected(rows: Sequence[Row]) -> list[int]:
    chosen = st.dataframe(
        pd.DataFrame([row.cells for row in rows]),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config=_columns(),
        placeholder=ABSENT,
        key=key_of_table(rows),
        alt="Decoders in the store",
    )
    return list(chosen.selection.rows)


def key_of_table(rows: Sequence[Row]) -> str:
    """Of its rows: a selection is one of places, so that other rows begin with none."""
    return f"decoders_{store.fingerprint([row.key for row in rows])[:12]}"


def _columns() -> dict[str, Any]:
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    tested = "Test set, repeats averaged. Scores are computed when a decoder is opened."
    return {
        "Decoder": text(width=150, pinned=True),
        "Test two-way": number(width=100, format=PER_CENT, help=f"{tested} Chance is 50%."),
        "Validation two-way": number(width=130, format=PER_CENT, help="Of the epoch kept."),
        "Audit": text(width=65, help="Of the split. Red: the scores measure a leak."),
        "Test top-1": number(width=90, format=PER_CENT, help=tested),
        "State": text(width=110),
        "Settings": text(width="medium", help="What differs from its default"),
        "Fold": number(width="small"),
        "Seed": number(width="small", format="plain"),
        "Epochs": number(width="small"),
    }


def _actions(picked: Sequence[Row]) -> None:
    with st.container(horizontal=True):
        if len(picked) == 1 and picked[0].config is not None:
            _open(picked[0].config)
        if st.button(f"Delete {counted(len(picked), 'decoder')}", icon=":material/delete:"):
            _confirm(picked)


def _open(config: Config) -> None:
    if config.divided:
        st.caption("A baseline of a decoder of several subjects: open that one.")
        return
    st.button(
        "Open",
        icon=":material/settings_backup_restore:",
        help="Set the page to its settings",
        on_click=decoder_settings.apply,
        args=(config,),
    )
    following = config.seed + 1
    if SEED.maximum is None or following <= SEED.maximum:
        st.button(
            f"Again with seed {following}",
            icon=":material/casino:",
            help="Set the page to its settings with the next seed",
            on_click=decoder_settings.apply,
            args=(replace(config, seed=following),),
        )


@st.dialog("Delete for good?", icon=":material/delete:")
def _confirm(rows: Sequence[Row]) -> None:
    for row in rows:
        head = "" if row.config is None else f", {HEADS[row.config.head].label}"
        st.markdown(f"**{plain(row.name)}**{plain(head)}, trained {row.trained}")
    keys = [row.key for row in rows]
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="delete_them", on_click=delete, args=(keys,)):
            st.rerun()
        if st.button("Keep", key="keep_them"):
            st.rerun()


def delete(keys: Sequence[str]) -> None:
    """Remove decoders, their scores and the jobs that trained them; a callback."""
    for job in jobs.all_jobs():
        if job.status not in jobs_panel.ACTIVE and job.result.get("key") in keys:
            job.remove()
    for key in keys:
        forget_tables(key)
        store.remove(key)
    loaded.clear()


def _import(ds: Dataset) -> None:
    """A decoder that was downloaded, here or on another machine."""
    with st.popover("Import", icon=":material/upload:"):
        file = st.file_uploader(
            f"A decoder downloaded from this page (zip, at most {MOST_UPLOADED} MB)",
            type="zip",
            key="decoder_upload",
            max_upload_size=MOST_UPLOADED,
            on_change=_take_in,
        )
        taken = st.session_state.get("decoder_taken") if file is not None else None
        if isinstance(taken, NeurogalleryError):
            st.error(plain(taken), icon=":material/error:")
        elif taken is not None:
            st.success(_told_of(taken, ds), icon=":material/check:")


def _take_in() -> None:
    """Keep an uploaded decoder, once; a callback."""
    file = st.session_state["decoder_upload"]
    st.session_state["decoder_taken"] = None
    if file is None:
        return
    try:
        run = decoders.unpack(file.getvalue())
    except NeurogalleryError as error:
        st.session_state["decoder_taken"] = error
        return
    loaded.clear()
    name = decoders.short_name(run.key, run.config.head)
    st.session_state["decoder_taken"] = Row(run.key, name, 0.0, run.config)


def _told_of(taken: Row, ds: Dataset) -> str:
    where = "in the table" if is_here(taken, ds) else f"in the table without '{ONLY_HERE}'"
    config = taken.config
    of = "" if config is None else f" of {config.dataset}, {' + '.join(config.subjects)}"
    return plain(f"{taken.name}{of}: {where}.")
