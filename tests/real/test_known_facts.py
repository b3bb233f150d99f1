"""Facts of the 92-image recording, measured independently, from the original files."""

import numpy as np
import pytest

from core import datasets, rdm

pytestmark = pytest.mark.real
SUBJECTS = ("BE", "KO", "SN", "TI")


@pytest.fixture(scope="module")
def subjects(kriegeskorte_root):
    return {
        name: datasets.load("kriegeskorte92", name, root=kriegeskorte_root) for name in SUBJECTS
    }


@pytest.fixture(scope="module")
def group(subjects):
    return subjects["BE"].rdms


def own(subjects):
    return [recording.rdms["human IT of the subject"] for name, recording in subjects.items()]


def test_each_subject_against_the_mean_of_the_others(subjects):
    matrices = own(subjects)
    total = np.sum(matrices, axis=0)
    agreement = [rdm.compare(one, (total - one) / 3) for one in matrices]
    assert np.mean(agreement) == pytest.approx(0.38, abs=0.005)


def test_the_noise_ceiling_brackets_the_animacy_model(subjects, group):
    matrices = own(subjects)
    ceiling = rdm.noise_ceiling(matrices)
    model = np.mean([rdm.compare(group["model: animacy"], one) for one in matrices])
    assert 0.36 < ceiling.lower < 0.39
    assert model < ceiling.upper


def test_animacy_against_human_it(group):
    mean = group["human IT, mean of 4 subjects"]
    assert rdm.compare(group["model: animacy"], mean) == pytest.approx(0.59, abs=0.005)


def test_human_against_monkey_it(group):
    human, monkey = group["human IT (figure 1)"], group["monkey IT (figure 1)"]
    assert rdm.compare(human, monkey) == pytest.approx(0.44, abs=0.005)
    assert rdm.mantel(human, monkey, 199).p == 1 / 200


def test_human_faces_are_the_tightest_block(subjects, group):
    stimuli = subjects["BE"].stimuli
    matrix = group["human IT, mean of 4 subjects"]
    within = {
        name: rdm.block_mean(matrix, rows, rows).mean
        for name, rows in stimuli.groupby("category").indices.items()
    }
    assert min(within, key=within.__getitem__) == "human face"


def test_extreme_pairs_are_those_of_a_full_sort(group):
    matrix = group["human IT (figure 1)"]
    i, j = np.triu_indices(92, 1)
    order = np.lexsort((j, i, matrix[i, j]))[:7]
    found = rdm.extreme_cells(matrix, 7, target=1.0)
    assert [pair[:2] for pair in found.smallest] == list(zip(i[order], j[order], strict=True))
    assert found.nearest[0].value == pytest.approx(1.0, abs=1e-3)


def test_rsatoolbox_compares_the_subjects_and_models_alike(subjects, group):
    rsatoolbox = pytest.importorskip("rsatoolbox.rdm")
    models = [group[name] for name in group if name.startswith("model: ")]
    names = {"kendall": "tau-a", "rho-a": "rho-a", "spearman": "spearman", "pearson": "corr"}
    names |= {"cosine": "cosine", "whitened-cosine": "cosine_cov", "whitened-pearson": "corr_cov"}
    first, second = (
        rsatoolbox.RDMs(np.stack([rdm.condense(matrix) for matrix in matrices]))
        for matrices in (models, own(subjects))
    )
    for method, name in names.items():
        values = rdm.compare_many(models, own(subjects), method)
        theirs = rsatoolbox.compare(first, second, name)
        np.testing.assert_allclose(values, theirs, atol=1e-6)
