"""BOLD5000, subject CSI1, opened as a folder of one's own: maps and clusters by source."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core import clusters, datasets, maps, paths


@pytest.fixture
def csi1(realdata):
    source = realdata / "bold5000_csi1" / "bold5000_csi1.npz"
    if not source.is_file():
        pytest.skip(f"no {source}")
    with np.load(source, allow_pickle=False) as found:
        betas, names = found["betas"], found["imgnames"].astype(str)
        table = pd.DataFrame({"id": names, "source": found["source"].astype(str)})
    folder = paths.data_root() / "csi1"
    (folder / "responses").mkdir(parents=True)
    table.drop_duplicates("id").to_csv(folder / "stimuli.csv", index=False)
    np.save(folder / "responses" / "CSI1.npy", betas)
    table[["id"]].to_csv(folder / "responses" / "CSI1.csv", index=False)
    return datasets.load("folder:csi1")


def test_it_opens_with_its_sources_and_repeats(csi1):
    counts = csi1.trials["id"].map(csi1.stimuli.set_index("id")["source"]).value_counts()
    assert counts.to_dict() == {"COCO": 299, "ImageNet": 293, "Scene": 148}
    assert csi1.n_units == 100
    assert (csi1.repeats > 1).sum() == 7


def test_its_clusters_and_map_are_drawn_with_their_sources(csi1):
    responses = csi1.responses()
    found = clusters.fit(responses, 6)
    assert found.sizes.sum() == csi1.n_stimuli
    spread = clusters.composition(found, csi1.stimuli["source"])
    assert set(spread.table) == {"COCO", "ImageNet", "Scene"}
    assert spread.known == csi1.n_stimuli
    assert -0.05 < spread.adjusted_rand < 1
    again = clusters.fit(responses, 6)
    np.testing.assert_array_equal(found.labels, again.labels)
    drawn = maps.embed(responses, "pca")
    assert np.isfinite(drawn.coordinates).all()
    assert 0.5 < drawn.trustworthiness <= 1
