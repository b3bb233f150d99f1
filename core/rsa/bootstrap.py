"""Bootstrap of model performance over subjects, stimuli and both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np

from core.progress import Progress, silent
from core.rsa.ceilings import pooling
from core.rsa.models import RdmModel
from core.rsa.samples import (
    RANKED,
    CellSample,
    RankedRow,
    RdmStack,
    product_influences,
    rank_influences,
)

# Assignments to folds in each sample: the two between which their chance is told.
ASSIGNMENTS = 2
FEWEST_TESTED = 3
# Of n stimuli drawn with replacement, so many are different.
DISTINCT = 1 - np.exp(-1)
# Of the degrees of freedom of n stimuli, the variance of a pairwise statistic has so many, see
# combine: a half by ranks, a quarter otherwise.
OF_RANKS, OF_PAIRS = 1 / 2, 1 / 4
# Decimals to which sums of ranks are equal.
ROUNDED = 6
# Groups of stimuli that are left out one after the other, where there are more stimuli.
MOST_LEFT_OUT = 200


class BootstrapDraws(NamedTuple):
    """How often each stimulus (samples, n) and each subject (samples, s) is in each sample."""

    stimuli: np.ndarray
    subjects: np.ndarray


class StimulusFold(NamedTuple):
    """Cells of training stimuli, None where nothing is fitted, and those of test stimuli.

    ``is_tested`` (stimuli,) marks the latter.
    """

    training: CellSample | None
    test: CellSample
    is_tested: np.ndarray


@dataclass(frozen=True)
class ModelComparison:
    """What is compared: RDMs of subjects and components, the models, and the method."""

    stack: RdmStack
    models: tuple[RdmModel, ...]
    method: str

    @property
    def is_flexible(self) -> bool:
        return any(model.is_flexible for model in self.models)

    @property
    def columns(self) -> list[slice]:
        """Where the components of each model stand among the RDMs."""
        ends = np.cumsum([self.stack.subjects, *(len(model.rdms) for model in self.models)])
        return [slice(a, b) for a, b in pairwise(ends.tolist())]

    @property
    def number_of_folds(self) -> int:
        """Into how many the stimuli are divided, so that each sample has 3 to test in each."""
        return number_of_folds(self.stack.stimuli) if self.is_flexible else 1


class Scores(NamedTuple):
    """Of each subject: similarity of models (m, s), and both noise ceilings (s,)."""

    models: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def number_of_folds(stimuli: int) -> int:
    """Folds of stimuli, 2 to 5, as rsatoolbox 0.3.2 chooses them within a bootstrap."""
    return 2 + int(np.searchsorted([12, 24, 40], DISTINCT * stimuli, side="right"))


def draw(stimuli: int, subjects: int, samples: int, seed: int) -> BootstrapDraws:
    """Draw samples with replacement, each as large as what it is drawn from."""
    rng = np.random.default_rng(seed)
    return BootstrapDraws(
        *(_counts(rng.integers(0, n, (samples, n)), n) for n in (stimuli, subjects))
    )


def _counts(drawn: np.ndarray, n: int) -> np.ndarray:
    return np.stack([np.bincount(row, minlength=n) for row in drawn])


def divide(
    comparison: ModelComparison, multiplicities: np.ndarray, rng: np.random.Generator
) -> list[StimulusFold]:
    """Folds of a sample: one of all its cells, or cross-validation where a model is fitted.

    Copies of a stimulus are in the same fold, so that none is in training and test; cells of a
    training with a test stimulus are in neither. Empty where a fold has too few stimuli.
    """
    count = comparison.number_of_folds
    if count == 1:
        block = CellSample(comparison.stack, multiplicities, comparison.method)
        return [StimulusFold(None, block, multiplicities > 0)]
    present = rng.permutation(np.flatnonzero(multiplicities))
    if len(present) < FEWEST_TESTED * count:
        return []
    folds = []
    for part in np.array_split(present, count):
        is_tested = np.zeros(len(multiplicities), dtype=bool)
        is_tested[part] = True
        training, test = (
            CellSample(comparison.stack, np.where(chosen, multiplicities, 0), comparison.method)
            for chosen in (~is_tested, is_tested)
        )
        folds.append(StimulusFold(training, test, is_tested))
    return folds


def fitted_weights(
    comparison: ModelComparison, fold: StimulusFold, counts: np.ndarray
) -> list[np.ndarray]:
    """Weights of each model's components for each subject, fitted to the other subjects.

    With one subject they are fitted to its own training stimuli.

    Returns
    -------
    list of np.ndarray of shape (subjects, components), a model each
    """
    subjects = comparison.stack.subjects
    if fold.training is None:
        return [np.ones((subjects, 1)) for _ in comparison.models]
    products = fold.training.products
    everyone, others = pooling(fold.training, counts)
    targets = (everyone[None] if subjects == 1 else others) @ products
    return [
        np.stack([model.fit(products[at, at], target[at]) for target in targets])
        if model.is_flexible
        else np.ones((subjects, 1))
        for model, at in zip(comparison.models, comparison.columns, strict=True)
    ]


def score(comparison: ModelComparison, folds: Sequence[StimulusFold], counts: np.ndarray) -> Scores:
    """Mean over folds of the similarity of models and ceilings with each subject's RDM.

    Parameters
    ----------
    comparison : ModelComparison
    folds : sequence of StimulusFold
    counts : int array of shape (subjects,)
        How often each subject is in the sample. NaN stands for those that are not.
    """
    parts = [_score_fold(comparison, fold, counts) for fold in folds]
    if not parts:
        absent = np.full(len(counts), np.nan)
        return Scores(np.full((len(comparison.models), len(counts)), np.nan), absent, absent)
    return Scores(*(np.mean(part, axis=0) for part in zip(*parts, strict=True)))


def _score_fold(comparison: ModelComparison, fold: StimulusFold, counts: np.ndarray) -> Scores:
    subjects, rdms = comparison.stack.subjects, len(comparison.stack.values)
    present = np.flatnonzero(counts)
    everyone, others = pooling(fold.test, counts)
    sums = [everyone[None], others[present]]
    weights = fitted_weights(comparison, fold, counts) if comparison.is_flexible else []
    flexible = np.flatnonzero([model.is_flexible for model in comparison.models])
    for k in flexible.tolist():
        combined = np.zeros((len(present), rdms))
        combined[:, comparison.columns[k]] = weights[k][present]
        sums.append(combined)
    similar = fold.test.similarities(np.concatenate(sums))
    # Of each subject's own sum, its similarity with that subject.
    own = similar[1:].reshape(-1, len(present), subjects)[:, np.arange(len(present)), present]
    models = fold.test.direct[[at.start for at in comparison.columns]].copy()
    models[:, counts == 0] = np.nan
    for k, row in zip(flexible.tolist(), own[1:], strict=True):
        # Where no component fits, nothing is predicted, which is as good as chance.
        models[k, present] = np.where(weights[k][present].any(axis=1), row, 0.0)
    lower, upper = np.full((2, subjects), np.nan)
    upper[present] = similar[0, present]
    # A sample may hold one subject alone: then there is none to leave it out from.
    if len(present) > 1:
        lower[present] = own[0]
    elif subjects > 1:
        models[flexible] = np.nan
    return Scores(models, lower, upper)


def draw_scores(
    comparison: ModelComparison,
    over: str,
    draws: BootstrapDraws,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, np.ndarray]:
    """Performance of the models and both ceilings in bootstrap samples.

    Parameters
    ----------
    comparison : ModelComparison
    over : {'subjects', 'stimuli', 'both'}
        'both' gives the samples over subjects and over stimuli as well, of the same draws.
    draws : BootstrapDraws
    seed : int
        Of the assignments to folds.
    progress : callable, optional

    Returns
    -------
    dict of str to np.ndarray of shape (samples, assignments, models + 2)
        Weighted means over the subjects of a sample: the models, lower and upper ceiling. NaN
        where a sample does not define it.
    """
    from threadpoolctl import threadpool_limits

    assignments = ASSIGNMENTS if comparison.is_flexible else 1
    kinds = ("subjects", "stimuli", "both") if over == "both" else (over,)
    shape = (len(draws.stimuli), assignments, len(comparison.models) + 2)
    values = {kind: np.full(shape, np.nan) for kind in kinds}
    # Threads that wait for each other take many times as long as products of this size.
    with threadpool_limits(1, "blas"):
        _fill(comparison, values, draws, np.random.default_rng([seed, 1]), progress or silent)
    return values


def _fill(
    comparison: ModelComparison,
    values: dict[str, np.ndarray],
    draws: BootstrapDraws,
    rng: np.random.Generator,
    progress: Progress,
) -> None:
    all_stimuli, all_subjects = (np.ones_like(counts[0]) for counts in draws)
    # Without folds, every sample of subjects has the same cells.
    whole = [] if comparison.is_flexible else divide(comparison, all_stimuli, rng)
    samples, assignments = next(iter(values.values())).shape[:2]
    for sample, repetition in product(range(samples), range(assignments)):
        counts = draws.subjects[sample]
        if "subjects" in values:
            folds = whole or divide(comparison, all_stimuli, rng)
            values["subjects"][sample, repetition] = _means(comparison, folds, counts)
        if values.keys() != {"subjects"}:
            folds = divide(comparison, draws.stimuli[sample], rng)
            for kind, present in (("stimuli", all_subjects), ("both", counts)):
                if kind in values:
                    values[kind][sample, repetition] = _means(comparison, folds, present)
        if sample % 10 == 9:
            progress((sample + 1) / samples, f"Bootstrap, sample {sample + 1:,} of {samples:,}")


def _means(
    comparison: ModelComparison, folds: Sequence[StimulusFold], counts: np.ndarray
) -> np.ndarray:
    """Means over the subjects of a sample: models, lower, upper ceiling. (models + 2,)"""
    scores = score(comparison, folds, counts)
    present = counts > 0
    rows = np.concatenate([scores.models, scores.lower[None], scores.upper[None]])
    return np.asarray(rows[:, present] @ counts[present] / counts.sum())


def leave_out(comparison: ModelComparison, folds: Sequence[StimulusFold]) -> np.ndarray:
    """Means of models, lower and upper ceiling without each subject. (subjects, models + 2)"""
    counts = 1 - np.eye(comparison.stack.subjects, dtype=np.intp)
    return np.stack([_means(comparison, folds, present) for present in counts])


def jackknife(without: np.ndarray) -> np.ndarray:
    """Covariance (k, k) of what is (n, k) without each of n subjects or stimuli.

    Source: Efron & Stein (1981), Annals of Statistics 9:586-596.
    """
    n, k = without.shape
    return np.asarray((n - 1) ** 2 / n * np.cov(without, rowvar=False)).reshape(k, k)


def leave_out_stimuli(comparison: ModelComparison, progress: Progress | None = None) -> np.ndarray:
    """Means of models, lower and upper ceiling without each stimulus. (groups, models + 2)

    Of more than ``MOST_LEFT_OUT`` stimuli, without each of as many groups.
    """
    stimuli, everyone = comparison.stack.stimuli, np.ones(comparison.stack.subjects, np.intp)
    group = np.arange(stimuli) % min(stimuli, MOST_LEFT_OUT)
    rng = np.random.default_rng(0)  # of folds, of which there is one
    groups, means = int(group.max()) + 1, []
    for place in range(groups):
        folds = divide(comparison, (group != place).astype(np.intp), rng)
        means.append(_means(comparison, folds, everyone))
        if place % 10 == 9 or place == groups - 1:
            share = (place + 1) / groups
            (progress or silent)(share, f"Without stimulus {place + 1:,} of {groups:,}")
    return np.stack(means)


def single_pairs(comparison: ModelComparison) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of models, lower and upper ceiling that comes of single pairs of stimuli.

    What a cell adds to a similarity is, by least squares, a part of each of its two stimuli and
    a rest of its own, whose variance this is.

    Returns
    -------
    whole : np.ndarray of shape (models + 2, models + 2)
        Of the mean over subjects.
    common : np.ndarray of the same shape
        Of the rest that subjects share alone, by the products of different subjects; with one
        subject all of it.

    Source: the second term of the variance of a U-statistic, Hoeffding (1948), Annals of
    Mathematical Statistics 19:293-325.
    """
    stack, count = comparison.stack, len(comparison.models) + 2
    subjects, cells = stack.subjects, stack.values.shape[1]
    freedom = cells - stack.stimuli
    if freedom < 1:
        return np.zeros((count, count)), np.zeros((count, count))
    joined = np.zeros((stack.stimuli, stack.stimuli))
    joined[stack.first, stack.second] = joined[stack.second, stack.first] = 1.0
    np.fill_diagonal(joined, joined.sum(axis=1))
    solved = np.linalg.pinv(joined, hermitian=True)
    total, own = np.zeros((count, cells)), np.zeros((count, count))
    for influences in _influences(comparison):
        rest = _without_stimuli(stack, influences, solved)
        total += rest
        own += rest @ rest.T
    square = total @ total.T / freedom / cells
    whole = square / subjects**2
    if subjects == 1:
        return whole, whole
    return whole, (square - own / freedom / cells) / (subjects * (subjects - 1))


