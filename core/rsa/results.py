"""What a comparison of RDMs tells, and how it lies in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from string import ascii_lowercase
from typing import Any

import numpy as np

from core.rdm import RepeatCeiling
from core.rsa.arrangement import Dendrogram, RdmMap
from core.rsa.bank import RdmSet
from core.rsa.ceilings import SubjectCeiling
from core.rsa.inference import Evaluation, ModelDifference, ModelPerformance
from core.rsa.sources import RdmSource

LEVEL = 0.05


@dataclass(frozen=True)
class BrainResult:
    """Models beside one part of the brain.

    Attributes
    ----------
    brain : RdmSource
        Without a subject.
    evaluation : Evaluation
    mantel, mantel_corrected : dict of str to float
        One-sided p by model, of permuted stimuli against the mean RDM of the subjects.
    halves : RepeatCeiling or None
        Split-half ceiling of the first subject, where it is alone and its trials repeat.
    folds : str
        What served as halves.
    """

    brain: RdmSource
    evaluation: Evaluation
    mantel: Mapping[str, float]
    mantel_corrected: Mapping[str, float]
    halves: RepeatCeiling | None = None
    folds: str = ""


@dataclass(frozen=True)
class RsaResult:
    """A comparison: the RDMs, the models beside each part of the brain, all against all.

    Attributes
    ----------
    gathered : RdmSet
    parts : tuple of BrainResult
    names : tuple of str
        What is arranged: each part of the brain as the mean of its subjects, then models.
    similarities : np.ndarray of shape (k, k)
        Of every two of them.
    arranged : RdmMap or None
        Their map and tree; None with fewer than three.
    notes : tuple of str
    """

    gathered: RdmSet
    parts: tuple[BrainResult, ...]
    names: tuple[str, ...]
    similarities: np.ndarray
    arranged: RdmMap | None
    notes: tuple[str, ...]

    def vector(self, name: str) -> np.ndarray:
        """The RDM of a name: of a model, or the mean over the subjects of a part of the brain."""
        return mean_of(self.gathered, name)


def mean_of(gathered: RdmSet, label: str) -> np.ndarray:
    """Mean of the RDMs of one label, those of all subjects. (pairs,)"""
    places = [n for n, source in enumerate(gathered.sources) if source.name_shown == label]
    return np.asarray(gathered.vectors[places].mean(axis=0))


def letters(names: Sequence[str], differences: Sequence[ModelDifference]) -> dict[str, str]:
    """Compact letters: two models that share one do not differ, by the corrected p.

    Parameters
    ----------
    names : sequence of str
        Models in the order in which letters are given, such as the best first.
    differences : sequence of ModelDifference
        Of every two of them.

    Source: the insert-and-absorb algorithm of Piepho (2004), J. Comput. Graph. Stat. 13:456-466.
    """
    groups = [set(names)]
    for each in differences:
        if each.p_corrected >= LEVEL or np.isnan(each.p_corrected):
            continue
        divided = [group for group in groups if {each.first, each.second} <= group]
        groups = [group for group in groups if group not in divided]
        for group in divided:
            for part in (group - {each.first}, group - {each.second}):
                if not any(part <= other for other in groups):
                    groups = [other for other in groups if not other <= part] + [part]
    place = {name: number for number, name in enumerate(names)}
    groups.sort(key=lambda group: sorted(place[name] for name in group))
    signs = dict(enumerate(ascii_lowercase))
    return {
        name: "".join(signs.get(k, "*") for k, group in enumerate(groups) if name in group)
        for name in names
    }


def as_facts(result: RsaResult) -> dict[str, Any]:
    """All but the RDMs, as JSON values; ``from_facts`` reads them."""
    return {
        "parts": [_part_facts(part) for part in result.parts],
        "names": list(result.names),
        "similarities": _plain(result.similarities),
        "arranged": _plain(result.arranged),
        "notes": list(result.notes),
    }


def from_facts(facts: Mapping[str, Any], gathered: RdmSet) -> RsaResult:
    """The comparison that ``as_facts`` tells of."""
    return RsaResult(
        gathered,
        tuple(map(_part_of, facts["parts"])),
        tuple(facts["names"]),
        _number(facts["similarities"]),
        None if facts["arranged"] is None else _map_of(facts["arranged"]),
        tuple(facts["notes"]),
    )


def _part_facts(part: BrainResult) -> dict[str, Any]:
    return {
        "brain": part.brain.to_json(),
        "evaluation": _plain(
            {field.name: getattr(part.evaluation, field.name) for field in fields(Evaluation)}
        ),
        "mantel": _plain(part.mantel),
        "mantel_corrected": _plain(part.mantel_corrected),
        "halves": None if part.halves is None else _plain(part.halves._asdict()),
        "folds": part.folds,
    }


def _plain(value: Any) -> Any:
    """As JSON values: arrays and tuples as lists, classes by field, NaN as None."""
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value


def _number(value: Any) -> Any:
    """What ``_plain`` wrote: None is NaN, lists are arrays."""
    if value is None:
        return float("nan")
    return np.array([_number(part) for part in value]) if isinstance(value, list) else value


def _part_of(facts: Mapping[str, Any]) -> BrainResult:
    values = facts["evaluation"]
    ceiling = values["ceiling"]
    evaluation = Evaluation(
        **{
            **values,
            "chance": _number(values["chance"]),
            "models": tuple(_performance_of(model) for model in values["models"]),
            "differences": tuple(
                ModelDifference(**{name: _number(value) for name, value in each.items()})
                for each in values["differences"]
            ),
            "ceiling": None if ceiling is None else _ceiling_of(ceiling),
            "notes": tuple(values["notes"]),
        }
    )
    halves = facts["halves"]
    mantel, corrected = (
        {name: _number(p) for name, p in facts[key].items()}
        for key in ("mantel", "mantel_corrected")
    )
    return BrainResult(
        RdmSource.from_json(facts["brain"]),
        evaluation,
        mantel,
        corrected,
        None if halves is None else RepeatCeiling(**halves),
        facts["folds"],
    )


def _performance_of(values: Mapping[str, Any]) -> ModelPerformance:
    weights = {name: _number(weight) for name, weight in values["weights"].items()}
    numbers = {name: _number(value) for name, value in values.items() if name != "weights"}
    return ModelPerformance(**numbers, weights=weights)


def _ceiling_of(values: Mapping[str, Any]) -> SubjectCeiling:
    ceiling = {name: _number(value) for name, value in values.items()}
    for name in ("lower_interval", "upper_interval"):
        ceiling[name] = tuple(ceiling[name].tolist())
    return SubjectCeiling(**ceiling)


def _map_of(values: Mapping[str, Any]) -> RdmMap:
    tree = values["dendrogram"]
    arrays = {name: _number(value) for name, value in values.items() if name != "dendrogram"}
    dendrogram = Dendrogram(**{name: _number(value) for name, value in tree.items()})
    return RdmMap(**arrays, dendrogram=dendrogram)
