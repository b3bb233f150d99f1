"""Strips beside a matrix: which category, and of many categories which supercategory, is where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.figures.images import CATEGORY_COLOURS, category_colours
from core.rdm.order import Block, blocks

WITHOUT = "without category"


class Strip(NamedTuple):
    """Positions ``start`` to ``stop`` (not included), with their name and colour."""

    start: int
    stop: int
    label: str
    colour: str


class Strips(NamedTuple):
    """Strips of the categories, and those that a name is written beside."""

    categories: tuple[Strip, ...] = ()
    named: tuple[Strip, ...] = ()


NO_STRIPS = Strips()


def category_strips(stimuli: pd.DataFrame, rows: np.ndarray, categories: Sequence[Block]) -> Strips:
    """Colours of category blocks; of more than twelve those of their supercategories.

    Twelve colours can be told apart. Where there are more categories, and each supercategory is
    one run, a category has the colour of its supercategory, whose name stands beside the run.

    Parameters
    ----------
    stimuli : pd.DataFrame
        Of the recording, with ``supercategory``.
    rows : np.ndarray of shape (n,), int
        Stimulus at each display position.
    categories : sequence of Block
        From ``rdm.blocks``, in display order.
    """
    if len(categories) > len(CATEGORY_COLOURS):
        groups = blocks(stimuli, rows, "supercategory")
        if groups:
            named = _coloured(groups)
            starts = [strip.start for strip in named]
            owners = np.searchsorted(starts, [block.start for block in categories], "right") - 1
            return Strips(
                tuple(
                    Strip(block.start, block.stop, block.label or WITHOUT, named[owner].colour)
                    for block, owner in zip(categories, owners.tolist(), strict=True)
                ),
                named,
            )
    own = _coloured(categories)
    return Strips(own, own)


def _coloured(runs: Sequence[Block]) -> tuple[Strip, ...]:
    colours = category_colours([run.label for run in runs])
    return tuple(
        Strip(run.start, run.stop, run.label or WITHOUT, colours[run.label]) for run in runs
    )
