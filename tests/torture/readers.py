"""2,000 mutations for each reader: a right value or the project's own error, nothing else.

A recording has no checksum of its own: there a changed value is right as long as its fingerprint
has changed with it. What the store and the exchange of decoders hold may never read as another
value.
"""

from __future__ import annotations

import functools
import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from core import datasets, decoders, paths, store
from core.clusters import ClustersRequest
from core.clusters import job as clusters_job
from core.datasets import Reference
from core.encoders import check_upload
from core.errors import CorruptDataError, InputError, NeurogalleryError
from core.rdm import job as rdm_job
from core.rsa.uploads import read_upload
from core.selections.imported import read_ids
from tests.core.decoders import planted
from tests.torture import material, mutations
from tests.torture.outcome import Lost, Outcome
from tests.torture.settings import Settings, folders

MUTATIONS = 2000
Tries = Callable[[Outcome], Iterator[int]]


def run(settings: Settings) -> Iterator[Outcome]:
    for number, (name, (reader, full)) in enumerate(READERS.items()):
        share = 0.95 * (number + 1) / len(READERS)
        with folders(settings.folder / name.replace(" ", "_")) as place:
            tries = functools.partial(settings.tries, full=full, share=share)
            outcome = reader(settings.rng, tries, place)
        outcome.name = f"reader: {name}"
        yield outcome


def recording_folders(rng: random.Random, tries: Tries, place: Path) -> Outcome:
    """Every file of a folder; the numbers of a fingerprint are always the same."""
    outcome = Outcome("")
    folder = material.write_recording(paths.data_root())
    kept = shutil.copytree(folder, place / "kept")
    numbers, pictures = {}, {}
    ds = material.open_mine()
    numbers[ds.fingerprint], pictures[ds.images_fingerprint] = material.content_of(ds)
    for number in tries(outcome):
        mutations.restored(folder, kept)
        files = mutations.files_of(folder)
        # Images are many and one like another.
        few = [path for path in files if path.suffix != ".png"] + files[-2:]
        what = mutations.of_file(rng, rng.choice(few), few)
        with outcome.trying(f"#{number} {what}", mutations.limit_of(what)):
            ds = datasets.load(material.NAME)
            own, shown = material.content_of(ds)
            if numbers.setdefault(ds.fingerprint, own) != own:
                raise Lost("other numbers under the same fingerprint")
            if pictures.setdefault(ds.images_fingerprint, shown) != shown:
                raise Lost("other images under the same fingerprint")
    return outcome


def images(rng: random.Random, tries: Tries, place: Path) -> Outcome:
    """Uploaded images of every format: RGB of a bounded size, or refused."""
    outcome = Outcome("")
    pixels = np.random.default_rng(0).integers(0, 255, (24, 31, 4), dtype=np.uint8)
    whole = {}
    for name in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        buffer = io.BytesIO()
        picture = Image.fromarray(pixels)
        (picture.convert("RGB") if name in ("JPEG", "BMP") else picture).save(buffer, name)
        whole[name] = buffer.getvalue()
    for number in tries(outcome):
        name = rng.choice(list(whole))
        content, what = mutations.of_bytes(rng, whole[name])
        with outcome.trying(f"#{number} {name} {what}", mutations.limit_of(what)):
            picture = check_upload(content)
            if picture.mode != "RGB" or picture.width * picture.height > 50_000_000:
                raise Lost(f"an image {picture.mode} {picture.size}")
    return outcome


def stored_arrays(rng: random.Random, tries: Tries, place: Path) -> Outcome:
    return _results(rng, tries, place, lambda path: path.suffix == ".npy")


def stored_records(rng: random.Random, tries: Tries, place: Path) -> Outcome:
    return _results(rng, tries, place, lambda path: path.suffix == ".json")


