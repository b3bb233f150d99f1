"""The settings of the page Train: widgets, address, presets, and those taken from a decoder."""

import numpy as np
import pytest
import streamlit as st

from core import datasets, decoders, jobs
from core.decoders import Config
from pages.shared.decoders import settings as decoder_settings
from pages.shared.decoders.apply import apply
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame import presets
from tests.pages.app import open_page, texts, until_done, write_folder

LATER = ["LOC", "FFA", "PPA"]
# Of so many stimuli some are of one category, so that responses can be mixed.
MIXED = "100"
SMALL = {"stimuli": "80", "subjects": "2", "embedding": "pixels"}


def opened(**address):
    return open_page("train", **{**SMALL, **address})


def press(app, label):
    return next(button for button in app.button if button.label.startswith(label)).click().run()


def settings(app):
    """Value of every widget of the page that is bound to the address."""
    kinds = (app.selectbox, app.multiselect, app.number_input, app.toggle)
    return {one.key: one.value for kind in kinds for one in kind if one.key}


def warnings(app):
    return [str(one.value).replace("\\", "") for one in app.main.warning]


@pytest.fixture
def configs(monkeypatch):
    """What the page makes of its widgets, run by run."""
    made = []
    choose = decoder_settings.choose

    def noting(ds):
        made.append(choose(ds))
        return made[-1]

    monkeypatch.setattr(decoder_settings, "choose", noting)
    return made


@pytest.fixture
def take(monkeypatch):
    """Open the page with a button that takes the settings of a decoder."""

    def taking(config, **address):
        def offer(ds, page):
            st.button("take", on_click=apply, args=(config,))

        monkeypatch.setattr(presets, "offer", offer)
        return press(opened(**address), "take")

    return taking


def test_k_folds_are_trained(configs):
    folds = {"train.kfold.k": "4", "train.kfold.contiguous": "true", "fold": "3"}
    app = opened(split="kfold", **folds)
    assert app.toggle(key="train.kfold.contiguous").value is True
    assert not warnings(app)
    assert app.query_params["train.kfold.contiguous"] == "true"
    app = until_done(press(app, "Train "))
    assert not app.exception
    assert not app.error
    assert {entry.facts["config"]["fold"] for entry in decoders.entries()} == {3}
    assert configs[-1].split_parameters["contiguous"] is True


def test_fewer_folds_leave_a_fold_that_is_there(configs):
    app = opened(split="kfold", fold="9")
    app = app.number_input(key="train.kfold.k").set_value(5).run()
    assert not app.exception
    assert not app.error
    assert configs[-1].fold <= 4


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ({"split": "kfold", "fold": "77"}, "fold is 77"),
        ({"fold": "3"}, "fold is 3"),
        ({"split": "kfold", "train.kfold.contiguous": "perhaps"}, "contiguous is 'perhaps'"),
        ({"head": "mlp", "train.mlp.width": "99999999"}, "width is 99999999"),
        ({"head": "mlp", "train.mlp.width": ["16", "99999999"]}, "width is 99999999"),
        ({"head": "mlp", "train.epochs": "abc"}, "epochs is 'abc'"),
        ({"head": "mlp", "train.weight.infonce": "-1"}, "infonce is -1"),
        ({"random_seed": "-1"}, "random_seed is -1"),
        ({"encoders.pixels.side": "4", "train.embedding.pixels.side": "many"}, "side is 'many'"),
        ({"train.subjects": ["S1", "S2"]}, "Whitened ridge is trained on S1 alone"),
        ({"roi": ["V1", "NOPE"]}, "There is no ROI NOPE."),
        ({"head": "mlp", "loss": "NOPE"}, "There is no loss NOPE."),
    ],
)
def test_what_is_left_out_of_the_address_is_said_above_the_controls(address, said):
    app = opened(**address)
    assert not app.exception
    [warning] = app.main.warning
    assert said in str(warning.value).replace("\\", "")
    kinds = [one.type for one in _flat(app.main)]
    assert kinds.index("warning") < kinds.index("multiselect")


def _flat(block):
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from _flat(child)
        else:
            yield child


