"""Runs of many sessions take turns: side by side they would hold each other up.

Python runs one thread at a time, and every thread that waits for it wakes up 200 times a second.
With 30 runs at once that takes as much CPU as the runs themselves.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

# A run that takes longer, such as one that computes, lets the next begin beside it.
LONG_S = 0.2


class Turns:
    """Who runs now, and who waits, in the order of arrival.

    Parameters
    ----------
    places : int
        How many run at once.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._began: dict[int, float] = {}
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, unless this thread has it already, as a part of a run has."""
        thread = threading.get_ident()
        if thread in self._began:
            yield
            return
        self._take(thread)
        try:
            yield
        finally:
            with self._lock:
                self._began.pop(thread)
                self._call_next()

    def _take(self, thread: int) -> None:
        called = threading.Event()
        with self._lock:
            self._waiting.append(called)
            self._call_next()
        while True:
            called.wait(LONG_S)
            with self._lock:
                is_first = self._waiting[0] is called
                if is_first and self._is_free():
                    self._waiting.popleft()
                    self._began[thread] = time.monotonic()
                    self._call_next()
                    return
                called.clear()

    def _is_free(self) -> bool:
        began = time.monotonic() - LONG_S
        return sum(since > began for since in self._began.values()) < self._places

    def _call_next(self) -> None:
        if self._waiting and self._is_free():
            self._waiting[0].set()


# A second would only wait for Python while the first has it; one that reads a file or computes in
# numpy for long lets the next begin.
turns = Turns(1)
