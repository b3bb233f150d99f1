"""Exported modules, precomputed embeddings, the job and the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import (
    CLIPImageProcessor,
)

from core import datasets, encoders, paths
from core.__main__ import main
from core.datasets import DatasetInfo
from core.encoders import Encoder, Family
from core.encoders.families import module
from core.errors import CorruptDataError, InputError, NotFoundError
from tests.core.encoders.shared import kept, rows_kept

# --- exported modules


class Means(torch.nn.Module):
    """Mean of each channel through a linear layer."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.linear = torch.nn.Linear(3, 6)

    def forward(self, pixels):
        return self.linear(pixels.mean(dim=(2, 3)))


def small_vgg():
    """The layers that VGG16 is of, few and narrow, as torchvision joins them."""
    torch.manual_seed(4)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.ReLU(inplace=True),
        torch.nn.MaxPool2d(2, 2),
        torch.nn.AdaptiveAvgPool2d((7, 7)),
        torch.nn.Flatten(1),
        torch.nn.Linear(8 * 49, 10),
        torch.nn.ReLU(True),
        torch.nn.Dropout(0.5),
    )


def save_module(folder, name, of=Means):
    folder.mkdir()
    recipe = {"size": 32, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4], "layout": "NCHW"}
    (folder / "recipe.json").write_text(json.dumps(recipe))
    example, made = torch.zeros(2, 3, 32, 32), of().eval()
    if name == "module.pt2":
        sizes = ({0: torch.export.Dim("images")},)
        torch.export.save(
            torch.export.export(made, (example,), dynamic_shapes=sizes), folder / name
        )
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.jit.save(torch.jit.trace(made, example), folder / name)
    return folder


@pytest.mark.parametrize(
    ("name", "of"),
    [("module.pt2", Means), ("module.pt", Means), ("module.pt2", small_vgg)],
)
def test_an_exported_module_with_its_recipe(ds, tmp_path, monkeypatch, name, of):
    folder = save_module(tmp_path / "exported", name, of)

    def refuse(*given, **named):
        raise AssertionError("unpickled")

    monkeypatch.setattr(torch, "load", refuse)
    monkeypatch.setattr("pickle.loads", refuse)
    found = encoders.encode_images(ds, f"module:{folder}")
    processor = CLIPImageProcessor(
        size={"shortest_edge": 32},
        crop_size={"height": 32, "width": 32},
        image_mean=[0.5, 0.4, 0.3],
        image_std=[0.2, 0.3, 0.4],
    )
    images = [ds.image(one) for one in kept(ds)]
    pixels = processor(images=images, return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        expected = of().eval()(pixels).numpy()
    np.testing.assert_allclose(found[rows_kept(ds)], expected, atol=1e-5)


def test_pickles_are_refused_and_recipes_checked(ds, tmp_path):
    folder = save_module(tmp_path / "means", "module.pt")
    for name in ("module.pt", "module.pt2"):
        torch.save(Means().state_dict(), folder / name)
        with pytest.raises(CorruptDataError, match=r"pickles \(torch\.save\) are not opened"):
            encoders.encode_images(ds, f"module:{folder}")
    (folder / "module.pt2").unlink()
    shutil.copy(save_module(tmp_path / "again", "module.pt") / "module.pt", folder)
    for change in ({"size": "big"}, {"std": [1, 0, 1]}, {"layout": "HW"}, {"mean": [1]}):
        recipe = json.loads((folder.parent / "again" / "recipe.json").read_text())
        (folder / "recipe.json").write_text(json.dumps({**recipe, **change}))
        with pytest.raises(InputError, match=f"recipe.json has the {next(iter(change))}"):
            encoders.encode_images(ds, f"module:{folder}")


@pytest.mark.parametrize("trick", ["pickled weight", "own object", "expression"])
def test_a_program_that_could_run_code_is_refused(ds, tmp_path, trick):
    import zipfile

    folder = save_module(tmp_path / "means", "module.pt2")
    path = folder / "module.pt2"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    top = next(iter(members)).partition("/")[0]
    if trick == "pickled weight":
        config = f"{top}/data/weights/model_weights_config.json"
        members[config] = members[config].replace(b'"use_pickle": false', b'"use_pickle": true')
    elif trick == "own object":
        members[f"{top}/data/constants/custom_obj_0"] = b"x"
    else:
        program = f"{top}/models/model.json"
        assert b"Symbol(" in members[program]
        members[program] = members[program].replace(b"Symbol(", b"__import__(", 1)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(CorruptDataError, match="could run or unpickle"):
        module._exported(path)
    with pytest.raises(CorruptDataError):
        encoders.encode_images(ds, f"module:{folder}")


# --- precomputed embeddings, the job and the command line


def test_precomputed_embeddings(ds):
    stored = ds.embeddings["vgg16"]
    np.testing.assert_array_equal(encoders.encode_images(ds, "precomputed:vgg16"), stored)
    assert encoders.load_failures(ds, "precomputed:vgg16") == {}
    np.testing.assert_array_equal(ds.subset(["p6", "p0"]).embeddings["vgg16"], stored[[6, 0]])
    with pytest.raises(NotFoundError, match="not the gallery"):
        encoders.encode_images(ds, "precomputed:vgg16", "gallery")
    with pytest.raises(InputError, match="finished embeddings"):
        encoders.encode_image(ds.image("p0"), "precomputed:vgg16")
    before = ds.fingerprint
    np.save(ds.info.where / "embeddings" / "vgg16.npy", np.ones((7, 5), np.float32))
    assert datasets.load("folder", root=ds.info.where).fingerprint != before


def test_the_former_id_of_precomputed_embeddings_opens_them(ds):
    stored = ds.embeddings["vgg16"]
    np.testing.assert_array_equal(encoders.encode_images(ds, "brought:vgg16"), stored)
    assert encoders.get("brought:vgg16").info.id == "precomputed:vgg16"
    assert encoders.canonical("brought:vgg16") == "precomputed:vgg16"
    assert encoders.canonical("clip:brought") == "clip:brought"
    listed = [info.id for info in encoders.available(ds)]
    assert "precomputed:vgg16" in listed
    assert "brought:vgg16" not in listed
    with pytest.raises(InputError, match="'precomputed:<name>'"):
        encoders.get("brought")


def test_an_encoder_written_with_former_names_is_told_what_to_change():
    with pytest.raises(InputError, match=r"^Family has no 'found'\. Expected .* 'members'\.$"):
        Family(lambda name: None, takes="<name>", found=lambda ds: ())
    with pytest.raises(InputError, match=r"^Mine defines 'brought'\. Expected .* 'precomputed'\.$"):
        type("Mine", (Encoder,), {"brought": lambda self, ds, which: None})


@pytest.mark.parametrize("encoder", ["brought:vgg16", "precomputed:vgg16"])
def test_the_key_of_precomputed_embeddings_is_that_of_former_versions(encoder):
    ds = datasets.Dataset(
        DatasetInfo("mine", "Mine"),
        "s1",
        ("s1",),
        pd.DataFrame({"id": list("abc")}),
        "f" * 32,
        embeddings={"vgg16": np.eye(3, dtype=np.float32)},
    )
    assert encoders.result_key(ds, encoder) == "encode-13889bb878510a04f61448118aa40d4b"


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((6, 5)), "has 6 rows"),
        (np.ones(7), "shape"),
        (np.full((7, 2), np.inf), "infinite"),
        (np.array([[1.0, np.nan]] * 7), "NaN in part"),
        (np.array([[{}]] * 7, dtype=object), "Python objects"),
    ],
)
def test_precomputed_embeddings_are_checked(ds, array, message):
    np.save(ds.info.where / "embeddings" / "vgg16.npy", array, allow_pickle=True)
    with pytest.raises((InputError, CorruptDataError), match=rf"vgg16\.npy.*{message}"):
        datasets.load("folder", root=ds.info.where)


