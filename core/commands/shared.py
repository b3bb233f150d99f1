"""What several commands share."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from core.errors import InputError, NotFoundError


def option(text: str, argument: str = "--option") -> tuple[str, str]:
    """Name and value of ``NAME=VALUE``."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InputError(f"{argument} is {text!r}", "NAME=VALUE")
    return name, value


def check_out(out: Path, suffix: str) -> None:
    """Refuse a file that could not be written at the end."""
    if out.suffix != suffix:
        raise InputError(f"--out is {str(out)!r}", f"a file name that ends in {suffix}")
    check_parent(out)


def check_parent(out: Path) -> None:
    """Refuse a path whose folder does not exist."""
    if not out.absolute().parent.is_dir():
        raise NotFoundError(f"The folder {out.absolute().parent} of --out does not exist")


def show(chosen: argparse.Namespace, value: Any, lines: list[str]) -> None:
    """Print a value as JSON where ``--json`` was given, else the lines."""
    print(json.dumps(value, indent=1) if chosen.json else "\n".join(lines))
