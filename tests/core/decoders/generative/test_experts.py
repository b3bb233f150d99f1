"""Terms of the bounds against torch.distributions, scipy, closed forms and Monte Carlo."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import distributions

from core.decoders.generative import experts


@pytest.fixture
def gaussians():
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(3, 5, 4, generator=generator)
    return mean, torch.randn(3, 5, 4, generator=generator)


def test_the_likelihood_is_that_of_laplace():
    rng = np.random.default_rng(0)
    mean, x = rng.normal(size=(2, 6, 7))
    expected = stats.laplace.logpdf(x, mean, scale=0.75).sum(axis=1)
    found = experts.log_likelihood(torch.tensor(mean), torch.tensor(x))
    np.testing.assert_allclose(found, expected)


def test_the_normal_density_and_the_divergence_are_those_of_torch(gaussians):
    mean, log_variance = gaussians
    own = distributions.Normal(mean, (log_variance / 2).exp())
    standard = distributions.Normal(torch.zeros(4), torch.ones(4))
    z = mean.flip(0)
    torch.testing.assert_close(
        experts.log_normal(z, mean, log_variance), own.log_prob(z).sum(dim=-1)
    )
    expected = distributions.kl_divergence(own, standard).sum(dim=-1)
    torch.testing.assert_close(experts.divergence(mean, log_variance), expected)


def test_product_of_experts_by_hand():
    """Prior N(0, 1), experts N(2, 1) and N(4, 1/2): precision 4, mean (2 + 8) / 4."""
    mean = torch.tensor([[[2.0]], [[4.0]]])
    log_variance = torch.tensor([[[1.0]], [[0.5]]]).log()
    both = torch.tensor([[True], [True]])
    found = experts.product(mean, log_variance, both)
    torch.testing.assert_close(found, (torch.tensor([[2.5]]), torch.tensor([[0.25]]).log()))
    first = experts.product(mean, log_variance, torch.tensor([[True], [False]]))
    torch.testing.assert_close(first, (torch.tensor([[1.0]]), torch.tensor([[0.5]]).log()))
    none = experts.product(mean, log_variance, ~both)
    torch.testing.assert_close(none, (torch.zeros(1, 1), torch.zeros(1, 1)))


def test_the_product_is_proportional_to_the_densities_multiplied(gaussians):
    mean, log_variance = gaussians
    present = torch.tensor([[1, 1, 0, 0, 1], [1, 0, 1, 0, 1], [1, 0, 0, 1, 0]]).bool()
    product = experts.product(mean, log_variance, present)
    zero = torch.zeros(5, 4)

    def apart(z):
        """Log of the densities multiplied, less that of the product: the same everywhere."""
        each = [experts.log_normal(z, m, v) for m, v in zip(mean, log_variance, strict=True)]
        multiplied = (torch.stack(each) * present).sum(dim=0) + experts.log_normal(z, zero, zero)
        return multiplied - experts.log_normal(z, *product)

    torch.testing.assert_close(apart(zero), apart(torch.ones(5, 4) * 0.7), rtol=1e-4, atol=1e-4)


def test_the_mixture_is_that_of_those_present(gaussians):
    mean, log_variance = gaussians
    present = torch.tensor([[1, 1, 0, 0, 1], [1, 0, 1, 0, 1], [1, 0, 0, 1, 0]]).bool()
    z = torch.randn(2, 3, 5, 4, generator=torch.Generator().manual_seed(1))
    found = experts.log_mixture(z, mean, log_variance, present)
    for row in range(5):
        own = present[:, row]
        mixture = distributions.MixtureSameFamily(
            distributions.Categorical(torch.ones(int(own.sum()))),
            distributions.Independent(
                distributions.Normal(mean[own, row], (log_variance[own, row] / 2).exp()), 1
            ),
        )
        torch.testing.assert_close(found[..., row], mixture.log_prob(z[..., row, :]))


def test_wasserstein_distance_by_hand():
    """Means 3 apart, deviations 1 and 5: sqrt(9 + 16)."""
    ends = (torch.tensor([[0.0]]), torch.tensor([[0.0]]), torch.tensor([[3.0]]))
    found = experts.wasserstein(*ends, 2 * torch.tensor([[5.0]]).log())
    torch.testing.assert_close(found, torch.tensor([5.0]))
    equal = torch.zeros(1, 2, requires_grad=True)
    experts.wasserstein(equal, equal, equal, equal).sum().backward()
    assert torch.isfinite(equal.grad).all()


def test_draws_have_the_moments_of_the_gaussian():
    torch.manual_seed(0)
    mean, deviation = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, 3.0]])
    drawn = experts.draw(mean, 2 * deviation.log(), 20_000)
    torch.testing.assert_close(drawn.mean(dim=0), mean, atol=0.1, rtol=0)
    torch.testing.assert_close(drawn.std(dim=0), deviation, atol=0.1, rtol=0)
