"""Models of an RDM: fixed, a non-negative weighted combination, or the best of some layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.errors import InputError
from core.validation import check_rdm, check_same_length

# Of the largest eigenvalue: directions below it are the same component twice.
SINGULAR = 1e-10


class RdmModel:
    """What predicts an RDM: its components weighted, by weights that ``fit`` gives.

    Parameters
    ----------
    name : str
    rdms : sequence of (n, n) arrays
        Components, of the same stimuli in the same order as the RDMs they are compared with.
        NaN marks missing pairs.
    components : sequence of str
        Their names; numbers from 1 where there are none.

    Attributes
    ----------
    is_flexible : bool
        Whether it has weights to fit, so that it is evaluated by cross-validation.

    Raises
    ------
    InputError
        Where a component is no RDM, or their sizes or names do not fit.
    """

    is_flexible = True

    def __init__(self, name: str, rdms: Sequence[Any], components: Sequence[str] = ()) -> None:
        if len(rdms) == 0:
            raise InputError(f"Model {name!r} has no RDM", "at least one")
        self.name = name
        numbers = [str(number + 1) for number in range(len(rdms))]
        self.components = tuple(components) or tuple(numbers)
        check_same_length(len(self.components), len(rdms), f"Names of {name!r}", "its RDMs")
        titles = [f"Component {component!r} of {name!r}" for component in self.components]
        titles = titles if self.is_flexible else [f"Model {name!r}"]
        checked = zip(rdms, titles, strict=True)
        self.rdms = [check_rdm(matrix, title) for matrix, title in checked]
        for matrix, title in zip(self.rdms, titles, strict=True):
            check_same_length(len(matrix), len(self.rdms[0]), title, "the first")

    def fit(self, products: np.ndarray, with_target: np.ndarray) -> np.ndarray:
        """Weights of the components by which they predict a target best.

        Everything is on the scale of the method of comparison: values under cosine, centred
        values under Pearson, ranks under the methods of ranks.

        Parameters
        ----------
        products : np.ndarray of shape (k, k)
            Inner products of the components, over training stimuli.
        with_target : np.ndarray of shape (k,)
            Their inner products with the target, the mean RDM of the training subjects.

        Returns
        -------
        np.ndarray of shape (k,)
        """
        raise NotImplementedError


class FixedModel(RdmModel):
    """One RDM that predicts as it is, such as that of a category or of a layer."""

    is_flexible = False

    def __init__(self, name: str, rdm: Any) -> None:
        super().__init__(name, [rdm], [name])

    def fit(self, products: np.ndarray, with_target: np.ndarray) -> np.ndarray:
        return np.ones(1)


class WeightedModel(RdmModel):
    """A weighted combination of RDMs, weights at least 0, by least squares.

    Squared distances of concatenated features are such sums; a negative weight would say
    that stimuli lie closer the more they differ in a component.

    Source: Khaligh-Razavi & Kriegeskorte (2014), PLoS Comput. Biol. 10:e1003915; Jozwik et al.
    (2016), Neuropsychologia 83:201-226.
    """

    def fit(self, products: np.ndarray, with_target: np.ndarray) -> np.ndarray:
        from scipy.optimize import nnls

        norms = np.sqrt(np.diag(products))
        usable = norms > 0
        weights = np.zeros(len(norms))
        scale = norms[usable]
        values, vectors = np.linalg.eigh(products[np.ix_(usable, usable)] / np.outer(scale, scale))
        kept = values > SINGULAR * values.max(initial=0.0)
        # A root R of the products, and the target y in its terms: R^T y are the products with it.
        root = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
        target = (vectors[:, kept].T @ (with_target[usable] / scale)) / np.sqrt(values[kept])
        if len(scale):
            weights[usable] = nnls(root, target)[0] / scale
        return weights


class SelectedModel(RdmModel):
    """The single RDM among some, such as the layers of a network, that fits best."""

    def fit(self, products: np.ndarray, with_target: np.ndarray) -> np.ndarray:
        norms = np.sqrt(np.diag(products))
        fits = np.where(norms > 0, with_target / np.where(norms > 0, norms, 1.0), -np.inf)
        weights = np.zeros(len(fits))
        weights[np.argmax(fits)] = 1.0
        return weights
