"""The time left on a simulated clock: stages of unequal speed, skipped, slower, stopped early."""

from __future__ import annotations

import itertools
import math

import pytest

from core.jobs.time_left import EarlierRun, Pace, weighted_median
from core.progress import StagedFraction, portion

# A training: what its stages are said to be of the whole, and their seconds. The audit is a
# twentieth of the fraction and most of the time.
TRAINING = {
    "encode": (0.09, 20.0),
    "divide": (0.01, 0.1),
    "audit": (0.05, 26.0),
    "fit": (0.85, 2.0),
}


def events(stages, steps=50):
    """(seconds, fraction) of a run that tells its progress in each stage."""
    clock, place, told = 3.0, 0.0, []

    def listen(fraction, message=""):
        told.append((clock, fraction))

    listen(0.0)
    for share, seconds in stages.values():
        report = portion(listen, place, place + share)
        for step in range(steps if seconds else 0):
            report(step / steps)
            clock += seconds / steps
        place = min(1.0, place + share)
    listen(1.0)
    return told


def course_of(told):
    pace = Pace()
    for seconds, fraction in told:
        pace.tell(fraction, seconds)
    return pace.course()


def earlier(*runs):
    return [EarlierRun(course_of(told).thinned()) for told in runs]


def outside(told, runs=(), after=5.0, least=2.0, factor=2.0):
    """The looks at which the time left is off by more than a factor: (seconds, said, true)."""
    pace, end, wrong = Pace(runs), told[-1][0], []
    for seconds, fraction in told[:-1]:
        pace.tell(fraction, seconds)
        said, true = pace.seconds_left(seconds), end - seconds
        is_within = said is not None and true / factor <= said <= true * factor
        if seconds > after and true > least and not is_within:
            wrong.append((seconds, said, true))
    return wrong


def scaled(stages, **factors):
    every = factors.pop("every", 1.0)
    return {
        name: (share, seconds * every * factors.get(name, 1.0))
        for name, (share, seconds) in stages.items()
    }


COLD, WARM = events(TRAINING), events(scaled(TRAINING, encode=0, audit=0.1))


@pytest.mark.parametrize("seconds", [4, 40, 4000])
def test_an_even_job_needs_no_earlier_run(seconds):
    assert outside(events({"all": (1.0, seconds)}), after=max(5.0, seconds / 20)) == []


def test_the_first_run_of_unequal_stages_is_told_by_those_so_far():
    stages = {"a": (0.3, 12.0), "b": (0.3, 30.0), "c": (0.4, 25.0)}
    assert outside(events(stages)) == []


def test_what_came_before_is_the_measure_of_unequal_stages():
    assert len(outside(COLD)) > 40  # the fraction says little: 0.09 of it takes 40 % of the time
    assert outside(COLD, earlier(COLD)) == []


@pytest.mark.parametrize("every", [0.55, 0.8, 1.3, 1.9])
def test_a_slower_or_faster_machine(every):
    assert outside(events(scaled(TRAINING, every=every)), earlier(COLD)) == []


@pytest.mark.parametrize("factors", [{"encode": 2.5}, {"audit": 0.45}, {"encode": 0.5}])
def test_a_stage_that_is_slower_or_faster_than_before(factors):
    changed = events(scaled(TRAINING, **factors))
    assert outside(changed, earlier(COLD), factor=2.5) == []


def test_stages_that_pass_at_once_are_no_pace():
    """What is stored is not encoded again: the rest takes what it took."""
    warm = events({**TRAINING, "encode": (0.09, 0.0)})
    assert outside(warm, earlier(COLD), after=6.0) == []


def test_of_two_earlier_runs_the_one_that_went_like_this_one():
    """The requests of a first training and of the next one differ by a seed."""
    for runs in itertools.permutations(earlier(COLD, WARM)):
        assert outside(COLD, runs) == []
        assert outside(WARM, runs, after=3.5) == []


def test_of_two_that_went_alike_so_far_the_more_alike_request():
    long = events({"a": (0.5, 10.0), "b": (0.5, 300.0)})
    short = events({"a": (0.5, 10.0), "b": (0.5, 10.0)})
    runs = [
        EarlierRun(course_of(long).thinned(), likeness=0.9),
        EarlierRun(course_of(short).thinned(), likeness=0.8),
    ]
    assert Pace(runs).seconds_left(0.0) == pytest.approx(313.0, rel=0.01)
    assert outside(long, runs) == []


