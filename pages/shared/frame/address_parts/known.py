"""The options that an address may hold, by the page whose prefix they have."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.decoders import SETTINGS

# Of confusions on page Zero-shot.
LEVELS = ("supercategory", "category")
# Parameters of what has a name, such as 'tsne.perplexity' or 'embedding.clip:name.output'.
BELOW = re.compile(r"[\w:./ -]+\.\w+")
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "ablations": (
        "base", "embedding", "measure", "protocol", "seeds", "subjects",
        *(f"setting_{number}" for number in range(1, 5)),
    ),
    "clusters": (
        "across", "cluster", "column", "k", "nearest", "source", "tab", "words",
    ),
    "compare": (
        "brain", "colours", "correction", "first", "flexible", "measure", "models",
        "most_stimuli", "order", "permutations", "pick", "resample", "samples", "second",
        "subjects", "tab",
    ),
    "components": ("component", "k", "method", "order", "source", "texts"),
    "cortex": ("choice", "detail", "map", "unit", "view", "way"),
    "data": ("folder",),
    "dissimilarity": ("embedding", "images", "measure", "model", "models", "split", "tab"),
    "encoders": ("count", "encoder", "image", "query", "tab", "text", "which"),
    "encoding": (
        "image", "inner", "model", "models", "query", "score", "split", "text", "unit", "x", "y",
    ),
    "ground_truth": ("measure", "region", "target"),
    "lessons": ("lesson", "server"),
    "maps": (
        "as_images", "colour", "group_a", "group_b", "groups_by", "method", "point", "space",
        "unit",
    ),
    "rdm": (
        "colours", "combine", "noise", "one_scale", "order", "pairs", "pick", "published", "scale",
        "tab",
    ),
    "retrieval": (
        "add_test", "decoder", "gallery", "guess", "image", "order", "present", "query", "response",
        "text", "way", "what",
    ),
    "selection": ("first", "second", "tab"),
    "train": (
        "embedding", "ensemble", "every_column", "filter", "fold", "head", "loss", "only_here",
        "protocol", "split", "splits_measure", "subjects", *(setting.name for setting in SETTINGS),
    ),
    "zero_shot": (
        "decoder", "level", "n", "prompts", "protocol", "prototypes",
        *(f"{level}_{name}" for level in LEVELS for name in ("seen", "nearest")),
    ),
}  # fmt: skip
# Those that may hold several values; of all others the last one counts.
SEVERAL = (
    "roi", "ablations.subjects", "compare.brain", "compare.flexible", "compare.models",
    "compare.pick", "dissimilarity.models", "encoders.encoder", "encoding.models",
    "maps.group_a", "maps.group_b", "maps.point", "maps.space", "rdm.pick", "rdm.published",
    "retrieval.decoder", "train.ensemble", "train.loss", "train.subjects",
)  # fmt: skip
SEVERAL_BELOW = ("recording.", "ablations.values.")


def is_several(key: str) -> bool:
    """Whether an option may hold several values."""
    return key in SEVERAL or key.startswith(SEVERAL_BELOW)


def is_known(page: str, name: str) -> bool:
    """Whether a page has an option of this name, without the prefix."""
    return name in OPTIONS.get(page, ()) or BELOW.fullmatch(name) is not None
