"""Stored scores of decoders; nothing here imports torch."""

from __future__ import annotations

import pandas as pd

from core import store

VERSION, RESAMPLES = 2, 1000
TOLD = ("badge", "note")
PROTOTYPES = ("pictures", "names")
PROTOCOLS = {"averaged repeats": "mean", "single trials": "all"}


def table_key(run_key: str, prototypes: str = "pictures") -> str:
    """Key of the scores of a decoder in the store."""
    made = {"run": run_key, "prototypes": prototypes, "resamples": RESAMPLES}
    return store.key("scores", store.fingerprint(run_key), made, seed=0, version=VERSION)


def save_table(table: pd.DataFrame, run_key: str, prototypes: str) -> str:
    """Keep scores in the store; gives their key."""
    key = table_key(run_key, prototypes)
    told = {name: table.attrs.get(name, "") for name in TOLD}
    clean = table.astype(object).where(table.notna(), None)
    store.save(key, {}, {"run": run_key, "table": clean.to_dict("list"), **told})
    return key


def forget_tables(run_key: str) -> None:
    """Remove the stored scores of a decoder, whose weights are about to change."""
    for prototypes in PROTOTYPES:
        store.remove(table_key(run_key, prototypes))


def load_table(run_key: str, prototypes: str = "pictures") -> pd.DataFrame | None:
    """Scores of a decoder and its baselines, as ``evaluate`` gives them; None if not stored."""
    result = store.load(table_key(run_key, prototypes))
    if result is None:
        return None
    table = pd.DataFrame(result.facts["table"])
    table.attrs |= {name: result.facts.get(name, "") for name in TOLD}
    return table