def test_the_job_encodes_into_the_store(ds, tmp_path):
    from core import operations

    shutil.copytree(ds.info.where, paths.data_root() / "mine")
    request = {"dataset": "folder:mine", "encoder": "pixels", "parameters": {"side": 4}}
    run = operations.resolve("encode")
    result = run(request, lambda fraction, message: None, tmp_path)
    stored = encoders.load(result["key"])
    assert stored is not None
    assert stored.features.shape == (7, 48)
    assert list(stored.failures) == ["p5"]
    assert run({**request, "which": "gallery"}, lambda f, m: None, tmp_path) != result
    again = {**request, "encoder": "precomputed:vgg16", "parameters": {}}
    assert run(again, lambda f, m: None, tmp_path) == {"key": None}


def test_the_command_line(ds, tiny, tmp_path, capsys):
    source = ["folder", "--root", str(ds.info.where), "--encoder", f"clip:{tiny}"]
    status = main(["encode", *source, "--out", str(tmp_path / "out.npy"), "--json"])
    shown = capsys.readouterr()
    assert (status, shown.err) == (0, "")
    summary = json.loads(shown.out)
    assert (summary["images"], summary["dimensions"]) == (7, 24)
    assert list(summary["failures"]) == ["p5"]
    np.testing.assert_array_equal(
        np.load(tmp_path / "out.npy"), encoders.encode_images(ds, f"clip:{tiny}")
    )


def test_the_command_line_on_other_input(ds, tmp_path, capsys):
    given = ["encode", "folder", "--root", str(ds.info.where), "--encoder", "pixels"]
    assert main([*given, "--which", "gallery", "--parameter", "side=4"]) == 0
    assert "2 images, 48 dimensions" in capsys.readouterr().out
    for wrong in (
        ("--parameter", "device=cpu"),
        ("--parameter", "side"),
        ("--parameter", "side=0"),
        ("--out", str(tmp_path / "none" / "x.npy")),
        ("--encoder", "resnet"),
    ):
        assert main([*given, *wrong]) == 2
        found = capsys.readouterr()
        assert (found.out, found.err.count("\n")) == ("", 1)


def test_importing_the_encoders_imports_nothing_heavy():
    heavy = "{'torch', 'transformers', 'streamlit'}"
    code = (
        "import sys; from core import encoders; encoders.available();"
        f"print({heavy} & set(sys.modules))"
    )
    found = subprocess.check_output([sys.executable, "-c", code], cwd=paths.PROJECT, text=True)
    assert found.strip() == "set()"
