"""How well models predict the RDMs of subjects, which is better, and how certain that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.progress import Progress, portion
from core.rdm import COMPARISONS
from core.rdm.comparisons.vectors import condense_all, square
from core.rsa.bootstrap import (
    ModelComparison,
    Scores,
    StimulusFold,
    combine,
    covariance,
    divide,
    draw,
    draw_scores,
    fitted_weights,
    jackknife,
    leave_out,
    leave_out_stimuli,
    score,
    single_pairs,
)
from core.rsa.ceilings import SubjectCeiling
from core.rsa.models import FixedModel, RdmModel, WeightedModel
from core.rsa.samples import CENTRED, RANKED, stack_rdms
from core.statistics import holm_levels
from core.validation import check_unique, enumerate_names
from core.words import counted

RESAMPLES = {"subjects": "subjects", "stimuli": "stimuli", "both": "subjects and stimuli"}
CORRECTIONS = ("holm", "fdr")
FEWEST_FLEXIBLE = 12
FEW_SUBJECTS = 5
# Assignments to folds over which the performance itself is the mean.
REPETITIONS = 10
LEVEL = 0.05
FEWEST_SAMPLES = 100
FEWEST_LEFT_OUT = 3
ROUNDING = 1e-12
# Share of the work that the samples are, beside leaving out each stimulus.
DRAWN = 0.85


@dataclass(frozen=True)
class ModelPerformance:
    """Mean similarity of a model with the RDMs of subjects, in test folds where it is fitted.

    Attributes
    ----------
    name : str
    is_flexible : bool
    mean, standard_error, low, high, degrees : float
        With the 95 % interval of Student's t on so many degrees of freedom.
    p_zero, p_zero_corrected : float
        One-sided, that the performance is above 0.
    p_ceiling, p_ceiling_corrected : float
        Two-sided, that it differs from the lower noise ceiling; NaN without.
    by_subject : np.ndarray of shape (subjects,)
    weights : dict of str to float
        Mean weight of each component over folds and subjects, as shares that sum to 1; of
        selection, how often each was selected. Empty where nothing is fitted.
    """

    name: str
    is_flexible: bool
    mean: float
    standard_error: float
    low: float
    high: float
    degrees: float
    p_zero: float
    p_zero_corrected: float
    p_ceiling: float
    p_ceiling_corrected: float
    by_subject: np.ndarray
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelDifference:
    """Performance of the first model less that of the second, p two-sided."""

    first: str
    second: str
    mean: float
    standard_error: float
    low: float
    high: float
    degrees: float
    p: float
    p_corrected: float


@dataclass(frozen=True)
class Evaluation:
    """Models beside subjects: performances, differences, noise ceiling.

    Attributes
    ----------
    method, correction : str
    resample : str
        What was resampled; ``over``, as text, what intervals and p are over.
    samples, seed : int
    stimuli, subjects, pairs : int
        How many entered.
    chance : float
        Mean performance of a model that has nothing to do with the subjects: 0; NaN under
        cosine, which is above 0 for any RDM of positive values.
    models : tuple of ModelPerformance
        In the order of the models.
    differences : tuple of ModelDifference
        Of every two models.
    ceiling : SubjectCeiling or None
        None with one subject.
    notes : tuple of str
        What a reader must know, a sentence each.
    """

    method: str
    correction: str
    resample: str
    samples: int
    seed: int
    stimuli: int
    subjects: int
    pairs: int
    chance: float
    models: tuple[ModelPerformance, ...]
    differences: tuple[ModelDifference, ...]
    ceiling: SubjectCeiling | None
    notes: tuple[str, ...]

    @property
    def over(self) -> str:
        return RESAMPLES[self.resample]


def evaluate(
    subjects: Sequence[Any],
    models: Sequence[RdmModel],
    method: str = "spearman",
    resample: str = "both",
    samples: int = 1000,
    seed: int = 0,
    correction: str = "holm",
    progress: Progress | None = None,
) -> Evaluation:
    """Compare models with the RDMs of subjects, by the bootstrap.

    Only pairs that every RDM defines enter, of models and subjects alike. With a flexible model
    all are compared in test folds of stimuli, which it is fitted without; it is fitted without
    the subject as well where there are two.

    Parameters
    ----------
    subjects : sequence of (n, n) arrays
        An RDM of each subject, NaN for missing pairs.
    models : sequence of RdmModel
        Of the same stimuli in the same order, with different names.
    method : str
        An id of ``rdm.COMPARISONS``. 'kendall' takes some fifty times as long: no sum over cells
        gives it. Whitened ones generalise to subjects only, for a stimulus that is drawn twice
        has no covariance of its own.
    resample : {'subjects', 'stimuli', 'both'}
        To what the results are to generalise. One subject leaves 'stimuli'.
    samples, seed : int
    correction : {'holm', 'fdr'}
        Of p over the models, and over their differences: Holm, or Benjamini-Hochberg.
    progress : callable, optional

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        Fewer than 4 stimuli (12 with a flexible model), a constant RDM of a subject, unequal
        sizes, or values out of range.

    Source: Schütt et al. (2023), eLife 12:e82566; Nili et al. (2014), PLoS Comput. Biol. 10.
    """
    _check(models, resample, samples, correction)
    if method in COMPARISONS and COMPARISONS[method].is_whitened:
        rdms, fixed = _whitened(subjects, models, method, resample)
        plain = evaluate(rdms, fixed, "cosine", resample, samples, seed, correction, progress)
        # A centred one is 0 without agreement, so that the note on the cosine does not hold.
        if COMPARISONS[method].centred:
            plain = replace(plain, chance=0.0, notes=plain.notes[:-1])
        return replace(plain, method=method)
    stack = stack_rdms(subjects, [rdm for model in models for rdm in model.rdms], method)
    comparison = ModelComparison(stack, tuple(models), method)
    if comparison.is_flexible and stack.stimuli < FEWEST_FLEXIBLE:
        raise InputError(
            f"{counted(stack.stimuli, 'stimulus is', 'stimuli are')} left to fit and test models",
            f"at least {FEWEST_FLEXIBLE}",
        )
    kind = resample if stack.subjects > 1 else "stimuli"
    scores, weights, without = _estimate(comparison, seed)
    draws = draw(stack.stimuli, stack.subjects, samples, seed)
    values = draw_scores(comparison, kind, draws, seed, portion(progress, 0.0, DRAWN))
    certainty = _certainty(comparison, scores, values, without, portion(progress, DRAWN, 1.0))
    return Evaluation(
        method=method,
        correction=correction,
        resample=kind,
        samples=samples,
        seed=seed,
        stimuli=stack.stimuli,
        subjects=stack.subjects,
        pairs=stack.values.shape[1],
        chance=0.0 if CENTRED[method] else float("nan"),
        models=_performances(comparison, scores, weights, certainty, correction),
        differences=_differences(comparison, certainty, correction),
        ceiling=_ceiling(scores, certainty) if stack.subjects > 1 else None,
        notes=tuple(_notes(comparison, kind, certainty)),
    )


class _Tested(NamedTuple):
    """A mean with its interval, and p that it differs from 0 and that it is above."""

    mean: float
    standard_error: float
    low: float
    high: float
    degrees: float
    p: float
    p_above: float


class _Certainty(NamedTuple):
    """Means of models, lower and upper ceiling (m + 2,), and their covariances over samples.

    ``covariances['left out']`` is the jackknife's over subjects. In samples, copies of a subject
    are left out together: few others remain, and what is compared with others or fitted to them
    (``is_by_others``) varies more than in experiments. Others: see ``combine``.
    ``undefined``: samples that define not all means.
    """

    means: np.ndarray
    covariances: dict[str, np.ndarray]
    is_by_others: np.ndarray
    stimuli: int
    subjects: int
    is_ranked: bool
    undefined: int

    def tested(self, *signs: tuple[int, float]) -> _Tested:
        """Test a sum of the means, each named by its place and sign."""
        from scipy import stats

        places, factors = [place for place, _ in signs], np.array([sign for _, sign in signs])
        mean = float(factors @ self.means[places])
        variance, degrees = combine(
            {
                kind: float(factors @ matrix[np.ix_(places, places)] @ factors)
                for kind, matrix in self.covariances.items()
                if kind != "left out" or self.is_by_others[places].any()
            },
            self.stimuli,
            self.subjects,
            self.is_ranked,
        )
        # Equal models differ by rounding alone.
        error = np.sqrt(variance) if variance > ROUNDING**2 else np.nan
        half = stats.t.ppf(1 - LEVEL / 2, degrees) * error
        t = mean / error
        return _Tested(
            mean,
            float(error),
            mean - half,
            mean + half,
            degrees,
            float(2 * stats.t.sf(abs(t), degrees)),
            float(stats.t.sf(t, degrees)),
        )


def _check(models: Sequence[RdmModel], resample: str, samples: int, correction: str) -> None:
    if not models:
        raise InputError("There is no model", "at least one")
    check_unique([model.name for model in models], "The list of models")
    if resample not in RESAMPLES:
        raise InputError(f"resample is {resample!r}", choices=RESAMPLES)
    if correction not in CORRECTIONS:
        raise InputError(f"correction is {correction!r}", choices=CORRECTIONS)
    if samples < FEWEST_SAMPLES:
        raise InputError(f"samples is {samples}", f"at least {FEWEST_SAMPLES}")


def _whitened(
    subjects: Sequence[Any], models: Sequence[RdmModel], method: str, resample: str
) -> tuple[list[np.ndarray], list[RdmModel]]:
    """RDMs of which the cosine is the whitened similarity."""
    if resample != "subjects" or len(subjects) < 2:
        raise InputError(
            f"The measure {method!r} has no bootstrap over stimuli; subjects: {len(subjects)}",
            "resampled subjects, two or more",
            "Choose another measure, which has one.",
        )
    if any(model.is_flexible for model in models):
        raise InputError(f"{method!r} fits no models", "fixed models, or another measure")
    rdms = [*subjects, *(model.rdms[0] for model in models)]
    vectors = condense_all(rdms)
    if not np.isfinite(vectors).all():
        raise InputError("An RDM lacks pairs", "all of them, to be whitened")
    rows = [square(row) for row in COMPARISONS[method].rows(vectors)]
    fixed = zip(models, rows[len(subjects) :], strict=True)
    return rows[: len(subjects)], [FixedModel(model.name, row) for model, row in fixed]


def _estimate(
    comparison: ModelComparison, seed: int
) -> tuple[Scores, list[dict[str, float]], np.ndarray | None]:
    """Scores of all stimuli and subjects, shares of components, means without each subject."""
    rng = np.random.default_rng([seed, 2])
    stack = comparison.stack
    everything, everyone = np.ones(stack.stimuli, np.intp), np.ones(stack.subjects, np.intp)
    parts, shares, without = [], [], []
    for _ in range(REPETITIONS if comparison.is_flexible else 1):
        folds = divide(comparison, everything, rng)
        parts.append(score(comparison, folds, everyone))
        shares += [_shares(comparison, fold, everyone) for fold in folds]
        if stack.subjects >= FEWEST_LEFT_OUT:
            without.append(leave_out(comparison, folds))
    mean = Scores(*(np.mean(part, axis=0) for part in zip(*parts, strict=True)))
    components = [
        dict(zip(model.components, np.mean(of_model, axis=0).tolist(), strict=True))
        if model.is_flexible
        else {}
        for model, of_model in zip(comparison.models, zip(*shares, strict=True), strict=True)
    ]
    return mean, components, np.mean(without, axis=0) if without else None


def _shares(
    comparison: ModelComparison, fold: StimulusFold, counts: np.ndarray
) -> list[np.ndarray]:
    """Share of each component in the prediction of its model, by length; mean over subjects."""
    weights = fitted_weights(comparison, fold, counts)
    if fold.training is None:
        return [rows.mean(axis=0) for rows in weights]
    lengths = np.sqrt(np.diag(fold.training.products))
    parts = [rows * lengths[at] for rows, at in zip(weights, comparison.columns, strict=True)]
    sums = [np.maximum(part.sum(axis=1, keepdims=True), ROUNDING) for part in parts]
    return [(part / total).mean(axis=0) for part, total in zip(parts, sums, strict=True)]


def _certainty(
    comparison: ModelComparison,
    scores: Scores,
    values: dict[str, np.ndarray],
    without: np.ndarray | None,
    progress: Progress,
) -> _Certainty:
    """Means and covariances; NaN for models that are constant, and for what too few define."""
    stack = comparison.stack
    means = np.concatenate([scores.models, scores.lower[None], scores.upper[None]]).mean(axis=1)
    known = np.isfinite(means)
    if stack.subjects < FEWEST_LEFT_OUT and any(kind != "stimuli" for kind in values):
        # Of two subjects drawn with replacement the others are the other, or nobody.
        known[-2:] = False
        known[:-2] &= [not model.is_flexible for model in comparison.models]
    covariances, undefined = {}, 0
    for kind, drawn in values.items():
        matrix = np.full((len(means), len(means)), np.nan)
        # Models are defined in samples that define no ceiling, of one subject alone.
        for part in (known, known & (np.arange(len(means)) < len(means) - 2)):
            matrix[np.ix_(part, part)] = covariance(drawn[..., part])
        missing = np.isnan(drawn[..., known]).any(axis=(1, 2))
        undefined = max(undefined, int(missing.sum()))
        covariances[kind] = matrix
    if "subjects" in values and without is not None:
        covariances["left out"] = jackknife(without)
    if "stimuli" in values and not comparison.is_flexible:
        covariances["stimuli left out"] = jackknife(leave_out_stimuli(comparison, progress))
        covariances["single pairs"], covariances["common pairs"] = single_pairs(comparison)
    is_by_others = np.array([*(model.is_flexible for model in comparison.models), True, True])
    is_ranked = comparison.method in RANKED
    size = (stack.stimuli, stack.subjects)
    return _Certainty(means, covariances, is_by_others, *size, is_ranked, undefined)


def _performances(
    comparison: ModelComparison,
    scores: Scores,
    weights: list[dict[str, float]],
    certainty: _Certainty,
    correction: str,
) -> tuple[ModelPerformance, ...]:
    lower = len(comparison.models)
    tested = [certainty.tested((k, 1.0)) for k in range(lower)]
    from_ceiling = [certainty.tested((k, 1.0), (lower, -1.0)) for k in range(lower)]
    zero = np.array([part.p_above for part in tested])
    ceiling = np.array([part.p for part in from_ceiling])
    corrected = (correct(p, correction).tolist() for p in (zero, ceiling))
    return tuple(
        ModelPerformance(
            model.name,
            model.is_flexible,
            own.mean,
            own.standard_error,
            own.low,
            own.high,
            own.degrees,
            own.p_above,
            zero_corrected,
            apart.p,
            ceiling_corrected,
            row,
            shares,
        )
        for model, own, apart, row, shares, zero_corrected, ceiling_corrected in zip(
            comparison.models, tested, from_ceiling, scores.models, weights, *corrected, strict=True
        )
    )


def _differences(
    comparison: ModelComparison, certainty: _Certainty, correction: str
) -> tuple[ModelDifference, ...]:
    pairs = list(combinations(range(len(comparison.models)), 2))
    tested = [certainty.tested((a, 1.0), (b, -1.0)) for a, b in pairs]
    corrected = correct(np.array([part.p for part in tested]), correction).tolist()
    names = [model.name for model in comparison.models]
    return tuple(
        ModelDifference(names[a], names[b], *part[:6], p)
        for (a, b), part, p in zip(pairs, tested, corrected, strict=True)
    )


def _ceiling(scores: Scores, certainty: _Certainty) -> SubjectCeiling:
    models = len(scores.models)
    lower, upper = (certainty.tested((models + k, 1.0)) for k in (0, 1))
    return SubjectCeiling(
        lower.mean,
        upper.mean,
        (lower.low, lower.high),
        (upper.low, upper.high),
        scores.lower,
        scores.upper,
    )


def correct(p: np.ndarray, correction: str) -> np.ndarray:
    """Correct p-values (k,) for their number by 'holm' or 'fdr'; NaN stays and does not count.

    Source: Holm (1979), Scand. J. Stat. 6:65-70; Benjamini & Hochberg (1995), J. R. Stat. Soc.
    B 57:289-300.
    """
    if correction == "holm":
        return holm_levels(p)[0]
    from scipy.stats import false_discovery_control

    corrected = np.full(len(p), np.nan)
    known = np.isfinite(p)
    if known.any():
        corrected[known] = false_discovery_control(p[known])
    return corrected


def _notes(comparison: ModelComparison, kind: str, certainty: _Certainty) -> Iterator[str]:
    """Sentences on what the numbers hold for."""
    stack, models = comparison.stack, comparison.models
    yield from _notes_on_subjects(stack.subjects, kind)
    stimuli, pairs = stack.left_out
    if stimuli or pairs:
        yield (
            f"{counted(stimuli, 'stimulus', 'stimuli')} and {counted(pairs, 'further pair')} are "
            "left out of all RDMs, because one lacks them."
        )
    if comparison.is_flexible:
        whom = "the subject and the stimuli" if stack.subjects > 1 else "the stimuli"
        yield (
            f"Flexible models are fitted without {whom} they are tested on; all models and the "
            f"noise ceiling are means over {comparison.number_of_folds} test folds of stimuli."
        )
    if any(isinstance(model, WeightedModel) for model in models):
        yield (
            "Weights of combined RDMs are at least 0; where all are 0, nothing is predicted, and "
            "the similarity counts as 0."
        )
    constant = [m.name for m, mean in zip(models, certainty.means, strict=False) if np.isnan(mean)]
    if constant:
        yield f"No similarity is defined for {enumerate_names(constant)}: the RDM is constant."
    if certainty.undefined:
        yield (
            f"{counted(certainty.undefined, 'sample')} are left out of what they do not define: "
            "they hold too few subjects or stimuli, or a model is constant in them."
        )
    if comparison.method == "cosine":
        yield (
            "The cosine of distances is far above 0 without any agreement: compare with another "
            "model or a permutation test, not with 0."
        )
    if comparison.method == "kendall" and stack.subjects > 1:
        yield "The noise ceiling of tau-a is that of mean ranks, which is close to the best."


def _notes_on_subjects(subjects: int, kind: str) -> Iterator[str]:
    if subjects == 1:
        yield (
            "One subject: intervals are over stimuli only, and there is no noise ceiling of "
            "subjects; its repeats can give a split-half ceiling."
        )
    elif kind == "stimuli":
        yield (
            f"Intervals are over stimuli only: they hold for these {subjects} subjects, not for "
            "others."
        )
    elif subjects < FEW_SUBJECTS:
        yield (
            f"{subjects} subjects tell little of others: the intervals are wide. Those over "
            "stimuli only hold for these subjects alone."
        )
    if subjects > 1 and kind == "subjects":
        yield "Intervals are over subjects: they hold for these stimuli, not for others."
    if subjects == 2 and kind != "stimuli":
        yield (
            "Two subjects give no interval over subjects of the noise ceiling, nor of a flexible "
            "model, which is fitted to the other subject."
        )
