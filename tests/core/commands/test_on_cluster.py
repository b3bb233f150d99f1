"""``sweep`` and ``ablate`` on a cluster give what they give here; ``cluster`` says where."""

from __future__ import annotations

import json

import pytest

from core import jobs
from core.__main__ import main
from core.commands import on_cluster
from core.jobs import heartbeat
from tests.core.decoders import planted

RECORDING = [planted.NAME, "--encoder", "precomputed:truth", "--roi", "A"]
SETTINGS = ["--head", "ridge", "--head", "nowhere", "--seed", "0", "--seed", "1"]


@pytest.fixture(autouse=True)
def recording(monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.1)
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "")
    return planted.save(subjects=("s1", "s2"))


def rows_of(capsys, *arguments):
    status = main([*arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_a_sweep_on_a_cluster_gives_the_same_table(capsys, monkeypatch, tmp_path):
    here = rows_of(capsys, "sweep", *RECORDING, *SETTINGS)
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "of the cluster"))
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "slurm:local")
    there = rows_of(capsys, "sweep", *RECORDING, *SETTINGS)
    assert json.dumps(here) == json.dumps(there)
    assert [row["error"] is None for row in there[1]] == [True, True, False, False]
    hosts = {job.operation: job.host.partition(" ")[0] for job in jobs.all_jobs()}
    assert hosts == {"score": "slurm,"}


def test_an_ablation_trains_each_decoder_by_a_job_of_its_own(capsys, monkeypatch, tmp_path):
    axes = ["--head", "ridge", "--axis", "encoder=precomputed:truth,pixels", "--seeds", "1"]
    arguments = ["ablate", *RECORDING, *axes]
    here = rows_of(capsys, *arguments)
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "of the cluster"))
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "slurm:local")
    assert rows_of(capsys, *arguments) == here
    assert [job.operation for job in jobs.all_jobs()] == ["train", "train"]
    assert main([*arguments, "--device", "cpu"]) == 2
    assert "no --device on a cluster" in capsys.readouterr().err


def test_a_scheduler_that_is_not_there_ends_a_sweep_with_one_line(capsys, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "dask:tcp://127.0.0.1:1")
    assert main(["sweep", *RECORDING]) == 2
    error = capsys.readouterr().err
    assert "cannot be reached" in error
    assert error.count("\n") == 1
    assert jobs.all_jobs() == []


def test_jobs_that_cannot_begin_are_waited_for_a_while(monkeypatch):
    class Stuck:
        status, error = "queued", "No worker"
        progress = jobs.JobProgress()

    monkeypatch.setattr(on_cluster, "PATIENCE_S", 0.3)
    with pytest.raises(on_cluster.NeurogalleryError, match="No worker"):
        list(on_cluster.ended([Stuck()], lambda fraction, message: None))


def test_where_jobs_run_is_said_in_a_line(capsys, monkeypatch):
    assert main(["cluster"]) == 0
    assert "processes of this machine" in capsys.readouterr().out
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "slurm:local")
    assert rows_of(capsys, "cluster")[1]["engine"] == "slurm:local"
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "dask:tcp://127.0.0.1:1")
    status, told = rows_of(capsys, "cluster")
    assert status == 2
    assert "cannot be reached" in told["problem"]
    monkeypatch.setenv("NEUROGALLERY_CLUSTER", "sge")
    assert main(["cluster"]) == 2
    assert "Choices: dask, slurm" in capsys.readouterr().err
