"""How well the small CLIP knows drawings and phrases that it never met in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from core import datasets, retrieval
from core.clip_small.captions import phrase
from core.clip_small.corpus import HELD_OUT_EXEMPLAR, is_held_out
from core.encoders import Loaded
from core.simulation.scenes import draw, object_categories
from core.simulation.scenes.art import places

PHRASES, FITTING = 60, 10
LIGHTS = ("day", "dusk", "night")
SIDE = 96
RESAMPLES = 2000
BATCH = 64


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval (percentile bootstrap over ``groups`` groups)."""

    value: float
    low: float
    high: float
    groups: int

    def __str__(self) -> str:
        return f"{self.value:.1%} (95 % interval {self.low:.1%} to {self.high:.1%})"


@dataclass(frozen=True)
class Measured:
    """Naming of ``images`` images, and precision at 10 of text search.

    ``top1`` and ``top5`` are for 'a <name>', ``other_words`` is the top-1 for a wording
    that training did not have.
    """

    top1: Estimate
    top5: Estimate
    other_words: Estimate
    images: int
    precision: Estimate
    searched: int
    chance: float


class HeldOut(NamedTuple):
    """A phrase, such as 'a red car at night', of which training met no image."""

    kind: str
    colour: str
    light: str
    text: str


def measure(clip: Loaded) -> Measured:
    """Measure on the embedded images whose main thing is a held-out drawing, and on phrases.

    Zero-shot: the kind whose name, 'a <name>', lies nearest, among 80; resampled over
    kinds. Text search: share of the 10 nearest images that fit the phrase, among the
    gallery and 10 fitting images of each phrase; resampled over phrases.
    """
    ds = datasets.load("simulated")
    names = [phrase(kind.name, np.random.default_rng(0)) for kind in object_categories().values()]
    gallery = embedded(clip, [ds.image(image) for image in ds.gallery["id"]])
    shown = ds.stimuli[ds.stimuli["exemplar"] == HELD_OUT_EXEMPLAR]
    stimuli = embedded(clip, [ds.image(image) for image in shown["id"]])
    unseen = (ds.gallery["exemplar"] == HELD_OUT_EXEMPLAR).to_numpy()
    images = np.concatenate([gallery[unseen], stimuli])
    true = pd.concat([ds.gallery["kind"][unseen], shown["kind"]]).tolist()
    place, other = (_places(clip, images, texts, true) for texts in (names, other_words()))
    precision, chance = _text_search(clip, gallery, ds.gallery)
    return Measured(
        estimate(place < 1, true),
        estimate(place < 5, true),
        estimate(other < 1, true),
        len(images),
        precision,
        len(gallery) + PHRASES * FITTING,
        chance,
    )


def other_words() -> list[str]:
    """The kinds in a wording that is in no caption and no prompt of the training."""
    return [f"look, here you can see {kind.name}" for kind in object_categories().values()]


def held_out_phrases(seed: int = 0) -> list[HeldOut]:
    """60 phrases, as many by day, at dusk and at night."""
    rng = np.random.default_rng(seed)
    every = [
        (kind, colour, light)
        for kind in object_categories().values()
        for colour in kind.colours["main"]
        for light in sorted({light for place in kind.places for light in places()[place].lights})
        if is_held_out(kind.id, colour, light)
    ]
    chosen = []
    for light in LIGHTS:
        here = [combination for combination in every if combination[2] == light]
        rows = rng.choice(len(here), PHRASES // len(LIGHTS), replace=False)
        chosen += [here[row] for row in sorted(rows)]
    return [
        HeldOut(kind.id, colour, light, phrase(kind.name, rng, colour=colour, light=light))
        for kind, colour, light in chosen
    ]


def drawn(phrases: Sequence[HeldOut], seed: int = 0) -> list[Image.Image]:
    """Images of unseen drawings that fit: 10 of the first phrase, 10 of the second ..."""
    rng = np.random.default_rng(seed)
    others = list(object_categories().values())
    return [
        draw(
            rng,
            object_categories()[phrase.kind],
            others,
            exemplars=[HELD_OUT_EXEMPLAR],
            colour=phrase.colour,
            light=phrase.light,
            side=SIDE,
        ).image
        for phrase in phrases
        for _ in range(FITTING)
    ]


def embedded(clip: Loaded, images: Sequence[Image.Image]) -> np.ndarray:
    """Embeddings of images. (n, d) float32."""
    parts = [
        clip.images(clip.prepare(images[start : start + BATCH]))
        for start in range(0, len(images), BATCH)
    ]
    return np.concatenate(parts)


def ranked(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Candidates (m, d) by cosine similarity to each query (n, d), nearest first. (n, m) int."""
    return retrieval.search(queries, candidates, len(candidates))[0]


def estimate(values: np.ndarray, groups: Sequence[str]) -> Estimate:
    """Mean of values, with an interval from resampling whole groups."""
    table = pd.DataFrame({"value": np.asarray(values, dtype=float), "group": list(groups)})
    sums = table.groupby("group")["value"].agg(["sum", "count"]).to_numpy()
    drawn = np.random.default_rng(0).integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn, 0].sum(axis=1) / sums[drawn, 1].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(table["value"].mean()), float(low), float(high), len(sums))


def _places(
    clip: Loaded, images: np.ndarray, texts: Sequence[str], true: Sequence[str]
) -> np.ndarray:
    """At which place, from 0, the text of the true kind stands. (n,) int."""
    order = {kind: row for row, kind in enumerate(object_categories())}
    expected = np.array([order[kind] for kind in true])
    return (ranked(images, clip.text(texts)) == expected[:, None]).argmax(axis=1)


def _text_search(clip: Loaded, gallery: np.ndarray, table: pd.DataFrame) -> tuple[Estimate, float]:
    """Precision at 10, and what 10 images drawn at random would reach."""
    phrases = held_out_phrases()
    images = np.concatenate([gallery, embedded(clip, drawn(phrases))])
    columns = ["kind", "colour", "light"]
    facts = [phrase[:3] for phrase in phrases]
    fitting = [fact for fact in facts for _ in range(FITTING)]
    shown = [*table[columns].itertuples(index=False, name=None), *fitting]
    fits = np.array([[seen == fact for seen in shown] for fact in facts])
    near = ranked(clip.text([phrase.text for phrase in phrases]), images)[:, :FITTING]
    share = np.take_along_axis(fits, near, axis=1).mean(axis=1)
    return estimate(share, [phrase.text for phrase in phrases]), float(fits.mean())