def test_a_step_down_from_the_learning_rate_is_in_range():
    field = opened(head="mlp").number_input(key="train.learning_rate")
    assert field.step == pytest.approx(1e-4)
    assert field.proto.format == "%g"


def test_every_control_is_named_once():
    app = opened(head="fc_attention", split="kfold")
    popovers = [block.proto.popover.label for block in _blocks(app.main, "popover")]
    named = [*popovers, *(one.label for one in (*app.selectbox, *app.multiselect))]
    shown = {"Embedding settings", "Head settings", "Split settings", "Loss settings"}
    assert {*shown, "Training settings"} <= set(popovers)
    assert len(set(named)) == len(named)
    assert "Loss settings" not in [
        block.proto.popover.label for block in _blocks(opened().main, "popover")
    ]


def _blocks(block, kind):
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from ([child] if child.type == kind else [])
            yield from _blocks(child, kind)


def test_heads_splits_and_losses_are_explained():
    app = opened(head="mlp")
    assert "**roi_transformer**: ROI transformer." in app.selectbox(key="train.head").help
    assert "**kfold**: k folds." in app.selectbox(key="train.split").help
    assert "**fuzzy**: Fuzzy matching." in app.multiselect(key="train.loss").help
    others = [app.multiselect(key="roi"), app.selectbox(key="train.embedding")]
    assert all(one.help for one in [*others, app.number_input(key="random_seed")])


def test_the_settings_of_a_decoder_are_taken_with_its_recording(take, configs):
    config = Config(
        "simulated",
        subjects=("S1",),
        options={**datasets.load("simulated", stimuli=120, subjects=3, snr=0.5).options},
        rois=("V1", "LOC"),
        encoder="pixels",
        encoder_parameters={"side": 16},
        head="mlp",
        head_parameters={"width": 64},
        loss=(("mse", 2.0, {}), ("fuzzy", 1.0, {"temperature": 0.2})),
        split="kfold",
        split_parameters={"k": 4, "contiguous": True},
        fold=2,
        training={"epochs": 7, "learning_rate": 3e-4},
        seed=5,
    )
    app = take(config, subject="S2", head="linear", **{"train.linear.dropout": "0.5"})
    assert not app.exception
    assert not app.error
    assert not warnings(app)
    assert configs[-1] == config_in_full(config)
    assert app.selectbox(key="subject").value == "S1"
    assert {**app.query_params} == {
        "recording.stimuli": "120",
        "recording.subjects": "3",
        "recording.snr": "0.5",
        "roi": ["V1", "LOC"],
        "random_seed": "5",
        "train.embedding": "pixels",
        "train.embedding.pixels.side": "16",
        "train.head": "mlp",
        "train.mlp.width": "64",
        "train.loss": ["mse", "fuzzy"],
        "train.weight.mse": "2.0",
        "train.fuzzy.temperature": "0.2",
        "train.split": "kfold",
        "train.kfold.k": "4",
        "train.kfold.contiguous": "True",
        "train.fold": "2",
        "train.epochs": "7",
        "train.learning_rate": "0.0003",
    }


def config_in_full(config):
    options = {name: list(v) if isinstance(v, tuple) else v for name, v in config.options.items()}
    return Config.from_json({**config.to_json(), "options": options})


def test_a_trained_decoder_comes_back_into_view(take, configs):
    small = {"side": 16}
    options = {"stimuli": 80, "subjects": 1}
    config = Config("simulated", options=options, encoder="pixels", encoder_parameters=small)
    run = decoders.train(config)
    app = take(run.config, subject="S2", head="mlp", **{"train.epochs": "3"})
    assert configs[-1].settings_that_count() == run.config.settings_that_count()
    assert {**app.query_params} == {
        "recording.stimuli": "80",
        "recording.subjects": "1",
        "train.embedding": "pixels",
        "train.embedding.pixels.side": "16",
    }
    app = until_done(press(app, "Train "))
    assert f"{run.shape.units:,} units" in texts(app)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dataset": "folder:gone"}, "The recording 'folder:gone' is not here any more"),
        ({"dataset": "kriegeskorte92"}, "kriegeskorte92"),
        ({"subjects": ("S9",)}, "no subject 'S9'"),
        ({"rois": ("V9",)}, "no ROI 'V9'"),
        ({"encoder": "precomputed:mine"}, "no embedding 'precomputed:mine'"),
    ],
)
def test_settings_that_cannot_be_taken_are_told_and_nothing_changes(take, configs, change, said):
    config = Config(**{"dataset": "simulated", "encoder": "pixels", "head": "linear", **change})
    app = take(config)
    assert not app.exception
    [warning] = warnings(app)
    assert "were not taken" in warning
    assert said in warning
    assert configs[-1] == configs[0]
    assert not warnings(app.run())


