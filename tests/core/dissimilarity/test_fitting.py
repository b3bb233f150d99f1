"""Fits in the store: what all models are asked is kept once, and former fits still open."""

from __future__ import annotations

import numpy as np

from core import store
from core.dissimilarity import fit, load_fit
from core.dissimilarity.fitting import QUESTIONS, fit_key, questions_key
from tests.core.dissimilarity import recording


def test_the_pairs_of_a_setting_are_kept_once() -> None:
    setting = recording.setting(recording.opened())
    fits = [fit(setting, model) for model in ("identity", "embedding_distance")]
    (asked,) = store.written(QUESTIONS)
    keys = [fit_key(setting, each.facts["model"], each.ids) for each in fits]
    assert {questions_key(key) for key in keys} == {asked}
    for name in ("i", "j", "truth", "square", "shown_truth", "shown_unseen", "exposure"):
        np.testing.assert_array_equal(getattr(fits[0], name), getattr(fits[1], name))
    first, other = fits[0].ids[fits[0].i[0]], fits[0].ids[fits[0].j[0]]
    rows = [fits[0].ids[place] for place in fits[0].scored]
    true = fits[0].square[rows.index(first), rows.index(other)]
    np.testing.assert_allclose(fits[0].truth[0], true, rtol=1e-5)


def test_a_fit_of_a_former_version_opens_and_one_without_its_pairs_is_made_again() -> None:
    setting = recording.setting(recording.opened())
    fitted = fit(setting, "identity")
    key = fit_key(setting, "identity", fitted.ids)
    arrays = {name: value for name, value in vars(fitted).items() if name not in ("ids", "facts")}
    store.remove(questions_key(key) or "")
    assert load_fit(key) is None
    again = fit(setting, "identity")
    np.testing.assert_array_equal(again.predicted, fitted.predicted)
    store.save(key, arrays, {**fitted.facts, "ids": list(fitted.ids)})
    former = load_fit(key)
    assert former is not None
    assert (former.ids, questions_key(key)) == (fitted.ids, None)
    np.testing.assert_array_equal(former.square, fitted.square)
