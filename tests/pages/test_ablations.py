"""The page Ablations: presets, settings to vary, the table live and done, rows that open."""

import re

import numpy as np
import pytest

from core import ablations, decoders, jobs
from core.ablations import AblationRequest, job
from core.errors import Cancelled
from core.progress import silent
from pages.shared.ablations import rows
from pages.shared.decoders import described
from tests.pages.app import open_page, texts, until_done, write_folder

N, D, V = 80, 6, 20
HEADS = {
    "setting_1": "head",
    "ablations.values.head": ["ridge", "linear"],
    "setting_2": "epochs",
    "ablations.values.epochs": "2, 3",
    "seeds": "2",
}


@pytest.fixture
def recording(data_root):
    """A planted linear recording of eight categories with an embedding of its own."""
    rng = np.random.default_rng(0)
    category = np.arange(N) % 8
    embedding = rng.standard_normal((8, D))[category] + 0.3 * rng.standard_normal((N, D))
    folder = write_folder(data_root, n=N)
    for subject in ("s1", "s2"):
        noise = 0.5 * rng.standard_normal((N, V))
        responses = embedding @ rng.standard_normal((D, V)) + noise
        np.save(folder / "responses" / f"{subject}.npy", responses)
    rows = "".join(f"p{i},kind {category[i]}\n" for i in range(N))
    (folder / "stimuli.csv").write_text("id,category\n" + rows)
    (folder / "embeddings").mkdir()
    np.save(folder / "embeddings" / "mine.npy", embedding.astype(np.float32))
    return {"recording": "folder:mine"}


def press(app, label):
    return next(button for button in app.button if button.label.startswith(label)).click().run()


def done(recording, **settings):
    return until_done(press(open_page("ablations", **recording, **settings), "Train "))


def request_of(app):
    [only] = jobs.all_jobs()
    return AblationRequest.from_json(only.request)


def test_nothing_starts_by_itself(recording):
    app = open_page("ablations", **recording)
    assert "Choose a preset, or a setting to vary" in texts(app)
    assert not jobs.all_jobs()
    assert any(
        re.fullmatch(r"Table 2, small: \d+ decoders?, (about|a few) .*", button.label)
        for button in app.button
    )
    app = open_page("ablations", **recording, **HEADS)
    assert not app.exception
    assert any(re.fullmatch(r"Train 6 decoders, (about|a few) .*", b.label) for b in app.button)
    assert not jobs.all_jobs()


def test_rows_are_trained_compared_and_told(recording):
    app = done(recording, **HEADS)
    assert not app.exception
    assert not app.error
    table = app.dataframe[0].value
    assert list(table["Head"]) == ["ridge", "linear", "linear"]
    assert list(table["Epochs"]) == ["–", "2", "3"]
    assert set(table["Done"]) == {"2 of 2 decoders"}
    assert set(table["n"]) == {"2 seeds"}
    assert "best mean" in set(table["Difference to the best (95 %)"])
    request = request_of(app)
    cells = ablations.so_far(jobs.all_jobs()[0].folder)
    compared = ablations.compare(request.ablation, cells, "averaged repeats", "two-way")
    mean = np.mean(
        [
            s["value"]
            for c in cells
            if c["row"] == 1
            for s in c["scores"]
            if s["measure"] == "two-way"
        ]
    )
    assert compared.table["mean"][1] == pytest.approx(mean)
    assert "No difference seen beyond the noise" in texts(app)
    assert "**Settings**" in texts(app)
    assert len(decoders.entries()) == 6


def test_a_row_opens_on_page_train(recording):
    app = done(recording, **HEADS)
    key = rows.key_of_table(request_of(app).ablation)
    app.session_state[key] = {"selection": {"rows": [2]}}
    app = press(app.run(), "s1, seed 1")
    assert not app.exception
    assert app.title[0].value == "Train"
    assert app.selectbox(key="train.head").value == "linear"
    assert app.number_input(key="random_seed").value == 1
    stored = {entry.key for entry in decoders.entries()}
    app.switch_page("pages/train.py")  # the app has; AppTest would go back
    assert "of 3 kept" in texts(until_done(app))
    assert {entry.key for entry in decoders.entries()} == stored


def test_a_row_opens_on_page_retrieval(recording):
    app = done(recording, **HEADS)
    app.session_state[rows.key_of_table(request_of(app).ablation)] = {"selection": {"rows": [1]}}
    app.run().segmented_control(key="ablations.open_on").set_value("Retrieval")
    app = press(app.run(), "s1, seed 1")
    assert not app.exception
    assert app.title[0].value == "Retrieval"
    [name] = app.multiselect(key="retrieval.decoder").value
    config = next(row.config for row in described.every() if name.startswith(row.name))
    assert (config.head, config.training["epochs"], config.seed) == ("linear", 2, 1)


