"""Heads: each one learns a few rows by heart, and a planted linear map by its rule."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from core import ridge
from core.decoders import HEADS, heads, losses
from core.decoders.head_parameters import alphas

GROUPS = ((0, 10), (10, 17), (17, 30), (30, 40))
UNITS, DIMENSIONS, TRAINING, HELD_OUT = 40, 8, 600, 100
SHAPE = heads.Shape(UNITS, GROUPS, 2, DIMENSIONS)
NO_DROPOUT = {"dropout": 0.0}
TRAINED = {
    "linear": {},
    "mlp": {"width": 64, "block_dropout": 0.0},
    "fc_attention": {"width": 32, "heads": 2},
    "clip_mused": {"width": 32, "heads": 4, "hidden": 64, "depth": 2},
    "aligned_linear": {"width": 32, "dropout": 0.0},
    "roi_transformer": {"width": 32, "heads": 4, "hidden": 64, "depth": 2},
}
AT_LEAST = {"linear": 0.9, "mlp": 0.9}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def planted():
    """Responses, subjects, and targets that are linear in the responses but for some noise."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(TRAINING + HELD_OUT, UNITS, generator=generator)
    truth = torch.randn(UNITS, DIMENSIONS, generator=generator) / UNITS**0.5
    noise = 0.1 * torch.randn(len(x), DIMENSIONS, generator=generator)
    return x, torch.randint(2, (len(x),), generator=generator), x @ truth + noise


def steps(module, loss, batches, rate):
    optimiser = torch.optim.Adam([*module.parameters(), *loss.parameters()], lr=rate)
    unknown = torch.full((TRAINING,), -1)
    for x, subject, target in batches:
        penalty = 0.0
        if hasattr(module, "forward_with_penalty"):
            predicted, penalty = module.forward_with_penalty(x, subject, target)
        else:
            predicted = module(x, subject)
        found = loss(predicted, target, unknown[: len(x)]) + penalty
        optimiser.zero_grad()
        found.backward()
        optimiser.step()


def two_way(predicted, target):
    """Share of other images that are less like a prediction than its own."""
    similarity = F.normalize(predicted, dim=1) @ F.normalize(target, dim=1).T
    right = similarity.diag()[:, None] > similarity
    return right.sum().item() / (len(target) * (len(target) - 1))


@pytest.fixture
def few(planted):
    """Twelve responses, their subjects, and targets that follow no rule."""
    targets = torch.randn(12, DIMENSIONS, generator=torch.Generator().manual_seed(1))
    return planted[0][:12], planted[1][:12], targets


@pytest.mark.parametrize("head", TRAINED)
def test_learns_a_few_rows_by_heart(head, few):
    values = TRAINED[head] | ({} if head == "linear" else NO_DROPOUT)
    torch.manual_seed(0)
    module = heads.build(head, SHAPE, **values)
    loss = losses.build("mse")
    start = F.mse_loss(module(*few[:2]), few[2]).item()
    steps(module, loss, [few] * 200, rate=1e-2 if head == "linear" else 3e-3)
    assert F.mse_loss(module(*few[:2]), few[2]).item() < 0.01 * start


def test_ridge_learns_a_few_rows_by_heart_at_its_smallest_alpha(few):
    x, subject, targets = few
    lowest = HEADS["ridge"].parameters[0].minimum
    values = HEADS["ridge"].check({"smallest": lowest, "largest": lowest, "count": 1})
    module = heads.build("ridge", SHAPE, **values)
    fitted = ridge.fit(x.numpy(), targets.numpy(), alphas(values))
    heads.fill(module, fitted.weights, fitted.intercept)
    assert fitted.alpha == pytest.approx(1e-6)
    assert F.mse_loss(module(x, subject), targets).item() < 1e-6 * targets.var(dim=0).mean()


@pytest.mark.parametrize("head", TRAINED)
def test_finds_a_planted_linear_map(head, planted):
    rows = torch.Generator().manual_seed(2)
    order = [torch.randperm(TRAINING, generator=rows).split(100) for _ in range(12)]
    batches = [tuple(part[row] for part in planted) for epoch in order for row in epoch]
    torch.manual_seed(0)
    module = heads.build(head, SHAPE, **TRAINED[head])
    loss = losses.build("infonce")
    held_out = [part[TRAINING:] for part in planted]
    before = two_way(module.eval()(*held_out[:2]), held_out[2])
    steps(module.train(), loss, batches, rate=1e-2 if head == "linear" else 3e-3)
    with torch.no_grad():
        found = two_way(module.eval()(*held_out[:2]), held_out[2])
    assert 0.3 < before < 0.7
    assert found > AT_LEAST.get(head, 0.75)


def test_one_model_tells_two_subjects_apart(planted):
    """The second subject's responses have the opposite sign: only its tokens can say so."""
    x, subject, target = planted
    turned = torch.where(subject[:, None] == 1, -x, x)
    torch.manual_seed(0)
    module = heads.build("clip_mused", SHAPE, **TRAINED["clip_mused"] | NO_DROPOUT)
    rows = torch.Generator().manual_seed(2)
    batches = [
        (turned[row], subject[row], target[row])
        for _ in range(40)
        for row in torch.randperm(TRAINING, generator=rows).split(100)
    ]
    steps(module, losses.build("infonce"), batches, rate=3e-3)
    with torch.no_grad():
        held_out = module.eval()(turned[TRAINING:], subject[TRAINING:])
        swapped = module(turned[TRAINING:], 1 - subject[TRAINING:])
    assert two_way(held_out, target[TRAINING:]) > 0.75
    assert two_way(swapped, target[TRAINING:]) < 0.4
