"""Stored scores of decoders, and what they come to; nothing here imports torch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from core import store
from core.encoders.prompt import PROMPT
from core.errors import CorruptDataError
from core.scores.differences import CERTAIN, outcome
from core.scores.differences import COLUMNS as DIFFERENCE
from core.words import counted

VERSION, RESAMPLES = 7, 1000
MOST_KEYS = 10_000
ATTRIBUTES = ("badge", "note")
NUMBERS = (
    "value",
    "chance",
    "low",
    "high",
    "p",
    "n",
    "images",
    "categories",
    "candidates",
    *DIFFERENCE,
)
PROTOTYPES = ("images", "names", "both")
# What version 0.1 called it, in tables and keys of the store and on the command line.
SINGULAR = {"images": "image", "categories": "category", "subjects": "subject"}
FORMER = {"images": "pictures", "parameters": "weights"}
CURRENT = {former: name for name, former in FORMER.items()}
PROTOCOLS = {"averaged repeats": "mean", "single trials": "all"}
OPERATION, PROMPTED = "scores", "prompted_scores"
RETRIEVED, RETRIEVED_VERSION = "retrieved", 1
RANKS = ("median-rank",)
COMPARED = ("two-way", "top-1")
BASELINE = " (baseline)"
# Controls: from pixels to the target without a response, and from responses to pixels.
PIXELS_ALONE, PIXELS_DECODED = "pixels alone (control)", "ridge to pixels (control)"
TWO_WAY, WITHIN = "two-way", "two-way within category"


@lru_cache(maxsize=MOST_KEYS)
def table_key(
    run_key: str, prototypes: str = "images", prompts: tuple[str, ...] = (PROMPT,)
) -> str:
    """Key of the scores of a decoder in the store; images as prototypes have no prompts."""
    kind = FORMER.get(prototypes, prototypes)
    parameters: dict[str, Any] = {"run": run_key, "prototypes": kind, "resamples": RESAMPLES}
    operation = OPERATION
    if is_prompted(prototypes, prompts):
        parameters["prompts"] = list(prompts)
        operation = PROMPTED
    return store.key(operation, store.fingerprint(run_key), parameters, seed=0, version=VERSION)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of scores as JSON values, None where there is no number."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def retrieved_key(run_key: str) -> str:
    """Key of the images that a decoder retrieves for its test set."""
    return store.key(RETRIEVED, store.fingerprint(run_key), {}, seed=0, version=RETRIEVED_VERSION)


def is_prompted(prototypes: str, prompts: tuple[str, ...]) -> bool:
    """Whether scores depend on prompts other than the usual one."""
    return prototypes != "images" and prompts != (PROMPT,)


def save_table(
    table: pd.DataFrame, run_key: str, prototypes: str, prompts: tuple[str, ...] = (PROMPT,)
) -> str:
    """Keep scores in the store; gives their key."""
    key = table_key(run_key, prototypes, prompts)
    attributes = {name: table.attrs.get(name, "") for name in ATTRIBUTES}
    store.save(key, {}, {"run": run_key, "table": as_json(table), **attributes})
    return key


def as_json(table: pd.DataFrame) -> dict[str, Any]:
    """A table of scores as JSON values, None where there is no number."""
    columns = table.astype(object).where(table.notna(), None).to_dict("list")
    return {str(name): values for name, values in columns.items()}


def from_json(columns: dict[str, Any]) -> pd.DataFrame:
    """The table that ``as_json`` was given, in the words of this version."""
    table = pd.DataFrame(columns).rename(columns=CURRENT)
    named = [name for name in ("permuted", "resampled", "over") if name in table]
    return table.replace(dict.fromkeys(named, CURRENT))


def forget_tables(run_key: str) -> None:
    """Remove what is stored of a decoder whose parameters are about to change."""
    for prototypes in PROTOTYPES:
        store.supersede(table_key(run_key, prototypes))
    store.supersede(retrieved_key(run_key))
    # Their keys do not follow from that of the decoder.
    for key in store.written(PROMPTED):
        with suppress(CorruptDataError):  # nobody knows of which decoder
            if store.entry(key).facts.get("run") == run_key:
                store.supersede(key)


def load_table(
    run_key: str, prototypes: str = "images", prompts: tuple[str, ...] = (PROMPT,)
) -> pd.DataFrame | None:
    """Scores of a decoder and its baselines, as ``evaluate`` gives them; None if not stored."""
    key = table_key(run_key, prototypes, prompts)
    # One of the user's own may have other parameters than the example with its settings.
    if store.is_own(run_key) and not store.is_own(key):
        return None
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        table = _parsed(json.dumps(result.facts["table"])).copy()
        table.attrs |= {name: result.facts.get(name, "") for name in ATTRIBUTES}
        return table


@lru_cache(maxsize=64)
def _parsed(rows: str) -> pd.DataFrame:
    """A table from its JSON, made once: pages show the same few again and again."""
    table = from_json(json.loads(rows))
    _check_numbers(table)
    return table


def _check_numbers(table: pd.DataFrame) -> None:
    """Raise CorruptDataError where a stored score is no number."""
    for name in set(NUMBERS).intersection(table):
        if table[name].dtype.kind not in "iuf":  # else one that holds None beside numbers
            odd = [value for value in table[name] if type(value) not in (int, float, type(None))]
            if odd:
                raise CorruptDataError(f"A score is no number: {name} is {odd[0]!r}")


def stamps(examples: Iterable[str] = ()) -> dict[str, tuple[int, int]]:
    """Keys of own decoders and of examples, each with when it and its scores were written.

    Nanoseconds, 0 where there are no scores. No file is opened, so that a page can ask at
    every rerun what has changed.
    """
    scores = store.written_ready(OPERATION) | store.written(OPERATION)
    ready = store.written_ready("decoder")
    decoders = {key: ready[key] for key in examples} | store.written("decoder")
    return {key: (at, scores.get(table_key(key), 0)) for key, at in decoders.items()}


def worded(measure: str, value: float | None) -> str:
    """A score for the reader: a rank, or a share in per cent."""
    if value is None or pd.isna(value):
        return "–"
    return f"{value:.1f}" if measure in RANKS else f"{value:.1%}"


def baseline_of(head: str) -> str:
    """'ridge' of 'ridge, S1 (baseline)', the baseline of one of several subjects."""
    return head.removesuffix(BASELINE).split(", ", maxsplit=1)[0]


@dataclass(frozen=True)
class BaselineVerdict:
    """A decoder beside a baseline on the same images.

    Attributes
    ----------
    baseline : str
    value : float
        Of the baseline: the mean where each of ``subjects`` has one of its own.
    difference, low, high, p : float
        The decoder's score less the baseline's; interval and p are corrected over the baselines.
    subjects : int
    """

    baseline: str
    value: float
    difference: float
    low: float
    high: float
    p: float
    subjects: int = 1

    @property
    def outcome(self) -> str:
        """'better', 'worse' or 'no difference seen'."""
        return outcome(self.difference, self.p)


@dataclass(frozen=True)
class Verdict:
    """A score of a decoder beside chance and the baselines.

    Attributes
    ----------
    measure : str
    value, low, high, p : float
        Of the decoder, with the 95 % interval.
    permuted, resampled : str
        What p and the interval are over, such as '20 categories'.
    baselines : tuple of BaselineVerdict
        The best first.
    """

    measure: str
    value: float
    low: float
    high: float
    p: float
    permuted: str
    resampled: str
    baselines: tuple[BaselineVerdict, ...] = ()

    @property
    def is_above_chance(self) -> bool:
        return self.p <= CERTAIN

    @property
    def standing(self) -> str:
        """'better' than every baseline, 'worse' than one, or 'no difference seen'."""
        outcomes = {baseline.outcome for baseline in self.baselines}
        if outcomes == {"better"}:
            return "better"
        return "worse" if "worse" in outcomes else "no difference seen"


def verdicts(table: pd.DataFrame, head: str, protocol: str) -> list[Verdict]:
    """Two-way and top-1 of a decoder, each beside every baseline.

    The same images are scored with both, and their difference is tested; no baseline is
    chosen, so that of equal decoders 5 % are called better or worse than any.

    Parameters
    ----------
    table : pd.DataFrame
        From ``evaluate``.
    head : str
        Of the decoder. Its baselines end in ' (baseline)'; those of several subjects are
        named as 'ridge, S1 (baseline)', and stand for their mean.
    protocol : str
        A key of ``PROTOCOLS``.
    """
    part = table[table["protocol"] == protocol]
    own = part[part["head"] == head]
    baselines = part[part["head"].str.endswith(BASELINE)]
    return [
        _verdict(row, baselines[baselines["measure"] == measure])
        for measure in COMPARED
        for row in own[own["measure"] == measure].to_dict("records")
    ]


def beyond_pixels(table: pd.DataFrame, head: str) -> str:
    """What pixels alone reach beside a decoder, in sentences; '' where it is not known."""
    part = table[table["protocol"] == next(iter(PROTOCOLS))]
    shown = {
        (row["head"], row["measure"]): "{} ({} to {})".format(
            *(worded(row["measure"], row[name]) for name in ("value", "low", "high"))
        )
        for row in part.to_dict("records")
    }
    own, alone = shown.get((head, TWO_WAY)), shown.get((PIXELS_ALONE, TWO_WAY))
    if own is None or alone is None:
        return ""
    sentences = [
        f"Pixels alone, without any response, reach two-way {alone} on these test images by "
        f"whitened ridge, the decoder {own}: images are partly recognisable by low-level features "
        "alone, also where their categories were never trained."
    ]
    own, alone = shown.get((head, WITHIN)), shown.get((PIXELS_ALONE, WITHIN))
    if own is not None and alone is not None:
        sentences.append(
            f"Among images of the own category pixels reach {alone}, the decoder {own}."
        )
    decoded = shown.get((PIXELS_DECODED, TWO_WAY))
    if decoded is not None:
        sentences.append(f"The responses carry the pixels: decoded by ridge they reach {decoded}.")
    return " ".join(sentences)


def over(row: Mapping[Any, Any] | pd.Series, column: str) -> str:
    """What p ('permuted') or the interval ('resampled') of a row is over, as '20 categories'.

    Images are said to be taken as independent, for nothing is known about what they share.
    """
    unit = row[column]
    independent = " taken as independent" if unit == "images" and column == "resampled" else ""
    return counted(row[unit], SINGULAR.get(unit, unit), unit) + independent


def _verdict(own: dict[Any, Any], baselines: pd.DataFrame) -> Verdict:
    value, low, high, p = (float(own[name]) for name in ("value", "low", "high", "p"))
    against = []
    if "difference" in baselines:
        for name, rows in baselines.groupby(baselines["head"].map(baseline_of)):
            apart, least, most, own_p = (float(rows[column].iloc[0]) for column in DIFFERENCE)
            mean = float(rows["value"].astype(float).mean())
            each = BaselineVerdict(str(name), mean, apart, least, most, own_p, len(rows))
            against.append(each)
    against.sort(key=lambda each: -each.value)
    units = (over(own, "permuted"), over(own, "resampled"))
    return Verdict(own["measure"], value, low, high, p, *units, tuple(against))
