"""The comparisons of RDMs: each is one entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from core.rdm.comparisons.comparison import ALL_CELLS, COMPARISONS, Cells, RdmComparison
from core.rdm.comparisons.ranks import concordance, level, rank
from core.rdm.comparisons.vectors import square
from core.rdm.comparisons.whitening import whiten
from core.vectors import HUGE, TINY, unit_rows

# Variance left of the squares about a shift, below which digits are lost.
UNCLEAR = 1e-3
NILI = "Nili et al. (2014), PLoS Comput. Biol. 10(4):e1003553"
SCHUETT = "Schütt, Kipnis, Diedrichsen & Kriegeskorte (2023), eLife 12:e82566"
DIEDRICHSEN = (
    "Diedrichsen, Berlot, Mur, Schütt, Shahbazi & Kriegeskorte (2020), 'Comparing "
    "representational geometries using whitened unbiased-distance-matrix similarity', "
    "arXiv:2007.02789"
)


class Pearson(RdmComparison):
    """Pearson correlation of the dissimilarities; their cosine where not ``centred``."""

    def rows(self, vectors: np.ndarray, cells: Cells = ALL_CELLS) -> np.ndarray:
        return unit_rows(vectors, self.centred)

    def stream(self, blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> float | None:
        shift: tuple[float, float] | None = None if self.centred else (0.0, 0.0)
        count, sums = 0, np.zeros(5)
        with np.errstate(all="ignore"):
            for x, y in blocks:
                # Near the means, so that what they add to the products takes no digits.
                shift = shift or (float(x.mean()), float(y.mean()))
                if self.centred:
                    x -= shift[0]
                    y -= shift[1]
                count += len(x)
                sums += x.sum(), y.sum(), x @ x, y @ y, x @ y
            x_sum, y_sum, *products = sums
            squares = xx, yy = products[:2]
            xy = products[2]
            if self.centred:
                xx, yy = xx - x_sum**2 / count, yy - y_sum**2 / count
                xy -= x_sum * y_sum / count
        is_clear = TINY < xx < HUGE and TINY < yy < HUGE
        if not is_clear or xx < UNCLEAR * squares[0] or yy < UNCLEAR * squares[1]:
            return None  # NaN and infinity are not clear either
        return float(xy / np.sqrt(xx * yy))


class Spearman(RdmComparison):
    """Pearson correlation of the mean ranks."""

    def rows(self, vectors: np.ndarray, cells: Cells = ALL_CELLS) -> np.ndarray:
        return unit_rows(_ranked(vectors), centred=True)


class RhoA(RdmComparison):
    """Expected Spearman correlation if ties were broken by chance."""

    def rows(self, vectors: np.ndarray, cells: Cells = ALL_CELLS) -> np.ndarray:
        pairs = vectors.shape[1]
        ranks = _ranked(vectors)
        ranks -= (pairs + 1) / 2
        ranks *= np.sqrt(12.0 / (float(pairs) ** 3 - pairs))
        return ranks


class TauA(RdmComparison):
    """Kendall's tau-a: how many more pairs of cells have one order in both RDMs than not."""

    def rows(self, vectors: np.ndarray, cells: Cells = ALL_CELLS) -> np.ndarray:
        return np.stack([level(vector) for vector in vectors])

    def products(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        return np.array([[concordance(row, other) for other in others] for row in rows])

    def permuted_products(
        self, rows: np.ndarray, other: np.ndarray, n: int, orders: Iterable[np.ndarray]
    ) -> Iterator[np.ndarray]:
        matrix = square(other)
        for order in orders:
            permuted = square(matrix.take(order, axis=0).take(order, axis=1))
            yield self.products(rows, permuted[None])[:, 0]


class Whitened(RdmComparison):
    """Cosine, or where ``centred`` Pearson correlation, of whitened dissimilarities."""

    def rows(self, vectors: np.ndarray, cells: Cells = ALL_CELLS) -> np.ndarray:
        if self.centred:
            vectors = vectors - vectors.mean(axis=1, keepdims=True)
        return unit_rows(whiten(vectors, cells.defined, cells.covariance))


def _ranked(vectors: np.ndarray) -> np.ndarray:
    return np.stack([rank(vector) for vector in vectors])


for _comparison in (
    Spearman("spearman", "Spearman correlation", citation=NILI, in_ranks=True),
    Pearson("pearson", "Pearson correlation", citation=NILI),
    TauA(
        "kendall",
        "Kendall's tau-a",
        "For models that predict equal dissimilarities: these earn neither gain nor loss.",
        NILI,
        in_ranks=True,
    ),
    RhoA(
        "rho-a",
        "rho-a",
        "Spearman correlation expected if ties were broken by chance: as tau-a fit for models that "
        "predict equal dissimilarities.",
        SCHUETT,
        in_ranks=True,
    ),
    Pearson(
        "cosine",
        "Cosine",
        "An offset common to all dissimilarities counts: for distances with a meaningful zero, as "
        "crossnobis.",
        SCHUETT,
        centred=False,
    ),
    Whitened(
        "whitened-cosine",
        "Whitened cosine",
        "Dissimilarities of the same stimulus share its noise, and are weighted for it: for "
        "crossnobis and squared distances. Equal to linear CKA.",
        DIEDRICHSEN,
        centred=False,
        is_whitened=True,
    ),
    Whitened(
        "whitened-pearson",
        "Whitened Pearson correlation",
        "As whitened cosine, without the mean of the dissimilarities.",
        DIEDRICHSEN,
        is_whitened=True,
    ),
):
    COMPARISONS.register(_comparison.id, _comparison)
