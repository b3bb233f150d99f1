"""Ids of ImageNet that are kept as numbers, and what their synsets tell."""

import numpy as np
import pytest

from core.datasets.releases.imagenet import NAMES, described, image_names, living
from core.errors import CorruptDataError

IDS = ["n01443537_22563", "n01621127_19020", "n03767745_109", "n13111881_10917", "n01518878_999999"]


def number(name):
    """As the authors' script writes it: the text '1443537.022563' read as a number."""
    synset, image = name[1:].split("_")
    return float(f"{int(synset)}.{image:0>6}")


def test_every_id_is_given_back():
    rng = np.random.default_rng(0)
    many = [
        f"n{s:08d}_{i}" for s, i in zip(rng.integers(1e6, 15e6, 3000), range(3000), strict=True)
    ]
    names = [*IDS, *many]
    assert image_names(np.array([number(name) for name in names]), "x") == names


@pytest.mark.parametrize(
    "numbers",
    [
        np.array([number(i) for i in IDS], dtype=np.float32),
        np.array([number(i) for i in IDS], dtype=np.float32).astype(np.float64),
        np.array([1443537.0225631]),
        np.array([1443537.022563, np.nan]),
        np.array([-1443537.022563]),
        np.array([1443537, 1621127]),
    ],
)
def test_numbers_that_lost_digits_are_refused(numbers):
    with pytest.raises(CorruptDataError, match=r"image ids of S\.h5 .* float64"):
        image_names(numbers, "S.h5")


def test_a_number_beyond_every_id_is_written_short():
    with pytest.raises(CorruptDataError, match=r"numbers like 1e\+300\. Expected"):
        image_names(np.array([number(IDS[0]), 1e300]), "the file")


def test_a_synset_tells_name_and_kind():
    table = described(["n01443537_22563", "n04554684_53399", "n07720875_44"])
    assert table["category"].tolist() == ["goldfish", "washer", "n07720875"]
    assert table["supercategory"].tolist() == ["living", "non-living", "non-living"]
    assert table["wnid"].tolist() == ["n01443537", "n04554684", "n07720875"]


def test_names_are_those_of_150_and_50_categories():
    assert len(NAMES) == len(set(NAMES.values())) == 200
    kinds = {name: living(f"n{synset}") for synset, name in NAMES.items()}
    assert {kinds[n] for n in ("owl", "conch", "homo", "palm", "bonsai", "sunflower")} == {"living"}
    assert {kinds[n] for n in ("airliner", "harp", "grape", "wine bottle")} == {"non-living"}
