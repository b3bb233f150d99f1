"""A config from anything that JSON can hold: read as meant, or refused in one clear line."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.decoders import HEADS, Config
from core.decoders.runs import run_key
from core.errors import InputError, NeurogalleryError, NotFoundError

GRADIENT = [head for head in HEADS if HEADS[head].trained_by == "gradient"]
FIELDS = {
    "names": ["dataset", "encoder", "head", "split"],
    "lists": ["subjects", "rois", "loss"],
    "mappings": [
        "options", "encoder_parameters", "head_parameters", "split_parameters", "training",
    ],
    "numbers": ["fold", "seed"],
}  # fmt: skip
WRONG = {
    "names": [None, 5, True, ["ridge"], {}],
    "lists": [None, 5, True, {"V1": 1}, [5], [["V1", "V2"]], [None]],
    "mappings": [None, 5, "epochs", ["epochs"], [["epochs", 3]], {5: 1}],
    "numbers": [None, True, 1.5, [1], {}, "one", -1, 1e400],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for kind, names in FIELDS.items() for name in names for value in WRONG[kind]],
)
def test_a_field_of_another_type_is_refused_by_its_name(name, value):
    told = {"dataset": "simulated", "head": "linear", name: value}
    message = "loss|weight of V1" if name == "loss" else f"^{name} is "
    with pytest.raises(InputError, match=message):
        Config.from_json(told)


@pytest.mark.parametrize("told", [None, [], "simulated", [["dataset", "simulated"]], {5: 1}])
def test_what_is_no_description_of_a_decoder_is_refused(told):
    with pytest.raises(InputError, match="Expected values by name"):
        Config.from_json(told)


@pytest.mark.parametrize(
    "loss", ["mse", ["mse"], ("mse", 1.0, {}), ["mse", 1], [["mse", 1.0, {}]], [["mse"]]]
)
def test_a_loss_may_be_one_term_in_any_form(loss):
    assert Config("simulated", loss=loss).loss == (("mse", 1.0, {}),)
    assert Config.from_json({"dataset": "simulated", "loss": loss}).loss == (("mse", 1.0, {}),)


@pytest.mark.parametrize("head", GRADIENT)
def test_a_head_trained_by_gradient_needs_a_loss(head):
    for loss in ((), []):
        with pytest.raises(InputError, match=r"has no loss.*Choices: infonce, softclip"):
            Config("simulated", head=head, loss=loss)


def test_a_head_in_closed_form_or_with_an_objective_of_its_own_needs_none():
    assert Config("simulated", head="ridge", loss=()).loss == ()
    assert Config("simulated", head="mvae", loss=()).loss == ()
    settings = Config("simulated", head="mvae").settings_that_count()
    assert settings["loss"] == []
    assert settings["training"]["epochs"] == 100


def test_the_textual_modality_is_read_by_the_encoder_unless_another_is_named():
    assert Config("simulated").text_encoder is None
    for values, expected in (
        ({}, "clip-small"),
        ({"features": "V"}, None),
        ({"text": "precomputed:GPTNeo"}, "precomputed:GPTNeo"),
    ):
        assert Config("simulated", head="mvae", head_parameters=values).text_encoder == expected
    assert not Config("simulated", head="bravl").is_transductive


def test_the_default_loss_has_its_parameters_in_full():
    told = Config("simulated").to_json()
    assert told["loss"] == [["infonce", 1.0, {"kind": "learned", "temperature": 0.07}]]
    assert Config.from_json({"dataset": "simulated"}) == Config.from_json(told)


def test_values_are_exact():
    for changes in ({"fold": 2.7}, {"seed": 1.9}, {"training": {"epochs": True}}):
        with pytest.raises(InputError, match="a whole number"):
            Config("simulated", **changes)
    config = Config("simulated", fold=2.0, seed="3", training={"epochs": "7"})
    assert (config.fold, config.seed, config.training["epochs"]) == (2, 3, 7)


@pytest.mark.parametrize("name", FIELDS["names"][1:])
def test_an_unknown_id_is_not_found(name):
    with pytest.raises(NotFoundError, match="Choices"):
        Config.from_json({"dataset": "simulated", name: "unheard-of"})


def test_unknown_fields_are_named():
    with pytest.raises(NeurogalleryError, match="no 'depth'"):
        Config.from_json({"dataset": "simulated", "depth": 1})


@pytest.mark.parametrize(
    ("head", "key"),
    [
        ("ridge", "decoder-af9d11783fcc76657c2c893b73fe7ac9"),
        ("mlp", "decoder-5f50cb3f7629717453fa9b05ab7d3d61"),
    ],
)
def test_a_stored_config_with_a_former_encoder_is_the_same_decoder(head, key):
    stored = Config("mine", head=head, encoder="precomputed:vgg16").to_json()
    config = Config.from_json({**stored, "encoder": "brought:vgg16"})
    assert config.encoder == "precomputed:vgg16"
    assert config == Config.from_json(stored)
    # The key under which former versions stored it.
    assert run_key(config, SimpleNamespace(fingerprint="f" * 32)) == key


def test_every_unit_is_the_default_and_leaves_keys_and_requests_as_they_were():
    """As stored by version 0.1, so that its decoders and jobs are found."""
    for head in ("ridge", "linear"):
        config = Config("simulated", head=head)
        assert config.training["noise_ceiling"] == 0.0
        assert "noise_ceiling" not in config.to_json()["training"]
        assert "noise_ceiling" not in config.settings_that_count()["training"]
        assert Config.from_json(config.to_json()) == config
        some = Config("simulated", head=head, training={"noise_ceiling": 20})
        assert some.settings_that_count()["training"]["noise_ceiling"] == 20.0
        assert Config.from_json(some.to_json()) == some
