"""What a job is asked for: a frozen dataclass for each operation, and JSON in its folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Self

from core.errors import InputError
from core.registry import Parameter
from core.words import lasting

SEED = Parameter("seed", "Seed", 0, minimum=0, maximum=2**32 - 1)


class Request(ABC):
    """What is asked of an operation; a frozen dataclass in the ``job.py`` of its package.

    Attributes
    ----------
    operation : str
        Id in ``core.operations.OPERATIONS``.
    """

    operation: ClassVar[str]

    @property
    @abstractmethod
    def label(self) -> str:
        """What the work is, for a button and for the reader."""

    @property
    def seconds(self) -> float | None:
        """About how long it takes on one core; None where that is not known."""
        return None

    @property
    def offer(self) -> str:
        """Text of a button that starts it: what the work is, and how long it takes."""
        return self.label if self.seconds is None else f"{self.label}, {lasting(self.seconds)}"

    @abstractmethod
    def key(self) -> str | None:
        """Key of the result in the store; None where only the job that has ended knows it."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """As JSON values, whose hash is the id of the job: the same content, the same values."""

    @classmethod
    @abstractmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """From JSON values, those of jobs written by earlier versions too.

        Raises
        ------
        InputError, NotFoundError
            If a field is unknown, absent or of another type, or names what does not exist.
        """

    def device(self) -> str:
        """What the job occupies, 'cpu' or 'cuda:N'; called when it is submitted."""
        return "cpu"


def check_fields(
    operation: str, values: Any, known: Collection[str], required: Collection[str] = ()
) -> None:
    """Raise InputError for values that are no mapping, lack a field or have an unknown one."""
    check_mapping(f"The request of {operation!r}", values)
    for name in required:
        if values.get(name) is None:
            raise InputError(f"The request of {operation!r} has no {name!r}", "a value for it")
    for name in values:
        if name not in known:
            raise InputError(f"The request of {operation!r} has a field {name!r}", choices=known)


def check_mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Give the value, or raise InputError unless it maps names to values."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InputError(f"{name} is {value!r}", "values by name")
    return value


def check_names(name: str, value: Any) -> tuple[str, ...]:
    """Give a list of names as a tuple; a single name is a list of one."""
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(each, str) for each in names):
        raise InputError(f"{name} is {value!r}", "a list of names")
    return tuple(names)
