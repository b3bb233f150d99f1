"""Answers of one or two decoders as the slides of the stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from core.datasets import Dataset
from core.galleries import SEEN, ImageSet
from pages.shared.components.stage.film import FilmImage
from pages.shared.components.stage.stage import Deck, Row, Slide, StageImage
from pages.shared.frame import images
from pages.shared.retrieval.answers import SHOWN, Answer, rank_in_words

ORDERS = ("as in the test set", "best first", "worst first")
GALLERY = "gallery:"


def deck(ds: Dataset, answers: Sequence[Answer], order: str) -> Deck:
    """A slide for each response of the test set, and every image that is on one."""
    first, gallery = answers[0].decoded, answers[0].images
    stage_images = {f"{SEEN}{name}": _seen(ds, name) for name in first.ids}
    shown = [answer.retrieved.places[:, :SHOWN].ravel() for answer in answers]
    names = {place: name_of(ds, gallery, place) for place in np.unique(np.concatenate(shown))}
    for place, name in names.items():
        if place >= 0 and name not in stage_images:
            stage_images[name] = _retrieved(gallery, place, name)
    at = {name: number for number, name in enumerate(stage_images)}
    places = {place: at.get(name, -1) for place, name in names.items()}
    slides = [
        Slide(
            name,
            number,
            stage_images[f"{SEEN}{name}"].category or name,
            [_row(answer, number, places) for answer in answers],
            [note(answer, number) for answer in answers],
        )
        for number, name in enumerate(first.ids)
    ]
    return Deck(
        slides,
        list(stage_images.values()),
        [answer.name for answer in answers],
        scope_of(ds, gallery),
        partial(thumbnail, ds, gallery),
        ordered(answers[0], order),
        answers[0].retrieved.chance,
    )


def scope_of(ds: Dataset, gallery: ImageSet) -> str:
    """Names the images of a recording and of a gallery, which a browser keeps."""
    return f"{ds.images_fingerprint} {gallery.fingerprint}"


def name_of(ds: Dataset, gallery: ImageSet, place: int) -> str:
    """Name on the stage of an image of the gallery; a stimulus has that of the seen image."""
    if place < 0:
        return ""
    name = gallery.ids[int(place)]
    if name.startswith(SEEN):
        return name
    return f"{SEEN}{name}" if gallery.source == (ds.info.name, "stimuli") else f"{GALLERY}{name}"


def _row(answer: Answer, number: int, at: Mapping[int, int]) -> Row:
    places = answer.retrieved.places[number, :SHOWN]
    scores = answer.retrieved.scores[number, :SHOWN]
    usable = places >= 0
    return Row(
        [at[place] for place in places[usable].tolist()],
        scores[usable].tolist(),
        float(answer.retrieved.rank[number]),
    )


def note(answer: Answer, number: int) -> str:
    """Rank of the seen image and hits of its category, each beside chance."""
    retrieved = answer.retrieved
    rank, category = retrieved.rank[number], answer.own_categories[number]
    if np.isnan(rank):
        return "The seen image or the prediction has no direction, so that it has no rank."
    words = (
        f"rank {rank_in_words(rank)} of {retrieved.candidates:,} "
        f"(chance {rank_in_words(retrieved.chance)})"
    )
    if not category:
        return words
    hits, expected = answer.hits[number], answer.expected[number]
    shown = int((retrieved.places[number, :SHOWN] >= 0).sum())
    return f"{words} · ‘{category}’ {hits} of {shown} (chance {expected:.1f})"


def ordered(answer: Answer, order: str) -> list[str]:
    """Ids of the responses in the order in which they are shown."""
    ids, rank = answer.decoded.ids, answer.retrieved.rank
    if order == ORDERS[0]:
        return ids
    by_rank = rank if order == ORDERS[1] else -rank
    return [ids[place] for place in np.argsort(by_rank, kind="stable")]


def thumbnail(ds: Dataset, gallery: ImageSet, name: str) -> str:
    """Thumbnail of an image of the stage as a data URI."""
    if name.startswith(SEEN):
        return seen_thumbnail(ds, name)
    image = name.removeprefix(GALLERY)
    return images.thumbnail_of(gallery.fingerprint, image, images.PREVIEW, gallery)


def seen_thumbnail(ds: Dataset, name: str) -> str:
    """Thumbnail of a stimulus by its name on the stage."""
    return images.uri(ds, name.removeprefix(SEEN), images.PREVIEW)


def seen_image(ds: Dataset, row: int, score: float) -> FilmImage:
    """A stimulus with a score below it."""
    stimulus = ds.stimuli.iloc[row]
    caption = f"{score:.2f} {stimulus['category']}".strip()
    return FilmImage(f"{SEEN}{stimulus['id']}", caption, images.describe(stimulus))


def _seen(ds: Dataset, name: str) -> StageImage:
    row = ds.stimuli.iloc[ds.row(name)]
    return StageImage(f"{SEEN}{name}", str(row["category"]), images.describe(row))


def _retrieved(gallery: ImageSet, place: int, name: str) -> StageImage:
    image, category = gallery.ids[int(place)], str(gallery.categories[place])
    return StageImage(name, category, f"{image}: {category}" if category else image)
