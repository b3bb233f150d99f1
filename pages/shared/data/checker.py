"""Check a folder of one's own: every problem at once, with its place and how to mend it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import datasets, paths
from core.datasets.own.check_job import CheckRequest, load
from core.datasets.own.checking import FolderProblem, summary
from core.datasets.own.links import is_open
from pages.shared.frame import results
from pages.shared.frame.text import plain

# Texts of a table that wraps them are read at once; a long one is scrolled.
MOST_WRAPPED = 40
CHOICE = "data.folder"


def candidates() -> list[str]:
    """Folders below the data root that are of no release."""
    known = {*datasets.DATASETS, "models", "galleries"}
    return [
        path.name
        for path in paths.visible(paths.data_root())
        if path.is_dir() and path.name not in known and is_open(path)
    ]


def offer() -> None:
    """Choose a folder, check it, and list what is wrong."""
    names = candidates()
    if not names:
        st.caption(
            "Put a folder with stimuli.csv into the data folder: it appears here, and whatever is "
            "wrong with it is listed with its row and how to mend it."
        )
        return
    name = st.selectbox("Folder", names, key=CHOICE, bind="query-params", width=320)
    request = CheckRequest.of(name)
    problems = results.get(request, load, on_click=True, icon=":material/fact_check:")
    if problems is not None:
        _show(name, problems)


def _show(name: str, problems: list[FolderProblem]) -> None:
    text = plain(f"{name}: {summary(problems)}")
    if not any(problem.is_fatal for problem in problems):
        st.success(text, icon=":material/check_circle:")
    else:
        st.warning(text, icon=":material/warning:")
    if not problems:
        return
    table = pd.DataFrame(
        [
            {
                "Where": each.place,
                "Row": each.row.replace(" ", "\u00a0"),
                "What was found": each.problem,
                "Expected": each.expected,
                "What to do": each.remedy,
                "Opens": "no" if each.is_fatal else "yes",
            }
            for each in problems
        ]
    )
    if len(table) <= MOST_WRAPPED:
        st.table(table.set_index("Where"))
    else:
        st.dataframe(table, hide_index=True, key="data.problems")
    st.download_button(
        "Problems (CSV)",
        lambda: table.to_csv(index=False),
        f"{name}_problems.csv",
        "text/csv",
        icon=":material/download:",
    )
