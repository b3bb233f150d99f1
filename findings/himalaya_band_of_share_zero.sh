#!/bin/sh
# himalaya 0.4.11: the random search of group ridge takes shares (gammas) of one's own as n_iter, an array of shape
# (iterations, groups). A share of exactly 0, which is how "this group alone" is written, ends in a ValueError about
# infs or NaNs that names neither the shares nor the group: features are multiplied by the root of their share in
# place, and divided by it again afterwards (0 / 0). Shares of 1e-12 in its place work; the kernel form of the same
# search (MultipleKernelRidgeCV) takes 0.
#
# Seen 2026-12-01: ValueError "array must not contain infs or NaNs" for [[1, 0], [0.5, 0.5]]; none for 1e-12, and none
# from MultipleKernelRidgeCV with [[1, 0], [0.5, 0.5]].
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip install --quiet --disable-pip-version-check \
    himalaya==0.4.11 numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1 packaging==25.0
"$python" -W ignore - <<'PYTHON'
import numpy as np
from himalaya.kernel_ridge import MultipleKernelRidgeCV
from himalaya.ridge import GroupRidgeCV

rng = np.random.default_rng(0)
first, second = rng.normal(size=(2, 60, 3))
y = first @ rng.normal(size=(3, 4)) + rng.normal(size=(60, 4))
search = {"alphas": np.logspace(-1, 3, 5), "progress_bar": False}


def group_ridge(shares):
    how = {"n_iter": np.array(shares), "warn": False, **search}
    GroupRidgeCV(groups="input", cv=3, solver_params=how).fit([first, second], y)


try:
    group_ridge([[1.0, 0.0], [0.5, 0.5]])
except ValueError as error:
    print(f"ValueError: {error}")
    assert "infs or NaNs" in str(error)
else:
    raise SystemExit("a share of 0 was taken")
group_ridge([[1.0, 1e-12], [0.5, 0.5]])
kernels = np.stack([rows @ rows.T for rows in (first, second)])
how = {"n_iter": np.array([[1.0, 0.0], [0.5, 0.5]]), **search}
MultipleKernelRidgeCV(kernels="precomputed", cv=3, solver_params=how).fit(kernels, y)
print("1e-12 and the kernel form are taken")
PYTHON
