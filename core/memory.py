"""Whether the memory suffices: asked before long work begins, in one place."""

from __future__ import annotations

import re
import sys

from core.errors import InputError

GIB = 2.0**30
WHERE = re.compile(r"^\[enforce fail at [^]]*\]\s*(err == 0\.)?\s*")
ADVICE = re.compile(r" (?:Including non-PyTorch|Of the allocated|If reserved|See documentation)")
# torch raises RuntimeError where the memory of a GPU, of MPS or of the machine is full.
FULL = ("out of memory", "can't allocate memory", "not enough memory")


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


def is_shortage(error: BaseException) -> bool:
    """Whether memory ran out, be it of the machine or of a GPU."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in FULL)


def reason_of(error: BaseException) -> str:
    """What a shortage says of itself, without where in torch it was and what torch advises."""
    text = str(error).strip() or "no further memory"
    if isinstance(error, RuntimeError):  # behind the first line, how to debug it
        text = ADVICE.split(WHERE.sub("", text.splitlines()[0]), maxsplit=1)[0]
    return " ".join(text.split())


def explain_shortage(error: BaseException) -> str:
    """One line for work that ran out of memory all the same."""
    reason = reason_of(error)
    if any(device in reason for device in ("CUDA", "MPS")):
        return (
            f"The memory of the GPU does not suffice ({reason}). Lower the batch size, "
            "take a smaller head, end what else uses the GPU, or compute on the CPU."
        )
    return (
        f"The memory does not suffice ({reason}); {in_gib(free_bytes())} are free. "
        "Take fewer stimuli or units, or end other programs."
    )


def in_gib(count: float) -> str:
    """Bytes as text: '13.4 GiB'."""
    return f"{count / GIB:.1f} GiB"
