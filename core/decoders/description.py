"""What is stored of a decoder beside its arrays, every field checked before anything uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from core import splits
from core.decoders.config import Config
from core.decoders.head import Shape
from core.decoders.scoring.audits import completed
from core.decoders.scoring.effects import Effect
from core.errors import CorruptDataError

STATE = "state."
NUMBER = (int, float)
# Fields by name, with what each may be; those marked so may be absent.
FINDING = {"id": str, "level": str, "title": str, "message": str, "checked": bool, "count": int}
EPOCH = {
    "epoch": int,
    "training": NUMBER,
    "validation": NUMBER,
    "two_way": NUMBER,
    "learning_rate": NUMBER,
    "seconds": NUMBER,
}
TRAINED = {"stopped": str, "device": str, "seconds": NUMBER, "parameters": int}
OF_SOME = {
    "best_epoch": int,
    "epochs": int,
    "validation": NUMBER,
    "two_way": NUMBER,
    "alpha": NUMBER,
    "shrinkage": NUMBER,
    "compared": dict,
    "baseline": bool,
}
SOURCE = {"file": str, "date": str, "key": str}


@dataclass(frozen=True)
class Description:
    """What a decoder is, of checked types; see ``runs.Run``.

    Attributes
    ----------
    config, shape, curve, audit, facts, partial
        As in ``runs.Run``.
    imported : mapping
        ``file``, ``date`` and the ``key`` that it had, of one that was imported; else empty.
    title, session : str
        Of the recording, and whose job trained it; '' where that is not known.
    """

    config: Config
    shape: Shape
    curve: list[dict[str, Any]]
    audit: list[dict[str, Any]]
    facts: dict[str, Any]
    partial: bool
    imported: Mapping[str, str]
    title: str = ""
    session: str = ""


def check_description(
    stored: Mapping[str, Any], arrays: Mapping[str, tuple[str, Sequence[int]]]
) -> Description:
    """Check what ``runs.describe`` gave, and that the arrays are those of such a decoder.

    Parameters
    ----------
    stored : mapping
        JSON values.
    arrays : mapping of str to (str, sequence of int)
        dtype, as numpy writes it, and shape of every array by name.

    Raises
    ------
    CorruptDataError
        If a field is absent, unknown or of another type, or an array of another shape.
    InputError, NotFoundError
        If the settings do not fit together, or name a head, a loss, a split or an encoder that
        is not there.
    """
    _check(stored, {"config": dict, "shape": dict, "partial": bool}, "The description")
    _check(stored, {"curve": list, "audit": list, "about": dict}, "The description")
    texts = {name: stored.get(name, "") for name in ("title", "session")}
    _check(texts, dict.fromkeys(texts, str), "The description")
    config, shape = Config.from_json(stored["config"]), _shape(stored["shape"])
    if shape.subjects != max(1, len(config.subjects)):
        raise CorruptDataError(f"The decoder is of {shape.subjects} subjects", "those it names")
    check_curve(stored["curve"])
    for finding in stored["audit"]:
        _check_finding(finding)
    facts = dict(stored["about"])
    if "weights" in facts:  # what version 0.1 called the number of parameters
        facts["parameters"] = facts.pop("weights")
    _check(facts, TRAINED, "What is known of the training")
    _check(facts, {name: OF_SOME[name] for name in facts if name in OF_SOME}, "The training")
    compared = facts.get("compared", {})
    _check(compared, dict.fromkeys(compared, int), "The rows compared")
    imported = stored.get("imported", {})
    if imported != {}:
        _check(imported, SOURCE, "The source of the import")
    _check_arrays(shape, arrays)
    return Description(
        config,
        shape,
        stored["curve"],
        completed(stored["audit"]),
        facts,
        stored["partial"],
        imported,
        **texts,
    )


def check_curve(stored: Any) -> list[dict[str, Any]]:
    """The epochs of a curve, each with its losses; raises CorruptDataError."""
    if not isinstance(stored, list):
        raise CorruptDataError(f"The curve is {_shown(stored)}", "a list of epochs")
    for number, row in enumerate(stored, 1):
        _check(row, EPOCH, f"Epoch {number} of the curve")
    return stored


def _check(values: Any, kinds: Mapping[str, Any], what: str) -> None:
    """Raise CorruptDataError unless a mapping has fields of exactly these types."""
    if not isinstance(values, Mapping):
        raise CorruptDataError(f"{what} is {_shown(values)}", "fields with their values")
    for name, kind in kinds.items():
        if name not in values:
            raise CorruptDataError(f"{what} has no {name!r}")
        if type(values[name]) not in (kind if isinstance(kind, tuple) else (kind,)):
            raise CorruptDataError(f"{what} has the {name} {_shown(values[name])}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 40 else f"{text[:40]} …"


def _shape(stored: Mapping[str, Any]) -> Shape:
    _check(stored, {"units": int, "subjects": int, "outputs": int, "groups": list}, "The shape")
    textual = {"texts": stored.get("texts", 0)}  # former versions had none
    _check(textual, {"texts": int}, "The shape")
    groups = stored["groups"]
    for group in groups:
        if not (isinstance(group, list) and [type(edge) for edge in group] == [int, int]):
            raise CorruptDataError(f"The shape has the group {_shown(group)}")
    pairs = tuple((start, stop) for start, stop in groups)
    return Shape(stored["units"], pairs, stored["subjects"], stored["outputs"], **textual)


def _check_finding(finding: Any) -> None:
    _check(finding, FINDING, "A finding of the audit")
    if finding["level"] not in splits.LEVELS:
        raise CorruptDataError(
            f"The audit has the level {_shown(finding['level'])}", choices=splits.LEVELS
        )
    effect = finding.get("effect")
    if effect not in (None, {}):
        kinds = {each.name: (str if each.type == "str" else NUMBER) for each in fields(Effect)}
        _check(effect, kinds, "The effect of a finding")
        if set(effect) != set(kinds):
            raise CorruptDataError(f"The effect of a finding has {_shown(sorted(effect))}")


def _check_arrays(shape: Shape, arrays: Mapping[str, tuple[str, Sequence[int]]]) -> None:
    columns = (shape.subjects, shape.units)
    expected = {"mean": columns, "deviation": columns, "centre": (shape.outputs,)}
    for name, sizes in expected.items():
        if name not in arrays:
            raise CorruptDataError(f"There is no array {name!r}")
        dtype, stored = arrays[name]
        if dtype[1:2] != "f" or tuple(stored) != sizes:
            raise CorruptDataError(
                f"The array {name!r} is {dtype} {tuple(stored)}", f"floats {sizes}"
            )
    others = [name for name in arrays if name not in expected]
    odd = [
        name for name in others if not name.startswith(STATE) or arrays[name][0][1:2] not in "fiub"
    ]
    if odd or not others:
        raise CorruptDataError(f"It has the array {odd[0]!r}" if odd else "There are no weights")
