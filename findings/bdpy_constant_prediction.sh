#!/bin/sh
# bdpy 0.26: in pairwise_identification a prediction that is the same in every unit, which is what a decoder
# whose weights have shrunk to zero gives of standardised features, scores -0.0: neither chance (0.5) nor NaN. Its
# correlations are NaN; NaN distances are removed, itself included, and none right of -1 others is left. So a
# decoder that has collapsed looks like one that always chooses the wrong image, and the mean over images of one
# that did so for a part of them is below chance. With remove_nan_dist=False it is 0.0 as well.
#
# Seen 2026-11-30: [-0.0, -0.0, ...] for zeros throughout; 0.9 for ten perfect predictions of which one is zero.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check bdpy==0.26 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from bdpy.evals.metrics import pairwise_identification

true = np.random.default_rng(0).standard_normal((10, 50))
collapsed = pairwise_identification(np.zeros_like(true), true)
kept = pairwise_identification(np.zeros_like(true), true, remove_nan_dist=False)
partly = true.copy()
partly[3] = 0.0
scores = pairwise_identification(partly, true)
print("zeros throughout:", collapsed.tolist())
print("one of ten:", scores.tolist(), "mean", scores.mean())
assert (collapsed == 0).all()
assert np.signbit(collapsed).all()
assert (kept == 0).all()
assert scores[3] == 0 and np.delete(scores, 3).min() == 1
PYTHON
