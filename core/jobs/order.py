"""Who goes first: what a person pressed, what somebody looks at, and every session in turn.

Waiting jobs are ranked (``RANKS``); within a rank the sessions take turns, and the jobs of a
session keep their order. A job that has waited for ``PATIENCE_S`` goes before all of them, so
that none waits for ever. The same states at the same time give the same order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.jobs.state import SEEN, State

# A page in the background of a browser asks once a minute.
AWAY_S = 180.0
PATIENCE_S = 900.0
OVERDUE, PRESSED, UNASKED, STANDS_BACK = RANKS = range(4)
# Beside jobs that nobody looks at, one that is looked at takes a place of its own.
MORE_ON_THE_CPU = 1


@dataclass(frozen=True)
class ActiveJob:
    """A job that runs or waits.

    Attributes
    ----------
    folder : Path
    state : State
    seen : float
        When a page last showed it, in seconds since 1970.
    """

    folder: Path
    state: State
    seen: float = 0.0

    @classmethod
    def of_folder(cls, folder: Path, state: State) -> ActiveJob:
        try:
            return cls(folder, state, (folder / SEEN).stat().st_mtime)
        except OSError:
            return cls(folder, state)

    def is_left_alone(self, now: float) -> bool:
        """Whether its page was left a while ago; what no page started is never left."""
        state = self.state
        # The clock may have been set back since: then these lie in the future.
        ago = min(abs(now - then) for then in (self.seen, state.queued, state.started))
        return bool(state.session) and ago > AWAY_S

    def rank(self, now: float) -> int:
        """Which of ``RANKS`` it has while it waits."""
        if not 0 <= now - self.state.queued <= PATIENCE_S:
            return OVERDUE
        if self.is_left_alone(now):
            return STANDS_BACK
        return PRESSED if self.state.pressed else UNASKED


def in_order(active: Iterable[ActiveJob], now: float) -> list[ActiveJob]:
    """Those that wait, the next to start first.

    Parameters
    ----------
    active : iterable of ActiveJob
        Jobs that run and that wait. A session whose jobs run has had its turn.
    now : float
        In seconds since 1970.
    """
    every = list(active)
    turns = Counter(each.state.session for each in every if each.state.status == "running")
    waiting = [each for each in every if each.state.status == "queued"]
    waiting.sort(key=lambda each: (each.rank(now), each.state.queued, each.folder.name))
    places = []
    for each in waiting:
        rank, session = each.rank(now), each.state.session
        turn = 0 if rank == OVERDUE else turns[session]
        turns[session] += 1
        places.append((rank, turn, each.state.queued, each.folder.name, each))
    return [place[-1] for place in sorted(places, key=lambda place: place[:-1])]


def first_to_start(
    active: Iterable[ActiveJob], slots: dict[str, int], now: float
) -> ActiveJob | None:
    """The next to start of those that wait and have a place now; None where there is none.

    Parameters
    ----------
    active : iterable of ActiveJob
        Jobs that run and that wait.
    slots : dict
        Places by device.
    now : float
        In seconds since 1970.
    """
    every = list(active)
    running = [each for each in every if each.state.status == "running"]
    busy = Counter(each.state.device for each in running)
    left_alone = sum(each.state.device == "cpu" and each.is_left_alone(now) for each in running)
    for each in in_order(every, now):
        device = each.state.device
        is_looked_at = not each.is_left_alone(now)
        more = min(left_alone, MORE_ON_THE_CPU) if device == "cpu" and is_looked_at else 0
        if busy[device] < slots[device] + more:
            return each
    return None
