"""What the lessons say of the built-in experiment is true: computed here, or stored with it."""

from __future__ import annotations

import numpy as np
import pytest

from core import clusters, datasets, decoders, dissimilarity, encoders, rdm, retrieval
from core.clusters import ClustersRequest
from core.datasets import Reference
from core.decoders.retrieving.decoded import category_hits, decode, retrieve
from core.decoders.scoring.score_table import load_table
from core.dissimilarity import DissimilarityRequest
from pages.shared.lessons import lesson as lessons
from pages.shared.start import doors


@pytest.fixture(scope="module")
def ds():
    return datasets.load("simulated", subject="S1")


@pytest.fixture(scope="module")
def matrices(ds):
    return {roi: rdm.compute(ds.responses([roi]), metric="correlation") for roi in ("V1", "LOC")}


def says(lesson: str, number: int, *texts: str) -> None:
    """A step, its text or its answer, has these texts."""
    step = lessons.get(lesson).step(number)
    for text in texts:
        assert text in f"{step.text} {step.answer}", (lesson, number, text)


def rows_of(ds, category: str) -> np.ndarray:
    return np.flatnonzero((ds.stimuli["category"] == category).to_numpy())


def means(ds, matrix: np.ndarray) -> tuple[float, float, float]:
    """Mean within categories, between those of a supercategory, and between the others."""
    category, above = (
        ds.stimuli[name].to_numpy(dtype=object) for name in ("category", "supercategory")
    )
    same, related = category[:, None] == category, above[:, None] == above
    cells = np.triu(np.ones_like(same), 1)
    return tuple(float(matrix[mask & cells].mean()) for mask in (same, related & ~same, ~related))


def between(ds, matrix: np.ndarray, a: str, b: str) -> float:
    return rdm.block_mean(matrix, rows_of(ds, a), rows_of(ds, b)).mean


def test_the_squares_along_the_diagonal(ds, matrices):
    within, related, others = means(ds, matrices["LOC"])
    says("tour", 1, f"{within:.2f} on average", f"{related:.2f} between", f"{others:.2f} between")
    says("tour", 1, f"{ds.n_stimuli:,} images")


def test_the_pairs_in_view_are_the_extremes(ds, matrices):
    def pair(step):
        return {ds.row(name) for name in step.query["rdm.pick"]}

    v1 = rdm.extreme_cells(matrices["V1"], 1, None).smallest[0]
    assert {v1.i, v1.j} == pair(lessons.get("matrix").step(1))
    says("matrix", 1, f"{v1.value:.2f}", f"{ds.n_stimuli * (ds.n_stimuli - 1) // 2:,} pairs")
    within, _, others = means(ds, matrices["V1"])
    says("matrix", 1, f"{within:.2f} on average", f"supercategories by {others:.2f}")
    loc = rdm.extreme_cells(matrices["LOC"], 1, None)
    assert {loc.largest[0].i, loc.largest[0].j} == pair(lessons.get("matrix").step(4))
    assert f"{loc.largest[0].value:.1f}" in lessons.get("matrix").step(4).question
    smallest = {loc.smallest[0].i, loc.smallest[0].j}
    assert smallest == pair(lessons.get("tour").step(1)) == set(map(ds.row, doors.PAIR))


def test_the_blocks_that_are_compared(ds, matrices):
    stops = [between(ds, matrices[roi], "stop sign", "stop sign") for roi in ("LOC", "V1")]
    says("matrix", 2, f"{stops[0]:.2f} in LOC", f"{stops[1]:.2f} in V1")
    codes, names = ds.stimuli["category"].factorize()
    members = np.eye(len(names))[codes]
    counts = members.sum(axis=0)
    loc = matrices["LOC"]
    blocks = members.T @ loc @ members / np.outer(counts, counts)
    np.fill_diagonal(blocks, np.inf)
    darkest = [names[place] for place in np.unravel_index(blocks.argmin(), blocks.shape)]
    assert set(darkest) == {"fish", "turtle"}
    says("matrix", 3, f"{blocks.min():.2f} on average", "(0.60)")
    assert f"{between(ds, loc, 'fish', 'surfer'):.2f}" == "0.60"
    assert min(between(ds, loc, name, name) for name in ("dog", "tree")) > blocks.min()


def test_the_images_nearest_to_the_fish(ds):
    responses = ds.responses(["LOC"])
    distances = np.linalg.norm(responses - responses[ds.row("fish-05")], axis=1)
    nearest = ds.stimuli["category"].iloc[np.argsort(distances)[1:10]].tolist()
    assert (nearest.count("fish"), nearest.count("turtle")) == (8, 1)


def test_the_search_for_a_red_car(ds):
    images = encoders.encode_images(ds, "clip-small", "gallery")
    text = encoders.encode_text(["a red car at night"], "clip-small")
    best = ds.gallery.iloc[encoders.nearest(images, text[0], k=12)[0]]
    cars = best[best["category"] == "car"]
    assert (len(cars), (cars["colour"] == "red").sum()) == (8, 2)
    assert (best["light"] == "night").sum() == 11
    first = best.iloc[0]
    assert (first["category"], first["colour"], first["light"]) == ("car", "red", "night")


@pytest.fixture(scope="module")
def choice(ds):
    request = ClustersRequest.of([ds], source="regions", metric="correlation")
    stored = clusters.load(request.key())
    if stored is None:
        pytest.skip("the default clusters do not come along with this version")
    return stored


