"""Names of ROIs that a release saved as a pickled dict: read without unpickling anything.

``numpy.save`` writes a dict as an object array, whose content is a pickle, and loading a pickle
can run any code. Here its instructions are followed by a reader of our own, which knows those
that a dict of int and str needs, builds plain Python values, and calls nothing.
"""

from __future__ import annotations

import io
import pickletools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from core.errors import CorruptDataError, NotFoundError
from core.store.stamps import enter
from core.validation import NPY_ERRORS

# A map of the 360 areas of a cortex takes some 10,000.
MOST_BYTES = 200_000
EXPECTED = "a dict of int to str, saved with numpy.save"
# What a damaged header, or a pickle whose instructions do not fit together, raises.
ERRORS = (*NPY_ERRORS, TypeError, IndexError, KeyError, AttributeError, RecursionError)
NUMBER, TEXT = re.compile(r"([iu])[1248]"), re.compile(r"U\d{1,5}")
ADMITTED = {
    ("numpy._core.multiarray", "_reconstruct"): "array",
    ("numpy.core.multiarray", "_reconstruct"): "array",
    ("numpy._core.multiarray", "scalar"): "scalar",
    ("numpy.core.multiarray", "scalar"): "scalar",
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
}


class _Named(NamedTuple):
    """A function or class that the pickle names; it is never looked up."""

    role: str


class _Built:
    """What such a function would build: its role, arguments and state, as they stand there."""

    def __init__(self, role: str, arguments: tuple[Any, ...]) -> None:
        self.role, self.arguments = role, arguments
        self.state: tuple[Any, ...] = ()


def read_name_map(path: Path) -> dict[int, str]:
    """Read the ``.npy`` file of a dict of numbers to names, as Algonauts 2023 has them.

    Raises
    ------
    NotFoundError
        If there is no such file.
    CorruptDataError
        If it holds anything else, names a function or class, or is damaged.
    """
    enter(path)
    if not path.is_file():
        raise NotFoundError(f"There is no {path.name} in {path.parent}", EXPECTED)
    with open(path, "rb") as file:
        content = file.read(MOST_BYTES + 1)
    try:
        if len(content) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES:,} bytes")
        return _names(_Machine(_pickled(content)).run())
    except ERRORS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CorruptDataError(
            f"{path.name} could not be read as a map of names ({reason})",
            EXPECTED,
            "Nothing of it was run. Download it again from its release.",
        ) from None