def _results(
    rng: random.Random, tries: Tries, place: Path, is_meant: Callable[[Path], bool]
) -> Outcome:
    """A result among others reads as it was saved, as damaged or as absent; so does the list."""
    outcome = Outcome("")
    keys = [_saved(number) for number in range(3)]
    root = paths.results_root() / "store"
    kept = shutil.copytree(root, place / "kept")
    whole = {key: material.of_result(store.load(key)) for key in keys}
    for number in tries(outcome):
        mutations.restored(root, kept)
        files = [path for path in mutations.files_of(root) if is_meant(path)]
        what = mutations.of_file(rng, rng.choice(files), files)
        with outcome.trying(f"#{number} {what}", mutations.limit_of(what)):
            _check_results(whole)
    return outcome


def _saved(number: int) -> str:
    key, arrays, facts = material.example(number)
    store.save(key, arrays, facts)
    return key


def _check_results(whole: dict[str, str]) -> None:
    damaged = []
    listed = {entry.key: entry for entry in store.entries()}
    for key, content in whole.items():
        try:
            read = material.of_result(store.load(key))
        except CorruptDataError as error:
            damaged.append(error)
            continue
        if read not in ("", content):
            raise Lost(f"{key} reads as something else")
        if read and "error" in listed[key].facts:
            raise Lost(f"{key} is listed as damaged and can be read")
    for error in damaged[1:2]:
        if len(damaged) == len(whole):
            raise Lost("one damaged file made every result unreadable") from error
    for key in whole:  # what is damaged can be removed
        store.remove(key)
        if store.load(key) is not None:
            raise Lost(f"{key} cannot be removed")
    if damaged:
        raise damaged[0]


def former_records(rng: random.Random, tries: Tries, place: Path) -> Outcome:
    """Decoders, clusters and RDMs of versions without a checksum of the record: types count."""
    outcome = Outcome("")
    material.write_recording(paths.data_root())
    material.plant()
    run = decoders.train(planted.config("mlp"))
    reference = Reference(material.NAME)
    clusters = ClustersRequest((reference,), source="voxels", ks=(2, 3))
    clusters_job.run(clusters, lambda fraction, message="": None, place)
    rdm = rdm_job.RdmRequest(reference)
    rdm_job.run(rdm, lambda fraction, message="": None, place)
    load = {run.key: decoders.load, clusters.key(): clusters_job.load, rdm.key(): rdm_job.load}
    root = paths.results_root() / "store"
    for key in load:
        load[key](key)  # what it imports takes a while
        record = json.loads((root / key / "result.json").read_text())
        record.pop("sha256", None)
        (root / key / "result.json").write_text(json.dumps(record, indent=1))
    kept = shutil.copytree(root, place / "kept")
    for number in tries(outcome):
        mutations.restored(root, kept)
        key = rng.choice(list(load))
        path = root / key / "result.json"
        record, what = mutations.of_json(rng, json.loads(path.read_text()))
        path.write_text(json.dumps(record, indent=1))
        with outcome.trying(f"#{number} {key[:10]} {what}", mutations.limit_of(what)):
            decoders.entries()
            decoders.examples()
            load[key](key)
    return outcome


def decoder_files(rng: random.Random, tries: Tries, place: Path) -> Outcome:
    """Packed decoders, changed on their way: the same decoder, or refused; the own one stays."""
    outcome = Outcome("")
    material.plant()
    own = decoders.train(planted.config("mlp"))
    packed, numbers = decoders.pack(own), _numbers(own)
    members, kept = _members(packed), _keep_store(place)
    for number in tries(outcome):
        if rng.random() < 0.5:
            content, what = mutations.of_bytes(rng, packed)
        else:
            content, what = _member_changed(rng, members, rng.choice(list(members)))
        with outcome.trying(f"#{number} {what}", mutations.limit_of(what)), _staying(own.key, kept):
            if _numbers(decoders.unpack(content)) != numbers:
                raise Lost("another decoder was imported without a word")
    return outcome


