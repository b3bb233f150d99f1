"""Losses against numbers worked out by hand, numpy and torch's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.decoders import losses
from core.errors import InputError, NotFoundError

IDS = ["infonce", "softclip", "fuzzy", "mse", "cosine"]
VARIANTS = [
    *((loss, {}) for loss in IDS),
    ("infonce", {"kind": "fixed", "temperature": 0.5}),
    ("fuzzy", {"kind": "fixed", "temperature": 0.1}),
    ("fuzzy", {"kind": "learned"}),
]


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    predicted, target = torch.randn(2, 9, 6, generator=generator)
    return predicted, target, torch.tensor([0, 1, 1, -1, 2, -1, 0, 1, 3])


def unit(rows):
    rows = np.asarray(rows, dtype=np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def log_softmax(rows):
    return rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))


def test_the_losses_are_listed_in_order_and_say_what_they_are():
    assert list(losses.LOSSES) == IDS
    for loss in losses.LOSSES.values():
        assert loss.label
        assert loss.citation
        assert loss.note.endswith(".")


def test_fuzzy_matching_by_hand():
    """Eq. 2-3 with three rows, the first two of one category, and cosines of 1 and 0.

    Predictions (1, 0), (0, 1), (0, 1) and images (1, 0), (1, 0), (0, 1) of any length give
    the cosines [1 1 0], [0 0 1], [0 0 1]. Over images, log(2e + 1) = 1.8619949 and
    log(e + 2) = 1.5514447 are the logarithms of the sums, so that l is
    [-.8619949 -.8619949 -1.8619949] and twice [-1.5514447 -1.5514447 -.5514447].
    J over its row sums is [1/2 1/2 0], [1/2 1/2 0], [0 0 1]. The three rows give
    .8619949, 1.5514447 and .5514447, the mean is .9882948.
    """
    predicted = torch.tensor([[2.0, 0], [0, 3.0], [0, 0.5]])
    target = torch.tensor([[4.0, 0], [1.0, 0], [0, 7.0]])
    found = losses.build("fuzzy")(predicted, target, torch.tensor([5, 5, 8]))
    assert found.item() == pytest.approx(0.9882948, abs=1e-6)


def test_fuzzy_matching_by_hand_with_temperature():
    """The same with a temperature of 1/2: cosines become 2 and 0.

    log(2e^2 + 1) = 2.7586236 and log(e^2 + 2) = 2.2395447; rows .7586236, 2.2395447 and
    .2395447, the mean is 1.0792377.
    """
    predicted = torch.tensor([[2.0, 0], [0, 3.0], [0, 0.5]])
    target = torch.tensor([[4.0, 0], [1.0, 0], [0, 7.0]])
    loss = losses.build("fuzzy", kind="fixed", temperature=0.5)
    found = loss(predicted, target, torch.tensor([5, 5, 8]))
    assert found.item() == pytest.approx(1.0792377, abs=1e-6)


def test_fuzzy_matching_of_unknown_categories_by_hand():
    """Two rows of unknown category match themselves alone.

    Cosines [1 0], [1 0]: log(e + 1) = 1.3132617; rows .3132617 and 1.3132617, mean .8132617.
    """
    predicted = torch.tensor([[1.0, 0], [1.0, 0]])
    target = torch.eye(2)
    found = losses.build("fuzzy")(predicted, target, torch.tensor([-1, -1]))
    assert found.item() == pytest.approx(0.8132617, abs=1e-6)
    # Of one category, each row matches both images: (.3132617 + 1.3132617) / 2, twice.
    together = losses.build("fuzzy")(predicted, target, torch.tensor([0, 0]))
    assert together.item() == pytest.approx(0.8132617, abs=1e-6)


def test_fuzzy_matching_against_equation_3_in_loops(batch):
    predicted, target, category = batch
    a, b = unit(predicted), unit(target)
    category = category.tolist()
    total = 0.0
    for i in range(9):
        sums = sum(math.exp(a[i] @ b[n]) for n in range(9))
        same = [float(i == j or category[i] == category[j] != -1) for j in range(9)]
        total -= sum(same[j] * (a[i] @ b[j] - math.log(sums)) for j in range(9)) / sum(same)
    assert losses.build("fuzzy")(*batch).item() == pytest.approx(total / 9, abs=1e-6)


def test_fuzzy_matching_against_cross_entropy(batch):
    predicted, target, category = batch
    wanted = ((category[:, None] == category) & (category >= 0)).double()
    wanted.fill_diagonal_(1.0)
    similarity = F.normalize(predicted, dim=1) @ F.normalize(target, dim=1).T
    expected = F.cross_entropy(similarity.double(), wanted / wanted.sum(1, keepdim=True))
    assert losses.build("fuzzy")(*batch).item() == pytest.approx(expected.item(), abs=1e-6)


def test_fuzzy_matching_of_distinct_categories_is_one_sided_infonce(batch):
    predicted, target, _ = batch
    similarity = F.normalize(predicted, dim=1) @ F.normalize(target, dim=1).T
    expected = F.cross_entropy(similarity, torch.arange(9))
    for category in (torch.arange(9), torch.full((9,), -1)):
        found = losses.build("fuzzy")(predicted, target, category)
        assert found.item() == pytest.approx(expected.item(), abs=1e-6)


def test_infonce_against_loops(batch):
    predicted, target, category = batch
    a, b = unit(predicted), unit(target)
    total = 0.0
    for i in range(9):
        forth = sum(math.exp(a[i] @ b[j] / 0.2) for j in range(9))
        back = sum(math.exp(a[j] @ b[i] / 0.2) for j in range(9))
        total -= 2 * a[i] @ b[i] / 0.2 - math.log(forth) - math.log(back)
    for kind in ("fixed", "learned"):
        loss = losses.build("infonce", kind=kind, temperature=0.2)
        assert loss(predicted, target, category).item() == pytest.approx(total / 18, rel=1e-5)


def test_infonce_shares_an_image_among_its_rows():
    """Two rows of one image, as of two subjects, are no wrong answers of each other.

    Cosines [1 1 0], [1 1 0], [0 0 1] at temperature 1/2: a row of the first image loses
    log(2 e^2 + 1) - 2 whichever of the two it finds, the other row log(e^2 + 2) - 2.
    """
    rows = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    shared, alone = math.log(2 * math.e**2 + 1) - 2, math.log(math.e**2 + 2) - 2
    loss = losses.build("infonce", kind="fixed", temperature=0.5)
    found = loss(rows.requires_grad_(), 3 * rows.detach(), torch.tensor([0, 0, 1]))
    assert found.item() == pytest.approx((2 * shared + alone) / 3, rel=1e-5)
    found.backward()
    assert torch.allclose(rows.grad[0], rows.grad[1])


def test_softclip_against_numpy(batch):
    predicted, target, category = batch
    a, b = unit(predicted), unit(target)
    wanted = np.exp(log_softmax(b @ b.T / 0.3))
    rows = log_softmax(a @ b.T / 0.3), log_softmax(b @ a.T / 0.3)
    expected = -np.mean([(wanted * row).sum(axis=1).mean() for row in rows])
    found = losses.build("softclip", temperature=0.3)(predicted, target, category)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_softclip_nears_infonce_where_the_temperature_is_small(batch):
    sharp = losses.build("softclip", temperature=0.02)(*batch)
    hard = losses.build("infonce", kind="fixed", temperature=0.02)(*batch)
    assert sharp.item() == pytest.approx(hard.item(), rel=1e-3)


def test_row_by_row_losses_against_numpy(batch):
    predicted, target, _ = (part.double().numpy() for part in batch)
    squares = losses.build("mse")(*batch).item()
    assert squares == pytest.approx(((predicted - target) ** 2).mean(), rel=1e-5)
    angles = losses.build("cosine")(*batch).item()
    assert angles == pytest.approx(1 - (unit(predicted) * unit(target)).sum(1).mean(), rel=1e-5)
    same = losses.build("cosine")(batch[1] * 3, batch[1], batch[2])
    assert same.item() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("loss", "values"), VARIANTS)
def test_the_order_of_a_batch_does_not_matter(loss, values, batch):
    module = losses.build(loss, **values)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(module(*(part[order] for part in batch)), module(*batch))


@pytest.mark.parametrize(("loss", "values"), VARIANTS)
def test_losses_are_scalars_in_float32_with_a_gradient(loss, values, batch):
    predicted, target, category = batch
    predicted = predicted.bfloat16().requires_grad_()
    found = losses.build(loss, **values)(predicted, target, category)
    assert found.shape == ()
    assert found.dtype == torch.float32
    found.backward()
    assert predicted.grad.abs().max() > 0


def test_similarities_stay_in_float32_under_mixed_precision(batch):
    loss = losses.build("infonce", kind="fixed", temperature=0.01)
    exact = loss(*batch)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(loss(*batch), exact)


def test_a_learned_temperature_starts_moves_and_stays_above_a_hundredth(batch):
    loss = losses.build("infonce")
    (scale,) = loss.parameters()
    assert scale.exp().item() == pytest.approx(1 / 0.07, rel=1e-6)
    predicted, target, category = batch
    step = 1e-3
    loss(predicted, target, category).backward()
    gradient = scale.grad.item()
    with torch.no_grad():
        ends = [loss(*batch) for _ in map(scale.add_, (step, -2 * step))]
    assert gradient == pytest.approx((ends[0] - ends[1]).item() / (2 * step), rel=1e-2)

    optimiser = torch.optim.Adam(loss.parameters(), lr=0.5)
    for _ in range(30):
        optimiser.zero_grad()
        loss(target, target, category).backward()
        optimiser.step()
    loss(target, target, category)
    assert scale.exp().item() == pytest.approx(100, rel=1e-5)
    for _ in range(30):
        optimiser.zero_grad()
        loss(-target, target, category).backward()
        optimiser.step()
    assert scale.exp().item() < 50


def test_fixed_temperatures_are_not_trained_but_saved():
    for loss, values in VARIANTS:
        module = losses.build(loss, **values)
        learned = values.get("kind", "learned" if loss == "infonce" else "none") == "learned"
        assert len(list(module.parameters())) == learned
    assert "scale.log_scale" in losses.build("softclip").state_dict()


def test_a_weighted_sum(batch):
    terms = [("mse", 0.5, {}), ("fuzzy", 2.0, {}), ("infonce", 1.0, {"temperature": 0.1})]
    expected = sum(weight * losses.build(name, **values)(*batch) for name, weight, values in terms)
    module = losses.combined(terms)
    torch.testing.assert_close(module(*batch), expected)
    assert len(list(module.parameters())) == 1


@pytest.mark.parametrize(
    ("given", "weight"),
    [
        ("mse", 1.0),
        (["mse"], 1.0),
        ([["mse"]], 1.0),
        (("mse", 0.5), 0.5),
        (("mse", 0.5, {}), 0.5),
        ([["mse", 2, {}]], 2.0),
        ([("mse", np.float32(0.5))], 0.5),
    ],
)
def test_one_term_by_itself_is_a_sum_of_one(given, weight):
    assert losses.check_terms(given) == (("mse", weight, {}),)


def test_terms_are_read_in_their_order():
    assert losses.check_terms(["mse", ["cosine", 2]]) == (("mse", 1.0, {}), ("cosine", 2.0, {}))
    (term,) = losses.check_terms([["infonce", 1, {"temperature": "0.2"}]])
    assert term == ("infonce", 1.0, {"kind": "learned", "temperature": 0.2})
    assert losses.check_terms([]) == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "The loss is None. Expected a sequence of terms"),
        ({"mse": 1.0}, r"The loss is \{'mse': 1.0\}"),
        ([None], "A term of the loss is None. Expected an id"),
        ([0.5], "A term of the loss is 0.5"),
        ([[]], r"A term of the loss is \[\]"),
        ([["mse", 1.0, {}, 1]], "A term of the loss is"),
        ([[0.5, "mse"]], "A term of the loss is"),
        (["mse", {}], r"A term of the loss is \{\}"),
        ([["mse", 1.0, ["kind"]]], "A term of the loss is"),
        ([["mse", "cosine"]], "The weight of mse is 'cosine'"),
        ([["mse", None]], "The weight of mse is None"),
        ([["mse", True]], "The weight of mse is True"),
        pytest.param([["mse", 10**400]], "The weight of mse is 1000", id="beyond any float"),
        ([["mse", math.inf]], "The weight of mse is inf"),
    ],
)
def test_what_is_no_sum_of_losses_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        losses.check_terms(given)


@pytest.mark.parametrize(
    "terms",
    [
        [],
        [("mse", 0.0, {})],
        [("mse", -1.0, {})],
        [("mse", math.nan, {})],
        [("mse", 1.0, {"temperature": 1.0})],
        [("fuzzy", 1.0, {"kind": "soft"})],
        [("infonce", 1.0, {"temperature": 0.0})],
        [("softclip", 1.0, {"temperature": 11.0})],
    ],
)
def test_wrong_sums_are_refused(terms):
    with pytest.raises(InputError):
        losses.combined(terms)
    with pytest.raises(NotFoundError, match="softclip"):
        losses.build("hinge")
