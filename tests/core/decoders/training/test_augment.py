"""Augmentation: Eq. 1 by hand, what is drawn, and what is never drawn."""

from __future__ import annotations

import math

import pytest
import torch
from scipy import stats

from core.decoders.training import augment
from core.errors import InputError


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_weights_of_equation_1_by_hand():
    """a = (0, log 2, log 3, log 4): exponentials 1, 2, 3, 4 with the sum 10."""
    a = torch.tensor([0.0, math.log(2), math.log(3), math.log(4)])
    keep = torch.tensor([True, False, True, False])
    torch.testing.assert_close(augment.weights(a, keep), torch.tensor([0.1, 0, 0.3, 0]))
    renormalised = augment.weights(a, keep, renormalise=True)
    torch.testing.assert_close(renormalised, torch.tensor([0.25, 0, 0.75, 0]))


def test_weights_leave_out_what_is_not_there():
    a = torch.tensor([[0.0, math.log(3), -math.inf], [1.0, -math.inf, -math.inf]])
    keep = torch.ones(2, 3, dtype=torch.bool)
    expected = torch.tensor([[0.25, 0.75, 0], [1, 0, 0]])
    torch.testing.assert_close(augment.weights(a, keep), expected)


def test_virtual_responses_by_hand(monkeypatch):
    """Softmax .1, .2, .3, .4 of a = log(k / 2), which lies in -1 to 1; the first and third kept.

    Of the responses (10, 0), (20, 5), (0, 30), (40, 5): 1 + 0 and 0 + 9, and divided by .4.
    """
    a = (torch.arange(1.0, 5) / 2).log()[None]
    members = torch.tensor([[3, 0, 4, 1]])
    x = torch.tensor([[20.0, 5], [40, 5], [99, 99], [10, 0], [0, 30]])

    def found(coins, renormalise):
        draws = iter([(a + 1) / 2, torch.tensor([coins])])
        with monkeypatch.context() as patch:
            patch.setattr(torch, "rand", lambda *shape, **where: next(draws))
            return augment.virtual_batch(x, members, torch.Generator(), renormalise)

    coins = [0.1, 0.9, 0.4, 0.6]
    torch.testing.assert_close(found(coins, False), torch.tensor([[1.0, 9]]))
    torch.testing.assert_close(found(coins, True), torch.tensor([[2.5, 22.5]]))
    never = [0.9, 0.9, 0.9, 0.9]
    torch.testing.assert_close(found(never, False), torch.tensor([[1.0, 0]]))
    torch.testing.assert_close(found(never, True), torch.tensor([[10.0, 0]]))


def test_virtual_responses_are_equation_1(generator):
    """The draws are repeated here in their order, and the sum is written out."""
    responses = torch.randn(3, 5, generator=generator)
    members = torch.arange(3)[None]
    twin = torch.Generator().manual_seed(7)
    a = 2 * torch.rand(1, 3, generator=twin)[0] - 1
    kept = (torch.rand(1, 3, generator=twin)[0] < 0.5).float()
    exponentials = a.exp()
    x1, x2, x3 = exponentials[:, None] / exponentials.sum() * responses
    expected = x1 + kept[1] * x2 + kept[2] * x3
    found = augment.virtual_batch(responses, members, torch.Generator().manual_seed(7))[0]
    torch.testing.assert_close(found, expected)
    share = (exponentials * torch.tensor([1, *kept[1:]])).sum() / exponentials.sum()
    found = augment.virtual_batch(
        responses, members, torch.Generator().manual_seed(7), renormalise=True
    )
    torch.testing.assert_close(found[0], expected / share)


def test_weights_of_eight_responses_sum_to_nine_sixteenths(generator):
    """1/8 for the first, and half of the other 7/8: (1 + 7/2) / 8 = .5625."""
    members = torch.arange(8).expand(20_000, 8)
    sums = augment.virtual_batch(torch.ones(8, 1), members, generator)[:, 0]
    assert sums.mean().item() == pytest.approx(0.5625, abs=0.005)
    sums = augment.virtual_batch(torch.ones(8, 1), members, generator, renormalise=True)
    torch.testing.assert_close(sums, torch.ones(20_000, 1))


