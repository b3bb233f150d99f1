"""Arguments that say which decoder: declared, read, and written again."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from core.commands.shared import option
from core.errors import InputError

if TYPE_CHECKING:
    from core.decoders import Config

SEVERAL = "+"


def add_decoder_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="DATASET", help="id, e.g. simulated or folder:mydata")
    add_repeated(parser, "--subject", "NAME", "several for heads that tell them apart")
    add_repeated(parser, "--option", "NAME=VALUE", "option of the dataset")
    parser.add_argument("--encoder", metavar="ID", help="default: clip-small")
    add_repeated(parser, "--encoder-parameter", "NAME=VALUE", "parameter of the encoder")
    add_repeated(parser, "--head-parameter", "NAME=VALUE", "parameter of the head")
    parser.add_argument("--split", metavar="KIND", help="default: recorded")
    add_repeated(parser, "--split-parameter", "NAME=VALUE", "parameter of the split")
    parser.add_argument("--fold", type=int, default=0, metavar="N", help="default: 0")
    add_repeated(parser, "--set", "NAME=VALUE", "training setting, e.g. epochs=50")
    parser.add_argument("--device", help="cuda, mps or cpu; default: the best")


def add_repeated(
    parser: argparse.ArgumentParser,
    name: str,
    metavar: str,
    help: str,
    kind: Callable[[str], Any] = str,
) -> None:
    help = f"{help}; may be given several times"
    parser.add_argument(name, action="append", default=[], metavar=metavar, help=help, type=kind)


def config_of(
    chosen: argparse.Namespace,
    head: str | None,
    loss: Iterable[str],
    rois: Iterable[str],
    seed: int,
) -> Config:
    from core.decoders import Config

    terms = tuple(_term(text) for text in loss)
    named = {"encoder": chosen.encoder, "head": head, "split": chosen.split, "loss": terms}
    settings: dict[str, Any] = {name: value for name, value in named.items() if value}
    settings |= parameters_of(chosen)
    return Config(
        dataset=chosen.dataset,
        subjects=tuple(chosen.subject),
        rois=tuple(rois),
        fold=chosen.fold,
        seed=seed,
        **settings,
    )


def parameters_of(chosen: argparse.Namespace) -> dict[str, dict[str, Any]]:
    arguments = {
        "options": "option",
        "encoder_parameters": "encoder_parameter",
        "head_parameters": "head_parameter",
        "split_parameters": "split_parameter",
        "training": "set",
    }
    return {
        name: dict(option(text, f"--{flag.replace('_', '-')}") for text in getattr(chosen, flag))
        for name, flag in arguments.items()
    }


def _term(text: str) -> tuple[str, float, dict[str, Any]]:
    """A term of the loss from ``ID[:WEIGHT][,NAME=VALUE...]``."""
    first, *parameters = text.split(",")
    loss, colon, weight = first.partition(":")
    try:
        amount = float(weight) if colon else 1.0
    except ValueError:
        expected = "ID or ID:WEIGHT and its parameters, e.g. mse:0.5 or fuzzy,kind=none"
        raise InputError(f"--loss is {text!r}", expected) from None
    return loss, amount, dict(option(text, "--loss") for text in parameters)


def loss_text(config: Config) -> str | None:
    """The loss as ``--loss`` of a sweep takes it, None where no loss counts."""
    if not config.has_loss:
        return None
    return SEVERAL.join(_term_text(*term) for term in config.loss)


def _term_text(loss: str, weight: float, values: Mapping[str, Any]) -> str:
    from core.decoders import LOSSES

    first = loss if weight == 1 else f"{loss}:{weight:g}"
    changed = [p for p in LOSSES[loss].parameters if values[p.name] != p.default]
    return ",".join([first, *(f"{p.name}={values[p.name]}" for p in changed)])
