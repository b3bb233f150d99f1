"""``python -m core check``: whether the parts of a recording fit, and what is missing of them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from core.commands.shared import option, show
from core.words import counted

BAD_INPUT = 2

if TYPE_CHECKING:
    from core.datasets.dataset import Dataset


def check(chosen: argparse.Namespace, bar: Any) -> int:
    """Check every subject of a recording, or the one that is named."""
    from core import datasets

    listed = _problems(chosen, bar)
    if listed is not None:
        return listed
    options = dict(option(text) for text in chosen.option)
    first = datasets.load_with(chosen.dataset, chosen.subject, options, chosen.root)
    names = [first.subject] if chosen.subject else list(first.subjects)
    results = []
    for place, name in enumerate(names):
        bar(place / len(names), f"Checking {name}")
        ds = first
        if name != first.subject:
            ds = datasets.load_with(chosen.dataset, name, options, chosen.root)
        results.append(_result(ds))
    bar.clear()
    title = first.info.title + (" (simulated)" if first.info.is_simulated else "")
    content = {"dataset": chosen.dataset, "title": first.info.title, "subjects": results}
    show(chosen, content, [title, *(line for result in results for line in _lines(result))])
    return 0


def _problems(chosen: argparse.Namespace, bar: Any) -> int | None:
    """List what keeps a person's folder from opening; None where nothing, or a single thing does.

    A single thing is said by the opening itself, in one line as everywhere.
    """
    from core.datasets.catalogue import located
    from core.datasets.own.checking import check_folder, summary

    if chosen.dataset.partition(":")[0] != "folder":
        return None
    where = located(chosen.dataset, chosen.root).where
    assert where is not None
    problems = check_folder(where, bar)
    bar.clear()
    if sum(problem.is_fatal for problem in problems) < 2:
        return None
    lines = [f"{where}: {summary(problems)}"]
    for each in problems:
        parts = [f"{each.place}{', ' if each.row else ''}{each.row}: {each.problem}"]
        parts += [f"expected {each.expected}"] if each.expected else []
        parts += [each.remedy] if each.remedy else []
        lines.append("  " + ". ".join(part.rstrip(".") for part in parts) + ".")
    content = {"dataset": chosen.dataset, "problems": [each._asdict() for each in problems]}
    show(chosen, content, lines)
    return BAD_INPUT


def _result(ds: Dataset) -> dict[str, Any]:
    from core.datasets import checks, completeness

    has_gaps = ds.betas is not None and not completeness.is_complete(ds)
    return {
        "subject": ds.subject,
        "checks": [result._asdict() for result in checks.check(ds)],
        "rois": [row._asdict() for row in completeness.by_roi(ds)] if has_gaps else [],
        "units": [row._asdict() for row in completeness.by_unit(ds)] if has_gaps else [],
    }


def _lines(result: dict[str, Any]) -> list[str]:
    import numpy as np

    from core.datasets.completeness import span

    lines = [f"subject {result['subject']}"]
    lines += [
        f"  {each['state']:<8} {each['title']}. {each['detail']}" for each in result["checks"]
    ]
    for roi in result["rois"]:
        means = span(np.array([roi["fewest"], roi["most"]]), "trial")
        lines.append(
            f"  {roi['roi']}: {counted(roi['units'], 'unit')}, {counted(roi['trials'], 'trial')}; "
            f"left out {counted(roi['units_left_out'], 'unit')}, "
            f"{counted(roi['trials_left_out'], 'trial')}; means of {means}, "
            f"{counted(roi['stimuli_missing'], 'stimulus', 'stimuli')} without response"
        )
    return lines