def test_the_first_takes_part_always_the_others_half_the_time(generator):
    members = torch.tensor([2, 0, 1, -1]).expand(20_000, 4)
    found = augment.virtual_batch(torch.eye(4), members, generator)
    shares = (found > 0).float().mean(dim=0)
    assert shares[2] == 1
    assert shares[:2].tolist() == pytest.approx([0.5, 0.5], abs=0.015)
    assert shares[3] == 0
    # softmax of U(-1, 1) among three is at most e / (e + 2 / e).
    assert found.max() < math.e / (math.e + 2 / math.e)


def test_a_lone_response_stays_itself(generator):
    x = torch.randn(3, 4, generator=generator)
    members = torch.tensor([[1, -1], [2, -1]])
    torch.testing.assert_close(augment.virtual_batch(x, members, generator), x[1:])


def test_large_categories_are_summed_in_parts():
    """40 members, more than are taken at once, against one matrix product."""
    x = torch.randn(50, 6, generator=torch.Generator().manual_seed(1))
    members = torch.stack([torch.randperm(50)[:40] for _ in range(3)])
    twin = torch.Generator().manual_seed(3)
    a = 2 * torch.rand(3, 40, generator=twin) - 1
    keep = torch.rand(3, 40, generator=twin) < 0.5
    keep[:, 0] = True
    expected = (augment.weights(a, keep)[..., None] * x[members]).sum(dim=1)
    found = augment.virtual_batch(x, members, torch.Generator().manual_seed(3))
    torch.testing.assert_close(found, expected)


def test_empty_groups_are_refused(generator):
    for members in (torch.tensor([[0, 1], [-1, -1]]), torch.empty(2, 0, dtype=torch.int64)):
        with pytest.raises(InputError, match="empty"):
            augment.virtual_batch(torch.ones(2, 3), members, generator)


def test_fellows_of_a_category():
    found = augment.fellows(torch.tensor([4, 0, 4, -1, 4, -1]))
    expected = [[0, 2, 4], [1, -1, -1], [2, 4, 0], [3, -1, -1], [4, 0, 2], [5, -1, -1]]
    assert found.tolist() == expected
    assert found.dtype == torch.int64


def test_noise_has_its_deviation_and_leaves_missing_units(generator):
    x = torch.randn(400, 50, generator=generator)
    x[:, 7] = 0
    before = x.clone()
    added = augment.noise(x, 0.3, generator) - x
    assert torch.equal(x, before)
    assert added[:, 7].abs().max() == 0
    rest = torch.cat([added[:, :7], added[:, 8:]], dim=1)
    assert rest.std().item() == pytest.approx(0.3, rel=0.02)
    assert rest.mean().item() == pytest.approx(0.0, abs=0.01)
    assert torch.equal(augment.noise(x, 0.0, generator), x)
    for deviation in (-0.1, math.nan):
        with pytest.raises(InputError, match="deviation"):
            augment.noise(x, deviation, generator)


@pytest.mark.parametrize("alpha", [0.15, 0.5, 1.0, 4.0])
def test_shares_follow_the_beta_distribution(alpha, generator):
    drawn = augment.symmetric_beta(alpha, 20_000, torch.device("cpu"), generator)
    assert torch.isfinite(drawn).all()
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    # In float32 many draws of a small alpha are 0 or 1: compare where the two can differ.
    inside = torch.linspace(0.01, 0.99, 50)
    below = (drawn[:, None] <= inside).double().mean(dim=0).numpy()
    assert abs(below - stats.beta.cdf(inside.numpy(), alpha, alpha)).max() < 0.015


