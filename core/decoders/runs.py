"""Trained decoders: kept in the store, named, applied."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import encoders, paths, splits, store
from core.decoders import heads, losses
from core.decoders.config import Config
from core.decoders.description import STATE, Description, check_curve, check_description
from core.decoders.scoring.score_table import forget_tables
from core.decoders.training.data import Data, Scaling
from core.errors import CorruptDataError, NeurogalleryError
from core.jobs import session_at_work
from core.store.files import not_written

if TYPE_CHECKING:
    from torch import nn

VERSION = 1
OPERATION = "decoder"
CURVE = "curve.json"
# Among the facts of a decoder that scoring trained beside another one.
AS_BASELINE = "baseline"
AT_ONCE = 4096
SHORT = 6


@dataclass(frozen=True, eq=False)
class Run:
    """A trained decoder.

    Attributes
    ----------
    key : str
        Of the store.
    config : Config
    shape : heads.Shape
    state : mapping of str to np.ndarray
        Parameters of the head, those of the epoch of least validation loss.
    scaling : Scaling
        Of the responses, fitted in the training set.
    centre : np.ndarray of shape (d,)
        Mean unit embedding of the training images; targets are taken from there.
    curve : list of dict
        ``epoch, training, validation`` (losses), ``two_way`` (validation), ``learning_rate``,
        ``seconds``; empty in closed form.
    audit : list of dict
        ``id, level, title, message, checked, count, effect`` of each finding about the split.
    facts : dict
        ``best_epoch``, ``stopped`` (why), ``device``, ``seconds``, ``parameters`` (number),
        ``validation`` and ``two_way`` of the epoch kept, and ``alpha`` (regularisation) of
        ridge; ``baseline`` where it was trained to score another one.
    partial : bool
        True where the training was cancelled; it goes on when it is trained again.
    imported : mapping
        ``file``, ``date`` and the ``key`` that it had elsewhere, of one that was imported.
    """

    key: str
    config: Config
    shape: heads.Shape
    state: Mapping[str, np.ndarray]
    scaling: Scaling
    centre: np.ndarray
    curve: list[dict[str, Any]] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    partial: bool = False
    imported: Mapping[str, str] = field(default_factory=dict)

    @property
    def badge(self) -> str:
        """'green', 'unchecked', 'amber' or 'red': the worst finding about the split."""
        return splits.worst(finding["level"] for finding in self.audit)

    @property
    def chance_losses(self) -> dict[str, float]:
        """Loss at chance by set where every term contrasts rows: ln of how many, else none."""
        terms = [(losses.LOSSES[name], weight) for name, weight, _ in self.config.loss]
        contrasts = self.config.has_loss and all(loss.contrasts for loss, _ in terms)
        if "compared" not in self.facts or not contrasts:
            return {}
        total = sum(weight for _, weight in terms)
        return {name: total * math.log(n) for name, n in self.facts["compared"].items()}

    @cached_property
    def digest(self) -> str:
        """Stands for the parameters: a training that goes on changes it, and not the key."""
        return store.fingerprint({name: self.state[name] for name in sorted(self.state)})

    @cached_property
    def module(self) -> nn.Module:
        """The head with its parameters, on the CPU, ready to predict."""
        import torch

        module = heads.build(self.config.head, self.shape, **self.config.head_parameters)
        state = {name: torch.from_numpy(np.array(array)) for name, array in self.state.items()}
        try:
            module.load_state_dict(state)
        except RuntimeError as error:
            raise CorruptDataError(
                f"The weights of {self.key} do not fit the head {self.config.head!r}",
                str(error).splitlines()[0],
            ) from error
        return module.eval()

    def predict(self, x: np.ndarray, subject: np.ndarray) -> np.ndarray:
        """Embeddings of standardised responses (m, V) of subjects (m,). (m, d) float32"""
        import torch

        with torch.inference_mode():
            parts = [
                self.module(torch.from_numpy(x[at : at + AT_ONCE]), torch.from_numpy(who)).numpy()
                for at in range(0, len(x), AT_ONCE)
                for who in [subject[at : at + AT_ONCE]]
            ]
        return np.concatenate(parts) if parts else np.empty((0, self.shape.outputs), np.float32)


def run_key(config: Config, data: Data) -> str:
    """Key of a decoder in the store."""
    return key_of_content(config, data.fingerprint)


def key_of_content(config: Config, fingerprint: str) -> str:
    """Key of a decoder by the fingerprint of its data (``data.fingerprint_of``)."""
    settings = config.settings_that_count()
    seed = settings.pop("seed")
    for name in ("dataset", "subjects", "options"):  # the fingerprint of the data covers them
        del settings[name]
    settings["encoder"] = encoders.get(config.encoder).stored_id
    return store.key(OPERATION, fingerprint, settings, seed=seed, version=VERSION)


def save(run: Run, title: str) -> Run:
    """Keep a decoder in the store; scores of other parameters under its key are forgotten."""
    forget_tables(run.key)
    return write(run, title, session_at_work())


def write(run: Run, title: str, session: str) -> Run:
    """Write a decoder into the store, as one that a session trained."""
    whose = {"session": session} if session else {}
    store.save(run.key, arrays_of(run), {"title": title, **whose, **describe(run)})
    return run


def session_of(key: str) -> str:
    """The session whose job trained a decoder; '' for the command line and imported ones."""
    return str(store.entry(key).facts.get("session", ""))


def load(key: str) -> Run | None:
    """A decoder from the store, None where there is none.

    Raises
    ------
    DamagedResultError
        If a field or an array is not what was saved.
    """
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        return restore(key, result.facts, result.arrays)


def entries() -> list[store.Entry]:
    """The decoders of the user's own; ``examples`` has those that come with the project.

    Each is checked; those that cannot be read are in ``damaged``.
    """
    return [entry for entry in store.entries(OPERATION) if problem_of(entry) is None]


def damaged() -> dict[str, str]:
    """Keys of the decoders of the user's own that cannot be read, each with what is wrong.

    Files that have not changed are not read again, so that a page can ask at every rerun.
    """
    written = store.written(OPERATION)
    return dict(_damaged(paths.results_root(), tuple(sorted(written.items()))))


@lru_cache(maxsize=4)
def _damaged(root: Path, written: tuple[tuple[str, int], ...]) -> tuple[tuple[str, str], ...]:
    problems = [(entry.key, problem_of(entry)) for entry in store.entries(OPERATION)]
    return tuple((key, problem) for key, problem in problems if problem is not None)


def problem_of(entry: store.Entry) -> str | None:
    """What is wrong with a stored decoder, None where nothing is."""
    if "error" in entry.facts:
        return str(entry.facts["error"])
    try:
        described(entry)
    except NeurogalleryError as error:
        return str(error)
    return None


def described(entry: store.Entry) -> Description:
    """What a stored decoder is.

    Raises
    ------
    DamagedResultError
        If a field or an array is not what was saved.
    """
    with store.reading(entry.key):
        shapes = {name: (each["dtype"], each["shape"]) for name, each in entry.arrays.items()}
        return check_description(entry.facts, shapes)


def short_name(key: str, head: str) -> str:
    """What a decoder is called where it has to be short, e.g. 'mlp-1a2b3c'."""
    return f"{head}-{key[-SHORT:]}"


def live_curve(folder: Path) -> list[dict[str, Any]]:
    """The curve that a training in this folder has drawn so far."""
    stored = store.read_json(folder / CURVE)
    return [] if stored is None else check_curve(stored)


def make_folder(folder: Path) -> None:
    """Make a folder where there is none; NeurogalleryError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(folder, error) from error


