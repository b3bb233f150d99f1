"""What all folds of a decoder come to, from the store; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from core import store
from core.decoders.config import Config
from core.decoders.runs import Run
from core.decoders.scoring.score_table import as_json, from_json

CONTROL = "control"
# Permuted controls of a head in closed form, which is trained at once, and of others.
CLOSED_FORM_REPEATS, REPEATS = 20, 5
OVERHEAD_S = 0.05


@dataclass(frozen=True)
class Compared:
    """A decoder less its permuted control, or less a baseline, in two-way identification.

    ``low`` and ``high`` are a 95 % interval, None where there is none.
    """

    head: str
    against: str
    value: float
    low: float | None
    high: float | None

    @property
    def standing(self) -> str:
        """'above', 'below' or 'no difference seen', by the interval."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return "no difference seen"
        return "above" if self.low > 0 else "below"


@dataclass(frozen=True)
class FoldScores:
    """What all folds of a decoder come to.

    Attributes
    ----------
    table : pd.DataFrame
        ``head`` and the columns of ``core.scores.evaluate``, where ``chance`` is the mean of
        the permuted control, ``chance_low`` and ``chance_high`` its 95 % interval over
        ``repeats``, and ``p`` = (1 + controls that score as well) / (1 + repeats).
    compared : tuple of Compared
        The decoder and each baseline less its control, then the decoder less each baseline
        where both are above their controls, or the intervals of those differences are disjoint.
    folds : int
    unit : str
        What was permuted, and is left out as a whole for intervals, such as 'categories'.
    units : int
    """

    table: pd.DataFrame
    compared: tuple[Compared, ...]
    folds: int
    unit: str
    units: int

    @property
    def about(self) -> str:
        """What was ranked, permuted and left out, in words."""
        counts = self.table.groupby("head", sort=False)["repeats"].first()
        controls = ", ".join(f"{count} of {head}" for head, count in counts.items())
        return (
            f"Each test image is sought among those of all {self.folds} folds, and ranks are "
            f"pooled. Chance is the mean of the same {self.folds} trainings and scores with the "
            f"responses permuted over {self.unit} (controls: {controls}); p is taken over "
            f"them. Differences of two-way identification: over {self.units:,} {self.unit} or "
            "over the controls, whichever is the wider; between decoders over "
            f"{self.units:,} {self.unit} and what the trainings of {self.folds} folds share."
        )

    @property
    def sentences(self) -> list[str]:
        """The comparisons in words, two-way identification in points of per cent."""
        head, *others = self.table["head"].unique()
        compared = {each.against for each in self.compared}
        return [
            *(_sentence(each) for each in self.compared),
            *(
                f"{head} and {other} are not compared: not both are above their controls"
                for other in others
                if other not in compared
            ),
        ]

    def to_json(self) -> dict[str, Any]:
        compared = [asdict(each) for each in self.compared]
        return {**vars(self), "table": as_json(self.table), "compared": compared}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FoldScores:
        return cls(
            from_json(values["table"]),
            tuple(Compared(**each) for each in values["compared"]),
            values["folds"],
            values["unit"],
            values["units"],
        )


def load(key: str) -> FoldScores | None:
    """Scores of all folds from the store, None where there are none."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        return FoldScores.from_json(result.facts)


def repeats_of(config: Config) -> int:
    """How many permuted controls a decoder has."""
    return CLOSED_FORM_REPEATS if config.is_closed_form else REPEATS


def fold_count(config: Config) -> int:
    """Number of folds of a decoder's split, known without opening the recording."""
    return int(config.split_parameters["k"]) if config.split == "kfold" else 1


def duration(run: Run) -> str:
    """About how long all folds and controls take, by the training of one."""
    folds, repeats = fold_count(run.config), repeats_of(run.config)
    seconds = folds * (1 + repeats) * (float(run.facts["seconds"]) + OVERHEAD_S)
    took = f"about {seconds / 60:.0f} min" if seconds > 90 else f"about {max(seconds, 1):.0f} s"
    return f"{folds} folds, each trained once and {repeats} times on permuted responses: {took}"


def _sentence(compared: Compared) -> str:
    against = "its permuted control" if compared.against == CONTROL else compared.against
    if compared.low is None or compared.high is None:
        few = "" if compared.against == CONTROL else " from fewer than three folds"
        less = f"{compared.head} less {against}: {100 * compared.value:+.1f} points"
        return f"{less}, no interval{few}"
    interval = f"{100 * compared.low:+.1f} to {100 * compared.high:+.1f}"
    standing = compared.standing
    words = standing if standing == "no difference seen" else f"{standing} it"
    return (
        f"{compared.head} less {against}: {100 * compared.value:+.1f} points "
        f"(95 % interval {interval}): {words}"
    )
