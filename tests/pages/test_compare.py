"""The page Compare: the answer, two RDMs in detail, uploads, downloads."""

import io
import json
import re

import h5py
import numpy as np
import pytest

from core import rsa
from core.datasets import load
from core.rsa import job
from core.rsa.job import CompareRequest
from core.rsa.sources import of_rois
from core.rsa.uploads import UploadedRdm
from pages.shared.compare import downloads
from tests.pages.app import open_page, texts, until_done, write_folder

N, V = 24, 8
FEW = {"samples": "100", "permutations": "50"}
ONE = {"compare.subjects": "the one in view"}


@pytest.fixture
def folder(data_root):
    """Three subjects whose ROI 'IT' follows a category; one repeat, and a model RDM."""
    rng = np.random.default_rng(0)
    category = np.arange(N) % 4
    centres = 2 * rng.standard_normal((4, V))
    responses = {
        f"responses__s{k}": centres[category] + rng.standard_normal((N, V)) for k in (1, 2, 3)
    }
    noise = np.abs(rng.standard_normal((N, N)))
    model = noise + noise.T
    np.fill_diagonal(model, 0.0)
    root = write_folder(data_root, n=N, **responses, rdms__chance=model)
    rows = "".join(f"p{i},kind {c}\n" for i, c in enumerate(category))
    (root / "stimuli.csv").write_text("id,category\n" + rows)
    (root / "rois").mkdir()
    for k in (1, 2, 3):
        (root / "rois" / f"s{k}.json").write_text(json.dumps({"V1": [0, 1, 2], "IT": [3, 4, 5, 6]}))
    return root


def opened(**settings):
    """The page once its comparison is done, which a job or a button starts."""
    app = open_page("compare", recording="folder:mine", **{"roi": ["IT"], **FEW, **settings})
    for button in [b for b in app.button if b.label.startswith("Compare ")]:
        app = button.click().run()
    return until_done(app)


def test_the_answer_comes_first_with_what_it_is_worth(folder):
    app = opened()
    assert not app.exception
    assert not app.error
    said = texts(app)
    assert re.search(
        r"IT: category is most similar, \d\.\d\d\*\* \(spearman; 95 % interval -?\d\.\d\d to "
        r"\d\.\d\d over 3 subjects and 24 stimuli; above 0: p [=<] ",
        said,
    )
    assert "Noise ceiling" in said
    assert "RDMs of 24 stimuli" in said


def test_two_rdms_open_by_the_address(folder):
    app = opened(first="IT", second="chance", pick=["p1", "p5"])
    assert not app.exception
    assert app.selectbox(key="compare.second").value == "chance"
    said = texts(app)
    assert "Nearer in IT than in chance" in said
    assert "The pair on which the two disagree most" not in said
    assert re.search(r"Percentile in IT: \*\*\d+\*\*, in chance: \*\*\d+\*\* of 100", said)
    app.selectbox(key="compare.second").set_value("category").run()
    assert "Nearer in IT than in category" in texts(app)


def test_one_subject_has_no_ceiling_of_subjects(folder):
    app = opened(**ONE)
    assert not app.exception
    said = texts(app)
    assert "One subject without repeats has no noise ceiling." in said
    assert "Settings: only the subject in view" in said


def test_one_subject_with_runs_has_a_split_half_ceiling(folder):
    rng = np.random.default_rng(1)
    betas = np.repeat(np.load(folder / "responses" / "s1.npy"), 4, axis=0)
    np.save(folder / "responses" / "s1.npy", betas + rng.standard_normal(betas.shape))
    trials = "".join(f"p{i},{run}\n" for i in range(N) for run in range(4))
    (folder / "responses" / "s1.csv").write_text("id,run\n" + trials)
    app = opened(**ONE, subject="s1")
    assert not app.exception
    told = r"Split-half ceiling \d.\d\d to \d.\d\d: of one subject, by its 4 runs"
    assert re.search(told, texts(app))


@pytest.mark.parametrize("tab", ["All against all", "Numbers", "Download"])
def test_every_tab(folder, tab):
    app = opened(tab=tab)
    assert not app.exception
    assert not app.error


def test_the_numbers_are_those_of_the_evaluation(folder):
    app = opened(tab="Numbers")
    request = request_of()
    result = job.load(request.key())
    best = max(result.parts[0].evaluation.models, key=lambda model: model.mean)
    row = app.dataframe[0].value.iloc[0]
    assert row["Model"] == best.name
    assert row["Similarity"] == f"{best.mean:.3f}"
    assert row["95 % interval"] == f"{best.low:.3f} to {best.high:.3f}"


def request_of():
    ds = load("folder:mine")
    brain = [of_rois(["IT"], "")]
    models = rsa.usual_models([s for s in rsa.available(ds) if s.kind != "roi"], brain)
    return CompareRequest.of(ds, brain, models, samples=100, permutations=50)


def test_the_export_holds_every_rdm(folder):
    opened()
    ds, request = load("folder:mine"), request_of()
    content = downloads.hdf5(ds, request, job.load(request.key()))
    with h5py.File(io.BytesIO(content)) as file:
        assert file["dissimilarities"].shape == (3 + len(request.models), N * (N - 1) // 2)
        assert file["pattern_descriptors/id"][0] == b"p0"
        assert file["pattern_descriptors/category"][1] == b"kind 1"


def test_an_upload_can_be_chosen_and_removed(folder):
    matrix = 1.0 - np.eye(N, dtype=np.float32)
    matrix[:4, :4] = 0.5 * (1 - np.eye(4))
    ids = tuple(f"p{i}" for i in range(N))
    key = rsa.keep(load("folder:mine"), UploadedRdm("my theory", ids, matrix, "by order, 24 rows"))
    app = opened(models=["my theory", "category"])
    assert not app.exception
    assert "my theory" in app.selectbox(key="compare.second").options
    app.button(key=f"remove_{key}").click().run()
    assert not app.exception
    assert "my theory" not in app.multiselect(key="compare.models").options


def test_an_unknown_model_is_named(folder):
    app = open_page("compare", recording="folder:mine", models=["nonsense", "category"])
    assert "There is no model nonsense" in texts(app)


def test_nothing_to_compare_says_so(data_root):
    write_folder(data_root)
    assert "a comparison needs RDMs of a brain" in texts(
        open_page("compare", recording="folder:mine")
    )


def test_a_long_comparison_waits_for_its_button(folder):
    app = open_page("compare", recording="folder:mine", roi=["IT"], samples="100000")
    (button,) = [b for b in app.button if b.label.startswith("Compare IT with")]
    assert re.search(r"about \d+ (s|min)$", button.label)


def test_the_92_images(kriegeskorte_root, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(kriegeskorte_root.parent))
    app = until_done(open_page("compare", recording="kriegeskorte92", **FEW))
    assert not app.exception
    said = texts(app)
    assert "human IT of the subject: model\\: animacy is most similar" in said
    assert "4 subjects and 92 stimuli" in said


def test_whitened_measures_are_over_subjects():
    measure = {"compare.measure": "whitened-pearson"}
    app = until_done(open_page("compare", **FEW, **measure))
    assert not app.exception
    assert not app.error
    assert re.search(r"whitened-pearson; 95 % interval .* over \d subjects;", texts(app))
