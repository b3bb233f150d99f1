"""Commands that train and score one decoder: ``train``, ``evaluate``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.decoder_arguments import (
    add_decoder_arguments,
    add_repeated,
    config_of,
    loss_text,
)
from core.commands.shared import check_parent, show
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.progress import Progress
from core.words import counted, p_words

if TYPE_CHECKING:
    import pandas as pd

    from core.decoders import Run

FACTS = ("stopped", "epochs", "best_epoch", "validation", "two_way", "alpha", "seconds", "device")
FORMER_PROTOTYPES = {"pictures": "images"}  # the word of version 0.1


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``train`` takes."""
    add_decoder_arguments(parser)
    parser.add_argument("--head", metavar="ID", help="default: whitened_ridge")
    parser.add_argument("--seed", type=int, default=0)
    add_repeated(parser, "--roi", "NAME", "two or more become tokens of heads that attend")
    add_repeated(
        parser, "--loss", "ID[:WEIGHT][,NAME=VALUE]", "several are added up; default: infonce"
    )
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, help="where to export the decoder beside the store"
    )


def add_evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``evaluate`` takes."""
    parser.add_argument(
        "run", metavar="RUN|FOLDER", help="key of a trained decoder, or folder of an exported one"
    )
    parser.add_argument(
        "--prototypes",
        type=lambda text: FORMER_PROTOTYPES.get(text, text),
        choices=("images", "names", "both"),
        default="images",
        help="what stands for a category in top-1 and top-5; default: images",
    )
    add_repeated(
        parser,
        "--prompt",
        "TEXT",
        "in which names are read, {} in place of the name; of several the embeddings are "
        "averaged; default: 'a picture of a {}'",
    )
    parser.add_argument(
        "--no-baselines", action="store_true", help="leave out ridge and the linear head"
    )
    parser.add_argument(
        "--all-folds",
        action="store_true",
        help="train every fold of its split and score them as one, beside permuted controls",
    )


def train(chosen: argparse.Namespace, bar: Any) -> int:
    """Train one decoder, or find the one that was trained before."""
    from core import decoders

    if chosen.out is not None:
        _check_folder(chosen.out)
    config = config_of(chosen, chosen.head, chosen.loss, chosen.roi, chosen.seed)
    run = decoders.train(config, bar, device=chosen.device)
    bar.clear()
    if chosen.out is not None:
        decoders.export(run, chosen.out)
    summary = {**_summary(run), "out": str(chosen.out) if chosen.out else None}
    show(chosen, summary, _train_lines(run, summary))
    return 0


def evaluate(chosen: argparse.Namespace, bar: Any) -> int:
    """Score a decoder of the store, or an exported one, which is then kept there too."""
    from core.decoders.scoring.score_table import records

    run = _run(chosen.run)
    if chosen.all_folds:
        return _evaluate_folds(run, chosen, bar)
    table, units = _scores(run, chosen, bar), _units(run)
    bar.clear()
    note = {"note": table.attrs["note"], "units": units}
    summary = {**_summary(run), **note, "scores": records(table)}
    show(chosen, summary, _evaluate_lines(run, table, list(units.values())))
    return 0


def _evaluate_folds(run: Run, chosen: argparse.Namespace, bar: Any) -> int:
    from core.decoders.scoring import fold_table, folds
    from core.decoders.scoring.score_table import records

    scores, units = fold_table.load(folds.evaluate(run.config, bar)), _units(run)
    bar.clear()
    assert scores is not None
    rows = records(scores.table)
    heads = max(len(row["head"]) for row in rows)
    lines = [
        f"{_title(run)}; {counted(scores.folds, 'fold')}",
        *(f"{row['head']:<{heads}}  {_fold_line(row)}" for row in rows),
        *scores.sentences,
        scores.about,
        *units.values(),
    ]
    about = {"key": run.key, "config": run.config.to_json(), "units": units}
    show(chosen, {**about, **scores.to_json()}, lines)
    return 0


def _fold_line(row: dict[str, Any]) -> str:
    low, high = number(row, "chance_low"), number(row, "chance_high")
    return (
        f"{row['measure']:<12}  {number(row, 'value'):>7}  {_interval(row)}  control "
        f"{number(row, 'chance')} ({low} to {high}, n {row['repeats']})  {p_words(row['p'])}, "
        f"n {row['n']}"
    )


def _units(run: Run) -> dict[str, str]:
    """How many units a decoder reads and what of them is signal, a sentence for each subject."""
    from core.decoders.scoring.units_used import describe_units, units_used
    from core.decoders.training.data import open_subjects

    sentences = {}
    try:
        for ds in open_subjects(run.config):
            units = units_used(run, ds)
            name = f"{ds.subject}: " if len(run.config.subjects) > 1 else ""
            if units is not None:
                sentences[ds.subject] = f"{name}{describe_units(run, units)}"
    except NeurogalleryError:  # the scores were kept, the recording has gone
        pass
    return sentences


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise InputError(f"--out is the file {out}", "a folder, which may be new")
    check_parent(out)


def _run(named: str) -> Run:
    from core import decoders
    from core.store.results import KEY

    if Path(named).is_dir():
        return decoders.import_run(Path(named))
    run = decoders.load(named) if KEY.fullmatch(named) else None
    if run is None:
        listed = [*decoders.entries(), *decoders.examples()]
        choices = [entry.key for entry in listed]
        raise NotFoundError(
            f"There is no decoder {named!r}, and no folder of that name",
            "the key of a decoder of 'python -m core train', or the folder of an exported one",
            choices=choices[:10],
        )
    return run


def _scores(run: Run, chosen: argparse.Namespace, bar: Progress) -> pd.DataFrame:
    """The table of the store, so that a page shows it too; without baselines a table by itself."""
    from core.decoders.job import EvaluateRequest, run_evaluation
    from core.decoders.scoring.evaluation import evaluate
    from core.decoders.scoring.score_table import load_table
    from core.encoders import PROMPT, check_prompts

    prompts = check_prompts(chosen.prompt or (PROMPT,))
    if chosen.no_baselines:
        return evaluate(run, bar, chosen.prototypes, baselines=False, prompts=prompts)
    run_evaluation(EvaluateRequest.of(run, chosen.prototypes, prompts), bar, Path())
    table = load_table(run.key, chosen.prototypes, prompts)
    assert table is not None
    return table


def _summary(run: Run) -> dict[str, Any]:
    return {
        "key": run.key,
        "config": run.config.to_json(),
        "badge": run.badge,
        "audit": run.audit,
        **{name: run.facts.get(name) for name in FACTS},
        "parameters": run.facts.get("parameters"),
        "partial": run.partial,
    }


def _train_lines(run: Run, summary: dict[str, Any]) -> list[str]:
    return [
        _title(run),
        f"{counted(summary['parameters'], 'parameter')}, {counted(run.shape.units, 'unit')}, "
        f"{counted(run.shape.outputs, 'dimension')}",
        _fitted(summary),
        *_split_lines(run),
        f"exported to {summary['out']}" if summary["out"] else "kept in the store",
        f"key {run.key}",
    ]


def _title(run: Run) -> str:
    from core.datasets.catalogue import DATASETS

    config = run.config
    name = config.dataset.partition(":")[0]
    simulated = " (simulated)" if name in DATASETS and DATASETS[name].info.is_simulated else ""
    subjects = " + ".join(config.subjects)
    rois = " + ".join(config.rois) or "every unit"
    loss = loss_text(config)
    head = f"{config.head} with {loss}" if loss else config.head
    return f"{config.dataset}{simulated}, {subjects}, {rois}, {config.encoder}: {head}"


def _fitted(summary: dict[str, Any]) -> str:
    if summary["alpha"] is not None:
        return "{stopped}, alpha (regularisation) {alpha:.6g}".format(**summary)
    return (
        "{stopped}; kept epoch {best_epoch} of {epochs}: validation loss {validation:.4f}, "
        "two-way {two_way:.1%} (chance 50.0%)"
    ).format(**summary)


def _split_lines(run: Run) -> list[str]:
    from core.decoders.scoring.audits import reasons

    level = "not checked in full" if run.badge == "unchecked" else run.badge
    why = reasons(run.audit)
    return [f"split {run.config.split}: {level}" + (f" ({'; '.join(why)})" if why else "")]


def _evaluate_lines(run: Run, table: pd.DataFrame, units: list[str]) -> list[str]:
    from core.decoders.scoring.score_table import records

    heads = max(len(name) for name in table["head"])
    scores = [f"{row['head']:<{heads}}  {_score_line(row)}" for row in records(table)]
    note = [table.attrs["note"]] if table.attrs["note"] else []
    return [_title(run), *_partial_lines(run), *_split_lines(run), *scores, *units, *note]


def _partial_lines(run: Run) -> list[str]:
    if not run.partial:
        return []
    done, epochs = run.facts["epochs"], run.config.training["epochs"]
    return [f"partial: its training was cancelled after epoch {done} of {epochs}"]


def _score_line(row: dict[str, Any]) -> str:
    return (
        f"{row['protocol']:<16}  {row['measure']:<12}  {number(row, 'value'):>7}  "
        f"chance {number(row, 'chance'):>7}  {_interval(row)}  {p_words(row['p'])}, n {row['n']}"
        f"{_difference(row)}"
    )


def _interval(row: dict[str, Any]) -> str:
    if row["low"] is None:
        return "no interval"
    from core.decoders.scoring.score_table import over

    return f"95% {number(row, 'low')} to {number(row, 'high')} over {over(row, 'resampled')}"


def _difference(row: dict[str, Any]) -> str:
    """What the decoder differs by from a baseline, '' of itself."""
    if row.get("difference_p") is None:
        return ""
    from core.scores import outcome

    low, high = (number(row, f"difference_{edge}") for edge in ("low", "high"))
    return (
        f"; decoder {outcome(row['difference'], row['difference_p'])}: difference "
        f"{number(row, 'difference')}, {low} to {high}, {p_words(row['difference_p'])}"
    )


def number(row: dict[str, Any], name: str) -> str:
    return f"{row[name]:.1f}" if row["measure"] == "median-rank" else f"{row[name]:.1%}"
