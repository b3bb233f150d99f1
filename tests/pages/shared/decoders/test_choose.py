"""Names of decoders in a choice: the head, and what trained it."""

import pytest

from core.decoders import Config
from pages.shared.decoders import choose


@pytest.mark.parametrize(
    ("head", "trained"),
    [("ridge", "closed form"), ("mvae", "own objective"), ("linear", "infonce")],
)
def test_a_name_says_what_trained_the_decoder(head, trained):
    name = choose.name_of_config("decoder-0123456789", Config("simulated", head=head))
    assert name.startswith(f"{head}-")
    assert name.endswith(f", {trained}")
