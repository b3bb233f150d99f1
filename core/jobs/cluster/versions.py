"""Of which version a worker is: of Neurogallery, of its code, and of what it computes with."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from core import __version__, paths

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "distributed")
LETTERS = 8


@cache
def code() -> str:
    """Version of Neurogallery, with a checksum of its code: equal code, equal results."""
    return code_on_disk()


def code_on_disk() -> str:
    """As ``code``, of now: a process that runs for long may have been brought another version."""
    hasher = hashlib.blake2b(digest_size=16)
    folder = paths.PROJECT / "core"
    for file in sorted(folder.rglob("*.py")):
        content = file.read_bytes()
        hasher.update(f"{file.relative_to(folder).as_posix()} {len(content)} ".encode() + content)
    return f"{__version__} (code {hasher.hexdigest()[:LETTERS]})"


@cache
def facts() -> dict[str, str]:
    """``code`` as 'Neurogallery', and versions of Python and packages by name."""
    versions = {"Neurogallery": code(), "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "none"
    return versions


def refusal(worker: str, theirs: Mapping[str, Any]) -> str:
    """Why a worker of another code gets no job; '' for one of this code."""
    if theirs.get("Neurogallery") == code():
        return ""
    others = differences(theirs)
    return (
        f"The worker {worker} has Neurogallery {theirs.get('Neurogallery')}, this server {code()}."
        f" Bring the same version to both.{f' Besides: {others}.' if others else ''}"
    )


def differences(theirs: Mapping[str, Any]) -> str:
    """Python and packages of another version there: results may differ in the last digits."""
    own = facts()
    return ", ".join(
        f"{name} {theirs.get(name)} there, {mine} here"
        for name, mine in own.items()
        if name != "Neurogallery" and theirs.get(name) != mine
    )
