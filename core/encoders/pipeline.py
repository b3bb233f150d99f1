"""Many images through an encoder: decoded ahead in threads, computed in batches, in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from PIL import Image

from core.encoders.encoder import Loaded
from core.errors import CorruptDataError
from core.validation import enumerate_names

MOST_THREADS = 8
AHEAD = 2

Read = Callable[[str], Image.Image]
Prepared = np.ndarray | str


def features(
    ids: Sequence[str], read: Read, loaded: Loaded, failures: dict[str, str]
) -> Generator[np.ndarray, None, None]:
    """Embeddings of images, a batch of rows at a time, in the order of the ids.

    Only ``AHEAD`` batches of prepared images are in memory beside the one that is
    computed. An image that cannot be read becomes a row of NaN, and its reason is added
    to ``failures``.

    Raises
    ------
    CorruptDataError
        If an embedding is not finite, which would pass as a missing image.
    """
    with _threads() as pool:
        for chosen, prepared in _batches(pool, ids, read, loaded):
            rows = np.full((len(chosen), loaded.dimensions), np.nan, dtype=np.float32)
            good = [row for row, result in enumerate(prepared) if isinstance(result, np.ndarray)]
            if good:
                rows[good] = loaded.images([prepared[row] for row in good])  # type: ignore[misc]
            pairs = zip(chosen, prepared, strict=True)
            failures.update({name: reason for name, reason in pairs if isinstance(reason, str)})
            _check_finite(rows[good], [chosen[row] for row in good])
            yield rows


def _batches(
    pool: ThreadPoolExecutor, ids: Sequence[str], read: Read, loaded: Loaded
) -> Iterator[tuple[Sequence[str], list[Prepared]]]:
    waiting: deque[tuple[Sequence[str], list[Future[Prepared]]]] = deque()
    for start in range(0, len(ids), loaded.batch):
        chosen = ids[start : start + loaded.batch]
        waiting.append((chosen, [pool.submit(_prepared, read, loaded, name) for name in chosen]))
        if len(waiting) > AHEAD:
            yield _finished(*waiting.popleft())
    while waiting:
        yield _finished(*waiting.popleft())


def _finished(
    chosen: Sequence[str], futures: list[Future[Prepared]]
) -> tuple[Sequence[str], list[Prepared]]:
    return chosen, [future.result() for future in futures]


def _prepared(read: Read, loaded: Loaded, name: str) -> Prepared:
    try:
        return loaded.prepare([read(name)])[0]
    except MemoryError:
        raise
    except Exception as error:  # decoders of foreign files raise whatever they like
        return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(max(2, min(MOST_THREADS, os.cpu_count() or 1)))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _check_finite(rows: np.ndarray, ids: Sequence[str]) -> None:
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        wrong = [name for name, good in zip(ids, finite, strict=True) if not good]
        raise CorruptDataError(
            f"The encoder gives embeddings that are not finite for {enumerate_names(wrong)}",
            "numbers",
            "Its weights are damaged.",
        )
