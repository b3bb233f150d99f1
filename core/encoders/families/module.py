"""Any torch module that was exported, with a recipe of how its images are prepared.

The folder holds ``recipe.json`` and either ``module.pt2`` (``torch.export.save``) or
``module.pt`` (``torch.jit.save``); the module takes a batch of images and gives vectors.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core import paths, store
from core.datasets.dataset import Dataset
from core.encoders import checkpoints
from core.encoders.encoder import Encoder, EncoderInfo, Family, Loaded, register
from core.encoders.preparation import Preparation
from core.encoders.torch_models import TorchLoaded
from core.errors import CorruptDataError, InputError, NotFoundError

if TYPE_CHECKING:
    import torch

RECIPE = "recipe.json"
EXPORTED, SCRIPTED = "module.pt2", "module.pt"
LAYOUTS = ("NCHW", "NHWC")
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
WHAT = "a module saved with torch.export.save or torch.jit.save"
LARGEST_SIDE = 1024
# What torch.export.save writes, less its samples; whatever else it allows could run code.
PROGRAM, SAMPLES = "models/model.json", "data/sample_inputs/model.pt"
MEMBERS = re.compile(
    rf"[^/]+/({PROGRAM}|{SAMPLES}|data/weights/(weight_\d+|model_weights_config\.json)"
    r"|data/constants/(tensor_\d+|model_constants_config\.json)"
    r"|archive_format|archive_version|byteorder|\.data/\w+)"
)
SIZES = re.compile(
    r"s\d+|u\d+|Symbol|Integer|Add|Mul|Pow|Mod|FloorDiv|Max|Min|positive|integer|True"
)


@dataclass(frozen=True)
class Recipe:
    """How images are prepared: shorter side sized, centre cropped, channels scaled."""

    preparation: Preparation
    layout: str

    def prepare(self, images: Sequence[Image.Image]) -> list[np.ndarray]:
        return [self.preparation.pixels(image) for image in images]

    def tensor(self, prepared: np.ndarray, device: str) -> torch.Tensor:
        scaled = self.preparation.scaled(prepared, device)
        return scaled if self.layout == "NCHW" else scaled.permute(0, 2, 3, 1).contiguous()


class Module(Encoder):
    """An exported module, by folder."""

    def __init__(self, info: EncoderInfo, folder: Path) -> None:
        super().__init__(info)
        self._folder = folder

    def digest(self) -> str:
        return store.fingerprint(*(self._folder / RECIPE, module_file(self._folder)))

    def load(self, parameters: Mapping[str, Any], device: str) -> Loaded:
        recipe = read_recipe(self._folder)
        path = module_file(self._folder)
        with checkpoints.reading(self._folder, WHAT):
            module = _exported(path) if path.name == EXPORTED else _scripted(path)
        module = module.to(device)
        with checkpoints.reading(self._folder, WHAT):
            return TorchLoaded(recipe, lambda pixels: _vectors(module(pixels)), device)


def module_file(folder: Path) -> Path:
    """File of the module, by what it holds.

    Raises
    ------
    NotFoundError
        If there is none.
    CorruptDataError
        If it is a pickle, which is not opened.
    """
    for name in (EXPORTED, SCRIPTED):
        if (folder / name).is_file():
            _check_kind(folder / name)
            return folder / name
    raise NotFoundError(f"There is neither {EXPORTED} nor {SCRIPTED} in {folder}", WHAT)


def read_recipe(folder: Path) -> Recipe:
    """Read ``recipe.json``: size, mean, std, layout and, if other than bicubic, resample.

    Raises
    ------
    NotFoundError, CorruptDataError, InputError
        If it is absent, is no JSON, or a value does not fit.
    """
    content = store.read_json(folder / RECIPE)
    example = '{"size": 224, "mean": [0, 0, 0], "std": [1, 1, 1], "layout": "NCHW"}'
    if content is None:
        raise NotFoundError(f"There is no {RECIPE} in {folder}", f"for example {example}")
    if not isinstance(content, dict):
        raise InputError(f"{folder / RECIPE} holds no object", f"for example {example}")
    size, layout = content.get("size"), content.get("layout", LAYOUTS[0])
    resample = content.get("resample", "bicubic")
    if type(size) is not int or not 1 <= size <= LARGEST_SIDE:
        raise InputError(f"{RECIPE} has the size {size!r}", f"a side of 1 to {LARGEST_SIDE} pixels")
    if layout not in LAYOUTS:
        raise InputError(f"{RECIPE} has the layout {layout!r}", choices=LAYOUTS)
    if resample not in FILTERS:
        raise InputError(f"{RECIPE} has the resample {resample!r}", choices=FILTERS)
    mean, deviation = _three(content, "mean"), _three(content, "std")
    if min(deviation) <= 0:
        raise InputError(f"{RECIPE} has the std {list(deviation)}", "three positive numbers")
    return Recipe(Preparation(size, size, size, FILTERS[resample], mean, deviation), layout)


def _three(content: Mapping[str, Any], name: str) -> tuple[float, ...]:
    values = content.get(name)
    numbers = isinstance(values, list) and all(type(v) in (int, float) for v in values)
    if not numbers or len(values) != 3 or not np.isfinite(values).all():  # type: ignore[arg-type]
        raise InputError(f"{RECIPE} has the {name} {values!r}", "three numbers, for R, G and B")
    return tuple(float(value) for value in values)  # type: ignore[union-attr]


def _check_kind(path: Path) -> None:
    """Refuse a pickle by the names in its archive; nothing in it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        names = []
    below = {name.partition("/")[2] for name in names}
    program = PROGRAM in below if path.name == EXPORTED else "constants.pkl" in below
    code = path.name == EXPORTED or any(name.startswith("code/") for name in below)
    if not (program and code):
        raise CorruptDataError(
            f"{path} is no exported module; pickles (torch.save) are not opened, since they can "
            "run code",
            WHAT,
        )


