"""What an ablation can vary: settings by path, as Config, heads and losses declare them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.decoders import HEADS, LOSSES, SETTINGS, Config
from core.decoders.config import MAPPINGS
from core.encoders import get as encoder_of
from core.errors import InputError
from core.registry import Parameter

SEVERAL = "+"
BESIDE = "/"
SIZE = ("depth", "heads")
# Whose parameters another value of it leaves behind.
OWNERS = {f"{name}_parameters": name for name in ("encoder", "head", "split")}
PLAIN = ("encoder", "head", "split", "fold", "rois", "loss")

# The encoder of study C (BrainSem), as published, and in a size that two cores train in seconds.
STUDY_C: Mapping[str, Mapping[str, Any]] = {
    "published": {
        "head_parameters": {"width": 512, "hidden": 2048, "dropout": 0.0, "projection": "shared"},
        "training": {"learning_rate": 1e-4, "epochs": 100},
    },
    "small": {
        "head_parameters": {"width": 32, "hidden": 64, "dropout": 0.0, "projection": "shared"},
        "training": {"learning_rate": 1e-3, "epochs": 10},
    },
}


def study_c(size: str, config: Config) -> Config:
    """The decoder of study C on the recording, ROIs, embedding and split of a config.

    ROI transformer (6 layers, 4 attention heads) with fuzzy matching, Adam, batches of 200;
    semantic library and virtual responses for half of the rows. ``size`` is 'published' or
    'small', which is narrower and trained for 10 epochs at a higher rate.

    Source: Chen, Qi, Wang & Pan (2024), AAAI 38, Tables 2 and 3; the released code.
    """
    own = STUDY_C[size]
    return changed(
        config,
        {
            "head": "roi_transformer",
            "loss": "fuzzy",
            **_below("head_parameters", {"depth": 6, "heads": 4, **own["head_parameters"]}),
            **_below("training", {"optimiser": "adam", "weight_decay": 0.0, "batch": 200}),
            **_below("training", {"library": 0.5, "virtual": 0.5, **own["training"]}),
        },
    )


def _below(mapping: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{mapping}.{name}": value for name, value in values.items()}


@dataclass(frozen=True)
class Setting:
    """A setting that an ablation can vary, or several that go together.

    Attributes
    ----------
    label : str
    parameters : mapping of str to Parameter
        By path, see ``changed``; a value of several settings has one part for each.
    """

    label: str
    parameters: Mapping[str, Parameter]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(self.parameters)

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that it can have where they are few; empty where they are typed."""
        if len(self.parameters) > 1:
            return ()
        [parameter] = self.parameters.values()
        if isinstance(parameter.default, bool):
            return ("False", "True")
        return tuple(map(str, parameter.choices))

    def read(self, texts: str | Iterable[str]) -> tuple[tuple[Any, ...], ...]:
        """Values from texts, or from a text such as '100, 200' or '6/4, 12/8'.

        Raises
        ------
        InputError
            If there is none, or one is out of range, of another type or named twice.
        """
        parts = texts.split(",") if isinstance(texts, str) else texts
        words = [part.strip() for part in parts if part.strip()]
        values = tuple(self._read(word) for word in words)
        if not values:
            raise InputError(f"{self.label} has no value", "one or more, separated by commas")
        for word, value in zip(words, values, strict=True):
            if values.count(value) > 1:
                raise InputError(f"{self.label} is {word} twice", "each value once")
        return values

    def _read(self, word: str) -> tuple[Any, ...]:
        parts = word.split(BESIDE) if len(self.parameters) > 1 else [word]
        if len(parts) != len(self.parameters):
            raise InputError(
                f"{self.label} is {word!r}", f"{len(self.parameters)} values such as 6{BESIDE}4"
            )
        return tuple(
            parameter.check(part.strip())
            for parameter, part in zip(self.parameters.values(), parts, strict=True)
        )


