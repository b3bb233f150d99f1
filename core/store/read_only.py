"""Read-only mode, for a server that a class uses: what is stored stays, and no job takes long.

``NEUROGALLERY_READONLY=1`` switches it on for whatever runs with it: the server and its jobs.
"""

from __future__ import annotations

import math
import os

from core.errors import InputError, NeurogalleryError
from core.words import lasting

SWITCH, BUDGET = "NEUROGALLERY_READONLY", "NEUROGALLERY_READONLY_BUDGET_S"
BUDGET_S = 60.0
# A job that was expected to fit ends so many budgets after its start: a machine that thirty
# people use is slower than the one that the time was measured on.
MOST_BUDGETS = 2.0
STORED = "Read-only mode: what is stored here is shared; nothing is added, renamed or deleted"
DATA = "Read-only mode: nothing is written to the data folder"
OF_OTHERS = "Read-only mode: a job is cancelled by the session that started it"
# Jobs that write there.
WRITES_DATA = ("fetch", "export")
REMEDY = "Ask whoever runs this server."


def is_on() -> bool:
    """Whether ``NEUROGALLERY_READONLY`` is 1.

    Raises
    ------
    InputError
        If it is neither 1 nor 0 nor empty.
    """
    value = os.environ.get(SWITCH, "").strip()
    if value not in ("", "0", "1"):
        raise InputError(f"{SWITCH} is {value!r}", "1 (on), or 0 or nothing (off)")
    return value == "1"


def budget_s() -> float:
    """How long a job may be expected to take, in seconds: ``NEUROGALLERY_READONLY_BUDGET_S``.

    Raises
    ------
    InputError
        If it is no number above 0.
    """
    text = os.environ.get(BUDGET, "").strip()
    try:
        seconds = float(text) if text else BUDGET_S
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise InputError(f"{BUDGET} is {text!r}", "a number of seconds above 0, such as 60")
    return seconds


def limit_s() -> float:
    """After how many seconds a running job is ended; infinite where the mode is off."""
    return MOST_BUDGETS * budget_s() if is_on() else math.inf


def why_kept() -> str:
    """Why nothing that is stored is added by hand, renamed or deleted; '' where it may be."""
    return STORED if is_on() else ""


def why_not_cancelled(is_own: bool) -> str:
    """Why a job is not cancelled, which is one's own or not; '' where it may be."""
    return OF_OTHERS if is_on() and not is_own else ""


def why_not_started(operation: str, seconds: float | None) -> str:
    """Why a job is not started that is expected to take some time; '' where it may be.

    One of which nobody knows how long it takes may be: ``limit_s`` ends it.
    """
    if not is_on():
        return ""
    if operation in WRITES_DATA:
        return DATA
    if seconds is None or seconds <= budget_s():
        return ""
    return f"Read-only mode: this takes {lasting(seconds)}, a job may take {lasting(budget_s())}"


def why_ended() -> str:
    """Why a job was ended that took longer than it may."""
    problem = f"Read-only mode ended this job after {lasting(limit_s())}"
    return str(NeurogalleryError(problem, remedy=REMEDY))


def check(reason: str) -> None:
    """Raise NeurogalleryError where there is a reason why something may not be done."""
    if reason:
        raise NeurogalleryError(reason, remedy=REMEDY)
