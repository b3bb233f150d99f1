"""Decoders for another machine: exported, packed, checked on the way back."""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from core import store
from core.decoders.runs import (
    OPERATION,
    VERSION,
    Run,
    arrays_of,
    describe,
    load,
    make_folder,
    restore,
    save,
)
from core.encoders import canonical
from core.encoders.checkpoints import HUB_NAME, models_root, place_of
from core.encoders.families.precomputed import FAMILY as PRECOMPUTED
from core.errors import CorruptDataError, InputError, NeurogalleryError
from core.store import read_only
from core.store.files import parse_json
from core.store.uploads import check_bytes, read_members
from core.validation import one_line

WEIGHTS, DESCRIPTION = "weights.safetensors", "decoder.json"
MOST_BYTES = {WEIGHTS: 2**30, DESCRIPTION: 64 * 2**20}
IMPORTED, TITLE = "imported", "Imported"
# What two exports of the same decoder may differ in.
OF_ONE_EXPORT = ("key", "imported", "checksum")
MODEL_NAME = re.compile(r"[\w-][\w .-]*")
MOST_NAME = 80
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, CorruptDataError)


def _wanted(error: Exception) -> str:
    """What was expected where a decoder could not be read; Python's own words are no sentence."""
    if isinstance(error, KeyError):
        return f"a field {error}"
    is_told = not isinstance(error, TypeError | AttributeError | ValueError | LookupError)
    return str(error) if is_told else "the files of an exported decoder, as they are"


def export(run: Run, folder: Path) -> None:
    """Write a decoder as ``weights.safetensors`` and ``decoder.json``, for another machine."""
    from safetensors.numpy import save as as_bytes

    make_folder(folder)
    content = as_bytes(arrays_of(run))
    with store.replacing(folder / WEIGHTS) as part:
        part.write_bytes(content)
    description = {
        "version": VERSION,
        "key": run.key,
        "weights": store.fingerprint(content),
        **describe(run),
    }
    sealed = {**description, "checksum": checksum(description)}
    store.write_json(folder / DESCRIPTION, sealed)


def checksum(description: Mapping[str, Any]) -> str:
    """Of a description, without the checksum that it may hold."""
    rest = {name: value for name, value in description.items() if name != "checksum"}
    return store.fingerprint(json.dumps(rest, sort_keys=True))


def import_run(folder: Path) -> Run:
    """Read an exported decoder and keep it in the store, under a key of its own content.

    Raises
    ------
    InputError
        If a file is missing or too large, another version wrote it, or its encoder is a folder
        outside the models folder.
    CorruptDataError
        If the weights are not those that the description names, do not fit the head, or a field
        is absent or of another type.
    NeurogalleryError
        If nothing is added here (``read_only``).
    """
    files = {}
    for name, most in MOST_BYTES.items():
        if not (folder / name).is_file():
            raise InputError(f"{folder} has no {name}", f"{WEIGHTS} and {DESCRIPTION}")
        check_bytes(name, (folder / name).stat().st_size, most)
        files[name] = (folder / name).read_bytes()
    return _import(files, folder.name, f"{folder}/")


def _import(files: Mapping[str, bytes], source: str, place: str = "") -> Run:
    """Check the files of a decoder and keep it; ``place`` stands before their names."""
    read_only.check(read_only.why_kept())
    described, content = f"{place}{DESCRIPTION}", files[WEIGHTS]
    description = parse_json(files[DESCRIPTION], described, unique=True)
    former_key = description.get("key") if isinstance(description, dict) else None
    if not (isinstance(former_key, str) and former_key.startswith(f"{OPERATION}-")):
        raise CorruptDataError(f"{described} does not describe a decoder")
    if description.get("version") != VERSION:
        raise InputError(
            f"{place or source} was written by version {description.get('version')} of decoders",
            f"version {VERSION}",
            "Export it again.",
        )
    changed = [WEIGHTS] if description.get("weights") != store.fingerprint(content) else []
    changed += [DESCRIPTION] if description.get("checksum") != checksum(description) else []
    if changed:
        raise CorruptDataError(f"{place}{changed[0]} was changed", "the files that were exported")
    return _keep(description, content, source)


def _keep(description: dict[str, Any], content: bytes, source: str) -> Run:
    """Put a decoder into the store unless the same content is there; its scores then stay."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    parts = {name: value for name, value in description.items() if name not in OF_ONE_EXPORT}
    key = store.key(OPERATION, IMPORTED, {"content": checksum(parts)}, version=VERSION)
    with suppress(CorruptDataError):  # what is damaged is replaced
        stored = load(key)
        if stored is not None:
            return stored
    imported = {
        "file": one_line(source)[:MOST_NAME],
        "date": datetime.now().strftime("%Y-%m-%d %H:%M"),
        "key": description["key"],
    }
    try:
        _check_encoder(description["config"]["encoder"])
        run = restore(key, {**description, "imported": imported}, from_bytes(content))
        _check_encoder(run.config.text_encoder or "")
    except (SafetensorError, *UNREADABLE) as error:
        if isinstance(error, NeurogalleryError) and not isinstance(error, CorruptDataError):
            raise
        raise CorruptDataError(f"{source} does not describe a decoder", _wanted(error)) from error
    _ = run.module
    return save(run, TITLE)


def _check_encoder(encoder: str) -> None:
    """Raise InputError for an encoder that is a folder outside the models folder."""
    family, _, name = encoder.partition(":")
    if not name or canonical(family) == PRECOMPUTED:
        return
    is_named = MODEL_NAME.fullmatch(name) or HUB_NAME.fullmatch(name)
    # Below the folder in which the server runs is outside too.
    if not is_named or (Path(name).exists() and not place_of(name).is_dir()):
        raise InputError(
            f"The encoder of the decoder is {encoder!r}, a path",
            "the name of a checkpoint",
            f"Place the checkpoint in {models_root()} and train on it there.",
        )


def pack(run: Run) -> bytes:
    """An exported decoder as one zip file."""
    with tempfile.TemporaryDirectory() as folder:
        export(run, Path(folder))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name in (WEIGHTS, DESCRIPTION):
                archive.write(Path(folder) / name, name)
    return packed.getvalue()


def unpack(content: bytes, source: str = "decoder.zip") -> Run:
    """Read a packed decoder and keep it in the store, under a key of its own content.

    Parameters
    ----------
    content : bytes
        Of a zip file of the two files, uncompressed.
    source : str
        Its name, which the decoder is marked with.

    Raises
    ------
    InputError
        If it is no zip file of these two files, one is compressed, or holds more than 1 GiB.
    CorruptDataError, InputError, NeurogalleryError
        As ``import_run``.
    """
    return _import(read_members(content, MOST_BYTES), source)