def settings_of(
    base: Config, encoders: Sequence[str] = (), splits: Sequence[str] = (), rois: str = ""
) -> dict[str, Setting]:
    """Every setting of a decoder that can be varied, by id, such as 'batch' and 'mlp.width'.

    Parameters
    ----------
    base : Config
        Whose head and losses declare parameters.
    encoders, splits : sequence of str
        Those that there are for the recording; by default that of ``base`` alone.
    rois : str
        Names of the ROIs, for the reader.
    """
    head = HEADS[base.head]
    named = {
        "encoder": Parameter(
            "encoder", "Embedding", base.encoder, choices=tuple(encoders) or (base.encoder,)
        ),
        "head": Parameter("head", "Head", base.head, choices=tuple(HEADS)),
        "loss": Parameter("loss", "Loss", "infonce", choices=tuple(LOSSES)),
        "split": Parameter("split", "Split", base.split, choices=tuple(splits) or (base.split,)),
        "rois": Parameter("rois", "ROIs", "", f"Such as V1, V1+LOC. There are: {rois}"),
    }
    groups = [
        ("", "training", SETTINGS),
        (f"{base.head}.", "head_parameters", head.parameters),
        (f"{base.encoder}.", "encoder_parameters", encoder_of(base.encoder).info.parameters),
        *((f"{name}.", f"loss.{name}", LOSSES[name].parameters) for name, *_ in base.loss),
    ]
    settings = {name: Setting(p.label, {name: p}) for name, p in named.items()}
    for prefix, owner, declared in groups:
        settings |= {
            prefix + p.name: Setting(p.label, {f"{owner}.{p.name}": p})
            for p in declared
            if not p.several
        }
    own = {parameter.name: parameter for parameter in head.parameters}
    if set(SIZE) <= own.keys():
        together = {f"head_parameters.{name}": own[name] for name in SIZE}
        settings["size"] = Setting(f"{own['depth'].label}/{own['heads'].label.lower()}", together)
    return settings


def changed(config: Config, values: Mapping[str, Any]) -> Config:
    """The config with other values of some settings.

    Parameters
    ----------
    config : Config
    values : mapping of str to scalar
        By path: a field of Config such as 'head'; 'rois' and 'loss' as names joined by '+', ''
        for every unit; a value of a mapping such as 'training.batch'; a parameter of a loss
        such as 'loss.fuzzy.kind'. Another head, encoder or split begins with its defaults.

    Raises
    ------
    InputError, NotFoundError
        If there is no such setting, or the values do not fit one another.
    """
    fields = config.to_json()
    for path in sorted(values, key=lambda path: path.count(".")):
        check_path(path)
        owner, _, name = path.partition(".")
        if not name:
            fields |= _field(config, fields, path, values[path])
        elif owner == "loss":
            loss, _, parameter = name.partition(".")
            fields["loss"] = _with_parameter(fields["loss"], loss, parameter, values[path])
        else:
            fields[owner] = {**fields[owner], name: values[path]}
    return Config.from_json(fields)


def check_path(path: str) -> None:
    """Raise InputError unless it is the path of a setting."""
    owner, _, name = path.partition(".")
    known = owner in PLAIN if not name else owner in MAPPINGS or owner == "loss"
    if not known:
        raise InputError(
            f"There is no setting {path!r}",
            choices=[*PLAIN, *(f"{name}.NAME" for name in MAPPINGS)],
        )


def _field(config: Config, fields: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Fields of a config that a plain setting decides."""
    if path == "rois":
        return {"rois": tuple(filter(None, str(value).split(SEVERAL)))}
    if path == "loss":
        terms = {term[0]: term for term in fields["loss"]}
        return {"loss": [terms.get(name, [name, 1.0, {}]) for name in str(value).split(SEVERAL)]}
    changes = {path: value}
    for parameters, owner in OWNERS.items():
        if owner == path and getattr(config, owner) != value:
            changes[parameters] = {}
    return changes


def _with_parameter(
    terms: Sequence[Any], loss: str, parameter: str, value: Any
) -> list[Sequence[Any]]:
    if loss not in [name for name, *_ in terms]:
        raise InputError(f"The loss has no term {loss!r}", choices=[name for name, *_ in terms])
    return [
        [name, weight, {**own, parameter: value}] if name == loss else [name, weight, own]
        for name, weight, own in terms
    ]