def _influences(comparison: ModelComparison) -> Iterator[np.ndarray]:
    """What each cell adds to the similarities with each subject. (models + 2, cells) each"""
    stack, subjects = comparison.stack, comparison.stack.subjects
    block = CellSample(stack, np.ones(stack.stimuli, np.intp), comparison.method)
    everyone, others = pooling(block, np.ones(subjects, np.intp))
    is_ranked = comparison.method in RANKED

    def ready(row: np.ndarray) -> Any:
        return RankedRow(row.round(ROUNDED)) if is_ranked else row

    def influence(first: Any, second: Any) -> np.ndarray:
        if is_ranked and first.variance > 0:
            return rank_influences(first, second, comparison.method)
        if not is_ranked and first.any():
            return product_influences(first, second)
        return np.zeros(block.scaled.shape[1])

    models = [ready(block.scaled[at.start]) for at in comparison.columns]
    upper = ready(everyone @ block.scaled)
    for row, weights in zip(block.scaled[:subjects], others, strict=True):
        own, lower = ready(row), ready(weights @ block.scaled)
        yield np.array([influence(other, own) for other in (*models, lower, upper)])


def _without_stimuli(stack: RdmStack, cells: np.ndarray, solved: np.ndarray) -> np.ndarray:
    """Rest of rows of cells (k, cells) without the least-squares parts of both stimuli."""
    first, second = stack.first, stack.second
    places = np.concatenate([first, second])
    parts = np.array([np.bincount(places, np.tile(row, 2)) for row in cells]) @ solved
    return np.asarray(cells - parts[:, first] - parts[:, second])


