"""The aligned head: what it computes, and that subjects of one code help one another."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from core.decoders import heads

UNITS, SIGNAL, DIMENSIONS = 10, 2, 64
TRIALS, HELD_OUT = 25, 300
LINEAR = {"dropout": 0.0}
ALIGNED = {**LINEAR, "width": SIGNAL}
SUBJECTS = (0, 1)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def test_each_subject_has_its_own_map_and_all_have_one_from_there():
    torch.manual_seed(0)
    module = heads.build("aligned_linear", heads.Shape(6, ((0, 6),), 3, 5), width=4).eval()
    x, subject = torch.randn(7, 6), torch.tensor([2, 0, 2, 1, 1, 0, 2])
    own = [dict(module.named_parameters())[f"own.{number}.weight"] for number in range(3)]
    shared = torch.stack([own[s] @ row for row, s in zip(x, subject.tolist(), strict=True)])
    torch.testing.assert_close(module.align(x, subject), shared)
    expected = shared @ module.shared.weight.T + module.shared.bias
    torch.testing.assert_close(module(x, subject), expected)
    # New responses of one subject, and none at all.
    torch.testing.assert_close(module(x[:1], subject[:1]), expected[:1])
    assert module(x[:0], subject[:0]).shape == (0, 5)


def test_units_that_a_subject_lacks_take_no_part():
    torch.manual_seed(0)
    module = heads.build("aligned_linear", heads.Shape(6, ((0, 6),), 2, 5), width=4)
    x, subject = torch.randn(8, 6), torch.arange(8) % 2
    x[subject == 1, 4:] = 0
    module(x, subject).square().sum().backward()
    assert module.own[1].weight.grad[:, 4:].abs().max() == 0
    assert module.own[0].weight.grad[:, 4:].abs().max() > 0


def planted(seed):
    """Responses of two subjects that mix one signal at random, each to images of its own."""
    generator = torch.Generator().manual_seed(seed)
    code = torch.randn(SIGNAL, DIMENSIONS, generator=generator)
    signal = torch.randn(2, TRIALS + HELD_OUT, SIGNAL, generator=generator)
    mixed = torch.randn(2, SIGNAL, UNITS, generator=generator)
    noise = torch.randn(2, TRIALS + HELD_OUT, UNITS, generator=generator)
    beside = torch.randn(2, TRIALS + HELD_OUT, DIMENSIONS, generator=generator)
    return signal @ mixed + 0.5 * noise, signal @ code + 5.0 * beside


def trained(head, x, subject, target, **values):
    torch.manual_seed(0)
    shape = heads.Shape(UNITS, ((0, UNITS),), int(subject.max()) + 1, DIMENSIONS)
    module = heads.build(head, shape, **values)
    optimiser = torch.optim.AdamW(module.parameters(), lr=1e-2)
    for _ in range(150):
        optimiser.zero_grad()
        F.mse_loss(module(x, subject), target).backward()
        optimiser.step()
    return module.eval()


def two_way(module, x, target, number):
    """Mean over the held-out images of a subject, which is ``number`` to the module."""
    predicted = module(x[TRIALS:], torch.full((HELD_OUT,), number))
    cosines = F.normalize(predicted, dim=1) @ F.normalize(target[TRIALS:], dim=1).T
    return float((cosines.diag()[:, None] > cosines).sum()) / (HELD_OUT * (HELD_OUT - 1))


def test_subjects_with_few_trials_help_one_another():
    """Their responses mix one signal in two ways, and the way from it to the image is one."""
    together, alone, linear, swapped = [], [], [], []
    for seed in range(4):
        x, target = planted(seed)
        subject = torch.arange(2).repeat_interleave(TRIALS)
        few = [part[:, :TRIALS].flatten(0, 1) for part in (x, target)]
        both = trained("aligned_linear", few[0], subject, few[1], **ALIGNED)
        for number in SUBJECTS:
            own = x[number], target[number]
            only = (own[0][:TRIALS], torch.zeros(TRIALS, dtype=torch.int64), own[1][:TRIALS])
            together.append(two_way(both, *own, number))
            swapped.append(two_way(both, *own, 1 - number))
            alone.append(two_way(trained("aligned_linear", *only, **ALIGNED), *own, 0))
            linear.append(two_way(trained("linear", *only, **LINEAR), *own, 0))
    means = [sum(values) / len(values) for values in (together, alone, linear)]
    assert means[0] > means[1] + 0.02
    assert means[0] > means[2] + 0.02
    assert sum(swapped) / len(swapped) == pytest.approx(0.5, abs=0.12)
