"""The bounds of the rivals against Monte Carlo and hand-computed cases, and what they learn."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
import torch

from core.decoders import HEADS, heads
from core.decoders.generative import experts
from core.decoders.generative.parameters import FEATURES
from core.errors import InputError
from tests.core.decoders.generative.planted_latents import (
    RIVALS,
    SHAPE,
    SMALL,
    built,
    learned,
    planted,
    two_way,
)

ROWS, TRAINED = 4, 160


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def few():
    return planted(ROWS)


def log_joint(module, z, views):
    """Log density of the latents and of all modalities at z (..., b, L), term by term."""
    prior = experts.log_normal(z, torch.zeros(()), torch.zeros(z.shape[-1]))
    parts = [
        experts.log_likelihood(module.decoders[name](z), own)
        for name, own in zip(module.names, views.x, strict=True)
    ]
    return prior, torch.stack(parts)


def gaussian_bound(module, views, shown, counted, draws=15_000):
    """Monte Carlo: E[log p(counted, z) - log q(z)] where q is the product of those shown."""
    mask = torch.zeros(len(module.names), ROWS, dtype=torch.bool)
    mask[list(shown)] = True
    q = experts.product(views.mean, views.log_variance, mask)
    torch.manual_seed(5)
    z = experts.draw(*q, draws)
    prior, parts = log_joint(module, z, views)
    return (parts[list(counted)].sum(dim=0) + prior - experts.log_normal(z, *q)).mean(dim=0)


def mean_terms(module, few, repeats=600):
    """Terms of the loss averaged over draws."""
    torch.manual_seed(6)
    with torch.inference_mode():
        every = [module.objective(*few) for _ in range(repeats)]
    return {name: torch.stack([each[name] for each in every]).mean() for name in every[0]}


def test_the_bounds_of_mvae(few):
    module = built("mvae")
    views = module.views(*few)
    terms = mean_terms(module, few)
    with torch.inference_mode():
        for name, places in {"all together": (0, 1, 2), "visual": (1,)}.items():
            expected = -gaussian_bound(module, views, places, places).mean()
            torch.testing.assert_close(terms[name], expected, rtol=0.015, atol=0)
    assert set(terms) == {"all together", "brain", "visual", "textual"}


def test_the_bounds_of_mopoe(few):
    module = built("mopoe_vae")
    views = module.views(*few)
    terms = mean_terms(module, few, 400)
    names = module.names
    subsets = [c for size in (1, 2, 3) for c in combinations(range(3), size)]
    assert list(terms) == [" + ".join(names[place] for place in subset) for subset in subsets]
    with torch.inference_mode():
        for subset in ((0,), (0, 2), (0, 1, 2)):
            expected = -gaussian_bound(module, views, subset, (0, 1, 2)).mean() / 7
            name = " + ".join(names[place] for place in subset)
            torch.testing.assert_close(terms[name], expected, rtol=0.015, atol=0)


@pytest.mark.parametrize("samples", [1, 3])
def test_the_bounds_of_mmvae(few, samples):
    """Written out sample by sample, with torch.distributions for the mixture."""
    module = built("mmvae", samples=samples)
    views = module.views(*few)
    torch.manual_seed(7)
    found = module.bounds(views)
    torch.manual_seed(7)
    z = experts.draw(views.mean, views.log_variance, samples)
    spread = (views.log_variance / 2).exp()
    normals = [
        torch.distributions.Independent(torch.distributions.Normal(m, s), 1)
        for m, s in zip(views.mean, spread, strict=True)
    ]
    for place in range(3):
        own = z[:, place]
        prior, parts = log_joint(module, own, views)
        mixture = torch.stack([q.log_prob(own) for q in normals]).exp().mean(dim=0).log()
        weights = (parts.sum(dim=0) + prior - mixture).double().exp().mean(dim=0)
        torch.testing.assert_close(found[place].double(), weights.log(), rtol=1e-4, atol=1e-3)


def test_more_samples_tighten_the_bound_of_mmvae(few):
    module = built("mmvae")
    bounds = []
    for samples in (1, 50):
        module.samples = samples
        torch.manual_seed(0)
        bounds.append(torch.stack([module.bounds(module.views(*few)) for _ in range(30)]).mean())
    assert bounds[1] > bounds[0]


def test_the_terms_of_cada_vae(few):
    """L1 over the scale, the divergence, cross-reconstruction and W2 by hand."""
    module = built("cada_vae", beta=0.5, cross=2.0, alignment=3.0)
    views = module.views(*few)
    torch.manual_seed(8)
    terms = module.objective(*few)
    torch.manual_seed(8)
    z = experts.draw(views.mean, views.log_variance)

    def cost(decoded, source):
        off = (module.decoders[module.names[decoded]](z[source]) - views.x[decoded]).abs()
        constant = off.shape[1] * torch.tensor(1.5).log()
        return (off.sum(dim=1) / 0.75 + constant).mean()

    variance = views.log_variance.exp()
    kl = 0.5 * (views.mean**2 + variance - views.log_variance - 1).sum(dim=-1).mean(dim=1)
    for place, name in enumerate(module.names):
        torch.testing.assert_close(terms[name], cost(place, place) + 0.5 * kl[place])
    pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
    torch.testing.assert_close(
        terms["cross-reconstruction"], 2 * torch.stack([cost(i, j) for i, j in pairs]).sum()
    )
    apart = [
        (
            (views.mean[i] - views.mean[j]).square().sum(dim=1)
            + (variance[i].sqrt() - variance[j].sqrt()).square().sum(dim=1)
        )
        .sqrt()
        .mean()
        for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    torch.testing.assert_close(terms["alignment"], 3 * torch.stack(apart).sum())


def test_the_mutual_information_within(few):
    module = built("bravl", intra=1.0, inter=0.0)
    views = module.views(*few)
    torch.manual_seed(9)
    found = module.within(views)
    torch.manual_seed(9)
    z = experts.draw(*experts.product(views.mean, views.log_variance, views.present))
    expected = sum(
        torch.distributions.Normal(module.readers[name](module.decoders[name](z)), 0.75)
        .log_prob(z)
        .sum(dim=1)
        .mean()
        for name in module.names
    )
    torch.testing.assert_close(found, expected)


def test_cubo_is_above_the_log_likelihood_and_the_bound_below(few):
    """The likelihood by importance sampling from the product, with very many draws."""
    module = learned("bravl", planted(200), steps=60)
    views = module.views(*few)
    with torch.inference_mode():
        q = experts.product(views.mean, views.log_variance, views.present)
        torch.manual_seed(1)
        z = experts.draw(*q, 15_000)
        prior, parts = log_joint(module, z, views)
        weights = parts.sum(dim=0) + prior - experts.log_normal(z, *q)
        draws = torch.log(torch.tensor(15_000.0))
        likelihood = weights.logsumexp(dim=0) - draws
        module.samples = 15_000
        above = module.upper_bound(views)
    assert (above > likelihood).all()
    assert (weights.mean(dim=0) < likelihood).all()
    by_hand = 0.5 * ((2 * weights).logsumexp(dim=0) - draws)
    torch.testing.assert_close(above, by_hand, rtol=0.1, atol=0.5)


def test_mismatched_rows_are_of_the_batch_and_no_longer_belong_together(few):
    module = built("bravl")
    views = module.views(*few)
    for seed in range(20):
        torch.manual_seed(seed)
        other = module.mismatched(views)
        moved = [not torch.equal(a, b) for a, b in zip(other.x, views.x, strict=True)]
        assert 0 < sum(moved) < 3
        for place, has_moved in enumerate(moved):
            same = (other.x[place] == views.x[place]).all(dim=1)
            assert not same.any() if has_moved else same.all()
            torch.testing.assert_close(other.x[place].sum(), views.x[place].sum())


@pytest.mark.parametrize("head", RIVALS)
@pytest.mark.parametrize("features", FEATURES)
def test_it_learns_what_is_planted_and_nothing_of_permuted_responses(head, features):
    data, tested = planted(TRAINED), planted(60, seed=1)
    module = learned(head, data, features=features)
    subject = torch.zeros(60, dtype=torch.int64)
    with torch.inference_mode():
        assert two_way(module(tested.x, subject), tested.target) > 0.85
    if features != "V&T":
        return
    order = torch.randperm(TRAINED, generator=torch.Generator().manual_seed(3))
    control = learned(head, data._replace(x=data.x[order]))
    with torch.inference_mode():
        assert 0.35 < two_way(control(tested.x, subject), tested.target) < 0.65


@pytest.mark.parametrize("head", RIVALS)
def test_the_same_seed_gives_the_same_module(head):
    data = planted(40)
    first, again, other = (learned(head, data, 3, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("head", RIVALS)
def test_a_gradient_reaches_every_parameter(head, few):
    for features in FEATURES:
        module = built(head, features=features)
        module.fit_scale(few.target, few.text)
        torch.stack(list(module.objective(*few).values())).sum().backward()
        for name, parameter in module.named_parameters():
            assert parameter.grad is not None, (features, name)
            assert parameter.grad.abs().max() > 0, (features, name)


@pytest.mark.parametrize("head", RIVALS)
def test_a_modality_missing_for_some_images_takes_no_part(head):
    """Whatever stands in the missing rows of others; the rest is learned."""
    data = planted(TRAINED)
    text = data.text.clone()
    text[::2] = torch.nan
    x = data.x.clone()
    x[1] = torch.nan
    module = learned(head, data._replace(x=x, text=text))
    assert all(tensor.isfinite().all() for tensor in module.state_dict().values())
    tested = planted(60, seed=1)
    with torch.inference_mode():
        predicted = module(tested.x, torch.zeros(60, dtype=torch.int64))
    assert two_way(predicted, tested.target) > 0.85
    views = module.views(x[:2], data.target[:2], text[:2])
    assert views.present.tolist() == [[True, False], [True, True], [False, True]]
    assert module.likelihoods(views.mean[0], views)[2, 0] == 0


@pytest.mark.parametrize("head", RIVALS)
def test_it_names_the_modality_that_gives_no_number(head, few):
    for name, part in (("textual", "encoders"), ("visual", "decoders")):
        module = built(head)
        with torch.no_grad():
            next(getattr(module, part)[name].parameters()).fill_(torch.nan)
        assert module.not_finite(*few) == [name]
    broken = few._replace(text=torch.full_like(few.text, torch.inf))
    assert built(head).not_finite(*broken) == ["textual"]


@pytest.mark.parametrize("head", RIVALS)
def test_latents_drawn_from_features_are_those_of_responses(head):
    """Of an image they are nearer to the latents of its response than to those of others."""
    data = planted(TRAINED)
    module = learned(head, data)
    with torch.inference_mode():
        own, drawn = (
            module.latent(data.x[:20]),
            module.draw_latents(data.target[:20], data.text[:20], 8),
        )
        assert drawn.shape == (20, 8, SMALL["latent"])
        assert two_way(drawn.mean(dim=1), own) > 0.9


@pytest.mark.parametrize("head", RIVALS)
def test_the_textual_decoder_knows_no_image(head, few):
    """With text alone, the visual features change nothing but what is read out."""
    module = built(head, features="T")
    assert set(module.encoders) == {"brain", "textual"}
    terms = module.objective(*few)
    torch.stack([*terms.values()][-1:]).sum().backward()
    assert list(terms)[-1] == "readout of the visual embedding"
    assert {name for name, p in module.named_parameters() if p.grad is not None} == {
        name for name, _ in module.named_parameters() if name.startswith("decoders.visual")
    }


def test_only_bravl_is_transductive_and_only_when_asked():
    for head in RIVALS:
        declared = HEADS[head]
        assert declared.trained_by == "own objective"
        assert (declared.transductive is None) == (head != "bravl")
    declared = HEADS["bravl"]
    assert not declared.transductive(declared.check({}))
    assert declared.transductive(declared.check({"transductive": True}))
    with pytest.raises(InputError, match=r"features is 'A'.*V, T, V&T"):
        heads.build("mvae", replace(SHAPE), features="A")
