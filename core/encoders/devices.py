"""On what the encoders compute: CUDA, MPS or the CPU."""

from __future__ import annotations

import platform

from core.errors import InputError
from core.jobs import cluster
from core.words import counted

DEVICES = ("cuda", "mps", "cpu")


def device(name: str | None = None) -> str:
    """Give the device to compute on.

    Parameters
    ----------
    name : {'cuda', 'mps', 'cpu'}, optional
        The best that the machine has where none is given.

    Raises
    ------
    InputError
        If the machine has no such device.
    """
    usable = _usable()
    if name is None:
        return usable[0]
    if name not in usable:
        raise InputError(f"The device is {name!r}", "a device of this machine", choices=usable)
    return name


def device_label(name: str | None = None) -> str:
    """Name of the device for the reader, e.g. 'CUDA (NVIDIA H200)'."""
    import torch

    chosen = device(name)
    if chosen == "cuda":
        return f"CUDA ({torch.cuda.get_device_name()})"
    if chosen == "mps":
        return f"MPS ({platform.machine()})"
    return f"CPU ({counted(torch.get_num_threads(), 'thread', 'threads')})"


def has_bfloat16(name: str) -> bool:
    """Whether a device is a CPU that multiplies bfloat16, about twice as fast as float32."""
    import torch

    known = torch.cpu.get_capabilities()
    return name == "cpu" and any(known.get(unit, False) for unit in ("avx512_bf16", "amx_bf16"))


def job_device(encoder_needs_torch: bool) -> str:
    """What a job that encodes occupies: 'cuda:0' or 'cpu'; of the cluster, where jobs run there."""
    if not encoder_needs_torch:
        return "cpu"
    has_gpu = cluster.offers_gpu() if cluster.is_set() else _usable()[0] == "cuda"
    return "cuda:0" if has_gpu else "cpu"


def batch_size(name: str) -> int:
    """How many images a large model takes at once on a device."""
    return {"cuda": 256, "mps": 64}.get(name, 32)


def _usable() -> list[str]:
    import torch

    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [name for name in DEVICES if has[name]]
