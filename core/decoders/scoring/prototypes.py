"""What stands for a category: its test images, prompts with its name, or both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core import encoders, scores
from core.decoders.config import Config
from core.decoders.scoring.score_table import PROTOTYPES
from core.errors import InputError
from core.vectors import unit_rows


def prototypes_of(
    kind: str, config: Config, names: Sequence[str], prompts: Sequence[str]
) -> tuple[scores.Prototypes, list[str]]:
    """Prototypes of the categories of a recording.

    Parameters
    ----------
    kind : {'images', 'names', 'both'}
    config : Config
        Of the decoder, whose encoder reads the prompts.
    names : sequence of str
        Of the categories.
    prompts : sequence of str
        Each with {} in place of the name.

    Returns
    -------
    prototypes : core.scores.Prototypes
        Those of names are the mean unit embedding of all prompts, seen from the mean over
        names, as images are from that of the training images.
    notes : list of str
        What the encoder did not read, or never learned.

    Raises
    ------
    InputError
        If the kind is unknown, a prompt does not fit, or the encoder reads no text.

    Source: Radford et al. (2021), arXiv:2103.00020, section 3.1.4, prompts as an ensemble.
    """
    if kind not in PROTOTYPES:
        raise InputError(f"prototypes is {kind!r}", choices=PROTOTYPES)
    if kind == "images" or not names:
        return scores.Prototypes(), []
    wordings = encoders.check_prompts(prompts)
    texts = [encoders.prompts(names, wording) for wording in wordings]
    units = [
        unit_rows(encoders.encode_text(part, config.encoder, **config.encoder_parameters))
        for part in texts
    ]
    rows = unit_rows(np.mean(units, axis=0))
    rows = unit_rows(rows - rows.mean(axis=0)).astype(np.float32)
    every = [text for part in texts for text in part]
    notes = encoders.check_text(every, config.encoder, **config.encoder_parameters)
    return scores.Prototypes(dict(zip(names, rows, strict=True)), kind == "both"), notes
