"""The check of the GPU, where there is none: its steps on the CPU, its failures, why it skips."""

from __future__ import annotations

import math

import pytest
import torch

from tests.core.decoders import planted
from tests.gpu import __main__ as check
from tests.gpu import training
from tests.gpu.devices import drawn_on_the_cpu
from tests.gpu.rows import FAILED, LEFT_OUT, OK, Figure, Row, run
from tests.gpu.settings import Settings


@pytest.fixture
def small(tmp_path):
    planted.save()
    torch.set_num_threads(1)
    return Settings(
        "cpu",
        tmp_path,
        {"dataset": planted.NAME, "encoder": "precomputed:truth"},
        images=4,
        heads=("linear", "mlp"),
        epochs=2,
        rois=("A", "B"),
        presets={"2/2": {"depth": 2, "heads": 2, "width": 32, "hidden": 64, "dropout": 0.0}},
        steps=1,
        batch=8,
        seeds=2,
        sweep_epochs=1,
        pairs=500,
        pair_images=60,
    )


ROWS = {
    "images": ("encode 4 images",),
    "texts": ("encode 5 texts",),
    "memory": ("out of memory, training", "out of memory, job", "out of memory, encoder"),
    "heads": ("linear, float32", "linear, bfloat16", "mlp, float32", "mlp, bfloat16"),
    "augmentation": ("augmentation",),
    "repeat": ("mlp again, and resumed",),
    "sweep": ("sweep of 2 seeds",),
    "pairs": ("pairs, mlp", "pairs, contrastive", "pairs, metric"),
    "transformers": ("transformer 2/2, float32", "transformer 2/2, bfloat16"),
}


@pytest.mark.parametrize("step", check.STEPS)
def test_a_step_compares_the_cpu_with_itself(step, small, capsys):
    assert check.check(small, [step], 60.0) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split("   ")[0].strip() for line in lines] == list(ROWS[step])
    assert all(line.endswith(" ok") for line in lines)
    assert last == f"{len(lines)} ok, 0 FAILED, 0 left out"
    exact = [line for line in lines if ", float32 " in line]
    assert all("loss apart, % 0, cosine 1" in line for line in exact)


def test_a_device_that_computes_something_else_fails(small, capsys, monkeypatch):
    proper = training.trained

    def wrong(config, data, device, batches, epochs, precision):
        if precision == "bfloat16":
            batches = [batch._replace(x=batch.x.flip(0)) for batch in batches]
        return proper(config, data, device, batches, epochs, precision)

    monkeypatch.setattr(training, "trained", wrong)
    assert check.check(small, ["heads"], 60.0) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[:-1]] == [OK, FAILED, OK, FAILED]
    assert lines[-1] == "2 ok, 2 FAILED, 0 left out"


def test_a_fallback_to_another_device_fails(small, capsys, monkeypatch):
    monkeypatch.setattr(training.train.encoders, "device", lambda name=None: "cpu")
    meant = small.of("cuda")
    assert check.check(meant, ["augmentation"], 60.0) == 1
    assert "computed on cpu, where cuda was asked for" in capsys.readouterr().out


def test_a_step_that_breaks_does_not_end_the_others():
    def breaks():
        yield Row("first")
        raise RuntimeError("CUDA error: an illegal access\nmore")

    shown: list[str] = []
    steps = {"bad": breaks, "good": lambda: iter([Row("last")])}
    assert run(steps, 9.0, shown.append) == [OK, FAILED, OK]
    assert "RuntimeError: CUDA error: an illegal access more" in shown[1]


def test_what_the_time_does_not_suffice_for_is_left_out():
    times = iter([0.0, 1.0, 2.0, 9.0, 9.5])

    def many():
        while True:
            yield Row("row")

    shown: list[str] = []
    assert run({"endless": many, "last": many}, 8.0, shown.append, lambda: next(times, 9.9)) == [
        OK,
        LEFT_OUT,
        LEFT_OUT,
    ]
    assert "the 8 s of this check were over" in shown[-1]


@pytest.mark.parametrize(
    ("figure", "within"),
    [
        (Figure("a", 1.0, most=1.0), True),
        (Figure("a", 1.1, most=1.0), False),
        (Figure("a", 0.9, least=1.0), False),
        (Figure("a", math.nan, most=1.0), False),
        (Figure("a", math.nan, least=1.0), False),
        (Figure("a", math.nan), True),
        (Figure("a", 2, 1, 1), False),
    ],
)
def test_a_figure_is_within_its_limits(figure, within):
    assert figure.is_within is within
    assert Row("row", (Figure("b", 0.0, most=1.0), figure)).verdict == (OK if within else FAILED)


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (None, "is a build for the CPU. Needed: an NVIDIA GPU, its driver"),
        ("13.0", "no CUDA device is visible (CUDA_VISIBLE_DEVICES is ''). Needed: an NVIDIA GPU"),
    ],
)
def test_it_says_why_it_is_skipped(build, why, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", build)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert check.main([]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("skipped: ")
    assert why in line


def test_a_device_that_is_named_has_to_be_there(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert check.main(["--device", "cuda"]) == 2
    assert "Expected a device of this machine" in capsys.readouterr().err


def test_draws_are_those_of_the_cpu_for_a_while():
    proper = torch.randn
    torch.manual_seed(3)
    expected = proper(4)
    torch.manual_seed(3)
    with drawn_on_the_cpu():
        assert torch.equal(torch.randn(4, device="cpu", dtype=torch.float32), expected)
        assert torch.randn(4, device="meta").device.type == "meta"
    assert torch.randn is proper
