"""Decoders for another machine: exported, packed, checked on the way back."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import store
from core.decoders.runs import (
    OPERATION,
    VERSION,
    Run,
    arrays_of,
    describe,
    make_folder,
    restore,
    save,
)
from core.errors import CorruptDataError, InputError
from core.validation import enumerate_names

WEIGHTS, DESCRIPTION = "weights.safetensors", "decoder.json"
MAX_BYTES = 2**30


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
    """Read an exported decoder and keep it in the store.

    Raises
    ------
    InputError
        If a file is missing, or another version wrote it.
    CorruptDataError
        If the weights are not those that the description names, or do not fit the head.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    for name in (WEIGHTS, DESCRIPTION):
        if not (folder / name).is_file():
            raise InputError(f"{folder} has no {name}", f"{WEIGHTS} and {DESCRIPTION}")
    description = store.read_json(folder / DESCRIPTION)
    content = (folder / WEIGHTS).read_bytes()
    if not isinstance(description, dict) or not str(description.get("key")).startswith(
        f"{OPERATION}-"
    ):
        raise CorruptDataError(f"{folder / DESCRIPTION} does not describe a decoder")
    if description.get("version") != VERSION:
        raise InputError(
            f"{folder} was written by version {description.get('version')} of decoders",
            f"version {VERSION}",
            "Export it again.",
        )
    changed = [WEIGHTS] if description.get("weights") != store.fingerprint(content) else []
    changed += [DESCRIPTION] if description.get("checksum") != checksum(description) else []
    if changed:
        raise CorruptDataError(f"{folder / changed[0]} was changed", "the files that were exported")
    try:
        run = restore(description["key"], description, from_bytes(content))
    except (KeyError, TypeError, SafetensorError, json.JSONDecodeError) as error:
        raise CorruptDataError(f"{folder} does not describe a decoder", str(error)) from error
    _ = run.module
    return save(run, description.get("title", "Imported"))


def pack(run: Run) -> bytes:
    """An exported decoder as one zip file."""
    with tempfile.TemporaryDirectory() as folder:
        export(run, Path(folder))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name in (WEIGHTS, DESCRIPTION):
                archive.write(Path(folder) / name, name)
    return packed.getvalue()


def unpack(content: bytes) -> Run:
    """Read a packed decoder and keep it in the store.

    Raises
    ------
    InputError
        If it is no zip file of these two files, or holds more than 1 GiB.
    CorruptDataError, InputError
        As ``import_run``.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise InputError(
            f"It is no zip file ({error})", f"a zip of {WEIGHTS} and {DESCRIPTION}"
        ) from None
    sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    if sorted(sizes) != sorted((WEIGHTS, DESCRIPTION)):
        raise InputError(f"It holds {enumerate_names(list(sizes))}", f"{WEIGHTS} and {DESCRIPTION}")
    if sum(sizes.values()) > MAX_BYTES:
        raise InputError(
            f"It holds {sum(sizes.values()) / 2**20:.0f} MiB", f"at most {MAX_BYTES // 2**20}"
        )
    with tempfile.TemporaryDirectory() as folder:
        try:
            archive.extractall(folder)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise CorruptDataError(f"The zip file is damaged ({error})") from None
        return import_run(Path(folder))
