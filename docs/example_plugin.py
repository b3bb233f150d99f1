"""One of each: a plug-in that a lab keeps beside the project, named by NEUROGALLERY_PLUGINS.

The tests import it and use everything in it. Inside the project the same lines stand in a file of
their own in the folder that CONTRIBUTING names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image
from scipy.stats import rankdata

from core import store
from core.datasets.catalogue import Recording
from core.datasets.catalogue import register as register_recording
from core.datasets.dataset import Dataset, DatasetInfo
from core.datasets.tables import complete_trials
from core.decoders.head import Head, Shape
from core.decoders.head import register as register_head
from core.decoders.loss import Loss
from core.decoders.loss import register as register_loss
from core.encoders.encoder import Encoder, EncoderInfo, Family, Loaded
from core.encoders.encoder import register as register_encoder
from core.jobs.request import Request, check_fields
from core.maps.method import Method, Placement
from core.maps.method import register as register_method
from core.maps.monitor import Monitor
from core.maps.space import Space
from core.operations import OPERATIONS, Operation
from core.progress import Progress
from core.rdm.metrics import METRICS, Correlation, Prepared
from core.registry import Parameter
from core.splits.groups import Groups
from core.splits.kind import Kind, share
from core.splits.kind import register as register_split
from core.splits.pool import Pool

if TYPE_CHECKING:
    from torch import nn

# A recording: what is known before anything is read, and a function that gives one subject.
INFO = DatasetInfo(
    name="example",
    title="Coloured squares",
    description="Twenty-four squares, seen twice.",
    citation="Made up.",
    licence="None needed.",
    is_simulated=True,
    options=(Parameter("noise", "Noise", 0.5, "SD of the noise", minimum=0.0, maximum=10.0),),
    units="z",
)
SHADES = 24


def load_recording(info: DatasetInfo, subject: str | None, options: Mapping[str, Any]) -> Dataset:
    ids = [f"square-{number:02}" for number in range(SHADES)]
    categories = [f"shade {number // 4}" for number in range(SHADES)]
    rng = np.random.default_rng(0)
    signal = np.linspace(-1, 1, SHADES)[:, None] + 0.1 * rng.standard_normal((SHADES, 6))
    betas = np.repeat(signal, 2, axis=0)
    betas += options["noise"] * rng.standard_normal(betas.shape)
    return Dataset(
        info=info,
        subject="S1",
        subjects=("S1",),
        stimuli=pd.DataFrame({"id": ids, "category": categories}),
        fingerprint=store.fingerprint(info.name, dict(options)),  # changes when the content does
        rois={"left": np.arange(3), "right": np.arange(3, 6)},
        betas=betas.astype(np.float32),
        trials=complete_trials(pd.DataFrame({"id": np.repeat(ids, 2)})),
        images=lambda name: Image.new("RGB", (8, 8), (10 * int(name[-2:]), 90, 90)),
        options=dict(options),
    )


register_recording(Recording(INFO, load_recording))


# An encoder: what it is, and how it turns images into rows.
class MeanColour(Encoder):
    needs_torch = False

    def load(self, parameters: Mapping[str, Any], device: str) -> Loaded:
        return LoadedMeanColour()


class LoadedMeanColour(Loaded):
    dimensions = 3

    def prepare(self, images: Sequence[Image.Image]) -> list[np.ndarray]:
        return [np.asarray(image, dtype=np.float32) for image in images]

    def images(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack([image.mean(axis=(0, 1)) for image in prepared])


ENCODER = EncoderInfo(id="mean-colour", label="Mean colour", kind="low-level")
register_encoder(ENCODER.id, Family(lambda name: MeanColour(ENCODER)))


# A metric: rows whose products give the dissimilarity; here a correlation of ranks.
class Spearman(Correlation):
    def prepare(self, responses: np.ndarray) -> Prepared:
        return super().prepare(_ranks(responses))

    def pairs(self, responses: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return super().pairs(_ranks(responses), i, j)

    def rounded_once(self, x: np.ndarray, y: np.ndarray) -> float:
        return super().rounded_once(rankdata(x), rankdata(y))


def _ranks(responses: np.ndarray) -> np.ndarray:
    return np.asarray(rankdata(responses, axis=1), dtype=np.float32)


METRICS.register("spearman", Spearman("spearman", "1 − Spearman ρ", "0 to 2", neutral=1.0))


# A map method: coordinates of the usable rows of a space.
def place(space: Space, values: dict[str, Any], monitor: Monitor, seed: int) -> Placement:
    monitor.notes.append("Only the start of other methods, enlarged.")
    return Placement(values["factor"] * space.start())


register_method(
    Method(
        "enlarged",
        "Enlarged start",
        "Read nothing from it.",
        "No source.",
        place,
        parameters=(Parameter("factor", "Factor", 2.0, minimum=0.1, maximum=10.0),),
    )
)


# A head: a module from responses (b, V) to embeddings (b, d). Torch is imported when it is built.
def build_head(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from torch import nn

    from core.decoders.modules.layers import OfResponses

    return OfResponses(nn.Sequential(nn.Linear(shape.units, shape.outputs), nn.Tanh()))


register_head(Head("bounded", "Bounded linear", "Gives values from -1 to 1.", "", build_head))


# A loss: a module from predicted and true embeddings (and category numbers) to a scalar.
def build_loss(values: dict[str, Any]) -> nn.Module:
    from torch.nn import functional

    from core.decoders.modules.contrast import RowByRow

    return RowByRow(functional.l1_loss)


register_loss(Loss("l1", "Absolute error", "The mean over rows and dimensions.", "", build_loss))


# A split: which stimuli stay together, and its parameters; or `cut`, a rule of its own.
def by_last_digit(pool: Pool, values: dict[str, Any], seed: int) -> Groups:
    digits = [int(name[-1]) for name in pool.texts("id")]
    return Groups(np.asarray(digits), "last digit", "last digits")


register_split(
    Kind(
        "digit",
        "Last digit",
        "Tests ids whose last digit was not trained.",
        "No source.",
        (share("test", "the digits"), share("validation", "the digits")),
        by_last_digit,
    )
)


# An operation: work that takes longer than a second, as a job. Its request is all that it knows.
@dataclass(frozen=True)
class CountRequest(Request):
    operation = "count_letters"

    word: str

    @property
    def label(self) -> str:
        return f"Count the letters of {self.word}"

    def key(self) -> None:
        """Nothing is kept in the store."""

    def to_json(self) -> dict[str, Any]:
        return {"word": self.word}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CountRequest:
        check_fields(cls.operation, values, ("word",), ("word",))
        return cls(str(values["word"]))


def run(request: CountRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    progress(0.5, "Counting")
    return {"letters": len(request.word)}


OPERATIONS.register("count_letters", Operation(f"{__name__}:run", "Letters", "CountRequest"))
