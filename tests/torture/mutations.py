"""Damage: bits flipped, files cut, fields removed, retyped and swapped, files of other kinds."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

# A pipe hangs at once or never; whatever else takes as long is a busy machine.
PIPE_S, READ_S = 3.0, 20.0

OTHERS: tuple[Any, ...] = (
    None, True, -1, 0, 7, 2**70, 1.5, 1e308, float("nan"), float("inf"),
    "", "x", "../../x", "é" * 300, [], [1], [None], {}, {"x": 1},
)  # fmt: skip


def of_bytes(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Bits flipped, a cut, a stretch of zeros, one inserted, one left out."""
    kind = rng.choice(("flip", "flip", "flips", "cut", "zeros", "inserted", "left out", "empty"))
    at = rng.randrange(len(content)) if content else 0
    length = min(rng.choice((1, 4, 64, 512)), max(1, len(content) - at))
    changed = bytearray(content)
    if kind in ("flip", "flips"):
        for _ in range(1 if kind == "flip" else rng.randint(2, 40)):
            if changed:
                changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        changed = changed[:at]
    elif kind == "zeros":
        changed[at : at + length] = bytes(length)
    elif kind == "inserted":
        changed[at:at] = rng.randbytes(length)
    elif kind == "left out":
        del changed[at : at + length]
    else:
        changed.clear()
    return bytes(changed), f"{kind} at {at} of {len(content)}"


def of_json(rng: random.Random, value: Any) -> tuple[Any, str]:
    """A field removed, of another type, or swapped with another one; ``value`` stays."""
    value = json.loads(json.dumps(value))
    places = _places(value)
    if not places:
        return rng.choice(OTHERS), "retyped the whole"
    holder, name, path = rng.choice(places)
    kind = rng.choice(("removed", "retyped", "retyped", "swapped"))
    if kind == "removed":
        del holder[name]
    elif kind == "retyped":
        holder[name] = rng.choice(OTHERS)
        return value, f"{path} = {str(holder[name])[:20]!r}"
    else:
        other, place, further = rng.choice(places)
        holder[name], other[place] = other[place], holder[name]
        path = f"{path} with {further}"
    return value, f"{kind} {path}"


def _places(value: Any, path: str = "") -> list[tuple[Any, Any, str]]:
    items = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    own = [(value, name, f"{path}.{name}"[-60:]) for name, _ in items]
    return own + [place for name, each in items for place in _places(each, f"{path}.{name}")]


def of_table(rng: random.Random, text: str) -> tuple[str, str]:
    """A cell of a CSV file changed, a line repeated or left out, a column renamed."""
    lines = text.splitlines()
    at = rng.randrange(len(lines))
    kind = rng.choice(("cell", "cell", "repeated", "left out"))
    if kind == "cell":
        cells = lines[at].split(",")
        cells[rng.randrange(len(cells))] = str(rng.choice(OTHERS))
        lines[at] = ",".join(cells)
    elif kind == "repeated":
        lines.insert(at, lines[rng.randrange(len(lines))])
    else:
        del lines[at]
    return "\n".join(lines) + "\n", f"{kind} in line {at + 1}"


def of_file(rng: random.Random, path: Path, others: list[Path]) -> str:
    """Damage a file in place, or put something else there; says what was done."""
    kinds: dict[str, Callable[[], str]] = {
        "bytes": lambda: _write(path, *of_bytes(rng, path.read_bytes())),
        "gone": lambda: _gone(path),
        "folder": lambda: _other_kind(path, os.mkdir),
        "pipe": lambda: _other_kind(path, os.mkfifo),
        "swapped": lambda: _swapped(path, rng.choice(others)),
    }
    weights = {"bytes": 12.0, "gone": 0.5, "folder": 0.5, "pipe": 0.15, "swapped": 1.0}
    if path.suffix == ".json":
        kinds["json"], weights["json"] = lambda: _field(rng, path), 12.0
    if path.suffix == ".csv":
        kinds["table"], weights["table"] = lambda: _cell(rng, path), 12.0
    (kind,) = rng.choices(list(weights), list(weights.values()))
    return f"{path.parent.name}/{path.name} {kind} {kinds[kind]()}".rstrip()


def _write(path: Path, content: bytes, what: str) -> str:
    path.write_bytes(content)
    return what


def _field(rng: random.Random, path: Path) -> str:
    value, what = of_json(rng, json.loads(path.read_text("utf-8")))
    path.write_text(json.dumps(value, indent=1), "utf-8")
    return what


def _cell(rng: random.Random, path: Path) -> str:
    text, what = of_table(rng, path.read_text("utf-8"))
    path.write_text(text, "utf-8")
    return what


def _gone(path: Path) -> str:
    path.unlink()
    return ""


def _other_kind(path: Path, make: Callable[[Path], None]) -> str:
    path.unlink()
    make(path)
    return ""


def _swapped(path: Path, other: Path) -> str:
    content = path.read_bytes()
    path.write_bytes(other.read_bytes())
    other.write_bytes(content)
    return f"with {other.name}"


def limit_of(what: str) -> float:
    """How long the reading of a damaged file may take, in seconds."""
    return PIPE_S if what.endswith(" pipe") else READ_S


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")


def restored(folder: Path, kept: Path) -> Path:
    """The folder as it was kept, with its times."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept, folder)
    return folder
