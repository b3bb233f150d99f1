"""What comes with the project is what its command computes, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core import decoders, paths, store
from core.decoders.scoring import audits
from core.decoders.scoring.score_table import PROTOTYPES, RETRIEVED
from core.dissimilarity import fitting
from core.jobs.request import Request
from core.ready import make as maker
from core.rsa import job as rsa
from core.splits.copies import stored as copies
from core.store.results import KEY

# Four decoders with their scores (7 MB), what 20 models of pairs predict (4), embeddings (3),
# a comparison of RDMs (2), clusters, maps and curves. Every clone brings them.
MOST_BYTES = 18e6
PLACES = ("NEUROGALLERY_RESULTS", "NEUROGALLERY_READY")


def test_every_result_that_comes_along_is_one_that_a_page_looks_for() -> None:
    keys = [entry.key for entry in decoders.examples()]
    requests = [*maker.first_requests(), *maker.score_requests(keys)]
    looked_for = {key for request in requests if (key := request.key())} | {*keys}
    folders = {path.name for path in paths.ready_root().iterdir()}
    assert all(map(KEY.fullmatch, folders))
    # What these rest on: audits, copies among the images, RDMs compared, predictions of pairs;
    # and the images that a decoder retrieves, which its scores bring along.
    below = (audits.OPERATION, copies.OPERATION, rsa.SET, fitting.OPERATION, fitting.QUESTIONS)
    below = (RETRIEVED, *below)
    assert {name for name in folders if not name.startswith(below)} == looked_for
    shown = {key for request in requests for key in maker.shown_fits(request)}
    assert {name for name in folders if name.startswith(below[-2:])} == shown
    assert all(store.load(name) is not None for name in folders)
    size = sum(path.stat().st_size for path in paths.ready_root().rglob("*") if path.is_file())
    assert size <= MOST_BYTES


def test_it_is_made_from_nothing_and_replaces_the_folder_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = decoders.Config("simulated", ("S1",), {"stimuli": 80, "repeats": 1}, ("FFA",))
    request: Request = decoders.TrainRequest(config)
    monkeypatch.setattr(maker, "first_requests", lambda: [request])
    monkeypatch.setattr("core.decoders.job.RESAMPLES", 3)
    folder = tmp_path / "ready"
    (folder / "former").mkdir(parents=True)
    before = {name: os.environ.get(name) for name in PLACES}
    shares: list[float] = []
    maker.make(folder, lambda share, message: shares.append(share))
    assert {name: os.environ.get(name) for name in PLACES} == before
    assert shares == sorted(shares)
    kinds = sorted(path.name.partition("-")[0] for path in folder.iterdir())
    # A decoder, the two baselines of its scores, the audits, and copies among the images. The
    # embeddings are not asked for by themselves.
    of_split = ["audit", "copies", *["decoder"] * 3, "map", "retrieved"]
    assert kinds == of_split + ["scores"] * len(PROTOTYPES) + ["zero_shot"] * len(maker.CLASSIFIED)
    assert not list(tmp_path.glob("tmp*"))
    assert store.entries() == []
    monkeypatch.setenv("NEUROGALLERY_READY", str(folder))
    run = decoders.train(config)
    assert (folder / run.key).is_dir()
    assert [entry.key.partition("-")[0] for entry in store.entries()] == ["encode"]