def _pickled(content: bytes) -> bytes:
    """What follows the header of a 0-dimensional object array."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if shape != () or dtype != np.dtype(object):
        raise ValueError(f"it holds {dtype} of the shape {shape}")
    return file.read()


def _names(array: Any) -> dict[int, str]:
    if not isinstance(array, _Built) or array.role != "array":
        raise ValueError("the pickle is no array")
    (names,) = array.state[-1]
    if not isinstance(names, dict):
        raise ValueError(f"it holds a {type(names).__name__}")
    for number, name in names.items():
        if type(number) is not int or not isinstance(name, str):
            kinds = f"{type(number).__name__} to {type(name).__name__}"
            raise ValueError(f"it holds a dict of {kinds}")
    return {number: name.strip() for number, name in names.items()}


class _Machine:
    """Follows the instructions of a pickle; unknown ones raise ValueError."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        for instruction, argument, _ in pickletools.genops(self._content):
            name = instruction.name
            if name == "STOP":
                return self.pop()
            if name in VALUES:
                self._stack.append(argument)
            elif name in CONSTANTS:
                self._stack.append(CONSTANTS[name]())
            elif name in STEPS:
                STEPS[name](self, argument)
            elif name not in ("PROTO", "FRAME"):
                raise ValueError(f"the instruction {name} is not of a dict of names")
        raise ValueError("the pickle has no end")

    def pop(self) -> Any:
        return self._stack.pop()

    def mark(self, _: None) -> None:
        self._marks.append(len(self._stack))

    def since_mark(self) -> list[Any]:
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def gather(self, count: int | None) -> None:
        """Make a tuple of the last values, or of those since the mark."""
        values = self.since_mark() if count is None else [self.pop() for _ in range(count)]
        self._stack.append(tuple(values if count is None else reversed(values)))

    def append(self, values: list[Any]) -> None:
        self._last(list).extend(values)

    def set_items(self, values: list[Any]) -> None:
        for key, value in zip(values[::2], values[1::2], strict=True):
            # A number of numpy's is a value too. Nothing nested is hashed, which could take ages.
            if type(key) not in (int, str):
                raise ValueError(f"a key is a {type(key).__name__}")
            self._last(dict)[key] = value

    def keep(self, place: int | None) -> None:
        self._memo[len(self._memo) if place is None else place] = self._stack[-1]

    def recall(self, place: int) -> None:
        self._stack.append(self._memo[place])

    def name(self, written: str | None) -> None:
        if written is None:
            name, module = self.pop(), self.pop()
        else:
            module, _, name = written.partition(" ")
        # Anything but text might be nested so that to hash or to show it takes ages.
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("it names something without a name")
        if (module, name) not in ADMITTED:
            raise ValueError(f"it names {module:.80}.{name:.80}, which was refused")
        self._stack.append(_Named(ADMITTED[module, name]))

    def call(self, _: None) -> None:
        arguments, function = self.pop(), self.pop()
        if not isinstance(function, _Named) or not isinstance(arguments, tuple):
            raise ValueError(f"it calls a {type(function).__name__}")
        is_scalar = function.role == "scalar"
        built = _scalar(*arguments) if is_scalar else _Built(function.role, arguments)
        self._stack.append(built)

    def set_state(self, _: None) -> None:
        state = self.pop()
        built = self._last(_Built)
        built.state = state if isinstance(state, tuple) else ()

    def _last(self, kind: type) -> Any:
        if not isinstance(self._stack[-1], kind):
            raise ValueError(f"a {type(self._stack[-1]).__name__} stands for a {kind.__name__}")
        return self._stack[-1]


def _scalar(dtype: Any, content: Any) -> int | str:
    """A number or a text of numpy's as one of Python's."""
    if not isinstance(dtype, _Built) or dtype.role != "dtype" or not isinstance(content, bytes):
        raise ValueError("a number of numpy's has no dtype")
    code = dtype.arguments[0] if isinstance(dtype.arguments[0], str) else ""
    is_big = len(dtype.state) > 1 and isinstance(dtype.state[1], str) and dtype.state[1] == ">"
    if match := NUMBER.fullmatch(code):
        order: Literal["big", "little"] = "big" if is_big else "little"
        return int.from_bytes(content, order, signed=match[1] == "i")
    if TEXT.fullmatch(code):
        return content.decode("utf-32-be" if is_big else "utf-32-le").rstrip("\0")
    raise ValueError(f"it holds a scalar of the dtype {code:.20}")


VALUES = (
    *("BININT", "BININT1", "BININT2", "LONG1"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"),
)
CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": _Machine.mark,
    "TUPLE": _Machine.gather,
    "TUPLE1": lambda machine, _: machine.gather(1),
    "TUPLE2": lambda machine, _: machine.gather(2),
    "TUPLE3": lambda machine, _: machine.gather(3),
    "APPEND": lambda machine, _: machine.append([machine.pop()]),
    "APPENDS": lambda machine, _: machine.append(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.set_items([machine.pop(), machine.pop()][::-1]),
    "SETITEMS": lambda machine, _: machine.set_items(machine.since_mark()),
    "MEMOIZE": _Machine.keep,
    "BINPUT": _Machine.keep,
    "LONG_BINPUT": _Machine.keep,
    "BINGET": _Machine.recall,
    "LONG_BINGET": _Machine.recall,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.set_state,
}
