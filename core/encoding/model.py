"""How an encoding model is named: the embeddings that it predicts responses from."""

from __future__ import annotations

from core import encoders
from core.dissimilarity.model import split_text
from core.errors import InputError

# Between the bands of a model, as people write it; commas stand before parameters.
BESIDE = " + "
MOST_BANDS = 4


def bands_of(model: str) -> tuple[str, ...]:
    """The embeddings of a model such as 'gabor + clip-small,output=visual', each once.

    Raises
    ------
    InputError, NotFoundError
        If it names none, more than four, one twice, an unknown encoder or parameter.
    """
    if not isinstance(model, str):
        raise InputError(f"A model is {model!r}", "text such as 'gabor + clip-small'")
    bands = tuple(_checked(part.strip()) for part in model.split("+"))
    if len(set(bands)) < len(bands):
        raise InputError(f"{model!r} names an embedding twice", "each once")
    if len(bands) > MOST_BANDS:
        raise InputError(f"{model!r} has {len(bands)} bands", f"at most {MOST_BANDS}")
    return bands


def canonical_model(model: str) -> str:
    """A model as its key and the reader name it."""
    return BESIDE.join(bands_of(model))


def has_text(model: str) -> bool:
    """Whether a text has a place in the space of every band."""
    return all(encoders.get(split_text(band)[0]).info.has_text for band in bands_of(model))


def model_label(model: str) -> str:
    """What the reader calls a model, e.g. 'Gabor filters + CLIP (small)'."""
    labels = []
    for band in bands_of(model):
        name, values = split_text(band)
        own = [f"{key} {value}" for key, value in values.items()]
        labels.append(", ".join([encoders.get(name).info.label, *own]))
    return BESIDE.join(labels)


def _checked(band: str) -> str:
    if not band:
        raise InputError("A model names no embedding", "text such as 'gabor + clip-small'")
    name, values = split_text(band)
    encoder = encoders.get(name)
    encoders.check_parameters(encoder.info, values)
    return ",".join([encoder.info.id, *(f"{key}={values[key]}" for key in sorted(values))])