def test_no_preset_keeps_what_another_one_set():
    studies = ("Study A: attention", "Study C")
    alone = {study: press(opened(stimuli=MIXED), study) for study in studies}
    for first, second in (studies, studies[::-1]):
        after = press(press(opened(stimuli=MIXED), first), second)
        assert not after.exception
        assert settings(after) == settings(alone[second])
        assert {**after.query_params} == {**alone[second].query_params}
    a, c = (settings(alone[study]) for study in studies)
    assert (a["train.epochs"], a["train.noise"], a["train.virtual"]) == (50, 0.1, 0.0)
    assert (c["train.epochs"], c["train.noise"], c["train.virtual"]) == (100, 0.0, 0.5)


def test_study_c_takes_its_seven_rois():
    app = press(opened(), "Study C")
    assert app.multiselect(key="roi").value == ["V1", "V2", "V3", "V4", *LATER]


def test_study_c_takes_rois_that_share_no_unit_elsewhere(data_root):
    responses = np.random.default_rng(0).standard_normal((80, 9))
    folder = write_folder(data_root, n=80, responses__s1=responses)
    (folder / "rois").mkdir()
    (folder / "rois" / "s1.json").write_text(
        '{"V1": [0, 1, 2], "V1v": [2], "V2": [3], "all": [0, 3, 8], "IT": [7, 8]}'
    )
    rows = "".join(f"p{i},kind {i % 8}\n" for i in range(80))
    (folder / "stimuli.csv").write_text("id,category\n" + rows)
    (folder / "embeddings").mkdir()
    np.save(folder / "embeddings" / "mine.npy", responses[:, :4].astype(np.float32))
    app = press(open_page("train", recording="folder:mine"), "Study C")
    assert app.multiselect(key="roi").value == ["V1", "V2", "IT"]


@pytest.mark.parametrize("has_gpu", [True, False])
def test_a_published_size_says_that_it_wants_a_gpu(has_gpu, monkeypatch):
    monkeypatch.setattr(decoder_settings, "_has_gpu", lambda: has_gpu)
    app = press(opened(), "Study C")
    assert ("this machine has none" in texts(app)) is not has_gpu


def test_a_failed_training_can_be_dismissed():
    app = opened(split="image", **{"train.image.test": "0.9", "train.image.validation": "0.9"})
    app = until_done(press(app, "Train "))
    assert app.error
    labels = [button.label for button in app.button]
    assert "Try again" in labels
    assert "Resume" not in labels
    app = press(app, "Dismiss")
    assert not app.error
    assert not jobs.all_jobs()
    assert any(button.label.startswith("Train ") for button in app.button)
    assert "job" not in app.query_params


def test_the_address_names_the_job_in_view_only():
    app = until_done(press(opened(), "Train "))
    assert app.query_params["job"].startswith(("train-", "evaluate-"))
    app = app.number_input(key="random_seed").set_value(1).run()
    assert "job" not in app.query_params
    app = app.number_input(key="random_seed").set_value(0).run()
    assert "job" in app.query_params


class Rerun(Exception):
    """Stands for st.rerun."""


@pytest.mark.parametrize("status", ["done", "failed", "cancelled", "interrupted", None])
def test_a_watched_job_that_stops_runs_the_page_again(status, monkeypatch):
    def rerun():
        raise Rerun

    job = None if status is None else type("Stopped", (), {"status": status})()
    monkeypatch.setattr(jobs, "find", lambda operation, request: job)
    monkeypatch.setattr(st, "rerun", rerun)
    with pytest.raises(Rerun):
        jobs_panel.watch.__wrapped__("train", {})
