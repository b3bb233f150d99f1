"""Errors that say what was found, what was expected and what to do."""

from __future__ import annotations

from collections.abc import Iterable


class NeurogalleryError(Exception):
    """Base of every error that a page or the command line shows as one message.

    Parameters
    ----------
    problem : str
        What was found, naming the file, row or value.
    expected : str, optional
        What was expected instead.
    remedy : str, optional
        What the reader can do about it.
    choices : iterable of str, optional
        The valid values, where there is a list of them.
    """

    def __init__(
        self, problem: str, expected: str = "", remedy: str = "", choices: Iterable[str] = ()
    ) -> None:
        self.problem = problem
        self.expected = expected
        self.remedy = remedy
        self.choices = tuple(choices)
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [self.problem]
        if self.expected:
            parts.append(f"Expected {self.expected}")
        if self.remedy:
            parts.append(self.remedy)
        if self.choices:
            parts.append("Choices: " + ", ".join(self.choices))
        return " ".join(part if part.endswith((".", "?", "!")) else part + "." for part in parts)


class InputError(NeurogalleryError, ValueError):
    """A value or array does not fit what the function takes."""


class NotFoundError(NeurogalleryError, LookupError):
    """A name, file or part of a recording does not exist."""


class CorruptDataError(NeurogalleryError):
    """A file exists but does not hold what its layout promises."""


class DamagedResultError(CorruptDataError):
    """A stored result is not what was saved; ``key`` is what it can be deleted by."""

    def __init__(self, key: str, problem: str, expected: str = "", remedy: str = "") -> None:
        super().__init__(problem, expected, remedy)
        self.key = key


class Cancelled(Exception):
    """A long computation was asked to stop; raised from its progress callback."""
