"""The page Train: settings, a run with its scores and audit, the table of runs."""

import numpy as np
import pytest

from core import decoders, store
from pages.shared import decoder_finds, decoder_runs
from tests.pages.test_page_clusters import until_done
from tests.pages.test_pages import open_page, texts, write_folder

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
    return {"dataset": "folder:mine"}


def press(app, label):
    return next(button for button in app.button if button.label.startswith(label)).click().run()


def trained(app):
    """Train, then score: two jobs."""
    return until_done(until_done(press(app, "Train ")))


def test_ridge_is_trained_and_scored(recording):
    app = trained(open_page("train", **recording, **{"category.test": "0.25"}))
    assert not app.exception
    assert not app.error
    assert "solved in closed form" in texts(app)
    assert "8 checks made" in texts(app)
    scores = app.dataframe[0].value
    assert list(scores["Measure"][:2]) == ["top-1", "top-1"]
    assert set(scores["Head"]) == {"ridge", "linear (baseline)"}
    two_way = scores[(scores["Measure"] == "two-way") & (scores["Head"] == "ridge")]["Value"]
    assert float(two_way.iloc[0].rstrip("%")) > 60
    configs = [entry.facts["config"] for entry in decoders.entries()]
    assert {config["head"] for config in configs} == {"ridge", "linear"}
    assert {config["split"] for config in configs} == {"category"}


def test_a_head_has_curves_settings_and_a_verdict(recording):
    address = {"head": "mlp", "train.epochs": "3", "mlp.width": "16", "loss": ["infonce", "mse"]}
    app = trained(open_page("train", **recording, **address))
    assert not app.exception
    assert not app.error
    assert "of 3 kept" in texts(app)
    [entry] = [e for e in decoders.entries() if e.facts["config"]["head"] == "mlp"]
    config = entry.facts["config"]
    assert [term[0] for term in config["loss"]] == ["infonce", "mse"]
    assert config["head_parameters"]["width"] == 16
    assert len(entry.facts["curve"]) == 3


def test_a_test_side_of_one_category_says_why_it_has_no_top_1(recording):
    app = trained(open_page("train", **recording))
    assert "top-1 and top-5 need two or more" in texts(app)


def test_the_pictures_behind_the_scores(recording, monkeypatch):
    shown = []
    monkeypatch.setattr(decoder_finds, "gallery", lambda tiles, **how: shown.append(tiles))
    app = open_page("train", **recording, **{"category.test": "0.25"})
    app.session_state["finds"] = True
    app = trained(app)
    assert not app.exception
    assert "responses find their own picture first among 20" in texts(app)
    worst = shown[-1]
    app.segmented_control(key="finds_order").set_value("best first").run()
    best = shown[-1]
    assert len(worst) == len(best) == decoder_finds.SHOWN * 6
    ranks = [float(tiles[0].group.split("rank ")[1].split()[0]) for tiles in (best, worst)]
    assert ranks[0] < ranks[1]
    assert best[0].caption == "viewed"
    assert sum("the viewed one" in tile.caption for tile in best) == decoder_finds.SHOWN


def test_a_downloaded_decoder_is_imported_into_the_table(recording):
    trained(open_page("train", **recording))
    [entry] = [one for one in decoders.entries() if one.facts["config"]["head"] == "ridge"]
    packed = decoders.pack(decoders.load(entry.key))
    store.remove(entry.key)
    app = open_page("train", **recording)
    upload = app.file_uploader(key="decoder_upload")
    app = upload.set_value(("decoder.zip", packed, "application/zip")).run()
    assert not app.exception
    assert "in the table" in app.success[0].value
    assert "ridge" in set(app.dataframe[-1].value["Head"])
    app = upload.set_value(("decoder.zip", b"nothing", "application/zip")).run()
    assert "no zip file" in app.error[0].value


def test_the_audit_shows_the_pictures_that_a_split_shares(recording):
    app = open_page("train", **recording, split="image")
    app.session_state["audit"] = True
    app = trained(app)
    assert not app.exception
    assert "are of a category that" in texts(app)
    assert "each followed by one of the other side" in texts(app)


def test_a_deleted_decoder_can_be_trained_again(recording):
    app = trained(open_page("train", **recording))
    [entry] = [e for e in decoders.entries() if e.facts["config"]["head"] == "ridge"]
    decoder_runs.delete([entry.key])
    app = app.run()
    assert not app.exception
    assert any(button.label.startswith("Train ") for button in app.button)


def test_settings_that_do_not_fit_are_told(recording, data_root):
    app = open_page("train", **recording, head="nothing", split="kfold", fold="99")
    assert not app.exception
    assert "There is no head nothing" in texts(app)


def test_neither_pictures_nor_embedding(data_root):
    write_folder(data_root, n=30, responses__s1=np.random.default_rng(0).standard_normal((30, 7)))
    app = open_page("train", dataset="folder:mine")
    assert not app.exception
    assert "brings no embedding" in texts(app)


def test_studies_set_the_page():
    app = open_page("train", stimuli="240", subjects="1")
    app = press(app, "Study C")
    assert not app.exception
    assert app.selectbox(key="head").value == "roi_transformer"
    assert app.multiselect(key="loss").value == ["fuzzy"]
    assert app.number_input(key="train.batch").value == 200
    assert app.number_input(key="roi_transformer.depth").value == 6
