"""Ablations: rows and replicates, the job that keeps what is done, and what is marked as best."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from core import ablations, decoders, jobs, operations
from core.ablations import Ablation, AblationRequest, Axis, job, writing
from core.ablations.settings import changed
from core.errors import Cancelled, InputError
from core.progress import silent
from tests.core.decoders import planted

LEVELS = [0.0, 0.02, 0.1]


def axis(path, *values):
    return Axis(path, (path,), tuple((value,) for value in values))


def plan(*axes, seeds=(0, 1), subjects=("s1",), **base):
    return Ablation(planted.config(**base), axes, seeds, subjects)


@pytest.fixture
def rates():
    """Two learning rates of a linear head on the planted recording."""
    planted.save()
    return plan(axis("training.learning_rate", 1e-3, 1e-2))


def fake(values):
    """An ablation of as many rows, and its cells with these values (rows, subjects, seeds)."""
    rows, count, replicates = values.shape
    ablation = plan(
        axis("training.batch", *range(2, 2 + rows)),
        seeds=tuple(range(replicates)),
        subjects=tuple(f"s{number}" for number in range(count)),
    )
    cells = [
        cell(row, f"s{subject}", seed, values[row, subject, seed])
        for row, subject, seed in np.ndindex(values.shape)
    ]
    return ablation, cells


def cell(row, subject, seed, value=None, error=""):
    score = {"protocol": "averaged repeats", "measure": "top-1", "value": value, "chance": 0.1}
    scores = [] if value is None else [{**score, "n": 9, "images": 9, "categories": 10}]
    place = {"row": row, "subject": subject, "seed": seed}
    return {**place, "run": "r", "error": error, "badge": "green", "scores": scores}


def compared(values):
    return ablations.compare(*fake(values), "averaged repeats", "top-1")


def test_rows_are_the_combinations_and_replicates_take_turns():
    size = Axis("Size", ("head_parameters.depth", "head_parameters.heads"), ((1, 2), (2, 4)))
    ablation = plan(size, axis("training.batch", 8, 16), head="roi_transformer", rois=("A", "B"))
    assert ablation.words == (("1/2", "8"), ("1/2", "16"), ("2/4", "8"), ("2/4", "16"))
    assert [place.row for place in ablation.replicates] == [0, 1, 2, 3] * 2
    config = ablation.config(ablation.replicates[6])
    values = config.head_parameters["depth"], config.head_parameters["heads"]
    assert (*values, config.training["batch"], config.seed) == (2, 4, 8, 1)
    assert config.subjects == ("s1",)


def test_it_is_the_same_after_json():
    ablation = plan(axis("rois", "A", "A+B", ""), axis("loss", "infonce", "mse+cosine"))
    request = AblationRequest(ablation, 100.0)
    again = AblationRequest.from_json(json.loads(json.dumps(request.to_json())))
    assert again.ablation == ablation
    assert again.to_json() == request.to_json()
    assert ablation.words[2:] == (("A+B", "infonce"), ("A+B", "mse+cosine"), *ablation.words[4:])
    last = ablation.config(ablation.replicates[5])
    assert (last.rois, [name for name, *_ in last.loss]) == ((), ["mse", "cosine"])


def test_heads_in_closed_form_have_one_row_for_all_losses():
    ablation = plan(axis("head", "ridge", "linear"), axis("loss", "infonce", "mse"))
    assert ablation.words == (("ridge", "–"), ("linear", "infonce"), ("linear", "mse"))
    assert [ablation.name(row) for row in range(3)] == ["ridge", "linear · infonce", "linear · mse"]
    mse = plan(axis("head", "ridge"), axis("training.batch", 16), loss="mse")
    closed = mse.config(mse.replicates[0])
    expected = decoders.Config(planted.NAME, ("s1",), encoder="precomputed:truth", head="ridge")
    assert closed == expected


def test_another_head_begins_with_its_defaults():
    config = planted.config("mlp", head_parameters={"width": 16})
    assert changed(config, {"head": "mlp"}).head_parameters["width"] == 16
    assert (
        changed(config, {"head": "ridge"}).head_parameters
        == planted.config("ridge").head_parameters
    )
    fuzzy = changed(
        config, {"loss": "fuzzy", "loss.fuzzy.kind": "fixed", "head_parameters.width": 8}
    )
    assert fuzzy.loss[0][2]["kind"] == "fixed"
    assert fuzzy.head_parameters["width"] == 8


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ([], "no setting"),
        ([("training.batch", ())], "one or more"),
        ([("training.batch", (8, 8))], "twice"),
        ([("training.batch", (8,)), ("training.batch", (16,))], "setting twice"),
        ([("colour", ("red",))], "There is no setting 'colour'"),
        ([("training.batch", ([8, 9],))], "A value of"),
        ([("training.batch", range(1, 60)), ("training.epochs", range(1, 60))], "at most 2,000"),
    ],
)
def test_what_is_no_ablation_says_so(axes, message):
    with pytest.raises(InputError, match=message):
        plan(*(Axis(path, (path,), tuple(values)) for path, values in axes))


def test_values_are_read_as_declared():
    settings = ablations.settings_of(planted.config("roi_transformer", rois=("A", "B")))
    assert settings["size"].read("6/4, 12/8") == ((6, 4), (12, 8))
    assert settings["library"].read("0, 0.5") == ((0.0,), (0.5,))
    assert "adam" in settings["optimiser"].choices
    for text, message in (("6", "values such as"), ("6/4,6/4", "twice"), ("", "no value")):
        with pytest.raises(InputError, match=message):
            settings["size"].read(text)
    with pytest.raises(InputError, match="from 2 to"):
        settings["batch"].read("1")


def test_the_job_scores_each_decoder_as_evaluate_does(rates, tmp_path):
    result = job.run(AblationRequest(rates), silent, tmp_path)
    cells = ablations.load(result["key"])
    assert [(c["row"], c["seed"]) for c in cells] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert cells == ablations.so_far(tmp_path)
    for each, place in zip(cells, rates.replicates, strict=True):
        run = decoders.train(rates.config(place))
        assert run.key == each["run"]
        table = decoders.evaluate(run, baselines=False, permutations=1, resamples=1)
        assert [s["value"] for s in each["scores"]] == table["value"].tolist()
        assert [s["measure"] for s in each["scores"]] == table["measure"].tolist()
    table = ablations.decoders_table(rates, cells)
    assert set(table["training.learning_rate"]) == {"0.001", "0.01"}
    assert len(table) == sum(len(c["scores"]) for c in cells)


def test_what_is_done_is_kept_and_found_again(rates, tmp_path, monkeypatch):
    trained = []
    plain = job.train

    def train(config, progress, **how):
        if len(trained) == 2:
            raise Cancelled
        trained.append(config)
        return plain(config, progress)

    monkeypatch.setattr(job, "train", train)
    request = AblationRequest(rates)
    with pytest.raises(Cancelled):
        job.run(request, silent, tmp_path)
    kept = ablations.so_far(tmp_path)
    assert len(kept) == 2
    stored = {entry.key: entry.created for entry in decoders.entries()}
    monkeypatch.setattr(job, "train", plain)
    scored = []
    score = job._scores
    monkeypatch.setattr(job, "_scores", lambda run: scored.append(run.key) or score(run))
    fractions = []
    job.run(request, lambda fraction, message: fractions.append(fraction), tmp_path)
    assert len(scored) == 2
    assert {e.key: e.created for e in decoders.entries() if e.key in stored} == stored
    assert ablations.so_far(tmp_path)[:2] == kept
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1


def test_another_recording_under_the_name_is_scored_again(rates, tmp_path):
    request = AblationRequest(rates)
    job.run(request, silent, tmp_path)
    former = ablations.so_far(tmp_path)
    planted.save(noise=3.0)
    job.run(request, silent, tmp_path)
    assert not {c["run"] for c in former} & {c["run"] for c in ablations.so_far(tmp_path)}


def test_a_decoder_that_fails_is_listed_and_the_rest_goes_on(tmp_path):
    planted.save()
    ablation = plan(axis("rois", "A", "nowhere"), axis("training.batch", 16), seeds=(0,))
    cells = ablations.load(job.run(AblationRequest(ablation), silent, tmp_path)["key"])
    assert cells[0]["scores"]
    assert not cells[0]["error"]
    assert "nowhere" in cells[1]["error"]
    assert "\n" not in cells[1]["error"]
    table = ablations.decoders_table(ablation, cells)
    assert table["error"].iloc[-1] == cells[1]["error"]


def test_values_that_do_not_fit_one_another_are_listed_too(tmp_path):
    planted.save()
    ablation = plan(axis("head_parameters.width", 16), seeds=(0,), head="linear")
    [only] = ablations.load(job.run(AblationRequest(ablation), silent, tmp_path)["key"])
    assert "linear has no parameter 'width'" in only["error"]


def test_it_is_a_registered_operation(rates):
    request = AblationRequest(rates, 100.0)
    assert request.offer == "Train 4 decoders, about 2 minutes"
    submitted = jobs.submit(request.operation, request.to_json(), "cpu")
    described = operations.get("ablation").describe(submitted.request)
    assert described == {"dataset": planted.NAME, "head": "linear", "subjects": ["s1"]}
    assert jobs.find(request.operation, AblationRequest(rates).to_json()) == submitted


def test_differences_are_paired_over_the_seeds_of_one_subject():
    rng = np.random.default_rng(0)
    values = 0.5 + 0.2 * rng.standard_normal((1, 1, 6)) + np.array(LEVELS)[:, None, None]
    values += 1e-3 * rng.standard_normal(values.shape)
    result = compared(values)
    assert (result.best, result.unit, result.n) == (2, "seeds", 6)
    p = [stats.ttest_rel(values[row, 0], values[2, 0]).pvalue for row in (0, 1)]
    low, high = sorted(p)
    assert sorted(result.table["p"][:2]) == pytest.approx([min(1, 2 * low), max(2 * low, high)])
    # The smaller p is tested at .05 / 2; so is the larger where that one failed.
    level = 0.05 if p[0] > p[1] and 2 * p[1] <= 0.05 else 0.025
    paired = stats.ttest_rel(values[0, 0], values[2, 0]).confidence_interval(1 - level)
    assert tuple(result.table.loc[0, ["difference_low", "difference_high"]]) == pytest.approx(
        paired
    )
    assert result.table["sd"][0] == pytest.approx(values[0, 0].std(ddof=1))
    assert result.is_marked


def test_of_several_subjects_each_counts_once():
    rng = np.random.default_rng(1)
    values = rng.standard_normal((2, 4, 5))
    result = compared(values)
    assert (result.unit, result.n) == ("subjects", 4)
    of_subjects = values.mean(axis=2)
    assert result.table["mean"].tolist() == pytest.approx(of_subjects.mean(axis=1).tolist())
    other = 1 - result.best
    expected = stats.ttest_rel(of_subjects[other], of_subjects[result.best]).pvalue
    assert result.table["p"][other] == pytest.approx(expected)


@pytest.mark.parametrize(("rows", "subjects", "seeds"), [(2, 1, 3), (2, 5, 2), (4, 1, 5)])
def test_of_equal_rows_one_is_marked_in_at_most_5_per_cent(rows, subjects, seeds):
    """Noise that rows share, that of each decoder, and rows that suit one subject or another."""
    rng = np.random.default_rng(rows * subjects)
    runs = 500
    values = rng.standard_normal((runs, rows, subjects, seeds))
    values += 2 * rng.standard_normal((runs, 1, subjects, seeds))
    if subjects > 1:
        values += rng.standard_normal((runs, rows, subjects, 1))
    share = np.mean([compared(run).is_marked for run in values])
    error = np.sqrt(0.05 * 0.95 / runs)
    assert share <= 0.05 + 2 * error
    if rows == 2:  # not by never marking any
        assert share >= 0.05 - 3 * error


def test_differences_that_do_not_vary_mark_nothing():
    values = np.array(LEVELS)[:, None, None] + np.zeros((3, 1, 4))
    result = compared(values)
    assert result.table["p"][:2].tolist() == [1, 1]
    assert not result.is_marked


def test_one_replicate_marks_nothing_and_says_so():
    ablation, cells = fake(np.array(LEVELS)[:, None, None])
    result = ablations.compare(ablation, cells, "averaged repeats", "top-1")
    assert not result.is_marked
    assert "noise is unknown" in ablations.verdict(ablation, result)


def test_nothing_is_marked_before_all_are_done():
    rng = np.random.default_rng(0)
    values = np.array(LEVELS)[:, None, None] + 1e-3 * rng.standard_normal((3, 1, 4))
    ablation, cells = fake(values)
    done = ablations.compare(ablation, cells, "averaged repeats", "top-1")
    so_far = ablations.compare(ablation, cells[:-1], "averaged repeats", "top-1")
    assert (done.is_marked, so_far.is_marked) == (True, False)
    assert "is best at top-1" in ablations.verdict(ablation, done)
    assert "so far" in ablations.verdict(ablation, so_far)
    # One that failed is not waited for.
    failed = [*cells[:-1], cell(*list(cells[-1].values())[:3], error="no memory")]
    result = ablations.compare(ablation, failed, "averaged repeats", "top-1")
    assert result.is_complete
    assert result.table["error"].tolist() == ["", "", "no memory"]
    assert result.table["n"].tolist() == [4, 4, 3]
    assert "to every other row lies" in ablations.verdict(ablation, done)
    lost = [cell(2, "s0", c["seed"], error="no memory") if c["row"] == 2 else c for c in cells]
    result = ablations.compare(ablation, lost, "averaged repeats", "top-1")
    assert "to every other row that was scored lies" in ablations.verdict(ablation, result)


def test_the_table_for_a_paper():
    rng = np.random.default_rng(0)
    values = 0.2 + np.array(LEVELS)[:, None, None] + 1e-3 * rng.standard_normal((3, 1, 4))
    ablation, cells = fake(values)
    text = ablations.as_latex(ablation, cells, "averaged repeats")
    lines = text.splitlines()
    assert lines[1] == r"\begin{tabular}{lr}"
    assert lines[3] == r"training.batch & top-1 \\"
    assert lines[5].startswith("2 & 20.")
    assert r"\textbf{29.9 $\pm$ 0.1}" in lines[7]
    assert text.count("textbf") == 1
    assert r"chance & 10.0 \\" in lines
    assert "SD over 4 seeds, averaged repeats" in text


def test_latex_is_escaped():
    assert writing.escaped("a_b & 50 % of {x}") == r"a\_b \& 50 \% of \{x\}"
    assert writing.escaped("~\\") == r"\textasciitilde{}\textbackslash{}"


def test_the_estimate_grows_with_what_is_trained():
    def seconds(*axes, seeds=(0,), **base):
        return ablations.estimate(plan(*axes, seeds=seeds, **base), 1000)

    small = seconds(axis("training.epochs", 10))
    assert seconds(axis("training.epochs", 100)) > small
    assert seconds(axis("training.epochs", 10), seeds=(0, 1)) == pytest.approx(2 * small)
    assert seconds(axis("head", "ridge")) < 5
    assert seconds(axis("head_parameters.nothing", 1)) == 0