@pytest.mark.parametrize("alpha", [0.0, -1.0, math.inf])
def test_shares_need_a_positive_alpha(alpha, generator):
    with pytest.raises(InputError, match="alpha"):
        augment.mixup(torch.ones(2, 2), torch.ones(2, 2), alpha, generator)


def test_responses_and_targets_are_mixed_in_the_same_shares(generator):
    x = torch.eye(30)
    mixed, target = augment.mixup(x, 2 * x, 1.0, generator)
    torch.testing.assert_close(target, 2 * mixed)
    torch.testing.assert_close(mixed.sum(dim=1), torch.ones(30))
    assert ((mixed > 0).sum(dim=1) <= 2).all()
    assert ((mixed > 0).sum(dim=1) == 2).sum() > 25
    assert torch.equal(x, torch.eye(30))


def test_rows_are_mixed_within_subjects(generator):
    subject = torch.tensor([0, 1, 0, 2, 1, 1, 0, 1, 0, 2])
    mixed, _ = augment.mixup(torch.eye(10), torch.eye(10), 1.0, generator, within=subject)
    rows, partners = (mixed > 0).nonzero().T
    assert torch.equal(subject[rows], subject[partners])
    assert len(rows) > 13
    _, alone = augment.mixup(torch.eye(10), torch.eye(10), 1.0, generator, within=torch.arange(10))
    torch.testing.assert_close(alone, torch.eye(10))


GALLERY = torch.arange(12.0)[:, None].expand(12, 3).contiguous()
CATEGORIES = torch.tensor([2, 0, 2, 5, -1, 0, 2, 5, 5, 5, -1, 2])


def test_the_library_draws_any_image_of_the_category(generator):
    asked = torch.tensor([0, 2, 5, 7, -1]).repeat(200)
    target = torch.full((1000, 3), 99.0)
    found = augment.Library(GALLERY, CATEGORIES).draw(target, asked, generator)
    assert (found == found[:, :1]).all()
    drawn = {int(c): set(found[asked == c, 0].tolist()) for c in asked.unique()}
    assert drawn == {0: {1, 5}, 2: {0, 2, 6, 11}, 5: {3, 7, 8, 9}, 7: {99}, -1: {99}}
    counts = torch.bincount(found[asked == 2, 0].long())[[0, 2, 6, 11]]
    assert counts.min() > 25


def test_the_library_refuses_test_categories(generator):
    shelves = augment.Library(GALLERY, CATEGORIES, forbidden=(5, 9))
    with pytest.raises(InputError, match=r"test categories \[5\]"):
        shelves.draw(torch.zeros(3, 3), torch.tensor([0, 5, 2]), generator)
    asked = torch.tensor([0, 2, -1, 7]).repeat(200)
    found = shelves.draw(torch.full((800, 3), 99.0), asked, generator)[:, 0]
    drawn = {int(c): set(found[asked == c].tolist()) for c in asked.unique()}
    assert drawn == {0: {1, 5}, 2: {0, 2, 6, 11}, 7: {99}, -1: {99}}
    assert sorted(shelves._gallery[:, 0].tolist()) == [0, 1, 2, 5, 6, 11]


def test_an_empty_library_changes_nothing(generator):
    target = torch.randn(2, 3, generator=generator)
    empty = augment.Library(torch.empty(0, 3), torch.empty(0, dtype=torch.int64))
    assert torch.equal(empty.draw(target, torch.tensor([0, 1]), generator), target)


def test_the_same_generator_gives_the_same_rows():
    x = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
    members = augment.fellows(torch.tensor([0, 0, 1, 1, 0, 1, 2, 0]))
    shelves = augment.Library(x, members[:, 0] % 2)

    def drawn(seed):
        generator = torch.Generator().manual_seed(seed)
        return torch.cat(
            [
                augment.noise(x, 1.0, generator),
                *augment.mixup(x, x, 0.4, generator),
                augment.virtual_batch(x, members, generator),
                shelves.draw(x, members[:, 0] % 2, generator),
            ]
        )

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