def _scripted(path: Path) -> Any:
    import torch

    # Its reader is torch's own, in C++, which builds tensors and nothing of Python.
    return torch.jit.load(str(path), map_location="cpu").eval()


def _exported(path: Path) -> Any:
    """Load a program without its samples, which torch would unpickle."""
    import torch

    with zipfile.ZipFile(path) as source:
        _check_members(path, source)
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
            for name in source.namelist():
                target.writestr(name, b"" if name.endswith(SAMPLES) else source.read(name))
    copy.seek(0)
    return torch.export.load(copy).module(check_guards=False)


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    foreign = [name for name in names if not MEMBERS.fullmatch(name)]
    for name in names:
        if name.endswith("_config.json"):
            entries = json.loads(archive.read(name))["config"].values()
            foreign += [entry["path_name"] for entry in entries if entry["use_pickle"]]
        elif name.endswith(PROGRAM):
            foreign += _foreign_sizes(json.loads(archive.read(name)))
    if foreign:
        raise CorruptDataError(
            f"{path} holds {foreign[0][:80]!r}, which torch could run or unpickle",
            "weights, constants and a program alone",
        )


def _foreign_sizes(value: Any) -> list[str]:
    """Sizes given as expressions, which torch evaluates, that are more than arithmetic."""
    if isinstance(value, list):
        return [text for item in value for text in _foreign_sizes(item)]
    if not isinstance(value, dict):
        return []
    foreign = [text for item in value.values() for text in _foreign_sizes(item)]
    expression = value.get("expr_str")
    if isinstance(expression, str):
        words = re.findall(r"[^\W\d]\w*", expression)
        foreign += [] if all(map(SIZES.fullmatch, words)) else [expression]
    return foreign


def _vectors(output: Any) -> Any:
    if isinstance(output, (tuple, list)):
        output = output[0]
    if not hasattr(output, "flatten") or output.ndim < 2:
        raise InputError("The module gives no vectors", "a tensor (images, dimensions)")
    return output.flatten(1)


def _named(name: str) -> Encoder:
    named = Path(name).expanduser()
    below = checkpoints.models_root() / name
    folder = below if not named.is_absolute() and below.is_dir() else named
    if "\0" in name or not folder.is_dir():
        raise NotFoundError(f"There is no folder {name!r}", f"a folder with {RECIPE}")
    info = EncoderInfo(
        id=f"module:{name}",
        label=f"Module {folder.name}",
        kind="module",
        description="An exported torch module. It runs as a program: open those you trust.",
        where=folder.resolve(),
    )
    return Module(info, folder.resolve())


def _members(ds: Dataset | None) -> Iterator[EncoderInfo]:
    for folder in paths.visible(checkpoints.models_root()):
        if (folder / RECIPE).is_file():
            yield _named(folder.name).info


register("module", Family(_named, takes="<folder>", members=_members))
