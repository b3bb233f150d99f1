"""Decoders on another machine: exported, tampered with, imported; a disk that fills."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save as as_bytes

from core import decoders, paths, store
from core.decoders import exchange, runs
from core.decoders.scoring import score_table
from core.errors import CorruptDataError, InputError, NeurogalleryError
from tests.core.decoders import planted
from tests.core.decoders.planted import full_disk, same


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def exported(tmp_path):
    planted.save()
    run = decoders.train(planted.config("mlp", head_parameters={"width": 24}))
    decoders.export(run, tmp_path / "out" / "decoder")
    store.remove(run.key)
    return run, tmp_path / "out" / "decoder"


def test_an_exported_decoder_predicts_the_same(exported):
    run, folder = exported
    assert sorted(path.name for path in folder.iterdir()) == [
        exchange.DESCRIPTION,
        exchange.WEIGHTS,
    ]
    again = decoders.import_run(folder)
    x = np.random.default_rng(0).normal(size=(5000, planted.UNITS)).astype(np.float32)
    subject = np.zeros(5000, dtype=np.int64)
    assert np.array_equal(run.predict(x, subject), again.predict(x, subject))
    assert run.predict(x[:0], subject[:0]).shape == (0, planted.DIMENSIONS)
    for field in ("config", "shape", "curve", "audit", "facts", "partial", "badge"):
        assert getattr(again, field) == getattr(run, field), field
    assert np.array_equal(run.scaling.mean, again.scaling.mean)
    assert np.array_equal(run.centre, again.centre)
    assert decoders.load(again.key).config == run.config


def test_an_export_keeps_arrays_of_every_layout(exported, tmp_path):
    run, _ = exported
    odd = replace(
        run,
        state={name: np.asarray(array, order="F") for name, array in run.state.items()},
        scaling=run.scaling._replace(mean=np.repeat(run.scaling.mean, 2, axis=1)[:, ::2]),
        centre=run.centre[::-1].copy()[::-1],
    )
    decoders.export(odd, tmp_path / "odd")
    again = decoders.import_run(tmp_path / "odd")
    assert any(array.ndim == 2 for array in run.state.values())
    for name, array in run.state.items():
        np.testing.assert_array_equal(again.state[name], array)
        assert again.state[name].shape == array.shape
    np.testing.assert_array_equal(again.scaling.mean, run.scaling.mean)
    np.testing.assert_array_equal(again.centre, run.centre)


def test_an_export_of_version_0_1_says_parameters(exported):
    run, folder = exported

    def former(told):
        told["about"]["weights"] = told["about"].pop("parameters")

    described(folder, former)
    assert decoders.import_run(folder).facts == run.facts
    assert run.facts["parameters"] == sum(array.size for array in run.state.values())


def described(folder, change, sealed=True):
    """Change the description; sealed, its checksum is that of the change."""
    path = folder / exchange.DESCRIPTION
    told = json.loads(path.read_text())
    change(told)
    if sealed:
        told["checksum"] = exchange.checksum(told)
    path.write_text(json.dumps(told))


def flipped(folder):
    path = folder / exchange.WEIGHTS
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


TAMPERED = {
    "weights": (flipped, CorruptDataError, "weights.safetensors was changed"),
    "another score": (
        lambda f: described(f, lambda told: told["about"].update(two_way=0.99), sealed=False),
        CorruptDataError,
        "decoder.json was changed",
    ),
    "no weights": (
        lambda f: (f / exchange.WEIGHTS).unlink(),
        InputError,
        "has no weights.safetensors",
    ),
    "nothing": (lambda f: (f / exchange.DESCRIPTION).unlink(), InputError, "has no decoder.json"),
    "no JSON": (
        lambda f: (f / exchange.DESCRIPTION).write_text("{"),
        CorruptDataError,
        "decoder.json is not valid JSON",
    ),
    "a list": (
        lambda f: (f / exchange.DESCRIPTION).write_text("[1]"),
        CorruptDataError,
        "does not describe a decoder",
    ),
    "another version": (
        lambda f: described(f, lambda told: told.update(version=99)),
        InputError,
        "written by version 99.*Expected version 1",
    ),
    "key of something else": (
        lambda f: described(f, lambda told: told.update(key="encode-" + "0" * 32)),
        CorruptDataError,
        "does not describe a decoder",
    ),
    "no shape": (
        lambda f: described(f, lambda told: told.pop("shape")),
        CorruptDataError,
        "does not describe a decoder.*shape",
    ),
    "another width": (
        lambda f: described(f, lambda told: told["config"]["head_parameters"].update(width=20)),
        CorruptDataError,
        "do not fit the head 'mlp'",
    ),
    "an unknown head": (
        lambda f: described(f, lambda told: told["config"].update(head="giant")),
        NeurogalleryError,
        "no head 'giant'",
    ),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_a_tampered_export_is_refused(case, exported):
    run, folder = exported
    tamper, error, message = TAMPERED[case]
    tamper(folder)
    with pytest.raises(error, match=message):
        decoders.import_run(folder)
    assert decoders.load(run.key) is None


def test_a_packed_decoder_comes_back(exported):
    run, _ = exported
    again = decoders.unpack(decoders.pack(run))
    assert same(again, run)
    assert decoders.load(again.key).config == run.config


def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


def test_a_zip_that_is_no_decoder_is_refused(exported, monkeypatch, tmp_path):
    run, _ = exported
    content = decoders.pack(run)
    both = {"weights__safetensors": b"x", "decoder__json": "{}"}
    for wrong, message in (
        (b"weights", "no zip file"),
        (zipped(**both, more="x"), "It holds weights.safetensors, decoder.json, more"),
        (zipped(**{"../decoder__json": "{}", "weights__safetensors": b"x"}), "It holds"),
        (zipped(**both), "does not describe a decoder"),
        (content[:200] + bytes([content[200] ^ 1]) + content[201:], "damaged|changed"),
    ):
        with pytest.raises((InputError, CorruptDataError), match=message):
            decoders.unpack(wrong)
    monkeypatch.setattr(exchange, "MOST_BYTES", dict.fromkeys(exchange.MOST_BYTES, 1000))
    with pytest.raises(InputError, match="at most"):
        decoders.unpack(content)
    assert decoders.load(run.key) is None


def test_a_full_disk_leaves_the_earlier_export(exported, monkeypatch):
    run, folder = exported
    for name in (exchange.WEIGHTS, exchange.DESCRIPTION):
        with full_disk(monkeypatch, name), pytest.raises(NeurogalleryError, match="No space left"):
            decoders.export(run, folder)
    with full_disk(monkeypatch, "new"), pytest.raises(NeurogalleryError, match="No space left"):
        decoders.export(run, folder.with_name("new"))
    assert same(decoders.import_run(folder), run)


# --- beside what is here


def stored(key):
    """Every file of a result, byte by byte."""
    folder = paths.results_root() / "store" / key
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_import_leaves_the_local_decoder_and_its_scores(exported):
    run, folder = exported
    runs.save(replace(run, centre=run.centre + 1), "here")
    table = pd.DataFrame({"head": ["mlp"], "value": [0.5]})
    scores = score_table.save_table(table, run.key, "images")
    before = stored(run.key), stored(scores)
    again = decoders.import_run(folder)
    assert again.key != run.key
    assert (stored(run.key), stored(scores)) == before
    assert again.imported["file"] == folder.name
    assert again.imported["key"] == run.key
    assert decoders.load(again.key).imported == again.imported
    assert not decoders.load(run.key).imported


def test_the_same_content_is_imported_once_and_keeps_its_scores(exported, tmp_path):
    _, folder = exported
    first = decoders.unpack(decoders.pack(decoders.import_run(folder)), "mine.zip")
    scores = score_table.save_table(pd.DataFrame({"head": ["mlp"]}), first.key, "images")
    before = stored(first.key), stored(scores)
    decoders.export(first, tmp_path / "again")
    assert decoders.import_run(tmp_path / "again").key == first.key
    assert (stored(first.key), stored(scores)) == before
    assert decoders.ready.imported_of(first.config) == first.key


PATHS = ("clip:/etc", "clip:../models/x", "module:~/x", "vision:core/rdm", "clip:tests", "clip:a:b")


@pytest.mark.parametrize("encoder", PATHS)
def test_an_encoder_outside_the_models_folder_is_refused(encoder, exported):
    _, folder = exported
    described(folder, lambda told: told["config"].update(encoder=encoder))
    with pytest.raises(InputError, match=r"a path\. Expected the name of a checkpoint"):
        decoders.import_run(folder)
    assert decoders.entries() == []


def test_so_is_an_encoder_of_texts(tmp_path):
    planted.save()
    folder = paths.data_root() / "planted"
    np.save(folder / "embeddings" / "texts.npy", np.load(folder / "embeddings" / "truth.npy"))
    parameters = {"width": 8, "latent": 4, "text": "precomputed:texts"}
    run = decoders.train(planted.config("mvae", head_parameters=parameters))
    decoders.export(run, tmp_path / "mvae")
    assert decoders.import_run(tmp_path / "mvae").shape.texts == planted.DIMENSIONS
    described(
        tmp_path / "mvae", lambda told: told["config"]["head_parameters"].update(text="clip:/etc")
    )
    kept = len(decoders.entries())
    with pytest.raises(
        InputError, match=r"'clip:/etc', a path\. Expected the name of a checkpoint"
    ):
        decoders.import_run(tmp_path / "mvae")
    assert len(decoders.entries()) == kept


def repacked(content, **changes):
    """The members of a zip once more, written in another way."""
    packed = io.BytesIO()
    old = zipfile.ZipFile(io.BytesIO(content))
    with zipfile.ZipFile(packed, "w", **changes) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return packed.getvalue()


def test_compressed_members_are_refused_before_they_are_read(exported, monkeypatch):
    content = decoders.pack(exported[0])
    squeezed = repacked(content, compression=zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(InputError, match="is compressed"):
        decoders.unpack(squeezed)


MISTYPED = {
    "config": ["seed", "head", 3, None],
    "shape": ["units", 2.5, None],
    "curve": [{"epoch": "1"}, 7],
    "partial": [0, "false", None],
    "audit": [[{"id": 1}], {}],
    "about": [{"seconds": "1"}, []],
}


@pytest.mark.parametrize("name", MISTYPED)
def test_types_are_checked_on_import_not_when_a_page_needs_them(name, exported):
    _, folder = exported
    for wrong in MISTYPED[name]:
        described(folder, lambda told, wrong=wrong: told.update({name: wrong}))
        with pytest.raises(CorruptDataError, match="does not describe a decoder"):
            decoders.import_run(folder)
    assert decoders.entries() == []


@pytest.mark.parametrize("name", ["mean", "deviation", "centre"])
def test_shapes_of_arrays_are_checked_on_import(name, exported):
    run, folder = exported
    odd = runs.arrays_of(run)
    odd[name] = odd[name][..., :-1].copy()
    content = as_bytes(odd)
    (folder / exchange.WEIGHTS).write_bytes(content)
    described(folder, lambda told: told.update(weights=store.fingerprint(content)))
    with pytest.raises(CorruptDataError, match=f"The array '{name}' is <f"):
        decoders.import_run(folder)
    assert decoders.entries() == []
