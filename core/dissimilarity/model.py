"""What a model of pairs declares, and the registry that the models join when imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.registry import Parameter, Registry, check_given

if TYPE_CHECKING:
    from core.dissimilarity.data import PairData

BATCH = Parameter("batch", "Batch", 1024, "Pairs a step", minimum=2, maximum=1_000_000)
RATE = Parameter("learning_rate", "Learning rate", 0.001, "Of AdamW", minimum=1e-6, maximum=1.0)
DECAY = Parameter("weight_decay", "Weight decay", 0.01, "Of AdamW", minimum=0.0, maximum=10.0)

Predict = Callable[[np.ndarray, np.ndarray], np.ndarray]
ENDS = "training ends earlier where the validation pairs gain nothing"
# What a model takes of a pair, and how the reader is told.
TAKES = {
    "nothing": "which images, and nothing of them",
    "embedding": "their embeddings",
    "image": "the images themselves",
    "response": "their embeddings, by way of responses",
}


class FittedModel(NamedTuple):
    """``predict(i, j)`` gives the dissimilarity of pairs of rows, (k,) float; what was fitted."""

    predict: Predict
    facts: dict[str, Any]


Fit = Callable[["PairData", dict[str, Any], int, Progress], FittedModel]


@dataclass(frozen=True)
class PairModel:
    """A registered way to predict the dissimilarity of a pair of images.

    Attributes
    ----------
    id, label, note, citation : str
        ``note`` is one sentence that says what it can learn.
    fit : callable
        ``fit(data, values, seed, progress) -> FittedModel``. It may look at the pairs of
        ``data.training`` and ``data.validation`` only; ``predict`` takes any pair.
    takes : str
        One of ``TAKES``.
    parameters : tuple of Parameter
    is_baseline : bool
        Whether other models are compared with it.
    scaled_by : str
        'validation' where the prediction is right but for a line, which the validation pairs
        give; '' where it is in the units of the target.
    by_gradient : bool
        Whether torch trains it.
    named_by : tuple of str
        Parameters that its label always says.
    """

    id: str
    label: str
    note: str
    citation: str
    fit: Fit
    takes: str = "embedding"
    parameters: tuple[Parameter, ...] = ()
    is_baseline: bool = False
    scaled_by: str = ""
    by_gradient: bool = False
    named_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.takes not in TAKES:
            raise InputError(f"{self.id} takes {self.takes!r}", choices=TAKES)


MODELS: Registry[PairModel] = Registry("model of pairs")


def register(model: PairModel) -> None:
    """Add a model; each module below ``models`` calls this when imported."""
    MODELS.register(model.id, model)


def pairs_drawn(count: int, ends: str = "") -> Parameter:
    """The declared number of training pairs, of a model that draws them."""
    note = "Drawn with replacement, as many for 500 images as for 10,000"
    if ends:
        note += f"; {ends}"
    most = 1_000_000_000
    return Parameter("pairs", "Training pairs drawn", count, note, minimum=100, maximum=most)


def read(text: str) -> tuple[PairModel, dict[str, Any]]:
    """The model and the checked values of ``ID[,NAME=VALUE...]``.

    Raises
    ------
    InputError, NotFoundError
        If there is no such model or parameter, or a value is out of range.
    """
    name, values = split_text(text)
    model = MODELS[name]
    return model, check_given(model.id, model.parameters, values)


def write(model: PairModel, values: Mapping[str, Any]) -> str:
    """The text of a model: parameters that are as declared are left out."""
    changed = [p for p in model.parameters if values.get(p.name, p.default) != p.default]
    return ",".join([model.id, *(f"{p.name}={values[p.name]}" for p in changed)])


def label_of(text: str) -> str:
    """What the reader calls a model: 'MLP, hidden layers 2' for 'mlp,hidden=2'."""
    model, values = read(text)
    changed = [
        p for p in model.parameters if values[p.name] != p.default or p.name in model.named_by
    ]
    return ", ".join([model.label, *(f"{p.label.lower()} {values[p.name]}" for p in changed)])


def split_text(text: str) -> tuple[str, dict[str, str]]:
    """Name and values of ``NAME[,NAME=VALUE...]``."""
    if not isinstance(text, str):
        raise InputError(f"A name is {text!r}", "text such as 'mlp,hidden=2'")
    first, *rest = (part.strip() for part in text.split(","))
    values = {}
    for part in rest:
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise InputError(f"{text!r} holds {part!r}", "NAME=VALUE")
        values[name] = value
    return first, values
