"""The page Zero-shot: answers, curves, confusions and scores of a decoder."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from core import decoders, encoders, paths, zero_shot
from core.decoders import Config
from core.paths import PROJECT
from core.words import p_number
from core.zero_shot import ZeroShotRequest
from pages.shared.decoders import choose
from pages.shared.zero_shot import results as shown
from tests.pages.app import computed, open_page, texts, write_folder

N, D, V = 96, 6, 20
NAMES = ("dog", "cat", "car", "bus", "tree", "house", "violin", "cup")
ABOVE = ("animal", "animal", "vehicle", "vehicle", "", "building", "", "building")


@pytest.fixture
def recording(data_root):
    """Eight categories of twelve images, three repeats, with an embedding of its own."""
    rng = np.random.default_rng(0)
    category = np.arange(N) % 8
    embedding = rng.standard_normal((8, D))[category] + 0.5 * rng.standard_normal((N, D))
    truth = rng.standard_normal((D, V))
    responses = np.concatenate(
        [embedding @ truth + 4 * rng.standard_normal((N, V)) for _ in range(3)]
    )
    folder = write_folder(data_root, n=N, responses__s1=responses)
    rows = "".join(f"p{i},{NAMES[c]},{ABOVE[c]}\n" for i, c in enumerate(category))
    (folder / "stimuli.csv").write_text("id,category,supercategory\n" + rows)
    trials = "".join(f"p{i}\n" for _ in range(3) for i in range(N))
    (folder / "responses" / "s1.csv").write_text("id\n" + trials)
    (folder / "embeddings").mkdir()
    np.save(folder / "embeddings" / "mine.npy", embedding.astype(np.float32))
    return folder


def config(head="ridge", **changes):
    settings = {
        "dataset": "folder:mine",
        "subjects": ("s1",),
        "encoder": "precomputed:mine",
        "head": head,
        "split": "category",
        "split_parameters": {"test": 0.6},
    }
    return Config(**settings | changes)


@pytest.fixture
def run(recording):
    return decoders.train(config(), device="cpu")


def opened(**settings):
    """The page once its jobs are done: the analysis, then the scores."""
    return computed(open_page("zero_shot", recording="folder:mine", **settings))


def frames(app):
    return [frame.value for frame in app.dataframe]


def button(app, label):
    return next(one for one in app.button if one.label.startswith(label))


def empty(app, cells, counts):
    """Choose a cell without responses."""
    row, column = np.argwhere(counts.counts == 0)[0]
    cells[0].set_value(counts.names[row])
    app = cells[1].set_value(counts.names[column]).run()
    assert f"nearest to {counts.names[column]}**: 0 responses to 0 images" in texts(app)
    return app


def test_the_answer_comes_first_with_what_it_is_worth(run):
    app = opened()
    assert not app.exception
    analysis = zero_shot.load(ZeroShotRequest.of(run).key())
    row = analysis.at("averaged repeats", "images", 2)
    said = texts(app)
    assert f"Picks the right one of two images in {100 * row['value']:.0f} of 100**" in said
    assert re.search(
        r"chance 50 \(95 % interval \d+\.\d% to \d+\.\d% over \d+ categories; p [=<] ", said
    )
    categories = int(row["categories"])
    assert f"Picks the right one of {categories} categories in" in said
    assert re.search(rf"over {categories} categories; p [=<] 0\.\d+, categories permuted", said)
    assert "Picks the right one of 7" not in said
    app.select_slider(key="zero_shot.n").set_value(7).run()
    assert "Picks the right one of 7 images" in texts(app)
    app.select_slider(key="zero_shot.n").set_value(300).run()
    assert "1 of 300 needs 300 test images with a response; here are fewer." in texts(app)
    app.selectbox(key="zero_shot.protocol").set_value("single trials").run()
    assert f"{3 * int(row['n']):,} responses" in texts(app)


def test_the_table_is_that_of_the_command_line(run):
    app = opened()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "core", "evaluate", run.key, "--json"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=environment,
        check=True,
    )
    expected = pd.DataFrame(json.loads(done.stdout)["scores"])
    averaged = expected[expected["protocol"] == "averaged repeats"]
    table = frames(app)[0]
    assert len(table) == len(averaged)
    assert set(table["Head"]) == {"ridge", "linear (baseline)"}
    for row in averaged.to_dict("records"):
        (own,) = table[
            (table["Head"] == row["head"]) & (table["Measure"] == row["measure"])
        ].to_dict("records")
        number = "{:.1f}" if row["measure"] == "median-rank" else "{:.1%}"
        low, high = (number.format(row[end]) for end in ("low", "high"))
        assert own["Value"] == number.format(row["value"])
        assert own["Chance"] == number.format(row["chance"])
        assert own["95 % interval"] == f"{low} to {high}"
        assert own["p"] == p_number(row["p"])
        counts = (own["n"], own["Candidates"], own["Images"])
        assert counts == (row["n"], row["candidates"], row["images"])
        assert own["Permuted"] == f"{row[row['permuted']]} {row['permuted']}"
    assert {"image top-1", "image top-5", "top-1"} <= set(table["Measure"])


def test_a_cell_opens_its_images(run):
    app = opened()
    analysis = zero_shot.load(ZeroShotRequest.of(run).key())
    answers = analysis.answers[analysis.answers["protocol"] == "averaged repeats"]
    levels = zero_shot.levels_of(answers)
    if len(levels) > 1:
        app.segmented_control(key="zero_shot.level").set_value("category").run()
    counts = zero_shot.confusion(answers, "category")
    row, column = counts.most_confused
    names = counts.names[row], counts.names[column]
    wrong = answers[answers["category"] != answers["predicted"]]
    assert counts.counts[row, column] == wrong.groupby(["category", "predicted"]).size().max()
    cells = [app.selectbox(key=f"zero_shot.category_{end}") for end in ("seen", "nearest")]
    assert tuple(cell.value for cell in cells) == names
    assert f"**Seen {names[0]}, nearest to {names[1]}**" in texts(app)
    assert not any(b.label.startswith("Add these") for b in empty(app, cells, counts).button)
    app.selectbox(key="zero_shot.category_seen").set_value(names[0])
    app.selectbox(key="zero_shot.category_nearest").set_value(names[1]).run()
    rows = zero_shot.responses_of(answers, "category", *names)
    assert f"{len(rows)} responses to {rows['id'].nunique()} images" in texts(app)
    button(app, "Add these").click().run()
    assert f"**{rows['id'].nunique():,} of {N} stimuli selected**" in texts(app)


def test_prompts_stand_for_categories_where_the_encoder_reads_text(run, monkeypatch):
    assert "reads no text: only images can stand for categories" in texts(opened())
    rng = np.random.default_rng(1)
    get = encoders.get

    def reading(name):
        encoder = get(name)
        encoder.info = replace(encoder.info, has_text=True)
        return encoder

    monkeypatch.setattr(encoders, "get", reading)
    monkeypatch.setattr(
        encoders, "encode_text", lambda several, encoder: rng.normal(size=(len(several), D))
    )
    monkeypatch.setattr(encoders, "check_text", lambda several, encoder: ["It never saw a violin."])
    app = opened(prototypes="text prompts", prompts="a {}\nthe {}")
    assert not app.exception
    assert "It never saw a violin." in texts(app)
    request = ZeroShotRequest.of(run, "names", ("a {}", "the {}"))
    assert zero_shot.load(request.key()) is not None
    assert len(frames(app)) == 2
    app.text_area(key="zero_shot.prompts").set_value("a picture").run()
    assert "The prompt 'a picture' has no" in texts(app)
    assert len(frames(app)) == 1  # what was published stays
    app.text_area(key="zero_shot.prompts").set_value(" ").run()
    assert "A prompt is empty" in texts(app)


def test_images_are_identified_where_there_are_no_categories(recording):
    table = pd.read_csv(recording / "stimuli.csv")
    table[["id"]].to_csv(recording / "stimuli.csv", index=False)
    decoders.train(config(split="image", split_parameters={}), device="cpu")
    app = opened()
    assert not app.exception
    said = texts(app)
    assert "Picks the right one of two images" in said
    assert "categories in" not in said
    assert "fewer than two known categories" in said
    assert r"no known category\: top-1 and top-5 need two or more" in said
    assert {"image top-1", "image top-5"} <= set(frames(app)[0]["Measure"])


def test_without_a_decoder_the_page_says_what_to_do(recording):
    app = open_page("zero_shot", recording="folder:mine")
    assert not app.exception
    assert "train one on page Train" in texts(app)
    (published,) = frames(app)
    assert published["Method"].tolist()[-2:] == ["BrainSem", "MindEye1"]
    row = published.set_index("Method").loc["BrainSem"]
    assert (row["Top-1"], row["Chance"], row["Candidates"]) == ("25.6%", "2.0%", 50)
    assert "35 repeats averaged" in row["Responses"]


def test_a_decoder_that_cannot_be_used_is_one_line(run, recording):
    app = open_page("zero_shot", recording="folder:mine", decoder="mlp-000000, fuzzy")
    assert "There is no decoder here named mlp-000000, fuzzy" in texts(app)
    (recording / "embeddings" / "mine.npy").unlink()
    app = open_page("zero_shot", recording="folder:mine")
    assert not app.exception
    assert r"The embedding precomputed\:mine that the decoder was trained on is gone" in texts(app)
    assert len(frames(app)) == 1


def test_the_best_decoder_of_the_recording_comes_first(run):
    worse = decoders.train(config("linear", training={"epochs": 1, "batch": 8}), device="cpu")
    alone = decoders.train(config(divided=("s1",)), device="cpu")
    rows = choose.fitting(decoders.prepare(run.config).opened[0])
    assert alone.key not in {row.key for row in rows}
    assert {run.key, worse.key} == {row.key for row in rows}
    scores = [choose._two_way(row) for row in rows]
    assert scores == sorted(scores, reverse=True)
    names = [choose.name_of(row) for row in rows]
    assert {name.partition(", ")[2] for name in names} == {"closed form", "infonce"}


def test_draws_are_told_as_such():
    row = {"n_way": 300, "value": 0.25}
    curve = pd.DataFrame([{"protocol": "averaged repeats", "over": "images", **row}])
    analysis = zero_shot.ZeroShot(curve, pd.DataFrame(), {"averaged repeats": [0.2, 0.3] * 15})
    assert shown.in_draws(analysis, "averaged repeats").startswith(
        "1 of 300 images as in studies on NSD: mean of 30 draws 25.0%"
    )
    analysis.curve["images"] = 300
    assert "every draw is of all test images" in shown.in_draws(analysis, "averaged repeats")


def test_a_damaged_analysis_is_one_line_and_the_rest_works(run):
    assert len(frames(opened())) == 2
    key = ZeroShotRequest.of(run).key()
    (paths.results_root() / "store" / key / "result.json").write_text("{")
    st.cache_resource.clear()
    app = opened()
    (error,) = app.error
    assert "is damaged" in error.value
    assert len(frames(app)) == 2  # scores, and what was published


def test_an_empty_level_of_the_address_is_the_first_one():
    app = open_page("zero_shot", recording="simulated", **{"zero_shot.level": ""})
    assert not app.exception
    assert not app.error
    assert "responses are nearest to their own supercategory" in texts(app)
