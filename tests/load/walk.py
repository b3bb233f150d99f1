"""What each of many visitors does, at its own pace."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

from tests.load.visitor import Rerun, Step, visiting

# As in a lesson: look, choose, compare, decode.
WALK = (
    Step("overview"),
    Step("overview", "overview.page", 2),
    Step("responses"),
    Step("responses", "roi", ["V1"]),
    Step("rdm"),
    Step("rdm", "roi", ["V1"]),
    Step("rdm", "metric", "euclidean"),
    Step("rdm", "rdm.order", "original"),
    Step("rdm", "rdm.colours", "magma"),
    Step("maps"),
    Step("clusters"),
    Step("encoders"),
    Step("train"),
    Step("retrieval"),
    Step("zero_shot"),
    Step("ground_truth"),
    Step("compare"),
    Step("lessons"),
)
PAUSE_S = (0.2, 1.0)
# After so many steps a visitor closes the tab, and comes back in another.
STAY = (20, 80)


async def walk(
    port: int, visitors: int, seconds: float, seed: int, pause: tuple[float, float] = PAUSE_S
) -> list[Rerun]:
    """Let visitors walk for a while; each begins at a page of its own and never stops.

    Returns
    -------
    list of Rerun
        Those that ended in time.
    """
    end = time.monotonic() + seconds
    walks = [_walk(port, number, end, seed, pause) for number in range(visitors)]
    return [rerun for reruns in await asyncio.gather(*walks) for rerun in reruns]


async def _walk(
    port: int, number: int, end: float, seed: int, pause: tuple[float, float]
) -> list[Rerun]:
    rng, reruns = random.Random(f"{seed} {number}"), list[Rerun]()
    pages = [place for place, step in enumerate(WALK) if not step.widget]
    place = rng.choice(pages)
    await asyncio.sleep(rng.uniform(*pause))
    while time.monotonic() < end:
        leaves_at = place + rng.randint(*STAY)
        # In the middle of a page there would be nothing to choose.
        place = next(near for near in range(place, place + len(WALK)) if near % len(WALK) in pages)
        async with visiting(port) as visitor:
            while place < leaves_at and time.monotonic() < end:
                reruns.append(await visitor.go(WALK[place % len(WALK)]))
                place += 1
                await asyncio.sleep(rng.uniform(*pause))
    return [rerun for rerun in reruns if rerun.at + rerun.seconds <= end]


def slowest(reruns: Sequence[Rerun], count: int = 5) -> list[tuple[Step, float]]:
    """Steps by the median seconds that they took, the longest first."""
    by_step: dict[str, list[float]] = {}
    steps = {str(rerun.step): rerun.step for rerun in reruns}
    for rerun in reruns:
        by_step.setdefault(str(rerun.step), []).append(rerun.seconds)
    medians = [(steps[name], sorted(own)[len(own) // 2]) for name, own in by_step.items()]
    return sorted(medians, key=lambda pair: -pair[1])[:count]
