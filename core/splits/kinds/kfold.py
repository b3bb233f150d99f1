"""k folds of images, categories or clusters."""

from __future__ import annotations

from typing import Any

from core.registry import Parameter
from core.splits.cutting import k_folds
from core.splits.fold import Fold
from core.splits.groups import Groups
from core.splits.kind import KINDS, Kind, cluster_count, register, share
from core.splits.pool import Pool


def groups(pool: Pool, values: dict[str, Any], seed: int) -> Groups:
    """What the kind ``by`` keeps together."""
    kind = KINDS[values["by"]]
    assert kind.groups is not None
    chosen = {parameter.name: parameter.default for parameter in kind.parameters}
    # k is the number of folds here, of clusters there.
    chosen |= {"k": values["clusters"], "validation": values["validation"]}
    return kind.groups(pool, chosen, seed)


def cut(pool: Pool, values: dict[str, Any], seed: int) -> list[Fold]:
    """Folds of what the kind ``by`` keeps together."""
    whole = groups(pool, values, seed)
    return k_folds(pool, whole, values["k"], values["validation"], values["contiguous"], seed)


register(
    Kind(
        "kfold",
        "k folds",
        "Tests every stimulus once, each time with a model that was trained without its fold.",
        "Stone (1974), J. R. Stat. Soc. B 36:111-147; in blocks: Varoquaux et al. (2017), "
        "NeuroImage 145:166-179",
        (
            Parameter("k", "Folds", 10, "How many folds", minimum=2, maximum=1000),
            Parameter(
                "by",
                "Folds of",
                "image",
                "What stays together in one fold",
                choices=tuple(kind.id for kind in KINDS.values() if kind.groups is not None),
            ),
            share("validation", "what is left to train on"),
            Parameter(
                "contiguous",
                "In order",
                False,
                "Take blocks in the order of the stimulus list, without shuffling",
            ),
            cluster_count("clusters"),
        ),
        groups,
        cut,
    )
)
