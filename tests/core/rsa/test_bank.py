"""The bank: what is listed, and RDMs that are gathered by stimulus id."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform

from core import datasets, decoders, rdm, rsa
from core.datasets import Reference
from core.errors import Cancelled, InputError
from core.rsa import RdmSource, bank
from core.rsa.sources import of_rois
from core.rsa.uploads import UploadedRdm

N, V = 14, 6
SUBJECTS = ("a", "b")


@pytest.fixture
def folder(tmp_path):
    """Two subjects: of 14 stimuli the second lacks two; categories, an RDM, an embedding."""
    root = tmp_path / "recordings" / "mine"
    for name in ("responses", "rdms", "embeddings", "rois"):
        (root / name).mkdir(parents=True)
    rng = np.random.default_rng(0)
    kinds = ["animal", "tool"] * (N // 2)
    table = pd.DataFrame({"id": [f"p{i}" for i in range(N)], "supercategory": kinds})
    table["category"] = [f"{kind}{i // 4}" for i, kind in enumerate(kinds)]
    table.to_csv(root / "stimuli.csv", index=False)
    for name in SUBJECTS:
        responses = rng.standard_normal((N, V))
        if name == "b":
            responses[[2, 9]] = np.nan
        np.save(root / "responses" / f"{name}.npy", responses)
        (root / "rois" / f"{name}.json").write_text(json.dumps({"V1": [0, 1, 2], "IT": [3, 4, 5]}))
    np.save(root / "rdms" / "theory.npy", squareform(pdist(rng.random((N, 3)))))
    np.save(root / "embeddings" / "net.npy", rng.random((N, 5)).astype(np.float32))
    return root


@pytest.fixture
def references(folder):
    return [Reference.of(datasets.load("folder:mine", subject=name)) for name in SUBJECTS]


def matrix_of(gathered, title):
    return gathered.matrix([source.title for source in gathered.sources].index(title))


def test_listing_computes_nothing(references, monkeypatch):
    monkeypatch.setattr(rdm, "compute", None)
    monkeypatch.setattr(rdm, "of_dataset", None)
    listed = rsa.available(references[0].open())
    assert [(source.kind, source.title) for source in listed] == [
        *(("roi", f"{roi}, {name}") for roi in ("V1", "IT") for name in SUBJECTS),
        ("published", "theory"),
        ("model", "category"),
        ("model", "supercategory"),
        ("model", "animacy"),
        ("encoder", "net (precomputed, with the recording)"),
    ]
    assert len({source.id for source in listed if source.kind != "roi"}) == 5
    for source in listed:
        assert RdmSource.from_json(json.loads(json.dumps(source.to_json()))) == source


def test_rdms_are_matched_by_id_and_what_is_missing_is_counted(references):
    ds = references[0].open()
    sources = [*rsa.brain_sources(ds, ["V1"]), *(s for s in rsa.available(ds) if s.kind != "roi")]
    gathered = rsa.gather(references, sources)
    kept = [f"p{i}" for i in range(N) if i not in (2, 9)]
    assert list(gathered.ids) == kept
    assert {name: count for name, count in gathered.lacking.items() if count} == {"V1, b": 2}
    assert "12 stimuli. Left out by stimulus id: V1, b lacks 2." in gathered.sentence
    rows = [ds.row(name) for name in kept]
    for name, reference in zip(SUBJECTS, references, strict=True):
        responses = reference.open().responses("V1")[rows]
        expected = squareform(pdist(responses, "correlation"))
        np.testing.assert_allclose(matrix_of(gathered, f"V1, {name}"), expected, atol=2e-6)
    np.testing.assert_array_equal(
        matrix_of(gathered, "theory"), ds.rdms["theory"][np.ix_(rows, rows)]
    )
    net = squareform(pdist(ds.embeddings["net"][rows], "correlation"))
    title = "net (precomputed, with the recording)"
    np.testing.assert_allclose(matrix_of(gathered, title), net, atol=2e-6)
    kinds = ds.stimuli["supercategory"].to_numpy()[rows]
    np.testing.assert_array_equal(matrix_of(gathered, "animacy"), kinds[:, None] != kinds[None, :])


def test_an_uploaded_rdm_in_another_order_is_put_in_place(references):
    ds = references[0].open()
    order = np.random.default_rng(3).permutation(N)[:10]
    matrix = squareform(np.arange(45.0) + 1).astype(np.float32)
    ids = tuple(f"p{i}" for i in order)
    key = rsa.keep(ds, UploadedRdm("own", ids, matrix, "by id"))
    (source,) = [source for source in rsa.available(ds) if source.kind == "upload"]
    assert (source.name, source.title) == (key, "own")
    gathered = rsa.gather(references, [of_rois(["V1"], "a"), source])
    assert gathered.ids == tuple(f"p{i}" for i in sorted(order))
    place = {name: row for row, name in enumerate(ids)}
    rows = [place[name] for name in gathered.ids]
    np.testing.assert_array_equal(matrix_of(gathered, "own"), matrix[np.ix_(rows, rows)])


def test_a_sample_is_drawn_by_its_seed(references):
    sources = [of_rois(["V1"], "a"), RdmSource("published", "theory")]
    drawn = [rsa.gather(references, sources, most_stimuli=8, seed=seed).ids for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 8
    gathered = rsa.gather(references, sources, most_stimuli=8)
    assert "8 stimuli, drawn at random of the 14 that all share." in gathered.sentence
    whole = rsa.gather(references, sources, most_stimuli=0)
    rows = [whole.ids.index(name) for name in gathered.ids]
    part = matrix_of(whole, "V1, a")[np.ix_(rows, rows)]
    np.testing.assert_allclose(matrix_of(gathered, "V1, a"), part, atol=1e-6)


def test_what_every_subject_shares_is_counted_once(references):
    ds = references[0].open()
    gathered = rsa.gather(references, rsa.brain_sources(ds, "theory"))
    assert [source.title for source in gathered.sources] == ["theory, a"]
    assert "theory, b is that of a: counted once." in gathered.notes


def test_what_cannot_be_opened_or_is_constant_is_left_out(references, folder):
    np.save(folder / "rdms" / "flat.npy", 1.0 - np.eye(N))
    opened = [Reference.of(datasets.load("folder:mine", subject=name)) for name in SUBJECTS]
    names = ("flat", "theory", "none")
    sources = [of_rois(["V1"], "a"), *(RdmSource("published", name) for name in names)]
    gathered = rsa.gather(opened, sources)
    assert [source.name for source in gathered.sources] == ["V1", "theory"]
    assert any(
        note.startswith("none is left out. There is no RDM 'none'") for note in gathered.notes
    )
    assert "flat is left out: it is constant over these stimuli." in gathered.notes


def test_too_few_shared_stimuli_are_refused(references):
    ds = references[0].open()
    sources = [of_rois(["V1"], "b")]
    for name, ids in {"own": ("p0", "p1", "p2", "p9"), "other": ("p0", "p1", "p5", "p6")}.items():
        key = rsa.keep(ds, UploadedRdm(name, ids, 1 - np.eye(4, dtype=np.float32), "by id"))
        sources.append(RdmSource("upload", key, label=name))
    with pytest.raises(InputError, match=r"2 stimuli are in all of the 3 RDMs.*Leave out own"):
        rsa.gather(references, sources)


def test_it_can_be_cancelled(references):
    def cancel(fraction, message):
        if fraction > 0.5:
            raise Cancelled

    sources = [of_rois(["V1"], "a"), RdmSource("published", "theory")]
    with pytest.raises(Cancelled):
        rsa.gather(references, sources, progress=cancel)


def test_a_set_survives_json(references):
    sources = [of_rois(["V1", "IT"], "a"), RdmSource("published", "theory")]
    gathered = rsa.gather(references, sources)
    again = bank.from_facts(json.loads(json.dumps(bank.as_facts(gathered))), gathered.vectors)
    assert again.sources == gathered.sources
    assert (again.ids, again.sentence, again.notes) == (
        gathered.ids,
        gathered.sentence,
        gathered.notes,
    )


def test_known_facts_of_the_92_images(kriegeskorte_root, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA", str(kriegeskorte_root.parent))
    opened = [
        Reference.of(datasets.load("kriegeskorte92", subject=s)) for s in ("BE", "KO", "SN", "TI")
    ]
    ds = opened[0].open()
    models = [RdmSource("published", name) for name in ("model: animacy", "monkey IT (figure 1)")]
    brain = rsa.brain_sources(ds, "human IT of the subject")
    gathered = rsa.gather(opened, [*brain, *models])
    assert len(gathered.places(brain)) == 4
    human = squareform(gathered.vectors[:4].mean(axis=0))
    agreement = [rdm.compare(human, gathered.matrix(place)) for place in (4, 5)]
    np.testing.assert_allclose(agreement, [0.59, 0.44], atol=0.005)
    assert len(rsa.available(ds)) > 35


def test_a_decoder_gives_predictions_of_its_test_set_alone():
    """Oracle: the ridge's weights applied by hand to the responses that were held out."""
    ds = datasets.load("simulated")
    runs = {s.name: s for s in rsa.available(ds) if s.kind == "decoder"}
    [run] = [each for each in map(decoders.load, runs) if each.config.head == "ridge"]
    data = decoders.prepare(run.config, opened=[ds])
    held_out = set(ds.stimuli["id"].to_numpy()[data.fold.test])
    gathered = rsa.gather([Reference.of(ds)], [of_rois(["LOC"], ds.subject), runs[run.key]])
    assert set(gathered.ids) == held_out
    assert 4 <= len(held_out) < ds.n_stimuli
    assert "fitted ones are left out" in " ".join(gathered.notes)
    rows = [ds.row(name) for name in gathered.ids]
    x = (ds.responses()[rows] - run.scaling.mean[0]) / run.scaling.deviation[0]
    predicted = x @ run.state["network.weight"].T + run.state["network.bias"]
    expected = squareform(pdist(predicted, "correlation"))
    np.testing.assert_allclose(gathered.matrix(1), expected, atol=1e-5)
