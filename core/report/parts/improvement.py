"""Whether anything that the field tries on small data beats ridge, chosen in validation sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core import scores, store
from core.decoders.config import Config
from core.decoders.runs import run_key
from core.decoders.scoring.evaluation import queries
from core.decoders.scoring.score_table import as_json, from_json
from core.decoders.training.data import Data, prepare, prepare_folds
from core.decoders.training.train import fit
from core.progress import Progress, portion, silent
from core.report import bold5000, plan, tables, tried
from core.statistics import t_interval
from core.vectors import unit_rows

VERSION = 1
TITLE = "## A better head than ridge"
BASELINE, WINNER = "ridge", "whitened_ridge"
BASE = f"`{BASELINE}`"
WEAK = {"snr": 0.2, "repeats": 2}
SETS = ("validation", "test")
KEYS = ("recording", "side", "tried")
DIFFERENCE = ("difference", "low", "high")
SLOWLY = {"learning_rate": 1e-5}
# What differs from a ridge on averaged trials, by what the report calls it.
HEADS: Mapping[str, Mapping[str, Any]] = {
    BASE: {},
    "`whitened_ridge`": {"head": WINNER},
    "`ridge`, every trial a row": {"training": {"trials": "all"}},
    "`linear`, InfoNCE": {"head": "linear"},
    "`linear`, SoftCLIP, batch 1,024": {
        "head": "linear",
        "loss": (("softclip", 1.0, {}),),
        "training": {"batch": 1024},
    },
    "`linear`, InfoNCE, mixup .15": {"head": "linear", "training": {"mix": 0.15}},
    "`linear`, InfoNCE, noise 1 SD": {"head": "linear", "training": {"noise": 1.0}},
    "`tuned_ridge` from ridge, InfoNCE": {
        "head": "tuned_ridge",
        "head_parameters": {"start": "ridge"},
        "training": SLOWLY,
    },
    "`tuned_ridge` from whitened ridge, InfoNCE": {"head": "tuned_ridge", "training": SLOWLY},
}
# Of responses and targets; some need repeats.
OF_REPEATS: Mapping[str, Callable[[Data, str], scores.Queries]] = {
    "`ridge`, units weighted by noise ceiling": tried.by_noise_ceiling,
    "`ridge`, components weighted by agreement of repeats": tried.denoised,
}
RIDGES = {"`ridge`, targets whitened": tried.whitened_targets, **OF_REPEATS}
# What retrieval makes of the similarities of a head with all queries of the set: transductive.
RETRIEVED: Mapping[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "`ridge`, CSLS (transductive)": ("`ridge`", tried.csls),
    "`ridge`, inverted softmax (transductive)": ("`ridge`", tried.inverted_softmax),
    "`whitened_ridge`, CSLS (transductive)": ("`whitened_ridge`", tried.csls),
}


class Division(NamedTuple):
    """One set of images to divide: of which recording, by which config."""

    recording: str
    config: Config
    data: Data


def measure(scale: plan.Scale, progress: Progress) -> pd.DataFrame:
    """Train everything on the same rows as ridge and take differences on the same images.

    Returns
    -------
    pd.DataFrame
        A row for each recording, set and try: ``recording, side, tried, value``, two-way
        identification; ``difference, low, high``, above ridge on the same images with its 95 %
        interval over ``units`` ``over`` (categories, else images); seeds and folds of an image
        are averaged. NaN where the recording does not allow a try.
    """
    trials = None if scale.realdata is None else bold5000.read(scale.realdata)
    parts, counted = [], 2 * scale.seeds + (0 if trials is None else _folds(scale))
    for number, division in enumerate(_divisions(scale, trials)):
        within = portion(progress, number / counted, (number + 1) / counted)
        parts.append(_stored(division, scale, within))
    each = pd.concat(parts, ignore_index=True)
    rows = [
        _rows(recording, side, each[(each["recording"] == recording) & (each["side"] == side)])
        for recording in each["recording"].unique()
        for side in SETS
    ]
    return pd.concat(rows, ignore_index=True)


def section(table: pd.DataFrame) -> str:
    """The table of differences in the validation sets, and the winner's in the test sets."""
    recordings = list(dict.fromkeys(table["recording"]))
    by = {tuple(row[name] for name in KEYS): row for row in table.to_dict("records")}
    lines = [
        [tried, *(_cell(by, recording, "validation", tried) for recording in recordings)]
        for tried in dict.fromkeys(table["tried"])
    ]
    first = table[table["side"] == "validation"].drop_duplicates("recording").to_dict("records")
    over = ", ".join(f"{row['units']} {row['over']} ({row['recording']})" for row in first)
    held = [
        f"{_cell(by, recording, 'test', name)} ({recording})"
        for name in [f"`{WINNER}`"]
        for recording in recordings
    ]
    return "\n".join(
        [
            f"{TITLE}\n",
            "Two-way identification above `ridge` on the same images of the **validation** sets, "
            "with the 95 % interval of the paired difference, not corrected for how many were "
            f"tried, over {over}; 'weak' is the simulated experiment with {WEAK['repeats']} trials "
            f"an image at snr {WEAK['snr']:g}. Heads trained by gradient stop by the loss on those "
            "sets, which favours them.\n",
            tables.table(["tried", *recordings], lines),
            f"\n{_verdict(table)} In the **test** sets `{WINNER}` is above `ridge` by "
            f"{', '.join(held)}.\n",
        ]
    )