def test_the_clusters(ds, choice):
    clustering = choice.clusterings[choice.shown]
    assert (choice.shown, choice.k) == (7, 1)
    rows = clusters.rows_of([ds], "regions", (), 0)
    assert rows.responses.shape == (1500, 25)

    def inside(number, *categories):
        members = clustering.labels == number - 1
        return all(members[rows_of(ds, name)].all() for name in categories)

    assert inside(5, "baby", "clown", "man", "woman", "old man")
    assert inside(2, "broccoli", "pizza", "hamburger", "apple", "clock", "cup", "fork")
    profile = clusters.profile(clustering, rows.responses, rows.names)
    for number, regions in ((5, {"FFA-1", "FFA-2", "OFA"}), (1, {"RSC", "PHC1", "PHC2"})):
        own = profile[profile["cluster"] == number - 1]
        assert set(own.nlargest(3, "mean")["name"]) == regions
    own = profile[profile["cluster"] == 1]
    assert set(own.nlargest(2, "mean")["name"]) == {"food-lateral", "food-medial"}
    assert choice.chosen == {"r2": 7, "silhouette": 3, "gap": 3, "stability": 4}


def stored_rows(request):
    rows = dissimilarity.load(request.key())
    if rows is None:
        pytest.skip("the default prediction does not come along with this version")
    return rows


def test_the_leak(ds):
    rows = stored_rows(DissimilarityRequest(Reference.of(ds), rois=(("V1",),)))
    best = {
        split: dissimilarity.best([row for row in rows if row["split"] == split], "r2")
        for split in ("pair", "image")
    }
    says("leak", 1, f"(R² {best['pair']['scores']['r2']['value']:.2f})")
    assert round(best["pair"]["exposure"]) == 350
    left = best["image"]["scores"]["r2"]
    says("leak", 2, f"{left['value']:.2f}, with an interval from {left['low']:.2f} to")
    says("leak", 2, f"to {left['high']:.2f}:")
    verdict = dissimilarity.verdict([row for row in rows if row["split"] == "image"], "r2")
    assert verdict.startswith("3 of 8 models beat both baselines in R²")


def test_identity_alone(ds):
    request = DissimilarityRequest(
        Reference.of(ds),
        rois=(("V1",),),
        metrics=("correlation", "euclidean"),
        models=(),
        splits=("pair",),
    )
    rows = [row for row in stored_rows(request) if row["model"] == "identity"]
    r2 = {row["metric"]: row["scores"]["r2"]["value"] for row in rows}
    says("leak", 3, f"{r2['euclidean']:.0%}".replace("%", " %"))
    assert abs(r2["correlation"]) < 0.01


@pytest.fixture(scope="module")
def run():
    """The best of the decoders that come along."""
    entries = [entry.key for entry in decoders.examples()]
    best = next((key for key in entries if key.endswith("650")), None)
    if best is None:
        pytest.skip("the decoders do not come along with this version")
    return decoders.load(best)


def test_what_a_decoder_retrieves(ds, run):
    decoded = decode(run, [ds], "S1")
    images = encoders.encode_images(ds, "clip-small", "gallery")
    gallery = retrieval.Gallery(np.asarray(images), centre=run.centre)
    found = retrieve(decoded.predicted, decoded.seen, (gallery,), 10, holds_seen=False)
    names = np.array([*decoded.data.names, ""], dtype=object)
    own = names[decoded.data.category[decoded.stimulus]]
    hits, expected = category_hits(found, ds.gallery["category"].to_numpy(), own, 10)
    good, bad = (decoded.ids.index(name) for name in ("giraffe-02", "sailboat-14"))
    assert (found.rank[good], found.candidates, hits[good], expected[good]) == (4, 4001, 7, 0.125)
    assert (found.rank[bad], bad) == (695, int(np.argmax(found.rank)))
    assert int(np.median(found.rank)) == 30
    assert len(decoded.ids) == 300
    categories = ds.gallery["category"].iloc[found.places[bad]].tolist()
    assert (categories.count("bus"), categories.count("volcano")) == (6, 3)
    retrieved = ds.gallery["id"].iloc[found.places[good]].tolist()
    assert tuple(retrieved[:2]) == doors.RETRIEVED


def test_the_scores(run):
    table = load_table(run.key)
    if table is None:
        pytest.skip("the scores do not come along with this version")
    table = table[table["protocol"].isin(["averaged repeats"]) | table["head"].str.contains("pix")]
    value = table.set_index(["head", "measure"])["value"]
    low, high = (table.set_index(["head", "measure"])[name] for name in ("low", "high"))
    two, top = ("linear", "two-way"), ("linear", "top-1")
    assert (
        lessons.get("reading")
        .step(3)
        .question.startswith(
            f"{100 * value[two]:.0f} of 100 at two images, {100 * value[top]:.0f} of 100 at 20"
        )
    )
    says("reading", 3, f"{100 * low[two]:.1f} to {100 * high[two]:.1f}")
    says("reading", 3, f"{100 * low[top]:.1f} to {100 * high[top]:.1f}")
    pixels = "pixels alone (control)"
    says("reading", 4, f"{100 * value[pixels, 'two-way']:.1f} %.")
    assert f"{100 * value[two]:.1f} %" in lessons.get("reading").step(4).question
    within = [value[head, "two-way within category"] for head in ("linear", pixels)]
    says("reading", 4, f"{100 * within[0]:.1f} against {100 * within[1]:.1f} %")
    says("leak", 4, f"{100 * value[pixels, 'two-way']:.0f} of 100")
