"""Which device is checked, why none is, and what is held in its memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

MIB = 2.0**20


def reason_to_skip() -> str:
    """Why no GPU can be checked, and what it would need; '' where one can be."""
    if torch.cuda.is_available():
        return ""
    if torch.version.cuda is None:
        return (
            f"torch {torch.__version__} is a build for the CPU. Needed: an NVIDIA GPU, its driver, "
            "and torch's build for CUDA, which PyPI has for Linux"
        )
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    hidden = "" if visible is None else f" (CUDA_VISIBLE_DEVICES is {visible!r})"
    return (
        f"no CUDA device is visible{hidden}. Needed: an NVIDIA GPU whose driver supports CUDA "
        f"{torch.version.cuda}; nvidia-smi lists it"
    )


def held_mib(device: str) -> float:
    """MiB of tensors on the device; 0 on others than CUDA, which do not count them."""
    return torch.cuda.memory_allocated() / MIB if device == "cuda" else 0.0


def check_device(found: str, expected: str) -> None:
    """Raise where something was computed on another device than it was to be."""
    if found.split(",")[0] != expected:
        raise AssertionError(f"computed on {found}, where {expected} was asked for")


def wait(device: str) -> None:
    """Until the device has done what it was given, so that a clock can be read."""
    if device == "cuda":
        torch.cuda.synchronize()


@contextmanager
def drawn_on_the_cpu() -> Iterator[None]:
    """The same random numbers on every device: those that the CPU draws."""
    originals = {name: getattr(torch, name) for name in ("randn", "rand", "randint")}

    def on_the_cpu(draw):  # type: ignore[no-untyped-def]
        def drawn(*sizes, device=None, **named):  # type: ignore[no-untyped-def]
            return draw(*sizes, **named).to(device or "cpu")

        return drawn

    for name, draw in originals.items():
        setattr(torch, name, on_the_cpu(draw))
    try:
        yield
    finally:
        for name, draw in originals.items():
            setattr(torch, name, draw)
