"""A decoder of k folds as a whole: ranks pooled over folds, beside a permuted control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from core import scores, store
from core.decoders.config import Config
from core.decoders.runs import Run, key_of_content
from core.decoders.scoring.evaluation import BASELINES
from core.decoders.scoring.fold_table import CONTROL, Compared, FoldScores, load, repeats_of
from core.decoders.scoring.pairs import Difference, less_control, less_decoder, pairs, two_way
from core.decoders.scoring.score_table import BASELINE, RANKS, RESAMPLES
from core.decoders.training.batches import targets_of
from core.decoders.training.data import Data, groups_of, prepare_folds
from core.decoders.training.train import fit, trained
from core.errors import InputError
from core.progress import Progress, portion, silent
from core.splits import Labels
from core.statistics import t_interval

VERSION = 2
OPERATION = "folds"
PREPARED, TRAINED = 0.05, 0.25
# Numbers (8 bytes each) that the spaces of all folds may take together.
LARGEST = 2e8
ROUNDING = 1e-9


class _Pipeline(NamedTuple):
    """One head on every fold, beside its controls.

    ``table`` is as in ``FoldScores``; ``beaten`` (m, m) is from ``pairs``, ``under_null``
    the mean of the controls'; ``null`` holds the two-way identification of each control.
    """

    head: str
    table: pd.DataFrame
    beaten: np.ndarray
    under_null: np.ndarray
    null: np.ndarray


def evaluate(
    config: Config,
    progress: Progress | None = None,
    repeats: int | None = None,
    device: str | None = None,
) -> str:
    """Train a decoder on every fold of its split and score all test images together.

    The test image of a query is ranked among the test images of all folds, each seen from the
    centre of the query's fold, and the ranks of all folds are pooled. Without a signal such a
    score is not exactly at .5: a prediction leans towards the images that its decoder was
    trained on, and the right one is never among them. So the pipeline as a whole, training
    and alpha included, is repeated with the responses permuted over the images, and what
    that scores is the chance of the table. Repeats of an image are averaged.

    Parameters
    ----------
    config : Config
        Its ``fold`` counts for nothing.
    progress : callable, optional
        ``progress(fraction, message)``; may raise ``Cancelled``. Folds that are trained stay
        in the store.
    repeats : int, optional
        Controls, at least 2; by default 20 of a head in closed form, 5 of others.
    device : {'cuda', 'mps', 'cpu'}, optional

    Returns
    -------
    str
        Key of the scores; ``core.decoders.scoring.fold_table.load`` gives them.

    Raises
    ------
    InputError
        If the split has one fold, the repeats are fewer than 2, or memory does not suffice.

    Source: Combrisson & Jerbi (2015), J. Neurosci. Methods 250:126-136, chance from permuted
    data; p as in Phipson & Smyth (2010).
    """
    progress = progress or silent
    if repeats is not None and repeats < 2:
        raise InputError(f"repeats is {repeats}", "2 or more")
    folds = prepare_folds(config, portion(progress, 0.0, PREPARED))
    _check(folds)
    key = key_of(config, folds[0], repeats)
    if load(key) is not None:
        return key
    labels = groups_of(config, folds[0])
    configs = {config.head: config}
    if config.head != "ridge":
        configs[f"ridge{BASELINE}"] = replace(config, **BASELINES["ridge"])
    parts = [PREPARED, *np.linspace(PREPARED, 1.0, len(configs) + 1)[1:]]
    pipelines = [
        _pipeline(
            head,
            own,
            folds,
            # The same seed for every head, so that all are permuted alike.
            orders(labels, repeats or repeats_of(own), config.seed),
            device,
            portion(progress, parts[at], parts[at + 1]),
        )
        for at, (head, own) in enumerate(configs.items())
    ]
    result = _scored(pipelines, labels, folds)
    title = f"All folds: {folds[0].opened[0].info.title}"
    store.save(key, {}, {"title": title, **result.to_json()})
    return key


def key_of(config: Config, data: Data, repeats: int | None = None) -> str:
    """Key of the scores of all folds in the store."""
    parameters = {
        "run": key_of_content(replace(config, fold=0), data.fingerprint),
        "repeats": repeats or repeats_of(config),
        "resamples": RESAMPLES,
    }
    return store.key(OPERATION, data.fingerprint, parameters, seed=config.seed, version=VERSION)


def permuted(data: Data, order: np.ndarray) -> Data:
    """The material with the trials of every stimulus (n,) under another one's id.

    Subjects are permuted alike, and all trials of a stimulus stay together.
    """
    ids = data.opened[0].stimuli["id"].to_numpy(dtype=object)
    other = dict(zip(ids, ids[order], strict=True))
    opened = tuple(
        replace(ds, trials=ds.trials.assign(id=ds.trials["id"].map(other))) for ds in data.opened
    )
    return replace(data, opened=opened)


def orders(labels: Labels, count: int, seed: int) -> np.ndarray:
    """Permutations of the stimuli that keep whole groups together. (count, n) intp.

    The groups are put in a random order, the stimuli of each in a random order within it; twice,
    and the k-th of the first list becomes the k-th of the second. Where sizes differ,
    groups break at the seams, and every stimulus still is used once.
    """
    rng = np.random.default_rng([seed, 3])
    used = np.flatnonzero(labels.codes >= 0)
    codes = labels.codes[used]
    drawn = np.tile(np.arange(len(labels.codes)), (count, 1))
    for order in drawn:
        source, target = (
            used[np.argsort(rng.permutation(codes.max() + 1)[codes] + rng.random(len(codes)))]
            for _ in range(2)
        )
        order[source] = target
    return drawn


def queries_of(folds: Sequence[Data], runs: Sequence[Run]) -> scores.Queries:
    """Predictions of every fold's test images, to be sought among those of all folds.

    Every fold sees the images from its own centre. Its space is a block of columns of its own,
    in which the predictions of the other folds are 0, so that a cosine similarity is that
    in the fold of the query, but for a factor that all candidates share.
    """
    tested = np.unique(np.concatenate([data.fold.test for data in folds]))
    first = folds[0]
    width = first.embeddings.shape[1]
    images = np.empty((len(tested), len(folds) * width), dtype=np.float32)
    predicted, image, subject = [], [], []
    for number, (data, run) in enumerate(zip(folds, runs, strict=True)):
        block = slice(number * width, (number + 1) * width)
        rows = data.rows(data.fold.test, "mean", run.scaling)
        own = np.zeros((len(rows.x), images.shape[1]), dtype=np.float32)
        own[:, block] = run.predict(rows.x, rows.subject)
        images[:, block] = targets_of(data.embeddings[tested], run.centre)
        predicted.append(own)
        image.append(np.searchsorted(tested, rows.stimulus))
        subject.append(rows.subject)
    return scores.Queries(
        np.concatenate(predicted),
        images,
        np.concatenate(image),
        np.array([*first.names, ""])[first.category[tested]],
        np.concatenate(subject) if len(first.opened) > 1 else None,
    )


def _check(folds: Sequence[Data]) -> None:
    if len(folds) < 2:
        raise InputError("The split has one fold", "a split of several, such as kfold")
    tested = sum(len(data.fold.test) for data in folds)
    if tested * len(folds) * folds[0].embeddings.shape[1] > LARGEST:
        raise InputError(
            f"{tested:,} test images in the spaces of {len(folds)} folds do not fit in memory",
            remedy="Choose fewer folds.",
        )


def _pipeline(
    head: str,
    config: Config,
    folds: Sequence[Data],
    permutations: np.ndarray,
    device: str | None,
    progress: Progress,
) -> _Pipeline:
    """Every fold trained and scored, and the same with permuted responses, again and again."""
    steps = _steps(folds, progress, 0.0, TRAINED, head)
    runs = [
        trained(replace(config, fold=number), data, step, device)
        for number, (data, step) in enumerate(steps)
    ]
    queries = queries_of(folds, runs)
    beaten = pairs(queries)
    total, null, tables = np.zeros_like(beaten), [], []
    share = (1 - TRAINED) / len(permutations)
    for at, order in enumerate(permutations):
        shuffled = [permuted(data, order) for data in folds]
        label = f"{head}, control {at + 1} of {len(permutations)}"
        steps = _steps(shuffled, progress, TRAINED + at * share, share, label)
        again = queries_of(
            shuffled,
            [
                fit(replace(config, fold=number), data, step, device)
                for number, (data, step) in enumerate(steps)
            ],
        )
        own = pairs(again)
        total += own
        null.append(two_way(own))
        tables.append(scores.evaluate(again, permutations=1, resamples=1)["value"])
    table = _table(head, queries, np.array(tables, dtype=np.float64))
    return _Pipeline(head, table, beaten, total / len(null), np.array(null))


def _steps(
    folds: Sequence[Data], progress: Progress, start: float, share: float, label: str
) -> Iterator[tuple[Data, Progress]]:
    """The folds, each with the progress of its training, which is told at once."""
    for number, data in enumerate(folds):
        at, last = start + share * number / len(folds), start + share * (number + 1) / len(folds)
        words = f"{label}, fold {number + 1} of {len(folds)}"
        progress(at, words)
        yield data, _named(portion(progress, at, last), words)


def _named(progress: Progress, words: str) -> Progress:
    return lambda fraction, message: progress(fraction, f"{words}: {message}")


def _scored(pipelines: Sequence[_Pipeline], labels: Labels, folds: Sequence[Data]) -> FoldScores:
    tested = np.unique(np.concatenate([data.fold.test for data in folds]))
    fold, codes = np.empty(len(tested), dtype=np.intp), labels.codes[tested]
    for number, data in enumerate(folds):
        fold[np.searchsorted(tested, data.fold.test)] = number
    first, compared = pipelines[0], []
    for each in pipelines:
        # The mean of the controls varies besides.
        spread = each.null * np.sqrt(1 + 1 / len(each.null))
        less = less_control(each.beaten, each.under_null, codes, spread)
        compared.append(_compared(each.head, CONTROL, less))
    for place, each in enumerate(pipelines[1:], start=1):
        # A score under the null is biased, and not alike for every head; and of two that are
        # equal and hardly above it, the one that a training favours seems to be above the other.
        if not _comparable(compared[0], compared[place]):
            continue
        less = less_decoder(first.beaten, each.beaten, codes, fold)
        compared.append(_compared(first.head, each.head, less))
    table = pd.concat([each.table for each in pipelines], ignore_index=True)
    return FoldScores(table, tuple(compared), len(folds), labels.plural, len(np.unique(codes)))


def _comparable(own: Compared, other: Compared) -> bool:
    """Whether both are above their controls, or too far apart for equals: intervals disjoint."""
    if own.low is None or own.high is None or other.low is None or other.high is None:
        return False
    return min(own.low, other.low) > 0 or own.low > other.high or other.low > own.high


def _compared(head: str, against: str, less: Difference) -> Compared:
    low, high = (None if np.isnan(bound) else float(bound) for bound in (less.low, less.high))
    return Compared(head, against, less.value, low, high)


def _table(head: str, queries: scores.Queries, null: np.ndarray) -> pd.DataFrame:
    """Scores of a head; chance and p are those of its controls (repeats, measures)."""
    table = scores.evaluate(queries, permutations=1, resamples=RESAMPLES)
    sign = np.where(table["measure"].isin(RANKS), -1.0, 1.0)
    as_good = sign * null >= sign * table["value"].to_numpy(dtype=np.float64) - ROUNDING
    over = t_interval(null)
    table = table.drop(columns="permuted").assign(
        chance=over.mean,
        chance_low=over.low,
        chance_high=over.high,
        repeats=len(null),
        p=(1 + as_good.sum(axis=0)) / (1 + len(null)),
    )
    table.insert(0, "head", head)
    return table
