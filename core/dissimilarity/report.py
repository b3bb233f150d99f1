"""The report: every table of a request in Markdown, the study's numbers beside the measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from core.dissimilarity.data import prepare
from core.dissimilarity.job import DissimilarityRequest
from core.dissimilarity.model import MODELS, read
from core.dissimilarity.scoring import MEASURES, PERMUTATIONS, RESAMPLES
from core.dissimilarity.study import CITATION, PUBLISHED
from core.dissimilarity.table import (
    Row,
    beats,
    interval_words,
    leak_words,
    number,
    region_name,
    surprise,
    verdict,
)
from core.rdm import METRICS, extreme_pairs
from core.words import p_number

PLACE = ("subject", "rois", "embedding", "metric", "split")
ABOUT = f"""\
Scores are of unseen pairs: pairs that no model was trained on. R² is that of scikit-learn's \
`r2_score`; chance is 0 for all three measures, and R² is negative where one number for all pairs \
would do better. [Intervals] are 95 %, over {RESAMPLES:,} bootstrap samples of the *test images*, \
never of pairs; p is Mantel's, {PERMUTATIONS} permutations of the test images. Differences to the \
baselines are paired, and corrected for the number of models by Holm's method. Models are taken \
as trained: nothing is said of other training sets. Both splits take the same images; under *pairs \
leaked* pairs are dealt out in place of images. Embedding distance, predicted responses and \
contrastive training get their units by a line of the validation pairs.
"""


def report(request: DissimilarityRequest, rows: Sequence[Row]) -> str:
    """The whole report as Markdown."""
    ds = request.recording.open()
    simulated = " Simulated data: no brain was recorded." if ds.info.is_simulated else ""
    parts = [
        "# Dissimilarity of responses, predicted from images\n",
        f"{ds.info.title}.{simulated} {request.images or 'All'} images, seed {request.seed}.\n",
        ABOUT,
        *_published(request),
        *_subjects(request, rows),
    ]
    for place, of_setting in grouped(rows, PLACE):
        parts += _setting(place, of_setting)
    for place, of_region in grouped(rows, PLACE[:3]):
        sentence = surprise(of_region)
        if sentence:
            parts += [f"\n## Why leaked Euclidean looks better: {_title(place)}\n", sentence]
    parts += ["\n## Models\n", *_models(request)]
    return "\n".join(parts) + "\n"


def grouped(
    rows: Sequence[Row], fields: Sequence[str]
) -> Iterator[tuple[dict[str, str], list[Row]]]:
    """Rows that share some fields, in the order of the table."""

    def place(row: Row) -> tuple[str, ...]:
        return tuple(region_name(row["rois"]) if f == "rois" else str(row[f]) for f in fields)

    order = {key: at for at, key in enumerate(dict.fromkeys(map(place, rows)))}
    for key, group in groupby(sorted(rows, key=lambda row: order[place(row)]), place):
        yield dict(zip(fields, key, strict=True)), list(group)


def _setting(place: dict[str, str], rows: Sequence[Row]) -> list[str]:
    usable = [row for row in rows if not row["error"]]
    title = f"\n## {_title(place)}\n"
    if not usable:
        return [title, rows[0]["error"]]
    lines = [_line(row) for row in rows]
    names = ["model", *MEASURES.values(), "p of ρ", "R² less embedding distance", "less identity"]
    return [title, verdict(usable), "", leak_words(usable[0]), "", markdown(names, lines)]


def _line(row: Row) -> list[str]:
    if row["error"]:
        return [row["label"], row["error"], *[""] * 5]
    name = f"**{row['label']}**" if beats(row, "r2") else row["label"]
    name = f"*{name}* (baseline)" if row["is_baseline"] else name
    scores = [interval_words(row["scores"][measure]) for measure in MEASURES]
    less = [
        interval_words(row["differences"][baseline]["r2"]) if row["differences"] else "–"
        for baseline in ("embedding_distance", "identity")
    ]
    return [name, *scores, p_number(row["scores"]["spearman"]["p"]), *less]


def _title(place: dict[str, str]) -> str:
    words = dict(place)
    if "metric" in words:
        words["metric"] = METRICS[words["metric"]].label
    if "split" in words:
        words["split"] = split_words(words["split"])
    return " · ".join(words.values())


def split_words(split: str) -> str:
    """How the reader is told of a split."""
    return {"pair": "pairs leaked", "image": "images held out"}.get(split, f"split {split}")


def _published(request: DissimilarityRequest) -> list[str]:
    """The study's numbers, and the extremes of the same regions here."""
    lines = [
        [each.table, each.what, each.roi, each.metric, _value(each.value, each.note)]
        for each in PUBLISHED
    ]
    names = ["of the study", "number", "ROI", "metric", "published"]
    measured = []
    done = set()
    for setting in request.settings:
        key = (setting.rois, setting.metric)
        if key in done:
            continue
        done.add(key)
        data = prepare(setting)
        pairs = extreme_pairs(data.responses, setting.metric, 1)
        region = region_name(setting.rois)
        low, high = pairs.smallest[0].value, pairs.largest[0].value
        measured.append([region, METRICS[setting.metric].label, f"{low:.3f}", f"{high:.3f}"])
    return [
        "## Published numbers of study B\n",
        f"Published, and never measured here: {CITATION}.\n",
        markdown(names, lines),
        "\nMeasured here, on this recording, whose brains and images are others:\n",
        markdown(["ROI", "metric", "smallest", "largest"], measured),
    ]


def _value(value: float | None, note: str) -> str:
    return note if value is None else f"{value:g}".replace("-", "−")


def _subjects(request: DissimilarityRequest, rows: Sequence[Row]) -> list[str]:
    """Where there are several subjects, the R^2 of each model in each."""
    if len(request.subjects) < 2:
        return []
    parts = ["\n## All subjects, R²\n"]
    for place, of_place in grouped(rows, PLACE[1:]):
        cells: dict[str, dict[str, str]] = {}
        for row in of_place:
            score = "–" if row["error"] else number(row["scores"]["r2"]["value"])
            cells.setdefault(row["label"], {})[row["subject"]] = score
        lines = [[name, *by.values()] for name, by in cells.items()]
        parts += [f"\n### {_title(place)}\n", markdown(["model", *request.subjects], lines)]
    return parts


def _models(request: DissimilarityRequest) -> list[str]:
    ids = dict.fromkeys(read(text)[0].id for text in request.models)
    return [f"- **{MODELS[i].label}**: {MODELS[i].note} ({MODELS[i].citation})" for i in ids]


def markdown(names: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    rows = [names, ["---"] * len(names), *lines]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows
    )


__all__ = ["grouped", "markdown", "report", "split_words"]
