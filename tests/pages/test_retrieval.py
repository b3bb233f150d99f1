"""The page Retrieval: one response after another, and the other way round."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core import decoders, jobs, paths, store
from core.decoders.runs import save
from core.decoders.scoring.score_table import save_table
from core.vectors import unit_rows
from pages.shared.decoders import choose, described
from pages.shared.head import share
from pages.shared.retrieval import answers, details
from pages.shared.retrieval.answers import rank_in_words
from tests.core.decoders import planted
from tests.pages.app import open_address, texts

HERE = {"recording": planted.NAME}


def opened(**settings):
    app = open_address("retrieval", {**HERE, **settings})
    assert not app.exception
    return app


def said(app):
    return texts(app).replace("\\", "")


@pytest.fixture
def run():
    planted.save(repeats=3, noise=2.0)
    return decoders.train(planted.config("ridge"))


def test_a_fresh_clone_answers_at_once_and_starts_no_work():
    app = open_address("retrieval", {})
    assert not app.exception
    assert not app.error
    words = said(app)
    assert "responses rank the seen image among the" in words
    assert "of 4,001 (chance 2,001)" in words
    assert "95 % interval" in words
    assert "The seen image is not in the gallery" in words
    assert "Simulated data" in words
    assert "units used; their median noise ceiling is" in words
    assert not jobs.all_jobs()
    assert not store.entries()


def test_the_gallery_that_is_chosen_is_the_one_that_is_searched():
    opened_first = {"retrieval.gallery": "gallery"}
    assert "of 4,001 (chance 2,001)" in said(open_address("retrieval", opened_first))
    words = said(open_address("retrieval", {"retrieval.gallery": "stimuli"}))
    assert "of 1,500 (chance 750)" in words
    assert "The seen image is in the gallery" in words


def test_a_decoder_that_was_trained_on_is_read_again(run):
    first = said(opened())
    state = {name: -array for name, array in run.state.items()}
    save(replace(run, state=state), "Mine")
    second = said(opened())
    assert "among the 1 best of 216" in first.replace("2 best", "1 best")
    assert "among the 1 best of 216" not in second.replace("2 best", "1 best")


def test_damaged_scores_are_one_line_and_the_rest_works(run):
    table = decoders.evaluate(run, baselines=False, permutations=2, resamples=2)
    key = save_table(table, run.key, "images")
    (paths.results_root() / "store" / key / "result.json").write_text("{")
    app = opened()
    (error,) = app.error
    assert "is damaged" in error.value
    assert "the 72 responses rank the seen image" in said(app)


def test_no_decoder_and_an_empty_address_are_said(run):
    assert "Choose a decoder." in said(opened(**{"retrieval.decoder": ""}))
    words = said(opened(**{"retrieval.what": "", "retrieval.query": "", "retrieval.way": ""}))
    assert "the 72 responses rank the seen image" in words


def test_one_test_image_is_told_without_numbers_that_are_none():
    planted.save(repeats=2, split=["train"] * (planted.PICTURES - 1) + ["test"])
    decoders.train(planted.config("ridge"))
    words = said(opened())
    assert "half of the 1 response rank the seen image" in words
    assert "Fewer than 10 images of the test set were repeated often enough." in words
    assert "No correlation: it needs three images" in words
    query = {"retrieval.query": "image", "retrieval.image": "p200"}
    assert "nan" not in said(opened(**{"retrieval.what": "responses", **query}))


def test_an_address_too_long_for_a_code_has_none():
    assert share.code(f"http://example.org/retrieval?retrieval.text={'a' * 3000}") is None


def test_words_that_the_shipped_clip_never_learned_get_a_note():
    app = open_address(
        "retrieval", {"retrieval.what": "responses", "retrieval.text": "a violin in the snow"}
    )
    assert not app.exception
    assert any("violin" in warning.value for warning in app.warning)
    assert "Predicted response to ‘a violin in the snow’" in said(app)


def test_the_rank_of_each_response_is_that_of_brute_force(run):
    words = said(opened())
    table = decoders.retrieved(run)
    data = decoders.prepare(run.config)
    images = int(np.isfinite(data.embeddings).all(axis=1).sum())
    assert f"of {images:,} (chance {(images + 1) / 2:,.0f})" in words
    assert f"the {len(table):,} responses" in words
    assert "The seen image is in the gallery" in words


def test_single_trials_and_their_averages_are_shown_beside_one_another(run, monkeypatch):
    rows = {}
    monkeypatch.setattr(details, "film", lambda shown, *, key, **how: rows.update({key: shown}))
    opened(**{"retrieval.response": "p150"})
    trials = rows["retrieval_trials"]
    assert [row.label.partition(":")[0] for row in trials] == [
        "trial 1",
        "trial 2",
        "trial 3",
        "mean of 2",
        "mean of 3",
    ]
    (training,) = rows["retrieval_training"]
    assert len(training.images) == 3
    data = decoders.prepare(run.config)
    unit = unit_rows(data.embeddings)
    nearest = data.fold.train[np.argmax(unit[data.fold.train] @ unit[150])]
    assert training.images[0].id == f"seen:p{nearest:03}"


def test_of_many_repeats_a_few_trials_and_doubling_averages_are_shown():
    numbers = {count: [place + 1 for place in details._doubling(count)] for count in (2, 3, 8, 35)}
    assert numbers == {2: [2], 3: [2, 3], 8: [2, 4, 8], 35: [2, 4, 8, 16, 32, 35]}


def test_a_response_of_the_address_is_shown_and_an_unknown_one_named(run):
    opened(**{"retrieval.response": "p190"})
    words = said(opened(**{"retrieval.response": "nothing"}))
    assert "The test set has no response to nothing" in words


def test_page_train_names_a_decoder_as_this_page_does(run):
    (row,) = [row for row in described.every() if row.key == run.key]
    assert choose.name_of_run(run) == choose.name_of(row)
    mlp = decoders.train(planted.config("mlp", loss=[("infonce", 1.0, {}), ("mse", 0.5, {})]))
    (row,) = [row for row in described.every() if row.key == mlp.key]
    assert choose.name_of_run(mlp) == choose.name_of(row)
    assert choose.name_of(row).endswith(", infonce + mse")


def test_two_decoders_stand_beside_one_another(run):
    other = decoders.train(planted.config("linear"))
    names = [
        f"{decoders.short_name(run.key, 'ridge')}, closed form",
        f"{decoders.short_name(other.key, 'linear')}, infonce",
    ]
    words = said(opened(**{"retrieval.decoder": names}))
    assert all(f"**{name.partition(',')[0]}**" in words for name in names)
    assert words.count(": 24 of 24 units used; their median noise ceiling is") == 2


def test_of_two_decoders_the_one_of_other_responses_is_named_and_the_other_shown(run):
    planted.save(repeats=3, noise=2.0, change=lambda x, e, t: x.__iadd__(5.0))
    other = decoders.train(planted.config("linear"))
    names = [
        f"{decoders.short_name(other.key, 'linear')}, infonce",
        f"{decoders.short_name(run.key, 'ridge')}, closed form",
    ]
    app = opened(**{"retrieval.decoder": names})
    (error,) = app.error
    assert "The training set is not the one that the decoder was trained on" in error.value
    assert decoders.short_name(other.key, "linear") in said(app)


def test_the_first_decoder_that_cannot_be_applied_leaves_the_second(run):
    planted.save(repeats=3, noise=2.0, change=lambda x, e, t: x.__iadd__(5.0))
    other = decoders.train(planted.config("linear"))
    names = [
        f"{decoders.short_name(run.key, 'ridge')}, closed form",
        f"{decoders.short_name(other.key, 'linear')}, infonce",
    ]
    app = opened(**{"retrieval.decoder": names})
    assert len(app.error) == 1
    assert f"**{decoders.short_name(other.key, 'linear')}**" in said(app)


def test_a_search_that_takes_long_waits_for_a_click(run, monkeypatch):
    monkeypatch.setattr(answers, "PRODUCTS_A_SECOND", 1e4)
    app = opened()
    assert "rank the seen image" not in said(app)
    (button,) = [button for button in app.button if button.label.startswith("Search 216 images")]
    assert "rank the seen image" in said(button.click().run())


def test_a_decoder_whose_embedding_is_gone_is_named_in_a_line(run):
    (paths.data_root() / "planted" / "embeddings" / "truth.npy").unlink()
    (error,) = opened().error
    assert (
        "The embedding precomputed\\:truth that the decoder was trained on is gone" in error.value
    )


@pytest.mark.parametrize("way", ["decoding", "encoding"])
def test_an_image_leads_to_the_responses_nearest_to_it(run, way):
    app = opened(
        **{
            "retrieval.what": "responses",
            "retrieval.query": "image",
            "retrieval.image": "p200",
            "retrieval.way": way,
        }
    )
    words = said(app)
    assert "Responses nearest to p200" in words
    assert "72 responses are compared" in words
    assert "Predicted response to p200" in words


def test_an_encoder_that_reads_no_text_says_so(run):
    app = opened(**{"retrieval.what": "responses"})
    assert not app.exception
    assert "reads no text" in said(app)
    (kinds,) = [group for group in app.button_group if group.key == "retrieval.query"]
    assert kinds.options == ["image", "upload"]


def test_an_image_that_is_not_there_is_named(run):
    app = opened(
        **{"retrieval.what": "responses", "retrieval.query": "image", "retrieval.image": "none"}
    )
    assert "There is no image none; ids look like p000" in said(app)


def test_without_a_decoder_it_says_where_to_train_one():
    planted.save()
    assert "train one on page Train" in said(opened())


def test_the_code_for_phones_holds_the_address():
    import segno

    url = "http://example.org:8501/retrieval?retrieval.present=true"
    drawn = Image.open(io.BytesIO(share.code(url))).convert("L")
    modules = np.asarray(drawn)[
        share.MODULE // 2 :: share.MODULE, share.MODULE // 2 :: share.MODULE
    ]
    quiet = np.pad(np.array(segno.make_qr(url).matrix), 4)
    assert np.array_equal(modules < 128, quiet.astype(bool))
    assert not share.is_here_only(url)
    assert share.is_here_only("http://localhost:8501/retrieval")
    assert share.is_here_only("http://127.0.0.1:8501/")


def test_ranks_are_worded_by_what_they_are():
    assert [rank_in_words(rank) for rank in (1.0, 2.5, 39.0, 2000.5, np.nan)] == [
        "1",
        "2.5",
        "39",
        "2,000",
        "–",
    ]
