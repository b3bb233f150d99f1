"""The images that a decoder retrieves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core import decoders
from core.decoders.training.batches import targets_of
from tests.core.decoders import planted


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def test_ranks_and_images_are_those_of_a_loop():
    planted.save(repeats=2, noise=2.0)
    run = decoders.train(planted.config("ridge"))
    data = decoders.prepare(run.config)
    rows = data.rows(data.fold.test, "mean", run.scaling)
    predicted = run.predict(rows.x, rows.subject)
    images = targets_of(data.embeddings, run.centre)
    table = decoders.retrieved(run, k=3)
    assert table["id"].tolist() == [f"p{row:03}" for row in rows.stimulus]
    for row, right, response in zip(table.itertuples(), rows.stimulus, predicted, strict=True):
        cosine = {
            other: float(response @ images[other] / np.linalg.norm(response))
            for other in data.fold.test
        }
        order = sorted(cosine, key=lambda other: -cosine[other])
        assert row.retrieved == [f"p{other:03}" for other in order[:3]]
        assert row.similarity == pytest.approx([cosine[other] for other in order[:3]], abs=1e-5)
        assert row.rank == 1 + order.index(right)
        assert row.candidates == planted.TESTED * planted.EACH
    assert table["rank"].max() > 3


def test_ranks_are_those_of_the_scores():
    planted.save(noise=2.0)
    run = decoders.train(planted.config("ridge"))
    scored = decoders.evaluate(run, baselines=False, permutations=9, resamples=9)
    value = scored.set_index("measure")["value"]
    ranks = decoders.retrieved(run)["rank"]
    assert value["median-rank"] == ranks.median()
    candidates = planted.TESTED * planted.EACH
    assert value["two-way"] == pytest.approx(((candidates - ranks) / (candidates - 1)).mean())


def test_images_without_an_embedding_or_response_are_left_out_and_subjects_told_apart():
    lost_embedding, lost_response = planted.PICTURES - 1, planted.PICTURES - 2

    def lose(responses, embeddings, tested):
        embeddings[lost_embedding] = np.nan
        responses[lost_response] = np.nan

    planted.save(subjects=("s1", "s2"), change=lose)
    head = {"width": 16, "heads": 2, "depth": 1, "hidden": 16}
    both = planted.config("clip_mused", head_parameters=head, subjects=("s1", "s2"))
    table = decoders.retrieved(decoders.train(both), k=500)
    tested = planted.TESTED * planted.EACH
    assert table.groupby("subject").size().to_dict() == {"s1": tested - 2, "s2": tested - 2}
    assert not set(table["id"]) & {f"p{lost_embedding:03}", f"p{lost_response:03}"}
    assert set(table["retrieved"].map(len)) == {tested - 2}
