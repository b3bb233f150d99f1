"""One decoder under four splits: its scores are those of the splits, and drops have intervals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics.pairwise import cosine_distances

from core import decoders, generalisation, store
from core.errors import InputError
from core.generalisation import KINDS, GeneralisationRequest
from core.generalisation.comparison import difference, with_drops
from core.generalisation.job import run
from core.progress import silent
from tests.core.decoders import planted


def test_every_split_has_the_scores_of_its_own_decoder(tmp_path):
    planted.save()
    request = GeneralisationRequest(planted.config(head="ridge", split="recorded"))
    assert GeneralisationRequest.from_json(request.to_json()) == request
    found = generalisation.load(run(request, silent, tmp_path)["key"])
    assert list(found.sets["split"]) == list(KINDS)
    assert not found.sets["error"].any()
    for row in found.sets.to_dict("records"):
        decoder = decoders.load(row["run"])
        assert decoder.config.split == row["split"]
        table = decoders.evaluate(decoder, baselines=False).set_index("measure")["value"]
        scores = found.scores[found.scores["split"] == row["split"]].set_index("measure")["value"]
        pd.testing.assert_series_equal(scores, table, check_dtype=False)
        data = decoders.prepare(decoder.config)
        fold, known = data.fold, data.embeddings
        apart = cosine_distances(known[fold.test], known[fold.train]).min(axis=1)
        assert row["nearest"] == pytest.approx(np.median(apart), abs=1e-5)
        assert row["nearest_low"] == pytest.approx(np.percentile(apart, 5), abs=1e-5)
        assert (row["train"], row["test"]) == (len(fold.train), len(fold.test))
    sets = found.sets.set_index("split")
    assert sets["nearest"]["neighbour"] > sets["nearest"]["image"]
    assert sets["discrepancy"]["neighbour"] <= 1.1 * sets["random"]["neighbour"]
    assert sets["discrepancy"]["category"] > 2 * sets["random"]["category"]
    assert found.sentence("two-way").startswith("two-way ")
    assert found.measures[0] == "two-way"
    assert "top-1" not in found.measures


def test_a_split_that_cannot_be_made_says_why(tmp_path):
    folder = planted.save()
    table = pd.read_csv(folder / "stimuli.csv").drop(columns="category")
    table.to_csv(folder / "stimuli.csv", index=False)
    request = GeneralisationRequest(planted.config(head="ridge", split="recorded"))
    found = generalisation.load(run(request, silent, tmp_path)["key"])
    errors = found.sets.set_index("split")["error"]
    assert "a column 'category'" in errors["category"]
    assert not errors.drop("category").any()
    assert found.rows("two-way")["value"].notna().tolist() == [True, True, True, False]


def test_a_recording_that_gives_no_decoder_is_an_error(tmp_path):
    folder = planted.save()
    np.save(folder / "embeddings" / "truth.npy", np.full((planted.PICTURES, 3), np.nan, "f4"))
    request = GeneralisationRequest(planted.config(head="ridge", split="recorded"))
    with pytest.raises(InputError):
        run(request, silent, tmp_path)
    assert not list(store.written("generalisation"))


def test_drops_are_newcombes_of_two_proportions():
    # Newcombe (1998), Statistics in Medicine 17:873-890, table II, method 10, cases (a) and (c).
    for first, n, second, m, low, high in (
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
    ):
        bounds = [_wilson(first, n), _wilson(second, m)]
        found = difference(np.array([bounds[0]]), np.array([bounds[1]]))[0]
        assert found[0] == pytest.approx(first / n - second / m)
        assert found[1:] == pytest.approx([low, high], abs=5e-5)


def test_intervals_of_drops_hold_the_truth():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(1000):
        counts = rng.binomial(150, [0.9, 0.75])
        first, second = (np.array([_wilson(count, 150)]) for count in counts)
        _, low, high = difference(first, second)[0]
        held.append(low <= 0.15 <= high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def test_only_splits_beside_the_random_one_drop():
    rows = [
        {"split": split, "protocol": "p", "measure": measure, "value": value, "low": value - 0.1,
         "high": value + 0.1}
        for measure in ("two-way", "image top-1")
        for split, value in (("image", 0.9), ("cluster", 0.6))
    ]  # fmt: skip
    found = with_drops(pd.DataFrame(rows))
    assert found["drop"].isna().tolist() == [True, False] * 2
    assert found["drop"].dropna().tolist() == pytest.approx([0.3, 0.3])
    assert found["drop_low"].dropna().tolist() == pytest.approx([0.3 - 0.1 * 2**0.5] * 2)
    assert with_drops(pd.DataFrame(rows[1:2]))["drop"].isna().all()


def _wilson(count, n):
    found = stats.binomtest(int(count), n).proportion_ci(0.95, "wilson")
    return count / n, found.low, found.high


@pytest.mark.parametrize(
    ("low", "said"),
    [(0.05, "The score drops most under the split 'Whole', to 70.0% (chance 50.0%)"),
     (-0.05, "No drop is seen")],
)  # fmt: skip
def test_a_verdict_names_the_split_that_is_worst_of_those_with_a_drop(low, said):
    sets = pd.DataFrame({"split": ["image", "a", "b"], "label": ["Images", "Whole", "Far"]})
    scores = pd.DataFrame(
        {"split": ["image", "a", "b"], "protocol": "averaged repeats", "measure": "two-way",
         "value": [0.9, 0.7, 0.6], "chance": 0.5, "drop": [np.nan, 0.2, 0.3],
         "drop_low": [np.nan, low, -0.1], "drop_high": [np.nan, 0.3, 0.7]}
    )  # fmt: skip
    assert generalisation.Generalisation(sets, scores).verdict("two-way").startswith(said)
