"""The time left of a job, from the pace of its stages and from earlier runs of its operation.

The fraction that a job tells is no share of its time: a stage of a tenth may take nine tenths of
it. So an earlier run is taken as the measure, the one that is most like this one in its request
and in what its stages took so far (what is stored already passes at once). The present stage goes
on at its own pace; later stages take what they took then, times how much longer the stages so far
took. Without an earlier run, every later fraction lasts as long as those so far.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import log, sqrt

import numpy as np

from core.progress import StagedFraction

# Of a run under way, and of the course that is kept of it.
MOST_POINTS, MOST_KEPT = 2000, 64
# What a factor between all stages counts beside one between stages.
MACHINE = 0.3
# Of two stages that took less, neither is the longer.
LEAST_S = 0.5
# Of the time of a run, how far its course may be from it.
TOLERANCE = 0.002
MOST_STAGES = 100
# Where a stage began, where it stopped, and the seconds that it took.
Stage = tuple[float, float, float]
# A stage that took less says nothing about the pace.
SHORT_S = 0.2
# One that passed so many times as fast was skipped.
SKIPPED = 20.0
# The weight of an earlier run before the stages of this one have any, in its seconds.
TRUST_S, TRUST_SHARE = 2.0, 0.1


@dataclass(frozen=True)
class Course:
    """How a run went: seconds since its start at fractions, both never falling.

    A fraction that stands twice is one at which the run stayed.
    """

    fractions: Sequence[float]
    seconds: Sequence[float]

    @property
    def total(self) -> float:
        return self.seconds[-1]

    def reached(self, fraction: float) -> float:
        """When a fraction was reached."""
        return self._at(bisect_left(self.fractions, fraction), fraction)

    def left(self, fraction: float) -> float:
        """When a fraction was left behind."""
        place = bisect_right(self.fractions, fraction)
        if place and self.fractions[place - 1] == fraction:
            return self.seconds[place - 1]
        return self._at(place, fraction)

    def passed(self, start: float, stop: float, took: float) -> float:
        """What it took from a fraction to another one: as near to ``took`` as it may have been.

        It is not known how long of the stay at the other one still belongs to the way.
        """
        began = self.reached(start)
        return min(max(took, self.reached(stop) - began), self.left(stop) - began)

    def following(self, fraction: float) -> float:
        """When it told the next fraction: until then it may have been at this one."""
        place = bisect_right(self.fractions, fraction)
        return self.seconds[min(place, len(self.seconds) - 1)]

    def _at(self, place: int, fraction: float) -> float:
        if place == 0:
            return self.seconds[0]
        if place == len(self.fractions):
            return self.total
        low, high = self.fractions[place - 1], self.fractions[place]
        share = (fraction - low) / (high - low)
        return self.seconds[place - 1] + share * (self.seconds[place] - self.seconds[place - 1])

    def thinned(self, most: int = MOST_KEPT) -> Course:
        """The course in few points: those that straight lines between others miss farthest."""
        x, y = np.array(self.fractions), np.array(self.seconds)
        places = np.arange(len(x))
        kept = [0, len(x) - 1]
        while len(kept) < most:
            # Along the points, not the fractions: at one where the run stayed lie several.
            lengths = np.concatenate([[0.0], np.cumsum(np.diff(x) + 1e-9)])
            missed = np.abs(np.interp(lengths, lengths[kept], y[kept]) - y)
            missed[kept] = 0.0
            worst = int(places[missed.argmax()])
            if missed[worst] <= TOLERANCE * self.total:
                break
            kept = sorted([*kept, worst])
        return Course(tuple(x[kept].tolist()), tuple(y[kept].tolist()))


@dataclass(frozen=True)
class EarlierRun:
    """A run of the same operation that is over, and how alike its request is, 0 to 1."""

    course: Course
    likeness: float = 1.0

    def distance(self, stages: Iterable[Stage]) -> float:
        """How unlike it is to a run whose stages took so long.

        What counts is that some took longer than here and others did not; that all did is more
        likely another machine, or one that does much else.
        """
        course, longer = self.course, []
        for at, stop, took in stages:
            expected = course.passed(at, stop, took)
            longer.append(log((took + LEAST_S) / (expected + LEAST_S)))
        low, high = min(longer, default=0.0), max(longer, default=0.0)
        return high - low + MACHINE * abs(high + low) / 2 + 1.0 - self.likeness


EVEN = Course((0.0, 1.0), (0.0, 1.0))
"""Every fraction lasts as long as any other, nobody knows how long."""
WHOLE = (0.0, 1.0)


@dataclass
class Pace:
    """The run under way: told where it is, it tells the time left.

    Attributes
    ----------
    runs : sequence of EarlierRun
        Those that may serve as its measure.
    """

    runs: Sequence[EarlierRun] = ()
    _fractions: list[float] = field(default_factory=list)
    _seconds: list[float] = field(default_factory=list)
    _stages: list[Stage] = field(default_factory=list)
    _stage: tuple[float, float] = WHOLE
    _entered: tuple[float, float] = (0.0, 0.0)
    _moved: tuple[float, float] = (0.0, 0.0)
    _arrived: float = 0.0
    _step: float = 0.0

    def tell(self, fraction: float, seconds: float) -> None:
        """Note the fraction reached, at seconds since the start."""
        stage = WHOLE
        if isinstance(fraction, StagedFraction):
            stage = (fraction.start, fraction.stop)
        place = float(fraction)
        if stage != self._stage or not self._seconds:
            self._close(place, seconds)
            self._stage = stage
            self._entered = self._moved = (place, seconds)
        if not self._fractions or place > self._fractions[-1]:
            self._arrived = seconds
            if self._moved == self._entered:  # what it took to begin is no pace
                self._moved = (place, seconds)
        self._note(place, seconds)

    def seconds_left(self, seconds: float) -> float | None:
        """Seconds left at seconds since the start; None while nothing tells."""
        stages = self._stages_until(seconds)
        measure = min(self.runs, key=lambda run: run.distance(stages), default=None)
        if not self._fractions:
            return None if measure is None else max(0.0, measure.course.total - seconds)
        course = EVEN if measure is None else measure.course
        longer = self._pace_so_far(seconds) if measure is None else _longer(course, stages)
        if longer is None:
            return None
        place = self._fractions[-1]
        stop = max(place, self._stage[1])
        later = (course.total - course.reached(stop)) * longer
        return later + self._rest_of_stage(course, stop, seconds, longer)

    def course(self) -> Course:
        """The run so far."""
        return Course(tuple(self._fractions), tuple(self._seconds))

    def _note(self, place: float, seconds: float) -> None:
        """Keep a point; of too many those that are apart in time."""
        place = max([place, *self._fractions[-1:]])
        if len(self._fractions) > 1 and seconds - self._seconds[-2] < self._step:
            self._fractions[-1], self._seconds[-1] = place, seconds
            return
        self._fractions.append(place)
        self._seconds.append(seconds)
        if len(self._fractions) > MOST_POINTS:
            self._fractions = [*self._fractions[:-1:2], place]
            self._seconds = [*self._seconds[:-1:2], seconds]
            self._step = 2.0 * seconds / MOST_POINTS

    def _close(self, place: float, seconds: float) -> None:
        """Note how long the stage before took."""
        start, entered = self._entered
        if self._seconds:
            self._stages.append((start, max(start, place), seconds - entered))
            del self._stages[:-MOST_STAGES]

    def _stages_until(self, seconds: float) -> list[Stage]:
        """The stages so far, the present one as far as it is."""
        if not self._fractions:
            return []
        start, entered = self._entered
        return [*self._stages, (start, self._fractions[-1], seconds - entered)]

    def _pace_so_far(self, seconds: float) -> float | None:
        """Seconds a unit of the fraction, of no earlier run.

        Between the mean, which a slow stage of a small fraction spoils, and the median, which
        knows nothing of slow stages.
        """
        place, first = self._fractions[-1], self._moved[0]
        passed = [(took, stop - at) for at, stop, took in self._stages if stop > at]
        if place > first:
            passed.append((self._pace_within(place, seconds, 0.0) * (place - first), place - first))
        if not passed:
            return None
        median = weighted_median((took / part, part) for took, part in passed)
        mean = sum(took for took, _ in passed) / sum(part for _, part in passed)
        return sqrt(median * mean)

    def _pace_within(self, place: float, seconds: float, otherwise: float) -> float:
        """Seconds a unit of the fraction within the present stage."""
        first, moved = self._moved
        return (seconds - moved) / (place - first) if place > first else otherwise

    def _rest_of_stage(self, course: Course, stop: float, seconds: float, longer: float) -> float:
        (start, entered), place = self._entered, self._fractions[-1]
        whole = course.reached(stop) - course.reached(start)
        by_pace = (stop - place) * self._pace_within(place, seconds, longer)
        if course is EVEN or whole < SHORT_S:
            return by_pace
        stayed = course.reached(place) + (seconds - self._arrived) / longer
        at = min(stayed, course.following(place))
        passed = at - course.reached(start)
        pace = (seconds - entered + TRUST_S * longer) / (passed + TRUST_S)
        by_course = max(0.0, course.reached(stop) - at) * pace
        if place <= self._moved[0]:
            return by_course
        # The farther the stage is, and the less it went as then, the more its own pace says.
        share = ((place - start) / (stop - start)) ** 2 * min(1.0, abs(log(pace)))
        return float(by_course ** (1.0 - share) * by_pace**share)


def _longer(course: Course, stages: Iterable[Stage]) -> float:
    """How many times as long as in an earlier run the stages of this one take."""
    ratios = [(1.0, TRUST_S + TRUST_SHARE * course.total)]
    for at, stop, took in stages:
        expected = course.passed(at, stop, took)
        if expected > SHORT_S and took > expected / SKIPPED:
            ratios.append((took / expected, expected))
    return weighted_median(ratios)


def weighted_median(pairs: Iterable[tuple[float, float]]) -> float:
    """The value up to which half of the weight lies, of (value, weight)."""
    ordered = sorted(pairs)
    half = sum(weight for _, weight in ordered) / 2
    passed = 0.0
    for value, weight in ordered:
        passed += weight
        if passed >= half:
            return value
    return ordered[-1][0]