def test_a_row_in_closed_form_opens_too(recording):
    app = done(recording, **HEADS)
    app.session_state[rows.key_of_table(request_of(app).ablation)] = {"selection": {"rows": [0]}}
    app = press(app.run(), "s1, seed 1")
    app.switch_page("pages/train.py")
    assert "solved in closed form" in texts(until_done(app))


def test_what_a_cancelled_job_has_done_is_shown(recording, monkeypatch):
    app = press(open_page("ablations", **recording, **HEADS), "Train ")
    [only] = jobs.all_jobs()
    trained = []

    def train(config, progress, **how):
        if len(trained) == 3:
            raise Cancelled
        trained.append(config)
        return decoders.train(config, silent)

    with monkeypatch.context() as patch:
        patch.setattr(job, "train", train)
        app = until_done(app)
    assert only.status == "cancelled"
    assert "3 of 6 decoders done" in texts(app)
    assert "Best so far" in texts(app)
    assert list(app.dataframe[0].value["Done"]) == ["1 of 2 decoders"] * 3
    app = until_done(press(app, "Resume"))
    assert "so far" not in texts(app)
    assert set(app.dataframe[0].value["Done"]) == {"2 of 2 decoders"}


def test_a_row_that_fails_says_why_and_the_others_are_shown(recording):
    settings = {"setting_1": "rois", "ablations.values.rois": "nowhere, ", "seeds": "1"}
    settings |= {"setting_2": "head", "ablations.values.head": ["ridge"]}
    app = done(recording, **settings)
    assert "1 decoder of 1 failed" in texts(app)
    assert "nowhere" in app.dataframe[0].value["Failed"][0]


def test_a_single_seed_has_no_p(recording):
    shown = done(recording, **{**HEADS, "seeds": "1"}).dataframe[0].value
    assert set(shown["p (Holm)"]) == {"–"}
    assert set(shown["n"]) == {"1 seed"}


def test_subjects_are_replicates(recording):
    settings = {**HEADS, "ablations.values.head": ["ridge"], "ablations.subjects": ["s1", "s2"]}
    app = done(recording, **settings)
    assert set(app.dataframe[0].value["n"]) == {"2 subjects"}
    assert "of subjects" in texts(app)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"setting_1": "batch", "ablations.values.batch": "1"}, "batch is 1."),
        ({"setting_1": "batch", "ablations.values.batch": "many"}, "batch is 'many'"),
        ({"setting_1": "batch", "ablations.values.batch": "8, 8"}, "8 twice"),
        ({"setting_1": "colour"}, "There is no setting colour"),
        ({"base": "nobody"}, "Begin with has no nobody"),
    ],
)
def test_bad_values_say_so_in_one_line(recording, settings, message):
    app = open_page("ablations", **recording, **settings)
    assert not app.exception
    assert message in texts(app).replace("\\", "")


def test_the_preset_of_table_3_sets_its_24_rows():
    app = open_page("ablations", stimuli="120", subjects="2")
    app = press(app, "Table 3, small")
    assert not app.exception
    assert not app.error
    assert any(button.label.startswith("Train 72 decoders, about") for button in app.button)
    app = press(app, "Table 3, published")
    [start] = [button.label for button in app.button if button.label.startswith("Train ")]
    assert start.startswith("Train 24 decoders, about")
    assert start.endswith(" hours")
    app = press(app, "Table 2, small")
    assert app.selectbox(key="ablations.setting_2").value is None
    assert "clip-small" in app.multiselect(key="ablations.values.encoder").value


def test_a_trained_decoder_is_what_others_begin_with(recording):
    done(recording, **HEADS)
    linear = next(e for e in decoders.entries() if e.facts["config"]["training"]["epochs"] == 3)
    name = decoders.short_name(linear.key, linear.facts["config"]["head"])
    app = open_page(
        "ablations",
        **recording,
        base=name,
        setting_1="batch",
        **{"ablations.values.batch": "8, 16"},
    )
    app = press(app, "Train ")
    base = next(j for j in jobs.all_jobs() if j.status == "queued").request["base"]
    assert (base["training"]["epochs"], base["head"]) == (3, "linear")


@pytest.mark.parametrize("value", ["1e999", "inf", "999", "many"])
def test_seeds_out_of_range_are_left_out(value):
    app = open_page("ablations", seeds=value)
    assert not app.exception
    assert app.number_input(key="ablations.seeds").value == 3
