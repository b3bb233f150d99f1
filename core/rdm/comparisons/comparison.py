"""What a comparison of RDMs declares and does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from core.rdm.comparisons.ranks import rank
from core.rdm.comparisons.vectors import square
from core.registry import Registry

# Rows of a permuted RDM that are taken and multiplied at once: they stay in the cache.
PERMUTED_ROWS = 64
# Cells that show most RDMs not to be constant.
SAMPLE = 64


@dataclass(frozen=True)
class Cells:
    """Which cells vectors hold, and how much the noise of their stimuli varies together.

    Attributes
    ----------
    defined : bool array of shape (p,), or None
        Which of all cells above the diagonal the vectors hold; None for all.
    covariance : np.ndarray of shape (n,) or (n, n), or None
        Of the pattern estimates, for comparisons that are ``is_whitened``.
    """

    defined: np.ndarray | None = None
    covariance: np.ndarray | None = None


ALL_CELLS = Cells()


@dataclass(frozen=True)
class RdmComparison:
    """A similarity of two RDMs, from what is done to each of them once and a product.

    A plug-in derives ``rows``, and ``products`` where it is none of inner products.

    Attributes
    ----------
    id, label : str
    note : str
        What a reader must know of its values.
    citation : str
    in_ranks : bool
        Whether only the order of the dissimilarities counts; subjects are then averaged in ranks.
    centred : bool
        Whether an offset common to all cells makes no difference, so that a constant RDM has no
        value.
    is_whitened : bool
        Whether it takes a covariance of the stimuli.
    """

    id: str
    label: str
    note: str = ""
    citation: str = ""
    in_ranks: bool = field(default=False, kw_only=True)
    centred: bool = field(default=True, kw_only=True)
    is_whitened: bool = field(default=False, kw_only=True)

    def rows(self, vectors: np.ndarray, cells: Cells = ALL_CELLS) -> np.ndarray:
        """What each RDM is turned into once. (k, d) float64 -> (k, q)

        Parameters
        ----------
        vectors : np.ndarray of shape (k, d)
            RDMs without missing cells that are not ``is_undefined``.
        cells : Cells
        """
        raise NotImplementedError(f"{self.id} says not what it makes of an RDM")

    def products(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Similarities of ``rows`` of RDMs with those of others. (m, q), (s, q) -> (m, s)"""
        return np.asarray(rows @ others.T)

    def stream(self, blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> float | None:
        """Similarity of two RDMs from blocks of their cells, where that saves memory and time.

        None where ``rows`` and ``products`` have to tell: here always.
        """
        return None

    def is_undefined(self, vectors: np.ndarray) -> np.ndarray:
        """Which RDMs have no value: constant ones, or those of zeros. (k, d) -> (k,) bool"""
        reference = vectors[:, :1] if self.centred else np.zeros((len(vectors), 1))
        undefined = (vectors[:, :SAMPLE] == reference).all(axis=1)
        undefined[undefined] = (vectors[undefined] == reference[undefined]).all(axis=1)
        return np.asarray(undefined)

    def permuted_products(
        self, rows: np.ndarray, other: np.ndarray, n: int, orders: Iterable[np.ndarray]
    ) -> Iterator[np.ndarray]:
        """Products with one RDM whose stimuli are permuted, for each order. Yields (m,)

        Parameters
        ----------
        rows : np.ndarray of shape (m, q)
            Of the models, of complete RDMs without a covariance.
        other : np.ndarray of shape (q,)
            Of the RDM that is permuted: its mean and norm stay.
        n : int
            Number of stimuli.
        orders : iterable of int arrays of shape (n,)
        """
        whole = _matrix(other, n)
        models = [_matrix(row, n) for row in rows]
        blocks = [slice(a, min(a + PERMUTED_ROWS, n)) for a in range(0, n, PERMUTED_ROWS)]
        parts = [np.stack([np.triu(m[b, b.start :]).ravel() for m in models]) for b in blocks]
        for order in orders:
            sums = np.zeros(len(rows))
            for block, part in zip(blocks, parts, strict=True):
                taken = whole.take(order[block], axis=0).take(order[block.start :], axis=1)
                sums += part @ taken.ravel()
            yield sums

    def scaled(self, vectors: np.ndarray) -> np.ndarray:
        """RDMs brought to the scale on which those of subjects are averaged. (k, d), NaN stays."""
        scaled = vectors.copy()
        for row in scaled:
            defined = np.isfinite(row)
            values = row[defined]
            if self.in_ranks:
                row[defined] = rank(values)
            elif self.centred:
                row[defined] = (values - values.mean()) / values.std()
            else:
                row[defined] = values / np.sqrt(np.mean(values**2))
        return scaled


def _matrix(row: np.ndarray, n: int) -> np.ndarray:
    """The matrix of which a row holds the cells, and behind them the diagonal if it has one."""
    pairs = n * (n - 1) // 2
    matrix = square(row[:pairs])
    if len(row) > pairs:
        np.fill_diagonal(matrix, row[pairs:])
    return matrix


COMPARISONS: Registry[RdmComparison] = Registry("RDM comparison")
