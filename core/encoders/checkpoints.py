"""Checkpoints of `transformers`: found on this machine, fetched from the hub, never unpickled."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import paths, store
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError

HUB_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*/[A-Za-z0-9_][\w.-]*")
CONFIG = "config.json"
PROCESSORS = ("preprocessor_config.json", "processor_config.json")
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
TOKENIZER = "tokenizer.json"
PATTERNS = (
    CONFIG,
    *PROCESSORS,
    "tokenizer*.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
    WEIGHTS,
    INDEX,
    "model-*.safetensors",
)
SMALL_BYTES = 64 * 2**20


def models_root() -> Path:
    """Folder of checkpoints: ``<data root>/models``."""
    return paths.data_root() / "models"


def place_of(name: str) -> Path:
    """Folder in which the files of a hub name may be placed: ``<org>--<name>``."""
    return paths.inside(models_root(), name.replace("/", "--"))


def find(name: str) -> Path | None:
    """Folder of a checkpoint on this machine, None where it must come from the hub.

    Parameters
    ----------
    name : str
        A folder, absolute or relative; a folder below ``<data root>/models``; or a hub
        name ``org/model``.

    Raises
    ------
    NotFoundError
        If it names neither a folder nor a model of the hub.
    """
    if "\0" in name:
        raise InputError(f"The checkpoint is {name!r}", "a folder or a name of the hub")
    folder = Path(name).expanduser()
    if folder.is_absolute() or name.startswith((".", "~")):
        if folder.is_dir():
            return folder.resolve()
        raise NotFoundError(f"There is no folder {folder}", "the folder of a checkpoint")
    place = place_of(name)
    if place.is_dir() and not lacking(place):
        return place
    if folder.is_dir():
        return folder.resolve()
    if not HUB_NAME.fullmatch(name):
        if place.is_dir():
            return place
        raise NotFoundError(
            f"There is no checkpoint {name!r}",
            f"a folder, a folder below {models_root()}, or a name of the hub such as "
            "openai/clip-vit-base-patch32",
        )
    return _in_hub_cache(name)


def located(name: str) -> Path:
    """Folder of a checkpoint, fetched from the hub where it is not on this machine.

    Raises
    ------
    NotFoundError
        If there is none and the hub cannot be reached, or does not give it; the message
        says where the files may be placed.
    """
    return find(name) or _fetched(name)


def lacking(folder: Path) -> list[str]:
    """Files that every checkpoint needs and this folder does not have."""
    needs = [CONFIG] if not (folder / CONFIG).is_file() else []
    if not any((folder / name).is_file() for name in PROCESSORS):
        needs.append(PROCESSORS[0])
    return needs + [name for name in _weights(folder) if not (folder / name).is_file()]


def check_complete(folder: Path) -> None:
    """Raise NotFoundError naming the files that a checkpoint lacks."""
    needs = lacking(folder)
    if needs:
        pickled = WEIGHTS in needs and any(path.suffix == ".bin" for path in paths.visible(folder))
        raise NotFoundError(
            f"The checkpoint {folder} has no {', '.join(needs)}",
            remedy="Pickled weights (.bin) are not opened, since they can run code: save "
            "them again as safetensors with save_pretrained."
            if pickled
            else "Save it with save_pretrained, or copy the files there.",
        )


def read_config(folder: Path) -> dict[str, Any]:
    """Configuration of a checkpoint.

    Raises
    ------
    CorruptDataError
        If it is not an object of JSON.
    """
    config = store.read_json(folder / CONFIG)
    if not isinstance(config, dict):
        raise CorruptDataError(f"{folder / CONFIG} holds no object", "{...} with a model_type")
    return config


def digest(folder: Path) -> str:
    """What stands for the content of a checkpoint: small files by content, weights by stamp."""
    endings = (".json", ".txt", ".safetensors")
    content = [path for path in paths.visible(folder) if path.name.endswith(endings)]
    return store.fingerprint({path.name: _content(path) for path in content if path.is_file()})


@contextmanager
def reading(folder: Path, what: str) -> Iterator[None]:
    """Turn whatever a library raises on foreign files into one clear message."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    except (NeurogalleryError, MemoryError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise CorruptDataError(
            f"The checkpoint {folder} could not be loaded ({reason})", what
        ) from error
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def load_model(kind: Any, folder: Path, what: str, optional: str = "\0") -> Any:
    """Load a model of `transformers` in float32 for inference.

    Parameters
    ----------
    kind : class
        Its class, e.g. ``CLIPModel``.
    what : str
        What was expected, for messages.
    optional : str
        Weights whose names hold this may be absent.

    Raises
    ------
    NotFoundError
        If files are missing.
    CorruptDataError
        If the files cannot be read, or do not hold every weight of the model.
    """
    import torch

    check_complete(folder)
    with reading(folder, what):
        model, report = kind.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
        )
    absent = sorted(name for name in report["missing_keys"] if optional not in name)
    if absent:
        raise CorruptDataError(
            f"The checkpoint {folder} lacks {len(absent)} weights, the first {absent[0]!r}", what
        )
    return model.eval()


def _weights(folder: Path) -> list[str]:
    """Files of the weights; one where the checkpoint is not in parts."""
    if (folder / WEIGHTS).is_file() or not (folder / INDEX).is_file():
        return [WEIGHTS]
    index = store.read_json(folder / INDEX)
    parts = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(parts, dict):
        raise CorruptDataError(f"{folder / INDEX} names no weights", "an object weight_map")
    return sorted({str(part) for part in parts.values()})


def _content(path: Path) -> Any:
    status = path.stat()
    # A copy or a checkout of a small file is the same file; a large one is not read for that.
    return path if status.st_size <= SMALL_BYTES else (status.st_size, status.st_mtime_ns)


def _in_hub_cache(name: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(name, CONFIG)
    folder = Path(config).parent if isinstance(config, str) else None
    return folder if folder is not None and not lacking(folder) else None


def _fetched(name: str) -> Path:
    from huggingface_hub import snapshot_download

    place = place_of(name)
    remedy = f"Place {', '.join(lacking(place))} and, for text, {TOKENIZER} in {place}."
    patterns = list(PATTERNS)
    try:
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON"):
            raise NotFoundError(f"{name} is not on this machine, and HF_HUB_OFFLINE is set")
        snapshot_download(name, local_dir=place, allow_patterns=patterns)
        if WEIGHTS in lacking(place):
            revision = _safetensors_revision(name)
            snapshot_download(name, revision=revision, local_dir=place, allow_patterns=patterns)
    except NotFoundError as error:
        raise NotFoundError(error.problem, remedy=remedy) from None
    except Exception as error:  # the hub client raises errors of its own, of httpx and the system
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise NotFoundError(
            f"{name} could not be fetched from huggingface.co ({reason})", remedy=remedy
        ) from error
    check_complete(place)
    return place


def _safetensors_revision(name: str) -> str:
    """Revision in which the hub's own converter saved pickled weights as safetensors."""
    from huggingface_hub import HfApi
    from transformers.safetensors_conversion import previous_pr

    title = "Adding `safetensors` variant of this model"
    request: Any = previous_pr(HfApi(), name, title, None)  # type: ignore[arg-type]
    if request is None or request.author != "SFconvertbot":
        raise NotFoundError(f"{name} has pickled weights only, which are not opened")
    return str(request.git_reference)
