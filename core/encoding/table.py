"""Scores of encoding models by region, as tables and as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.dissimilarity.table import number
from core.encoding import jackknife
from core.encoding.fitting import EncodingFit
from core.encoding.model import model_label
from core.errors import InputError
from core.statistics import Interval
from core.words import p_words

SIGNIFICANT = 0.05


def by_region(fit: EncodingFit) -> pd.DataFrame:
    """A row a region: the median over its units, beside its ceiling and what chance gives.

    Returns
    -------
    pd.DataFrame
        ``model, roi, units, r, low, high, p, chance_low, chance_high, ceiling`` (median
        correlation that a perfect model reaches), ``normalised, normalised_low,
        normalised_high, with_ceiling`` (units whose score may be divided), ``significant``
        (units after correction for the false discovery rate), ``control`` (of models
        fitted to permuted responses, their mean).
    """
    scores, rows = fit.region_scores, []
    q, allowed = fit.unit_scores.q, fit.ceilings.correlation
    for place, (name, units) in enumerate(fit.regions.items()):
        raw = region_interval(fit, place)
        over = region_interval(fit, place, normalised=True)
        known = allowed[units][np.isfinite(allowed[units])]
        rows.append(
            {
                "model": fit.model,
                "roi": name,
                "units": len(units),
                "r": raw.mean,
                "low": raw.low,
                "high": raw.high,
                "p": scores.p[place],
                "chance_low": scores.chance[place, 0],
                "chance_high": scores.chance[place, 1],
                "ceiling": float(np.median(known)) if len(known) else np.nan,
                "normalised": over.mean,
                "normalised_low": over.low,
                "normalised_high": over.high,
                "with_ceiling": int(fit.ceilings.usable[units].sum()),
                "significant": int((q[units] <= SIGNIFICANT).sum()),
                "control": fit.control[:, place].mean(),
            }
        )
    return pd.DataFrame(rows)


def region_interval(fit: EncodingFit, place: int, normalised: bool = False) -> Interval:
    """Median score of a region with its 95 % interval, over categories or images."""
    scores = fit.region_scores
    if normalised:
        without = scores.normalised_without[:, place]
        return jackknife.interval(scores.normalised[place], without, scores.weight)
    return jackknife.interval(
        scores.raw[place], scores.raw_without[:, place], scores.weight, bounded=True
    )


def difference(first: EncodingFit, second: EncodingFit, region: str) -> Interval:
    """Median r of the first model less that of the second, in a region, paired over images.

    Raises
    ------
    InputError
        If the two were not scored on the same test images and units.
    """
    same = np.array_equal(first.test, second.test) and np.array_equal(first.units, second.units)
    if not same:
        raise InputError(
            f"{first.model} and {second.model} were scored on different images or units",
            "one test set",
            "An embedding is missing for some images; leave that model out.",
        )
    one_by_one = [(fit.region_scores, list(fit.regions).index(region)) for fit in (first, second)]
    value = [scores.raw[place] for scores, place in one_by_one]
    without = [scores.raw_without[:, place] for scores, place in one_by_one]
    weight = first.region_scores.weight
    return jackknife.interval(value[0] - value[1], without[0] - without[1], weight)


def by_unit(fit: EncodingFit) -> pd.DataFrame:
    """A row a unit: its number, ROIs, scores, ceiling, alphas and shares of the bands."""
    scores = fit.unit_scores
    held: list[list[str]] = [[] for _ in fit.units]
    for name, members in fit.regions.items():
        for column in members.tolist():
            held[column].append(name)
    columns: dict[str, Any] = {"unit": fit.units, "rois": ["+".join(names) for names in held]}
    columns |= {"r": scores.r, "r2": scores.r2, "p": scores.p, "q": scores.q}
    columns |= {"ceiling": fit.ceilings.correlation, "normalised": fit.normalised}
    columns |= {f"alpha {band}": alpha for band, alpha in fit.alphas.items()}
    for part, share in fit.parts.items():
        kind = "unique" if len(part) == 1 else "common"
        columns[f"{kind} {' + '.join(sorted(part))}"] = share
    return pd.DataFrame(columns)


def verdict(fits: Sequence[EncodingFit], region: str) -> str:
    """Which model predicts a region best, as a sentence with its interval and its rivals."""
    places = [list(fit.regions).index(region) for fit in fits]
    known = [k for k, fit in enumerate(fits) if np.isfinite(fit.region_scores.raw[places[k]])]
    if not known:
        return f"No unit of {region} varies over the test images."
    first = max(known, key=lambda k: fits[k].region_scores.raw[places[k]])
    fit, place = fits[first], places[first]
    raw, over = region_interval(fit, place), region_interval(fit, place, normalised=True)
    p = fit.region_scores.p[place]
    if p > SIGNIFICANT:
        return f"No model predicts {region} beyond chance: the best, {model_label(fit.model)}, " + (
            f"reaches a median r of {span(raw)}, {p_words(p)}."
        )
    words = f"{model_label(fit.model)} predicts {region} best: median r {span(raw)}, {p_words(p)}"
    if np.isfinite(over.mean):
        words += f"; {span(over, share=True)} of what noise allows"
    rivals = [_against(fit, fits[k], region) for k in known if k != first]
    return ". ".join([words, *filter(None, rivals)]) + "."


def _against(fit: EncodingFit, other: EncodingFit, region: str) -> str:
    """What is known of the difference from a rival."""
    try:
        gap = difference(fit, other, region)
    except InputError as error:
        return error.problem
    if not np.isfinite(gap.low):
        return ""
    sure = "Better than" if gap.low > 0 else "No difference seen from"
    return f"{sure} {model_label(other.model)}: {span(gap, signed=True)}"


def span(interval: Interval, signed: bool = False, share: bool = False) -> str:
    """A value with its interval in words: '.44 (95 % interval .39 to .49)'."""
    if share:
        value, low, high = (f"{100 * v:.0f} %" for v in interval)
    else:
        value, low, high = (number(float(v)) for v in interval)
        value = f"+{value}" if signed and interval.mean > 0 else value
    if not np.isfinite(interval.low):
        return value
    return f"{value} (95 % interval {low} to {high})"


def leads(fits: Sequence[EncodingFit], regions: Sequence[str]) -> list[str]:
    """Of each model the region in which it is furthest ahead of all others, if anywhere.

    These are the regions that a first look should name.
    """
    chosen: list[str] = []
    scores = np.array(
        [[f.region_scores.raw[list(f.regions).index(r)] for r in regions] for f in fits]
    )
    for place in range(len(fits)):
        rivals = np.delete(scores, place, axis=0)
        ahead = scores[place] - (rivals.max(axis=0) if len(rivals) else 0.0)
        if np.isfinite(ahead).any() and np.nanmax(ahead) > 0:
            chosen.append(regions[int(np.nanargmax(ahead))])
    return list(dict.fromkeys(chosen))