def test_a_training_that_stops_early_as_the_one_before_did():
    told = events({"prepare": (0.15, 4.0), "fit": (0.85, 40.0)}, steps=100)
    stopped = [event for event in told if event[1] < 0.45]
    stopped.append((stopped[-1][0] + 0.4, 1.0))
    assert outside(stopped, earlier(stopped)) == []


def test_many_equal_parts_after_a_slow_beginning():
    """Decoders of an ablation: the first one encodes, and no earlier run has as many."""
    parts = {f"{n}": (0.1, 5.0) for n in range(10)}
    parts = {"first": (0.005, 4.0), "0": (0.095, 5.0)} | {n: parts[n] for n in list(parts)[1:]}
    assert outside(events(parts), after=9.0) == []


def test_a_job_that_tells_nothing_for_long_is_told_by_the_earlier_run():
    told = [(1.0, 0.0), (31.0, 0.9), (40.0, 1.0)]
    pace = Pace(earlier(told))
    assert pace.seconds_left(0.5) == pytest.approx(39.5)
    pace.tell(0.0, 1.0)
    for seconds in (1.0, 10.0, 20.0, 30.0):
        assert pace.seconds_left(seconds) == pytest.approx(40.0 - seconds, rel=0.3)
    pace.tell(0.9, 31.0)
    assert pace.seconds_left(31.0) == pytest.approx(9.0, rel=0.3)


def test_nothing_is_said_while_nothing_tells():
    pace = Pace()
    assert pace.seconds_left(5.0) is None
    pace.tell(0.0, 5.0)
    assert pace.seconds_left(9.0) is None


def test_a_resumed_job_has_not_done_the_beginning():
    pace = Pace()
    for seconds, fraction in [(0, 0.0), (9, 0.0), (10, 0.5), (20, 0.6)]:
        pace.tell(fraction, seconds)
    assert pace.seconds_left(20) == pytest.approx(40)


def test_a_course_is_short_and_close():
    told = events({str(n): (0.02, (n * 37 % 11) ** 2) for n in range(50)}, steps=400)
    whole = course_of(told)
    thin = whole.thinned()
    assert len(whole.seconds) <= 2001
    assert len(thin.seconds) <= 64
    assert list(thin.seconds) == sorted(thin.seconds)
    assert thin.total == whole.total
    gap = max(abs(thin.reached(n / 500) - whole.reached(n / 500)) for n in range(501))
    assert gap < 0.03 * whole.total


def test_a_fraction_at_which_a_run_stayed_was_reached_before_it_was_left():
    course = course_of([(1.0, 0.0), (9.0, 0.0), (10.0, 0.5), (20.0, 0.5), (24.0, 1.0)])
    assert (course.reached(0.0), course.left(0.0)) == (1.0, 9.0)
    assert (course.reached(0.5), course.left(0.5)) == (10.0, 20.0)
    assert course.reached(0.25) == course.left(0.25) == pytest.approx(9.5)
    assert course.reached(1.0) == course.left(1.0) == 24.0


def test_stages_within_stages_are_those_of_the_whole():
    told = []
    outer = portion(lambda fraction, message="": told.append(fraction), 0.2, 0.6)
    inner = portion(outer, 0.5, 1.0)
    inner(0.5)
    outer(0.25)
    assert [(f, f.start, f.stop) for f in told] == [
        (pytest.approx(0.5), pytest.approx(0.4), pytest.approx(0.6)),
        (pytest.approx(0.3), pytest.approx(0.2), pytest.approx(0.6)),
    ]
    assert isinstance(told[0], StagedFraction)


def test_weighted_median_by_hand():
    assert weighted_median([(1.0, 2.0), (5.0, 1.0), (9.0, 0.5)]) == 1.0
    assert weighted_median([(9.0, 3.0), (1.0, 2.0)]) == 9.0
    assert math.isclose(weighted_median([(4.0, 0.1)]), 4.0)
