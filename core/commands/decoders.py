"""Commands that train, score and compare decoders: ``train``, ``evaluate``, ``sweep``."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.commands.shared import check_out, check_parent, option, show
from core.errors import InputError, NeurogalleryError, NotFoundError

if TYPE_CHECKING:
    import pandas as pd

    from core.decoders import Config, Run

Progress = Callable[[float, str], None]

FAILED = 2
SEVERAL = "+"
SCORE = ("protocol", "measure", "value", "chance", "low", "high", "p", "n")
FACTS = ("stopped", "epochs", "best_epoch", "validation", "two_way", "alpha", "seconds", "device")


class Combination(NamedTuple):
    """One decoder of a sweep: a head, a sum of losses, ROIs as they were typed, a seed."""

    head: str | None
    loss: str | None
    roi: str | None
    seed: int


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``train`` takes."""
    _add_decoder_arguments(parser)
    parser.add_argument("--head", metavar="ID", help="default: ridge")
    parser.add_argument("--seed", type=int, default=0)
    _add_repeated(parser, "--roi", "NAME", "two or more become tokens of heads that attend")
    _add_repeated(parser, "--loss", "ID[:WEIGHT]", "several are added up; default: infonce")
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
        choices=("pictures", "names"),
        default="pictures",
        help="what stands for a category in top-1 and top-5; default: pictures",
    )
    parser.add_argument(
        "--no-baselines", action="store_true", help="leave out ridge and the linear head"
    )


