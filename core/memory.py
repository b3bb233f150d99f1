"""Whether the memory suffices: asked before long work begins, in one place."""

from __future__ import annotations

import sys

from core.errors import InputError

GIB = 2.0**30


def free_bytes() -> float:
    """Memory that this process can still take: of the machine, and of its own limit."""
    import psutil

    free = float(psutil.virtual_memory().available)
    if sys.platform != "win32":
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            free = min(free, limit - psutil.Process().memory_info().vms)
    return max(0.0, free)


def check_memory(needed: float, what: str, remedy: str) -> None:
    """Refuse work that would not fit into the memory.

    Parameters
    ----------
    needed : float
        Bytes at the peak of the work, beside what is held already.
    what, remedy : str
        Begin and end of the message: what needs the memory, and what to do.

    Raises
    ------
    InputError
    """
    free = free_bytes()
    if needed > free:
        raise InputError(
            f"{what} would take {in_gib(needed)} of memory, and {in_gib(free)} are free",
            remedy=remedy,
        )


def explain_shortage(error: MemoryError) -> str:
    """One line for work that ran out of memory all the same."""
    reason = " ".join(str(error).split()) or "no further memory"
    return (
        f"The memory does not suffice ({reason}); {in_gib(free_bytes())} are free. "
        "Take fewer stimuli or units, or end other programs."
    )


def in_gib(count: float) -> str:
    """Bytes as text: '13.4 GiB'."""
    return f"{count / GIB:.1f} GiB"
