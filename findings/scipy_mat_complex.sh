#!/bin/sh
# scipy 1.17.1, scipy.io.loadmat: with mat_dtype=True, which gives MATLAB's logicals as bool, complex arrays
# lose their imaginary part. The file is right: without the option they are complex. numpy's ComplexWarning is
# all that tells.
#
# Seen 2026-11-30: [[1.+2.j 3.-4.j]] without the option, [[1. 3.]] with it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy.io

path = Path(sys.argv[1]) / "complex.mat"
saved = np.array([[1 + 2j, 3 - 4j]])
scipy.io.savemat(path, {"x": saved})
plain = scipy.io.loadmat(path)["x"]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    typed = scipy.io.loadmat(path, mat_dtype=True)["x"]
print("plain:", plain, "with mat_dtype:", typed, "warning:", [str(w.message) for w in caught])

assert (plain == saved).all()
assert typed.dtype == np.float64 and (typed == saved.real).all()
assert any("imaginary" in str(w.message) for w in caught)
PYTHON
