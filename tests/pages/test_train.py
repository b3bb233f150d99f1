"""The page Train: settings, a run with its scores and audit, the table of runs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import datasets, decoders, jobs, store
from core.decoders import Config
from core.decoders.runs import save
from core.decoders.scoring.score_table import DIFFERENCE, load_table, save_table, verdicts
from core.decoders.scoring.units_used import describe_units, units_used
from pages.shared.decoders import described, retrieved
from pages.shared.decoders import run as decoder_runs
from pages.shared.decoders import scores as decoder_scores
from pages.shared.decoders import table as decoder_table
from pages.shared.decoders.outcome import ensemble, result
from tests.core.decoders import planted
from tests.pages.app import open_page, texts, until_done, write_folder

N, D, V = 80, 6, 20


@pytest.fixture
def recording(data_root):
    """A planted linear recording of eight categories with an embedding of its own."""
    rng = np.random.default_rng(0)
    category = np.arange(N) % 8
    embedding = rng.standard_normal((8, D))[category] + 0.3 * rng.standard_normal((N, D))
    noise = 0.5 * rng.standard_normal((N, V))
    responses = embedding @ rng.standard_normal((D, V)) + noise
    folder = write_folder(data_root, n=N, responses__s1=responses)
    rows = "".join(f"p{i},kind {category[i]}\n" for i in range(N))
    (folder / "stimuli.csv").write_text("id,category\n" + rows)
    (folder / "embeddings").mkdir()
    np.save(folder / "embeddings" / "mine.npy", embedding.astype(np.float32))
    return {"recording": "folder:mine"}


def press(app, label):
    return next(button for button in app.button if button.label.startswith(label)).click().run()


def own_rows():
    """Rows of the decoders that were trained here, without the examples of the project."""
    return [row for row in described.every() if not row.is_example]


def row_named(head):
    """The row of the only decoder of a head that was trained here."""
    [row] = [row for row in own_rows() if row.config and row.config.head == head]
    return row


def changed(run, number, **fields):
    """Another decoder in the store, which differs in some fields."""
    key = store.key("decoder", store.fingerprint(run.key), {"number": number}, seed=0, version=1)
    return save(replace(run, key=key, **fields), "Mine")


def choose(app, *rows):
    """Select rows of the table, which has the examples where their recording is in view."""
    of_this_recording = app.toggle(key="train.only_here").value
    shown = own_rows() if of_this_recording else described.every()
    shown = [row for row in shown if not row.is_baseline]
    places = [place for place, row in enumerate(shown) if row.key in {one.key for one in rows}]
    app.session_state[decoder_table.key_of_table(shown)] = {"selection": {"rows": places}}
    return app.run()


@pytest.fixture
def stored(recording):
    """A trained head and ridge, which is what its baseline would be."""
    one = Config(
        recording["recording"],
        ("s1",),
        encoder="precomputed:mine",
        head="mlp",
        head_parameters={"width": 16},
        split="category",
        split_parameters={"test": 0.25},
        training={"epochs": 2, "learning_rate": 0.01},
    )
    mlp = decoders.train(one, device="cpu")
    return mlp, decoders.train(replace(one, head="ridge", head_parameters={}), device="cpu")


def trained(app):
    """Train, then score: two jobs."""
    return until_done(until_done(press(app, "Train ")))


def test_the_default_is_trained_and_scored_beside_ridge_and_linear(recording):
    app = trained(open_page("train", **recording, **{"train.category.test": "0.25"}))
    assert "20 of 20 units used; without repeats there is no noise ceiling." in texts(app)
    assert not app.exception
    assert not app.error
    assert "solved in closed form" in texts(app)
    assert "7 of 9 checks done" in texts(app)
    scores = app.dataframe[0].value
    assert list(scores["Head"]) == sorted(scores["Head"], key="whitened_ridge".__ne__)  # its own
    said = next(title.value for title in app.header if title.value.startswith("Picks"))
    assert said.startswith("Picks the right one of two images in")
    assert said.endswith("of 100; chance 50")
    assert set(scores["Head"]) == {"whitened_ridge", "ridge (baseline)", "linear (baseline)"}
    own = scores["Head"] == "whitened_ridge"
    two_way = scores[(scores["Measure"] == "two-way") & own]["Value"]
    assert float(two_way.iloc[0].rstrip("%")) > 60
    configs = [entry.facts["config"] for entry in decoders.entries()]
    assert {config["head"] for config in configs} == {"whitened_ridge", "ridge", "linear"}
    assert {config["split"] for config in configs} == {"category"}


def test_all_folds_are_scored_as_one_when_the_button_is_pressed(recording):
    address = {"train.split": "kfold", "train.kfold.k": "4", "train.kfold.by": "category"}
    app = trained(open_page("train", **recording, **address, **{"train.head": "ridge"}))
    assert "On the test images of all folds" in [title.value for title in app.header]
    assert "4 folds, each trained once and 20 times on permuted responses" in texts(app)
    assert not any(job.operation == "folds" for job in jobs.all_jobs())
    app = until_done(press(app, "Score all 4 folds as one"))
    assert not app.exception
    folds = app.dataframe[1].value
    [two_way] = folds[folds["Measure"] == "two-way"].to_dict("records")
    assert (two_way["n"], two_way["Controls"]) == (N, 20)
    assert float(two_way["Value"].rstrip("%")) > 80
    assert two_way["Chance: mean of controls (95 %)"].startswith(("4", "5"))
    assert "responses permuted over categories" in texts(app)
    assert "ridge less its permuted control" in texts(app)
    assert "above it" in texts(app)


def test_the_decoder_is_scored_under_other_splits_when_the_button_is_pressed(recording):
    app = trained(open_page("train", **recording))
    assert not any(job.operation == "generalisation" for job in jobs.all_jobs())
    app = until_done(press(app, "Score it under 4 splits, about 2 minutes"))
    assert not app.exception
    [shown] = [table.value for table in app.dataframe if "Drop" in table.value]
    assert shown["Split"].iloc[0] == "Images"
    assert shown["Drop"].iloc[0] == "–"
    assert "with random images;" in texts(app)
    assert "Zou & Donner 2008" in texts(app)


def test_the_decoder_is_averaged_with_others_when_the_button_is_pressed(recording, stored):
    mlp, ridge = stored
    name = ensemble.name_in_choice(mlp.key, mlp.config)
    address = {"train.head": "ridge", "train.category.test": "0.25"}
    address |= {"train.ensemble": [name, "gone-1"]}
    trained(open_page("train", **recording, **address))
    app = open_page("train", **recording, **address)
    assert "This decoder cannot be averaged with gone-1." in texts(app)
    choice = app.multiselect(key="train.ensemble")
    assert choice.value == [name]
    # Itself it is not averaged with.
    assert not any(decoders.short_name(ridge.key, "ridge") in each for each in choice.options)
    assert not any(job.operation == "ensemble" for job in jobs.all_jobs())
    app = until_done(press(app, "Average 2 decoders"))
    assert not app.exception
    [shown] = [t.value for t in app.dataframe if "Decoder" in t.value and "two-way" in t.value]
    own = [decoders.short_name(each.key, each.config.head) for each in sorted(
        stored, key=lambda each: each.key
    )]  # fmt: skip
    assert list(shown["Decoder"]) == ["average", *own, "chance"]
    assert shown["Validation"].str.endswith("% (best)").sum() == 1
    assert shown["two-way"].iloc[-1] == "50.0%"
    assert "averaged, " in texts(app)
    assert "the best in the validation set" in texts(app)
    app.session_state["train.ensemble"] = ["gone-1"]
    assert not app.run().exception
    assert app.multiselect(key="train.ensemble").value == []


def test_the_score_is_checked_when_the_button_is_pressed(recording):
    app = trained(open_page("train", **recording))
    assert not any(job.operation == "trust" for job in jobs.all_jobs())
    app = until_done(press(app, "Check the score, about a minute"))
    assert not app.exception
    said = texts(app)
    for question in ("Does it need the responses?", "Would more images help?"):
        assert question in said
    assert "lies above all of them" in said


def test_a_head_has_curves_settings_and_a_verdict(recording):
    address = {
        "head": "mlp",
        "train.epochs": "3",
        "train.mlp.width": "16",
        "loss": ["infonce", "mse"],
    }
    app = trained(open_page("train", **recording, **address))
    assert not app.exception
    assert not app.error
    assert "of 3 kept" in texts(app)
    [entry] = [e for e in decoders.entries() if e.facts["config"]["head"] == "mlp"]
    config = entry.facts["config"]
    assert [term[0] for term in config["loss"]] == ["infonce", "mse"]
    assert config["head_parameters"]["width"] == 16
    assert len(entry.facts["curve"]) == 3


@pytest.mark.parametrize("head", ["mvae", "bravl"])
def test_a_generative_head_is_trained_and_scored_by_its_classifier_too(recording, head):
    address = {
        "train.head": head,
        "train.epochs": "3",
        f"train.{head}.features": "V",
        f"train.{head}.width": "8",
        "train.category.test": "0.25",
    }
    app = trained(open_page("train", **recording, **address))
    assert not app.exception
    assert not app.error
    assert "of 3 kept" in texts(app)
    assert not [widget for widget in app.multiselect if widget.label == "Loss"]
    scores = app.dataframe[0].value
    assert set(scores["Head"]) >= {head, f"{head} (latent classifier)", "ridge (baseline)"}
    assert "The latent classifier learns from latents of the features" in texts(app)


def test_a_generative_head_without_text_says_what_to_do(recording):
    app = press(open_page("train", **recording, **{"train.head": "mopoe_vae"}), "Train ")
    app = until_done(app)
    assert not app.exception
    assert "reads no text. Expected an encoder that does" in texts(app)
    assert "features=V" in texts(app)


def test_a_test_set_of_one_category_says_why_it_has_no_top_1(recording):
    app = trained(open_page("train", **recording))
    assert "top-1 and top-5 need two or more" in texts(app)


def test_the_retrieved_images(recording, monkeypatch):
    shown = []
    monkeypatch.setattr(retrieved, "gallery", lambda tiles, **how: shown.append(tiles))
    app = open_page("train", **recording, **{"train.category.test": "0.25"})
    app.session_state["train.retrieved"] = True
    app = trained(app)
    assert not app.exception
    assert "responses retrieve the viewed image first among 20" in texts(app)
    worst = shown[-1]
    app.segmented_control(key="train.retrieved_order").set_value("best first").run()
    best = shown[-1]
    assert len(worst) == len(best) == retrieved.SHOWN * 6
    ranks = [float(tiles[0].group.split("rank ")[1].split()[0]) for tiles in (best, worst)]
    assert ranks[0] < ranks[1]
    assert best[0].caption == "viewed"
    assert sum("the viewed one" in tile.caption for tile in best) == retrieved.SHOWN


def upload(app, content):
    return app.file_uploader(key="train.upload").set_value(
        ("decoder.zip", content, "application/zip")
    )


def test_a_downloaded_decoder_is_imported_into_the_table(recording, stored):
    mlp, ridge = stored
    store.remove(mlp.key)
    store.remove(ridge.key)
    app = open_page("train", **recording)
    assert not app.dataframe
    app = upload(app, decoders.pack(ridge)).run()
    assert not app.exception
    (entry,) = decoders.entries()
    name = decoders.short_name(entry.key, "ridge")
    assert f"{name} of folder:mine, s1: in the table" in app.success[0].value.replace("\\", "")
    assert list(app.dataframe[-1].value["Decoder"]) == [name]
    assert list(app.dataframe[-1].value["State"]) == ["imported, not scored"]
    decoder_table.delete([entry.key])
    assert not app.run().dataframe
    app = upload(app, b"nothing").run()
    assert "no zip file" in app.error[0].value
    assert not app.success


def test_the_audit_shows_the_images_that_a_split_shares(recording):
    app = open_page("train", **recording, split="image")
    app.session_state["train.audit"] = True
    app = trained(app)
    assert not app.exception
    assert "are of a category that" in texts(app)
    assert "of the other set that shares this" in texts(app)


def test_a_deleted_decoder_can_be_trained_again(recording):
    app = trained(open_page("train", **recording))
    [entry] = [e for e in decoders.entries() if e.facts["config"]["head"] == "whitened_ridge"]
    decoder_table.delete([entry.key])
    app = app.run()
    assert not app.exception
    assert any(button.label.startswith("Train ") for button in app.button)


def test_settings_that_do_not_fit_are_told(recording, data_root):
    app = open_page("train", **recording, head="nothing", split="kfold", fold="99")
    assert not app.exception
    assert "There is no head nothing" in texts(app)


def test_neither_images_nor_embedding(data_root):
    write_folder(data_root, n=30, responses__s1=np.random.default_rng(0).standard_normal((30, 7)))
    app = open_page("train", recording="folder:mine")
    assert not app.exception
    assert "no precomputed embedding" in texts(app)


def test_studies_set_the_page():
    app = open_page("train", stimuli="240", subjects="1")
    app = press(app, "Study C")
    assert not app.exception
    assert app.selectbox(key="train.head").value == "roi_transformer"
    assert app.multiselect(key="train.loss").value == ["fuzzy"]
    assert app.number_input(key="train.batch").value == 200
    assert app.number_input(key="train.roi_transformer.depth").value == 6


def test_the_table_tells_what_a_decoder_is(recording, stored):
    mlp, _ = stored
    save_table(decoders.evaluate(mlp, permutations=20, resamples=20), mlp.key, "images")
    table = open_page("train", **recording).dataframe[-1].value.set_index("Head")
    first = ["Decoder", "Test two-way", "Validation two-way", "Audit"]
    app = open_page("train", **recording)
    assert list(app.dataframe[-1].value)[:4] == first
    assert set(table.index) == {"mlp", "ridge"}
    assert "Not listed: 1 baseline of the scores" in texts(app)
    listed = open_page("train", **recording, filter="baseline").dataframe[-1].value
    assert list(listed["Head"]) == ["linear"]  # which nobody trained
    told = table.loc["mlp"]
    assert told["Decoder"] == decoders.short_name(mlp.key, "mlp")
    assert (mlp.badge, told["Audit"]) == ("unchecked", "not checked")
    assert told["Settings"] == ("epochs 2, learning_rate 0.01, mlp.width 16, category.test 0.25")
    assert told["State"] == "scored"
    own = load_table(mlp.key).query("head == 'mlp' and measure == 'two-way'")
    assert told["Test two-way"] == pytest.approx(100 * own["value"].iloc[0], abs=0.05)
    assert told["Validation two-way"] == pytest.approx(100 * mlp.facts["two_way"], abs=0.05)
    assert table.loc["ridge"]["State"] == "not scored"
    assert pd.isna(table.loc["ridge"]["Test two-way"])
    assert table.loc["ridge"]["Settings"] == "category.test 0.25"


def test_the_filter_holds_every_word(recording, stored):
    app = open_page("train", **recording, filter="RIDGE category")
    assert list(app.dataframe[-1].value["Head"]) == ["ridge"]
    app = open_page("train", **recording, filter="ridge mlp")
    assert "Of 6 decoders none is shown" in texts(app)  # two of these settings, four examples
    assert "the filter is 'ridge mlp'" in texts(app)


def test_a_row_is_read_again_when_its_decoder_or_its_scores_change(stored):
    mlp, _ = stored
    before = row_named("mlp")
    assert row_named("mlp") is before
    save_table(decoders.evaluate(mlp, None, "images", False, 20, 20), mlp.key, "images")
    assert row_named("mlp").cells["State"] == "scored"
    save(replace(mlp, partial=True), "Mine")
    assert row_named("mlp").cells["State"] == "cancelled, not scored"


def test_a_damaged_decoder_can_be_deleted(recording, stored, tmp_path):
    mlp, ridge = stored
    (tmp_path / "results" / "store" / mlp.key / "result.json").write_text("{")
    [row] = [row for row in own_rows() if row.key == mlp.key]
    assert "cannot be read" in row.cells["State"]
    app = choose(open_page("train", **recording, only_here="false"), row)
    assert not app.exception
    app = press(app, "Delete 1 decoder").button(key="train.delete").click().run()
    assert [row.key for row in own_rows()] == [ridge.key]


def test_decoders_of_other_options_are_not_of_this_recording():
    given = {"stimuli": 80, "subjects": 2}
    ds = datasets.load("simulated", "S2", **given)
    options = {name: list(v) if isinstance(v, tuple) else v for name, v in ds.options.items()}
    of = Config("simulated", ("S2",), options)
    several = replace(of, subjects=("S1", "S2"), head="clip_mused", head_parameters={})
    others = [
        replace(of, options={**options, "stimuli": 70}),
        replace(of, subjects=("S1",)),
        replace(of, dataset="folder:mine"),
    ]
    rows = [described.Row("", "", 0.0, config) for config in (of, several, *others)]
    assert [described.is_here(row, ds) for row in rows] == [True, True, False, False, False]


def test_a_baseline_of_several_subjects_is_told_apart():
    baseline = Config("simulated", ("S1",), divided=("S1", "S2"), split="category")
    assert described.in_words(described.changed(baseline)) == "divided S1 + S2"


def test_a_deletion_is_confirmed_and_leaves_nothing_selected(recording, stored):
    mlp, ridge = stored
    app = choose(open_page("train", **recording), row_named("mlp"))
    app = press(app, "Delete 1 decoder")
    assert f"**mlp-{mlp.key[-6:]}**, MLP, trained 20" in [m.value for m in app.markdown][-1]
    said = f"Started by another session or on the command line: mlp-{mlp.key[-6:]}."
    assert said in [warning.value for warning in app.warning]
    app = app.button(key="train.keep").click().run()
    assert len(own_rows()) == 2
    app = press(app, "Delete 1 decoder").button(key="train.delete").click().run()
    assert not app.exception
    assert [row.key for row in own_rows()] == [ridge.key]
    assert list(app.dataframe[-1].value["Head"]) == ["ridge"]
    assert "Select one decoder" in texts(app)


def test_a_decoder_is_of_the_session_that_trained_it(recording):
    app = trained(open_page("train", **recording))
    own = app.session_state["own_session"]
    assert {row.session for row in own_rows()} == {own}  # its baselines too
    app = press(choose(app, row_named("whitened_ridge")), "Delete 1 decoder")
    assert not [each for each in app.warning if "another session" in each.value]
    again = open_page("train", **recording)
    again = press(choose(again, row_named("whitened_ridge")), "Delete 1 decoder")
    assert [each for each in again.warning if "another session" in each.value]


def test_a_decoder_is_opened_and_asked_for_with_another_seed(recording, stored):
    app = choose(open_page("train", **recording), row_named("mlp"))
    app = press(app, "Open")
    assert not app.exception
    assert app.selectbox(key="train.head").value == "mlp"
    assert app.number_input(key="train.mlp.width").value == 16
    app = press(app, "Again with seed 1")
    assert app.number_input(key="random_seed").value == 1


def test_chosen_decoders_are_compared(recording, stored):
    mlp, _ = stored
    other = changed(mlp, 1, config=replace(mlp.config, loss=("mse",), seed=3))
    for run in (mlp, other):
        table = decoders.evaluate(mlp, None, "images", False, 20, 20)
        save_table(table, run.key, "images")
    app = choose(open_page("train", **recording), *own_rows())
    assert not app.exception
    names = [decoders.short_name(run.key, "mlp") for run in (mlp, other)]
    assert "Loss curves are not compared, for the losses differ" in texts(app)
    assert f"Without a curve, for there were no epochs: {row_named('ridge').name}" in texts(app)
    assert f"Not scored yet, open to score: {row_named('ridge').name}" in texts(app)
    scores, settings = (app.dataframe[place].value for place in (-2, -1))
    assert set(scores) == {"Measure", *names, "Chance"}
    assert list(scores["Measure"][:2]) == ["audit of the split", "top-1"]
    assert " to " in scores[names[0]].iloc[1]
    told = settings.set_index("Setting")[names]
    assert list(told.loc["Seed"]) == ["0", "3"]
    assert list(told.loc["Loss"]) == ["infonce", "mse"]
    assert "epochs" in told.index  # which ridge has not
    assert not {"ROIs", "batch"} & set(told.index)


def test_loss_curves_of_the_same_loss_are_compared(recording, stored):
    mlp, _ = stored
    changed(mlp, 1, config=replace(mlp.config, seed=3))
    both = [row for row in own_rows() if row.config.head == "mlp"]
    app = choose(open_page("train", **recording), *both)
    assert len(app.get("plotly_chart")) == 2
    assert "the losses differ" not in texts(app)


def test_a_split_that_leaks_is_told_above_the_scores(recording):
    app = trained(open_page("train", **recording))
    run = decoders.load(row_named("whitened_ridge").key)
    audit = [{**run.audit[0], "level": "red", "message": "Images are on both sides."}]
    save(replace(run, audit=audit), "Mine")
    app = until_done(app.run())
    assert f"{result.LEAK} Images are on both sides" in app.error[0].value
    assert "token" not in decoder_runs.summary(run)
    assert "Whitened ridge" in decoder_runs.summary(run)
    assert app.dataframe[-1].value.set_index("Head").loc["whitened_ridge"]["Audit"] == "red"
    told = decoder_scores.csv_of(
        datasets.load("folder:mine"), replace(run, audit=audit), load_table(run.key)
    )
    assert list(told)[:4] == ["decoder", "dataset", "simulated", "badge"]
    name = row_named("whitened_ridge").name
    assert list(told.iloc[0])[:4] == [name, "folder:mine", False, "red"]


def test_a_training_that_diverged_says_so(recording):
    address = {"head": "mlp", "train.epochs": "2", "train.mlp.width": "16"}
    app = trained(open_page("train", **recording, **address))
    assert "diverged" not in texts(app)
    run = decoders.load(row_named("mlp").key)
    stopped = "the loss is not a number in epoch 3, step 1; earlier weights are kept"
    save(replace(run, facts={**run.facts, "stopped": stopped}), "Mine")
    app = until_done(app.run())
    assert "diverged: the loss is not a number in epoch 3, step 1." in app.warning[0].value
    assert "Lower the learning rate (it was 0.001)" in app.warning[0].value
    assert app.dataframe[-1].value.set_index("Head").loc["mlp"]["State"] == "diverged"


def scored(differences=None, **values):
    """A table of scores: heads by name, (value, low, high) of two-way, top-1 half of it.

    ``differences`` by baseline: (difference, low, high, p).
    """
    lacking = (np.nan,) * 4
    rows = [
        {
            "head": head,
            "protocol": protocol,
            "measure": measure,
            "value": share * value,
            "low": share * low,
            "high": share * high,
            "p": 0.2 if head == "unsure" else 0.01,
            "permuted": "categories",
            "resampled": "categories",
            "categories": 20,
            **dict(zip(DIFFERENCE, (differences or {}).get(head, lacking), strict=True)),
        }
        for head, (value, low, high) in values.items()
        for protocol, part in (("averaged repeats", 1.0), ("single trials", 0.9))
        for measure, share in (("top-1", 0.5 * part), ("two-way", part))
    ]
    return pd.DataFrame(rows)


BASELINES = {
    "ridge (baseline)": (0.7, 0.68, 0.72),
    "linear (baseline)": (0.6, 0.58, 0.62),
}
ABOVE, BELOW, LEVEL = (0.1, 0.05, 0.15, 0.001), (-0.1, -0.15, -0.05, 0.001), (0.1, -0.1, 0.3, 0.3)


@pytest.mark.parametrize(
    ("ridge", "linear", "standing"),
    [
        (ABOVE, ABOVE, "better"),
        (ABOVE, LEVEL, "no difference seen"),
        (LEVEL, LEVEL, "no difference seen"),
        (BELOW, LEVEL, "worse"),
        (BELOW, ABOVE, "worse"),
    ],
)
def test_a_verdict_heeds_every_paired_difference(ridge, linear, standing):
    differences = {"ridge (baseline)": ridge, "linear (baseline)": linear}
    table = scored(differences, mlp=(0.8, 0.75, 0.85), **BASELINES)
    found = verdicts(table, "mlp", "averaged repeats")
    assert [one.measure for one in found] == ["two-way", "top-1"]
    assert [one.standing for one in found] == [standing] * 2
    assert [one.baseline for one in found[0].baselines] == ["ridge", "linear"]
    assert found[0].baselines[0].value == 0.7
    assert (found[0].permuted, found[0].resampled) == ("20 categories", "20 categories")
    assert all(one.is_above_chance for one in found)


def test_a_verdict_is_of_the_protocol_shown():
    [found, _] = verdicts(scored(mlp=(0.8, 0.7, 0.9), **BASELINES), "mlp", "single trials")
    assert (found.value, found.baselines[0].value) == pytest.approx((0.72, 0.63))


def test_a_verdict_knows_chance():
    found = verdicts(scored(unsure=(0.51, 0.4, 0.6)), "unsure", "averaged repeats")
    assert not any(one.is_above_chance for one in found)
    assert [one.baselines for one in found] == [(), ()]


def test_a_verdict_on_several_subjects_takes_the_mean_of_the_baselines():
    of_subjects = {
        "ridge, S1 (baseline)": (0.9, 0.8, 1.0),
        "ridge, S2 (baseline)": (0.5, 0.4, 0.6),
        "linear, S1 (baseline)": (0.8, 0.7, 0.9),
        "linear, S2 (baseline)": (0.64, 0.5, 0.7),
    }
    table = scored(dict.fromkeys(of_subjects, ABOVE), mlp=(0.8, 0.75, 0.85), **of_subjects)
    [found, _] = verdicts(table, "mlp", "averaged repeats")
    assert [(each.baseline, each.subjects) for each in found.baselines] == [
        ("linear", 2),
        ("ridge", 2),
    ]
    assert [each.value for each in found.baselines] == pytest.approx([0.72, 0.7])
    assert found.standing == "better"


def test_a_verdict_is_worded():
    differences = {"ridge (baseline)": LEVEL, "linear (baseline)": BELOW}
    table = scored(differences, unsure=(0.7, 0.65, 0.75), **BASELINES)
    chance, baselines = decoder_scores.in_sentences(verdicts(table, "unsure", "averaged repeats"))
    assert chance.startswith("Not above chance: two-way 70.0% (p = 0.200), top-1 35.0% (p =")
    assert baselines.splitlines()[0].rstrip() == (
        "**two-way** 70.0% (65.0% to 75.0%, over 20 categories): no difference seen from ridge "
        "(70.0%; difference 10.0%, -10.0% to 30.0%, p = 0.300); worse than linear (60.0%; "
        "difference -10.0%, -15.0% to -5.0%, p = 0.001)."
    )


EXAMPLES = ["linear", "whitened_ridge", "ridge", "mlp"]


def select(app, *rows):
    app.session_state[decoder_table.key_of_table(described.every())] = {
        "selection": {"rows": list(rows)}
    }
    return app.run()


def test_the_first_start_shows_a_decoder_and_its_scores_without_a_job():
    app = open_page("train", recording="simulated")
    assert not app.exception
    assert "solved in closed form" in texts(app)
    assert "No decoder was trained yet" not in texts(app)
    assert not [button for button in app.button if button.label.startswith("Train ")]
    measures = app.dataframe[0].value
    baselines = {"ridge (baseline)", "linear (baseline)"}
    controls = {"pixels alone (control)", "ridge to pixels (control)"}
    assert set(measures["Head"]) == {"whitened_ridge", *baselines, *controls}
    table = app.dataframe[-1].value
    assert list(table["Head"]) == EXAMPLES
    assert set(table["State"]) == {"example"}
    assert table["Test two-way"].between(90, 100).all()
    assert jobs.all_jobs() == []
    assert store.entries() == []


def test_another_seed_is_trained():
    app = open_page("train", recording="simulated", random_seed="1")
    assert [button for button in app.button if button.label.startswith("Train ")]
    assert "solved in closed form" not in texts(app)


def test_examples_are_opened_and_compared_but_not_deleted():
    app = select(open_page("train", recording="simulated"), 3)
    assert not [button for button in app.button if button.label.startswith("Delete")]
    app = press(app, "Open")
    assert not app.exception
    assert app.selectbox(key="train.head").value == "mlp"
    assert app.multiselect(key="train.loss").value == ["fuzzy"]
    about = decoders.examples()[3].facts["about"]
    assert f"epoch {about['best_epoch']} of {about['epochs']} kept" in texts(app)
    app = select(app, 0, 1, 2, 3)
    assert not app.exception
    assert [list(frame.value) for frame in app.dataframe if "Measure" in frame.value][-1] == [
        "Measure",
        *(row.name for row in described.every()),
        "Chance",
    ]


def test_examples_of_another_recording_are_counted_where_the_table_is_empty(recording):
    assert "Of 4 examples none is shown" in texts(open_page("train", **recording))
    app = open_page("train", **recording, only_here="false")
    assert list(app.dataframe[-1].value["Head"]) == EXAMPLES


def test_a_decoder_of_the_same_key_goes_before_the_example():
    [example, *_] = decoders.examples()
    save(replace(decoders.load(example.key), partial=True), "Mine")
    rows = {row.key: row for row in described.every()}
    assert len(rows) == 4
    assert not rows[example.key].is_example
    assert rows[example.key].cells["State"] == "cancelled, not scored"
    decoder_table.delete([example.key])
    assert {row.is_example for row in described.every()} == {True}


def test_without_examples_the_table_says_that_there_is_none(recording, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_READY", str(tmp_path / "none"))
    assert "No decoder was trained yet" in texts(open_page("train", **recording))


def test_what_a_decoder_goes_without_is_said_of_its_rois(data_root):
    def lose(responses, embeddings, tested):
        responses[:, 3] = responses[5, 20] = np.nan

    planted.save(change=lose)
    app = open_page("train", recording=planted.NAME, roi="A", encoder="precomputed:truth")
    assert not app.exception
    assert r"s1: A\: 1 unit left out (3)." in texts(app)
    app = open_page("train", recording=planted.NAME, roi="B", encoder="precomputed:truth")
    assert r"s1: B\: 1 of 216 trials left out; 1 stimulus without a usable response." in texts(app)


def test_beside_the_scores_stands_how_much_of_the_units_is_signal(recording, stored):
    ds = datasets.load(recording["recording"])
    run = decoders.load(row_named("ridge").key)
    words = describe_units(run, units_used(run, ds))
    assert words == "20 of 20 units used; without repeats there is no noise ceiling."
    again = changed(run, 1, config=replace(run.config, training={"noise_ceiling": 30}))
    assert "30 % or more over the training images" in describe_units(again, units_used(again, ds))
