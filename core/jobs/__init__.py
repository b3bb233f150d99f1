"""Long work as jobs: a folder with a request, run by a process of its own.

A job is the folder ``jobs/<id>`` below the results: ``request.json``,
``status.json``, ``progress.json``, ``result.json``, ``log.txt``, the flags ``cancel``,
``overtaken`` and ``seen``, ``room`` while it runs, and whatever checkpoints its operation
keeps. Nothing else remembers a job, so a restarted server finds its jobs again, and no daemon
is needed: whoever submits or looks at a job starts the next one that waits, and so does a job
that ends.
"""

from core.jobs.process import run, session_at_work
from core.jobs.queue import (
    Job,
    JobProgress,
    QueuePlace,
    all_jobs,
    find,
    get,
    refusal,
    start_waiting,
    statuses,
    submit,
)
from core.jobs.request import Request

__all__ = [
    "Job",
    "JobProgress",
    "QueuePlace",
    "Request",
    "all_jobs",
    "find",
    "get",
    "refusal",
    "run",
    "session_at_work",
    "start_waiting",
    "statuses",
    "submit",
]
