"""A job whose files change while it runs stores nothing, and says so in a line."""

import os
import signal

import numpy as np
import pytest

from core import datasets, jobs, operations, paths, rdm, store
from core.datasets import Reference
from core.jobs import queue
from core.rdm import job as rdm_job
from core.rdm.job import RdmRequest
from tests.pages.app import leave_waiting


@pytest.fixture
def file(monkeypatch):
    monkeypatch.setattr(queue, "_start", leave_waiting)
    handler = signal.getsignal(signal.SIGTERM)
    folder = paths.data_root() / "mine"
    (folder / "responses").mkdir(parents=True)
    (folder / "stimuli.csv").write_text("id\n" + "".join(f"p{i}\n" for i in range(8)))
    np.save(folder / "responses" / "s.npy", np.random.default_rng(0).normal(size=(8, 5)))
    yield folder / "responses" / "s.npy"
    signal.signal(signal.SIGTERM, handler)


def other_values(file):
    np.save(file, np.random.default_rng(1).normal(size=(8, 5)))


def older_and_shorter(file):
    """As `cp -p` puts it there."""
    np.save(file, np.load(file)[:4])
    os.utime(file, ns=(10**18, 10**18))


CHANGES = [other_values, older_and_shorter, os.remove]


@pytest.mark.parametrize("change", CHANGES)
def test_responses_that_change_during_an_rdm_leave_no_result(file, change, monkeypatch):
    compute = rdm_job.compute

    def and_meanwhile(*of, **how):
        change(file)
        return compute(*of, **how)

    ds = datasets.load("folder:mine")
    request = RdmRequest(Reference.of(ds))
    job = jobs.submit("rdm", request.to_json())
    with monkeypatch.context() as patch:
        patch.setattr(rdm_job, "compute", and_meanwhile)
        jobs.run(job.folder, operations.resolve)
    assert job.status == "failed"
    assert job.error.startswith("responses/s.npy has changed since it was read. Expected files")
    assert not store.entries()


def test_a_job_on_files_that_changed_before_it_began_stores_under_what_it_read(file):
    ds = datasets.load("folder:mine")
    request = RdmRequest(Reference.of(ds))
    job = jobs.submit("rdm", request.to_json())
    other_values(file)
    jobs.run(job.folder, operations.resolve)
    now = datasets.load("folder:mine")
    assert job.result["key"] == rdm.result_key(now, (), "correlation") != request.key()
    stored = rdm.load(job.result["key"])
    np.testing.assert_array_equal(stored, rdm.of_dataset(now, None, "correlation"))
