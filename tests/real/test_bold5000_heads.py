"""BOLD5000, subject CSI1: heads from parcels to 66 dimensions, through `core.decoders`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core import decoders, paths, scores
from core.decoders.batches import targets_of

pytestmark = pytest.mark.real
FOLDS = 10
PICTURES = 586
HEADS = {"ridge": {}, "linear": {}, "mlp": {"width": 128}}
# The default batch of 256 makes two steps an epoch of the 475 training pictures, too few.
TRAINING = {"epochs": 60, "batch": 64, "learning_rate": 2e-3}


@pytest.fixture
def csi1(realdata):
    source = realdata / "bold5000_csi1" / "bold5000_csi1.npz"
    if not source.is_file():
        pytest.skip(f"no {source}")
    with np.load(source, allow_pickle=False) as found:
        known = np.isfinite(found["clip66"]).all(axis=1)
        betas, targets = found["betas"][known], found["clip66"][known]
        trials = pd.DataFrame({"id": found["imgnames"][known].astype(str)})
    folder = paths.data_root() / "csi1"
    for name in ("responses", "embeddings"):
        (folder / name).mkdir(parents=True)
    first = ~trials["id"].duplicated()
    trials[first].to_csv(folder / "stimuli.csv", index=False)
    trials.to_csv(folder / "responses" / "CSI1.csv", index=False)
    np.save(folder / "responses" / "CSI1.npy", betas)
    np.save(folder / "embeddings" / "clip66.npy", targets[first].astype(np.float32))
    return "folder:csi1"


def config(dataset, head, fold):
    return decoders.Config(
        dataset,
        encoder="brought:clip66",
        head=head,
        head_parameters=HEADS[head],
        split="kfold",
        split_parameters={"k": FOLDS, "contiguous": True},
        fold=fold,
        training={} if head == "ridge" else TRAINING,
    )


def pooled(dataset, head):
    """Rank of each picture among all 586, tested once by the run of its fold."""
    ranks = np.full(PICTURES, np.nan)
    for fold in range(FOLDS):
        run = decoders.train(config(dataset, head, fold))
        data = decoders.prepare(run.config)
        rows = data.rows(data.fold.test, "mean", run.scaling)
        similarity = run.predict(rows.x, rows.subject) @ targets_of(data.embeddings, run.centre).T
        ranks[rows.stimulus] = scores.mean_ranks(similarity, rows.stimulus)
    return ranks


def test_ridge_reproduces_the_protocol_and_gradient_heads_stand_beside_it(csi1, capsys):
    """Two-way among all pictures, ranks pooled over ten contiguous folds.

    The protocol's 66.6 % was measured with 592 trials and all of a fold's other rows to train
    on; a decoder averages six repeats and holds a tenth back for validation. Two-way values of
    586 pictures spread by .28, so a mean is known to .28 / sqrt(586) = .012; the tolerance is
    two of these, rounded down to the 2 points that issue 6 allows.
    """
    found = {head: pooled(csi1, head) for head in HEADS}
    two_way = {head: scores.two_way(ranks, PICTURES) for head, ranks in found.items()}
    with capsys.disabled():
        print("\nhead     two-way  se     median rank of 586")
        for head, values in two_way.items():
            error = values.std(ddof=1) / np.sqrt(PICTURES)
            print(f"{head:8} {values.mean():.3f}    {error:.3f}  {np.median(found[head]):.0f}")
    assert two_way["ridge"].mean() == pytest.approx(0.666, abs=0.02)
    for values in two_way.values():
        assert values.mean() - 2.6 * values.std(ddof=1) / np.sqrt(PICTURES) > 0.5


def test_evaluate_scores_a_fold_against_its_own_pictures(csi1):
    run = decoders.train(config(csi1, "ridge", 0))
    table = decoders.evaluate(run, baselines=False, permutations=99, resamples=99)
    row = table[table["measure"] == "two-way"].iloc[0]
    assert row["protocol"] == "averaged repeats"
    assert row["pictures"] == row["candidates"] == 59
    assert row["chance"] == 0.5
    assert row["low"] <= row["value"] <= row["high"]
