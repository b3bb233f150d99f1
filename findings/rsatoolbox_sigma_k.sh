#!/bin/sh
# rsatoolbox 0.3.2, rdm.compare with 'corr_cov': variances of the patterns as a vector sigma_k, and the same
# variances as a diagonal matrix, give different similarities. The matrix form is the one that the inverse of V
# (Diedrichsen et al. 2020, arXiv:2007.02789, with V from the contrasts of the pairs) gives.
#
# Seen 2026-11-30: they differ by up to .019 (30 stimuli of variances .3 to 3); from the definition the matrix form
# differs by 2e-6, the vector form by .019.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check rsatoolbox==0.3.2 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from rsatoolbox.rdm import RDMs, compare

rng = np.random.default_rng(0)
n = 30
rdms = RDMs(rng.random((2, n * (n - 1) // 2)))
others = RDMs(rng.random((4, n * (n - 1) // 2)))
variances = rng.uniform(0.3, 3.0, n)
as_vector = compare(rdms, others, "corr_cov", sigma_k=variances)
as_matrix = compare(rdms, others, "corr_cov", sigma_k=np.diag(variances))

# The definition: V = (C sigma_k C^T)^2 element by element, C the contrasts of the pairs.
first, second = np.triu_indices(n, 1)
contrasts = np.zeros((len(first), n))
contrasts[np.arange(len(first)), first] = 1
contrasts[np.arange(len(first)), second] = -1
inverse = np.linalg.inv((contrasts @ np.diag(variances) @ contrasts.T) ** 2)
a, b = (part.dissimilarities - part.dissimilarities.mean(axis=1, keepdims=True) for part in (rdms, others))
lengths = [np.sqrt(np.einsum("kp,pq,kq->k", part, inverse, part)) for part in (a, b)]
defined = (a @ inverse @ b.T) / np.outer(*lengths)
print("vector and matrix differ by up to", np.abs(as_vector - as_matrix).max())
print("from the definition: matrix", np.abs(as_matrix - defined).max(), "vector", np.abs(as_vector - defined).max())

assert np.abs(as_matrix - defined).max() < 1e-4
assert np.abs(as_vector - as_matrix).max() > 5e-3
PYTHON
