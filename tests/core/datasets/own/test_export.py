"""An export opens as what it was made of, number for number, and is whole or not there."""

from __future__ import annotations

import errno
import json
from dataclasses import replace

import numpy as np
import pytest

from core import datasets
from core.__main__ import main
from core.datasets import Reference
from core.datasets.own import export as exporting
from core.datasets.own.export import export
from core.datasets.own.job import ExportRequest, run
from core.datasets.tables import STIMULUS_COLUMNS
from core.errors import Cancelled, InputError, NeurogalleryError
from core.progress import silent
from tests.core.datasets.layouts import bold5000, god
from tests.core.datasets.shared import load, paint, write


@pytest.fixture
def root(tmp_path):
    """With NaN, a unit that leaves, an ROI that is lost, images, RDMs and embeddings."""
    rng = np.random.default_rng(0)
    ids = [f"é{n}" for n in range(8)]
    betas = 1e6 + 1e-3 * rng.normal(size=(24, 10))
    betas[:, 9], betas[5, 2], betas[7] = np.nan, np.nan, np.nan
    trials = [{"id": i, "run": r, "note": f"{r} {i}"} for r in (1, 2, 3) for i in ids]
    files = [*(f"{n}.png" for n in range(7)), ""]
    rois = {"B": [4, 3, 9], "A": [0, 1, 2], "lost": [9]}
    root = write(tmp_path / "r", betas, ids, rois, files, trials)
    for number, name in enumerate(files[:6]):
        paint(root / "images" / name, number)
    np.save(root / "rdms" / "m.npy", 1 - np.eye(8))
    np.save(root / "embeddings" / "e.npy", rng.normal(size=(8, 3)).astype(np.float32))
    about = {"title": "Mine", "units": "z", "citation": "C", "licence": "CC0", "regions": ["A"]}
    (root / "dataset.json").write_text(json.dumps(about))
    return root


def _same(ds, again):
    columns = [column for column in STIMULUS_COLUMNS if column != "file"]
    assert again.stimuli[columns].equals(ds.stimuli[columns])
    assert again.trials.equals(ds.trials)
    assert again.betas.dtype == ds.betas.dtype
    np.testing.assert_array_equal(again.betas, ds.betas)
    assert again.left_out == ds.left_out
    assert (again.lost_rois, list(again.rois), again.regions) == (
        ds.lost_rois,
        list(ds.rois),
        ds.regions,
    )
    for name in ds.rois:
        np.testing.assert_array_equal(again.responses(name), ds.responses(name))
    np.testing.assert_array_equal(again.region_means(), ds.region_means())
    for before, after in ((ds.rdms, again.rdms), (ds.embeddings, again.embeddings)):
        assert set(before) == set(after)
        for name, array in before.items():
            np.testing.assert_array_equal(after[name], array)
    assert (again.trial_runs is None) == (ds.trial_runs is None)


def test_a_folder_comes_back_exactly(root, tmp_path):
    ds = load(root)
    assert ds.betas.dtype == np.float64
    assert list(ds.left_out) == [9]
    assert ds.lost_rois == ("lost",)
    again = load(export(ds, tmp_path / "out" / "copy"))
    _same(ds, again)
    assert again.missing_images() == ds.missing_images()
    for name in ds.stimuli["id"][:6]:
        np.testing.assert_array_equal(np.asarray(again.image(name)), np.asarray(ds.image(name)))
    assert (again.info.title, again.info.units, again.info.licence) == ("Mine", "z", "CC0")
    assert not again.info.is_simulated


def test_the_gallery_goes_with_the_images(tmp_path):
    god.write(tmp_path / "god", ("Subject1",))
    ds = datasets.load("god", root=tmp_path / "god")
    again = load(export(ds, tmp_path / "out"))
    assert again.gallery["id"].tolist() == ds.gallery["id"].tolist() != []
    assert again.gallery["category"].tolist() == ds.gallery["category"].tolist()
    for name in ds.gallery["id"]:
        np.testing.assert_array_equal(np.asarray(again.image(name)), np.asarray(ds.image(name)))
    without = load(export(ds, tmp_path / "without", with_images=False))
    assert not len(without.gallery)


def test_a_release_with_its_options(tmp_path):
    bold5000.write(tmp_path / "bold5000")
    options = {"tr": "TR1", "zscore": "run"}
    ds = datasets.load_with("bold5000", "CSI4", options, tmp_path / "bold5000")
    again = load(export(ds, tmp_path / "out", with_images=False))
    _same(ds, again)
    assert again.images is None
    assert again.subject == "CSI4"
    assert again.treatment == ds.treatment == "z-scored within each run"
    about = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert about["exported"]["options"]["tr"] == "TR1"


def test_units_that_an_option_selects_are_numbered_anew(root, tmp_path):
    ds = replace(load(root), selected=np.arange(10) % 3 != 0)
    again = load(export(ds, tmp_path / "out", with_images=False))
    assert again.n_units == len(ds.units()) < ds.n_units
    assert list(again.rois) == list(ds.rois)
    for name in ds.rois:
        np.testing.assert_array_equal(again.responses(name), ds.responses(name))


def test_simulated_data_goes_on_saying_so(tmp_path):
    ds = datasets.load("simulated", stimuli="120", subjects="2")
    again = load(export(ds, tmp_path / "out", with_images=False))
    assert again.info.is_simulated
    _same(ds, again)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space"), Cancelled()])
def test_what_fails_leaves_nothing(root, tmp_path, monkeypatch, error):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(exporting, "_write_images", fail)
    out = tmp_path / "out"
    with pytest.raises((NeurogalleryError, Cancelled)):
        export(load(root), out / "copy")
    assert list(out.glob("*")) == list(out.glob(".*")) == []


def test_space_names_and_folders_are_checked_first(root, tmp_path, monkeypatch):
    ds = load(root)
    with pytest.raises(InputError, match="is there already"):
        export(ds, root)
    with pytest.raises(InputError, match="whole recording"):
        export(ds.subset(ds.stimuli["id"][:3].tolist()), tmp_path / "out")
    monkeypatch.setattr(exporting, "_bytes", lambda *arguments: 10**18)
    with pytest.raises(NeurogalleryError, match="are free"):
        export(ds, tmp_path / "out")


def test_the_responses_are_never_held_whole(root, tmp_path, monkeypatch):
    ds = load(root)
    monkeypatch.setattr("core.validation.BLOCK_ELEMENTS", 10)
    largest = []
    contiguous = np.ascontiguousarray

    def watched(rows, *arguments, **options):
        largest.append(len(rows))
        return contiguous(rows, *arguments, **options)

    monkeypatch.setattr(np, "ascontiguousarray", watched)
    _same(ds, load(export(ds, tmp_path / "out")))
    assert max(largest[: len(ds.betas)]) == 1


def test_the_command_and_the_job(root, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(tmp_path))
    out = tmp_path / "copy"
    assert main(["export", "folder:r", "--to", str(out), "--without-images"]) == 0
    assert str(out) in capsys.readouterr().out
    assert main(["export", "folder:r", "--to", str(out)]) == 2
    request = ExportRequest(Reference("folder:r"), "again")
    assert ExportRequest.from_json(request.to_json()) == request
    run(request, silent, tmp_path)
    assert datasets.load("folder:again").n_stimuli == 8
    for name in ("../x", "", "a/b", ".."):
        with pytest.raises(InputError):
            run(ExportRequest(Reference("folder:r"), name), silent, tmp_path)
