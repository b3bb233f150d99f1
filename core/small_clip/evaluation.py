"""How well the small CLIP knows drawings and phrases that it never met in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from core import datasets
from core.encoders import Loaded
from core.scenes import draw, kinds
from core.scenes.art import places
from core.small_clip.captions import phrase
from core.small_clip.corpus import HELD_OUT_EXEMPLAR, is_held_out

PHRASES, FITTING = 60, 10
LIGHTS = ("day", "dusk", "night")
SIDE = 176
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
    """Zero-shot classification of ``pictures`` pictures, and precision at 10 of text search."""

    top1: Estimate
    top5: Estimate
    pictures: int
    precision: Estimate
    searched: int
    chance: float


@dataclass(frozen=True)
class HeldOut:
    """A phrase of which training met no picture, and pictures that fit it."""

    kind: str
    colour: str
    light: str
    text: str
    pictures: tuple[Image.Image, ...]


def measure(clip: Loaded) -> Measured:
    """Measure on the embedded pictures whose main thing is a held-out drawing, and on phrases.

    Zero-shot: the kind whose name, 'a <name>', lies nearest, among 80; resampled over
    kinds. Text search: share of the 10 nearest pictures that fit the phrase, among the
    gallery and 10 fitting pictures of each phrase; resampled over phrases.
    """
    ds = datasets.load("simulated")
    names = [phrase(kind.name, np.random.default_rng(0)) for kind in kinds().values()]
    gallery = embedded(clip, [ds.image(picture) for picture in ds.gallery["id"]])
    shown = ds.stimuli[ds.stimuli["exemplar"] == HELD_OUT_EXEMPLAR]
    stimuli = embedded(clip, [ds.image(picture) for picture in shown["id"]])
    unseen = (ds.gallery["exemplar"] == HELD_OUT_EXEMPLAR).to_numpy()
    pictures = np.concatenate([gallery[unseen], stimuli])
    true = pd.concat([ds.gallery["kind"][unseen], shown["kind"]]).tolist()
    found = ranked(pictures, clip.text(names))
    order = {kind: row for row, kind in enumerate(kinds())}
    place = (found == np.array([order[kind] for kind in true])[:, None]).argmax(axis=1)
    precision, chance = _text_search(clip, gallery, ds.gallery)
    return Measured(
        estimate(place < 1, true),
        estimate(place < 5, true),
        len(pictures),
        precision,
        len(gallery) + PHRASES * FITTING,
        chance,
    )


def held_out_phrases(seed: int = 0) -> list[HeldOut]:
    """Phrases such as 'a red car at night', as many by day, at dusk and at night."""
    rng = np.random.default_rng(seed)
    every = [
        (kind, colour, light)
        for kind in kinds().values()
        for colour in kind.colours["main"]
        for light in sorted({light for place in kind.places for light in places()[place].lights})
        if is_held_out(kind.id, colour, light)
    ]
    chosen = []
    for light in LIGHTS:
        here = [one for one in every if one[2] == light]
        rows = rng.choice(len(here), PHRASES // len(LIGHTS), replace=False)
        chosen += [here[row] for row in sorted(rows)]
    others = list(kinds().values())
    return [
        HeldOut(
            kind.id,
            colour,
            light,
            phrase(kind.name, rng, colour=colour, light=light),
            tuple(
                draw(
                    rng,
                    kind,
                    others,
                    exemplars=[HELD_OUT_EXEMPLAR],
                    colour=colour,
                    light=light,
                    side=SIDE,
                ).picture
                for _ in range(FITTING)
            ),
        )
        for kind, colour, light in chosen
    ]


def embedded(clip: Loaded, pictures: Sequence[Image.Image]) -> np.ndarray:
    """Embeddings of pictures. (n, d) float32."""
    parts = [
        clip.images(clip.prepare(pictures[start : start + BATCH]))
        for start in range(0, len(pictures), BATCH)
    ]
    return np.concatenate(parts)


def ranked(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Candidates (m, d) by cosine similarity to each query (n, d), nearest first. (n, m) int."""
    lengths = np.linalg.norm(candidates, axis=1)
    return np.argsort(-(queries @ candidates.T) / lengths, axis=1, kind="stable")


def estimate(values: np.ndarray, groups: Sequence[str]) -> Estimate:
    """Mean of values, with an interval from resampling whole groups."""
    table = pd.DataFrame({"value": np.asarray(values, dtype=float), "group": list(groups)})
    sums = table.groupby("group")["value"].agg(["sum", "count"]).to_numpy()
    drawn = np.random.default_rng(0).integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn, 0].sum(axis=1) / sums[drawn, 1].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(table["value"].mean()), float(low), float(high), len(sums))


def _text_search(clip: Loaded, gallery: np.ndarray, table: pd.DataFrame) -> tuple[Estimate, float]:
    """Precision at 10, and what 10 pictures drawn at random would reach."""
    phrases = held_out_phrases()
    drawn = embedded(clip, [picture for one in phrases for picture in one.pictures])
    pictures = np.concatenate([gallery, drawn])
    columns = ["kind", "colour", "light"]
    facts = [(one.kind, one.colour, one.light) for one in phrases]
    shown = [*table[columns].itertuples(index=False, name=None), *np.repeat(facts, FITTING, axis=0)]
    shown = [tuple(one) for one in shown]
    fits = np.array([[seen == fact for seen in shown] for fact in facts])
    near = ranked(clip.text([one.text for one in phrases]), pictures)[:, :FITTING]
    share = np.take_along_axis(fits, near, axis=1).mean(axis=1)
    return estimate(share, [one.text for one in phrases]), float(fits.mean())