def covariance(values: np.ndarray) -> np.ndarray:
    """Covariance over samples, without the chance of the assignments to folds.

    Parameters
    ----------
    values : np.ndarray of shape (samples, assignments, k)
        Samples that hold NaN are left out.

    Returns
    -------
    np.ndarray of shape (k, k)
        NaN with fewer than two samples.

    Source: Schütt et al. (2023), eLife 12:e82566: the variance at infinitely many assignments
    follows from that of one and of the mean of two.
    """
    k = values.shape[2]
    usable = values[np.isfinite(values).all(axis=(1, 2))]
    if len(usable) < 2:
        return np.full((k, k), np.nan)
    of_mean = np.cov(usable.mean(axis=1), rowvar=False).reshape(k, k)
    count = usable.shape[1]
    if count == 1:
        return np.asarray(of_mean)
    single = np.mean(
        [np.cov(part, rowvar=False).reshape(k, k) for part in usable.swapaxes(0, 1)], 0
    )
    return np.asarray((count * of_mean - single) / (count - 1))


def combine(
    variances: Mapping[str, float], stimuli: int, subjects: int, is_ranked: bool = False
) -> tuple[float, float]:
    """Variance of a mean from its bootstrap variances, with its degrees of freedom.

    Parameters
    ----------
    variances : dict
        By 'subjects', 'stimuli' or both of these and 'both'; 'left out' is the jackknife's over
        subjects, which then stands for b v_subjects; 'stimuli left out' the same over stimuli,
        'single pairs' and 'common pairs' the two of :func:`single_pairs`, see below.
    stimuli, subjects : int
        How many were resampled: a bootstrap of n has (n - 1) / n of the variance.
    is_ranked : bool
        Whether the mean is of similarities by ranks.

    Returns
    -------
    variance : float
        Of both together, with a = n / (n - 1) over stimuli, b the same over subjects:
        b v_subjects + a v_stimuli - a b (v_both - v_subjects - v_stimuli), which is
        2 (v_subjects + v_stimuli) - v_both where both are many; no less than the larger of its
        parts and no more than a b v_both.
    degrees : float
        Of subjects n - 1; of stimuli a quarter of that, by ranks a half, for cells share stimuli
        and their variance is known as badly: in simulations as that of 7 to 16 numbers with 30
        stimuli, of 14 to 21 with 60. Of both, Satterthwaite's, by what share of the variance is
        of subjects; with two subjects, who cannot tell the share, theirs.

    Source: Schütt et al. (2023), eLife 12:e82566, the two-factor bootstrap, whose form for few
    of either is that of rsatoolbox 0.3.2. There the upper bound lacks a b, and the degrees of
    freedom are those of the fewer: intervals are too wide over both, too narrow over stimuli.
    The jackknife is Efron & Stein (1981), Annals of Statistics 9:586-596; degrees of freedom of
    a sum, Satterthwaite (1946), Biometrics Bulletin 2:110-114.

    A bootstrap over stimuli counts three times what belongs to single pairs, as it is and through
    either stimulus (Hoeffding 1948), a jackknife twice. So the variance over stimuli is that of
    the jackknife less one of the two, but no more than the bootstrap's and no less than the
    bootstrap's less two of the three: in simulations it was .8 to 1.2 times the true one where
    the bootstrap's was .8 to 2.1 times (noisy RDMs, or outlying distances, which few samples
    hold). Over both what subjects do not share of it is counted right, and stays.
    """
    factors = {"stimuli": stimuli / (stimuli - 1), "subjects": subjects / max(subjects - 1, 1)}
    single = {kind: factors[kind] * variances[kind] for kind in factors if kind in variances}
    if "left out" in variances:
        single["subjects"] = variances["left out"]
    if "stimuli left out" in variances:
        single["stimuli"] -= _counted_too_often(single["stimuli"], variances)
    of_stimuli = (stimuli - 1) * (OF_RANKS if is_ranked else OF_PAIRS)
    degrees = {"stimuli": of_stimuli, "subjects": subjects - 1.0}
    if "both" not in variances:
        ((kind, variance),) = single.items()
        return variance, degrees[kind]
    a, b = factors["stimuli"], factors["subjects"]
    uncorrected = variances["both"]
    variance = single["subjects"] + single["stimuli"]
    variance -= a * b * (uncorrected - variances["subjects"] - variances["stimuli"])
    variance = min(max(variance, *single.values()), max(a * b * uncorrected, *single.values()))
    share = min(1.0, single["subjects"] / variance) if variance > 0 and subjects > 2 else 1.0
    parts = share**2 / degrees["subjects"] + (1 - share) ** 2 / degrees["stimuli"]
    return variance, 1 / parts


def _counted_too_often(stimuli: float, variances: Mapping[str, float]) -> float:
    """What the bootstrap's variance over stimuli holds too much, see ``combine``."""
    pairs, common = (max(0.0, variances[name]) for name in ("single pairs", "common pairs"))
    least = max(stimuli - 2 * pairs, stimuli / 3)
    known = min(max(variances["stimuli left out"] - pairs, least), stimuli)
    if not np.isfinite(known):
        return 0.0
    shared = min(1.0, common / pairs) if "both" in variances and pairs > 0 else 1.0
    return (stimuli - known) * shared
