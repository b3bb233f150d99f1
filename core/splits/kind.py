"""What a kind of split declares, and the registry that the kinds join when imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InputError
from core.registry import Parameter, Registry, check_given
from core.splits.cutting import hold_out
from core.splits.fold import Fold
from core.splits.groups import Groups
from core.splits.pool import Pool

MOST_CLUSTERS = 1000


def share(name: str, whole: str) -> Parameter:
    """The declared share of a set, e.g. 'test' of 'the categories'."""
    return Parameter(
        name,
        f"Share in the {name} set",
        0.1,
        f"Share of {whole} in the {name} set",
        minimum=0.001,
        maximum=0.9,
    )


def cluster_count(name: str) -> Parameter:
    """The declared number of k-means clusters."""
    return Parameter(
        name,
        "Clusters",
        20,
        "Number of k-means clusters of the features (Euclidean distance, rows of length 1)",
        minimum=2,
        maximum=MOST_CLUSTERS,
    )


Group = Callable[[Pool, dict[str, Any], int], Groups]
Cut = Callable[[Pool, dict[str, Any], int], list[Fold]]


@dataclass(frozen=True)
class Kind:
    """A registered kind of split.

    Attributes
    ----------
    id, label, note, citation : str
        ``note`` is one sentence that says what such a split tests.
    parameters : tuple of Parameter
    groups : callable, optional
        ``groups(pool, values, seed) -> Groups``: what stays together in one set. A kind
        that gives it can be cut by shares (``test``, ``validation``) and into k folds; where
        it has a ``cut`` too, that alone divides.
    cut : callable, optional
        ``cut(pool, values, seed) -> list of Fold``, for a kind with a rule of its own.
    needs_features : bool
        Whether it cannot be made without features; for ``kfold`` that depends on ``by``.
    leaks : bool
        Whether its sets share images, on purpose.
    """

    id: str
    label: str
    note: str
    citation: str
    parameters: tuple[Parameter, ...] = ()
    groups: Group | None = None
    cut: Cut | None = None
    needs_features: bool = False
    leaks: bool = False

    def __post_init__(self) -> None:
        if self.groups is None and self.cut is None:
            raise InputError(f"The split {self.id!r} has no function", "'groups' or 'cut'")

    def folds(self, pool: Pool, values: dict[str, Any], seed: int) -> list[Fold]:
        """Its folds of the usable stimuli, for checked values."""
        if self.cut is not None:
            return self.cut(pool, values, seed)
        assert self.groups is not None
        groups = self.groups(pool, values, seed)
        return [hold_out(pool, groups, values["test"], values["validation"], seed)]

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give every parameter its checked value, the default where none was given.

        Raises
        ------
        InputError
            If a parameter is unknown, of another type or out of range.
        """
        return check_given(f"The split {self.id!r}", self.parameters, values)


KINDS: Registry[Kind] = Registry("kind of split")


def register(kind: Kind) -> None:
    """Add a kind; each module below ``kinds`` calls this when imported."""
    KINDS.register(kind.id, kind)
