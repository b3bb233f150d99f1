"""Heads: what they declare, what they refuse, and the form of what they build."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.decoders import Config, heads
from core.errors import InputError, NotFoundError
from core.paths import PROJECT

IDS = [
    "whitened_ridge",
    "ridge",
    "linear",
    "tuned_ridge",
    "mlp",
    "fc_attention",
    "clip_mused",
    "aligned_linear",
    "roi_transformer",
]
# Those with an objective of their own are tested in tests/core/decoders/generative.
GENERATIVE = ["cada_vae", "mvae", "mmvae", "mopoe_vae", "bravl"]
SMALL = {
    "mlp": {"width": 16},
    "fc_attention": {"width": 16, "heads": 2, "layers": 2},
    "clip_mused": {"width": 16, "heads": 2, "hidden": 32, "depth": 2},
    "roi_transformer": {"width": 16, "heads": 2, "hidden": 32, "depth": 2},
}
ATTENDING = ["fc_attention", "clip_mused", "roi_transformer"]
ATTENTION = [
    *("norm.weight", "norm.bias", "attention.inward.weight"),
    *("attention.outward.weight", "attention.outward.bias"),
]
MLP = [f"mlp.network.{place}.{kind}" for place in (0, 1, 3) for kind in ("weight", "bias")]
TRANSFORMER = [
    *("embedding.weight", "embedding.place"),
    *(f"transformer.layers.{layer}.{name}" for layer in (0, 1) for name in ATTENTION + MLP),
    *("transformer.norm.weight", "transformer.norm.bias", "outward.weight", "outward.bias"),
]
# What a decoder of version 0.1 is stored and exported with.
STATES = {
    "whitened_ridge": ["network.weight", "network.bias"],
    "ridge": ["network.weight", "network.bias"],
    "linear": ["network.weight", "network.bias"],
    "tuned_ridge": ["network.weight", "network.bias"],
    "mlp": [
        f"network.{layer}.{kind}"
        for layer in ("0.0", "0.1", "1.network.0", "1.network.1", "2")
        for kind in ("weight", "bias")
    ],
    "fc_attention": [
        *("embedding.weight", "embedding.place", "inward.0.weight", "inward.0.bias"),
        *(f"attending.layers.{layer}.{name}" for layer in (0, 1) for name in ATTENTION),
        *(f"outward.{layer}.{kind}" for layer in (1, 2, 5) for kind in ("weight", "bias")),
    ],
    "clip_mused": ["low", "high", *TRANSFORMER],
    "aligned_linear": ["own.0.weight", "own.1.weight", "shared.weight", "shared.bias"],
    "roi_transformer": ["brain", *TRANSFORMER],
}
SHAPE = heads.Shape(30, ((0, 10), (10, 17), (17, 30)), 2, 5)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def x():
    return torch.randn(6, 30, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def subject():
    return torch.tensor([0, 1, 0, 1, 1, 0])


def made(head, shape=SHAPE, seed=0, **parameters):
    torch.manual_seed(seed)
    return heads.build(head, shape, **{**SMALL.get(head, {}), **parameters})


def test_the_heads_are_listed_in_order_and_say_what_they_are():
    assert list(heads.HEADS) == IDS + GENERATIVE
    for head in heads.HEADS.values():
        assert head.label
        assert head.citation
        assert head.note.endswith(".")
        assert head.attends == (head.id in ATTENDING)
        for values in head.presets.values():
            assert head.check(values) | dict(values) == head.check(values)
    closed = [h.id for h in heads.HEADS.values() if h.trained_by == "closed form"]
    assert closed == [h.id for h in heads.HEADS.values() if h.solve] == ["whitened_ridge", "ridge"]
    own = [h.id for h in heads.HEADS.values() if h.trained_by == "own objective"]
    assert own == [h.id for h in heads.HEADS.values() if h.textual is not None] == GENERATIVE
    several = [h.id for h in heads.HEADS.values() if h.several_subjects]
    assert several == ["clip_mused", "aligned_linear"]
    assert [h.id for h in heads.HEADS.values() if h.penalises] == ["clip_mused"]


def test_declarations_are_read_without_torch():
    code = (
        "import sys; from core.decoders import heads, losses; "
        "print(len(list(heads.HEADS)), len(list(losses.LOSSES)), 'torch' in sys.modules)"
    )
    found = subprocess.check_output([sys.executable, "-c", code], cwd=PROJECT, text=True)
    assert found.split() == ["14", "5", "False"]


def test_published_presets_of_study_c():
    presets = heads.HEADS["roi_transformer"].presets
    sizes = {name: (preset["depth"], preset["heads"]) for name, preset in presets.items()}
    assert sizes == {"6/4": (6, 4), "12/8": (12, 8), "24/16": (24, 16)}
    assert {(preset["width"], preset["hidden"]) for preset in presets.values()} == {(512, 2048)}
    with torch.device("meta"):
        module = heads.build("roi_transformer", SHAPE, **presets["24/16"])
    assert 24 * 3.1e6 < sum(weights.numel() for weights in module.parameters()) < 24 * 3.2e6


@pytest.mark.parametrize("head", IDS)
def test_stored_decoders_of_the_head_load(head):
    assert sorted(made(head).state_dict()) == sorted(STATES[head])


def test_a_head_of_the_former_protocol_says_what_to_change(monkeypatch):
    class Former(torch.nn.Linear):
        def penalty(self, targets):
            return targets.sum()

    declared = replace(
        heads.HEADS["linear"], id="former", penalises=True, build=lambda *_: Former(2, 2)
    )
    monkeypatch.setattr(heads.HEADS, "_entries", {"former": declared})
    message = "without forward_with_penalty.*gives embeddings and penalty.*in place of penalty"
    with pytest.raises(InputError, match=message):
        heads.build("former", SHAPE)


@pytest.mark.parametrize("head", IDS)
def test_shape_of_the_output(head, x, subject):
    found = made(head)(x, subject)
    assert found.shape == (6, 5)
    assert found.dtype == torch.float32


@pytest.mark.parametrize("head", IDS)
def test_the_same_seed_gives_the_same_weights(head):
    first, again, other = (made(head, seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("head", IDS)
def test_a_gradient_reaches_every_parameter(head, x, subject):
    module = made(head)
    module(x, subject).square().sum().backward()
    for name, weights in module.named_parameters():
        assert weights.grad is not None, name
        assert weights.grad.abs().max() > 1e-9, name


@pytest.mark.parametrize("head", IDS)
def test_the_order_of_rows_does_not_matter(head, x, subject):
    module = made(head).eval()
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    found = module(x[order], subject[order])
    torch.testing.assert_close(found, module(x, subject)[order])
    torch.testing.assert_close(module(x[2:3], subject[2:3]), module(x, subject)[2:3])


@pytest.mark.parametrize("head", IDS)
def test_the_subject_counts_where_it_should(head, x, subject):
    module = made(head).eval()
    differs = (module(x, subject) - module(x, 1 - subject)).abs().max() > 1e-4
    assert bool(differs) == heads.HEADS[head].several_subjects


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_computed_weights_fill_the_ridge_head(kind, x, subject):
    rng = np.random.default_rng(0)
    weights, intercept = rng.standard_normal((30, 5)), rng.standard_normal(5)
    module = made("ridge")
    heads.fill(module, kind(weights), kind(intercept))
    expected = torch.as_tensor(x.numpy() @ weights + intercept, dtype=torch.float32)
    torch.testing.assert_close(module(x, subject), expected)
    with pytest.raises(InputError, match=r"\(30, 5\)"):
        heads.fill(module, weights.T, intercept)
    with pytest.raises(InputError, match="not linear"):
        heads.fill(made("mlp"), weights, intercept)


def test_alphas_of_ridge():
    from core.decoders.head_parameters import alphas

    found = alphas(heads.HEADS["ridge"].check({}))
    np.testing.assert_allclose(found, np.logspace(0, 6, 13))
    found = alphas({"smallest": 3.0, "largest": 3.0, "count": 2})
    np.testing.assert_allclose(found, [1e3, 1e3])


@pytest.mark.parametrize(
    ("head", "wrong", "message"),
    [
        ("ridge", {"smallest": 3.0, "largest": 1.0}, r"smallest alpha is 10\^3.*not above"),
        ("mlp", {"hidden": 0}, "1 residual blocks stand on no hidden layer"),
        *((head, {"width": 18}, "18 cannot be divided among 4 heads") for head in ATTENDING),
    ],
)
def test_values_that_do_not_fit_together_are_found_before_anything_is_built(head, wrong, message):
    with pytest.raises(InputError, match=message):
        heads.HEADS[head].check(wrong)
    with pytest.raises(InputError, match=message):
        Config("simulated", head=head, head_parameters=wrong)


@pytest.mark.parametrize("hidden", range(5))
def test_hidden_layers_of_the_mlp(hidden):
    module = made("mlp", hidden=hidden, blocks=0)
    layers = [layer for layer in module.modules() if isinstance(layer, torch.nn.Linear)]
    assert len(layers) == hidden + 1


def test_mindeye_preset():
    with torch.device("meta"):
        module = heads.build("mlp", SHAPE, **heads.HEADS["mlp"].presets["MindEye1"])
    layers = [layer for layer in module.modules() if isinstance(layer, torch.nn.Linear)]
    sizes = [(layer.in_features, layer.out_features) for layer in layers]
    assert sizes == [(30, 4096), *[(4096, 4096)] * 4, (4096, 5)]
    dropouts = [layer.p for layer in module.modules() if isinstance(layer, torch.nn.Dropout)]
    assert dropouts == [0.5, *[0.15] * 4]


@pytest.mark.parametrize(
    ("head", "wrong"),
    [
        ("linear", {"width": 4}),
        ("ridge", {"count": 0}),
        ("mlp", {"hidden": 5}),
        ("mlp", {"dropout": 1.0}),
        ("mlp", {"width": "wide"}),
        ("mlp", {"hidden": 0, "blocks": 1}),
        ("fc_attention", {"layers": 0}),
        ("fc_attention", {"width": 18, "heads": 4}),
        ("clip_mused", {"width": 18, "heads": 4}),
        ("clip_mused", {"rsa_low": -1.0}),
        ("roi_transformer", {"width": 18, "heads": 4}),
        ("roi_transformer", {"depth": 49}),
        ("roi_transformer", {"projection": "none"}),
    ],
)
def test_wrong_parameters_are_refused(head, wrong):
    with pytest.raises(InputError):
        heads.build(head, SHAPE, **wrong)


def test_wrong_heads_and_shapes_are_refused():
    with pytest.raises(NotFoundError, match="roi_transformer"):
        heads.build("vit", SHAPE)
    for sizes in ((0, (), 1, 1), (3, (), 0, 1), (3, (), 1, 0)):
        with pytest.raises(InputError, match="1 or more"):
            heads.Shape(*sizes)
    for group in ((0, 0), (-1, 2), (2, 4)):
        with pytest.raises(InputError, match="not inside"):
            heads.Shape(3, (group,), 1, 1)


def test_divide_units_divide_the_units():
    assert heads.divide_units(10, 3) == ((0, 3), (3, 6), (6, 10))
    assert heads.divide_units(2, 2) == ((0, 1), (1, 2))
    for units, count in ((2, 3), (2, 0)):
        with pytest.raises(InputError):
            heads.divide_units(units, count)
