"""The plan of an ablation: axes, the rows that they make, and replicates of each row."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from core.ablations.settings import BESIDE, Setting, changed, check_path
from core.decoders import Config
from core.decoders.config import SEED, WHATEVER_HEAD
from core.errors import InputError, NeurogalleryError
from core.jobs.request import check_fields, check_names

MOST_DECODERS = 2000
NOT_APPLICABLE = "–"
COUNT_ALWAYS = tuple(f"training.{name}" for name in WHATEVER_HEAD)
Row = tuple[tuple[Any, ...], ...]


class Replicate(NamedTuple):
    """One decoder of an ablation: its row, whose responses, and the seed."""

    row: int
    subject: str
    seed: int


@dataclass(frozen=True)
class Axis:
    """Settings that are varied together, and their values.

    Attributes
    ----------
    label : str
    paths : tuple of str
        See ``settings.changed``.
    values : tuple of tuple of scalars
        Each has one part for each path.

    Raises
    ------
    InputError
        If a path is unknown, there is no value, or a value has other parts or is named twice.
    """

    label: str
    paths: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", tuple(check_names("paths", self.paths)))
        for path in self.paths:
            check_path(path)
        if not isinstance(self.values, list | tuple) or not self.values:
            raise InputError(f"{self.label} has the values {self.values!r}", "one or more")
        values = tuple(map(self._checked, self.values))
        if len(set(values)) < len(values):
            raise InputError(f"{self.label} has a value twice", "each value once")
        object.__setattr__(self, "values", values)

    def _checked(self, value: Any) -> tuple[Any, ...]:
        parts = tuple(value) if isinstance(value, list | tuple) else (value,)
        scalar = all(isinstance(part, str | int | float) for part in parts)
        if len(parts) != len(self.paths) or not scalar:
            raise InputError(f"A value of {self.label} is {value!r}", " and ".join(self.paths))
        return parts

    @classmethod
    def of(cls, setting: Setting, values: tuple[tuple[Any, ...], ...]) -> Axis:
        """The axis of a declared setting."""
        return cls(setting.label, setting.paths, values)


def in_word(value: tuple[Any, ...]) -> str:
    """A value of an axis for the reader, such as '6/4'."""
    return BESIDE.join(f"{p:g}" if isinstance(p, float) else str(p) for p in value) or "every unit"


@dataclass(frozen=True)
class Ablation:
    """Decoders to train: every combination of the axes' values, for each subject and seed.

    Attributes
    ----------
    base : Config
        Whatever no axis varies; its seed and subjects do not count.
    axes : tuple of Axis
    seeds : tuple of int
    subjects : tuple of str
        Each has a decoder of its own; one or more.

    Raises
    ------
    InputError
        If there is no axis, seed or subject, one is named twice, an axis varies what another
        does, or there are more than ``MOST_DECODERS`` decoders.
    """

    base: Config
    axes: tuple[Axis, ...]
    seeds: tuple[int, ...]
    subjects: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", tuple(self.axes))
        object.__setattr__(self, "seeds", tuple(SEED.check(seed) for seed in self.seeds))
        object.__setattr__(self, "subjects", check_names("subjects", self.subjects))
        paths = [path for axis in self.axes for path in axis.paths]
        for name, values in (("setting", paths), ("seed", self.seeds), ("subject", self.subjects)):
            if not values:
                raise InputError(f"The ablation has no {name}", "one or more")
            if len(set(values)) < len(values):
                raise InputError(f"The ablation has a {name} twice", f"each {name} once")
        if self._combinations * self.of_a_row > MOST_DECODERS:
            raise InputError(
                f"The ablation has {self._combinations} rows, {len(self.seeds)} seeds and "
                f"{len(self.subjects)} subjects",
                f"at most {MOST_DECODERS:,} decoders",
            )

    @property
    def _combinations(self) -> int:
        count = 1
        for axis in self.axes:
            count *= len(axis.values)
        return count

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """A value of each axis for each row; rows of the same decoder once, as in closed form."""
        rows: dict[str, Row] = {}
        for row in itertools.product(*(axis.values for axis in self.axes)):
            rows.setdefault(self._decides(row), row)
        return tuple(rows.values())

    def _decides(self, row: Row) -> str:
        try:
            return json.dumps(self._changed(row).settings_that_count(), sort_keys=True)
        except NeurogalleryError:  # it has a row, which says why
            return repr(row)

    def _changed(self, row: Row) -> Config:
        pairs = zip(self.axes, row, strict=True)
        return changed(
            self.base,
            {p: part for axis, value in pairs for p, part in zip(axis.paths, value, strict=True)},
        )

    @cached_property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """Each row for the reader, a word an axis; '–' where it does not count in closed form."""
        return tuple(map(self._words, self.rows))

    def name(self, row: int) -> str:
        """A row in one line, such as '6/4 · 100'."""
        return " · ".join(word for word in self.words[row] if word != NOT_APPLICABLE)

    def _words(self, row: Row) -> tuple[str, ...]:
        try:
            closed = self._changed(row).is_closed_form
        except NeurogalleryError:
            closed = False
        return tuple(
            NOT_APPLICABLE if closed and all(map(_by_gradient, axis.paths)) else in_word(value)
            for axis, value in zip(self.axes, row, strict=True)
        )

    @property
    def of_a_row(self) -> int:
        """Decoders of each row."""
        return len(self.seeds) * len(self.subjects)

    @property
    def replicates(self) -> list[Replicate]:
        """Every decoder; each row has its first before any has its second."""
        return [
            Replicate(row, subject, seed)
            for seed in self.seeds
            for subject in self.subjects
            for row in range(len(self.rows))
        ]

    def config(self, replicate: Replicate) -> Config:
        """The settings of a decoder.

        Raises
        ------
        InputError, NotFoundError
            If the values of its row do not fit one another.
        """
        config = self._changed(self.rows[replicate.row])
        if config.is_closed_form:  # what does not count is as usual, so that pages find the job
            config = replace(config, loss=Config.loss, training=config.whatever_head)
        return replace(config, subjects=(replicate.subject,), seed=replicate.seed)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; ``from_json`` gives the same ablation back."""
        return {
            "base": self.base.to_json(),
            "axes": [
                {"label": a.label, "paths": list(a.paths), "values": [list(v) for v in a.values]}
                for a in self.axes
            ],
            "seeds": list(self.seeds),
            "subjects": list(self.subjects),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Ablation:
        """From JSON values.

        Raises
        ------
        InputError, NotFoundError
            If a field is unknown, absent or does not fit.
        """
        names = ("base", "axes", "seeds", "subjects")
        check_fields("ablation", values, names, names)
        for axis in values["axes"]:
            check_fields("axis of an ablation", axis, *[("label", "paths", "values")] * 2)
        return cls(
            Config.from_json(values["base"]),
            tuple(Axis(**axis) for axis in values["axes"]),
            tuple(values["seeds"]),
            tuple(values["subjects"]),
        )


def _by_gradient(path: str) -> bool:
    return path.partition(".")[0] in ("loss", "training") and path not in COUNT_ALWAYS
