"""Models beside the four subjects of Kriegeskorte et al. (2008), as rsatoolbox has them."""

import numpy as np
import pytest
from rsatoolbox.inference import eval_fixed
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs
from scipy.spatial.distance import squareform

from core import datasets
from core.datasets.recordings.kriegeskorte92 import SUBJECTS
from core.rsa import FixedModel, evaluate

pytestmark = pytest.mark.real
NAMES = {"spearman": "spearman", "pearson": "corr", "cosine": "cosine", "rho-a": "rho-a"}


@pytest.mark.parametrize("method", NAMES)
def test_performance_and_ceiling_are_those_of_rsatoolbox(kriegeskorte_root, method):
    opened = [datasets.load("kriegeskorte92", name, root=kriegeskorte_root) for name in SUBJECTS]
    subjects = [ds.rdms["human IT of the subject"] for ds in opened]
    models = {name: rdm for name, rdm in opened[0].rdms.items() if name.startswith("model: ")}
    found = evaluate(subjects, [FixedModel(*item) for item in models.items()], method, samples=100)
    vectors = [squareform(np.float64(rdm), checks=False) for rdm in (*subjects, *models.values())]
    peers = [ModelFixed(name, rdm) for name, rdm in zip(models, vectors[4:], strict=True)]
    peer = eval_fixed(peers, RDMs(np.array(vectors[:4])), method=NAMES[method])
    by_subject = [model.by_subject for model in found.models]
    np.testing.assert_allclose(by_subject, peer.evaluations[0], atol=1e-6)
    np.testing.assert_allclose(found.ceiling[:2], np.ravel(peer.noise_ceiling), atol=1e-6)
