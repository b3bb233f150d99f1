"""Nothing of a training step stays on the CPU: on 'meta', as on a GPU, torch mixes no devices."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import pairwise
from typing import Any

import pytest
import torch

from core.decoders import HEADS, Config, heads, losses
from core.decoders.losses import LOSSES
from core.decoders.training import augment

ROWS, OUTPUTS, EDGES = 6, 8, (0, 5, 12, 21)
BY_GRADIENT = [head for head in HEADS if HEADS[head].trained_by != "closed form"]


@pytest.fixture(autouse=True)
def no_autocast(monkeypatch):
    """Which 'meta' has none of; and draws of a number, which it has no value of."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())


@pytest.fixture
def drawn(monkeypatch):
    """Devices of the whole numbers that were drawn, which come from the CPU after all."""
    devices, draw = [], torch.randint

    def randint(*bounds: Any, device: str | torch.device = "cpu") -> torch.Tensor:
        devices.append(str(device))
        return draw(*bounds)

    monkeypatch.setattr(torch, "randint", randint)
    return devices


def step(config: Config, module: torch.nn.Module | None = None) -> torch.Tensor:
    """Forward, loss and backward of a few rows, all of them on 'meta'."""
    texts = 0 if config.text_encoder is None else OUTPUTS
    shape = heads.Shape(EDGES[-1], tuple(pairwise(EDGES)), 1, OUTPUTS, texts)
    with torch.device("meta"):
        x, target = torch.randn(ROWS, EDGES[-1]), torch.randn(ROWS, OUTPUTS)
        text = torch.randn(ROWS, texts)
        subject, category = torch.zeros(2, ROWS, dtype=torch.int64)
    own: Any = module or heads.build(config.head, shape, **config.head_parameters).to("meta")
    loss = losses.combined(config.loss).to("meta")
    if not config.has_loss:
        value = torch.stack(list(own.objective(x, target, text).values())).sum()
        own(x, subject)
    elif HEADS[config.head].penalises:
        predicted, penalty = own.forward_with_penalty(x, subject, target)
        value = loss(predicted, target, category) + penalty
    else:
        value = loss(own(x, subject), target, category)
    value.backward()
    return value


# How many rows each subject has is a number of the data, which a meta tensor lacks.
OF_DATA = ("aligned_linear",)


@pytest.mark.parametrize("head", [head for head in BY_GRADIENT if head not in OF_DATA])
def test_a_head_computes_on_the_device_of_its_rows(head, drawn):
    assert step(Config("simulated", head=head)).device.type == "meta"
    assert set(drawn) <= {"meta"}


def test_what_bravl_draws_is_of_the_device_whose_state_is_saved(drawn):
    step(Config("simulated", head="bravl"))
    assert drawn == ["meta", "meta"]


@pytest.mark.parametrize("loss", list(LOSSES))
def test_a_loss_computes_on_the_device_of_its_rows(loss, drawn):
    assert step(Config("simulated", head="linear", loss=loss)).device.type == "meta"


def test_a_tensor_left_on_the_cpu_is_an_error():
    class Forgetful(torch.nn.Linear):
        def forward(self, x, subject):
            return super().forward(x) + torch.ones(OUTPUTS)

    module = Forgetful(EDGES[-1], OUTPUTS).to("meta")
    with pytest.raises(RuntimeError, match="device"):
        step(Config("simulated", head="linear"), module)


def test_augmentation_computes_on_the_device_of_its_rows():
    x, target = torch.randn(ROWS, 5, device="meta"), torch.randn(ROWS, OUTPUTS, device="meta")
    none: Any = None
    mixed = augment.mixup(x, target, 0.15, none)
    noisy = augment.noise(x, 0.1, none)
    assert {part.device.type for part in (*mixed, noisy)} == {"meta"}
