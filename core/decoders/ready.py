"""Decoders of the simulated experiment that come with the project: something to open at first.

They lie among the results of ``data/ready`` (``make ready-data``). The settings follow study C:
a linear head with InfoNCE, the default, the ridge baseline, and a deep head with fuzzy matching,
virtual responses and semantic library.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from core import datasets, encoders, paths, store
from core.decoders.config import Config
from core.decoders.runs import OPERATION, entries, key_of_content, problem_of, short_name
from core.decoders.scoring.score_table import beyond_pixels, load_table
from core.decoders.training.data import fingerprint_of
from core.errors import CorruptDataError, NeurogalleryError, NotFoundError

RECORDING, SUBJECT, ENCODER = "simulated", "S1", "clip-small"


def configs() -> tuple[Config, ...]:
    """Settings of the examples, the best decoder first."""
    return (
        Config(RECORDING, (SUBJECT,), encoder=ENCODER, head="linear"),
        Config(RECORDING, (SUBJECT,), encoder=ENCODER),
        Config(RECORDING, (SUBJECT,), encoder=ENCODER, head="ridge"),
        Config(
            RECORDING,
            (SUBJECT,),
            encoder=ENCODER,
            head="mlp",
            head_parameters={"width": 384, "blocks": 0, "dropout": 0.3},  # by the validation set
            loss=(("fuzzy", 1.0, {"kind": "none"}),),
            training={"virtual": 0.5, "library": 0.5},
        ),
    )


def examples() -> list[store.Entry]:
    """The decoders that come with the project, the best first.

    One is left out where this version, its recording or its encoder would make another, where
    its files are damaged, and where the user has a decoder of the same key.
    """
    return [entry for key in _keys_here() if not store.is_own(key) for entry in _readable(key)]


def example_of(config: Config) -> str | None:
    """Key of the example with these settings (subjects and options in full), None without."""
    settings = config.settings_that_count()
    for entry in examples():
        if Config.from_json(entry.facts["config"]).settings_that_count() == settings:
            return entry.key
    return None


def imported_of(config: Config) -> str | None:
    """Key of the newest imported decoder with these settings, None without."""
    settings = config.settings_that_count()
    for entry in entries():
        own = Config.from_json(entry.facts["config"])
        if entry.facts.get("imported") and own.settings_that_count() == settings:
            return entry.key
    return None


def what_pixels_reach() -> str:
    """What pixels alone reach beside the best example, in words; '' where it is not stored."""
    for entry in examples()[:1]:
        table = load_table(entry.key)
        if table is not None:
            return beyond_pixels(table, entry.facts["config"]["head"])
    return ""


def key_of(name: str) -> str:
    """Key of the decoder with this short name, an example or of the user's own.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    listed = [*examples(), *entries()]
    keys = {short_name(entry.key, entry.facts["config"]["head"]): entry.key for entry in listed}
    if name not in keys:
        raise NotFoundError(
            f"There is no decoder {name!r}", "one in the store", choices=sorted(keys)
        )
    return keys[name]


def _keys_here() -> tuple[str, ...]:
    ready = store.written_ready(OPERATION)
    try:
        return _keys(paths.ready_root(), tuple(sorted(ready.items()))) if ready else ()
    except NeurogalleryError:  # the recording or the encoder is gone or damaged
        return ()


@functools.lru_cache(maxsize=4)
def _keys(root: Path, written: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """Keys of the examples as this version makes them, of those ``written`` below ``root``."""
    ds = datasets.load(RECORDING, SUBJECT)
    encoded = store.load_ready(encoders.result_key(ds, ENCODER))
    if encoded is None:
        return ()
    fingerprint = fingerprint_of((ds,), encoded.arrays["features"])
    keys = [key_of_content(config, fingerprint) for config in configs()]
    return tuple(key for key in keys if key in dict(written))


def _readable(key: str) -> Iterator[store.Entry]:
    with suppress(CorruptDataError):
        entry = store.entry(key)
        if problem_of(entry) is None:
            yield entry
