"""What a decoder does, for the eye: its median, best and worst response, and one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from core import store
from core.decoders.scoring.score_table import PROTOCOLS, TWO_WAY, as_json, over, retrieved_key
from core.scores.differences import CERTAIN
from core.words import counted, p_words

COLUMNS = ("subject", "id", "rank", "candidates", "retrieved", "similarity")


class RetrievedCase(NamedTuple):
    """A response of the test set, and the images that were retrieved for it.

    Attributes
    ----------
    name : str
        'median', 'best' or 'worst'.
    subject, image : str
        Who saw which image.
    rank : float
        Of that image among ``candidates``, 1 the most similar.
    candidates : int
    retrieved : tuple of str
        Ids of the nearest images, the most similar first.
    """

    name: str
    subject: str
    image: str
    rank: float
    candidates: int
    retrieved: tuple[str, ...]

    @property
    def is_retrieved(self) -> bool:
        return self.image in self.retrieved


def save_retrieved(retrieved: pd.DataFrame, run_key: str) -> None:
    """Keep the images that a decoder retrieves, so that a page shows them at once."""
    store.save(retrieved_key(run_key), {}, {"run": run_key, "table": as_json(retrieved)})


def load_retrieved(run_key: str) -> pd.DataFrame | None:
    """What ``core.decoders.retrieved`` gave for a decoder; None if it is not stored."""
    key = retrieved_key(run_key)
    # One of the user's own may have other parameters than the example with its settings.
    if store.is_own(run_key) and not store.is_own(key):
        return None
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        return pd.DataFrame(result.facts["table"])[list(COLUMNS)]


def cases(retrieved: pd.DataFrame) -> tuple[RetrievedCase, ...]:
    """The median, the best and the worst of all responses, the median first.

    Responses are ordered by the rank of the seen image, those of one rank by the cosine of the
    nearest image. Of few responses the same one may be two of them.

    Parameters
    ----------
    retrieved : pd.DataFrame
        From ``core.decoders.retrieved``.
    """
    if retrieved.empty:
        return ()
    nearest = retrieved["similarity"].map(lambda cosines: -cosines[0] if cosines else 0.0)
    table = retrieved.assign(nearest=nearest).sort_values(["rank", "nearest"], kind="stable")
    rows = table.to_dict("records")
    places = {"median": (len(rows) - 1) // 2, "best": 0, "worst": len(rows) - 1}
    return tuple(_case(name, rows[place]) for name, place in places.items())


def _case(name: str, row: Mapping[Any, Any]) -> RetrievedCase:
    return RetrievedCase(
        name, row["subject"], row["id"], row["rank"], row["candidates"], tuple(row["retrieved"])
    )


def sentence(table: pd.DataFrame, head: str) -> str:
    """Two-way identification of a decoder in plain words; '' where it was not scored.

    Parameters
    ----------
    table : pd.DataFrame
        From ``evaluate``.
    head : str
        Of the decoder.

    Returns
    -------
    str
        Such as 'Picks the right one of two images in 98 of 100; chance 50. 95 % interval ...'.
    """
    chosen = (
        (table["protocol"] == next(iter(PROTOCOLS)))
        & (table["head"] == head)
        & (table["measure"] == TWO_WAY)
    )
    rows = table[chosen].to_dict("records")
    if not rows:
        return ""
    row = rows[0]
    value, chance, low, high = (
        _of_hundred(row[name]) for name in ("value", "chance", "low", "high")
    )
    doubt = "" if row["p"] <= CERTAIN else ", not told apart from chance"
    return (
        f"Picks the right one of two images in {value} of 100; chance {chance}. "
        f"95 % interval {low} to {high} over {over(row, 'resampled')}; {p_words(row['p'])}{doubt}; "
        f"{counted(row['n'], 'response')} to {counted(row['images'], 'image')}."
    )


def _of_hundred(share: float) -> str:
    """A share as a count of 100, with a decimal where it would be rounded to all or none."""
    if pd.isna(share):
        return "–"
    whole = f"{100 * share:.0f}"
    return f"{100 * share:.1f}" if whole in ("0", "100") and 0 < share < 1 else whole
