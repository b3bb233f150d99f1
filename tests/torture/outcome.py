"""What became of the tries of a part: survived, lost, an exception, a message of someone else."""

from __future__ import annotations

import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from core.errors import NeurogalleryError
from core.paths import PROJECT

LIMIT_S = 60.0
# What Python, numpy and the system say of themselves, and no reader should have to.
FOREIGN = re.compile(
    r"\[Errno|Traceback|\b[A-Z]\w*(Error|Exception|Warning)\b|object has no attribute|NoneType"
    r"|requested and \d+ written|not subscriptable|unexpected keyword|required positional"
    r"|unhashable type|unsupported operand|not supported between|could not be broadcast"
    r"|cannot reshape|object is not|indices must be|invalid literal for|could not convert"
    r"|mmap length|buffer size|0x[0-9a-f]{6}"
)


class Lost(Exception):
    """Something is gone, wrong, stale or hangs."""


class _Hangs(BaseException):
    """The time limit of a try has passed."""


@dataclass
class Outcome:
    """The tries of a kind; each is one of survived, lost, exception or foreign message."""

    name: str
    tried: int = 0
    survived: int = 0
    lost: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    note: str = ""

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.exceptions or self.foreign)

    def count(self, verdict: str, what: str = "") -> None:
        """Count a try that was made elsewhere, e.g. in a process of its own."""
        self.tried += 1
        if verdict == "survived":
            self.survived += 1
        else:
            getattr(self, verdict).append(what)

    @contextmanager
    def trying(self, what: str, limit_s: float = LIMIT_S) -> Iterator[None]:
        """Count what the block does as one try; nothing but an interrupt comes out of it."""
        try:
            with time_limit(limit_s):
                yield
        except Lost as error:
            self.count("lost", f"{what}: {error}")
        except _Hangs:
            self.count("lost", f"{what}: no answer within {limit_s:.0f} s")
        except NeurogalleryError as error:
            self.count(*judged(str(error), what))
        except Exception as error:
            self.count("exceptions", f"{what}: {type(error).__name__}: {error} {where(error)}")
        else:
            self.count("survived")

    def add(self, other: Outcome) -> None:
        """Count the tries of another one as well."""
        self.tried += other.tried
        self.survived += other.survived
        for verdict in ("lost", "exceptions", "foreign"):
            getattr(self, verdict).extend(getattr(other, verdict))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def judged(message: str, what: str) -> tuple[str, str]:
    """Whether a message to the reader is the project's own: verdict and description."""
    if FOREIGN.search(message):
        return "foreign", f"{what}: {one_line(message)}"
    return "survived", ""


def where(error: BaseException) -> str:
    """The last lines of the project that an exception went through."""
    frames = traceback.extract_tb(error.__traceback__)
    root, own = str(PROJECT), str(Path(__file__).parent)
    lines = [
        f"{os.path.relpath(frame.filename, root)}:{frame.lineno}"
        for frame in frames
        if frame.filename.startswith((f"{root}/core", f"{root}/pages", f"{root}/app.py"))
        or frame.filename.startswith(own)
    ]
    return "(" + " < ".join(lines[:-4:-1]) + ")"


def one_line(text: str, most: int = 300) -> str:
    return " ".join(text.split())[:most]


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Break off what hangs; of the main thread only, elsewhere there is no limit."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise _Hangs

    former = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
