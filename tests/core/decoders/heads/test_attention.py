"""Heads that attend: their weights, their tokens, padding and place, and CLIP-MUSED's penalty."""

from __future__ import annotations

import pytest
import torch

from core.decoders import heads
from core.errors import InputError

SIZES = {"width": 16, "heads": 2}
DEEP = {"hidden": 32, "depth": 2}
SMALL = {
    "fc_attention": {**SIZES, "layers": 2},
    "clip_mused": {**SIZES, **DEEP},
    "roi_transformer": {**SIZES, **DEEP},
}
ATTENDING = list(SMALL)
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


def made(head, shape=SHAPE, **parameters):
    torch.manual_seed(0)
    return heads.build(head, shape, **{**SMALL[head], **parameters})


@pytest.mark.parametrize("head", ATTENDING)
def test_attention_sums_to_one_and_depends_on_the_response(head, x, subject):
    module = made(head).eval()
    found = module.attention(x, subject)
    tokens = module.extra_tokens + len(SHAPE.groups)
    assert found.shape == (6, 2, tokens, tokens)
    assert len(SHAPE.groups) >= 2
    torch.testing.assert_close(found.sum(dim=3), torch.ones(6, 2, tokens))
    assert found.min() >= 0
    assert (found[0] - found[2]).abs().max() > 1e-4
    torch.testing.assert_close(module.attention(x[:1], subject[:1]), found[:1])


@pytest.mark.parametrize("head", ATTENDING)
def test_attention_is_what_the_forward_pass_uses(head, x, subject):
    """Tokens weighed by `attention` give what the last layer's attention gave."""
    module = made(head, depth=1) if head != "fc_attention" else made(head, layers=1)
    module.eval()
    stack = module.attending if head == "fc_attention" else module.transformer
    seen = {}
    attention = stack.layers[0].attention
    attention.register_forward_hook(lambda _, given, out: seen.update(given=given[0], out=out))
    module(x, subject)
    _, _, value = attention._split(seen["given"])
    weighed = (module.attention(x, subject) @ value).transpose(1, 2).flatten(2)
    torch.testing.assert_close(attention.outward(weighed), seen["out"])


@pytest.mark.parametrize("head", ATTENDING)
def test_attention_needs_two_groups(head):
    one = heads.Shape(30, ((0, 30),), 1, 5)
    with pytest.raises(InputError, match="divide_units"):
        made(head, one)
    made(head, heads.Shape(30, heads.divide_units(30, 2), 1, 5))


@pytest.mark.parametrize("head", ATTENDING)
def test_padding_changes_nothing(head, x, subject):
    """A unit that is 0 in every row is as good as none, whatever its weights."""
    narrow = made(head).eval()
    wide = made(head, heads.Shape(33, ((0, 10), (10, 20), (20, 33)), 2, 5)).eval()
    wide.load_state_dict(narrow.state_dict())
    wide.embedding.weight.data.copy_(
        torch.where(wide.embedding.weight == 0, 9.0, wide.embedding.weight)
    )
    padded = torch.cat([x[:, :17], torch.zeros(6, 3), x[:, 17:]], dim=1)
    torch.testing.assert_close(wide(padded, subject), narrow(x, subject))


def test_the_length_of_the_patches_does_not_matter(x, subject):
    narrow = made("roi_transformer").eval()
    wide = made("roi_transformer", heads.Shape(37, ((0, 17), (17, 24), (24, 37)), 2, 5)).eval()
    weights = torch.randn(1, 17, 16)
    weights[:, :13] = narrow.embedding.weight.data
    wide.load_state_dict({**narrow.state_dict(), "embedding.weight": weights})
    padded = torch.cat([x[:, :10], torch.zeros(6, 7), x[:, 10:]], dim=1)
    torch.testing.assert_close(wide(padded, subject), narrow(x, subject))


def test_the_place_of_an_roi_is_visible(x, subject):
    """Two ROIs of one size that trade responses: the released BrainSem code cannot tell."""
    shape = heads.Shape(30, ((0, 10), (10, 20), (20, 30)), 1, 5)
    module = made("roi_transformer", shape).eval()
    traded = x[:, [*range(10, 20), *range(10), *range(20, 30)]]
    assert (module(x, subject) - module(traded, subject)).abs().max() > 1e-3
    module.embedding.place.data.zero_()
    torch.testing.assert_close(module(x, subject), module(traded, subject))


def test_groups_may_stand_in_any_order(x, subject):
    module = made("roi_transformer").eval()
    order = [2, 0, 1]
    groups = tuple(SHAPE.groups[place] for place in order)
    other = made("roi_transformer", heads.Shape(30, groups, 2, 5)).eval()
    other.load_state_dict(module.state_dict())
    other.embedding.place.data.copy_(module.embedding.place[order])
    torch.testing.assert_close(other(x, subject), module(x, subject))


def test_penalty_of_clip_mused_by_hand():
    shape = heads.Shape(4, ((0, 2), (2, 4)), 1, 3)
    module = made("clip_mused", shape, width=4, orthogonality=2.0, rsa_high=3.0, rsa_low=5.0)
    # Low-level tokens (1, 0), (0, 1), high-level (1, 0), (1, 0): products 1, 0, 1, 0, mean of
    # squares 1/2. Targets at right angles: dissimilarity 1, as for the low-level tokens, and 0
    # for the high-level ones, wrong by 1 in two of four cells.
    low, high = torch.eye(2, 4), torch.tensor([[1.0, 0, 0, 0]] * 2)
    targets = torch.tensor([[2.0, 0, 0], [0, 0, 7.0]])
    assert module.penalty(low, high, targets).item() == pytest.approx(2 * 0.5 + 3 * 0.5 + 5 * 0.0)
    found = module.penalty(low, high, targets, low_target=torch.ones(2, 3))
    assert found.item() == pytest.approx(2 * 0.5 + 3 * 0.5 + 5 * 0.5)


def test_penalty_comes_with_the_embeddings_and_has_gradients(x, subject):
    module = made("clip_mused").eval()
    embeddings, penalty = module.forward_with_penalty(x, subject, x)
    torch.testing.assert_close(embeddings, module(x, subject))
    torch.testing.assert_close(penalty, module.penalty(*module.gather(x, subject), x))
    penalty.backward()
    assert module.low.grad.abs().max() > 0
    assert module.high.grad.abs().max() > 0
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low, high = module.gather(x, subject)
        rounded = module.penalty(low, high, x)
    torch.testing.assert_close(rounded, module.penalty(low, high, x), rtol=0, atol=0)
    defaults = heads.HEADS["clip_mused"].check({})
    found = [defaults[name] for name in ("orthogonality", "rsa_high", "rsa_low")]
    assert found == [1e-3, 1e-3, 0.1]


def test_every_group_starts_with_tokens_of_the_same_size():
    """Projections start by the units of a group, not by the length it is padded to."""
    shape = heads.Shape(410, ((0, 10), (10, 410)), 1, 5)
    x = torch.randn(200, 410, generator=torch.Generator().manual_seed(0))
    module = made("fc_attention", shape, width=64)
    tokens = module.embedding(x).detach()
    assert module.embedding.weight.shape == (2, 400, 64)
    assert module.embedding.weight[0, 10:].abs().max() == 0
    assert tokens.std(dim=(0, 2)) == pytest.approx([3**-0.5] * 2, rel=0.1)
