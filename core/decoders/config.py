"""Everything that decides what a trained decoder is, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from core import splits
from core.decoders import heads, losses
from core.encoders import canonical, check_parameters
from core.encoders import get as encoder_of
from core.errors import InputError
from core.jobs.request import check_mapping, check_names
from core.registry import Parameter, check_given

NAMES = ("dataset", "encoder", "head", "split")
MAPPINGS = ("options", "encoder_parameters", "head_parameters", "split_parameters", "training")
TRIALS = ("mean", "all")
FOLD = Parameter("fold", "Fold", 0, minimum=0, maximum=10_000)
SEED = Parameter("seed", "Seed", 0, minimum=0, maximum=2**31 - 1)

# In closed form only these count.
WHATEVER_HEAD = ("trials", "noise_ceiling")
SETTINGS: tuple[Parameter, ...] = (
    Parameter(
        "trials",
        "Train on",
        "mean",
        "'mean' averages the repeats of an image; 'all' takes every trial as a row",
        choices=TRIALS,
    ),
    Parameter("epochs", "Epochs", 100, "Passes over the training set", minimum=1, maximum=2000),
    Parameter(
        "patience",
        "Patience",
        20,
        "Stop after this many epochs without a lower validation loss",
        minimum=1,
        maximum=2000,
    ),
    Parameter("batch", "Batch size", 256, "Rows in a step", minimum=2, maximum=16384),
    Parameter(
        "optimiser",
        "Optimiser",
        "adamw",
        "adamw decouples weight decay from the gradient, adam adds it to the gradient",
        choices=("adamw", "adam"),
    ),
    Parameter("learning_rate", "Learning rate", 1e-3, minimum=1e-7, maximum=1.0),
    Parameter("weight_decay", "Weight decay", 0.01, minimum=0.0, maximum=10.0),
    Parameter(
        "schedule",
        "Schedule",
        "cosine",
        "of the learning rate; one-cycle rises for the first third",
        choices=("constant", "cosine", "one-cycle"),
    ),
    Parameter(
        "noise",
        "Noise on responses",
        0.0,
        "Standard deviation of Gaussian noise, in standard deviations of a unit",
        minimum=0.0,
        maximum=5.0,
    ),
    Parameter(
        "mix",
        "Mixup (alpha)",
        0.0,
        "Rows and their targets are mixed with shares from Beta(alpha, alpha); 0 mixes nothing",
        minimum=0.0,
        maximum=10.0,
    ),
    Parameter(
        "virtual",
        "Virtual responses",
        0.0,
        "Share of the rows replaced by a weighted sum of responses to their category (study C)",
        minimum=0.0,
        maximum=1.0,
    ),
    Parameter(
        "virtual_weights",
        "Weights of virtual responses",
        "published",
        "'published' loses the weights of those left out; 'renormalised' sums to 1",
        choices=("published", "renormalised"),
    ),
    Parameter(
        "library",
        "Semantic library",
        0.0,
        "Share of the targets replaced by a gallery image of the same category, never of a "
        "test category (study C)",
        minimum=0.0,
        maximum=1.0,
    ),
    Parameter(
        "groups",
        "Tokens",
        8,
        "Groups that the units are divided into where fewer than two ROIs are named",
        minimum=2,
        maximum=512,
    ),
    Parameter(
        "precision",
        "Precision",
        "auto",
        "auto: bfloat16 on CUDA, float32 elsewhere",
        choices=("auto", "float32", "bfloat16"),
    ),
    Parameter(
        "noise_ceiling",
        "Least noise ceiling of units (%)",
        0.0,
        "Units whose noise ceiling, from the repeats of the training images, is lower take no "
        "part; 0 takes every unit",
        minimum=0.0,
        maximum=99.0,
    ),
)


@dataclass(frozen=True)
class Config:
    """A decoder to train: whose responses, to which embedding, by which head and loss.

    Attributes
    ----------
    dataset : str
    subjects : tuple of str
        Empty for the first; several only for heads that tell them apart.
    options : mapping
        Of the recording.
    rois : tuple of str
        Empty for every unit; two or more become the tokens of heads that attend.
    encoder, encoder_parameters : str, mapping
        Whose embedding of the images is the target.
    head, head_parameters : str, mapping
    loss : tuple of (str, float, mapping)
        Id, weight and parameters of each term, or what `losses.check_terms` reads as such;
        heads in closed form need none.
    split, split_parameters, fold : str, mapping, int
    divided : tuple of str
        Subjects whose images the split divides, where these are more than ``subjects``: a
        decoder of one subject is so tested on the images of one that has several.
    training : mapping
        Values of ``SETTINGS``; defaults for those that are absent.
    seed : int

    Raises
    ------
    InputError
        If a value is unknown, of another type, out of range or does not go with another.
    NotFoundError
        If an id is unknown.
    """

    dataset: str
    subjects: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    rois: tuple[str, ...] = ()
    encoder: str = "clip-small"
    encoder_parameters: Mapping[str, Any] = field(default_factory=dict)
    head: str = "whitened_ridge"
    head_parameters: Mapping[str, Any] = field(default_factory=dict)
    loss: tuple[tuple[str, float, Mapping[str, Any]], ...] = (("infonce", 1.0, {}),)
    split: str = "recorded"
    split_parameters: Mapping[str, Any] = field(default_factory=dict)
    fold: int = 0
    divided: tuple[str, ...] = ()
    training: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        for name in NAMES:
            if not isinstance(getattr(self, name), str):
                raise InputError(f"{name} is {getattr(self, name)!r}", "a name")
        for name in MAPPINGS:
            check_mapping(name, getattr(self, name))
        checked = {
            "subjects": check_names("subjects", self.subjects),
            "rois": check_names("rois", self.rois),
            "divided": check_names("divided", self.divided),
            "head_parameters": heads.HEADS[self.head].check(self.head_parameters),
            "loss": losses.check_terms(self.loss),
            "encoder": canonical(self.encoder),
            "encoder_parameters": check_parameters(
                encoder_of(self.encoder).info, self.encoder_parameters
            ),
            "split_parameters": splits.KINDS[self.split].check(self.split_parameters),
            "training": check_given("Training", SETTINGS, self.training, "setting"),
            "fold": FOLD.check(self.fold),
            "seed": SEED.check(self.seed),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.has_loss and not self.loss:
            label = heads.HEADS[self.head].label
            raise InputError(f"{label} has no loss", "one or more", choices=losses.LOSSES)
        if len(set(self.subjects)) != len(self.subjects):
            raise InputError("A subject is named twice", "each subject once")
        if len(self.subjects) > 1 and not heads.HEADS[self.head].several_subjects:
            able = [head for head in heads.HEADS if heads.HEADS[head].several_subjects]
            raise InputError(
                f"{heads.HEADS[self.head].label} does not tell {len(self.subjects)} subjects apart",
                "one subject, or a head that does",
                choices=able,
            )

    @property
    def is_closed_form(self) -> bool:
        return heads.HEADS[self.head].trained_by == "closed form"

    @property
    def has_loss(self) -> bool:
        """Whether the head is trained by the registered losses."""
        return heads.HEADS[self.head].trained_by == "gradient"

    @property
    def text_encoder(self) -> str | None:
        """Whose embedding is the textual modality of the head, None where it has none."""
        textual = heads.HEADS[self.head].textual
        named = None if textual is None else textual(self.head_parameters)
        return None if named is None else named or self.encoder

    @property
    def is_transductive(self) -> bool:
        """Whether the features of the test images take part in the training."""
        transductive = heads.HEADS[self.head].transductive
        return transductive is not None and transductive(self.head_parameters)

    @property
    def whatever_head(self) -> dict[str, Any]:
        """Settings of the training that count in closed form too."""
        return {name: self.training[name] for name in WHATEVER_HEAD}

    def to_json(self) -> dict[str, Any]:
        """As JSON values; ``from_json`` gives the same config back."""
        training = dict(self.training)
        if not training["noise_ceiling"]:  # as version 0.1, so that its decoders are found
            del training["noise_ceiling"]
        loss = [list(term) for term in self.loss]
        return {**asdict(self), "loss": loss, "training": training}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Config:
        """From JSON values.

        Raises
        ------
        InputError
            If a field is unknown, or the recording is not named.
        """
        check_mapping("decoder", values)
        known = {entry.name for entry in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown or "dataset" not in values:
            problem = f"The decoder has no {unknown[0]!r}" if unknown else "No recording is named"
            raise InputError(problem, choices=sorted(known))
        return cls(**values)

    def settings_that_count(self) -> dict[str, Any]:
        """What decides the result: in closed form no loss and no gradient settings do."""
        settings = self.to_json()
        if not self.divided:
            del settings["divided"]
        if not self.has_loss:
            settings["loss"] = []
        if self.is_closed_form:
            counting = settings["training"].items()
            settings["training"] = {name: v for name, v in counting if name in WHATEVER_HEAD}
        return settings
