"""Memory that does not suffice is a line that says what is needed, what there is, what to do."""

import subprocess
import sys

import pytest
import torch

from core import memory, paths
from core.errors import InputError

LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
from core import memory
print(memory.free_bytes() / memory.GIB)
"""


def test_what_is_free_heeds_the_limit_of_the_process():
    command = [sys.executable, "-c", LIMITED]
    free = float(subprocess.check_output(command, cwd=paths.PROJECT, text=True))
    assert 0 < free < 3


def test_work_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda: 2 * memory.GIB)
    memory.check_memory(1.9 * memory.GIB, "This", "Take less.")
    with pytest.raises(InputError) as error:
        memory.check_memory(3 * memory.GIB, "This", "Take less.")
    assert str(error.value) == (
        "This would take 3.0 GiB of memory, and 2.0 GiB are free. Take less."
    )


def test_a_shortage_is_one_line(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda: memory.GIB)
    text = memory.explain_shortage(MemoryError("Unable to allocate 9 GiB\nfor an array"))
    assert text.startswith("The memory does not suffice (Unable to allocate 9 GiB for an array)")
    assert "1.0 GiB are free. Take fewer stimuli" in text
    assert "(no further memory)" in memory.explain_shortage(MemoryError())


CUDA = torch.OutOfMemoryError(
    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 139.80 GiB of "
    "which 9.50 GiB is free. Including non-PyTorch memory, this process has 130.30 GiB memory in "
    "use. Of the allocated memory 129 GiB is allocated by PyTorch. If reserved but unallocated "
    "memory is large try setting a variable.\nSee documentation for Memory Management"
)
MPS = RuntimeError("MPS backend out of memory (MPS allocated: 20 GiB)")


@pytest.mark.parametrize(
    ("error", "reason"), [(CUDA, "of which 9.50 GiB is free.)"), (MPS, "allocated: 20 GiB)")]
)
def test_a_shortage_of_the_gpu_is_one_line_with_advice(error, reason):
    assert memory.is_shortage(error)
    text = memory.explain_shortage(error)
    assert text.startswith("The memory of the GPU does not suffice (")
    assert reason in text
    assert "\n" not in text
    assert "PyTorch" not in text
    assert "Lower the batch size, take a smaller head" in text


def test_a_tensor_that_the_machine_cannot_hold_is_a_shortage():
    with pytest.raises(RuntimeError) as error:
        torch.empty(1 << 50)
    assert memory.is_shortage(error.value)
    text = memory.explain_shortage(error.value)
    assert text.startswith("The memory does not suffice (DefaultCPUAllocator: can't allocate")


@pytest.mark.parametrize("error", [RuntimeError("shapes cannot be multiplied"), OSError("full")])
def test_other_errors_are_no_shortage(error):
    assert not memory.is_shortage(error)
