"""Rows of the table of models: scores beside both baselines, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.dissimilarity.data import LEAKING
from core.dissimilarity.fitting import PairFit, PairSetting, fit_key
from core.dissimilarity.model import label_of, read
from core.dissimilarity.scoring import CERTAIN, MEASURES, PairScores
from core.words import counted, p_words

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
BASELINE_LABELS = {"embedding_distance": "embedding distance", "identity": "identity alone"}


def described(setting: PairSetting, model: str, fitted: PairFit, ids: tuple[str, ...]) -> Row:
    """What a row says of a fit before it is scored."""
    exposed = fitted.exposure
    return {
        **_place(setting, model),
        "error": "",
        "fit": fit_key(setting, model, ids),
        "images": len(fitted.scored),
        "pairs": len(fitted.i),
        "test_pairs": fitted.facts["test_pairs"],
        "training_pairs": fitted.facts["training_pairs"],
        "training_images": fitted.facts["training_images"],
        "exposed": int((exposed > 0).sum()),
        "exposure": float(exposed.mean()),
        "seconds": fitted.facts["seconds"],
    }


def failed(setting: PairSetting, model: str, error: Exception) -> Row:
    """The row of a model that does not suit a setting."""
    text = " ".join(str(error).split()) or type(error).__name__
    return {**_place(setting, model), "error": text, "fit": None}


def _place(setting: PairSetting, model: str) -> Row:
    chosen, _ = read(model)
    return {
        "subject": setting.recording.open().subject,
        "rois": list(setting.rois),
        "metric": setting.metric,
        "embedding": setting.embedding,
        "split": setting.split,
        "model": model,
        "label": label_of(model),
        "is_baseline": chosen.is_baseline,
    }


def scored(rows: Mapping[str, Row], fits: Mapping[str, PairFit], seed: int) -> None:
    """Write into each row its ``scores`` and, of models, its ``differences`` to the baselines.

    All are of the same pairs.
    """
    if not fits:
        return
    first = next(iter(fits.values()))
    i, j = (np.searchsorted(first.scored, side) for side in (first.i, first.j))
    predicted = {model: fitted.predicted for model, fitted in fits.items()}
    scores = PairScores(first.truth, predicted, i, j, first.square, seed)
    for model, row in rows.items():
        row["scores"] = {m: _plain(scores.score(model, m)._asdict()) for m in MEASURES}
        row["differences"] = {}
    baselines = [model for model, row in rows.items() if row["is_baseline"]]
    for baseline in baselines:
        others = [model for model in rows if model not in baselines]
        for measure in MEASURES:
            differences = scores.differences(baseline, measure, others)
            for model, difference in differences.items():
                of_model = rows[model]["differences"].setdefault(baseline, {})
                of_model[measure] = _plain(difference._asdict())


def _plain(numbers: Mapping[str, float]) -> dict[str, float | None]:
    """JSON has no NaN."""
    return {name: float(value) if np.isfinite(value) else None for name, value in numbers.items()}


def beats(row: Row, measure: str) -> bool:
    """Whether a model is better than every baseline, each at a corrected p of .05."""
    differences = [of_baseline[measure] for of_baseline in row.get("differences", {}).values()]
    return bool(differences) and all(
        each["value"] > 0 and each["p"] is not None and each["p"] <= CERTAIN for each in differences
    )


def best(rows: Sequence[Row], measure: str) -> Row | None:
    """The model with the highest score, baselines aside; None where there is none."""
    models = [row for row in rows if not row["is_baseline"] and not row["error"]]
    usable = [row for row in models if row["scores"][measure]["value"] is not None]
    return max(usable, key=lambda row: row["scores"][measure]["value"], default=None)


def verdict(rows: Sequence[Row], measure: str = "r2") -> str:
    """Whether a model of one setting beats both baselines, and by how much.

    Parameters
    ----------
    rows : sequence of dict
        Of one subject, ROI, metric, embedding and split.
    measure : str
        Of ``MEASURES``.
    """
    top = best(rows, measure)
    if top is None:
        return "No model could be fitted."
    models = sum(not row["is_baseline"] and not row["error"] for row in rows)
    name, score = MEASURES[measure], top["scores"][measure]
    parts = [
        f"{_signed(d[measure]['value'])} [{_signed(d[measure]['low'])}, "
        f"{_signed(d[measure]['high'])}] over {BASELINE_LABELS.get(baseline, baseline)}, "
        f"{p_words(d[measure]['p'])}"
        for baseline, d in top["differences"].items()
    ]
    winners = [row for row in rows if beats(row, measure)]
    count = f"{len(winners)} of {counted(models, 'model')}"
    start = (
        f"{count} {'beats' if len(winners) == 1 else 'beat'} both baselines in {name}"
        if winners
        else f"No model beats both baselines in {name}"
    )
    leak = " The split leaks, so this says nothing of new images." if leaks(top) else ""
    over = f"over {counted(top['images'], 'test image')}, corrected for {counted(models, 'model')}"
    return (
        f"{start}. The best, {top['label']}, has {name} {interval_words(score)}: "
        f"{'; '.join(parts)} (intervals and p {over}).{leak}"
    )


def region_name(rois: Sequence[str]) -> str:
    """What the reader calls concatenated ROIs."""
    return " + ".join(rois) or "every unit"


def leaks(row: Row) -> bool:
    """Whether the pairs of a row were dealt out in place of images."""
    return bool(row["split"] == LEAKING)


def leak_words(row: Row) -> str:
    """What a model could know of the test images, in one sentence."""
    images = counted(row["images"], "test image")
    if not row["exposed"]:
        return (
            f"None of the {images} is in a training pair: {row['training_pairs']:,} training "
            f"pairs are formed of {counted(row['training_images'], 'other image')}."
        )
    known = row["exposure"] / max(1, row["training_images"] - 1)
    return (
        f"{row['exposed']:,} of the {images} are in training pairs too, each in "
        f"{row['exposure']:.0f} on average: {known:.0%} of its row of the matrix is trained on."
    )


def surprise(rows: Sequence[Row], measure: str = "r2") -> str:
    """Why leaked Euclidean distances look easier than leaked correlations; '' without both.

    Parameters
    ----------
    rows : sequence of dict
        Of one subject, ROI and embedding, both metrics.
    """
    alone: dict[str, Row] = {
        row["metric"]: row
        for row in rows
        if leaks(row) and row["model"] == "identity" and not row["error"]
    }
    if not {"correlation", "euclidean"} <= set(alone):
        return ""
    values = {metric: alone[metric]["scores"][measure] for metric in ("euclidean", "correlation")}
    text = {metric: interval_words(score) for metric, score in values.items()}
    name = MEASURES[measure]
    if (values["euclidean"]["value"] or 0) <= (values["correlation"]["value"] or 0):
        return (
            f"Here identity alone explains no more of leaked Euclidean distances ({name} "
            f"{text['euclidean']}) than of leaked correlations ({text['correlation']})."
        )
    return (
        "Leaked Euclidean distances look easier to predict than leaked correlations because "
        f"identity alone, without any image, explains more of them: {name} {text['euclidean']} "
        f"against {text['correlation']}. The length of a response, which 1 − r ignores, is in "
        "every distance of its row."
    )


def interval_words(score: Mapping[str, float | None]) -> str:
    """A score with its interval, such as '.12 [.03, .20]'."""
    if score["value"] is None:
        return "no value (one prediction for all pairs)"
    return f"{number(score['value'])} [{number(score['low'])}, {number(score['high'])}]"


def number(value: float | None) -> str:
    """Two digits, such as '0.12' and '−0.03'; '–' where there is none."""
    # Of what rounds to 0 the sign says nothing.
    return "–" if value is None else f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _signed(value: float) -> str:
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")


def as_table(rows: Sequence[Row]) -> pd.DataFrame:
    """Rows with a column for each number, for a page or a CSV."""
    import pandas as pd

    lines = []
    for row in rows:
        line = {name: row[name] for name in ("subject", "metric", "embedding", "label")}
        line |= {"rois": region_name(row["rois"]), "split": row["split"]}
        for measure, score in row.get("scores", {}).items():
            line |= {f"{measure} {name}".removesuffix(" value"): v for name, v in score.items()}
        for baseline, differences in row.get("differences", {}).items():
            for measure, difference in differences.items():
                start = f"{measure} less {baseline}"
                line |= {f"{start} {n}".removesuffix(" value"): v for n, v in difference.items()}
        for name in ("pairs", "images", "training_pairs", "exposed", "seconds", "error"):
            line[name] = row.get(name)
        lines.append(line)
    return pd.DataFrame(lines)


def by_subject(rows: Sequence[Row], measure: str) -> pd.DataFrame:
    """A row a model, a column a subject, and the mean over subjects with its 95 % t interval."""
    import pandas as pd

    from core.statistics import t_interval

    values: dict[str, dict[str, float]] = {}
    for row in rows:
        score = None if row["error"] else row["scores"][measure]["value"]
        values.setdefault(row["label"], {})[row["subject"]] = np.nan if score is None else score
    table = pd.DataFrame(values).T.round(3)
    mean, low, high = t_interval(table.to_numpy(dtype=float), axis=1)
    summary = {"mean": mean, "low": low, "high": high}
    means = pd.DataFrame({n: np.round(column, 3) for n, column in summary.items()}, table.index)
    return means.join(table)
