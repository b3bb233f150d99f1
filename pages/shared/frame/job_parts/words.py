"""What is said of a job: how long it has to go, and where it stands in the queue."""

from __future__ import annotations

import time
from datetime import datetime

from core.jobs import Job, JobProgress
from core.words import lasting
from pages.shared.frame.text import plain

STARTING = "Starting"


def left(progress: JobProgress) -> str:
    """Such as ' · about 8 minutes left'; '' while it is unknown."""
    seconds = progress.seconds_left
    return "" if seconds is None else f" · {lasting(seconds)} left"


def waiting(job: Job) -> str:
    """Its place in the queue and since when it has it; or why it cannot begin."""
    if job.error:
        return plain(job.error)
    place = job.place
    if place is None:  # it has started since
        return STARTING
    since = datetime.fromtimestamp(place.since).strftime("%H:%M")
    waited = lasting(max(0.0, time.time() - place.since))
    return f"Waits, {place.number} of {place.count} in the queue, since {since} ({waited})"
