"""The shared selection as a plain object."""

from pages.shared.frame.selection import UNDO_STEPS, Selection

ORDER = [f"s{number}" for number in range(100)]


def test_kept_in_stimulus_order_and_unknown_ids_dropped():
    selection = Selection()
    selection.replace(["s9", "s2", "elsewhere"], ORDER)
    assert selection.ids == ("s2", "s9")


def test_undo_goes_back_step_by_step_and_an_unchanged_selection_is_no_step():
    selection = Selection()
    for ids in (["s1"], ["s1"], ["s1", "s2"], []):
        selection.replace(ids, ORDER)
    assert len(selection.past) == 3
    selection.undo()
    assert selection.ids == ("s1", "s2")
    selection.undo()
    selection.undo()
    assert selection.ids == ()
    selection.undo()
    assert selection.ids == ()


def test_undo_is_bounded():
    selection = Selection()
    for number in range(UNDO_STEPS + 20):
        selection.replace([f"s{number}"], ORDER)
    assert len(selection.past) == UNDO_STEPS
