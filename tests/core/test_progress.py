"""Progress of a part within the whole."""

from core.progress import portion, silent


def test_a_portion_is_placed_in_the_whole():
    seen = []
    part = portion(lambda fraction, message: seen.append((fraction, message)), 0.2, 0.6)
    part(0.0, "begin")
    part(0.5, "half")
    part(1.0)
    assert seen == [(0.2, "begin"), (0.4, "half"), (0.6, "")]


def test_nobody_needs_to_listen():
    assert portion(None, 0, 1) is silent
    silent(0.5)