def add_sweep_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``sweep`` takes."""
    _add_decoder_arguments(parser)
    _add_repeated(parser, "--head", "ID", "each is trained; default: ridge")
    _add_repeated(
        parser,
        "--loss",
        "ID[:WEIGHT][+ID...]",
        "each is trained with, but for heads in closed form; default: infonce",
    )
    _add_repeated(parser, "--seed", "N", "each is trained with; default: 0", int)
    _add_repeated(parser, "--roi", "NAME[+NAME...]", "each is trained on; default: every unit")
    parser.add_argument(
        "--out", metavar="FILE.csv", type=Path, help="where to save every measure of every run"
    )


def train(chosen: argparse.Namespace, bar: Any) -> int:
    """Train one decoder, or find the one that was trained before."""
    from core import decoders

    if chosen.out is not None:
        _check_folder(chosen.out)
    config = _config(chosen, chosen.head, chosen.loss, chosen.roi, chosen.seed)
    run = decoders.train(config, bar, device=chosen.device)
    bar.clear()
    if chosen.out is not None:
        decoders.export(run, chosen.out)
    told = {**_told(run), "out": str(chosen.out) if chosen.out else None}
    show(chosen, told, _train_lines(run, told))
    return 0


def evaluate(chosen: argparse.Namespace, bar: Any) -> int:
    """Score a decoder of the store, or an exported one, which is then kept there too."""
    run = _run(chosen.run)
    table = _scores(run, chosen, bar)
    bar.clear()
    told = {**_told(run), "note": table.attrs["note"], "scores": _records(table)}
    show(chosen, told, _evaluate_lines(run, table))
    return 0


def sweep(chosen: argparse.Namespace, bar: Any) -> int:
    """Train every combination of the values that were repeated; one that fails is told."""
    if chosen.out is not None:
        check_out(chosen.out, ".csv")
    _parameters(chosen)
    told = []
    for combination in _combinations(chosen):
        row = _swept(combination, chosen, bar)
        bar.clear()
        told.append(row)
        if not chosen.json:
            print(_sweep_line(row), flush=True)
    if chosen.json:
        show(chosen, told, [])
    if chosen.out is not None:
        _save_csv(chosen.out, told)
    return FAILED if any(row["error"] for row in told) else 0


def _add_decoder_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="DATASET", help="id, e.g. simulated or folder:mydata")
    _add_repeated(parser, "--subject", "NAME", "several for heads that tell them apart")
    _add_repeated(parser, "--option", "NAME=VALUE", "option of the dataset")
    parser.add_argument("--encoder", metavar="ID", help="default: clip-small")
    _add_repeated(parser, "--encoder-parameter", "NAME=VALUE", "parameter of the encoder")
    _add_repeated(parser, "--head-parameter", "NAME=VALUE", "parameter of the head")
    parser.add_argument("--split", metavar="KIND", help="default: recorded")
    _add_repeated(parser, "--split-parameter", "NAME=VALUE", "parameter of the split")
    parser.add_argument("--fold", type=int, default=0, metavar="N", help="default: 0")
    _add_repeated(parser, "--set", "NAME=VALUE", "training setting, e.g. epochs=50")
    parser.add_argument("--device", help="cuda, mps or cpu; default: the best")


def _add_repeated(
    parser: argparse.ArgumentParser,
    name: str,
    metavar: str,
    help: str,
    kind: Callable[[str], Any] = str,
) -> None:
    said = f"{help}; may be given several times"
    parser.add_argument(name, action="append", default=[], metavar=metavar, help=said, type=kind)


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise InputError(f"--out is the file {out}", "a folder, which may be new")
    check_parent(out)


def _config(
    chosen: argparse.Namespace,
    head: str | None,
    loss: Iterable[str],
    rois: Iterable[str],
    seed: int,
) -> Config:
    from core.decoders import Config

    terms = tuple(_term(text) for text in loss)
    named = {"encoder": chosen.encoder, "head": head, "split": chosen.split, "loss": terms}
    given: dict[str, Any] = {name: value for name, value in named.items() if value}
    given |= _parameters(chosen)
    return Config(
        dataset=chosen.dataset,
        subjects=tuple(chosen.subject),
        rois=tuple(rois),
        fold=chosen.fold,
        seed=seed,
        **given,
    )


def _parameters(chosen: argparse.Namespace) -> dict[str, dict[str, Any]]:
    arguments = {
        "options": "option",
        "encoder_parameters": "encoder_parameter",
        "head_parameters": "head_parameter",
        "split_parameters": "split_parameter",
        "training": "set",
    }
    return {
        name: dict(option(text, f"--{given.replace('_', '-')}") for text in getattr(chosen, given))
        for name, given in arguments.items()
    }


def _term(text: str) -> tuple[str, float, dict[str, Any]]:
    """A term of the loss from ``ID[:WEIGHT]``."""
    loss, colon, weight = text.partition(":")
    try:
        return loss, float(weight) if colon else 1.0, {}
    except ValueError:
        raise InputError(f"--loss is {text!r}", "ID or ID:WEIGHT, e.g. mse:0.5") from None


def _run(named: str) -> Run:
    from core import decoders
    from core.store.results import KEY

    if Path(named).is_dir():
        return decoders.import_run(Path(named))
    run = decoders.load(named) if KEY.fullmatch(named) else None
    if run is None:
        choices = [entry.key for entry in decoders.entries()]
        raise NotFoundError(
            f"There is no decoder {named!r}, and no folder of that name",
            "the key of a decoder of 'python -m core train', or the folder of an exported one",
            choices=choices[:10],
        )
    return run


def _scores(run: Run, chosen: argparse.Namespace, bar: Progress) -> pd.DataFrame:
    """The table of the store, so that a page shows it too; without baselines a table by itself."""
    from core.decoders import evaluation

    if chosen.no_baselines:
        return evaluation.evaluate(run, bar, chosen.prototypes, baselines=False)
    evaluation.run({"run": run.key, "prototypes": chosen.prototypes}, bar, Path())
    table = evaluation.load_table(run.key, chosen.prototypes)
    assert table is not None
    return table


def _combinations(chosen: argparse.Namespace) -> Iterator[Combination]:
    """Every combination once: heads in closed form are trained without a loss."""
    from core.decoders import HEADS

    seeds = chosen.seed or [0]
    lists = (chosen.head or [None], chosen.loss or [None], chosen.roi or [None], seeds)
    told = set()
    for head, loss, roi, seed in itertools.product(*lists):
        name = head or "ridge"
        closed = name in HEADS and HEADS[name].trained_by == "closed form"
        combination = Combination(head, None if closed else loss, roi, seed)
        if combination not in told:
            told.add(combination)
            yield combination


def _swept(combination: Combination, chosen: argparse.Namespace, bar: Progress) -> dict[str, Any]:
    """What one decoder of a sweep scores, or why there is none."""
    from core import decoders
    from core.decoders import evaluation

    head, loss, roi, seed = combination
    row: dict[str, Any] = {"head": head, "loss": loss, "roi": roi, "seed": seed, "error": None}
    try:
        config = _config(chosen, head, _parts(loss), _parts(roi), seed)
        row |= {"head": config.head, "loss": _loss_said(config)}
        run = decoders.train(config, bar, device=chosen.device)
        # The value on the validation side needs neither interval nor p.
        validation = evaluation.evaluate(
            run, baselines=False, permutations=1, resamples=1, side="validation"
        )
        table = evaluation.evaluate(run, bar, baselines=False)
    except NeurogalleryError as error:
        return {**row, "error": " ".join(str(error).split())}
    scores = [{name: record[name] for name in SCORE} for record in _records(table)]
    told = {"key": run.key, "badge": run.badge, "validation_two_way": _two_way(validation)}
    return {**row, **told, "note": table.attrs["note"], "scores": scores}


def _parts(text: str | None) -> list[str]:
    return text.split(SEVERAL) if text else []


def _two_way(table: pd.DataFrame) -> float:
    return float(table.loc[table["measure"] == "two-way", "value"].iloc[0])


def _loss_said(config: Config) -> str | None:
    """The loss as ``--loss`` of a sweep takes it, None in closed form."""
    if config.is_closed_form:
        return None
    return SEVERAL.join(
        loss if weight == 1 else f"{loss}:{weight:g}" for loss, weight, _ in config.loss
    )


def _told(run: Run) -> dict[str, Any]:
    return {
        "key": run.key,
        "config": run.config.to_json(),
        "badge": run.badge,
        "audit": run.audit,
        **{name: run.facts.get(name) for name in FACTS},
        "weights": run.facts.get("weights"),
        "partial": run.partial,
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of scores as JSON values, None where there is no number."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _train_lines(run: Run, told: dict[str, Any]) -> list[str]:
    return [
        _title(run),
        f"{told['weights']} weights, {run.shape.units} units, {run.shape.outputs} dimensions",
        _fitted(told),
        *_split_lines(run),
        f"exported to {told['out']}" if told["out"] else "kept in the store",
        f"key {run.key}",
    ]


def _title(run: Run) -> str:
    from core.datasets.catalogue import DATASETS

    config = run.config
    name = config.dataset.partition(":")[0]
    simulated = " (simulated)" if name in DATASETS and DATASETS[name].info.is_simulated else ""
    subjects = " + ".join(config.subjects)
    rois = " + ".join(config.rois) or "every unit"
    loss = _loss_said(config)
    head = f"{config.head} with {loss}" if loss else config.head
    return f"{config.dataset}{simulated}, {subjects}, {rois}, {config.encoder}: {head}"


def _fitted(told: dict[str, Any]) -> str:
    if told["alpha"] is not None:
        return f"{told['stopped']}, penalty {told['alpha']:.6g}"
    return (
        f"{told['stopped']}; kept epoch {told['best_epoch']} of {told['epochs']}: validation loss "
        f"{told['validation']:.4f}, two-way {told['two_way']:.1%} (chance 50.0%)"
    )


def _split_lines(run: Run) -> list[str]:
    found = [one["title"] for one in run.audit if one["level"] == run.badge != "green"]
    return [f"split {run.config.split}: {run.badge}" + (f" ({'; '.join(found)})" if found else "")]


def _evaluate_lines(run: Run, table: pd.DataFrame) -> list[str]:
    heads = max(len(name) for name in table["head"])
    scores = [f"{row['head']:<{heads}}  {_score_line(row)}" for row in _records(table)]
    note = [table.attrs["note"]] if table.attrs["note"] else []
    return [_title(run), *_split_lines(run), *scores, *note]


def _score_line(row: dict[str, Any]) -> str:
    return (
        f"{row['protocol']:<16}  {row['measure']:<12}  {_number(row, 'value'):>7}  "
        f"chance {_number(row, 'chance'):>7}  {_interval(row)}  p {row['p']:.3g}, n {row['n']}"
    )


def _interval(row: dict[str, Any]) -> str:
    if row["low"] is None:
        return "no interval"
    return f"95% {_number(row, 'low')} to {_number(row, 'high')}"


def _number(row: dict[str, Any], name: str) -> str:
    return f"{row[name]:.1f}" if row["measure"] == "median-rank" else f"{row[name]:.1%}"


def _sweep_line(row: dict[str, Any]) -> str:
    roi = f"  {row['roi']}" if row["roi"] else ""
    start = f"{row['head'] or 'ridge':<16}  seed {row['seed']}  {row['loss'] or '-':<12}{roi}"
    if row["error"]:
        return f"{start}  failed: {row['error']}"
    first = row["scores"][0]["protocol"]
    measured = [
        f"{score['measure']} {_number(score, 'value')} (chance {_number(score, 'chance')})"
        for score in row["scores"]
        if score["protocol"] == first
    ]
    return (
        f"{start}  validation two-way {row['validation_two_way']:.1%}  "
        f"test, {first}: {', '.join(measured)}  split {row['badge']}"
    )


def _save_csv(path: Path, told: list[dict[str, Any]]) -> None:
    """One line for each measure of each run, one for each that failed."""
    import pandas as pd

    from core import store

    lines = []
    for row in told:
        about = {name: value for name, value in row.items() if name != "scores"}
        lines += [{**about, **score} for score in row.get("scores", [{}])]
    with store.replacing(path) as part:
        pd.DataFrame(lines).to_csv(part, index=False)
