"""What an average of decoders came to; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from core import store
from core.decoders.scoring.score_table import PROTOCOLS, TWO_WAY, from_json, over, worded
from core.scores import outcome
from core.scores.differences import COLUMNS
from core.words import p_words

AVERAGE = "average"


@dataclass(frozen=True)
class Ensemble:
    """Scores of an average of decoders and of its members.

    Attributes
    ----------
    table : pd.DataFrame
        ``head`` ('average', or the name of a member), ``protocol`` and the columns of
        ``core.scores.evaluate``; rows of the best member have ``difference`` (the average less
        it), ``difference_low``, ``difference_high`` and ``difference_p`` of
        ``core.scores.compare``, on the same images.
    best : str
        The member with the best two-way identification in its validation set.
    validation : mapping of str to float
        Two-way identification there, by member, the repeats averaged.
    """

    table: pd.DataFrame
    best: str
    validation: Mapping[str, float]

    @property
    def protocols(self) -> tuple[str, ...]:
        return tuple(name for name in PROTOCOLS if name in set(self.table["protocol"]))

    def rows(self, protocol: str) -> pd.DataFrame:
        """Scores of one protocol, the average first."""
        return self.table[self.table["protocol"] == protocol]

    def sentence(self, protocol: str) -> str:
        """Whether the average is better than its best member, by two-way identification."""
        rows = self.rows(protocol)
        by_head = rows[rows["measure"] == TWO_WAY].set_index("head").to_dict("index")
        average, best = by_head[AVERAGE], by_head[self.best]
        difference, low, high, p = (float(best[name]) for name in COLUMNS)
        verdict = outcome(difference, p)
        said = verdict if verdict == "no difference seen" else f"the average is {verdict}"
        return (
            f"{TWO_WAY} {worded(TWO_WAY, average['value'])} averaged, "
            f"{worded(TWO_WAY, best['value'])} by {self.best}, the best in the validation set: "
            f"{said} ({100 * difference:+.2f} points, {100 * low:+.2f} to {100 * high:+.2f}, "
            f"{p_words(p)}, over {over(best, 'resampled')})."
        )


def load(key: str) -> Ensemble | None:
    """From the store; None where it is not there."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        facts = result.facts
        return Ensemble(from_json(facts["scores"]), facts["best"], dict(facts["validation"]))
