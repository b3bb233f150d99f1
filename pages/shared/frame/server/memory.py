"""Garbage is collected while nobody waits, and without what imported modules hold."""

from __future__ import annotations

import gc
import sys
import threading
import time
from functools import cache

import streamlit as st

GROWN = 100
# Seconds without a run after which garbage goes, and how long it stays at most where runs go on.
IDLE_S, LATEST_S, LOOK_S = 1.0, 20.0, 0.25


class Collector:
    """Collects the garbage of all sessions of a server, in place of Streamlit after every run.

    ``runner.postScriptGC`` is off: a full collection holds every other session up.
    """

    def __init__(self) -> None:
        self.ran = 0.0
        self.collected = time.monotonic()
        threading.Thread(target=self._watch, name="collector", daemon=True).start()

    def mark(self) -> None:
        """Say that a run has ended."""
        self.ran = time.monotonic()

    def is_due(self, now: float) -> bool:
        """Whether there was a run since the last time, and it is quiet or long ago."""
        waiting = self.ran > self.collected
        return waiting and (now - self.ran >= IDLE_S or now - self.collected >= LATEST_S)

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_S)
            now = time.monotonic()
            if self.is_due(now):
                self.collected = now
                gc.collect()


def collect_later() -> None:
    """Leave the garbage of a run to the collector, and what modules hold out of it."""
    _set_aside(len(sys.modules) // GROWN)
    _collector().mark()


@cache
def _collector() -> Collector:
    return Collector()


@st.cache_resource(max_entries=1, show_spinner=False)
def _set_aside(hundreds: int) -> None:
    gc.collect()
    gc.freeze()