def arrays_of(run: Run) -> dict[str, np.ndarray]:
    """Parameters, scaling and centre of a decoder, by name, each contiguous in memory.

    safetensors 0.8.0 writes an array of another layout in the wrong order.
    """
    arrays = {f"{STATE}{name}": array for name, array in run.state.items()}
    scaling = {"mean": run.scaling.mean, "deviation": run.scaling.deviation}
    every = {**arrays, **scaling, "centre": run.centre}
    return {name: np.asarray(array, order="C") for name, array in every.items()}


def describe(run: Run) -> dict[str, Any]:
    """What a decoder is, as JSON values; ``arrays_of`` gives the rest."""
    return {
        "config": run.config.to_json(),
        "shape": asdict(run.shape),
        "curve": run.curve,
        "audit": run.audit,
        "about": run.facts,
        "partial": run.partial,
        **({"imported": dict(run.imported)} if run.imported else {}),
    }


def restore(key: str, description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Run:
    """The decoder that ``describe`` and ``arrays_of`` tell of; see ``check_description``."""
    shapes = {name: (array.dtype.str, array.shape) for name, array in arrays.items()}
    checked = check_description(description, shapes)
    states = [name for name in arrays if name.startswith(STATE)]
    return Run(
        key,
        checked.config,
        checked.shape,
        {name.removeprefix(STATE): arrays[name] for name in states},
        Scaling(arrays["mean"], arrays["deviation"]),
        arrays["centre"],
        checked.curve,
        checked.audit,
        checked.facts,
        checked.partial,
        checked.imported,
    )
