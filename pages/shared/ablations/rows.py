"""The rows of an ablation: verdict, chart, table, what failed, downloads; a row opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core import ablations, jobs, store
from core.ablations import Ablation, AblationRequest, Replicate, RowComparison
from core.decoders import TrainRequest
from core.decoders.scoring.score_table import worded
from core.figures import training as figures
from core.jobs import Job
from core.words import p_number
from pages.shared.decoders.apply import apply
from pages.shared.decoders.choose import name_of
from pages.shared.decoders.described import every
from pages.shared.decoders.table import ABSENT
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import results, widgets
from pages.shared.frame.job_parts.session import own_session
from pages.shared.frame.text import counted, plain

PAGES = {"Train": "pages/train.py", "Retrieval": "pages/retrieval.py"}
OPENED = "ablations_opened"
Cells = Sequence[Mapping[str, Any]]


def is_begun(request: AblationRequest) -> bool:
    """Whether the ablation has a job, done or not."""
    return jobs.find(request.operation, request.to_json()) is not None


def trained(request: AblationRequest) -> Cells | None:
    """The decoders of an ablation; until all are done a button, then the table as it fills."""
    return results.get(
        request,
        ablations.load,
        on_click=True,
        icon=":material/model_training:",
        live=partial(_draw_so_far, request.ablation),
    )


def _draw_so_far(ablation: Ablation, job: Job) -> None:
    cells = ablations.so_far(job.folder)
    if cells:
        st.caption(f"{len(cells)} of {counted(len(ablation.replicates), 'decoder')} done.")
        comparison = _compare(ablation, cells)
        st.dataframe(in_words(ablation, comparison), hide_index=True, height="content")


def show(ablation: Ablation, cells: Cells) -> None:
    """Everything about an ablation whose decoders are done."""
    comparison = _compare(ablation, cells)
    _open_a_row(ablation, cells, in_words(ablation, comparison))
    _warn(cells)
    _explain(ablation, comparison)
    _downloads(ablation, cells, comparison.protocol)


def _compare(ablation: Ablation, cells: Cells) -> RowComparison:
    """Rows at the protocol and measure chosen: verdict and chart."""
    with st.container(horizontal=True):
        protocol = _segments("Protocol", ablations.protocols(cells), "ablations.protocol")
        measure = _segments("Measure", ablations.measures(cells), "ablations.measure")
    comparison = ablations.compare(ablation, cells, protocol, measure)
    text = plain(ablations.verdict(ablation, comparison))
    if comparison.is_marked:
        st.success(text, icon=":material/trophy:")
    else:
        st.info(text, icon=":material/info:")
    if comparison.best is not None:
        st.caption(plain(" · ".join(axis.label for axis in ablation.axes)))
        chart = drawn(figures.ablation_rows, ablation, comparison)
        alt = f"{measure} of each row: decoders, mean and chance. {text}"
        show_chart(chart, key="ablation_chart", alt=alt)
    return comparison


def _segments(label: str, options: list[str], key: str) -> str:
    if not options:
        return ""
    chosen = st.segmented_control(
        label, options, default=options[0], required=True, key=key, bind="query-params"
    )
    return chosen or options[0]  # None where the address names none


def in_words(ablation: Ablation, comparison: RowComparison) -> pd.DataFrame:
    """The table for the reader."""
    count = counted(ablation.of_a_row, "decoder")
    rows = []
    for place, words in enumerate(ablation.words):
        row = comparison.table.iloc[place]
        cells = {
            "Mean": _number(comparison, row, "mean"),
            "SD": _number(comparison, row, "sd"),
            "95 % interval": _interval(comparison, row, "low", "high"),
            "n": counted(int(row["n"]), comparison.unit.removesuffix("s")),
            "Chance": _number(comparison, row, "chance"),
            "Difference to the best (95 %)": _standing(comparison, place),
            "p (Holm)": _p(row),
            "Done": f"{row['done']} of {count}",
            "Failed": row["error"] or None,
        }
        axes = zip((axis.label for axis in ablation.axes), words, strict=True)
        rows.append({**dict(axes), **cells})
    return pd.DataFrame(rows)


def _number(comparison: RowComparison, row: pd.Series, name: str) -> str:
    return worded(comparison.measure, row[name])


def _interval(comparison: RowComparison, row: pd.Series, low: str, high: str) -> str:
    if pd.isna(row[low]):
        return ABSENT
    return f"{_number(comparison, row, low)} to {_number(comparison, row, high)}"


def _p(row: pd.Series) -> str:
    """Of a difference; without replicates there is none."""
    return ABSENT if pd.isna(row[["p", "difference_low"]]).any() else p_number(row["p"])


def _standing(comparison: RowComparison, place: int) -> str:
    """The difference of a row to the best, or what the best row is."""
    if place == comparison.best:
        return "best, beyond the noise" if comparison.is_marked else "best mean"
    row = comparison.table.iloc[place]
    interval = _interval(comparison, row, "difference_low", "difference_high")
    difference = _number(comparison, row, "difference")
    return difference if interval == ABSENT else f"{difference} ({interval})"


def _open_a_row(ablation: Ablation, cells: Cells, table: pd.DataFrame) -> None:
    """The table; of a selected row, a decoder to open on page Train."""
    chosen = st.dataframe(
        table,
        hide_index=True,
        height="content",
        on_select="rerun",
        selection_mode="single-row",
        placeholder=ABSENT,
        key=key_of_table(ablation),
        alt="Rows of the ablation",
    )
    if not chosen.selection.rows:
        st.caption("Select a row to open its decoders.")
        return
    row = chosen.selection.rows[0]
    done = [cell for cell in cells if cell["row"] == row and cell["run"]]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        page = st.segmented_control(
            "Open on page", list(PAGES), default="Train", required=True, key="ablations.open_on"
        )
        for cell in done:
            st.button(
                f"{plain(cell['subject'])}, seed {cell['seed']}",
                key=f"open_{cell['run']}",
                icon=":material/settings_backup_restore:",
                on_click=_open,
                args=(ablation, cell, page),
            )


def key_of_table(ablation: Ablation) -> str:
    """Of its rows: a selection is one of places, so that other rows begin with none."""
    return f"ablation_{store.fingerprint(ablation.to_json())[:12]}"


def _open(ablation: Ablation, cell: Mapping[str, Any], page: str) -> None:
    """Set pages Train and Retrieval to a decoder; a callback.

    The job of page Train finds the decoder in the store, whose key the page does not know.
    """
    config = ablation.config(Replicate(cell["row"], cell["subject"], cell["seed"]))
    request = TrainRequest(config)
    values, device = request.to_json(), request.device()
    jobs.submit(request.operation, values, device, own_session(), seconds=0.0)
    apply(config)
    names = [name_of(row) for row in every() if row.key == cell["run"]]
    widgets.set_widgets({"retrieval.decoder": names})
    st.session_state[OPENED] = PAGES[page]


def follow_opened() -> None:
    """Go to the page where a decoder was opened: a callback cannot."""
    page = st.session_state.pop(OPENED, None)
    if page is not None:
        # Without parameters it would refuse to leave those of bound widgets behind.
        st.switch_page(page, query_params={})


def _warn(cells: Cells) -> None:
    """What failed, and splits that leak."""
    failed = sum(bool(cell["error"]) for cell in cells)
    if failed:
        st.warning(
            f"{counted(failed, 'decoder')} of {len(cells)} failed; the first reason of each row "
            "is in the table. The other decoders are kept: remove the job on page Jobs and start "
            "it again to try once more.",
            icon=":material/warning:",
        )
    if any(cell["badge"] == "red" for cell in cells):
        st.error(
            "The audit of the split is red: these scores measure a leak, not the decoders. Open a "
            "row for its audit.",
            icon=":material/dangerous:",
        )


def _explain(ablation: Ablation, comparison: RowComparison) -> None:
    several = comparison.unit == "subjects"
    noise = "of subjects (each the mean of its seeds)" if several else "of training (over seeds)"
    st.caption(
        "A dot is a decoder, a bar the mean of a row, the grey band the typical noise of a "
        "difference to the best row (median half-width of the paired 95 % intervals). The noise "
        f"is that {noise}: all rows are tested on the same images, and nothing is said about "
        "other images. Scores as on page Train, without baselines."
    )


def _downloads(ablation: Ablation, cells: Cells, protocol: str) -> None:
    files = {
        "Rows (CSV)": ("ablation.csv", partial(_csv, ablations.full_table, ablation, cells)),
        "Decoders (CSV)": (
            "ablation_decoders.csv",
            partial(_csv, ablations.decoders_table, ablation, cells),
        ),
        "Table (LaTeX)": ("ablation.tex", partial(ablations.as_latex, ablation, cells, protocol)),
    }
    with st.container(horizontal=True):
        for label, (name, write) in files.items():
            st.download_button(label, write, name, "text/plain", icon=":material/download:")


def _csv(tabulate: Any, ablation: Ablation, cells: Cells) -> str:
    text: str = tabulate(ablation, cells).to_csv(index=False)
    return text