def _cell(by: Mapping[Any, Any], *place: str) -> str:
    row = by[place]
    if row["tried"] == BASE:
        return tables.share(row["value"])
    shown = tables.interval(row["difference"], row["low"], row["high"])
    return f"**{shown}**" if row["low"] > 0 else shown


def _verdict(table: pd.DataFrame) -> str:
    """What beats ridge in the validation sets of every recording, best mean first."""
    held = table[table["side"] == "validation"].set_index("tried")
    above = held["low"].gt(0).groupby(level=0, sort=False).all()
    if not above.any():
        return "Verdict: nothing beats `ridge` beyond its interval on every recording."
    means = held["difference"].groupby(level=0, sort=False).mean()
    names = means[above].sort_values(ascending=False).index
    return (
        f"Verdict: on every recording these beat `ridge` beyond the interval: {', '.join(names)}."
    )


def _heads(scale: plan.Scale) -> dict[str, Mapping[str, Any]]:
    return dict(list(HEADS.items())[: scale.tries])


def _folds(scale: plan.Scale) -> int:
    return min(bold5000.FOLDS, 2 * scale.seeds)


def _divisions(scale: plan.Scale, trials: bold5000.EmbeddedTrials | None) -> Iterator[Division]:
    for recording, options in (("simulated", {}), ("weak", WEAK)):
        for seed in range(scale.seeds):
            config = plan.config(scale, BASELINE, seed)
            config = replace(config, options={**scale.options, **options})
            yield Division(recording, config, prepare(config))
    if trials is None:
        return
    with bold5000.as_folder(trials) as dataset:
        config = bold5000.config(dataset, BASELINE, 0, scale.training)
        for fold, data in list(enumerate(prepare_folds(config)))[: _folds(scale)]:
            yield Division("BOLD5000", replace(config, fold=fold), data)


def _stored(division: Division, scale: plan.Scale, progress: Progress) -> pd.DataFrame:
    """Scores of each image by everything tried: from the store, else computed and kept."""
    parameters = {"training": dict(scale.training), "tried": [*_heads(scale), *RIDGES, *RETRIEVED]}
    fingerprint = store.fingerprint(run_key(division.config, division.data))
    key = store.key("report_improvement", fingerprint, parameters, seed=0, version=VERSION)
    stored = store.load(key)
    if stored is not None:
        return from_json(stored.facts["table"])
    table = pd.concat(_scored(division, scale, progress), ignore_index=True)
    store.save(key, {}, {"title": "Report: a better head", "table": as_json(table)})
    return table


def _scored(division: Division, scale: plan.Scale, progress: Progress) -> list[pd.DataFrame]:
    """Two-way identification of each image, for each set and try."""
    seen = _seen(division, scale, progress)
    parts = []
    for side, by_name in seen.items():
        similar = {name: _similarity(of_side) for name, of_side in by_name.items()}
        similar |= {name: rescaled(similar[base]) for name, (base, rescaled) in RETRIEVED.items()}
        images = getattr(division.data.fold, side)
        labels = {"recording": division.recording, "side": side, "image": images}
        labels["category"] = division.data.category[images]
        image = by_name[BASE].image
        for name, similarity in similar.items():
            values = np.full(len(images), np.nan)
            values[image] = scores.two_way(scores.mean_ranks(similarity, image), len(images))
            parts.append(pd.DataFrame({**labels, "tried": name, "two_way": values}))
    return parts


def _seen(
    division: Division, scale: plan.Scale, progress: Progress
) -> dict[str, dict[str, scores.Queries]]:
    """What everything tried predicts, by set and name; without what the recording lacks."""
    seen: dict[str, dict[str, scores.Queries]] = {side: {} for side in SETS}
    for number, (name, changes) in enumerate(_heads(scale).items()):
        progress(number / len(HEADS), f"{division.recording}, {name}")
        training = {**scale.training, **changes.get("training", {})}
        config = replace(
            division.config, **{"head_parameters": {}, **changes, "training": training}
        )
        run = fit(config, division.data, silent)
        for side in SETS:
            seen[side][name] = queries(run, division.data, side, "mean")
    for name, predict in RIDGES.items():
        if name in OF_REPEATS and not tried.has_repeats(division.data):
            continue
        for side in SETS:
            seen[side][name] = predict(division.data, side)
    return seen


def _similarity(seen: scores.Queries) -> np.ndarray:
    return np.asarray(unit_rows(np.asarray(seen.predicted)) @ unit_rows(np.asarray(seen.images)).T)


def _rows(recording: str, side: str, each: pd.DataFrame) -> pd.DataFrame:
    """Means and differences to ridge of a recording's set, over its units."""
    wide = each.pivot_table("two_way", ["category", "image"], "tried", sort=False)
    known = (wide.index.get_level_values("category") >= 0).all()
    units = wide.groupby(level="category").mean() if known else wide
    rows = []
    for name in [*HEADS, *RIDGES, *RETRIEVED]:
        numbers = dict.fromkeys(("value", "difference", "low", "high"), np.nan)
        if name in wide:
            above = t_interval((units[name] - units[BASE]).to_numpy())
            numbers = {"value": wide[name].mean(), **dict(zip(DIFFERENCE, above, strict=True))}
        labels = {"recording": recording, "side": side, "tried": name}
        over = {"units": len(units), "over": "categories" if known else "images"}
        rows.append({**labels, **numbers, **over})
    return pd.DataFrame(rows)
