"""Ways to better a ridge that are no heads: of responses, of targets, and of retrieval."""

from __future__ import annotations

import numpy as np

from core import ridge
from core.decoders.training.data import Data, ResponseRows
from core.scores import Queries
from core.statistics import noise_ceilings
from core.vectors import unit_rows

NEIGHBOURS = 10
FEWEST = 10
WHITENED = 0.1
ALPHAS = np.logspace(0, 6, 13).tolist()


def csls(similarity: np.ndarray) -> np.ndarray:
    """Similarities less the means of the nearest of query and candidate. (q, m)

    Source: cross-domain similarity local scaling, Lample et al. (2018), ICLR, arXiv:1710.04087,
    Eq. 3. It needs all queries at once, and is so transductive.
    """
    near = [
        np.sort(similarity, axis=axis).take(range(-min(NEIGHBOURS, size), 0), axis=axis)
        for axis, size in ((1, similarity.shape[1]), (0, similarity.shape[0]))
    ]
    of_query, of_candidate = near[0].mean(axis=1), near[1].mean(axis=0)
    return np.asarray(2 * similarity - of_query[:, None] - of_candidate)


def inverted_softmax(similarity: np.ndarray) -> np.ndarray:
    """Share of each query in the softmax over queries of a candidate, as its logarithm. (q, m)

    Source: Smith et al. (2017), ICLR, arXiv:1702.03859, Eq. 7; here the inverse temperature is
    one over the standard deviation of the similarities.
    """
    scaled = similarity / similarity.std()
    return np.asarray(scaled - np.log(np.exp(scaled - scaled.max()).sum(axis=0)))


def whitened_targets(data: Data, side: str) -> Queries:
    """Ridge from responses to targets of covariance 1, retrieved among such targets."""
    train = _Ridge(data)
    spread = np.cov(train.targets[train.rows.stimulus].T)
    values, axes = np.linalg.eigh(spread)
    shrunk = (1 - WHITENED) * values + WHITENED * values.mean()
    targets = unit_rows(train.targets @ (axes / np.sqrt(shrunk)))
    return train.queries(train.rows, train.of(side), targets, side)


def has_repeats(data: Data) -> bool:
    """Whether enough training images were repeated to tell noise from signal."""
    rows = data.opened[0].trial_rows
    return int((np.bincount(rows[np.isin(rows, data.fold.train)]) >= 2).sum()) >= FEWEST


def by_noise_ceiling(data: Data, side: str) -> Queries:
    """Ridge from units times the square root of their noise ceiling in the training set."""
    ds, train = data.opened[0], _Ridge(data)
    chosen = np.isin(ds.trial_rows, data.fold.train)
    assert ds.betas is not None
    known = noise_ceilings(ds.betas[np.ix_(chosen, data.layout.units[0])], ds.trial_rows[chosen])
    weight = np.zeros(data.layout.width)
    weight[data.layout.columns[0]] = np.sqrt(np.nan_to_num(known.ceiling))
    scaled = [rows._replace(x=rows.x * weight) for rows in (train.rows, train.of(side))]
    return train.queries(scaled[0], scaled[1], train.targets, side)


def denoised(data: Data, side: str) -> Queries:
    """Ridge from principal components, each times the share of signal among its repeats.

    The noise of a component is its variance over the repeats of a training image, divided by
    their number; what is left of the variance of the means is signal (a Wiener filter).
    """
    train = _Ridge(data)
    single = data.rows(data.fold.train, "all", train.scaling)
    axes = np.linalg.svd(train.rows.x, full_matrices=False)[2].T
    known = noise_ceilings(single.x @ axes, single.stimulus)
    kept = axes * np.nan_to_num(known.ceiling)
    filtered = [rows._replace(x=rows.x @ kept) for rows in (train.rows, train.of(side))]
    return train.queries(filtered[0], filtered[1], train.targets, side)


class _Ridge:
    """The rows that a ridge is fitted to: means over repeats, standardised."""

    def __init__(self, data: Data) -> None:
        from core.decoders.training.batches import targets_of

        self.data = data
        self.scaling = data.scaling("mean")
        self.rows = self.of("train")
        self.targets = targets_of(data.embeddings, data.centre())

    def of(self, side: str) -> ResponseRows:
        return self.data.rows(getattr(self.data.fold, side), "mean", self.scaling)

    def queries(
        self, train: ResponseRows, tested: ResponseRows, targets: np.ndarray, side: str
    ) -> Queries:
        stimuli = getattr(self.data.fold, side)
        fitted = ridge.fit(train.x, targets[train.stimulus], ALPHAS)
        order = np.argsort(stimuli)
        place = order[np.searchsorted(stimuli, tested.stimulus, sorter=order)]
        category = np.array([*self.data.names, ""])[self.data.category[stimuli]]
        return Queries(fitted.predict(tested.x), targets[stimuli], place, category)