def resealed_decoders(rng: random.Random, tries: Tries, place: Path) -> Outcome:
    """Descriptions changed by someone who writes a new checksum: usable or refused."""
    from core.decoders.exchange import checksum

    outcome = Outcome("")
    material.plant()
    own = decoders.train(planted.config("mlp"))
    members, kept = _members(decoders.pack(own)), _keep_store(place)
    for number in tries(outcome):
        description, what = mutations.of_json(rng, json.loads(members["decoder.json"]))
        if isinstance(description, dict):
            description["checksum"] = checksum(description)
        content = _packed({**members, "decoder.json": json.dumps(description).encode()})
        with outcome.trying(f"#{number} {what}", mutations.limit_of(what)), _staying(own.key, kept):
            imported = decoders.unpack(content)
            again = decoders.load(imported.key)
            if again is None:
                raise Lost("an imported decoder is not in the store")
            units = len(np.asarray(again.scaling.mean).ravel())
            again.predict(np.zeros((2, units), np.float32), np.zeros(2, np.int64))
    return outcome


def _numbers(run: decoders.Run) -> str:
    """What a decoder computes and says of itself; not its key, nor where it comes from."""
    return store.fingerprint(
        {name: np.array(array) for name, array in run.state.items()},
        *(np.array(each) for each in (run.scaling.mean, run.scaling.deviation, run.centre)),
        *(json.dumps(each, sort_keys=True) for each in (run.config.to_json(), run.curve)),
    )


def _keep_store(place: Path) -> Path:
    return Path(shutil.copytree(paths.results_root() / "store", place / "kept"))


@contextmanager
def _staying(key: str, kept: Path) -> Iterator[None]:
    """What is imported never touches the decoder that is here; the store is put back then."""
    root = paths.results_root() / "store"
    before = material.of_result(store.load(key))
    try:
        yield
    finally:
        try:
            is_same = material.of_result(store.load(key)) == before
        except NeurogalleryError:
            is_same = False
        if not is_same or len(list(root.iterdir())) > 20:
            mutations.restored(root, kept)
        if not is_same:
            raise Lost("the decoder of the same key was replaced")


def _members(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _member_changed(rng: random.Random, members: dict[str, bytes], name: str) -> tuple[bytes, str]:
    if name.endswith(".json") and rng.random() < 0.7:
        value, what = mutations.of_json(rng, json.loads(members[name]))
        content = json.dumps(value).encode()
    else:
        content, what = mutations.of_bytes(rng, members[name])
    return _packed({**members, name: content}), f"{name} {what}"


def _packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def uploads(rng: random.Random, tries: Tries, place: Path) -> Outcome:
    """RDMs that a reader brings as .npy and CSV, and pasted lists of ids."""
    outcome = Outcome("")
    folder = material.write_recording(paths.data_root())
    ds = material.open_mine()
    matrix = np.load(folder / "rdms" / "model.npy")
    text = "\n".join(",".join(f"{value:.6g}" for value in row) for row in matrix)
    whole = {"rdm.npy": (folder / "rdms" / "model.npy").read_bytes(), "rdm.csv": text.encode()}
    whole["ids.csv"] = (folder / "stimuli.csv").read_bytes()
    ids = ds.stimuli["id"].tolist()
    for number in tries(outcome):
        name = rng.choice(list(whole))
        content, what = mutations.of_bytes(rng, whole[name])
        with outcome.trying(f"#{number} {name} {what}", mutations.limit_of(what)):
            if name == "ids.csv":
                if not set(read_ids(content, ids).ids) <= set(ids):
                    raise Lost("ids that are no stimuli")
            else:
                read = read_upload(ds, name, content)
                if not all(len(each.matrix) == len(each.ids) for each in read):
                    raise InputError("rows without ids")
    return outcome


READERS: dict[str, tuple[Callable[[random.Random, Tries, Path], Outcome], int]] = {
    "images": (images, MUTATIONS),
    "uploads of RDMs and ids": (uploads, MUTATIONS),
    "decoder files": (decoder_files, MUTATIONS),
    "decoder files, sealed anew": (resealed_decoders, MUTATIONS // 5),
    "records without checksum": (former_records, MUTATIONS // 3),
    "recording folder": (recording_folders, MUTATIONS),
    "stored arrays": (stored_arrays, MUTATIONS),
    "stored records": (stored_records, MUTATIONS),
}
