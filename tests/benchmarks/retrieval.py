"""CPU of a search beside the bare product, faiss' exact index, and reading a memory map."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from threadpoolctl import threadpool_limits

from core.retrieval import Gallery, search, standings

DIMENSIONS, K = 512, 10
AT_ONCE = 10_000


@dataclass(frozen=True)
class Searched:
    """Medians over the rounds of the CPU of a search over that of others.

    ``product``: of ``queries @ gallery.T``; ``faiss``: of ``IndexFlatIP.search``.
    ``standings`` and ``centred``: CPU of these over that of the product.
    """

    product: float
    faiss: float
    centred: float
    standings: float


def beside_product(rows: int, queries: int, rounds: int = 15) -> Searched:
    """Search the same unit rows by all, taking turns; preparing them is left out.

    All with one thread: waiting threads burn CPU time, the more the busier the machine.
    """
    # Here, so that its threads are in no other part of the benchmark.
    import faiss

    rng = np.random.default_rng(0)
    gallery, asking = (_unit(rng, count) for count in (rows, queries))
    prepared, centred = Gallery(gallery), Gallery(gallery, gallery.mean(axis=0))
    index = faiss.IndexFlatIP(DIMENSIONS)
    index.add(gallery)
    faiss.omp_set_num_threads(1)
    with threadpool_limits(1):
        own, product, peer, seen, ranks = _in_turn(
            rounds,
            lambda: search(asking, prepared, K),
            lambda: asking @ gallery.T,
            lambda: index.search(asking, K),
            lambda: search(asking, centred, K),
            lambda: standings(asking, gallery[:queries], prepared),
        )
    quotients = (own / product, own / peer, seen / product, ranks / product)
    return Searched(*(float(np.median(quotient)) for quotient in quotients))


@dataclass(frozen=True)
class MappedSearch:
    """Of a gallery in a memory map whose file is in the page cache.

    ``reading``: time of a search for one query over that of reading the file once, median;
    ``preparing``: the same of preparing the gallery. ``memory_mib``: the most that preparing
    and searching, for 50 queries too, allocate.
    """

    reading: float
    preparing: float
    memory_mib: float


def of_a_map(rows: int, rounds: int = 5) -> MappedSearch:
    """Search a memory map of random rows, taking turns with reading its file."""
    rng = np.random.default_rng(0)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "gallery.npy"
        written = np.lib.format.open_memmap(path, "w+", np.float32, (rows, DIMENSIONS))
        for start in range(0, rows, AT_ONCE):
            written[start : start + AT_ONCE] = _unit(rng, min(AT_ONCE, rows - start))
        mapped, asking = np.load(path, mmap_mode="r"), _unit(rng, 50)
        gallery = Gallery(mapped)
        with threadpool_limits(1):
            own, preparing, reading = _in_turn(
                rounds,
                lambda: search(asking[:1], gallery, K),
                lambda: Gallery(mapped),
                lambda: _read(path),
            )
        tracemalloc.start()
        search(asking, Gallery(mapped), K)
        memory = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
    quotients = (own / reading, preparing / reading)
    return MappedSearch(*(float(np.median(quotient)) for quotient in quotients), memory)


def _unit(rng: np.random.Generator, rows: int) -> np.ndarray:
    drawn = rng.standard_normal((rows, DIMENSIONS), dtype=np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def _read(path: Path) -> None:
    room = bytearray(2**20)
    with path.open("rb", buffering=0) as file:
        while file.readinto(room):
            pass


def _in_turn(rounds: int, *actions: Callable[[], object]) -> np.ndarray:
    """CPU seconds of each action in each round. (actions, rounds)"""
    spent = np.empty((len(actions), rounds + 1))
    for turn in range(rounds + 1):
        for row, action in enumerate(actions):
            began = time.process_time()
            action()
            spent[row, turn] = time.process_time() - began
    return spent[:, 1:]
