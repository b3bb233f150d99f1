"""BOLD5000, subject CSI1: ridge as it was measured before, and heads by `core.decoders`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core import paths, ridge, scores, store
from core.decoders.config import Config
from core.decoders.runs import Run, make_folder
from core.decoders.scoring import fold_table, folds
from core.decoders.scoring.fold_table import FoldScores
from core.decoders.scoring.score_table import BASELINE
from core.decoders.training.batches import targets_of
from core.decoders.training.data import Data, prepare_folds
from core.decoders.training.train import trained
from core.progress import Progress, portion
from core.report import plan
from core.report.scores import AVERAGED
from core.scores import resampling
from core.vectors import unit_rows

NAME = "bold5000_csi1"
TITLE = "BOLD5000, CSI1"
PART = "BOLD5000"
EMBEDDING = "clip66"
RIDGE = f"ridge{BASELINE}"
FOLDS = 10
# Two-way identification, top-5 and median rank of 592 trials, and how near two-way must come.
KNOWN, TOLERANCE = (0.666, 0.025, 168.0), 0.02
STATED, HEADS = "as stated", "by core.decoders"
TRIALS = "single trials"
TWO_WAY, MEDIAN = "two-way", "median-rank"
ABOVE, ABOVE_CONTROL = "two-way above ridge", "two-way above control"
# Of the scores over folds, those that the report shows.
SHOWN = (TWO_WAY, "image top-5", MEDIAN)


class EmbeddedTrials(NamedTuple):
    """Trials with an embedding: responses (n, v), embeddings (n, d), name of the image (n,)."""

    betas: np.ndarray
    targets: np.ndarray
    images: np.ndarray


class Tested(NamedTuple):
    """Queries: rank of the own candidate, share of the others below it, image; (q,) each.

    ``candidates`` is their number, in the first fold.
    """

    rank: np.ndarray
    two_way: np.ndarray
    image: np.ndarray
    candidates: int


def realdata_root() -> Path:
    """Folder of real recordings: ``NEUROGALLERY_REALDATA``, else one beside the project."""
    folder = os.environ.get("NEUROGALLERY_REALDATA")
    return Path(folder) if folder else paths.PROJECT.parent / "shared" / "realdata"


def read(realdata: Path) -> EmbeddedTrials | None:
    """The trials whose images have an embedding, None where the recording is not there."""
    file = realdata.expanduser() / NAME / f"{NAME}.npz"
    if not file.is_file():
        return None
    with np.load(file, allow_pickle=False) as arrays:
        targets = arrays[EMBEDDING]
        known = np.isfinite(targets).all(axis=1)
        images = arrays["imgnames"][known].astype(str)
        return EmbeddedTrials(arrays["betas"][known], targets[known], images)


@contextmanager
def as_folder(trials: EmbeddedTrials) -> Iterator[str]:
    """Lay the recording out as a folder of one's own; gives the name that opens it.

    The folder lies below the results and is removed with the context; until then
    ``NEUROGALLERY_DATA`` leads there.
    """
    results = paths.results_root()
    make_folder(results)
    before = os.environ.get("NEUROGALLERY_DATA")
    with tempfile.TemporaryDirectory(prefix="recording-", dir=results) as root:
        _write(trials, Path(root) / NAME)
        os.environ["NEUROGALLERY_DATA"] = root
        try:
            yield f"folder:{NAME}"
        finally:
            del os.environ["NEUROGALLERY_DATA"]
            if before is not None:
                os.environ["NEUROGALLERY_DATA"] = before


def config(dataset: str, head: str, fold: int, training: Mapping[str, Any] | None = None) -> Config:
    """A head with the sizes of the report on one of the ten folds."""
    return Config(
        dataset,
        encoder=f"precomputed:{EMBEDDING}",
        head=head,
        head_parameters=plan.HEADS[head],
        split="kfold",
        split_parameters={"k": FOLDS, "contiguous": True},
        fold=fold,
        training=training or {},
    )


def score(trials: EmbeddedTrials, scale: plan.Scale, progress: Progress) -> pd.DataFrame:
    """Score ridge by the stated protocol, and train and score every head on the folds.

    Parameters
    ----------
    trials : EmbeddedTrials
    scale : plan.Scale
    progress : callable
        ``progress(fraction, message)``; may raise ``Cancelled``.

    Returns
    -------
    pd.DataFrame
        As ``core.report.scores.score``, with one figure over all folds: the ranks of the test
        images are those among all images (trials in the stated protocol), pooled over folds;
        in the validation set they are among its own images. ``chance`` of a head is the mean of
        its permuted controls, with ``chance_low``, ``chance_high`` and ``repeats``; ``two-way
        above ridge`` and ``two-way above control`` are differences on the same images. See
        ``core.decoders.scoring.folds.evaluate``.
    """
    progress(0.0, f"{TITLE}: ridge as stated")
    parameters = (trials.betas.shape[1] + 1) * trials.targets.shape[1]
    labels = _labels(STATED, "ridge", FOLDS, parameters)
    rows = _measures(labels, rank_as_stated(trials), scale.draws)
    with as_folder(trials) as dataset:
        rows += _heads(dataset, scale, progress)
    return pd.DataFrame(rows)


def rank_as_stated(trials: EmbeddedTrials) -> Tested:
    """Ridge on the trials of nine contiguous folds, ranks of the tenth's among all trials.

    Targets and predictions are seen from the training mean and compared by cosine similarity.
    Repeats of an image are trials like any other.
    """
    betas, targets, images = trials
    rank = np.empty(len(betas))
    for test in np.array_split(np.arange(len(betas)), FOLDS):
        training = np.setdiff1d(np.arange(len(betas)), test)
        mean = targets[training].mean(axis=0)
        predicted = ridge.fit(betas[training], targets[training]).predict(betas[test]) - mean
        similarity = unit_rows(predicted) @ unit_rows(targets - mean).T
        rank[test] = scores.mean_ranks(similarity, test)
    image = np.unique(images, return_inverse=True)[1]
    return Tested(rank, scores.two_way(rank, len(betas)), image, len(betas))


def _heads(dataset: str, scale: plan.Scale, progress: Progress) -> list[dict[str, Any]]:
    heads, rows = list(plan.HEADS)[: scale.real_heads], []
    for number, head in enumerate(heads):
        part = portion(progress, number / len(heads), (number + 1) / len(heads))
        own = config(dataset, head, 0, scale.training)
        scored = fold_table.load(folds.evaluate(own, _titled(part), scale.real_repeats))
        assert scored is not None
        parameters, held = _validated(own)
        labels = _labels(HEADS, head, FOLDS, parameters)
        rows.append(_row(labels, "validation", TWO_WAY, held, held.two_way, 0.5, scale.draws))
        rows += _of_folds(labels, head, scored)
    return rows


def _titled(progress: Progress) -> Progress:
    return lambda fraction, message: progress(fraction, f"{TITLE}: {message}")


def _of_folds(labels: Mapping[str, Any], head: str, scored: FoldScores) -> list[dict[str, Any]]:
    """The rows of a head: its scores over all folds, and how far they stand above others."""
    table = scored.table[scored.table["head"] == head].set_index("measure", drop=False)
    first = {**labels, "side": "test"}
    rows = [
        {**first, **own, "mean": own["value"], "head": head}
        for own in table.loc[list(SHOWN)].to_dict("records")
    ]
    less = {compared.against: compared for compared in scored.compared if compared.head == head}
    counted = {name: rows[0][name] for name in ("n", "images", "candidates")}
    for measure, against in ((ABOVE_CONTROL, fold_table.CONTROL), (ABOVE, RIDGE)):
        nothing = 0.0 if head == "ridge" else np.nan
        numbers: dict[str, float | None] = dict.fromkeys(("mean", "low", "high"), nothing)
        if against in less:
            own = less[against]
            numbers = {"mean": own.value, "low": own.low, "high": own.high}
        rows.append({**first, **counted, "measure": measure, "chance": 0.0, **numbers})
    return rows


def _validated(own: Config) -> tuple[int, Tested]:
    """Number of parameters of a head, and its ranks in the validation sets of all folds."""
    parts = []
    for fold, data in enumerate(prepare_folds(own)):
        run = trained(replace(own, fold=fold), data)
        parts.append(_ranked(run, data, data.fold.validation))
    rank, two_way, image = (
        np.concatenate([getattr(part, name) for part in parts]) for name in Tested._fields[:3]
    )
    return int(run.facts["parameters"]), Tested(rank, two_way, image, parts[0].candidates)


def _ranked(run: Run, data: Data, stimuli: np.ndarray) -> Tested:
    """Ranks of images among themselves, in the order of the stimuli."""
    rows = data.rows(stimuli, "mean", run.scaling)
    images = targets_of(data.embeddings[stimuli], run.centre)
    similarity = run.predict(rows.x, rows.subject) @ images.T
    rank = scores.mean_ranks(similarity, np.searchsorted(stimuli, rows.stimulus))
    return Tested(rank, scores.two_way(rank, len(stimuli)), rows.stimulus, len(stimuli))


def _labels(case: str, head: str, runs: int, parameters: int) -> dict[str, Any]:
    protocol = TRIALS if case == STATED else AVERAGED
    labels = {"part": PART, "case": case, "head": head, "protocol": protocol, "over": "images"}
    return {**labels, "p": np.nan, "categories": 0, "runs": runs, "parameters": parameters}


def _measures(labels: Mapping[str, Any], tested: Tested, draws: int) -> list[dict[str, Any]]:
    count = tested.candidates
    return [
        _row(labels, "test", TWO_WAY, tested, tested.two_way, 0.5, draws),
        _row(labels, "test", f"top-5 of {count}", tested, tested.rank <= 5, 5 / count, draws),
        _row(labels, "test", MEDIAN, tested, tested.rank, (count + 1) / 2, draws),
    ]


def _row(
    labels: Mapping[str, Any],
    side: str,
    measure: str,
    tested: Tested,
    values: np.ndarray,
    chance: float,
    draws: int,
) -> dict[str, Any]:
    """A measure of the queries of all folds; images are resampled, with all their queries."""
    seen, image = np.unique(tested.image, return_inverse=True)
    drawn = resampling.Draws(len(seen), 1, draws, seed=0)
    middle, sample = (np.median, drawn.medians) if measure == MEDIAN else (np.mean, drawn.means)
    low, high = resampling.interval(sample(values, image, np.zeros_like(image)))
    return {
        **labels,
        "side": side,
        "measure": measure,
        "mean": float(middle(values)),
        "low": low,
        "high": high,
        "chance": chance,
        "n": len(values),
        "images": len(seen),
        "candidates": tested.candidates,
    }


def _write(trials: EmbeddedTrials, folder: Path) -> None:
    for name in ("responses", "embeddings"):
        (folder / name).mkdir(parents=True)
    table = pd.DataFrame({"id": trials.images})
    first = ~table["id"].duplicated()
    table[first].to_csv(folder / "stimuli.csv", index=False)
    table.to_csv(folder / "responses" / "CSI1.csv", index=False)
    np.save(folder / "responses" / "CSI1.npy", trials.betas)
    embeddings = trials.targets[first].astype(np.float32)
    np.save(folder / "embeddings" / f"{EMBEDDING}.npy", embeddings)
    store.write_json(folder / "dataset.json", {"title": TITLE})
