"""Print the benchmark table; `python -m tests.benchmarks --quick` takes a tenth of the size."""

from __future__ import annotations

import argparse

from core.decoders import HEADS
from tests.benchmarks import (
    clusters,
    costs,
    decoders,
    dissimilarity,
    encoding_models,
    judging,
    maps,
    rdm,
    recordings,
    retrieval,
    rsa,
    scale,
)
from tests.benchmarks.answers import answers
from tests.benchmarks.beside import beside, seconds
from tests.benchmarks.encoders import rates
from tests.benchmarks.first_paint import first_paint
from tests.benchmarks.first_search import first_search
from tests.benchmarks.measure import measure
from tests.benchmarks.next_example import next_example
from tests.benchmarks.steps import CONTROL_MIB

PEERS = (
    "scipy_correlation",
    "rsatoolbox_correlation",
    "rsatoolbox_float64_correlation",
)
# The last commit whose intervals were over images.
BEFORE = "eb128f3"
RIDGES = ((1200, 4466), (1200, 2000), (4000, 800))
PARTS = (
    "responses",
    "rdm",
    "encoding",
    "maps",
    "clusters",
    "decoders",
    "page",
    "answers",
    "search",
    "next",
    "retrieval",
    "recordings",
    "rsa",
    "encoding_models",
    "dissimilarity",
    "costs",
    "kept",
    "judging",
    "scale",
)
# The last commit before encoding, clustering, curves and pages became cheaper.
DEARER = "67bf2ba"
# The last commit before every record, state and description was checked when it is read.
UNCHECKED = "15c0fbe"
# The last commit before folders of many images were resolved by folder.
EACH_FILE = "7980bb8"
RERUNS = {"overview": "≤ 0.7", "rdm": "≤ 0.7", "responses": "≤ 0.55", "clusters": "≤ 0.5"}
FULL, QUICK = (10_000, 4_000), (3_000, 1_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3,000 x 1,000 responses")
    parser.add_argument("--only", choices=PARTS)
    trials = "trials of the NSD-sized file (15,000 units, float32); 30,000 of a whole subject"
    parser.add_argument("--nsd-trials", type=int, default=6_000, metavar="N", help=trials)
    chosen = parser.parse_args()
    shape = QUICK if chosen.quick else FULL
    print(f"Responses {shape[0]:,} x {shape[1]:,} float32\n")
    print(f"{'measure':58} {'found':>10} {'wanted':>12}")
    parts = {
        "responses": lambda: responses(shape),
        "rdm": lambda: comparing(500 if chosen.quick else 1500),
        "encoding": lambda: encoding(64 if chosen.quick else 256),
        "maps": lambda: drawing(3_000 if chosen.quick else 20_000),
        "clusters": lambda: clustering(3 if chosen.quick else 20),
        "decoders": lambda: decoding(1 if chosen.quick else 5),
        "page": lambda: page(shape[0]),
        "answers": answering,
        "search": searching,
        "next": showing,
        "retrieval": lambda: retrieving(10 if chosen.quick else 1),
        "recordings": lambda: opening(chosen.nsd_trials),
        "rsa": lambda: inferring(3 if chosen.quick else 10),
        "encoding_models": lambda: encoding_models_beside(chosen.quick),
        "dissimilarity": lambda: predicting(200_000 if chosen.quick else 2_000_000),
        "costs": lambda: costing(1 if chosen.quick else 3),
        "kept": lambda: keeping(2 if chosen.quick else 5),
        "judging": judge,
        "scale": lambda: scaling(1 if chosen.quick else 2),
    }
    for name, part in parts.items():
        if chosen.only in (None, name):
            part()


def responses(shape: tuple[int, int]) -> None:
    found = measure(("product", "correlation", "euclidean", "extremes"), shape)
    product, correlation = found["product"], found["correlation"]
    euclidean, extremes = found["euclidean"], found["extremes"]
    rate = product.wall_s / correlation.wall_s
    row("rdm.compute correlation, rate / symmetric product's", rate, "≥ 0.70")
    rate = product.wall_s / euclidean.wall_s
    row("rdm.compute euclidean, rate / symmetric product's", rate, "")
    row("rdm.compute correlation, MiB beyond the input", correlation.memory_mib, "≤ 600")
    row("rdm.compute euclidean, MiB beyond the input", euclidean.memory_mib, "")
    row("rdm.extreme_pairs, time / RDM's", extremes.wall_s / correlation.wall_s, "≤ 1.2")
    row("rdm.extreme_pairs, MiB beyond the input", extremes.memory_mib, "≤ 300")
    control = measure(("control",), (1, 1), rounds=1)["control"].memory_mib
    row(f"an allocation of {CONTROL_MIB} MiB, measured as those above", control, "62 to 66")
    row("rdm.compute correlation, CPU seconds", correlation.cpu_s, "")
    for peer, slow in measure(PEERS, shape, rounds=1).items():
        name = peer.removesuffix("_correlation")
        row(f"CPU of {name} / rdm.compute's, correlation", slow.cpu_s / correlation.cpu_s, "≥ 20")


def comparing(n: int) -> None:
    wanted = {"pearson": "≤ 1", "cosine": "≤ 1", "kendall": "≤ 1", "spearman": "≤ 0.6"}
    for method, quotient in rdm.compared(n).items():
        row(
            f"rdm.compare {method}, n = {n:,}, CPU / rsatoolbox's", quotient, wanted.get(method, "")
        )
    for stimuli, rounds, most in ((92, 200, "≤ 1.5"), (1500, 5, "≤ 1"), (5000, 2, "≤ 1")):
        quotient, error = rdm.computed(stimuli, rounds=rounds)
        row(f"rdm.compute correlation, n = {stimuli:,}, CPU / np.corrcoef's", quotient, most)
        row("its largest error x 1e6", 1e6 * error, "≤ 1")
    quotient, difference = rdm.crossnobis(n)
    row(f"crossnobis, 4 folds, n = {n:,}, CPU / rsatoolbox's", quotient, "≤ 0.2")
    row("its largest difference x 1e6", 1e6 * difference, "≤ 2")
    for models in (1, 10):
        quotient = rdm.permuted(models=models)
        row(f"Mantel, n = 1,000, models: {models}, CPU / naive", quotient, "≤ 0.25")


def encoding(images: int) -> None:
    found = rates(images)
    row("encode_images ViT-B/32, rate / bare forward's", found.large_of_forward, "≥ 0.85")
    rate = found.small_of_decoding
    row("encode_images small CLIP, rate / decoding's, 176 px WebP", rate, "≥ 0.80")
    rate = found.small_of_decoding_photographs
    row("encode_images small CLIP, rate / decoding's, 425 px JPEG", rate, "≥ 0.80")
    row("encode_images of 10,000 again, s", found.again_s, "< 0.2")


def drawing(n: int) -> None:
    row("PCA image of 5,000 x 131, s", maps.pca_image_s(), "< 0.1")
    row("colours of 30,000 points anew, s", maps.coloured_s(), "< 0.5")
    found = maps.tsne_rates(n)
    row(f"CPU of scikit-learn / t-SNE's, {n:,} x 50", found.cpu_ratio, "≥ 4")
    row("kNN preservation (10), scikit-learn's less ours", found.difference, "≤ 0.01")


def clustering(seeds: int) -> None:
    found = clusters.beside_kmeans(seeds)
    row("k-means k = 2..12, 30,000 x 25, CPU / KMeans'", found.cpu, "≤ 0.6")
    row("its worst mean objective / KMeans', k up to 6", found.few, "≤ 1")
    row("its worst mean objective / KMeans', k up to 12", found.all, "≤ 1.001")
    row("null of clusters that come back, CPU / of eb128f3", clusters.null_beside(), "≤ 3")
    row("k-means 240,000 x 25, MiB of the process", clusters.peak_memory_mib(), "< 2048")


def decoding(rounds: int) -> None:
    for n, v in RIDGES:
        found = decoders.beside_ridgecv(n, v, rounds=rounds)
        row(f"CPU of RidgeCV / ridge's, {n:,} x {v:,}, 13 alphas", found.cpu, "≥ 2.5")
        row("both chose the same alpha (1 yes)", float(found.alpha), "1")
    quotient = decoders.scoring_beside(BEFORE)
    if quotient is not None:
        row(f"intervals, p and differences of 3 heads / at {BEFORE}, CPU", quotient, "≤ 1")
    for head in HEADS:
        limits = {"gradient": "≤ 1.3", "own objective": "≤ 1.5"}
        if HEADS[head].trained_by in limits:
            quotient = decoders.epoch_of_bare_steps(head, rounds + 2)
            limit = limits[HEADS[head].trained_by]
            row(f"epoch of {head} / its bare forward and backward, CPU", quotient, limit)


def page(n: int) -> None:
    found = first_paint(n)
    row(f"RDM page, {n:,} stimuli: MiB of data sent at first paint", found.sent_mib, "≤ 2")
    row(f"RDM page, {n:,} stimuli: s to first paint (RDM in the store)", found.paint_s, "")
    row(f"RDM page, {n:,} stimuli: s from click to its images, median", found.click_s, "< 0.3")


def answering() -> None:
    found = answers()
    row("page Train answers while a job trains, s (median)", found.training, "< 0.3")
    row("over idle", found.training / found.idle, "")
    row("page RDM answers a click while a job trains, s (median)", found.rdm, "")


def searching() -> None:
    found = first_search()
    row(
        "first text search of a fresh clone, s from the server to the grid", found.from_start, "≤ 5"
    )
    row("of these from the words to the grid", found.from_words, "")
    row("CPU seconds of the server until then, its start included", found.cpu, "")


def showing() -> None:
    found = next_example()
    row("page Retrieval, next example to drawn grid, s (median)", found.alone, "< 0.25")
    row("the same beside another session", found.beside, "< 0.25")
    row("the same beside it while a job trains", found.training, "< 0.25")
    row("going back over 22 examples, MiB sent", found.again_mib, "")


def retrieving(fraction: int) -> None:
    rows, mapped = 200_000 // fraction, 1_200_000 // fraction
    many, single = (retrieval.beside_product(rows, queries) for queries in (50, 1))
    row(f"50 queries in {rows:,} x 512, CPU / bare product's", many.product, "≤ 1.15")
    row("the same, CPU / faiss IndexFlatIP's", many.faiss, "< 1")
    row("the same seen from a centre, CPU / bare product's", many.centred, "")
    row("50 standings, CPU / bare product's", many.standings, "")
    row("one query, CPU / bare product's", single.product, "≤ 1.3")
    row("one query, CPU / faiss IndexFlatIP's", single.faiss, "≤ 1.5")
    row("one query seen from a centre, CPU / bare product's", single.centred, "")
    found = retrieval.of_a_map(mapped)
    row(f"one query in a map of {mapped:,} x 512, CPU / reading's", found.reading, "≤ 1.3")
    row("preparing that gallery, once, CPU / reading's", found.preparing, "")
    row("50 queries in it, MiB beyond the map", found.memory_mib, "< 200")


def opening(trials: int) -> None:
    for state, is_cold in (("files not cached", True), ("files cached", False)):
        found = recordings.second_opening(is_cold=is_cold)
        row(f"Algonauts V1 again, numpy's load of both files / ours, {state}", found.gain, "≥ 5")
    found = recordings.every_roi()
    row("BOLD5000, every ROI first, s / scipy.io.loadmat's", found.cost, "≤ 1.5")
    found = recordings.session_means()
    row("NSD, region means of 300 volumes first, s / gunzip's", found.cost, "≤ 1.3")
    what = f"{trials:,} x 15,000"
    found = recordings.averages(trials, 15_000)
    row(f"averages of {what} from disk, s / one read's", found.cost, "≤ 1.5")
    found = recordings.averages(trials, 15_000, is_cold=False)
    row("the same from the page cache", found.cost, "")
    peak = recordings.peak_mib(trials, 15_000)
    row(f"open, average, cluster {what}, MiB of the process", peak, "≤ 2048")


def inferring(samples: int) -> None:
    for over in rsa.PEERS:
        for method in rsa.METHODS:
            found = rsa.beside_rsatoolbox(over, method, samples)
            row(f"1,000 samples over {over}, {method}, rsatoolbox's CPU / ours", found.gain, "≥ 25")
            if found.difference == found.difference:
                largest = 1e9 * found.difference
                row("largest difference of their values, 1e-9", largest, "≤ 1")


def encoding_models_beside(is_quick: bool) -> None:
    shape = encoding_models.QUICK if is_quick else encoding_models.FULL
    for banded, wanted in ((False, "≤ 0.5"), (True, "≤ 1")):
        own = encoding_models.BANDED if banded else shape
        found = encoding_models.beside_himalaya(own, banded)
        what = f"banded ridge, {encoding_models.BANDS} bands" if banded else "ridge"
        what += f", {own[2]:,} units x {own[1]} x {own[0]:,}"
        row(f"{what}, CPU / himalaya's", found.ratio, wanted)
        alike = "predictions" if banded else "units"
        row(f"the same, {alike} alike (share)", found.same, "≥ 0.999")
        row("the same, MiB in all", found.memory_mib, "≤ 2048")
    for method in ("pca", "ica", "nmf"):
        ratio = encoding_models.components_beside_scikit_learn(method)
        row(f"{method} of 30,000 x 25 with its order, CPU / scikit-learn's", ratio, "< 2")
    geometry, values = encoding_models.cortex_bytes()
    row("cortex, geometry sent once, kB", geometry / 1000, "≤ 700")
    row("cortex, another map, kB", values / 1000, "≤ 60")


def predicting(pairs: int) -> None:
    for images in (400, 10_000):
        found = dissimilarity.training(images, pairs)
        what = f"pair model, 0 hidden layers, {images:,} x 512"
        # Of 10,000 images the true dissimilarities, computed pair by pair, take the time.
        wanted = "≥ 500" if images == 400 else ""
        row(f"{what}, 1,000 pairs a second", found.rate / 1000, wanted)
        row("the same, MiB beyond the data", found.memory_mib, "")
    row("its CPU / of a linear layer on concatenated rows", dissimilarity.beside_plain(), "< 0.5")


def costing(rounds: int) -> None:
    work = (
        ("encode_images small CLIP", costs.ENCODING, {"encoding": "≤ 0.62"}),
        ("choose_k, defaults of page Clusters", costs.CHOOSING, {"choosing": "≤ 0.5"}),
        ("ground-truth curves of one subject", costs.CURVES, {"curves": "≤ 0.4"}),
        ("page", costs.PAGES, RERUNS),
    )
    for what, script, wanted in work:
        for name, quotient in beside(DEARER, script, rounds).items():
            own = f"{what} {name}, rerun" if what == "page" else what
            row(f"{own}, CPU / at {DEARER}", quotient, wanted.get(name, ""))
    row("first Overview of a server, CPU s", seconds(costs.PAGES)["first"], "≤ 1.8")


def keeping(rounds: int) -> None:
    for name, quotient in beside(UNCHECKED, costs.KEPT, rounds).items():
        row(f"{name.replace('_', ' ')}, 200 of each, CPU / at {UNCHECKED}", quotient, "≤ 1.2")


def judge() -> None:
    panel = judging.trust_panel()
    what = f"trust panel of ridge, {panel['decoders']:.0f} decoders more"
    row(f"{what}, CPU s with one thread", panel["panel"], "< 60")
    row("the same, CPU / their bare fits'", panel["panel"] / panel["fits"], "≤ 3")
    view = judging.four_splits()
    row("ridge under four splits, eigendecompositions a split", view["decompositions"], "1")
    row("the same, how often its images are encoded", view["encoded"], "1")
    row("the same, CPU s with one thread", view["view"], "")


def scaling(rounds: int) -> None:
    wanted = {"files_first": "≤ 0.65", "links_first": "≤ 0.4", "files_again": "", "links_again": ""}
    for name, quotient in scale.opened_beside(EACH_FILE, rounds).items():
        what = name.replace("_", ", opened ")
        row(f"folder of 10,000 images as {what}, CPU / at {EACH_FILE}", quotient, wanted[name])
    large = measure(("to_disk", "summary"), (12_000, 300), rounds=1)
    for name, what in (("to_disk", "to the disk"), ("summary", "for page RDM, not kept")):
        found = large[name]
        row(f"RDM of 12,000 {what}, MiB beyond the input", found.memory_mib, "≤ 600")
        row("the same, CPU seconds", found.cpu_s, "")


def row(measured: str, value: float, wanted: str) -> None:
    print(f"{measured:58} {value:10.2f} {wanted:>12}", flush=True)


if __name__ == "__main__":
    main()
