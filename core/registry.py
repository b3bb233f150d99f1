"""Registries: a method or dataset is declared once and found by its id."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Generic, TypeVar

from core.errors import InputError, NotFoundError

T = TypeVar("T")

TYPES = {bool: "True or False", int: "a whole number", float: "a number", str: "text"}
WORDS = {"true": True, "false": False}


@dataclass(frozen=True)
class Parameter:
    """One declared option; pages build its widget, loaders check its value.

    Attributes
    ----------
    name, label, help : str
        Keyword of the function, text of the widget, one explaining sentence.
    default : Any
        Value used when none is given; its type is the parameter's type.
    minimum, maximum : float, optional
        Inclusive range of a number.
    choices : tuple, optional
        The valid values of a choice; where the default is a tuple, any of them together.
    """

    name: str
    label: str
    default: Any
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()

    @property
    def several(self) -> bool:
        """Whether the value is a tuple of choices."""
        return isinstance(self.default, tuple)

    def check(self, value: Any) -> Any:
        """Return the value in the parameter's type, or raise InputError.

        Text may say it, and 2.0 is a whole number; 2.7 is none, and True is no number.
        """
        if self.several:
            return self._check_several(value)
        kind = type(self.default)
        same = _exactly(value, kind)
        if same is None:
            choices = map(str, self.choices)
            raise InputError(f"{self.name} is {value!r}", TYPES[kind], choices=choices)
        value = same
        if self.choices and value not in self.choices:
            raise InputError(f"{self.name} is {value!r}", choices=map(str, self.choices))
        above = self.minimum is None or value >= self.minimum
        below = self.maximum is None or value <= self.maximum
        if not (above and below):
            raise InputError(
                f"{self.name} is {value!r}", f"a value from {self.minimum} to {self.maximum}"
            )
        return value

    def _check_several(self, value: Any) -> tuple[Any, ...]:
        """Choices named in a sequence or separated by commas, in the order declared."""
        if not isinstance(value, str | list | tuple | set):
            raise InputError(f"{self.name} is {value!r}", "names separated by commas")
        parts = value.split(",") if isinstance(value, str) else value
        named = [part.strip() if isinstance(part, str) else part for part in parts]
        named = [part for part in named if part != ""]
        unknown = [name for name in named if name not in self.choices]
        if unknown or not named:
            raise InputError(
                f"{self.name} is {unknown[0]!r}" if unknown else f"{self.name} is empty",
                "one or more of the choices",
                choices=map(str, self.choices),
            )
        return tuple(choice for choice in self.choices if choice in named)


def _exactly(value: Any, kind: type) -> Any:
    """The same value in another type, None where it would be another value there."""
    if kind is bool and isinstance(value, str):
        return WORDS.get(value.lower())
    if isinstance(value, bool) != (kind is bool) or not isinstance(value, str | Real):
        return None
    try:
        converted = kind(value)
    except (ValueError, OverflowError):
        return None
    return converted if isinstance(value, str) or converted == value else None


def check_given(
    owner: str, declared: Sequence[Parameter], values: Mapping[str, Any], what: str = "parameter"
) -> dict[str, Any]:
    """Give every declared parameter its checked value, the default where none was given.

    Raises
    ------
    InputError
        If a name is not declared or a value is out of range; ``owner`` and ``what`` name them.
    """
    known = {parameter.name: parameter for parameter in declared}
    for name in values:
        if name not in known:
            raise InputError(f"{owner} has no {what} {name!r}", choices=known or ["none"])
    return {name: item.check(values.get(name, item.default)) for name, item in known.items()}


def renamed(**former: str) -> Callable[[type[T]], type[T]]:
    """Decorate a class whose keywords had other names in former versions.

    A plug-in that was written against those is told in one line what to change.

    Parameters
    ----------
    **former : str
        The name of today for each former one.
    """

    def decorate(cls: type[T]) -> type[T]:
        plain = cls.__init__

        @functools.wraps(plain)
        def __init__(self: T, *args: Any, **values: Any) -> None:
            for name in values:
                if name in former:
                    raise InputError(
                        f"{cls.__name__} has no {name!r}", f"its name of today, {former[name]!r}"
                    )
            plain(self, *args, **values)

        cls.__init__ = __init__  # type: ignore[assignment, method-assign]
        return cls

    return decorate


class Registry(Generic[T]):
    """Entries of one kind, in the order of their registration."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}
        self._former: dict[str, str] = {}

    def register(self, name: str, entry: T, former: str = "") -> T:
        """Add an entry.

        Parameters
        ----------
        name : str
            Its id.
        entry : T
        former : str, optional
            An id that it had before, by which addresses and stored results may still name
            it: it finds the entry, and is not listed.
        """
        for id_ in filter(None, (name, former)):
            if id_ in self._entries or id_ in self._former:
                raise InputError(f"the {self.kind} {id_!r} is registered twice", "one entry per id")
        self._entries[name] = entry
        if former:
            self._former[former] = name
        return entry

    def canonical(self, name: str) -> str:
        """The id of today for a former one; any other name as it is."""
        return self._former.get(name, name)

    def __getitem__(self, name: str) -> T:
        name = self.canonical(name)
        if name not in self._entries:
            raise NotFoundError(f"There is no {self.kind} {name!r}", choices=self._entries)
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries or name in self._former

    def values(self) -> list[T]:
        return list(self._entries.values())


def discover(
    package: str, path: Iterable[str], first: Sequence[str] = (), last: Sequence[str] = ()
) -> None:
    """Import every module of a folder of plug-ins, each of which registers itself.

    Such a folder holds plug-ins only; the ``__init__`` calls this, so that a further plug-in
    is one further file.

    Parameters
    ----------
    package : str
        ``__name__`` of the package.
    path : iterable of str
        ``__path__`` of the package.
    first, last : sequence of str
        Modules to import before and after the others, which come by name: entries are
        listed in the order in which they register.

    Raises
    ------
    ModuleNotFoundError
        If one of ``first`` and ``last`` does not exist.
    """
    others = {module.name for module in pkgutil.iter_modules(path)} - {*first, *last}
    for name in (*first, *sorted(others), *last):
        importlib.import_module(f"{package}.{name}")
